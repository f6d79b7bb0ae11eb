//! Words of files that a user wrote, as messages show them: quoted, escaped,
//! and with the word that was probably meant; numbers as people write them.

use std::path::Path;
use std::sync::Arc;

/// ` (did you mean "word"?)`, or nothing.
pub(crate) fn did_you_mean(hint: Option<&str>) -> String {
    hint.map_or_else(String::new, |word| {
        format!(" (did you mean {}?)", quote(word))
    })
}

/// The expected word that is nearest to `word`, if any is near.
pub(crate) fn suggest<'a>(
    word: &str,
    expected: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    // Nobody mistypes a word of our tables in more letters than this, and the
    // distance costs the product of the lengths.
    if word.len() > 64 {
        return None;
    }
    let word = word.to_lowercase();
    expected
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, candidate)| *distance <= (word.len().max(candidate.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

/// Text of a file, quoted, cut, and with control and bidi characters escaped.
pub(crate) fn quote(text: &str) -> String {
    const MAX: usize = 60;
    match text.char_indices().nth(MAX) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}...", &text[..end]),
    }
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A path as it stands in messages: control and bidi characters escaped.
pub(crate) fn file_name(path: &Path) -> Arc<str> {
    let name = path.to_string_lossy();
    name.chars()
        .flat_map(|c| {
            let plain = matches!(c, '\'' | '"' | '\\');
            let escaped = (!plain).then(|| c.escape_debug());
            plain
                .then_some(c)
                .into_iter()
                .chain(escaped.into_iter().flatten())
        })
        .collect::<String>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_are_near_or_absent() {
        let words = ["level", "status", "remote_ip"];
        assert_eq!(suggest("levle", words).as_deref(), Some("level"));
        assert_eq!(suggest("remoteIp", words).as_deref(), Some("remote_ip"));
        assert_eq!(suggest("sourceIPAddress", words), None);
        assert_eq!(suggest(&"l".repeat(1 << 20), words), None);
    }

    #[test]
    fn text_from_files_is_escaped() {
        assert_eq!(quote("a\u{1b}[31m\u{202e}"), r#""a\u{1b}[31m\u{202e}""#);
        assert_eq!(quote(&"x".repeat(61)), format!("{:?}...", "x".repeat(60)));
        assert_eq!(
            &*file_name(Path::new("it's/\u{1b}ä.yml")),
            "it's/\\u{1b}ä.yml"
        );
    }
}

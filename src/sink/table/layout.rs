//! Text in columns: how wide it is and where it breaks.
//!
//! What comes in is already safe to print; nothing about alerts belongs here.

pub(super) use crate::text::words::grouped;

/// How many columns the text takes on a terminal.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(char_columns).sum()
}

/// Near enough without a table of all of Unicode: East Asian wide characters
/// and emoji take two, combining accents none. An error moves one line by one.
fn char_columns(char: char) -> usize {
    match char {
        '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{20D0}'..='\u{20FF}' => 0,
        '\u{1100}'..='\u{115F}'
        | '\u{2E80}'..='\u{A4CF}'
        | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FE30}'..='\u{FE6F}'
        | '\u{FF00}'..='\u{FF60}'
        | '\u{FFE0}'..='\u{FFE6}'
        | '\u{1F300}'..='\u{1FAFF}'
        | '\u{20000}'..='\u{3FFFD}' => 2,
        _ => 1,
    }
}

/// The text in lines of at most `width` columns, at most `max` of them: broken
/// at spaces, within a word only where the word is longer than a line. What is
/// cut is replaced by how much it was.
pub(super) fn wrap(text: &str, width: usize, max: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    let mut shown = 0;
    for word in text.split_inclusive(' ') {
        let bare = word.trim_end_matches(' ');
        if used > 0 && used + columns(bare) > width {
            lines.push(String::new());
            used = 0;
        }
        for char in word.chars() {
            if used + char_columns(char) > width && char != ' ' {
                lines.push(String::new());
                used = 0;
            }
            if lines.len() > max {
                lines.pop();
                cut(&mut lines, width, text.chars().count() - shown);
                return lines;
            }
            // A space at the end of a line would be the next line's indent.
            if used < width {
                used += char_columns(char);
                if let Some(line) = lines.last_mut() {
                    line.push(char);
                }
            }
            shown += 1;
        }
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines
}

fn cut(lines: &mut [String], width: usize, mut hidden: usize) {
    let Some(last) = lines.last_mut() else { return };
    loop {
        let note = format!("... (+{hidden} characters)");
        if columns(last) + note.len() <= width || last.pop().is_none() {
            last.push_str(&note);
            return;
        }
        hidden += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wraps_at_spaces_and_long_words() {
        assert_eq!(wrap("one two three", 9, 9), ["one two", "three"]);
        assert_eq!(wrap("one two", 7, 9), ["one two"]);
        assert_eq!(wrap("abcdefghij k", 4, 9), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrap("日本日本", 5, 9), ["日本", "日本"]);
        assert_eq!(wrap("", 5, 9), [""]);
        let lines = wrap(&"x".repeat(500), 40, 2);
        assert_eq!(lines[0], "x".repeat(40));
        assert_eq!(lines[1], "x".repeat(19) + "... (+441 characters)");
    }

    #[test]
    fn groups_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide(text in "[a-e 日]{0,80}", width in 30usize..50) {
            let lines = wrap(&text, width, 4);
            prop_assert!(lines.len() <= 4);
            prop_assert!(lines.iter().all(|line| columns(line) <= width));
        }

        #[test]
        fn nothing_is_lost(text in "[a-e]{1,9}( [a-e]{1,60}){0,9}", width in 5usize..50) {
            let lines = wrap(&text, width, usize::MAX);
            let joined = lines.concat().replace(' ', "");
            prop_assert_eq!(joined, text.replace(' ', ""));
        }
    }
}

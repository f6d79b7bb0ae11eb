//! Which selections a value leaves possible: those whose texts stand in it.
//!
//! A selection that needs one of some texts in a field cannot match where none
//! of them is. With many such selections it is cheaper to look once which texts
//! are there than to ask each selection. The answer may name too many, never too
//! few; a value that is not ASCII, where letters fold in other ways, names all.

use aho_corasick::{AhoCorasick, MatchKind};
use hashbrown::HashMap;

use crate::record::Field;
use crate::record::derived::View;
use crate::rule::matcher::{Expr, Place, Test};
use crate::rule::text::Anchor;
use crate::rule::texts::Texts;

/// So few selections of one field are asked one by one.
const FEW: usize = 8;

/// Selections by the texts that they need.
#[derive(Debug, Default)]
pub struct Index {
    fields: Vec<OfField>,
    /// Words of the selections that need no text, or that are too few.
    others: Vec<u64>,
}

/// The selections that need a text in one field.
#[derive(Debug)]
struct OfField {
    field: Field,
    /// Words of all of them.
    all: Vec<u64>,
    /// Those whose text is the whole value, by it in lower case.
    whole: HashMap<Box<[u8]>, Vec<usize>>,
    /// Those whose text is a part of it.
    parts: Option<(AhoCorasick, Vec<usize>)>,
}

impl Index {
    /// An index of these selections by texts in some fields; a selection that refines others is asked
    /// with them and is not here.
    #[must_use]
    pub fn new<'e>(
        selections: impl Iterator<Item = Option<&'e Expr>>,
        words: usize,
        of: impl Fn(Field) -> bool,
    ) -> Self {
        let mut by_field: HashMap<Field, Vec<(usize, &Texts)>> = HashMap::new();
        let mut index = Self {
            fields: Vec::new(),
            others: vec![0; words],
        };
        for (bit, expr) in selections.enumerate() {
            match expr.and_then(|expr| needed(expr, &of)) {
                Some((field, texts)) => by_field.entry(field).or_default().push((bit, texts)),
                None => set(&mut index.others, bit),
            }
        }
        // In the order of the fields, so that two sets of the same rules agree.
        let mut by_field: Vec<_> = by_field.into_iter().collect();
        by_field.sort_by_key(|(field, _)| *field);
        for (field, needing) in by_field {
            let built = (needing.len() > FEW).then(|| OfField::new(field, &needing, words));
            match built.flatten() {
                Some(of_field) => index.fields.push(of_field),
                None => needing
                    .iter()
                    .for_each(|(bit, _)| set(&mut index.others, *bit)),
            }
        }
        index
    }

    /// Of these selections those that the record leaves possible.
    pub fn possible(&self, view: &View<'_, '_>, of: &[u64], possible: &mut Vec<u64>) {
        possible.clear();
        possible.extend(of.iter().zip(&self.others).map(|(of, others)| of & others));
        for of_field in &self.fields {
            if of.iter().zip(&of_field.all).any(|(of, all)| of & all != 0) {
                of_field.add(view, of, possible);
            }
        }
    }
}

impl OfField {
    fn new(field: Field, needing: &[(usize, &Texts)], words: usize) -> Option<Self> {
        let mut of_field = Self {
            field,
            all: vec![0; words],
            whole: HashMap::new(),
            parts: None,
        };
        let (mut patterns, mut bits) = (Vec::new(), Vec::new());
        for (bit, texts) in needing {
            set(&mut of_field.all, *bit);
            for (anchor, text) in texts.iter().filter_map(|text| text.plain()) {
                let text = text.to_ascii_lowercase().into_bytes();
                if anchor == Anchor::Whole {
                    let known = of_field.whole.entry(text.into()).or_default();
                    known.push(*bit);
                } else {
                    patterns.push(text);
                    bits.push(*bit);
                }
            }
        }
        if !patterns.is_empty() {
            let automaton = AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .ascii_case_insensitive(true)
                .build(&patterns);
            of_field.parts = Some((automaton.ok()?, bits));
        }
        Some(of_field)
    }

    fn add(&self, view: &View<'_, '_>, of: &[u64], possible: &mut [u64]) {
        let Some(value) = view.bytes(self.field) else {
            // No text stands in nothing.
            return;
        };
        let mut add = |bit: usize| possible[bit / 64] |= of[bit / 64] & 1 << (bit % 64);
        if !value.is_ascii() {
            let all = possible.iter_mut().zip(of).zip(&self.all);
            all.for_each(|((possible, of), all)| *possible |= of & all);
            return;
        }
        if !self.whole.is_empty() {
            // Longer than any operation, so that no line takes memory for it.
            let mut short = [0; 64];
            let long;
            let lower = if let Some(lower) = short.get_mut(..value.len()) {
                lower.copy_from_slice(value);
                lower.make_ascii_lowercase();
                &*lower
            } else {
                long = value.to_ascii_lowercase();
                &long[..]
            };
            let found = self.whole.get(lower).into_iter().flatten();
            found.for_each(|bit| add(*bit));
        }
        if let Some((automaton, bits)) = &self.parts {
            for found in automaton.find_overlapping_iter(value) {
                add(bits[found.pattern().as_usize()]);
            }
        }
    }
}

fn set(words: &mut [u64], bit: usize) {
    words[bit / 64] |= 1 << (bit % 64);
}

/// The texts of which a condition needs one, and the field; those that are a
/// whole value first, because they say most.
fn needed<'e>(expr: &'e Expr, of: &impl Fn(Field) -> bool) -> Option<(Field, &'e Texts)> {
    match expr {
        Expr::Test(Test::Text(Place::Field(field), texts)) if of(*field) => {
            let plain = texts.iter().all(|text| text.plain().is_some());
            plain.then_some((*field, texts))
        }
        Expr::All(parts) => {
            let found = parts.iter().filter_map(|part| needed(part, of));
            found.min_by_key(|(field, texts)| (!is_whole(texts), !field.is_log(), texts.count()))
        }
        _ => None,
    }
}

fn is_whole(texts: &Texts) -> bool {
    let whole = |(anchor, _): (Anchor, &str)| anchor == Anchor::Whole;
    texts.iter().all(|text| text.plain().is_some_and(whole))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::Arc;

    use proptest::prelude::*;

    use crate::alert::Level;
    use crate::observation::Observations;
    use crate::record::Record;
    use crate::record::derived::View;
    use crate::rule::set::{RuleSet, Scratch};
    use crate::rule::{compile, load};
    use crate::settings::Settings;

    /// Many rules that need a text: whole, at either end, anywhere; with others
    /// beside them that need none.
    fn rules() -> Arc<RuleSet> {
        let mut text = String::new();
        let mut rule = |selection: &str| {
            let number = text.len();
            write!(
                text,
                "title: r{number}\nname: r{number}\nlevel: low\n\
                 logsource: {{product: aws, service: s3_server_access}}\n\
                 detection: {{sel: {selection}, condition: sel}}\n---\n"
            )
            .unwrap();
        };
        for letter in ["a", "b", "ab", "K", "é", "x*"] {
            rule(&format!("{{object_key: '{letter}'}}"));
            rule(&format!("{{object_key|startswith: '{letter}', ok: true}}"));
            rule(&format!("{{object_key|endswith: ['{letter}', q]}}"));
            rule(&format!("{{object_key|contains: '{letter}'}}"));
            rule(&format!("{{object_key|contains|cased: '{letter}'}}"));
            rule(&format!("{{error_code: '{letter}', object_key: [a, b]}}"));
            rule(&format!("{{error_code: ['{letter}', NoSuchKey]}}"));
        }
        rule("{http_status|gte: 400}");
        rule("[{object_key: a}, {error_code: b}]");
        let text = text.trim_end_matches("---\n");
        let documents = load::read("r.yml", text.as_bytes()).unwrap();
        let set = compile(&documents, &Arc::new(Settings::default()), Level::Low).unwrap();
        assert!(!set.index.fields.is_empty() && !set.alike.fields.is_empty());
        Arc::new(set)
    }

    thread_local! {
        static RULES: Arc<RuleSet> = rules();
    }

    proptest! {
        /// What is asked through the index and what is asked of every selection
        /// is one and the same.
        #[test]
        fn no_selection_is_passed_over(
            key in "[abkKxéq\u{212a}]{1,4}",
            error in proptest::sample::select(&["-", "a", "B", "AB", "NoSuchKey", "k"][..]),
            status in proptest::sample::select(&[200, 403, 404][..]),
        ) {
            let set = RULES.with(Arc::clone);
            let line = format!(
                "o b [29/Feb/2024:00:00:00 +0000] - - R REST.GET.OBJECT {key} \"-\" {status} {error} - - - - \"-\" \"-\"\n"
            );
            let record = Record::parse(line.trim_end().as_bytes()).unwrap();
            let mut found = Observations::default();
            set.observe(&record, (0, 0), &mut Scratch::default(), &mut found, None);
            let view = View::new(&record, &set.settings);
            for (bit, selection) in set.selections.iter().enumerate() {
                let matched = found.iter().any(|observation| observation.matched(bit));
                prop_assert_eq!(matched, selection.expr.matches(&view), "{:?}", selection.expr);
            }
        }
    }
}

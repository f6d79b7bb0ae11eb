//! A tree back to YAML, in block style, as a person writes rules.
//!
//! What is written reads as the same tree: text that could be taken for
//! something else is quoted, whatever the version of YAML, and what a terminal
//! might obey is escaped. Comments belong to the line of a value.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Node, Value, plain};

/// Comments, by the path of what they stand beside: keys, and indexes of items.
pub type Notes = BTreeMap<Vec<String>, String>;

/// Writes the tree of a document.
#[must_use]
pub fn document(root: &Node, notes: &Notes) -> String {
    let mut writer = Writer {
        out: String::new(),
        path: Vec::new(),
        notes,
    };
    match &root.value {
        Value::Map(entries) if !entries.is_empty() => writer.entries(root, 0, false),
        Value::List(items) if !items.is_empty() => writer.items(items, 0),
        _ => writer.scalar(root, 0),
    }
    writer.out
}

struct Writer<'n> {
    out: String,
    path: Vec<String>,
    notes: &'n Notes,
}

impl Writer<'_> {
    /// A mapping, each entry on a line of its own; the first may stand behind
    /// the dash of an item.
    fn entries(&mut self, map: &Node, indent: usize, behind_dash: bool) {
        for (place, (key, value)) in map.entries().iter().enumerate() {
            if place > 0 || !behind_dash {
                self.indent(indent);
            }
            text(&key.text, &mut self.out);
            self.out.push(':');
            self.path.push(key.text.clone());
            match &value.value {
                Value::Map(entries) if !entries.is_empty() => {
                    self.end_line();
                    self.entries(value, indent + 2, false);
                }
                Value::List(items) if !items.is_empty() => {
                    self.end_line();
                    self.items(items, indent + 2);
                }
                _ => {
                    self.out.push(' ');
                    self.scalar(value, indent + 2);
                }
            }
            self.path.pop();
        }
    }

    fn items(&mut self, items: &[Node], indent: usize) {
        for (place, item) in items.iter().enumerate() {
            self.indent(indent);
            self.out.push('-');
            self.path.push(place.to_string());
            match &item.value {
                Value::Map(entries) if !entries.is_empty() => {
                    self.out.push(' ');
                    self.entries(item, indent + 2, true);
                }
                Value::List(items) if !items.is_empty() => {
                    self.end_line();
                    self.items(items, indent + 2);
                }
                _ => {
                    self.out.push(' ');
                    self.scalar(item, indent + 2);
                }
            }
            self.path.pop();
        }
    }

    /// What is no collection with something in it, and the end of its line.
    fn scalar(&mut self, node: &Node, indent: usize) {
        match &node.value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(flag) => self.out.push_str(if *flag { "true" } else { "false" }),
            Value::Int(number) => {
                // Writing to a string cannot fail.
                let _ = write!(self.out, "{number}");
            }
            Value::Float(number) => self.out.push_str(number),
            Value::List(_) => self.out.push_str("[]"),
            Value::Map(_) => self.out.push_str("{}"),
            Value::Text(value) if is_literal(value) => return self.literal(value, indent),
            Value::Text(value) => text(value, &mut self.out),
        }
        self.end_line();
    }

    fn literal(&mut self, value: &str, indent: usize) {
        let (body, mark) = match value.strip_suffix('\n') {
            Some(body) => (body, "|"),
            None => (value, "|-"),
        };
        self.out.push_str(mark);
        self.end_line();
        for line in body.split('\n') {
            if !line.is_empty() {
                // Text at the top would otherwise stand where a document ends.
                self.indent(indent.max(2));
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
    }

    fn indent(&mut self, columns: usize) {
        self.out.extend(std::iter::repeat_n(' ', columns));
    }

    fn end_line(&mut self) {
        if let Some(note) = self.notes.get(&self.path) {
            self.out.push_str("  # ");
            self.out.push_str(note);
        }
        self.out.push('\n');
    }
}

/// Whether a text of several lines can stand as it is.
fn is_literal(value: &str) -> bool {
    value.contains('\n')
        && !value.starts_with([' ', '\t', '\n'])
        && !value.ends_with("\n\n")
        && value.chars().all(|c| c == '\n' || is_shown(c))
}

/// Whether a character shows as itself everywhere.
fn is_shown(c: char) -> bool {
    matches!(c, '\'' | '"' | '\\') || c.escape_debug().len() == 1
}

/// Text on one line: as it is where that is clear, else in quotes.
fn text(value: &str, out: &mut String) {
    if is_plain(value) {
        out.push_str(value);
    } else if value.chars().all(is_shown) {
        out.push('\'');
        out.push_str(&value.replace('\'', "''"));
        out.push('\'');
    } else {
        out.push('"');
        for c in value.chars() {
            match c {
                '\n' => out.push_str("\\n"),
                '"' | '\\' => out.extend(['\\', c]),
                _ if is_shown(c) => out.push(c),
                _ => {
                    let _ = write!(out, "\\U{:08x}", u32::from(c));
                }
            }
        }
        out.push('"');
    }
}

/// Words that some version of YAML takes for true or false.
const FLAGS: [&str; 6] = ["yes", "no", "on", "off", "y", "n"];

fn is_plain(value: &str) -> bool {
    let flag = FLAGS.iter().any(|flag| value.eq_ignore_ascii_case(flag));
    if flag || plain(value) != Value::Text(value.to_owned()) {
        return false;
    }
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if value.starts_with(|c: char| c.is_ascii_digit()) {
        // Dates, UUIDs and durations, which no YAML reads as a number.
        let digits = value.trim_end_matches(['s', 'm', 'h', 'd']);
        let duration =
            digits.len() + 1 == value.len() && digits.bytes().all(|b| b.is_ascii_digit());
        return duration || value.contains('-') && value.chars().all(word);
    }
    let first = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '/');
    value.starts_with(first)
        && value.chars().all(is_shown)
        && !value.ends_with([' ', ':'])
        && ![": ", " #"].iter().any(|mark| value.contains(mark))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Key, parse};
    use super::*;
    use crate::rule::error::{Report, Spot};

    fn node(value: Value) -> Node {
        Node::new(Spot::default(), value)
    }

    fn map(entries: Vec<(String, Node)>) -> Node {
        let key = |text| Key {
            spot: Spot::default(),
            text,
        };
        let entries = entries.into_iter().map(|(text, node)| (key(text), node));
        node(Value::Map(entries.collect()))
    }

    /// The same tree without places.
    fn bare(tree: &Node) -> Node {
        match &tree.value {
            Value::Map(entries) => {
                let entries = entries.iter();
                map(entries
                    .map(|(key, value)| (key.text.clone(), bare(value)))
                    .collect())
            }
            Value::List(items) => node(Value::List(items.iter().map(bare).collect())),
            other => node(other.clone()),
        }
    }

    #[track_caller]
    fn read(text: &str) -> Node {
        let mut report = Report::new("x".into());
        let tree = parse(text, &mut report);
        assert_eq!(report.into_errors(), [], "{text}");
        assert_eq!(tree.documents.len(), 1, "{text}");
        bare(&tree.documents[0])
    }

    fn written(value: &str) -> String {
        let root = map(vec![("k".to_owned(), node(Value::Text(value.to_owned())))]);
        document(&root, &Notes::new())
    }

    #[test]
    fn text_is_quoted_where_it_could_be_something_else() {
        for (value, expected) in [
            (
                "Many refused requests, of (one) address",
                "k: Many refused requests, of (one) address\n",
            ),
            ("5m", "k: 5m\n"),
            ("2026-02-03", "k: 2026-02-03\n"),
            (
                "117abb13-202c-4dae-8a97-c16aeb621260",
                "k: 117abb13-202c-4dae-8a97-c16aeb621260\n",
            ),
            ("111122223333", "k: '111122223333'\n"),
            ("012345678901", "k: '012345678901'\n"),
            ("1_000", "k: '1_000'\n"),
            ("12:30", "k: '12:30'\n"),
            ("", "k: ''\n"),
            ("yes", "k: 'yes'\n"),
            ("Null", "k: 'Null'\n"),
            ("*.txt", "k: '*.txt'\n"),
            ("%accounts%", "k: '%accounts%'\n"),
            // Some parsers see the end of a document here.
            ("... >", "k: '... >'\n"),
            ("it's", "k: it's\n"),
            ("'it's'", "k: '''it''s'''\n"),
            ("a: b", "k: 'a: b'\n"),
            ("a #b", "k: 'a #b'\n"),
            ("a\tb", "k: \"a\\U00000009b\"\n"),
            ("\u{202e}x", "k: \"\\U0000202ex\"\n"),
            ("one\ntwo\n", "k: |\n  one\n  two\n"),
            ("one\n\n two", "k: |-\n  one\n\n   two\n"),
            ("one\n\n", "k: \"one\\n\\n\"\n"),
            (" one\ntwo", "k: \" one\\ntwo\"\n"),
        ] {
            assert_eq!(written(value), expected);
            assert_eq!(read(expected).get("k").unwrap().text(), Some(value));
        }
    }

    #[test]
    fn lists_maps_and_their_comments() {
        let text = "\
a:
  - b: 1
    c:
      - x  # third
      - []
  - {}
  -
    - null
    - true
    - -1.5
d: |  # first
  one
  two
e:  # second
  f: {}
";
        let mut notes = Notes::new();
        for (path, note) in [("d", "first"), ("e", "second"), ("a 0 c 0", "third")] {
            let path = path.split(' ').map(str::to_owned).collect();
            notes.insert(path, note.to_owned());
        }
        let tree = read(text);
        assert_eq!(document(&tree, &notes), text);
    }

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[-.a-z0-9_:#'\"%*&!|>@`{}\\[\\], .\n\t\u{85}\u{2028}\u{feff}]{0,12}",
            "(yes|No|null|~|true|0x1F|0o7|1e5|\\.inf|0123|-1|\\+1|---|\\.\\.\\.|<<|=)",
        ]
    }

    fn trees() -> impl Strategy<Value = Node> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(|number| Value::Int(number.into())),
            Just(Value::Float("1.5".to_owned())),
            texts().prop_map(Value::Text),
        ];
        leaf.prop_map(node).prop_recursive(4, 40, 5, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..5);
            let entries = prop::collection::btree_map(texts(), inner, 0..5);
            prop_oneof![
                list.prop_map(|items| node(Value::List(items))),
                entries.prop_map(|entries| map(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_the_same_tree(tree in trees()) {
            let root = map(vec![("root".to_owned(), tree)]);
            let text = document(&root, &Notes::new());
            // A merge key is refused whether or not it is in quotes.
            prop_assume!(!text.lines().any(|line| line.trim_start_matches([' ', '-']).starts_with("'<<':")));
            prop_assert_eq!(read(&text), root);
        }
    }
}

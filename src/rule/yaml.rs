//! YAML as a tree in which every node knows where it stands.
//!
//! Mappings keep their order. What rules have no use for and attackers have
//! (anchors, aliases, tags, merge keys, keys that are not scalars) is refused,
//! and so are duplicate keys and files beyond the limits below, before any
//! tree of that size exists. Nothing here knows what a rule is.

pub mod write;

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::error::{Report, Spot};
use crate::text::words::quote;

/// The largest file, bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// The most nodes in a file, keys included: a rule has about a hundred.
pub const MAX_NODES: usize = 20_000;
/// The deepest nesting: our deepest construct is eight levels down.
pub const MAX_DEPTH: usize = 24;

/// One node of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it begins.
    pub spot: Spot,
    /// What it is.
    pub value: Value,
    /// For text that stands verbatim on one line: how far its first character
    /// is from `spot`, so that a place inside it can be named.
    inset: Option<u32>,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`; `yes` and `on` are text, as YAML 1.2 has it.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// Any other number, as written.
    Float(String),
    /// Text.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping.
    Map(Vec<(Key, Node)>),
}

/// The key of a mapping's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Where it begins.
    pub spot: Spot,
    /// Its text as written.
    pub text: String,
}

impl Node {
    /// A node that no YAML was read for.
    #[must_use]
    pub fn new(spot: Spot, value: Value) -> Self {
        let inset = None;
        Self { spot, value, inset }
    }

    /// The text, if it is text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if it is one that fits.
    #[must_use]
    pub fn whole(&self) -> Option<u64> {
        match self.value {
            Value::Int(number) => u64::try_from(number).ok(),
            _ => None,
        }
    }

    /// The entries, if it is a mapping; none otherwise.
    #[must_use]
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; any other node is its own only item, as in Sigma.
    #[must_use]
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// The entry of this key.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&(Key, Node)> {
        self.entries().iter().find(|(name, _)| name.text == key)
    }

    /// The value of this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// Where the character at this index of the text stands; where the text
    /// begins, if it is folded, escaped or runs over several lines.
    #[must_use]
    pub fn spot_at(&self, characters: usize) -> Spot {
        let shift = match self.inset {
            Some(inset) => inset.saturating_add(u32::try_from(characters).unwrap_or(0)),
            None => 0,
        };
        Spot {
            line: self.spot.line,
            column: self.spot.column.saturating_add(shift),
        }
    }

    /// What it is, for messages.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(flag) => flag.to_string(),
            Value::Int(number) => number.to_string(),
            Value::Float(text) => format!("the number {text}"),
            Value::Text(text) => format!("the text {}", quote(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
        }
    }
}

/// The documents of a file.
#[derive(Debug)]
pub struct Tree {
    /// Those that could be read, empty ones left out.
    pub documents: Vec<Node>,
    /// Whether the whole file could be read.
    pub complete: bool,
}

/// Reads a file's text; errors go into the report.
pub fn parse(text: &str, report: &mut Report) -> Tree {
    let mut builder = Builder {
        report,
        stack: Vec::new(),
        documents: Vec::new(),
        nodes: 0,
    };
    let complete = builder.run(text).is_some();
    Tree {
        documents: builder.documents,
        complete,
    }
}

/// A collection whose end has not come yet.
struct Open {
    spot: Spot,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    Map {
        entries: Vec<(Key, Node)>,
        seen: HashMap<String, u32>,
        key: Option<Key>,
    },
}

struct Builder<'a> {
    report: &'a mut Report,
    stack: Vec<Open>,
    documents: Vec<Node>,
    nodes: usize,
}

impl Builder<'_> {
    /// `None` when the rest of the file cannot be read. Everything else that is
    /// wrong is reported, and reading goes on.
    fn run(&mut self, text: &str) -> Option<()> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut parser: Parser<'_, StrInput<'_>> = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            match event {
                Ok((event, span)) => self.event(event, span)?,
                Err(error) => {
                    self.syntax(&error);
                    return None;
                }
            }
        }
        Some(())
    }

    fn syntax(&mut self, error: &ScanError) {
        let spot = spot(*error.marker());
        self.report
            .push(spot, format!("not YAML: {}", error.info()));
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        let at = spot(span.start);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.properties(at, anchor, tag.is_some());
                self.count(at)?;
                self.scalar(&text, style, span);
            }
            Event::SequenceStart(anchor, tag) => {
                self.properties(at, anchor, tag.is_some());
                self.open(at, Items::List(Vec::new()))?;
            }
            Event::MappingStart(anchor, tag) => {
                self.properties(at, anchor, tag.is_some());
                let items = Items::Map {
                    entries: Vec::new(),
                    seen: HashMap::new(),
                    key: None,
                };
                self.open(at, items)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(_) => {
                self.refuse_anchor(at);
                self.count(at)?;
                self.add(at, Value::Null, None);
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
        Some(())
    }

    fn properties(&mut self, at: Spot, anchor: usize, tag: bool) {
        if anchor != 0 {
            self.refuse_anchor(at);
        }
        if tag {
            self.report.push(at, "tags (!...) are not supported");
        }
    }

    fn refuse_anchor(&mut self, at: Spot) {
        let reason = "anchors and aliases (&..., *...) are not supported: \
                      write the value out, and put text that begins with * or & in quotes";
        self.report.push(at, reason);
    }

    fn count(&mut self, at: Spot) -> Option<()> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let reason = format!("the file has more than {MAX_NODES} keys and values");
            self.report.push(at, reason);
            return None;
        }
        Some(())
    }

    fn open(&mut self, spot: Spot, items: Items) -> Option<()> {
        self.count(spot)?;
        if self.stack.len() == MAX_DEPTH {
            let reason = format!("nested deeper than {MAX_DEPTH} levels");
            self.report.push(spot, reason);
            return None;
        }
        self.stack.push(Open { spot, items });
        Some(())
    }

    fn close(&mut self) {
        if let Some(open) = self.stack.pop() {
            let value = match open.items {
                Items::List(items) => Value::List(items),
                Items::Map { entries, .. } => Value::Map(entries),
            };
            self.add(open.spot, value, None);
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: Span) {
        let at = spot(span.start);
        let quotes = match style {
            ScalarStyle::Plain => Some(0),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Some(1),
            ScalarStyle::Literal | ScalarStyle::Folded => None,
        };
        let length = span.end.index().saturating_sub(span.start.index());
        let inset = quotes.filter(|quotes| {
            span.start.line() == span.end.line() && text.chars().count() + 2 * quotes == length
        });
        if let Some(Items::Map { key, seen, .. }) = self.stack.last_mut().map(|o| &mut o.items)
            && key.is_none()
        {
            *key = Some(Key {
                spot: at,
                text: text.to_owned(),
            });
            if text == "<<" {
                self.report.push(at, "merge keys (<<) are not supported");
            } else if let Some(first) = seen.insert(text.to_owned(), at.line) {
                let reason = format!("duplicate key {} (first in line {first})", quote(text));
                self.report.push(at, reason);
            }
            return;
        }
        let value = match style {
            ScalarStyle::Plain => plain(text),
            _ => Value::Text(text.to_owned()),
        };
        self.add(at, value, inset.map(|quotes| quotes as u32));
    }

    fn add(&mut self, spot: Spot, value: Value, inset: Option<u32>) {
        let node = Node { spot, value, inset };
        match self.stack.last_mut().map(|open| &mut open.items) {
            None if node.value == Value::Null => {}
            None => self.documents.push(node),
            Some(Items::List(items)) => items.push(node),
            Some(Items::Map { entries, key, .. }) => {
                if let Some(key) = key.take() {
                    entries.push((key, node));
                    return;
                }
                let text = String::new();
                *key = Some(Key { spot, text });
                self.report.push(spot, "a key must be text");
            }
        }
    }
}

fn spot(marker: saphyr_parser::Marker) -> Spot {
    Spot {
        line: marker.line() as u32,
        // The parser counts columns from zero.
        column: marker.col() as u32 + 1,
    }
}

/// A plain scalar by YAML 1.2's core schema, but that digits behind a leading
/// zero are text: that is how account numbers are written.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Value::Text(text.to_owned());
    }
    let radix = |prefix, radix| {
        let rest: &str = text.strip_prefix(prefix)?;
        // `from_str_radix` would take a second sign.
        rest.starts_with(|c: char| c.is_ascii_hexdigit())
            .then_some(())?;
        i128::from_str_radix(rest, radix).ok()
    };
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Value::Int(number);
    }
    let all_digits = digits.bytes().all(|b| b.is_ascii_digit());
    if all_digits && digits.len() > 1 && digits.starts_with('0') {
        return Value::Text(text.to_owned());
    }
    if let (true, Ok(number)) = (all_digits, text.parse()) {
        return Value::Int(number);
    }
    let infinite = matches!(digits, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN");
    if infinite || text.parse::<f64>().is_ok() {
        return Value::Float(text.to_owned());
    }
    Value::Text(text.to_owned())
}

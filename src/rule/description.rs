//! What the description of a rule says, paragraph by paragraph.
//!
//! Blank lines stand between paragraphs; how a paragraph begins says what it is
//! for: `Why 20 in 5 minutes: …`, `How sure: …`, `What to do: …`. Whoever wrote the
//! rule decides what stands there: a rule of one's own may have none of them. How
//! it is shown is not decided here.

/// What a paragraph is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// What the rule is about.
    About,
    /// Why its numbers are what they are.
    Why,
    /// How sure it is.
    HowSure,
    /// What to do.
    WhatToDo,
}

/// How paragraphs begin.
const LEADS: [(&str, Topic); 3] = [
    ("Why ", Topic::Why),
    ("How sure: ", Topic::HowSure),
    ("What to do: ", Topic::WhatToDo),
];

/// A paragraph, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraph {
    /// What it is for.
    pub topic: Topic,
    /// How it begins, without the colon: `Why 20`. None says what the rule is about.
    pub lead: Option<String>,
    /// All that follows.
    pub text: String,
}

/// The paragraphs of a description, in their order.
#[must_use]
pub fn paragraphs(description: &str) -> Vec<Paragraph> {
    let lines = description.lines().map(str::trim);
    let mut paragraphs = vec![String::new()];
    for line in lines {
        match paragraphs.last_mut() {
            Some(last) if !line.is_empty() => {
                if !last.is_empty() {
                    last.push(' ');
                }
                last.push_str(line);
            }
            _ => paragraphs.push(String::new()),
        }
    }
    paragraphs.retain(|text| !text.is_empty());
    paragraphs.iter().map(|text| paragraph(text)).collect()
}

fn paragraph(text: &str) -> Paragraph {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let topic = LEADS.iter().find(|(lead, _)| text.starts_with(lead));
    if let (Some((_, topic)), Some((lead, rest))) = (topic, text.split_once(": ")) {
        return Paragraph {
            topic: *topic,
            lead: Some(lead.to_owned()),
            text: rest.to_owned(),
        };
    }
    Paragraph {
        topic: Topic::About,
        lead: None,
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_say_what_they_are_for() {
        let description = "It is\n  about this.\n\nWhy 20 in 5m: two\nlines: here.\n \n\n\
                           How sure: quite.\n\nWhy not\n\nWhat to do: look.\n";
        let found: Vec<_> = paragraphs(description)
            .into_iter()
            .map(|one| (one.topic, one.lead.unwrap_or_default(), one.text))
            .collect();
        let expected = [
            (Topic::About, "", "It is about this."),
            (Topic::Why, "Why 20 in 5m", "two lines: here."),
            (Topic::HowSure, "How sure", "quite."),
            (Topic::About, "", "Why not"),
            (Topic::WhatToDo, "What to do", "look."),
        ];
        let expected =
            expected.map(|(topic, lead, text)| (topic, lead.to_owned(), text.to_owned()));
        assert_eq!(found, expected);
        assert_eq!(paragraphs(""), []);
    }
}

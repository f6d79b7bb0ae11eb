//! What to do: what the rules that fired say of themselves.
//!
//! The words are those of the rule files and of `rules explain`; no alert but its
//! number comes in here.

use std::sync::Arc;

use super::model::Guide;
use crate::alert::RuleInfo;
use crate::explain;
use crate::rule::Document;
use crate::rule::description::{Paragraph, Topic, paragraphs};
use crate::rule::yaml::Node;
use crate::settings::Settings;

/// The guide of a rule that fired so many times. Of one that is no longer there
/// nothing is known but what its alerts say.
pub fn guide(
    rule: &RuleInfo,
    alerts: u64,
    documents: &[Document],
    settings: &Arc<Settings>,
) -> Guide {
    let place = documents
        .iter()
        .position(|document| document.label() == rule.name);
    let document = place.map(|place| &documents[place]);
    let description = document.and_then(|document| document.meta.description.as_deref());
    let paragraphs = paragraphs(description.unwrap_or_default());
    let list = |key| document.map_or_else(Vec::new, |document| texts(document, key));
    let wants = place.map(|place| explain::fires(documents, place, settings));
    Guide {
        rule: rule.name.clone(),
        title: rule.title.clone(),
        level: rule.level,
        attack: rule.techniques(),
        alerts,
        wants: wants.and_then(Result::ok).unwrap_or_default(),
        about: said(&paragraphs, Topic::About),
        why: said(&paragraphs, Topic::Why),
        how_sure: said(&paragraphs, Topic::HowSure),
        what_to_do: said(&paragraphs, Topic::WhatToDo),
        false_positives: list("falsepositives"),
        references: list("references"),
    }
}

/// The paragraphs of a topic.
fn said(paragraphs: &[Paragraph], topic: Topic) -> String {
    let own = paragraphs.iter().filter(|one| one.topic == topic);
    let texts: Vec<String> = own
        .map(|one| match &one.lead {
            // What stands before the colon says which numbers are meant.
            Some(lead) if topic == Topic::Why => format!("{lead}: {}", one.text),
            _ => one.text.clone(),
        })
        .collect();
    texts.join("\n\n")
}

/// A list of a document, each text on one line.
fn texts(document: &Document, key: &str) -> Vec<String> {
    let node = document.positions.root().get(key);
    let items = node.map(Node::items).unwrap_or_default();
    let texts = items.iter().filter_map(Node::text);
    texts
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Level;
    use crate::rule;

    #[test]
    fn every_rule_says_what_to_do() {
        let documents = rule::load(&[]).unwrap();
        let settings = Arc::default();
        let set = rule::compile(&documents, &settings, Level::Informational).unwrap();
        assert!(set.rules.len() > 50);
        for rule in &set.rules {
            let guide = guide(&rule.info, 7, &documents, &settings);
            let name = &guide.rule;
            let said = [&guide.about, &guide.why, &guide.how_sure, &guide.what_to_do];
            for text in said {
                assert!(!text.is_empty(), "{name}: {guide:?}");
                assert!(!text.contains("What to do"), "{name}: {text}");
            }
            for list in [&guide.wants, &guide.false_positives, &guide.references] {
                assert!(!list.is_empty(), "{name}: {guide:?}");
            }
            assert_eq!((guide.alerts, guide.level), (7, rule.info.level), "{name}");
        }
    }

    #[test]
    fn thresholds_are_in_words_and_techniques_have_ids() {
        let documents = rule::load(&[]).unwrap();
        let settings = Arc::default();
        let set = rule::compile(&documents, &settings, Level::Informational).unwrap();
        let rule = set
            .rules
            .iter()
            .find(|rule| rule.info.name == "access-denied-burst");
        let guide = guide(&rule.unwrap().info, 1, &documents, &settings);
        assert!(
            guide.wants[0].starts_with("at least 20 records in 5m"),
            "{guide:?}"
        );
        assert!(guide.why.starts_with("Why "), "{guide:?}");
        assert!(
            guide.attack.iter().any(|id| id.starts_with("T1")),
            "{guide:?}"
        );
    }

    #[test]
    fn of_a_rule_that_is_gone_its_alerts_speak() {
        let rule = RuleInfo {
            id: "x".to_owned(),
            name: "gone".to_owned(),
            title: "It was here".to_owned(),
            level: Level::High,
            tags: vec!["attack.t1530".to_owned(), "attack.impact".to_owned()],
        };
        let guide = guide(&rule, 2, &[], &Arc::default());
        assert_eq!((guide.title.as_str(), guide.alerts), ("It was here", 2));
        assert_eq!(guide.attack, ["T1530"]);
        assert!(guide.wants.is_empty() && guide.what_to_do.is_empty());
    }
}

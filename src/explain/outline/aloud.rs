//! A rule read aloud: what it counts, by what key, and when it fires.

use rsigma_parser::Detections;

use super::{Builder, Words, counted};
use crate::explain::words;
use crate::record::Field;
use crate::rule::document::{Correlation as Block, Document};
use crate::rule::plan;

impl Builder<'_> {
    /// One line more.
    pub(super) fn say(&mut self, depth: usize, text: String) {
        self.outline.words.push(Words { depth, text });
    }

    /// What it counts, and when it fires.
    pub(super) fn aloud(
        &mut self,
        document: &Document,
        block: &Block,
        plan: &plan::Correlation,
        depth: usize,
    ) {
        let label = document.label();
        let rules = words::several(block.rules.iter().cloned(), "and");
        let key = match &block.group_by[..] {
            [] => "all together".to_owned(),
            fields => format!("by {}", words::several(fields.iter().cloned(), "and")),
        };
        let kind = counted(plan);
        let name = if depth == 0 {
            String::new()
        } else {
            format!("{label} ")
        };
        self.say(depth, format!("{name}counts {kind} of {rules}, {key}"));
        for (alias, names) in &block.aliases {
            let names = names
                .iter()
                .map(|(rule, field)| format!("{field} of {rule}"));
            let names: Vec<String> = names.collect();
            let names = words::several(names.into_iter(), "and");
            self.say(depth + 1, format!("{alias} is {names}"));
        }
        let fires = self.fires(document, block, plan);
        for (place, text) in fires.iter().enumerate() {
            match place {
                0 => self.say(depth, format!("{name}fires on {text}")),
                _ => self.say(depth + 1, text.clone()),
            }
        }
        if depth == 0 {
            self.outline.fires = fires;
        }
        self.filters_aloud(document, depth);
    }

    /// What a correlation fires on: the first says what of the others must hold.
    fn fires(&self, document: &Document, block: &Block, plan: &plan::Correlation) -> Vec<String> {
        let kind = counted(plan);
        let extension = &document.extension;
        let main = match &plan.kind {
            plan::Kind::Chain(_) => {
                let steps = block.rules.join(", then ");
                format!("{steps}, all in {}", words::span(block.timespan))
            }
            plan::Kind::Count(_) => words::own(block, kind),
        };
        let more = match (extension.and.len(), extension.any.len()) {
            (0, 0) => "",
            (_, 0) => ", and all of:",
            (0, _) => ", and one of:",
            _ => ", and all of the first and one of the other:",
        };
        let usual = extension.baseline.map(words::usual);
        let usual = usual.map_or_else(String::new, |usual| format!(", {usual}"));
        let mut fires = vec![format!("{main}{usual}{more}")];
        for (name, list) in [("and", &extension.and), ("any", &extension.any)] {
            for (number, aggregate) in list.iter().enumerate() {
                let text = words::aggregate(aggregate, block.timespan, self.known.settings);
                fires.push(format!("{name} {}: {text}", number + 1));
            }
        }
        if let Some(field) = extension.different {
            fires.push(format!(
                "the second step's {} is none of the first step's",
                field.name()
            ));
        }
        if let Some(before) = &extension.none_before {
            let what = words::only_selection(&before.selection, self.known.settings);
            let by = match &before.group_by[..] {
                [] => String::new(),
                fields => {
                    let fields = words::several(fields.iter().cloned(), "and");
                    format!(" with the second step's {fields}")
                }
            };
            let span = words::span(before.timespan);
            fires.push(format!(
                "no record where {what}{by} comes in the {span} before"
            ));
        }
        fires
    }

    pub(super) fn filters_aloud(&mut self, document: &Document, depth: usize) {
        for filter in &document.filters {
            let name = self.filter_name(filter);
            let condition = words::condition(filter);
            let selections = self.selections(filter);
            self.say(
                depth + 1,
                format!("{name}: only records for which {condition}"),
            );
            for text in selections {
                self.say(depth + 2, text);
            }
        }
    }

    /// Which of the records count that match: those with a value that is new.
    pub(super) fn new_value_aloud(&mut self, document: &Document, depth: usize) {
        let Some(new) = &document.extension.new_value else {
            return;
        };
        let named = |fields: &[Field]| {
            let names = fields.iter().map(|field| field.name().to_owned());
            words::several(names, "and")
        };
        let group = match &new.group_by[..] {
            [] => String::new(),
            fields => format!(" for {}", named(fields)),
        };
        let days = |days: Option<u32>, what: &str| match days {
            None => String::new(),
            Some(days) => format!(", {what} {days} days"),
        };
        let text = format!(
            "only records whose {} is new{group}{}{}",
            named(&new.fields),
            days(new.learn, "once learned on"),
            days(new.memory, "not seen for"),
        );
        self.say(depth + 1, text);
    }

    /// `refused: error_code is AccessDenied and ...`, selection by selection.
    pub(super) fn selections(&self, detections: &Detections) -> Vec<String> {
        let mut named: Vec<_> = detections.named.iter().collect();
        named.sort_by_key(|(name, _)| name.as_str());
        let text = |(name, part): (&String, _)| {
            format!("{name}: {}", words::selection(part, self.known.settings))
        };
        named.into_iter().map(text).collect()
    }
}

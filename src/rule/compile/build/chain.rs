//! What a chain has beside its stages: how its two steps differ, and what may not
//! have come before them.

use super::{Builder, Names};
use crate::record::Field;
use crate::rule::document::{Correlation as Block, Document};
use crate::rule::plan::{Chain, NoneBefore, Role};
use crate::rule::set::Form;

impl<'d> Builder<'_, 'd> {
    pub(super) fn chain(
        &mut self,
        document: &'d Document,
        block: &Block,
        leaves: &[(usize, Names)],
    ) -> Option<Chain> {
        let extension = &document.extension;
        let mut chain = Chain {
            timespan: block.timespan,
            different: None,
            none_before: None,
        };
        let pair = [
            ("different", extension.different.is_some()),
            ("none_before", extension.none_before.is_some()),
        ];
        let pair = pair.into_iter().find(|(_, there)| *there);
        // The step that comes last, where there are two and the second is a detection.
        let last = leaves.last();
        if let Some((name, _)) = pair
            && block
                .rules
                .last()
                .and_then(|word| self.compiler.find(word)?.correlation())
                .is_some()
        {
            let reason = format!("{name:?} needs a detection as the second rule of the chain");
            self.compiler.fail(document, &["s3sentry", name], reason);
            return None;
        }
        if let Some(field) = extension.different {
            chain.different = Some(self.column(document, field, Form::Hash)?);
        }
        if let (Some(before), Some((step, names))) = (&extension.none_before, last) {
            let missing = |name: &&String| !before.group_by.contains(name);
            if !before.group_by.is_empty()
                && let Some(name) = block.group_by.iter().find(missing)
            {
                let reason = format!(
                    "\"none_before\" must group by all that the chain groups by, and {name:?} is missing"
                );
                let path = ["s3sentry", "none_before", "group-by"];
                self.compiler.fail(document, &path, reason);
                return None;
            }
            let expr = self.compiler.detections(document, &before.selection)?;
            let selection = self.compiler.select(expr, &[]);
            let mark = self.mark(document, selection, Role::Before, Some(*step))?;
            let wanted = if before.group_by.is_empty() {
                &block.group_by
            } else {
                &before.group_by
            };
            let mut columns = Vec::new();
            for name in wanted {
                let Some(field) = names.field(name).or_else(|| Field::from_name(name)) else {
                    let reason = format!("unknown field {name:?}");
                    let path = ["s3sentry", "none_before", "group-by"];
                    self.compiler.fail(document, &path, reason);
                    return None;
                };
                columns.push(self.column(document, field, Form::Hash)?);
            }
            chain.none_before = Some(NoneBefore {
                mark,
                timespan: before.timespan,
                by: columns,
            });
        }
        Some(chain)
    }
}

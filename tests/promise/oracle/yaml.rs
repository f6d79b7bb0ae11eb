//! How rules are written down.

use std::fmt::{self, Write};

use super::model::{Count, Model, Pick, Ref, Rules};

impl Count {
    fn condition_yaml(&self) -> String {
        let field = self.field.map(|field| format!("field: {field}"));
        let percentile = self
            .percentile
            .map(|number| format!("percentile: {number}"));
        let mut parts: Vec<String> = field.into_iter().chain(percentile).collect();
        let compare = |(word, number): &(&str, u64)| format!("{word}: {number}");
        parts.extend(self.condition.iter().map(compare));
        format!("{{{}}}", parts.join(", "))
    }

    fn item_yaml(&self) -> String {
        let mut parts = vec![format!("type: {}", self.kind.name())];
        parts.extend(
            self.selection
                .map(|pick| format!("selection: {}", pick.yaml())),
        );
        parts.extend(self.timespan.map(|span| format!("timespan: {span}s")));
        parts.push(format!("condition: {}", self.condition_yaml()));
        format!("    - {{{}}}\n", parts.join(", "))
    }
}

impl Pick {
    fn document(self) -> String {
        format!(
            "title: {0}\nname: {0}\nlogsource: {{product: aws, service: s3_server_access}}\n\
             detection:\n  sel: {1}\n  condition: sel\n",
            self.name(),
            self.yaml()
        )
    }
}

impl Model {
    fn document(&self, rules: &Rules) -> String {
        let names: Vec<&str> = self.rules.iter().map(|rule| rules.name(*rule)).collect();
        let mut text = format!(
            "title: {0}\nname: {0}\ncorrelation:\n  type: {1}\n  rules: [{2}]\n",
            self.name,
            self.main.kind.name(),
            names.join(", "),
        );
        self.write_correlation(&mut text, rules).unwrap();
        text += "s3sentry:\n  evidence: 2\n";
        self.write_extension(&mut text).unwrap();
        text
    }

    fn write_correlation(&self, out: &mut String, rules: &Rules) -> fmt::Result {
        if !self.aliases.is_empty() {
            writeln!(out, "  aliases:")?;
        }
        for alias in &self.aliases {
            let field = |(rule, field): &(Ref, &str)| format!("{}: {field}", rules.name(*rule));
            let fields: Vec<String> = alias.fields.iter().map(field).collect();
            writeln!(out, "    {}: {{{}}}", alias.name, fields.join(", "))?;
        }
        if !self.group_by.is_empty() {
            writeln!(out, "  group-by: [{}]", self.group_by.join(", "))?;
        }
        writeln!(out, "  timespan: {}s", self.timespan)?;
        if !self.main.condition.is_empty() {
            writeln!(out, "  condition: {}", self.main.condition_yaml())?;
        }
        if self.generate {
            writeln!(out, "  generate: true")?;
        }
        Ok(())
    }

    fn write_extension(&self, out: &mut String) -> fmt::Result {
        if let Some(suppress) = self.suppress {
            writeln!(out, "  suppress: {suppress}s")?;
        }
        for (name, counts) in [("and", &self.and), ("any", &self.any)] {
            if !counts.is_empty() {
                let items: String = counts.iter().map(Count::item_yaml).collect();
                write!(out, "  {name}:\n{items}")?;
            }
        }
        if let Some(field) = self.different {
            writeln!(out, "  different: {field}")?;
        }
        if let Some(none) = &self.none_before {
            let selection = none.selection.yaml();
            let mut parts = format!("selection: {selection}, timespan: {}s", none.timespan);
            if let Some(fields) = &none.group_by {
                write!(parts, ", group-by: [{}]", fields.join(", "))?;
            }
            writeln!(out, "  none_before: {{{parts}}}")?;
        }
        Ok(())
    }
}

impl Rules {
    pub fn yaml(&self) -> String {
        let picks = self.picks().into_iter().map(Pick::document);
        let models = self.models.iter().map(|model| model.document(self));
        picks.chain(models).collect::<Vec<_>>().join("---\n")
    }
}

/// A failing case shows what can be given to the command.
impl fmt::Debug for Rules {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "\n{}", self.yaml())
    }
}

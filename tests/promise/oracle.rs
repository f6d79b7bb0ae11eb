//! What a rule means, written from the design alone and as plainly as can be:
//! every second of every key, every record for every second.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::run::Told;
use super::world::Rec;

/// A selection that the tests know in both tongues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pick {
    Denied,
    Get,
    Put,
    Missing,
    Every,
}

impl Pick {
    pub const ALL: [Pick; 5] = [
        Pick::Denied,
        Pick::Get,
        Pick::Put,
        Pick::Missing,
        Pick::Every,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Pick::Denied => "p-denied",
            Pick::Get => "p-get",
            Pick::Put => "p-put",
            Pick::Missing => "p-missing",
            Pick::Every => "p-every",
        }
    }

    fn yaml(self) -> &'static str {
        match self {
            Pick::Denied => "{error_code: AccessDenied}",
            Pick::Get => "{operation: REST.GET.OBJECT}",
            Pick::Put => "{operation: REST.PUT.OBJECT}",
            Pick::Missing => "{http_status: 404}",
            Pick::Every => "{http_status|gte: 100}",
        }
    }

    fn holds(self, record: &Rec) -> bool {
        match self {
            Pick::Denied => record.error() == Some("AccessDenied"),
            Pick::Get => record.operation == "REST.GET.OBJECT",
            Pick::Put => record.operation == "REST.PUT.OBJECT",
            Pick::Missing => record.status == 404,
            Pick::Every => true,
        }
    }

    fn document(self) -> String {
        format!(
            "title: {0}\nname: {0}\nlogsource: {{product: aws, service: s3_server_access}}\n\
             detection:\n  sel: {1}\n  condition: sel\n---\n",
            self.name(),
            self.yaml()
        )
    }
}

/// An aggregate with its condition.
#[derive(Debug, Clone)]
pub struct Count {
    /// Distinct values of it, or records.
    pub field: Option<&'static str>,
    pub selection: Option<Pick>,
    pub timespan: Option<i64>,
    pub condition: Vec<(&'static str, u64)>,
}

impl Count {
    fn kind(&self) -> &'static str {
        if self.field.is_some() {
            "value_count"
        } else {
            "event_count"
        }
    }

    fn condition_yaml(&self) -> String {
        let field = self.field.map(|field| format!("field: {field}"));
        let compare = self
            .condition
            .iter()
            .map(|(word, number)| format!("{word}: {number}"));
        format!(
            "{{{}}}",
            field
                .into_iter()
                .chain(compare)
                .collect::<Vec<_>>()
                .join(", ")
        )
    }

    fn item_yaml(&self) -> String {
        let selection = self
            .selection
            .map(|pick| format!(", selection: {}", pick.yaml()));
        let timespan = self
            .timespan
            .map(|timespan| format!(", timespan: {timespan}s"));
        format!(
            "    - {{type: {}{}{}, condition: {}}}\n",
            self.kind(),
            selection.unwrap_or_default(),
            timespan.unwrap_or_default(),
            self.condition_yaml()
        )
    }

    /// Its value over these records up to `time`.
    fn value(&self, records: &[&Rec], time: i64, timespan: i64) -> u64 {
        let timespan = self.timespan.unwrap_or(timespan);
        let counted = records.iter().filter(|record| {
            time - timespan < record.time
                && record.time <= time
                && self.selection.is_none_or(|pick| pick.holds(record))
        });
        match self.field {
            None => counted.count() as u64,
            Some(field) => distinct(counted.copied(), field),
        }
    }

    fn holds(&self, value: u64) -> bool {
        self.condition.iter().all(|(word, number)| match *word {
            "gt" => value > *number,
            "gte" => value >= *number,
            "lt" => value < *number,
            "lte" => value <= *number,
            "eq" => value == *number,
            "neq" => value != *number,
            other => panic!("no {other}"),
        })
    }
}

fn distinct<'r>(records: impl Iterator<Item = &'r Rec>, field: &str) -> u64 {
    records
        .filter_map(|record| record.field(field))
        .collect::<BTreeSet<_>>()
        .len() as u64
}

/// A correlation, or a detection that stands alone.
#[derive(Debug, Clone)]
pub struct Model {
    pub name: String,
    pub picks: Vec<Pick>,
    pub group_by: Vec<&'static str>,
    pub main: Count,
    pub and: Vec<Count>,
    pub any: Vec<Count>,
    pub suppress: Option<i64>,
    /// The detections alert for themselves, too.
    pub generate: bool,
}

impl Model {
    /// At least so many records of a pick within a time.
    pub fn burst(
        name: &str,
        pick: Pick,
        group_by: &[&'static str],
        timespan: i64,
        least: u64,
    ) -> Self {
        Self {
            name: name.to_owned(),
            picks: vec![pick],
            group_by: group_by.to_vec(),
            main: Count {
                field: None,
                selection: None,
                timespan: Some(timespan),
                condition: vec![("gte", least)],
            },
            and: Vec::new(),
            any: Vec::new(),
            suppress: None,
            generate: false,
        }
    }

    fn alone(pick: Pick) -> Self {
        Self::burst(pick.name(), pick, &[], 1, 1)
    }

    fn document(&self) -> String {
        let names: Vec<_> = self.picks.iter().map(|pick| pick.name()).collect();
        let list = |name: &str, counts: &[Count]| {
            let items: String = counts.iter().map(Count::item_yaml).collect();
            if items.is_empty() {
                items
            } else {
                format!("  {name}:\n{items}")
            }
        };
        let suppress = self
            .suppress
            .map(|suppress| format!("  suppress: {suppress}s\n"));
        let group_by = match &self.group_by[..] {
            [] => String::new(),
            fields => format!("  group-by: [{}]\n", fields.join(", ")),
        };
        format!(
            "title: {0}\nname: {0}\ncorrelation:\n  type: {1}\n  rules: [{2}]\n{3}  timespan: {4}s\n  \
             condition: {5}\n{9}s3sentry:\n  evidence: 2\n{6}{7}{8}---\n",
            self.name,
            self.main.kind(),
            names.join(", "),
            group_by,
            self.main.timespan.unwrap(),
            self.main.condition_yaml(),
            suppress.unwrap_or_default(),
            list("and", &self.and),
            list("any", &self.any),
            if self.generate {
                "  generate: true\n"
            } else {
                ""
            },
        )
    }

    /// The alerts over these records.
    fn alerts(&self, records: &[Rec]) -> Vec<Told> {
        let timespan = self.main.timespan.unwrap();
        let longest = [&self.main]
            .into_iter()
            .chain(&self.and)
            .chain(&self.any)
            .filter_map(|count| count.timespan)
            .max()
            .unwrap();
        let period = self.suppress.unwrap_or(3600).max(longest);

        let mut keys: BTreeMap<Vec<Option<String>>, Vec<&Rec>> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for record in records
            .iter()
            .filter(|r| self.picks.iter().any(|pick| pick.holds(r)))
        {
            let key: Vec<_> = self
                .group_by
                .iter()
                .map(|field| record.field(field))
                .collect();
            if known.insert((key.clone(), record.identity(), record.time)) {
                keys.entry(key).or_default().push(record);
            }
        }

        let mut alerts = Vec::new();
        for (key, records) in keys {
            let times: BTreeSet<i64> = records.iter().map(|record| record.time).collect();
            let mut periods: BTreeMap<i64, (i64, u64)> = BTreeMap::new();
            for time in times {
                let holds = |count: &Count| count.holds(count.value(&records, time, timespan));
                if holds(&self.main)
                    && self.and.iter().all(holds)
                    && (self.any.is_empty() || self.any.iter().any(holds))
                {
                    let value = self.main.value(&records, time, timespan);
                    periods
                        .entry(time.div_euclid(period) * period)
                        .or_insert((time, value));
                }
            }
            for (start, trigger) in periods {
                let about: Vec<&Rec> = records
                    .iter()
                    .copied()
                    .filter(|r| start - longest < r.time && r.time < start + period)
                    .collect();
                alerts.push(Told {
                    rule: self.name.clone(),
                    key: self
                        .group_by
                        .iter()
                        .map(|f| (*f).to_owned())
                        .zip(key.clone())
                        .collect(),
                    period: (start, start + period),
                    trigger,
                    count: about.len() as u64,
                    distinct: self.main.field.map(|f| distinct(about.iter().copied(), f)),
                    first_seen: about.iter().map(|record| record.time).min().unwrap(),
                    last_seen: about.iter().map(|record| record.time).max().unwrap(),
                });
            }
        }
        alerts
    }
}

/// A rule file.
#[derive(Debug, Clone)]
pub struct Rules {
    pub models: Vec<Model>,
    /// Detections that stand there whether or not a correlation asks for them.
    pub alone: Vec<Pick>,
}

impl Rules {
    pub fn of(models: Vec<Model>) -> Self {
        Self {
            models,
            alone: Vec::new(),
        }
    }

    pub fn yaml(&self) -> String {
        let used: BTreeSet<Pick> = self
            .models
            .iter()
            .flat_map(|model| &model.picks)
            .copied()
            .collect();
        let picks: BTreeSet<Pick> = used.iter().chain(&self.alone).copied().collect();
        let text: String = picks
            .iter()
            .map(|pick| pick.document())
            .chain(self.models.iter().map(Model::document))
            .collect();
        text.trim_end_matches("---\n").to_owned()
    }

    /// All alerts over these records, by period end, rule and key.
    pub fn alerts(&self, records: &[Rec]) -> Vec<Told> {
        let silent = |pick: &Pick| {
            self.models
                .iter()
                .any(|model| !model.generate && model.picks.contains(pick))
        };
        let used = self.models.iter().flat_map(|model| &model.picks);
        let picks: BTreeSet<Pick> = used.chain(&self.alone).copied().collect();
        let alone = picks
            .into_iter()
            .filter(|pick| !silent(pick))
            .map(Model::alone);
        let mut alerts: Vec<Told> = alone
            .chain(self.models.iter().cloned())
            .flat_map(|model| model.alerts(records))
            .collect();
        alerts.sort_by(|a, b| (a.period.1, &a.rule, &a.key).cmp(&(b.period.1, &b.rule, &b.key)));
        alerts
    }
}

const FIELDS: &[&str] = &[
    "remote_ip",
    "bucket_name",
    "requester",
    "operation",
    "key_name",
    "version_id",
    "error_code",
];

fn condition() -> impl Strategy<Value = Vec<(&'static str, u64)>> {
    let word = || proptest::sample::select(&["gt", "gte", "lt", "lte", "eq", "neq"][..]);
    prop_oneof![
        4 => (0u64..6).prop_map(|number| vec![("gte", number)]),
        3 => (word(), 0u64..5).prop_map(|one| vec![one]),
        1 => (0u64..4, 0u64..4).prop_map(|(low, more)| vec![("gte", low), ("lte", low + more)]),
        1 => (0u64..4, 0u64..4).prop_map(|(low, not)| vec![("gt", low), ("neq", not)]),
    ]
}

fn timespan() -> impl Strategy<Value = i64> {
    proptest::sample::select(&[1i64, 2, 5, 10, 60, 61, 599, 600, 601, 3600, 5400, 86_400][..])
}

prop_compose! {
    fn count(selections: bool)(
        field in proptest::option::of(proptest::sample::select(FIELDS)),
        selection in proptest::option::of(proptest::sample::select(&Pick::ALL[..])),
        timespan in proptest::option::of(timespan()),
        condition in condition(),
    ) -> Count {
        Count { field, selection: selection.filter(|_| selections), timespan, condition }
    }
}

prop_compose! {
    fn model()(
        picks in proptest::sample::subsequence(&Pick::ALL[..], 1..=2),
        group_by in proptest::sample::subsequence(FIELDS, 0..=2),
        main in count(false),
        main_timespan in timespan(),
        and in proptest::collection::vec(count(true), 0..=2),
        any in proptest::collection::vec(count(true), 0..=4),
        plain in proptest::bool::weighted(0.5),
        suppress in proptest::option::of(
            proptest::sample::select(&[1i64, 7, 60, 700, 7200, 86_400][..])
        ),
        generate in proptest::bool::weighted(0.2),
    ) -> Model {
        Model {
            name: String::new(), picks, group_by,
            main: Count { timespan: Some(main_timespan), ..main },
            and: if plain { Vec::new() } else { and },
            any: if plain { Vec::new() } else { any },
            suppress, generate,
        }
    }
}

/// A few rules.
pub fn rules() -> impl Strategy<Value = Rules> {
    (
        proptest::collection::vec(model(), 1..4),
        proptest::sample::subsequence(&Pick::ALL[..], 0..2),
    )
        .prop_map(|(mut models, alone)| {
            for (number, model) in models.iter_mut().enumerate() {
                model.name = format!("m{number}");
            }
            Rules { models, alone }
        })
}

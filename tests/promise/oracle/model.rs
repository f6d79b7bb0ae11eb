//! Rules as the tests know them. How they are written down is `yaml`'s
//! business, what they mean `meaning`'s.

use crate::world::Rec;

/// The type of a correlation or an aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    EventCount,
    ValueCount,
    ValueSum,
    ValueAvg,
    ValuePercentile,
    Temporal,
    TemporalOrdered,
}

impl Kind {
    pub const ALL: [Kind; 7] = [
        Kind::EventCount,
        Kind::ValueCount,
        Kind::ValueSum,
        Kind::ValueAvg,
        Kind::ValuePercentile,
        Kind::Temporal,
        Kind::TemporalOrdered,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Kind::EventCount => "event_count",
            Kind::ValueCount => "value_count",
            Kind::ValueSum => "value_sum",
            Kind::ValueAvg => "value_avg",
            Kind::ValuePercentile => "value_percentile",
            Kind::Temporal => "temporal",
            Kind::TemporalOrdered => "temporal_ordered",
        }
    }

    /// Whether it is about the numbers of a field.
    pub fn is_of_numbers(self) -> bool {
        matches!(
            self,
            Kind::ValueSum | Kind::ValueAvg | Kind::ValuePercentile
        )
    }

    /// Whether it may stand in `and` and `any`.
    pub fn is_aggregate(self) -> bool {
        !matches!(self, Kind::Temporal | Kind::TemporalOrdered)
    }
}

/// A selection that the tests know in both tongues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pick {
    Denied,
    Get,
    Put,
    Missing,
    Fine,
    Every,
}

impl Pick {
    pub const ALL: [Pick; 6] = [
        Pick::Denied,
        Pick::Get,
        Pick::Put,
        Pick::Missing,
        Pick::Fine,
        Pick::Every,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Pick::Denied => "p-denied",
            Pick::Get => "p-get",
            Pick::Put => "p-put",
            Pick::Missing => "p-missing",
            Pick::Fine => "p-fine",
            Pick::Every => "p-every",
        }
    }

    pub fn yaml(self) -> &'static str {
        match self {
            Pick::Denied => "{error_code: AccessDenied}",
            Pick::Get => "{operation: REST.GET.OBJECT}",
            Pick::Put => "{operation: REST.PUT.OBJECT}",
            Pick::Missing => "{http_status: 404}",
            Pick::Fine => "{http_status: 200}",
            Pick::Every => "{http_status|gte: 100}",
        }
    }

    pub fn holds(self, record: &Rec) -> bool {
        match self {
            Pick::Denied => record.error() == Some("AccessDenied"),
            Pick::Get => record.operation == "REST.GET.OBJECT",
            Pick::Put => record.operation == "REST.PUT.OBJECT",
            Pick::Missing => record.status == 404,
            Pick::Fine => record.status == 200,
            Pick::Every => true,
        }
    }
}

/// What a correlation names in its `rules:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ref {
    /// A detection.
    Pick(Pick),
    /// A correlation before it in the file, by its place.
    Rule(usize),
}

/// An aggregate with its condition: what a correlation compares, or an item of
/// `and` or `any`.
#[derive(Debug, Clone)]
pub struct Count {
    pub kind: Kind,
    pub field: Option<&'static str>,
    pub percentile: Option<u64>,
    pub selection: Option<Pick>,
    /// The rule's own, unless it has another.
    pub timespan: Option<i64>,
    /// All must hold. Empty where there is no condition.
    pub condition: Vec<(&'static str, u64)>,
}

impl Count {
    pub fn of(kind: Kind) -> Self {
        Self {
            kind,
            field: None,
            percentile: None,
            selection: None,
            timespan: None,
            condition: Vec::new(),
        }
    }

    pub fn values(self, field: &'static str) -> Self {
        Self {
            field: Some(field),
            ..self
        }
    }

    pub fn percentile(self, percentile: u64) -> Self {
        Self {
            percentile: Some(percentile),
            ..self
        }
    }

    pub fn select(self, pick: Pick) -> Self {
        Self {
            selection: Some(pick),
            ..self
        }
    }

    pub fn within(self, timespan: i64) -> Self {
        Self {
            timespan: Some(timespan),
            ..self
        }
    }

    pub fn when(mut self, word: &'static str, number: u64) -> Self {
        self.condition.push((word, number));
        self
    }
}

/// One name for fields that are called differently.
#[derive(Debug, Clone)]
pub struct Alias {
    pub name: &'static str,
    pub fields: Vec<(Ref, &'static str)>,
}

/// What must not have come before a chain.
#[derive(Debug, Clone)]
pub struct NoneBefore {
    pub selection: Pick,
    pub timespan: i64,
    /// The chain's, unless it has another.
    pub group_by: Option<Vec<&'static str>>,
}

/// A correlation, or a detection that stands alone.
#[derive(Debug, Clone)]
pub struct Model {
    pub name: String,
    pub rules: Vec<Ref>,
    pub aliases: Vec<Alias>,
    pub group_by: Vec<&'static str>,
    pub timespan: i64,
    pub main: Count,
    pub and: Vec<Count>,
    pub any: Vec<Count>,
    pub different: Option<&'static str>,
    pub none_before: Option<NoneBefore>,
    pub suppress: Option<i64>,
    /// The rules that it names alert for themselves, too.
    pub generate: bool,
}

impl Model {
    pub fn new(
        name: &str,
        main: Count,
        rules: &[Ref],
        group_by: &[&'static str],
        timespan: i64,
    ) -> Self {
        Self {
            name: name.to_owned(),
            rules: rules.to_vec(),
            aliases: Vec::new(),
            group_by: group_by.to_vec(),
            timespan,
            main,
            and: Vec::new(),
            any: Vec::new(),
            different: None,
            none_before: None,
            suppress: None,
            generate: false,
        }
    }

    /// At least so many records of a pick within a time.
    pub fn burst(
        name: &str,
        pick: Pick,
        group_by: &[&'static str],
        timespan: i64,
        least: u64,
    ) -> Self {
        let main = Count::of(Kind::EventCount).when("gte", least);
        Self::new(name, main, &[Ref::Pick(pick)], group_by, timespan)
    }

    /// One after the other, within a time.
    pub fn chain(name: &str, steps: &[Ref], group_by: &[&'static str], timespan: i64) -> Self {
        let main = Count::of(Kind::TemporalOrdered);
        Self::new(name, main, steps, group_by, timespan)
    }

    /// A detection that no correlation silences.
    pub fn alone(pick: Pick) -> Self {
        Self::burst(pick.name(), pick, &[], 1, 1)
    }

    pub fn aggregates(&self) -> impl Iterator<Item = &Count> {
        [&self.main].into_iter().chain(&self.and).chain(&self.any)
    }

    /// The longest of its timespans.
    pub fn longest(&self) -> i64 {
        let own = self.aggregates().filter_map(|count| count.timespan);
        own.fold(self.timespan, i64::max)
    }

    /// Length of the period that an alert stands for, seconds.
    pub fn period(&self) -> i64 {
        self.suppress.unwrap_or(3600).max(self.longest())
    }

    /// What one of its rules calls a name of its group-by.
    pub fn field_in(&self, rule: Ref, name: &'static str) -> &'static str {
        let alias = self.aliases.iter().find(|alias| alias.name == name);
        let Some(alias) = alias else { return name };
        let named = alias.fields.iter().find(|(other, _)| *other == rule);
        named.expect("an alias names a field of every rule").1
    }

    /// The place of a name in its keys.
    pub fn place(&self, name: &str) -> usize {
        let place = self.group_by.iter().position(|field| *field == name);
        place.unwrap_or_else(|| panic!("{} does not group by {name}", self.name))
    }
}

/// A rule file.
#[derive(Clone)]
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

    /// All detections in the file, each once.
    pub fn picks(&self) -> Vec<Pick> {
        let named = |pick: &Pick| {
            let mut rules = self.models.iter().flat_map(|model| &model.rules);
            self.alone.contains(pick) || rules.any(|rule| *rule == Ref::Pick(*pick))
        };
        Pick::ALL.into_iter().filter(named).collect()
    }

    pub fn name(&self, rule: Ref) -> &str {
        match rule {
            Ref::Pick(pick) => pick.name(),
            Ref::Rule(place) => &self.models[place].name,
        }
    }

    /// Whether no correlation lets it raise alerts of its own.
    pub fn is_silent(&self, rule: Ref) -> bool {
        let silences = |model: &Model| !model.generate && model.rules.contains(&rule);
        self.models.iter().any(silences)
    }
}

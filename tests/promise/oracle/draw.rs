//! Random rules.

use proptest::prelude::*;

use super::model::{Alias, Count, Kind, Model, NoneBefore, Pick, Ref, Rules};

/// What is drawn. Chances are in percent, a model.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Types of the rules that are looked at.
    pub kinds: &'static [Kind],
    /// Types of the correlations that they may count; none: they count records.
    pub below: &'static [Kind],
    /// `and` or `any`.
    pub further: u32,
    pub aliases: u32,
    pub different: u32,
    pub none_before: u32,
}

impl Shape {
    /// Rules over detections, without more.
    pub const fn plain(kinds: &'static [Kind]) -> Self {
        Self {
            kinds,
            below: &[],
            further: 0,
            aliases: 0,
            different: 0,
            none_before: 0,
        }
    }

    fn is_about_pairs(&self) -> bool {
        self.different + self.none_before >= 100
    }

    /// All of it together.
    pub const MIXED: Self = Self {
        kinds: &Kind::ALL,
        below: &Kind::ALL,
        further: 30,
        aliases: 20,
        different: 25,
        none_before: 25,
    };
}

/// Texts that rules group and count by; those of few values stand first.
const FIELDS: &[&str] = &[
    "remote_ip",
    "bucket_name",
    "requester",
    "operation",
    "key_name",
    "version_id",
    "error_code",
];
/// Texts of many values.
const MANY: &[&str] = &["key_name", "requester", "version_id"];
/// Numbers.
const NUMBERS: &[&str] = &["bytes_sent", "object_size", "total_time"];
/// Fields that hold the same values now and then.
const ALIKE: &[&str] = &["requester", "key_name"];
const SPANS: &[i64] = &[5, 3, 2, 1, 4, 6, 8, 10, 20, 60, 61, 600, 3600, 5400, 86_400];
const CHAIN_SPANS: &[i64] = &[10, 5, 3, 2, 1, 20, 8, 60, 61, 600, 3600, 5400, 86_400];
const SHORT_SPANS: &[i64] = &[3, 2, 4, 5];
const PERIODS: &[i64] = &[1, 3, 7, 60, 700, 7200, 86_400];
const PERCENTS: &[u64] = &[50, 0, 1, 25, 33, 34, 66, 67, 75, 90, 95, 99, 100];
const WORDS: &[&str] = &["gte", "gt", "lt", "lte", "eq", "neq"];

/// Correlations of correlations stand no higher than this.
const DEPTH: usize = 3;
/// The most selections that a rule may look at.
pub const SELECTIONS: usize = 64;
/// The most periods in which one record may make a rule fire. Many more take the
/// engine seconds, and then the memory that the promise asks for.
pub const AHEAD: i64 = 2000;

/// Numbers to choose by. The smaller, the plainer what is chosen.
struct Dice(std::vec::IntoIter<u8>);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        usize::from(self.0.next().unwrap_or(0)) % most
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.below(100) as u32 + percent >= 100
    }

    fn one<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// One of the first, more often than not.
    fn early<T: Copy>(&mut self, all: &[T]) -> T {
        let most = if self.chance(30) {
            all.len()
        } else {
            all.len().min(6)
        };
        self.one(&all[..most])
    }

    fn some(&mut self, all: &[&'static str], most: usize) -> Vec<&'static str> {
        let mut some: Vec<&str> = Vec::new();
        for _ in 0..self.below(most + 1).min(all.len()) {
            let field = self.early(all);
            if !some.contains(&field) {
                some.push(field);
            }
        }
        some
    }

    fn condition(&mut self, count: Count) -> Count {
        let most = match count.kind {
            Kind::ValueSum => 12,
            Kind::EventCount | Kind::Temporal => 4,
            _ => 5,
        };
        let number = self.below(most) as u64;
        match self.below(10) {
            0..6 => count.when("gte", number.max(1)),
            6..9 => count.when(WORDS[self.below(WORDS.len())], number),
            _ => {
                let more = self.below(3) as u64;
                count.when("gt", number).when("lte", number + more)
            }
        }
    }

    /// An aggregate. Its values are of these fields.
    fn count(&mut self, kind: Kind, fields: &[&'static str]) -> Count {
        let mut count = Count::of(kind);
        if kind == Kind::ValueCount {
            count = count.values(self.one(fields));
        } else if kind.is_of_numbers() {
            count = count.values(self.one(NUMBERS));
        }
        if kind == Kind::ValuePercentile {
            count = count.percentile(self.one(PERCENTS));
        }
        match kind {
            Kind::TemporalOrdered => count,
            Kind::Temporal if self.chance(60) => count,
            _ => self.condition(count),
        }
    }

    fn further(&mut self) -> Vec<Count> {
        let aggregates: Vec<Kind> = Kind::ALL
            .into_iter()
            .filter(|kind| kind.is_aggregate())
            .collect();
        let draw = |_| {
            let kind = self.one(&aggregates);
            Count {
                selection: self.chance(40).then(|| self.one(&Pick::ALL)),
                timespan: self.chance(40).then(|| self.early(SPANS)),
                ..self.count(kind, FIELDS)
            }
        };
        (0..3).map(draw).collect()
    }

    /// What a rule of a kind names: detections, and correlations where there are
    /// any that it may.
    fn rules(&mut self, kind: Kind, models: &[Model], above: u32) -> Vec<Ref> {
        let depths = depths(models);
        let low: Vec<usize> = (0..models.len())
            .filter(|place| depths[*place] < DEPTH)
            .collect();
        let number = match kind {
            Kind::Temporal => 2 + self.below(2),
            Kind::TemporalOrdered => [2, 2, 3, 4][self.below(4)],
            _ => 1 + self.below(2),
        };
        let mut rules = Vec::new();
        while rules.len() < number {
            let rule = if !kind.is_of_numbers() && !low.is_empty() && self.chance(above) {
                Ref::Rule(self.one(&low))
            } else {
                Ref::Pick(self.one(&Pick::ALL))
            };
            if kind == Kind::TemporalOrdered || !rules.contains(&rule) {
                rules.push(rule);
            } else if self.0.len() == 0 {
                let left = |pick: &&Pick| !rules.contains(&Ref::Pick(**pick));
                rules.extend(Pick::ALL.iter().find(left).map(|pick| Ref::Pick(*pick)));
            }
        }
        rules
    }

    fn model(&mut self, shape: &Shape, models: &[Model], above: u32) -> Model {
        let mut kind = self.one(shape.kinds);
        let mut rules = self.rules(kind, models, above);
        if shape.is_about_pairs() && kind == Kind::TemporalOrdered {
            self.make_a_pair(&mut rules, models);
        }
        let mut fields = common_fields(&rules, models);
        if kind == Kind::ValueCount && fields.is_empty() {
            (kind, fields) = (Kind::EventCount, Vec::new());
        }
        let main = self.count(kind, &fields);
        // Steps in a row for a narrow key within a second would be rare.
        let (most, spans) = match kind {
            Kind::TemporalOrdered => (1, CHAIN_SPANS),
            // A window of seconds, that has edges among the records.
            _ if shape.is_about_pairs() => (1, SHORT_SPANS),
            _ => (2, SPANS),
        };
        let group_by = self.some(&fields, most);
        let timespan = self.early(spans);
        let mut model = Model::new("", main, &rules, &group_by, timespan);
        if self.chance(shape.further) {
            model.and = self.further();
            model.any = model.and.split_off([0, 1, 1, 2][self.below(4)]);
        }
        if self.chance(shape.aliases) {
            self.alias(&mut model, models);
        }
        if kind == Kind::TemporalOrdered && is_pair(&model.rules, models) {
            model.different = self.chance(shape.different).then(|| self.one(MANY));
            if model.aliases.is_empty() && self.chance(shape.none_before) {
                model.none_before = Some(self.none_before(&model.group_by));
            }
        }
        model.suppress = self.chance(25).then(|| self.one(PERIODS));
        if periods_ahead(&model, models) > AHEAD {
            model.suppress = None;
        }
        model.generate = self.chance(30);
        model
    }

    /// Two steps, the second a detection: what `different` and `none_before` want.
    fn make_a_pair(&mut self, rules: &mut Vec<Ref>, models: &[Model]) {
        if !is_pair(rules, models) && self.chance(70) {
            let places = (0..models.len()).map(Ref::Rule);
            let simple: Vec<Ref> = places.filter(|rule| is_simple(*rule, models)).collect();
            let first = if simple.is_empty() || self.chance(20) {
                Ref::Pick(self.one(&Pick::ALL))
            } else {
                self.one(&simple)
            };
            *rules = vec![first, Ref::Pick(self.one(&Pick::ALL))];
        }
    }

    fn none_before(&mut self, group_by: &[&'static str]) -> NoneBefore {
        let more = self.chance(40).then(|| {
            let mut fields = group_by.to_vec();
            let field = self.early(FIELDS);
            if !fields.contains(&field) {
                fields.push(field);
            }
            fields
        });
        NoneBefore {
            selection: self.one(&Pick::ALL),
            timespan: self.one(&SPANS[..8]),
            group_by: more,
        }
    }

    /// Gives the first field of the key another name, and another field in every
    /// rule, where all of them have one to give.
    fn alias(&mut self, model: &mut Model, models: &[Model]) {
        let mut fields = Vec::new();
        for rule in model.rules.clone() {
            let own = common_fields(&[rule], models);
            let alike: Vec<&str> = ALIKE
                .iter()
                .copied()
                .filter(|name| own.contains(name))
                .collect();
            let known = fields.iter().any(|(other, _)| *other == rule);
            if !alike.is_empty() && !known {
                fields.push((rule, self.one(&alike)));
            } else if !known {
                return;
            }
        }
        let alias = Alias {
            name: "who",
            fields,
        };
        model.group_by.truncate(1);
        model.group_by.insert(0, alias.name);
        model.aliases.push(alias);
    }
}

/// How many correlations stand in each above detections, itself included.
fn depths(models: &[Model]) -> Vec<usize> {
    let mut depths = Vec::new();
    for model in models {
        let below = model.rules.iter().map(|rule| match rule {
            Ref::Pick(_) => 0,
            Ref::Rule(place) => depths[*place],
        });
        let depth = 1 + below.max().unwrap_or(0);
        depths.push(depth);
    }
    depths
}

/// How many selections a correlation looks at: a rule that it counts twice looks
/// at its own twice.
pub fn selections(model: &Model, models: &[Model]) -> usize {
    let of_rule = |rule: &Ref| match rule {
        Ref::Pick(_) => 1,
        Ref::Rule(place) => selections(&models[*place], models),
    };
    let counted: usize = model.rules.iter().map(of_rule).sum();
    let further = model.aggregates().filter(|count| count.selection.is_some());
    counted + further.count() + usize::from(model.none_before.is_some())
}

/// In how many of its periods one record may make a rule fire.
pub fn periods_ahead(model: &Model, models: &[Model]) -> i64 {
    horizon(model, models) / model.period()
}

/// How far back of a firing its records may lie, seconds.
fn horizon(model: &Model, models: &[Model]) -> i64 {
    let of_rule = |rule: &Ref| match rule {
        Ref::Pick(_) => 0,
        Ref::Rule(place) => horizon(&models[*place], models),
    };
    model.longest() + model.rules.iter().map(of_rule).max().unwrap_or(0)
}

/// The fields that a correlation of these rules may group and count by.
fn common_fields(rules: &[Ref], models: &[Model]) -> Vec<&'static str> {
    let has = |name: &str, rule: &Ref| match rule {
        Ref::Pick(_) => true,
        Ref::Rule(place) => models[*place].group_by.contains(&name),
    };
    let common = |name: &&&str| rules.iter().all(|rule| has(name, rule));
    FIELDS.iter().filter(common).copied().collect()
}

/// Whether it is a detection or a correlation of detections only.
fn is_simple(rule: Ref, models: &[Model]) -> bool {
    let is_pick = |rule: &Ref| matches!(rule, Ref::Pick(_));
    match rule {
        Ref::Pick(_) => true,
        Ref::Rule(place) => models[place].rules.iter().all(is_pick),
    }
}

fn is_pair(rules: &[Ref], models: &[Model]) -> bool {
    matches!(rules, [first, Ref::Pick(_)] if is_simple(*first, models))
}

/// Adds a correlation, unless it is one that cannot be compiled. The first looks
/// at detections alone, so that there is always one.
fn take(models: &mut Vec<Model>, model: Model) {
    if selections(&model, models) <= SELECTIONS {
        models.push(model);
    }
}

/// A few rules of a shape.
pub fn rules(shape: Shape) -> impl Strategy<Value = Rules> {
    proptest::collection::vec(0u8..200, 160).prop_map(move |numbers| {
        let mut dice = Dice(numbers.into_iter());
        let mut models: Vec<Model> = Vec::new();
        if !shape.below.is_empty() {
            let below = Shape {
                kinds: shape.below,
                ..shape
            };
            for _ in 0..=dice.below(3) {
                let model = dice.model(&below, &models, 25);
                take(&mut models, model);
            }
        }
        let above = if shape.below.is_empty() { 0 } else { 60 };
        for _ in 0..=dice.below(2) {
            let model = dice.model(&shape, &models, above);
            take(&mut models, model);
        }
        for (number, model) in models.iter_mut().enumerate() {
            model.name = format!("m{number}");
        }
        let alone = if dice.chance(20) {
            vec![dice.one(&Pick::ALL)]
        } else {
            Vec::new()
        };
        Rules { models, alone }
    })
}

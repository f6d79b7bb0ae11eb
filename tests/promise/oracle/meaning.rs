//! When a rule fires, and what it alerts: for every key, every second that holds
//! something, and for every second everything again.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Count, Kind, Model, Ref, Rules};
use super::value::{Counted, Value, distinct, sum, within};
use crate::run::Told;
use crate::world::Rec;

/// The values of a rule's group-by.
pub type Key = Vec<Option<String>>;

/// A correlation fired.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Firing {
    pub time: i64,
    pub key: Key,
    /// What it compared: of an average the whole part.
    pub value: u64,
}

/// Records that are one are there once.
pub fn each_once(records: &[Rec]) -> Vec<&Rec> {
    let mut known = BTreeSet::new();
    let new = |record: &&Rec| known.insert((record.identity(), record.time));
    records.iter().filter(new).collect()
}

/// What a correlation counts.
enum Thing<'r> {
    Record(&'r Rec),
    Firing(Ref, &'r Model, Firing),
}

impl Counted for Thing<'_> {
    fn time(&self) -> i64 {
        match self {
            Thing::Record(record) => record.time,
            Thing::Firing(_, _, firing) => firing.time,
        }
    }

    fn text(&self, field: &str) -> Option<String> {
        match self {
            Thing::Record(record) => record.field(field),
            Thing::Firing(_, model, firing) => firing.key[model.place(field)].clone(),
        }
    }

    fn number(&self, field: &str) -> Option<u64> {
        match self {
            Thing::Record(record) => Rec::number(record, field),
            Thing::Firing(..) => unreachable!("numbers are those of records"),
        }
    }
}

fn is_enough(model: &Model, value: Value) -> bool {
    if model.main.kind == Kind::Temporal && model.main.condition.is_empty() {
        return value == Value::whole(model.rules.len() as u64);
    }
    model.main.holds(value)
}

/// `and` and `any`, over the records of all detections below, with the key.
pub fn further_conditions_hold(model: &Model, time: i64, records: &[&Rec]) -> bool {
    let holds = |count: &Count| {
        let timespan = count.timespan.unwrap_or(model.timespan);
        let selected = |record: &&&Rec| count.selection.is_none_or(|pick| pick.holds(record));
        let window = within(records, time - timespan, time);
        let window: Vec<&&Rec> = window.into_iter().filter(selected).collect();
        let value = count.measure(&window);
        value.is_some_and(|value| count.holds(value))
    };
    model.and.iter().all(holds) && (model.any.is_empty() || model.any.iter().any(holds))
}

impl Rules {
    /// The keys under which one of a model's rules has a record, itself or in
    /// the rules below it. None where it does not select the record.
    pub fn keys_by(&self, model: &Model, rule: Ref, record: &Rec) -> BTreeSet<Key> {
        match rule {
            Ref::Pick(pick) if !pick.holds(record) => BTreeSet::new(),
            Ref::Pick(_) => {
                let value = |name: &&'static str| record.field(model.field_in(rule, name));
                BTreeSet::from([model.group_by.iter().map(value).collect()])
            }
            Ref::Rule(place) => {
                let keys = self.keys(&self.models[place], record);
                keys.iter().map(|key| self.part(model, rule, key)).collect()
            }
        }
    }

    /// The keys under which a model has a record: usually one or none; more where
    /// aliases call for it.
    pub fn keys(&self, model: &Model, record: &Rec) -> BTreeSet<Key> {
        let by = |rule: &Ref| self.keys_by(model, *rule, record);
        model.rules.iter().flat_map(by).collect()
    }

    /// The part of a correlation's key that a model above it groups by.
    pub fn part(&self, model: &Model, rule: Ref, key: &Key) -> Key {
        let Ref::Rule(place) = rule else {
            panic!("a detection has no keys")
        };
        let below = &self.models[place];
        let value = |name: &&'static str| key[below.place(model.field_in(rule, name))].clone();
        model.group_by.iter().map(value).collect()
    }

    /// The records of all detections below a model, with this key.
    pub fn records_of<'r>(&self, model: &Model, key: &Key, records: &[&'r Rec]) -> Vec<&'r Rec> {
        let mine = |record: &&&Rec| self.keys(model, record).contains(key);
        records.iter().filter(mine).copied().collect()
    }

    /// The records of all detections below a model, by their keys.
    fn by_key<'r>(&self, model: &Model, records: &[&'r Rec]) -> BTreeMap<Key, Vec<&'r Rec>> {
        let mut by_key: BTreeMap<Key, Vec<&Rec>> = BTreeMap::new();
        for record in records {
            for key in self.keys(model, record) {
                by_key.entry(key).or_default().push(record);
            }
        }
        by_key
    }

    /// Every firing of a model over these records.
    pub fn firings(&self, model: &Model, records: &[&Rec]) -> BTreeSet<Firing> {
        let by_key = self.by_key(model, records).into_iter();
        if model.main.kind == Kind::TemporalOrdered {
            let firings = |(key, mine): (_, Vec<_>)| self.chain_firings(model, key, &mine, records);
            return by_key.flat_map(firings).collect();
        }
        let below = self.firings_below(model, records);
        let mut firings = BTreeSet::new();
        for (key, mine) in by_key {
            let things = self.counted(model, &key, &mine, &below);
            let times: BTreeSet<i64> = things.iter().map(Counted::time).collect();
            for time in times {
                let window = within(&things, time - model.timespan, time);
                let value = match model.main.kind {
                    Kind::Temporal => Some(self.rules_seen(model, &key, &window)),
                    _ => model.main.measure(&window),
                };
                if let Some(value) = value
                    && is_enough(model, value)
                    && further_conditions_hold(model, time, &mine)
                {
                    firings.insert(Firing {
                        time,
                        key: key.clone(),
                        value: value.floor(),
                    });
                }
            }
        }
        firings
    }

    /// The firings of those of a model's rules that are correlations.
    fn firings_below(&self, model: &Model, records: &[&Rec]) -> Vec<(Ref, BTreeSet<Firing>)> {
        let firings = |rule: &Ref| match *rule {
            Ref::Pick(_) => None,
            Ref::Rule(place) => Some((*rule, self.firings(&self.models[place], records))),
        };
        model.rules.iter().filter_map(firings).collect()
    }

    /// What a model counts of the records of a key: each once, whichever of the
    /// detections select it, and every firing.
    fn counted<'r>(
        &'r self,
        model: &Model,
        key: &Key,
        records: &[&'r Rec],
        below: &[(Ref, BTreeSet<Firing>)],
    ) -> Vec<Thing<'r>> {
        let mut things = Vec::new();
        for record in records {
            let selects = |rule: &&Ref| {
                matches!(rule, Ref::Pick(_)) && self.keys_by(model, **rule, record).contains(key)
            };
            if model.rules.iter().any(|rule| selects(&rule)) {
                things.push(Thing::Record(record));
            }
        }
        for (rule, firings) in below {
            let Ref::Rule(place) = rule else { continue };
            let mine = |firing: &&Firing| self.part(model, *rule, &firing.key) == *key;
            let firings = firings.iter().filter(mine).cloned();
            let below = &self.models[*place];
            things.extend(firings.map(|firing| Thing::Firing(*rule, below, firing)));
        }
        things
    }

    /// How many of a model's rules have something in a window.
    fn rules_seen(&self, model: &Model, key: &Key, window: &[&Thing<'_>]) -> Value {
        let is_of = |rule: Ref, thing: &Thing<'_>| match thing {
            Thing::Record(record) => {
                matches!(rule, Ref::Pick(_)) && self.keys_by(model, rule, record).contains(key)
            }
            Thing::Firing(other, ..) => *other == rule,
        };
        let seen = |rule: &&Ref| window.iter().any(|thing| is_of(**rule, thing));
        Value::whole(model.rules.iter().filter(seen).count() as u64)
    }

    /// The alerts of one model.
    fn alerts_of(&self, model: &Model, records: &[&Rec]) -> Vec<Told> {
        let longest = model.longest();
        let length = model.period();
        let mut earliest: BTreeMap<(Key, i64), Firing> = BTreeMap::new();
        // In order of time: the first of a period stays.
        for firing in self.firings(model, records) {
            let start = firing.time.div_euclid(length) * length;
            earliest
                .entry((firing.key.clone(), start))
                .or_insert(firing);
        }
        let below = self.firings_below(model, records);
        let by_key = self.by_key(model, records);
        let alert = |((key, start), firing): ((Key, i64), Firing)| {
            let last = start + length - 1;
            let mine = &by_key[&key];
            let about = within(mine, start - longest, last);
            let counted = self.counted(model, &key, mine, &below);
            let counted = within(&counted, start - longest, last);
            let field = |kinds: &[Kind]| {
                let wanted = kinds.contains(&model.main.kind);
                model.main.field.filter(|_| wanted)
            };
            let names = model.group_by.iter().map(|name| (*name).to_owned());
            Told {
                rule: model.name.clone(),
                key: names.zip(key.clone()).collect(),
                period: (start, start + length),
                trigger: (firing.time, firing.value),
                count: about.len() as u64,
                distinct: field(&[Kind::ValueCount]).map(|field| distinct(&counted, field)),
                sum: field(&[Kind::ValueSum, Kind::ValueAvg]).map(|field| sum(&counted, field)),
                first_seen: about.iter().map(|record| record.time).min().unwrap(),
                last_seen: about.iter().map(|record| record.time).max().unwrap(),
            }
        };
        earliest.into_iter().map(alert).collect()
    }

    /// All alerts over these records, by period end, rule and key.
    pub fn alerts(&self, records: &[Rec]) -> Vec<Told> {
        let records = each_once(records);
        let picks = self.picks().into_iter();
        let alone = picks.filter(|pick| !self.is_silent(Ref::Pick(*pick)));
        let correlations = self.models.iter().enumerate();
        let correlations = correlations.filter(|(place, _)| !self.is_silent(Ref::Rule(*place)));
        let mut alerts: Vec<Told> = alone
            .map(Model::alone)
            .chain(correlations.map(|(_, model)| model.clone()))
            .flat_map(|model| self.alerts_of(&model, &records))
            .collect();
        alerts.sort_by(|a, b| (a.period.1, &a.rule, &a.key).cmp(&(b.period.1, &b.rule, &b.key)));
        alerts
    }
}

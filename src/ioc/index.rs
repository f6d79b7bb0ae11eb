//! All lists of a run, made ready for many lookups.
//!
//! Of several entries that fit a record one is told first: of the list of the
//! highest level; of those the first kind in the order of [`Kind::ALL`]; of
//! networks the longest; then the list that was named first, and in it the
//! entry that stands first. For networks that is decided once, when lists are
//! read, so that a record costs one lookup.

use std::cmp::Reverse;
use std::net::IpAddr;

use ipnet::IpNet;

use super::Kind;
use super::contents::Span;
use super::list::List;
use super::texts::Texts;
use crate::alert::Level;
use crate::settings::prefixes::Prefixes;

/// Lists, and where their entries are found.
#[derive(Debug, Clone)]
pub struct Indicators {
    lists: Vec<List>,
    entries: Vec<Entry>,
    /// By network, the place of what is known of it.
    networks: Prefixes<u32>,
    nets: Vec<Net>,
    /// For each kind that is text and has entries.
    texts: Vec<(Kind, Texts)>,
}

/// All else follows from the lists.
impl PartialEq for Indicators {
    fn eq(&self, other: &Self) -> bool {
        self.lists == other.lists
    }
}

impl Eq for Indicators {}

/// An entry of a list.
#[derive(Debug, Clone, Copy)]
struct Entry {
    list: u32,
    span: Span,
}

/// An entry that is a network.
#[derive(Debug, Clone, Copy)]
struct Net {
    entry: u32,
    /// The next shorter network that holds it, or `NONE`.
    outer: u32,
    /// Which of this one and those that hold it is told first.
    best: u32,
}

const NONE: u32 = u32::MAX;

/// An entry that fits a record.
#[derive(Debug, Clone, Copy)]
pub struct Match<'l> {
    /// What is compared.
    pub kind: Kind,
    /// The list.
    pub list: &'l List,
    /// The entry as it is written there.
    pub entry: &'l str,
}

impl Indicators {
    /// Makes lists ready. The error says that there are too many patterns.
    pub fn new(lists: Vec<List>) -> Result<Self, String> {
        let mut entries = Vec::new();
        let mut found: Vec<(IpNet, u32)> = Vec::new();
        for (number, list) in (0..).zip(&lists) {
            for (network, span) in &list.contents.networks {
                found.push((*network, entries.len() as u32));
                entries.push(Entry {
                    list: number,
                    span: *span,
                });
            }
        }
        let level = |entry: u32| lists[entries[entry as usize].list as usize].level;
        // What holds others before them; of equal ones the worst last, and of
        // those the one that was named first.
        found.sort_unstable_by_key(|(network, entry)| (*network, level(*entry), Reverse(*entry)));
        let nets = nested(&found, level);
        let networks = (0..)
            .zip(&found)
            .map(|(place, (network, _))| (*network, place))
            .collect();
        let mut texts = Vec::new();
        for kind in Kind::ALL {
            let mut own = Vec::new();
            for (number, list) in (0..).zip(&lists) {
                for text in list.contents.texts.iter().filter(|text| text.kind == kind) {
                    own.push((
                        list.contents.shown(text.span),
                        text.wild,
                        entries.len() as u32,
                    ));
                    entries.push(Entry {
                        list: number,
                        span: text.span,
                    });
                }
            }
            if !own.is_empty() {
                let folds = matches!(kind, Kind::UserAgent | Kind::Key);
                let own = Texts::new(folds, own.into_iter());
                texts.push((kind, own.map_err(|error| error.to_string())?));
            }
        }
        Ok(Self {
            lists,
            entries,
            networks,
            nets,
            texts,
        })
    }

    /// The lists, in the order in which they were named.
    #[must_use]
    pub fn lists(&self) -> &[List] {
        &self.lists
    }

    /// The lists alone, to add more to them.
    #[must_use]
    pub fn into_lists(self) -> Vec<List> {
        self.lists
    }

    /// The entry that is told first of those that fit; `value` gives what a
    /// record has of a kind that is text, and is asked for kinds only of which
    /// there are entries.
    pub fn first<'v>(
        &self,
        address: Option<IpAddr>,
        value: impl Fn(Kind) -> Option<&'v [u8]>,
    ) -> Option<Match<'_>> {
        let net = address.and_then(|address| self.networks.get(address));
        let mut first = net.map(|(_, place)| {
            let best = self.nets[*place as usize].best;
            (Kind::Network, self.nets[best as usize].entry)
        });
        for (kind, texts) in &self.texts {
            let Some(text) = value(*kind) else {
                continue;
            };
            texts.each(text, |entry| {
                // Entries are numbered in the order in which they are told.
                let is_before = first.is_none_or(|(of, before)| {
                    let order = self.level(entry).cmp(&self.level(before)).reverse();
                    order.then((*kind, entry).cmp(&(of, before))).is_lt()
                });
                if is_before {
                    first = Some((*kind, entry));
                }
            });
        }
        first.map(|(kind, entry)| self.told(kind, entry))
    }

    /// All entries that fit, in the order in which they are told; of the
    /// networks of one list only the longest.
    pub fn all<'v>(
        &self,
        address: Option<IpAddr>,
        value: impl Fn(Kind) -> Option<&'v [u8]>,
    ) -> Vec<Match<'_>> {
        let mut found: Vec<(Kind, u32)> = Vec::new();
        let net = address.and_then(|address| self.networks.get(address));
        let mut place = net.map_or(NONE, |(_, place)| *place);
        let mut told = Vec::new();
        while let Some(net) = self.nets.get(place as usize) {
            let list = self.entries[net.entry as usize].list;
            if !told.contains(&list) {
                told.push(list);
                found.push((Kind::Network, net.entry));
            }
            place = net.outer;
        }
        for (kind, texts) in &self.texts {
            if let Some(text) = value(*kind) {
                let from = found.len();
                texts.each(text, |entry| found.push((*kind, entry)));
                found[from..].sort_unstable();
            }
        }
        found.sort_by_key(|(_, entry)| Reverse(self.level(*entry)));
        let told = found.into_iter();
        told.map(|(kind, entry)| self.told(kind, entry)).collect()
    }

    fn level(&self, entry: u32) -> Level {
        self.lists[self.entries[entry as usize].list as usize].level
    }

    fn told(&self, kind: Kind, entry: u32) -> Match<'_> {
        let Entry { list, span } = self.entries[entry as usize];
        let list = &self.lists[list as usize];
        Match {
            kind,
            list,
            entry: list.contents.shown(span),
        }
    }
}

/// Networks that come in order, with those that hold them.
fn nested(found: &[(IpNet, u32)], level: impl Fn(u32) -> Level) -> Vec<Net> {
    let mut nets: Vec<Net> = Vec::with_capacity(found.len());
    // The networks that hold the place reached, the longest last.
    let mut open: Vec<u32> = Vec::new();
    for (place, (network, entry)) in (0..).zip(found) {
        let holds = |outer: &u32| found[*outer as usize].0.contains(network);
        while open.last().is_some_and(|outer| !holds(outer)) {
            open.pop();
        }
        let outer = open.last().copied();
        let worse = outer
            .map(|outer| nets[outer as usize].best)
            .filter(|best| level(nets[*best as usize].entry) > level(*entry));
        nets.push(Net {
            entry: *entry,
            outer: outer.unwrap_or(NONE),
            best: worse.unwrap_or(place),
        });
        open.push(place);
    }
    nets
}

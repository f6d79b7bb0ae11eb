//! What a file holds, as it is read: entries, what is left out, what is wrong.
//!
//! The forms call this; none of them keeps anything itself. Entries stand in one
//! text, one behind the other, for a list may hold half a million of them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::Kind;
use crate::settings::networks;
use crate::text::words::quote;

/// Where an entry stands in the text of its list.
pub(super) type Span = (u32, u32);

/// An entry that is compared as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) kind: Kind,
    pub(super) span: Span,
    /// Whether `*` stands for any text.
    pub(super) wild: bool,
}

/// Entries that count for nothing, by the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LeftOut {
    /// How many.
    pub count: u64,
    /// The first of them, quoted and cut.
    pub first: String,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Contents {
    /// All entries, as written.
    pub(super) text: String,
    pub(super) networks: Vec<(IpNet, Span)>,
    pub(super) texts: Vec<Text>,
    /// Entries that are understood and left out, by the reason.
    pub(super) left_out: BTreeMap<&'static str, LeftOut>,
    /// How many entries were not understood.
    pub(super) wrong: u64,
    /// The first of these: its line from 1, where lines mean anything, and what
    /// is wrong with it.
    pub(super) first_wrong: Option<(Option<u64>, String)>,
    /// When the list was made, by its own word; seconds since the epoch.
    pub(super) dated: Option<i64>,
}

/// Ranges that callers behind a VPC endpoint have. Lists of what should not be
/// seen on the internet hold them whole.
const PRIVATE: [&str; 5] = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
];

/// Characters besides stars that a pattern needs, so as not to match all.
const LEAST: usize = 3;

impl Contents {
    /// Takes an entry of a kind, in which `*` stands for any text unless it is
    /// a network.
    pub(super) fn entry(&mut self, kind: Kind, text: &str, line: Option<u64>) {
        match kind {
            Kind::Network => self.network(text, line),
            _ => self.text(kind, text, line, text.contains('*')),
        }
    }

    /// Takes an address or a CIDR.
    pub(super) fn network(&mut self, text: &str, line: Option<u64>) {
        let network = match networks::parse(text) {
            Ok(network) => network,
            Err(error) => return self.spoil(line, format!("{} {error}", quote(text))),
        };
        // Only a wide network can hold such a range.
        let is_wide = network.prefix_len() <= 16;
        if is_wide && PRIVATE.iter().any(|range| holds(network, range)) {
            return self.leave_out("holding a private range", text);
        }
        let span = self.keep(text);
        self.networks.push((network, span));
    }

    /// Takes a text, which may be a pattern.
    pub(super) fn text(&mut self, kind: Kind, text: &str, line: Option<u64>, wild: bool) {
        let letters = text.chars().filter(|c| *c != '*').count();
        if text.is_empty() || (wild && letters < LEAST) {
            let reason = format!(
                "{} would match nearly everything: at least {LEAST} characters besides * are needed",
                quote(text)
            );
            return self.spoil(line, reason);
        }
        let span = self.keep(text);
        self.texts.push(Text { kind, span, wild });
    }

    /// Counts what is understood and has no part in this.
    pub(super) fn leave_out(&mut self, reason: &'static str, what: &str) {
        let left_out = self.left_out.entry(reason).or_default();
        left_out.count += 1;
        if left_out.count == 1 {
            left_out.first = quote(what);
        }
    }

    /// Counts what is not understood.
    pub(super) fn spoil(&mut self, line: Option<u64>, reason: String) {
        self.wrong += 1;
        self.first_wrong.get_or_insert((line, reason));
    }

    /// Learns when the list was made; of several times the latest.
    pub(super) fn date(&mut self, time: Option<i64>) {
        self.dated = self.dated.max(time);
    }

    /// Whether there is neither an entry nor anything that might have been one.
    pub(super) fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.texts.is_empty()
    }

    /// The entry as it was written.
    pub(super) fn shown(&self, span: Span) -> &str {
        self.text
            .get(span.0 as usize..span.1 as usize)
            .unwrap_or_default()
    }

    fn keep(&mut self, text: &str) -> Span {
        // A file is at most half as long as this can count.
        let start = self.text.len() as u32;
        self.text.push_str(text);
        (start, self.text.len() as u32)
    }
}

fn holds(network: IpNet, range: &str) -> bool {
    let range = range.parse::<IpNet>();
    range.is_ok_and(|range| network.contains(&range))
}

/// The address of `192.0.2.1:443`, `[2001:db8::1]:443`, `192.0.2.1|443`.
pub(super) fn without_port(text: &str) -> &str {
    let text = text.split_once('|').map_or(text, |(address, _)| address);
    if let Some((address, _)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    match text.rsplit_once(':') {
        Some((address, _)) if address.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4()) => address,
        _ => text,
    }
}

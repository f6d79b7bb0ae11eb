//! The networks that accounts were used from with success.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ipnet::IpNet;
use s3sentry::baseline::Extent;
use s3sentry::record::derived::network::AddressClass;
use s3sentry::settings::{Settings, networks};
use s3sentry::state::State;
use s3sentry::text::terminal;

use super::{Entry, Judge, about, write};
use crate::commands::Stop;
use crate::commands::baseline::NETWORKS;
use crate::commands::summary::words::{count, group};

/// Accounts that are named in a line.
const ACCOUNTS: usize = 3;
/// The bucket owner's own account where the log names no number.
const OWNER: &str = "owner";

/// What is known of a network, whoever uses it.
struct Used {
    accounts: BTreeSet<String>,
    extent: Extent,
    declared: bool,
    /// How many networks it is made of.
    parts: u64,
}

impl Used {
    fn add(&mut self, other: &Self) {
        self.accounts.extend(other.accounts.iter().cloned());
        self.extent.add(&other.extent);
        self.declared |= other.declared;
        self.parts += other.parts;
    }
}

/// The list.
pub fn text(state: &State, settings: &Settings, judge: &Judge<'_>) -> Result<String, Stop> {
    let (mut good, mut bad) = (BTreeMap::new(), Vec::new());
    let mut private = 0;
    for (network, used) in found(state)? {
        if AddressClass::of(Some(network.addr())) == AddressClass::Private {
            private += 1;
            continue;
        }
        match foreign(&used, settings).or_else(|| judge.against(&used.extent)) {
            None => {
                good.insert(network, used);
            }
            Some(reason) => bad.push((network, used, reason)),
        }
    }
    let mut text = judge.head(
        &format!(
            "Public networks from which accounts were used with success: /24, IPv6 /48, and larger \
             ones\nwhere they are whole.{}",
            if settings.accounts.is_none() {
                "\naccounts is not set, so those of anybody's account are among them: see \
                 baseline trust accounts."
            } else {
                ""
            }
        ),
        "To use it, write it to a file: s3sentry scan --trusted-networks FILE, or in s3sentry.toml\n\
         trusted_networks = [\"@FILE\"]",
    );
    if private > 0 {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "# {} left out: an address inside of a VPC is never unknown.",
            count(private, "private network")
        );
    }
    let mut entries = whole(&good);
    bad.sort_by_key(|(_, used, _)| (!used.declared, std::cmp::Reverse(used.extent.requests)));
    entries.extend(
        bad.iter()
            .map(|(network, used, reason)| entry(*network, used, Some(reason.clone()))),
    );
    write(&mut text, &entries);
    Ok(text)
}

/// Networks with all that use them.
fn found(state: &State) -> Result<BTreeMap<IpNet, Used>, Stop> {
    let mut all: BTreeMap<IpNet, Used> = BTreeMap::new();
    for (account, value) in state.values_in(NETWORKS)? {
        // `-` stands for a request of AWS itself.
        let name = value.name.into_iter().flatten().next();
        let network = name.and_then(|name| networks::parse(std::str::from_utf8(&name).ok()?).ok());
        let Some(network) = network else { continue };
        let account = account.and_then(|account| account.into_iter().next().flatten());
        let account = account.map(|account| String::from_utf8_lossy(&account).into_owned());
        let used = Used {
            accounts: account.into_iter().collect(),
            extent: value.extent,
            declared: value.declared,
            parts: 1,
        };
        match all.get_mut(&network) {
            Some(known) => {
                known.add(&used);
                known.parts = 1;
            }
            None => {
                all.insert(network, used);
            }
        }
    }
    Ok(all)
}

/// Why a network is somebody else's, as far as can be told.
fn foreign(used: &Used, settings: &Settings) -> Option<String> {
    if used.accounts.is_empty() {
        return Some("no account".to_owned());
    }
    let own = settings.accounts.as_ref()?;
    let known = |account: &String| {
        let trusted = settings.trusted_accounts.as_ref();
        account == OWNER
            || own.contains(account)
            || trusted.is_some_and(|trusted| trusted.contains(account))
    };
    (!used.accounts.iter().any(known)).then(|| "no account of yours".to_owned())
}

/// Networks side by side as one where nothing is lacking between them: declared
/// ones first, then those with most requests.
fn whole(good: &BTreeMap<IpNet, Used>) -> Vec<Entry> {
    let networks: Vec<IpNet> = good.keys().copied().collect();
    let mut whole: Vec<(IpNet, Used)> = IpNet::aggregate(&networks)
        .into_iter()
        .filter_map(|network| {
            let mut parts = good.iter().filter(|(part, _)| network.contains(*part));
            let (_, first) = parts.next()?;
            let mut used = Used {
                accounts: first.accounts.clone(),
                ..*first
            };
            for (_, part) in parts {
                let declared = used.declared && part.declared;
                used.add(part);
                used.declared = declared;
            }
            Some((network, used))
        })
        .collect();
    whole.sort_by_key(|(_, used)| (!used.declared, std::cmp::Reverse(used.extent.requests)));
    let entries = whole.iter();
    entries
        .map(|(network, used)| entry(*network, used, None))
        .collect()
}

fn entry(network: IpNet, used: &Used, against: Option<String>) -> Entry {
    let mut whose: Vec<String> = used
        .accounts
        .iter()
        .take(ACCOUNTS)
        .map(|account| terminal(account.as_bytes()))
        .collect();
    if whose.is_empty() {
        whose.push("-".to_owned());
    }
    let more = used.accounts.len().saturating_sub(ACCOUNTS);
    if more > 0 {
        whose.push(format!("{} more", group(more as u64)));
    }
    let mut whose = whose.join(", ");
    if used.parts > 1 {
        let _ = write!(whose, "; {}", count(used.parts, "network"));
    }
    Entry {
        text: network.to_string(),
        about: about(used.declared, Some(&whose), &used.extent),
        against,
    }
}

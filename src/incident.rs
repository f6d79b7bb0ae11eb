//! Whom an alert is about, and which alerts of one entity belong together.
//!
//! An [`Entity`] is who did it where the alert's key names anybody, else the
//! bucket it was done to. All alerts of one entity that triggered on one UTC day
//! are one **incident**. Its id follows from the entity and the day, and so from
//! the alert alone: it is the same in every run, in every order, on every
//! machine, whatever other alerts there are, and nothing has to be remembered.
//! [`ranking`] weighs the alerts of each entity, [`story`] is what happened, in
//! order.
//!
//! No clock, no file and no output may enter here, and no state that one alert
//! leaves for the next to find its incident by.

mod few;
pub mod ranking;
pub mod story;
pub mod weight;

use std::net::IpAddr;

use ipnet::IpNet;

use crate::alert::Alert;
use crate::record::derived::network;
use crate::record::derived::requester;
use crate::record::{Field, hash};
pub use few::Few;

/// Seconds of a UTC day, which has no leap seconds in the log.
pub const DAY: i64 = 86_400;

/// Seconds between an alert and the one before it, up to which an incident is
/// told as going on from the day before.
///
/// Longer than one waits for a limit of rates to pass, a queue of jobs to drain
/// or a person to come back from lunch; shorter than a night, so that two
/// working days are two. It has no part in the id.
pub const CLOSE: i64 = 6 * 3_600;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal,)*) => {
        /// What an entity is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[doc = $doc])* $variant,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant,)*];

            /// The word for it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Kind::$variant => $name,)* }
            }
        }
    };
}

kinds! {
    /// A requester without a role's session, as the field `principal`.
    Principal "principal",
    /// The access key id of presigned links.
    Credential "credential",
    /// An account by its number, or a canonical id.
    Account "account",
    /// An address; of IPv6 its /64, as the field `remote_host`.
    Address "address",
    /// A network of many hosts, or a region of AWS.
    Network "network",
    /// A bucket.
    Bucket "bucket",
}

/// How the value of a field of a key names an entity.
#[derive(Debug, Clone, Copy)]
enum Reading {
    /// As it stands.
    Whole(Kind),
    /// A requester, of which the principal counts.
    Requester,
    /// An address, of which the host counts.
    Host,
    /// A host if it is one, else a principal.
    Actor,
    /// A host if it is the /64 of one, else a network.
    Network,
}

/// Fields that name an entity; of those in a key the first with a value counts.
/// Who was identified comes before where they came from, and both before what
/// it was done to. A session's name is left out, because its user chooses it.
const NAMING: [(Field, Reading); 11] = [
    (Field::Principal, Reading::Whole(Kind::Principal)),
    (Field::Requester, Reading::Requester),
    (Field::Actor, Reading::Actor),
    (Field::PresignedCredential, Reading::Whole(Kind::Credential)),
    (Field::RequesterAccount, Reading::Whole(Kind::Account)),
    (Field::RemoteIp, Reading::Host),
    (Field::RemoteHost, Reading::Host),
    (Field::RemoteNet, Reading::Network),
    (Field::NetworkValue, Reading::Network),
    (Field::RemoteWideNet, Reading::Network),
    (Field::BucketName, Reading::Whole(Kind::Bucket)),
];

/// Whom alerts are about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entity {
    /// What it is.
    pub kind: Kind,
    /// Its name as it stands in the log, bytes.
    pub name: Vec<u8>,
}

impl Entity {
    /// Whom an alert is about; `None` where its key names neither anybody nor a
    /// bucket.
    #[must_use]
    pub fn of(alert: &Alert) -> Option<Self> {
        let named = |(field, reading): &(Field, Reading)| {
            let values = alert.key.iter();
            let value = values
                .filter(|(name, _)| **name == *field.name())
                .find_map(|(_, value)| value.as_deref().filter(|value| !value.is_empty()))?;
            reading.read(value)
        };
        NAMING.iter().find_map(named)
    }

    /// Whom the value of a field names; `None` where it is no field that names
    /// anybody, or nobody's value.
    #[must_use]
    pub fn named(field: Field, value: &[u8]) -> Option<Self> {
        let (_, reading) = NAMING.iter().find(|(known, _)| *known == field)?;
        reading.read(value)
    }

    /// The incident of this entity that an alert belongs to which triggered at
    /// `time`, seconds since the epoch.
    ///
    /// XXH3-128 over a fixed word, the kind, the UTC day since the epoch (64 bits,
    /// little-endian) and the name, each of the words closed by a zero byte.
    #[must_use]
    pub fn incident(&self, time: i64) -> u128 {
        let mut bytes = b"s3sentry/incident/v1\0".to_vec();
        bytes.extend_from_slice(self.kind.as_str().as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&time.div_euclid(DAY).to_le_bytes());
        bytes.extend_from_slice(&self.name);
        hash::wide(&bytes)
    }
}

/// The incident that an alert belongs to.
#[must_use]
pub fn of(alert: &Alert) -> Option<u128> {
    Entity::of(alert).map(|entity| entity.incident(alert.trigger.0))
}

impl Reading {
    /// The entity that a value names; `None` if nobody.
    fn read(self, value: &[u8]) -> Option<Entity> {
        let entity = |kind, name: &[u8]| Entity {
            kind,
            name: name.to_vec(),
        };
        let host = |host: network::Name| entity(Kind::Address, host.as_bytes());
        Some(match self {
            Reading::Whole(kind) => entity(kind, value),
            Reading::Requester => entity(Kind::Principal, requester::principal(value)?),
            Reading::Host => host_of(value).map_or_else(|| entity(Kind::Address, value), host),
            Reading::Actor => host_of(value).map_or_else(|| entity(Kind::Principal, value), host),
            Reading::Network => host_of(value).map_or_else(|| entity(Kind::Network, value), host),
        })
    }
}

/// The host that a text is: an address, or the /64 that stands for one.
fn host_of(text: &[u8]) -> Option<network::Name> {
    let text = std::str::from_utf8(text).ok()?;
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(network::remote_host(address));
    }
    match text.parse().ok()? {
        IpNet::V6(net) if net.prefix_len() == 64 => {
            Some(network::remote_host(net.network().into()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;

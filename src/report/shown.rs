//! Texts of the log as a report holds them, and how long things are as JSON.

use std::io::{self, Write};

use serde::Serialize;

use super::model;
use crate::alert::Network;
use crate::incident::{Entity, Few};
use crate::text::{json, lossless, redact};

/// Characters of one text that are kept. Callers choose texts, up to 64 KiB each;
/// the file of alerts has them whole.
pub const CUT: usize = 1_024;

/// Redacted, then lossless, then cut, which shows.
pub fn shown(bytes: &[u8]) -> String {
    cut(&lossless(&redact(bytes)))
}

/// A text that is redacted and lossless already, cut.
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(CUT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

/// An entity as a report names it.
pub fn entity(entity: &Entity) -> model::Entity {
    model::Entity {
        kind: entity.kind.as_str().to_owned(),
        name: shown(&entity.name),
    }
}

/// The first few names.
pub fn names<const N: usize>(few: &Few<N>) -> model::Names {
    model::Names {
        names: few.names().map(shown).collect(),
        more: few.more(),
    }
}

/// What is known of an address.
pub fn network(network: &Network) -> model::Network {
    model::Network {
        address: network.address.to_string(),
        country: network.country.map(|country| country.to_string()),
        asn: network.asn,
        owner: network.owner.as_deref().map(|text| shown(text.as_bytes())),
        service: network
            .service
            .as_deref()
            .map(|text| shown(text.as_bytes())),
    }
}

/// Bytes of a value as JSON.
pub fn size<T: Serialize + ?Sized>(value: &T) -> usize {
    struct Count(usize);

    impl Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut count = Count(0);
    // Neither the count nor a value of a report has a way to fail.
    let _ = json::write(&mut count, value);
    count.0
}

/// So many bytes of JSON that may still be spent.
#[derive(Debug)]
pub struct Budget(pub usize);

impl Budget {
    /// Takes what a value needs; `false` where it does not fit, and then nothing
    /// does any more, so that what is left out is never worse than what is not.
    pub fn take<T: Serialize + ?Sized>(&mut self, value: &T) -> bool {
        let left = self.0.checked_sub(size(value));
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

//! A file for each subcommand of `baseline`, and what they share: which state
//! file is meant, and how what people name is called in it.
//!
//! What is normal, and how it is kept, may not enter here.

pub mod forget;
pub mod learn;
pub mod show;
pub mod transfer;
pub mod trust;

use std::ffi::OsStr;
use std::net::IpAddr;
use std::path::PathBuf;

use s3sentry::baseline::Tuple;
use s3sentry::record::derived::network;
use s3sentry::state::{Access, State};
use s3sentry::text::restore;

use super::{Stop, owner, state_file};
use crate::cli::baseline::{Kind, StateFile};

/// The dimension of the networks that accounts are used from.
const NETWORKS: &str = "new_network";

/// Opens the state file that the user means.
fn open(named: &StateFile, access: Access) -> Result<State, Stop> {
    Ok(State::open(&path(named)?, access, &owner())?)
}

/// The state file that the user means.
fn path(named: &StateFile) -> Result<PathBuf, Stop> {
    state_file(named.state.as_ref()).ok_or_else(|| {
        Stop::usage(anyhow::anyhow!(
            "the baseline is in a state file: name it with --state FILE, or in $S3SENTRY_STATE"
        ))
    })
}

impl Kind {
    /// The field that names it.
    fn field(self) -> &'static str {
        match self {
            Kind::Bucket => "bucket_name",
            Kind::Address => "remote_host",
            Kind::Network => "remote_net",
            Kind::Principal => "principal",
            Kind::Account => "requester_account",
        }
    }

    /// The word for one.
    fn word(self) -> &'static str {
        match self {
            Kind::Bucket => "bucket",
            Kind::Address => "address",
            Kind::Network => "network",
            Kind::Principal => "principal",
            Kind::Account => "account",
        }
    }

    /// The dimension of its networks; none where it has none.
    fn networks(self) -> Option<&'static str> {
        match self {
            Kind::Bucket => Some("networks of a bucket"),
            Kind::Principal => Some("networks of a principal"),
            Kind::Account => Some(NETWORKS),
            Kind::Address | Kind::Network => None,
        }
    }

    /// The values that a name stands for: `-` for none, an address or network for
    /// the one that it is kept as.
    fn values(self, name: &OsStr) -> Tuple {
        let bytes = match name.to_str() {
            Some("-") => return vec![None],
            // As JSON has it, from where names are copied.
            Some(text) => restore(text),
            None => name.as_encoded_bytes().to_vec(),
        };
        let address = std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.parse::<IpAddr>().ok());
        let kept = match (self, address) {
            (Kind::Address, Some(address)) => network::remote_host(address),
            (Kind::Network, Some(address)) => network::remote_net(address),
            _ => return vec![Some(bytes)],
        };
        vec![Some(kept.as_bytes().to_vec())]
    }
}

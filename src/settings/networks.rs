//! Lists of networks, and whether an address is in one.
//!
//! Where lists come from and what being in one means is decided elsewhere.

use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;

use super::SettingsError;
use super::list;
use super::prefixes::{Prefixes, canonical};

/// A list of networks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Networks(Prefixes<()>);

/// Why text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// Neither an address nor a CIDR.
    #[error("is no address and no network such as 10.0.0.0/8")]
    Malformed,
    /// An address with a prefix length, which is not the network's first.
    // Of the two that it may mean, one is up to a continent larger than the
    // other: in a list of what is trusted, that is not ours to guess.
    #[error(
        "has bits set behind its prefix: write {network} for the network or {address} for the address"
    )]
    HostBits {
        /// The whole network.
        network: IpNet,
        /// The one address.
        address: IpAddr,
    },
}

/// Reads an address or a CIDR. IPv4-mapped IPv6 becomes IPv4.
pub fn parse(text: &str) -> Result<IpNet, NetworkError> {
    let text = text.trim();
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address.to_canonical()),
        Err(_) => text.parse::<IpNet>().map_err(|_| NetworkError::Malformed)?,
    };
    if network.addr() != network.network() {
        return Err(NetworkError::HostBits {
            network: network.trunc(),
            address: network.addr(),
        });
    }
    Ok(canonical(network))
}

impl Networks {
    /// Reads a file with one address or network a line; `#` and `;` begin
    /// comments. A list without entries is an error.
    pub fn from_file(path: &Path) -> Result<Self, SettingsError> {
        let mut networks = Vec::new();
        for entry in list::read_file(path)? {
            let network = parse(&entry.text).map_err(|error| entry.error(&error.to_string()))?;
            networks.push(network);
        }
        if networks.is_empty() {
            return Err(SettingsError::whole_file(path, EMPTY));
        }
        Ok(networks.into_iter().collect())
    }

    /// Whether the address is in one of the networks. An IPv4-mapped IPv6
    /// address is the IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.get(address).is_some()
    }

    /// Whether there is no network in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

pub(super) const EMPTY: &str = "the list of trusted networks is empty, so every address would be \
     unknown: add a network, or leave the list out";

impl FromIterator<IpNet> for Networks {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        Self(networks.into_iter().map(|network| (network, ())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> Networks {
        texts.iter().map(|text| parse(text).unwrap()).collect()
    }

    #[test]
    fn addresses_and_networks_of_both_families() {
        let networks = list(&[
            "10.0.0.0/8",
            "10.1.0.0/16",
            "198.51.100.7",
            "2001:db8::/32",
            "::ffff:192.0.2.0/120",
        ]);
        for inside in [
            "10.0.0.0",
            "10.255.255.255",
            "198.51.100.7",
            "2001:db8::1",
            "::ffff:10.2.3.4",
            "192.0.2.9",
        ] {
            assert!(networks.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "9.255.255.255",
            "11.0.0.0",
            "198.51.100.8",
            "2001:db9::",
            "::1",
        ] {
            assert!(!networks.contains(outside.parse().unwrap()), "{outside}");
        }
        assert!(!Networks::default().contains("10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn ends_of_the_address_space() {
        let all = list(&["0.0.0.0/0", "::/0"]);
        for address in ["0.0.0.0", "255.255.255.255", "::", "ffff::ffff"] {
            assert!(all.contains(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn what_is_no_network() {
        for text in ["", "office", "10.0.0.0/33", "10.0.0", "10.0.0.0-10.0.0.9"] {
            assert_eq!(parse(text), Err(NetworkError::Malformed), "{text}");
        }
        assert_eq!(
            parse("10.0.0.1/8").unwrap_err().to_string(),
            "has bits set behind its prefix: write 10.0.0.0/8 for the network or 10.0.0.1 for the address"
        );
    }
}

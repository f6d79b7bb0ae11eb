//! Lists of networks, and whether an address is in one.
//!
//! Ranges are sorted and merged once; a lookup is a binary search. Where lists
//! come from and what being in one means is decided elsewhere.

use std::net::IpAddr;
use std::path::Path;

use ipnet::{IpNet, Ipv4Net};

use super::SettingsError;
use super::list;

/// Sorted, disjoint ranges of addresses, ends included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Networks {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

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
    if let (IpNet::V6(mapped), 96..) = (network, network.prefix_len())
        && let Some(address) = mapped.addr().to_ipv4_mapped()
        && let Ok(network) = Ipv4Net::new(address, network.prefix_len() - 96)
    {
        return Ok(IpNet::V4(network));
    }
    Ok(network)
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
        match address.to_canonical() {
            IpAddr::V4(address) => within(&self.v4, address.to_bits()),
            IpAddr::V6(address) => within(&self.v6, address.to_bits()),
        }
    }

    /// Whether there is no network in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }
}

pub(super) const EMPTY: &str = "the list of trusted networks is empty, so every address would be \
     unknown: add a network, or leave the list out";

impl FromIterator<IpNet> for Networks {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for network in networks {
            match network {
                IpNet::V4(net) => v4.push((net.network().to_bits(), net.broadcast().to_bits())),
                IpNet::V6(net) => v6.push((net.network().to_bits(), net.broadcast().to_bits())),
            }
        }
        Self {
            v4: merge(v4),
            v6: merge(v6),
        }
    }
}

/// Networks nest or are apart, so merging is dropping what begins inside the
/// range before it.
fn merge<T: Ord + Copy>(mut ranges: Vec<(T, T)>) -> Vec<(T, T)> {
    ranges.sort_unstable();
    let mut merged: Vec<(T, T)> = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

fn within<T: Ord + Copy>(ranges: &[(T, T)], address: T) -> bool {
    let after = ranges.partition_point(|(start, _)| *start <= address);
    after > 0 && ranges[after - 1].1 >= address
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn agrees_with_asking_each_network(
            networks in prop::collection::vec((any::<u32>(), 0_u8..=32), 0..20),
            address: u32,
        ) {
            let networks: Vec<IpNet> = networks
                .into_iter()
                .map(|(bits, length)| Ipv4Net::new(bits.into(), length).unwrap().trunc().into())
                .collect();
            let address = IpAddr::V4(address.into());
            let naive = networks.iter().any(|network| network.contains(&address));
            prop_assert_eq!(networks.into_iter().collect::<Networks>().contains(address), naive);
        }
    }
}

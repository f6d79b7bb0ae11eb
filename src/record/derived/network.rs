//! Addresses as networks: class, /24, /64 and so on, and how they are written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// `none` and `private` mean an endpoint inside AWS; `public` all else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressClass {
    /// The log names no address.
    None,
    /// A VPC endpoint's caller: RFC 1918, RFC 6598 or unique local.
    Private,
    /// Anything else.
    Public,
}

impl AddressClass {
    /// The word for it, the value of `address_class`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            AddressClass::None => "none",
            AddressClass::Private => "private",
            AddressClass::Public => "public",
        }
    }

    /// The class of an address.
    #[must_use]
    pub fn of(address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            None => AddressClass::None,
            Some(IpAddr::V4(address)) if is_private(address) => AddressClass::Private,
            Some(IpAddr::V6(address)) if address.is_unique_local() => AddressClass::Private,
            Some(_) => AddressClass::Public,
        }
    }
}

fn is_private(address: Ipv4Addr) -> bool {
    let shared = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64;
    address.is_private() || shared
}

/// The network of an address, by a prefix length for each family.
fn network(address: IpAddr, v4: u8, v6: u8) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => Ipv4Net::new(address, v4)
            .map_or_else(|_| address.to_string(), |net| net.trunc().to_string()),
        IpAddr::V6(address) => v6_network(address, v6),
    }
}

fn v6_network(address: Ipv6Addr, prefix: u8) -> String {
    Ipv6Net::new(address, prefix)
        .map_or_else(|_| address.to_string(), |net| net.trunc().to_string())
}

/// `remote_net`: the /24, IPv6 /48.
#[must_use]
pub fn remote_net(address: IpAddr) -> String {
    network(address, 24, 48)
}

/// `remote_wide_net`: the /16, IPv6 /32.
#[must_use]
pub fn remote_wide_net(address: IpAddr) -> String {
    network(address, 16, 32)
}

/// `network_value`: the /24, IPv6 /64.
#[must_use]
pub fn network_value(address: IpAddr) -> String {
    network(address, 24, 64)
}

/// `remote_host`: the address, IPv6 by /64, because one host has all of it.
#[must_use]
pub fn remote_host(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => v6_network(address, 64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_written_as_cidr() {
        let v4: IpAddr = "198.51.100.77".parse().unwrap();
        let v6: IpAddr = "2001:db8:1:2:3:4:5:6".parse().unwrap();
        let mapped: IpAddr = "::ffff:198.51.100.77".parse().unwrap();
        for address in [v4, mapped] {
            assert_eq!(remote_net(address), "198.51.100.0/24");
            assert_eq!(remote_wide_net(address), "198.51.0.0/16");
            assert_eq!(network_value(address), "198.51.100.0/24");
            assert_eq!(remote_host(address), "198.51.100.77");
        }
        assert_eq!(remote_net(v6), "2001:db8:1::/48");
        assert_eq!(remote_wide_net(v6), "2001:db8::/32");
        assert_eq!(network_value(v6), "2001:db8:1:2::/64");
        assert_eq!(remote_host(v6), "2001:db8:1:2::/64");
    }

    #[test]
    fn endpoints_are_private() {
        for (text, class) in [
            ("10.1.2.3", "private"),
            ("172.31.0.1", "private"),
            ("192.168.1.1", "private"),
            ("100.64.0.1", "private"),
            ("100.128.0.1", "public"),
            ("fd00::1", "private"),
            ("::ffff:10.1.2.3", "private"),
            ("::ffff:198.51.100.1", "public"),
            ("172.32.0.1", "public"),
            ("198.51.100.1", "public"),
            ("2001:db8::1", "public"),
        ] {
            assert_eq!(
                AddressClass::of(text.parse().ok()).as_str(),
                class,
                "{text}"
            );
        }
        assert_eq!(AddressClass::of(None).as_str(), "none");
    }
}

//! Addresses as networks: class, /24, /64 and so on, and how they are written.

use std::fmt::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::Ipv6Net;

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

/// An address or a network as text, without memory of its own: rules ask for it
/// on every line.
#[derive(Debug, Clone, Copy)]
pub struct Name {
    text: [u8; Self::MOST],
    length: u8,
}

impl Name {
    /// An IPv6 address of 39 characters, and `/128`.
    const MOST: usize = 43;

    /// The text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[..usize::from(self.length)]
    }

    const fn new() -> Self {
        let text = [0; Self::MOST];
        Self { text, length: 0 }
    }

    fn put(&mut self, byte: u8) {
        if let Some(place) = self.text.get_mut(usize::from(self.length)) {
            *place = byte;
            self.length += 1;
        }
    }

    /// Four numbers; much faster than formatting them.
    fn v4(octets: [u8; 4], behind: &[u8]) -> Self {
        let mut name = Self::new();
        for (place, octet) in octets.into_iter().enumerate() {
            if place > 0 {
                name.put(b'.');
            }
            if octet >= 100 {
                name.put(b'0' + octet / 100);
            }
            if octet >= 10 {
                name.put(b'0' + octet / 10 % 10);
            }
            name.put(b'0' + octet % 10);
        }
        for byte in behind {
            name.put(*byte);
        }
        name
    }

    fn v6(address: Ipv6Addr, prefix: u8) -> Self {
        let mut name = Self::new();
        // The text is never longer than the room for it.
        let _ = match Ipv6Net::new(address, prefix) {
            Ok(net) => write!(name, "{}", net.trunc()),
            Err(_) => write!(name, "{address}"),
        };
        name
    }
}

impl fmt::Write for Name {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| self.put(byte));
        Ok(())
    }
}

/// `remote_net`: the /24, IPv6 /48.
#[must_use]
pub fn remote_net(address: IpAddr) -> Name {
    match address.to_canonical() {
        IpAddr::V4(address) => v4_net(address, 3, b"/24"),
        IpAddr::V6(address) => Name::v6(address, 48),
    }
}

/// `remote_wide_net`: the /16, IPv6 /32.
#[must_use]
pub fn remote_wide_net(address: IpAddr) -> Name {
    match address.to_canonical() {
        IpAddr::V4(address) => v4_net(address, 2, b"/16"),
        IpAddr::V6(address) => Name::v6(address, 32),
    }
}

/// `network_value`: the /24, IPv6 /64.
#[must_use]
pub fn network_value(address: IpAddr) -> Name {
    match address.to_canonical() {
        IpAddr::V4(address) => v4_net(address, 3, b"/24"),
        IpAddr::V6(address) => Name::v6(address, 64),
    }
}

/// `remote_host`: the address, IPv6 by /64, because one host has all of it.
#[must_use]
pub fn remote_host(address: IpAddr) -> Name {
    match address.to_canonical() {
        IpAddr::V4(address) => Name::v4(address.octets(), b""),
        IpAddr::V6(address) => Name::v6(address, 64),
    }
}

/// The first octets of an address, the others zero.
fn v4_net(address: Ipv4Addr, octets: usize, behind: &[u8]) -> Name {
    let mut kept = [0; 4];
    kept[..octets].copy_from_slice(&address.octets()[..octets]);
    Name::v4(kept, behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: Name) -> String {
        String::from_utf8(name.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn addresses_are_written_as_the_standard_library_does() {
        for number in 0..=255u8 {
            let address = Ipv4Addr::new(number, 255 - number, 0, number);
            assert_eq!(text(remote_host(address.into())), address.to_string());
        }
        let longest: Ipv6Addr = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff".parse().unwrap();
        assert_eq!(text(Name::v6(longest, 128)), format!("{longest}/128"));
    }

    #[test]
    fn networks_are_written_as_cidr() {
        let v4: IpAddr = "198.51.100.77".parse().unwrap();
        let v6: IpAddr = "2001:db8:1:2:3:4:5:6".parse().unwrap();
        let mapped: IpAddr = "::ffff:198.51.100.77".parse().unwrap();
        for address in [v4, mapped] {
            assert_eq!(text(remote_net(address)), "198.51.100.0/24");
            assert_eq!(text(remote_wide_net(address)), "198.51.0.0/16");
            assert_eq!(text(network_value(address)), "198.51.100.0/24");
            assert_eq!(text(remote_host(address)), "198.51.100.77");
        }
        assert_eq!(text(remote_net(v6)), "2001:db8:1::/48");
        assert_eq!(text(remote_wide_net(v6)), "2001:db8::/32");
        assert_eq!(text(network_value(v6)), "2001:db8:1:2::/64");
        assert_eq!(text(remote_host(v6)), "2001:db8:1:2::/64");
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

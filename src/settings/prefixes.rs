//! Values by network: of all prefixes that hold an address, the longest.
//!
//! Prefixes nest or are apart, so they are cut once into ranges that do not
//! overlap, each with the prefix that counts there. Where prefixes come from,
//! and what their values mean, is decided elsewhere.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// A map from prefixes to values that does not change. An IPv4-mapped IPv6
/// address, or prefix of such, is IPv4; a shorter IPv6 prefix (`::/0`) holds no
/// IPv4 address. Bits behind a prefix are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefixes<V> {
    /// Each prefix once, IPv4 first, in order.
    entries: Vec<(IpNet, V)>,
    v4: Table<u32>,
    v6: Table<u128>,
}

impl<V> Prefixes<V> {
    /// The longest prefix that holds the address, and its value.
    #[must_use]
    pub fn get(&self, address: IpAddr) -> Option<(IpNet, &V)> {
        let place = match address.to_canonical() {
            IpAddr::V4(address) => self.v4.get(address.to_bits()),
            IpAddr::V6(address) => self.v6.get(address.to_bits()),
        };
        let (prefix, value) = self.entries.get(place? as usize)?;
        Some((*prefix, value))
    }

    /// How many prefixes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no prefix.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<V> Default for Prefixes<V> {
    fn default() -> Self {
        std::iter::empty().collect()
    }
}

/// Of equal prefixes the last one counts.
impl<V> FromIterator<(IpNet, V)> for Prefixes<V> {
    fn from_iter<I: IntoIterator<Item = (IpNet, V)>>(prefixes: I) -> Self {
        let prefixes = prefixes.into_iter();
        let mut entries: Vec<(IpNet, V)> = prefixes
            .map(|(prefix, value)| (canonical(prefix).trunc(), value))
            .collect();
        // By family, first address and length: what holds others comes before
        // them. The sort keeps the order of equals.
        entries.sort_by_key(|(prefix, _)| *prefix);
        entries.dedup_by(|later, kept| {
            let equal = later.0 == kept.0;
            if equal {
                std::mem::swap(later, kept);
            }
            equal
        });
        let (mut v4, mut v6) = (Cut::new(), Cut::new());
        for (place, (prefix, _)) in (0..).zip(&entries) {
            match prefix {
                IpNet::V4(net) => {
                    v4.add(net.network().to_bits(), net.broadcast().to_bits(), place);
                }
                IpNet::V6(net) => {
                    v6.add(net.network().to_bits(), net.broadcast().to_bits(), place);
                }
            }
        }
        let (v4, v6) = (v4.finish(), v6.finish());
        Self { entries, v4, v6 }
    }
}

/// A prefix of IPv4-mapped IPv6 addresses as the IPv4 prefix that it is.
#[must_use]
pub fn canonical(prefix: IpNet) -> IpNet {
    if let (IpNet::V6(mapped), 96..) = (prefix, prefix.prefix_len())
        && let Some(address) = mapped.addr().to_ipv4_mapped()
        && let Ok(prefix) = Ipv4Net::new(address, prefix.prefix_len() - 96)
    {
        return IpNet::V4(prefix);
    }
    prefix
}

/// An address as a number.
trait Bits: Copy + Ord {
    const ZERO: Self;

    /// The address behind this one.
    fn next(self) -> Option<Self>;

    /// The first bits, at most 16.
    fn first(self, bits: u32) -> usize;
}

impl Bits for u32 {
    const ZERO: Self = 0;

    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }

    fn first(self, bits: u32) -> usize {
        (self >> 16 >> (16 - bits)) as usize
    }
}

impl Bits for u128 {
    const ZERO: Self = 0;

    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }

    fn first(self, bits: u32) -> usize {
        (self >> 112 >> (16 - bits)) as usize
    }
}

/// The place of no prefix.
const NONE: u32 = u32::MAX;

/// All addresses, cut where another prefix begins to count.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Table<T> {
    /// Where each range begins, the first one at zero; and which prefix counts
    /// in it, or `NONE`.
    ranges: Vec<(T, u32)>,
    /// By the first bits of an address, how many ranges begin before all such
    /// addresses, so that only a few have to be searched; and one more.
    before: Vec<u32>,
    /// How many bits those are.
    bits: u32,
}

impl<T: Bits> Table<T> {
    fn get(&self, address: T) -> Option<u32> {
        let first = address.first(self.bits);
        let [from, to] = [self.before[first], self.before[first + 1]].map(|n| n as usize);
        let within = self.ranges[from..to].partition_point(|(start, _)| *start <= address);
        // The range that holds the address may begin before its first bits do,
        // and there always is one: the first begins at zero.
        let (_, place) = self.ranges[from + within - 1];
        (place != NONE).then_some(place)
    }
}

/// Cuts prefixes that come in order into ranges.
struct Cut<T> {
    ranges: Vec<(T, u32)>,
    /// The prefixes that hold the place reached, the longest last: their last
    /// addresses and places.
    open: Vec<(T, u32)>,
}

impl<T: Bits> Cut<T> {
    fn new() -> Self {
        Self {
            ranges: vec![(T::ZERO, NONE)],
            open: Vec::new(),
        }
    }

    fn add(&mut self, start: T, end: T, place: u32) {
        while self.open.last().is_some_and(|(end, _)| *end < start) {
            self.close();
        }
        self.begin(start, place);
        self.open.push((end, place));
    }

    /// Ends the longest prefix that is open.
    fn close(&mut self) {
        let Some((end, _)) = self.open.pop() else {
            return;
        };
        let outer = self.open.last().map_or(NONE, |(_, place)| *place);
        if let Some(start) = end.next() {
            self.begin(start, outer);
        }
    }

    fn begin(&mut self, start: T, place: u32) {
        self.ranges.pop_if(|(last, _)| *last == start);
        self.ranges.push((start, place));
    }

    fn finish(mut self) -> Table<T> {
        while !self.open.is_empty() {
            self.close();
        }
        // As many groups as there are ranges, so that a short list stays small.
        let bits = self.ranges.len().ilog2().min(16);
        let mut before = vec![0; (1 << bits) + 1];
        for (start, _) in &self.ranges {
            before[start.first(bits) + 1] += 1;
        }
        for group in 1..before.len() {
            before[group] += before[group - 1];
        }
        Table {
            ranges: self.ranges,
            before,
            bits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ipnet::Ipv6Net;
    use proptest::prelude::*;

    fn map(prefixes: &[(&str, u8)]) -> Prefixes<u8> {
        let prefixes = prefixes.iter();
        prefixes
            .map(|(prefix, value)| (prefix.parse().unwrap(), *value))
            .collect()
    }

    fn ask(map: &Prefixes<u8>, address: &str) -> String {
        let found = map.get(address.parse().unwrap());
        found.map_or_else(String::new, |(prefix, value)| format!("{prefix} {value}"))
    }

    #[test]
    fn the_longest_prefix_counts() {
        let map = map(&[
            ("10.1.0.0/16", 2),
            ("10.0.0.0/8", 1),
            ("10.1.0.0/24", 3),
            ("10.255.255.255/32", 4),
            ("11.0.0.0/8", 5),
            ("2001:db8::/32", 6),
            ("2001:db8:1::/48", 7),
        ]);
        assert_eq!(map.len(), 7);
        for (address, found) in [
            ("9.255.255.255", ""),
            ("10.0.0.0", "10.0.0.0/8 1"),
            ("10.1.0.0", "10.1.0.0/24 3"),
            ("10.1.0.255", "10.1.0.0/24 3"),
            ("10.1.1.0", "10.1.0.0/16 2"),
            ("10.2.0.0", "10.0.0.0/8 1"),
            ("10.255.255.255", "10.255.255.255/32 4"),
            ("11.0.0.0", "11.0.0.0/8 5"),
            ("12.0.0.0", ""),
            ("::ffff:10.2.0.0", "10.0.0.0/8 1"),
            ("2001:db8::", "2001:db8::/32 6"),
            ("2001:db8:1:2::", "2001:db8:1::/48 7"),
            ("2001:db8:2::", "2001:db8::/32 6"),
            ("2001:db9::", ""),
        ] {
            assert_eq!(ask(&map, address), found, "{address}");
        }
    }

    #[test]
    fn of_equal_prefixes_the_last_counts() {
        let map = map(&[
            ("192.0.2.0/24", 1),
            ("::ffff:192.0.2.0/120", 2),
            ("192.0.2.7/24", 3),
        ]);
        assert_eq!(map.len(), 1);
        assert_eq!(ask(&map, "192.0.2.9"), "192.0.2.0/24 3");
    }

    #[test]
    fn ends_of_the_address_space() {
        let all = map(&[("0.0.0.0/0", 1), ("::/0", 2), ("255.255.255.255/32", 3)]);
        assert_eq!(ask(&all, "0.0.0.0"), "0.0.0.0/0 1");
        assert_eq!(ask(&all, "255.255.255.255"), "255.255.255.255/32 3");
        assert_eq!(ask(&all, "255.255.255.254"), "0.0.0.0/0 1");
        assert_eq!(ask(&all, "::"), "::/0 2");
        assert_eq!(ask(&all, "ffff::ffff"), "::/0 2");
        // The families are apart.
        let v6 = map(&[("::/0", 2)]);
        assert_eq!(ask(&v6, "192.0.2.1"), "");
        assert_eq!(ask(&v6, "::ffff:192.0.2.1"), "");
        let none = Prefixes::<u8>::default();
        assert!(none.is_empty());
        assert_eq!(ask(&none, "0.0.0.0"), "");
        assert_eq!(ask(&none, "ffff::ffff"), "");
    }

    /// Few different bits, so that prefixes nest, meet and are equal.
    fn addresses() -> impl Strategy<Value = IpAddr> {
        let bits = |bit: u32| prop_oneof![Just(0_u32), Just(u32::MAX), Just(1 << bit), Just(0xa5)];
        let v4 = (bits(31), any::<u8>())
            .prop_map(|(bits, low)| IpAddr::V4((bits ^ u32::from(low) << 8).into()));
        let v6 = (bits(16), bits(31), any::<u8>()).prop_map(|(high, low, last)| {
            let bits = u128::from(high) << 96 | u128::from(low ^ u32::from(last)) << 64;
            IpAddr::V6(bits.into())
        });
        prop_oneof![
            v4,
            v6,
            any::<u32>().prop_map(|bits| IpAddr::V4(bits.into()))
        ]
    }

    fn prefixes() -> impl Strategy<Value = IpNet> {
        (addresses(), 0_u8..=128).prop_map(|(address, length)| match address {
            IpAddr::V4(address) => Ipv4Net::new(address, length % 33).unwrap().into(),
            IpAddr::V6(address) => Ipv6Net::new(address, length).unwrap().into(),
        })
    }

    fn naive(prefixes: &[IpNet], address: IpAddr) -> Option<(IpNet, usize)> {
        let found = prefixes.iter().enumerate();
        let found = found.filter(|(_, prefix)| prefix.contains(&address));
        let (place, prefix) = found.max_by_key(|(place, prefix)| (prefix.prefix_len(), *place))?;
        Some((prefix.trunc(), place))
    }

    proptest! {
        #[test]
        fn agrees_with_asking_each_prefix(
            prefixes in prop::collection::vec(prefixes(), 0..60),
            addresses in prop::collection::vec(addresses(), 20),
        ) {
            let map: Prefixes<usize> = prefixes.iter().copied().zip(0..).collect();
            // Where a prefix begins and ends, and beside, is where errors are.
            let edges = prefixes.iter().flat_map(|prefix| match prefix {
                IpNet::V4(net) => {
                    let (first, last) = (net.network().to_bits(), net.broadcast().to_bits());
                    [first.wrapping_sub(1), first, last, last.wrapping_add(1)]
                        .map(|bits| IpAddr::V4(bits.into()))
                }
                IpNet::V6(net) => {
                    let (first, last) = (net.network().to_bits(), net.broadcast().to_bits());
                    [first.wrapping_sub(1), first, last, last.wrapping_add(1)]
                        .map(|bits| IpAddr::V6(bits.into()))
                }
            });
            for address in addresses.into_iter().chain(edges) {
                let found = map.get(address).map(|(prefix, place)| (prefix, *place));
                prop_assert_eq!(found, naive(&prefixes, address.to_canonical()), "{}", address);
            }
        }
    }
}

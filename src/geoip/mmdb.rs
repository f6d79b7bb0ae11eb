//! Databases in `MaxMind`'s format, `.mmdb`:
//! <https://maxmind.github.io/MaxMind-DB/>.
//!
//! All that a lookup can ever meet is read once when the file is opened, so that
//! a damaged file is an error before anything else is read, and a lookup cannot
//! fail later.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use maxminddb::{LookupResult, MaxMindDbError, Reader};

use super::entry::Entry;
use super::{Knows, Place};

/// What stands before the metadata, at the end of the file.
const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";

/// Characters of a reason why a file is damaged.
const MOST: usize = 200;

/// A database.
#[derive(Debug)]
pub(super) struct Mmdb {
    reader: Reader<Vec<u8>>,
}

/// Whether this is one.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    memchr::memmem::rfind(bytes, MARKER).is_some()
}

impl Mmdb {
    /// Opens a database and looks at all of it; what it knows.
    pub(super) fn open(bytes: Vec<u8>) -> Result<(Self, Knows), String> {
        let damaged = |error: MaxMindDbError| {
            // The reason may quote much.
            let reason: String = error.to_string().chars().take(MOST).collect();
            format!("is a damaged MaxMind database: {reason}")
        };
        let knows = {
            let reader = Reader::from_source(bytes.as_slice()).map_err(damaged)?;
            let knows = Walk::new(&reader, &bytes).knows().map_err(damaged)?;
            if knows == Knows::default() {
                let kind = &reader.metadata().database_type;
                return Err(format!(
                    "holds no countries and no autonomous systems: it is a database of type {}",
                    crate::text::words::quote(kind)
                ));
            }
            knows
        };
        let reader = Reader::from_source(bytes).map_err(damaged)?;
        Ok((Self { reader }, knows))
    }

    /// When it was made, seconds since the epoch.
    pub(super) fn built(&self) -> Option<i64> {
        i64::try_from(self.reader.metadata().build_epoch).ok()
    }

    /// What it says of an address.
    pub(super) fn get(&self, address: IpAddr) -> Place<'_> {
        // Of an IPv6 address a database of IPv4 knows nothing.
        let found = self.reader.lookup(address.to_canonical()).ok();
        let entry = found.and_then(|found| found.decode::<Entry<'_>>().ok()?);
        entry.map_or_else(Place::default, |entry| entry.place())
    }
}

/// Goes to each node of the tree once, however the tree is tangled, and reads
/// each record once.
struct Walk<'r> {
    reader: &'r Reader<&'r [u8]>,
    bytes: &'r [u8],
    nodes: usize,
    /// Bits of an address.
    bits: u32,
}

impl<'r> Walk<'r> {
    fn new(reader: &'r Reader<&'r [u8]>, bytes: &'r [u8]) -> Self {
        let metadata = reader.metadata();
        Self {
            reader,
            bytes,
            nodes: metadata.node_count as usize,
            bits: if metadata.ip_version == 4 { 32 } else { 128 },
        }
    }

    fn knows(&self) -> Result<Knows, MaxMindDbError> {
        let mut knows = Knows::default();
        self.each_record(|found| {
            if let Some(entry) = found.decode::<Entry<'_>>()? {
                knows.add(&entry.place());
            }
            Ok(())
        })?;
        Ok(knows)
    }

    fn each_record(
        &self,
        mut call: impl FnMut(LookupResult<'r, &'r [u8]>) -> Result<(), MaxMindDbError>,
    ) -> Result<(), MaxMindDbError> {
        let mut visited = vec![false; self.nodes];
        let mut records = HashSet::new();
        // Node, how many bits of the address lead there, and which.
        let mut open = vec![(0, 0, 0_u128)];
        while let Some((node, depth, path)) = open.pop() {
            for right in [false, true] {
                let path = path | u128::from(right) << (127 - depth);
                let next = self.child(node, right);
                if next < self.nodes {
                    // A lookup ends with the address, and finds nothing there.
                    if depth + 1 < self.bits && !visited[next] {
                        visited[next] = true;
                        open.push((next, depth + 1, path));
                    }
                } else if next > self.nodes && records.insert(next) {
                    call(self.reader.lookup(self.address(path))?)?;
                }
            }
        }
        Ok(())
    }

    fn address(&self, path: u128) -> IpAddr {
        if self.bits == 32 {
            IpAddr::V4(Ipv4Addr::from_bits((path >> 96) as u32))
        } else {
            IpAddr::V6(Ipv6Addr::from_bits(path))
        }
    }

    /// One of the two records of a node. The reader has seen to it that the tree
    /// lies within the file, and to the size of a record.
    fn child(&self, node: usize, right: bool) -> usize {
        let size = usize::from(self.reader.metadata().record_size);
        let bytes = &self.bytes[node * size / 4..][..size / 4];
        let number = |bytes: &[u8]| bytes.iter().fold(0, |n, byte| n << 8 | usize::from(*byte));
        let half = size / 8;
        match (size, right) {
            // Seven bytes, of which the middle one holds the high bits of both.
            (28, false) => usize::from(bytes[3] >> 4) << 24 | number(&bytes[..3]),
            (28, true) => usize::from(bytes[3] & 0xf) << 24 | number(&bytes[4..]),
            (_, false) => number(&bytes[..half]),
            (_, true) => number(&bytes[half..]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The library's own walk, which a tangled tree would send round for ever.
    #[test]
    fn each_record_is_read_once_whatever_the_size_of_a_node() {
        let mut sizes = HashSet::new();
        for file in std::fs::read_dir("fixtures/geoip/maxmind").unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "mmdb") {
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let reader = Reader::from_source(bytes.as_slice()).unwrap();
            sizes.insert(reader.metadata().record_size);
            let networks = reader.networks(maxminddb::WithinOptions::default());
            let offsets = networks.unwrap().filter_map(|one| one.unwrap().offset());
            let mut expected: Vec<usize> = offsets.collect();
            expected.sort_unstable();
            expected.dedup();
            let mut found = Vec::new();
            let walk = Walk::new(&reader, &bytes);
            let add = |one: LookupResult<'_, _>| {
                found.extend(one.offset());
                Ok(())
            };
            walk.each_record(add).unwrap();
            found.sort_unstable();
            assert_eq!(found, expected, "{}", path.display());
        }
        assert_eq!(sizes, HashSet::from([24, 28, 32]));
    }
}

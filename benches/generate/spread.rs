//! One authenticated read after the other, each from another address: what a
//! baseline of very many addresses is made of.
//!
//! Ranges for documentation are too small for that: these addresses are anybody's.

use crate::line::{Address, Line, Writer};
use crate::rng::Rng;
use crate::traffic::done;
use crate::world::{self, agent, role};

/// First octets 20 to 99: all public, and 80 times 65,536 networks (/24).
const FIRST: u32 = 20;
const NETWORKS: u64 = 80 << 16;

/// A prime, so that it shares no factor with the networks: neighbours in turn
/// are far apart, and no network comes twice before all have come.
const STRIDE: u64 = 3_145_739;

/// Hosts of a network: .1 to .254.
const HOSTS: u64 = 254;

/// Principals that share the addresses.
const PRINCIPALS: u64 = 50;

/// The address of a number: distinct for all below [`NETWORKS`] times [`HOSTS`].
const fn address(number: u64) -> Address {
    let network = (number % NETWORKS * STRIDE % NETWORKS) as u32;
    let host = (number / NETWORKS % HOSTS) as u32 + 1;
    Address::V4((FIRST << 24) + (network << 8) + host)
}

/// Writes the line of a number.
pub fn write(
    number: u64,
    addresses: u32,
    time: i64,
    rng: &mut Rng,
    writer: &mut Writer,
    out: &mut Vec<u8>,
) {
    let name = format!("field-device-{:02}", number % PRINCIPALS);
    let key = format!("telemetry/{:012x}.json", rng.next() >> 16);
    let size = rng.size(10, 16);
    let line = Line {
        time,
        bucket: world::EVENTS,
        address: address(number % u64::from(addresses)),
        requester: &role(&name, "device"),
        request: number + 1,
        key: key.as_bytes(),
        agent: agent::BOTO3,
        ..done("REST.GET.OBJECT", "GET", rng, size, size)
    };
    writer.write(&line, out);
}

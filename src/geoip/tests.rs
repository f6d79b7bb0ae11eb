use std::path::Path;

use proptest::prelude::*;

use super::*;

const DIRECTORY: &str = "fixtures/geoip";

fn read(name: &str) -> Result<File, String> {
    let file = File::read(&Path::new(DIRECTORY).join(name));
    file.map_err(|error| error.reason)
}

fn files(names: &[&str]) -> GeoIp {
    GeoIp::new(names.iter().map(|name| read(name).unwrap()).collect())
}

/// Country, number and name as one text.
fn ask(geoip: &GeoIp, address: &str) -> String {
    let place = geoip.get(address.parse().unwrap());
    let country = place.country.map_or("-".to_owned(), |one| one.to_string());
    let asn = place.asn.map_or("-".to_owned(), |one| one.to_string());
    format!("{country} {asn} {}", place.owner.unwrap_or("-"))
}

fn of(bytes: &[u8]) -> Result<File, String> {
    let file = File::of("a.file".as_ref(), bytes.to_owned());
    file.map_err(|error| error.to_string())
}

#[test]
fn databases_of_their_publisher() {
    for (file, address, expected) in [
        ("GeoLite2-Country-Test", "81.2.69.142", "GB - -"),
        ("GeoLite2-Country-Test", "::ffff:81.2.69.142", "GB - -"),
        ("GeoLite2-Country-Test", "2001:218::1", "JP - -"),
        ("GeoLite2-Country-Test", "10.0.0.1", "- - -"),
        ("GeoLite2-City-Test", "81.2.69.142", "GB - -"),
        ("GeoLite2-ASN-Test", "1.128.0.1", "- 1221 Telstra Pty Ltd"),
        ("GeoLite2-ASN-Test", "12.81.96.1", "- 7018 -"),
        (
            "GeoLite2-ASN-Test",
            "2600:6000::1",
            "- 237 Merit Network Inc.",
        ),
        (
            "GeoIP2-Enterprise-Test",
            "74.209.24.1",
            "US 14671 FairPoint Communications",
        ),
    ] {
        let geoip = files(&[&format!("maxmind/{file}.mmdb")]);
        assert_eq!(ask(&geoip, address), expected, "{file} {address}");
    }
}

#[test]
fn what_is_of_no_use_is_refused() {
    for (file, reason) in [
        (
            "maxmind/GeoIP2-Anonymous-IP-Test.mmdb",
            "holds no countries and no autonomous systems: it is a database of type \
             \"GeoIP2-Anonymous-IP\"",
        ),
        (
            "maxmind/MaxMind-DB-test-ipv4-24.mmdb",
            "holds no countries and no autonomous systems: it is a database of type \"Test\"",
        ),
        (
            "gone.mmdb",
            "cannot be read: No such file or directory (os error 2)",
        ),
    ] {
        assert_eq!(read(file).unwrap_err(), reason, "{file}");
    }
}

#[test]
fn the_first_file_that_knows_counts() {
    let nested = files(&["country.mmdb", "asn.mmdb", "tor-ipv4.txt", "tor-ipv6.txt"]);
    let flat = files(&["flat.mmdb", "country.mmdb", "asn.mmdb"]);
    for (address, by_nested, by_flat) in [
        (
            "192.0.2.1",
            "DE 64496 Example Networks",
            "DE 64496 Example Networks",
        ),
        (
            "198.51.100.7",
            "NL 64500 Example Hosting B.V.",
            "BE 64501 Example Lite",
        ),
        // The second file knows what the first does not.
        (
            "198.51.100.200",
            "NL 64500 Example Hosting B.V.",
            "BE 64501 Example Lite",
        ),
        // Where it is registered is not where it is. The name is of the same number.
        ("203.0.113.9", "- 65551 -", "CH 65551 Example Four Bytes"),
        // Autonomous system 0 is nobody's.
        (
            "203.0.113.200",
            "- - Not routed",
            "CH 65551 Example Four Bytes",
        ),
        (
            "2001:db8::1",
            "SE 64511 Example Six",
            "SE 64511 Example Six",
        ),
        (
            "2001:db8:ffff::1",
            "NO 64511 Example Six",
            "- 64511 Example Six",
        ),
        ("8.8.8.8", "- - -", "- - -"),
        ("::1", "- - -", "- - -"),
    ] {
        assert_eq!(ask(&nested, address), by_nested, "{address}");
        assert_eq!(ask(&flat, address), by_flat, "{address}");
    }
    // Two names of different numbers are not mixed.
    let turned = files(&["asn.mmdb", "flat.mmdb"]);
    assert_eq!(
        ask(&turned, "198.51.100.7"),
        "BE 64500 Example Hosting B.V."
    );
    assert_eq!(ask(&turned, "203.0.113.9"), "CH 65551 Example Four Bytes");
    assert_eq!(ask(&turned, "203.0.113.200"), "CH 65551 Example Four Bytes");
    let all = Knows {
        countries: true,
        asns: true,
        owners: true,
    };
    assert_eq!(nested.knows(), all);
    let countries = Knows {
        countries: true,
        ..Knows::default()
    };
    assert_eq!(files(&["country.mmdb"]).knows(), countries);
    assert_eq!(files(&["tor-ipv4.txt"]).knows(), countries);
    assert_eq!(files(&[]).knows(), Knows::default());
}

#[test]
fn ranges_end_where_they_say() {
    let tor = files(&["tor-ipv4.txt", "tor-ipv6.txt"]);
    for (address, country) in [
        ("192.0.1.255", "-"),
        ("192.0.2.0", "DE"),
        ("192.0.2.127", "DE"),
        ("192.0.2.128", "AT"),
        ("::ffff:192.0.2.255", "AT"),
        ("192.0.3.0", "-"),
        ("198.51.100.255", "NL"),
        ("198.51.101.0", "-"),
        // Nobody knows; and what is no country.
        ("203.0.113.0", "-"),
        ("203.0.113.32", "-"),
        ("2001:db8::", "SE"),
        ("2001:db8:1:ffff::", "SE"),
        ("2001:db8:2::", "-"),
        ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "NO"),
        ("2001:db9::", "-"),
    ] {
        assert_eq!(ask(&tor, address), format!("{country} - -"), "{address}");
    }
    let ends = "255.255.255.255,255.255.255.255,no\r\n0.0.0.0,0.0.0.0,SE\n\
                ::,::,DE\nffff::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,FR\n";
    let ends = GeoIp::new(vec![of(ends.as_bytes()).unwrap()]);
    for (address, country) in [
        ("0.0.0.0", "SE"),
        ("0.0.0.1", "-"),
        ("255.255.255.254", "-"),
        ("255.255.255.255", "NO"),
        ("::", "DE"),
        ("fffe::", "-"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "FR"),
    ] {
        assert_eq!(ask(&ends, address), format!("{country} - -"), "{address}");
    }
}

#[test]
fn files_are_of_the_day_that_they_name() {
    for name in ["country.mmdb", "flat.mmdb", "tor-ipv4.txt", "tor-ipv6.txt"] {
        let file = read(name).unwrap();
        assert_eq!(file.dated(), Some(1_767_225_600), "{name}");
        assert_eq!(file.stale(1_767_225_600 + MAX_AGE), None);
        assert_eq!(file.stale(1_767_225_600 + MAX_AGE + 1), Some(MAX_AGE + 1));
    }
    assert_eq!(of(b"0,1,DE").unwrap().dated(), None);
}

#[test]
fn every_mistake_is_named() {
    for (bytes, error) in [
        (&b""[..], ": is empty"),
        (
            b"\x1f\x8b\x08\0",
            ": is compressed with gzip: unpack it first",
        ),
        (
            b"\0\x01\x02",
            ": is neither a whole MaxMind database (.mmdb) nor lines START,END,COUNTRY",
        ),
        (
            b"\xff\xfe",
            ": is neither a whole MaxMind database (.mmdb) nor lines START,END,COUNTRY",
        ),
        (b"# nothing\n\n", ":1:1: holds no ranges START,END,COUNTRY"),
        (b"0,1,??\n", ": holds no countries"),
        (b"<html>\n", ":1:1: \"<html>\" is no START,END,COUNTRY"),
        (b"0,1,DE\n2,3\n", ":2:1: \"2,3\" is no START,END,COUNTRY"),
        (
            b"0,1,EU,DE\n",
            ":1:1: \"0,1,EU,DE\" is no START,END,COUNTRY",
        ),
        (b"0,1,DEU\n", ":1:1: \"DEU\" is no country of two letters"),
        (b"0,4294967296,DE\n", ":1:1: \"4294967296\" is no address"),
        (b"0,x,DE\n", ":1:1: \"x\" is no address"),
        (b",1,DE\n", ":1:1: \"\" is no address"),
        (b"2,1,DE\n", ":1:1: \"2,1,DE\" is no range of addresses"),
        (b"1,::2,DE\n", ":1:1: \"1,::2,DE\" is no range of addresses"),
        (b"5,9,DE\n0,4,FR\n\n9,9,NL\n", ":4:1: overlaps line 1"),
        (b"9,9,DE\n5,9,DE\n", ":2:1: overlaps line 1"),
        (
            b"\xab\xcd\xefMaxMind.com",
            ": is a damaged MaxMind database: ",
        ),
    ] {
        let found = of(bytes).unwrap_err();
        let found = found.strip_prefix("a.file").unwrap();
        let same = found == error || error.ends_with(": ") && found.starts_with(error);
        assert!(same, "{found}\n{error}");
    }
}

#[test]
fn damaged_databases_are_errors() {
    let mut damaged = 0;
    for file in std::fs::read_dir(Path::new(DIRECTORY).join("damaged")).unwrap() {
        let path = file.unwrap().path();
        let reason = File::read(&path).unwrap_err().reason;
        // Some are damaged in what nobody needs.
        let expected = ["is a damaged MaxMind database: ", "holds no countries "];
        let is_expected = expected.iter().any(|start| reason.starts_with(start));
        assert!(is_expected, "{}: {reason}", path.display());
        damaged += 1;
    }
    assert_eq!(damaged, 25);
}

/// A database in which something was changed, or of which the end is missing.
fn changed() -> impl Strategy<Value = Vec<u8>> {
    const FILES: &[&str] = &["asn.mmdb", "flat.mmdb", "country.mmdb"];
    let change = (any::<prop::sample::Index>(), any::<u8>());
    let changes = prop::collection::vec(change, 0..8);
    let cut = prop::option::of(any::<prop::sample::Index>());
    (prop::sample::select(FILES), changes, cut).prop_map(|(file, changes, cut)| {
        let mut bytes = std::fs::read(Path::new(DIRECTORY).join(file)).unwrap();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            // Without its beginning a database still has its metadata.
            bytes.drain(..cut.index(bytes.len()));
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_do_harm(
        bytes in prop_oneof![
            changed(),
            prop::collection::vec(any::<u8>(), 0..200),
            prop::collection::vec(any::<u8>(), 0..200).prop_map(|tail| {
                [b"\xab\xcd\xefMaxMind.com", tail.as_slice()].concat()
            }),
            "([0-9a-f:.,?A-Z#\n]{0,40}\n){0,5}".prop_map(String::into_bytes),
        ],
        addresses in prop::collection::vec(any::<u128>(), 8),
    ) {
        let Ok(file) = of(&bytes) else {
            return Ok(());
        };
        for bits in addresses {
            file.get(IpAddr::V4((bits as u32).into()));
            file.get(IpAddr::V6(bits.into()));
            file.get(IpAddr::V6((bits >> 96).into()));
        }
    }

    #[test]
    fn ranges_agree_with_asking_each(
        lengths in prop::collection::vec((0_u32..3, 0_u32..4, 0_usize..4), 1..20),
        turn in any::<prop::sample::Index>(),
    ) {
        let countries = [None, Some("DE"), Some("FR"), Some("NL")];
        let mut rows = Vec::new();
        let mut next = 0;
        for (gap, length, country) in lengths {
            let start = next + gap;
            rows.push((start, start + length, countries[country]));
            next = start + length + 1;
        }
        let last = next;
        // A file need not be in order.
        let middle = turn.index(rows.len());
        rows.rotate_left(middle);
        rows.push((1 << 20, 1 << 20, Some("SE")));
        let line = |(start, end, country): &(u32, u32, Option<&str>)| {
            format!("{start},{end},{}\n", country.unwrap_or("??"))
        };
        let text: String = rows.iter().map(line).collect();
        let file = of(text.as_bytes()).unwrap();
        for address in 0..last + 2 {
            let row = rows.iter().find(|(start, end, _)| (*start..=*end).contains(&address));
            let expected = row.and_then(|(_, _, country)| *country);
            let found = file.get(IpAddr::V4(address.into())).country;
            let expected = expected.and_then(Country::parse);
            prop_assert_eq!(found, expected, "{}", text);
        }
    }
}

//! Every form with what its publishers write, and with what nobody should.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::alert::Level;

/// 2026-02-03T00:00:00Z.
const NOW: i64 = 1_770_076_800;

fn read_as(name: &str, level: Level, bytes: &[u8]) -> Result<List, String> {
    let spec = Spec {
        level,
        ..Spec::of(name.into())
    };
    List::of(spec, bytes, NOW, Some(NOW - 60))
}

fn read(bytes: impl AsRef<[u8]>) -> List {
    read_as("dir/list.txt", Level::High, bytes.as_ref()).unwrap()
}

/// Kind and text of every entry.
fn entries(list: &List) -> Vec<String> {
    let contents = &list.contents;
    let networks = contents.networks.iter();
    let networks = networks.map(|(_, span)| format!("network {}", contents.shown(*span)));
    let texts = contents.texts.iter().map(|text| {
        let wild = if text.wild { " (wild)" } else { "" };
        format!("{} {}{wild}", text.kind.noun(), contents.shown(text.span))
    });
    networks.chain(texts).collect()
}

/// Reasons and numbers of what is left out.
fn left_out(list: &List) -> Vec<(&'static str, u64)> {
    let left_out = list.left_out().iter();
    left_out.map(|(reason, one)| (*reason, one.count)).collect()
}

#[test]
fn firehol() {
    let list = read(
        "#\n# firehol_level1\n#\n# ipv4 hash:net ipset\n#\n# Maintainer URL  : http://iplists.firehol.org/\n\
         # Source File Date: Mon Feb  2 22:00:00 UTC 2026\n# This File Date  : Mon Feb  2 23:30:00 UTC 2026\n\
         # Entries         : 5 subnets, 1 unique IPs\n#\n0.0.0.0/8\n10.0.0.0/8\n1.10.16.0/20\n\
         172.16.0.0/12\r\n198.51.100.7\n",
    );
    assert_eq!(
        entries(&list),
        [
            "network 0.0.0.0/8",
            "network 1.10.16.0/20",
            "network 198.51.100.7"
        ]
    );
    assert_eq!(left_out(&list), [("holding a private range", 2)]);
    assert_eq!(list.dated, Some(NOW - 1800));
    assert_eq!((list.format, &*list.name), (Format::Plain, "list.txt"));
    assert_eq!(list.wrong(), None);
}

#[test]
fn spamhaus_as_text_and_as_json() {
    let text = read(
        "; Spamhaus DROP List 2026/02/02 - (c) 2026 The Spamhaus Project SLU\n\
         ; https://www.spamhaus.org/drop/drop.txt\n; Last-Modified: Mon, 02 Feb 2026 23:00:00 GMT\n\
         ; Expires: Tue, 03 Feb 2026 12:00:00 GMT\n1.10.16.0/20 ; SBL256894\n2001:db8::/32 ; SBL1\n",
    );
    let json = read(
        "{\"cidr\":\"1.10.16.0/20\",\"sblid\":\"SBL256894\",\"rir\":\"apnic\"}\n\
         {\"cidr\":\"2001:db8::\\/32\",\"sblid\":\"SBL1\",\"rir\":\"ripencc\"}\n\
         {\"type\":\"metadata\",\"timestamp\":1770073200,\"size\":2,\"records\":2,\"copyright\":\"x\"}\n",
    );
    for (list, format) in [(text, Format::Plain), (json, Format::JsonLines)] {
        assert_eq!(
            entries(&list),
            ["network 1.10.16.0/20", "network 2001:db8::/32"]
        );
        assert_eq!((list.format, list.dated), (format, Some(NOW - 3600)));
        assert_eq!(list.wrong(), None);
    }
    let broken = read("{\"cidr\":\"192.0.2.1\"}\n\n{\"asn\":64496}\n{\"cidr\":7}\nx\n");
    assert_eq!(entries(&broken), ["network 192.0.2.1"]);
    let reason = "\"{\\\"asn\\\":64496}\" names no \"cidr\"";
    assert_eq!(broken.wrong(), Some((3, Some(3), reason)));
}

#[test]
fn tor_exits() {
    let list = read(
        "ExitNode D41C2006D7C461BDC22B9D236CC93F5D366C1388\nPublished 2026-02-02 12:28:41\n\
         LastStatus 2026-02-02 23:00:00\nExitAddress 198.51.100.71 2026-02-02 19:10:50\n\
         ExitAddress 198.51.100.44 2026-02-02 20:06:36\nExitNode 0011BD2485AD45D984EC4159C88FC066E5E3300E\n\
         Published 2026-02-01 01:00:00\nLastStatus 2026-02-02 21:00:00\nExitAddress 2001:db8::7 2026-02-02 19:10:50\n",
    );
    assert_eq!(
        entries(&list),
        [
            "network 198.51.100.71",
            "network 198.51.100.44",
            "network 2001:db8::7"
        ]
    );
    assert_eq!(list.dated, Some(NOW - 3600));
    // The other list that Tor publishes says nothing of itself.
    let bulk = read("198.51.100.71\n198.51.100.44\n");
    assert_eq!((bulk.count(Kind::Network), bulk.dated), (2, Some(NOW - 60)));
}

#[test]
fn plain_lists_of_all_kinds() {
    let list = read(
        "\u{feff}# Ours\n\n  192.0.2.1\t12\n192.0.2.2#why\n::ffff:192.0.2.3\n\
         user_agent: Mozilla/4.0 (compatible ; MSIE 6.0) # not a comment\n\
         User-Agent:*sqlmap*\nobject_key: */READ_ME.txt\nremote_ip: 192.0.2.4 # comment\n\
         requester: arn:aws:iam::111122223333:user/x\naccess_key: AKIAIOSFODNN7EXAMPLE\n\
         arn:aws:sts::111122223333:assumed-role/x/*\nASIAIOSFODNN7EXAMPLE taken in March\n\
         79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be\n",
    );
    assert_eq!(
        entries(&list),
        [
            "network 192.0.2.1",
            "network 192.0.2.2",
            "network ::ffff:192.0.2.3",
            "network 192.0.2.4",
            "user agent Mozilla/4.0 (compatible ; MSIE 6.0) # not a comment",
            "user agent *sqlmap* (wild)",
            "object key */READ_ME.txt (wild)",
            "requester arn:aws:iam::111122223333:user/x",
            "access key AKIAIOSFODNN7EXAMPLE",
            "requester arn:aws:sts::111122223333:assumed-role/x/* (wild)",
            "access key ASIAIOSFODNN7EXAMPLE",
            "requester 79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
        ]
    );
    assert_eq!(list.wrong(), None);
    let first = read("user_agent: Mozilla/5.0 (X11; ip; key)\n");
    assert_eq!(first.format, Format::Plain);
}

#[test]
fn what_a_plain_list_should_not_hold() {
    let bytes = b"192.0.2.1\nevil.example\n192.0.2.1/24\n1.2.3.0-1.2.3.9\nuser_agent: **a*\n\xff\n\
        user_agent:\n10.0.0.0/7\n";
    let list = read(bytes);
    assert_eq!(entries(&list), ["network 192.0.2.1"]);
    let (count, line, reason) = list.wrong().unwrap();
    assert_eq!((count, line), (6, Some(2)));
    assert!(
        reason.starts_with("\"evil.example\" is no address, CIDR"),
        "{reason}"
    );
    assert_eq!(left_out(&list), [("holding a private range", 1)]);
}

#[test]
fn tables_with_a_header() {
    let list = read(
        "# \"made by hand\"\n\"Source IP\";user-agent;comment;access_key_id\n\
         192.0.2.1;;\"a; b\nc\";\n;curl/8.*;;\n192.0.2.300;x;;AKIAIOSFODNN7EXAMPLE\n",
    );
    assert_eq!(
        entries(&list),
        [
            "network 192.0.2.1",
            "user agent curl/8.* (wild)",
            "user agent x",
            "access key AKIAIOSFODNN7EXAMPLE",
        ]
    );
    let (count, line, _) = list.wrong().unwrap();
    assert_eq!((count, line, list.format), (1, Some(6), Format::Csv));
    assert_eq!(entries(&read("ip\n192.0.2.1\n")), ["network 192.0.2.1"]);
}

#[test]
fn misp() {
    let list = read(
        "uuid,event_id,category,type,value,comment,to_ids,date,object_relation,attribute_tag,object_uuid,object_name,object_meta_category\n\
         \"5a\",7,\"Network activity\",\"ip-src\",\"192.0.2.1\",\"\",1,20260201,\"\",\"\",\"\",\"\",\"\"\n\
         \"5b\",7,\"Network activity\",\"ip-dst|port\",\"192.0.2.2|443\",\"a, \"\"b\"\"\",1,20260201,\"\",\"\",\"\",\"\",\"\"\n\
         \"5c\",7,\"Network activity\",\"ip-dst|port\",\"2001:db8::1|443\",\"\",1,20260201,\"\",\"\",\"\",\"\",\"\"\n\
         \"5d\",7,\"Network activity\",\"domain|ip\",\"a.example|192.0.2.3\",\"\",1,20260201\n\
         \"5e\",7,\"Network activity\",\"user-agent\",\"harvest/1.0\",\"\",1,20260201\n\
         \"5f\",7,\"Network activity\",\"ip-src\",\"192.0.2.9\",\"\",0,20260201\n\
         \"60\",7,\"Payload delivery\",\"filename\",\"setup.exe\",\"\",1,20260201\n\
         \"61\",7,\"Payload delivery\",\"md5\",\"d41d8cd98f00b204e9800998ecf8427e\",\"\",1,20260201\n",
    );
    assert_eq!(
        entries(&list),
        [
            "network 192.0.2.1",
            "network 192.0.2.2",
            "network 2001:db8::1",
            "network 192.0.2.3",
            "user agent harvest/1.0",
        ]
    );
    assert_eq!(
        left_out(&list),
        [
            ("not for detection (to_ids)", 1),
            ("of a type that no log line holds", 2)
        ]
    );
    let otx = read("Indicator type,Indicator,Description\nIPv4,192.0.2.1,x\nhostname,a.example,\n");
    assert_eq!(entries(&otx), ["network 192.0.2.1"]);
    let threatfox = read("first_seen,ioc_type,ioc_value\nx,ip:port,192.0.2.1:8080\n");
    assert_eq!(entries(&threatfox), ["network 192.0.2.1"]);
}

fn bundle(indicators: &[&str]) -> String {
    let objects: Vec<String> = indicators
        .iter()
        .map(|rest| {
            format!(
                "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--1\",\
                 \"modified\":\"2026-02-02T23:00:00.000Z\",\"pattern_type\":\"stix\",{rest}}}"
            )
        })
        .collect();
    let objects = objects.join(",");
    format!(
        "{{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[{{\"type\":\"identity\",\"modified\":\"2030-01-01T00:00:00Z\"}},{objects}]}}"
    )
}

#[test]
fn stix() {
    let address = |n: u8| format!("\"pattern\":\"[ipv4-addr:value = '192.0.2.{n}']\"");
    let list = read(bundle(&[
        &address(1),
        &format!("{},\"valid_until\":\"2026-02-03T00:00:01Z\"", address(2)),
        &format!("{},\"valid_until\":\"2026-02-03T00:00:00Z\"", address(3)),
        &format!("{},\"revoked\":true", address(4)),
        &format!("{},\"indicator_types\":[\"benign\"]", address(5)),
        "\"pattern\":\"[domain-name:value = 'a.example']\"",
        "\"pattern\":\"[ipv4-addr:value = 'x']\"",
        "\"pattern\":7",
        &format!(
            "{},\"modified\":[[1]],\"revoked\":\"?\",\"valid_until\":{{}}",
            address(6)
        )
        .replace("\"modified\":[[1]],", ""),
    ]));
    assert_eq!(
        entries(&list),
        [
            "network 192.0.2.1",
            "network 192.0.2.2",
            "network 192.0.2.6"
        ]
    );
    assert_eq!(
        left_out(&list),
        [
            ("benign", 1),
            ("expired", 1),
            ("revoked", 1),
            ("with an unsupported pattern", 1),
        ]
    );
    let first = &list.left_out()["with an unsupported pattern"].first;
    assert_eq!(first, "\"[domain-name:value = 'a.example']\"");
    assert_eq!(
        list.wrong().map(|(count, line, _)| (count, line)),
        Some((2, None))
    );
    assert_eq!((list.format, list.dated), (Format::Stix, Some(NOW - 3600)));
}

#[test]
fn what_is_no_list_at_all() {
    let deep = "{\"type\":".repeat(100_000);
    let deep_objects = format!("{{\"type\":\"bundle\",\"objects\":{}", "[".repeat(100_000));
    for (bytes, reason) in [
        (&b"\x1f\x8b\x08\0\0"[..], "is binary, no list"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b"{\"type\":\"report\"}", "is JSON, but no STIX bundle"),
        (b"{", "is JSON, but no STIX bundle"),
        (
            b"{\"type\":\"bundle\",\"objects\":7}",
            "is JSON, but no STIX bundle",
        ),
        (
            b"\xff\xfe\xff",
            "holds no entry that can be understood; line 1: ",
        ),
        (
            b"hello\nworld\n",
            "holds no entry that can be understood; line 1: \"hello\"",
        ),
        (b"[\"192.0.2.1\"]", "holds no entry that can be understood"),
        (deep.as_bytes(), "is JSON, but no STIX bundle"),
        (deep_objects.as_bytes(), "is JSON, but no STIX bundle"),
    ] {
        let error = read_as("x", Level::High, bytes).unwrap_err();
        assert!(error.starts_with(reason), "{error}");
        assert!(error.len() < 500, "{error}");
    }
}

#[test]
fn an_empty_list_is_one() {
    for bytes in [
        &b""[..],
        b"# nothing yet\n\n",
        b"ip,user_agent\n",
        b"{\"type\":\"bundle\",\"id\":\"bundle--1\"}",
        b"{\"type\":\"metadata\",\"timestamp\":1770073200}",
    ] {
        assert!(read(bytes).is_empty());
    }
}

#[test]
fn a_list_grows_old() {
    let mut list = read("192.0.2.1\n");
    assert_eq!(list.stale(NOW), None);
    assert_eq!(list.stale(NOW - 60 + Spec::MAX_AGE), None);
    assert_eq!(
        list.stale(NOW - 59 + Spec::MAX_AGE),
        Some(Spec::MAX_AGE + 1)
    );
    list.dated = None;
    assert_eq!(list.stale(i64::MAX), None);
}

#[test]
fn long_lines_and_many_lines_cost_little() {
    let long = format!(
        "192.0.2.1\n{}\nuser_agent: {}*\n",
        "9".repeat(1 << 20),
        "a*".repeat(1 << 19)
    );
    let list = read(&long);
    assert_eq!(entries(&list)[0], "network 192.0.2.1");
    assert_eq!(list.count(Kind::UserAgent), 1);
    let (count, _, reason) = list.wrong().unwrap();
    assert!(count == 1 && reason.len() < 300, "{reason}");
    let lists = Indicators::new(vec![list]).unwrap();
    let hostile = [&b"a"[..]].concat().repeat(1 << 16);
    assert!(lists.first(None, |_| Some(&hostile)).is_none());

    let mut many = String::new();
    for number in 0..1_000_000_u32 {
        let address = std::net::Ipv4Addr::from_bits(number * 4099);
        many += &address.to_string();
        many.push('\n');
    }
    assert_eq!(read(&many).count(Kind::Network), 1_000_000);
    assert_eq!(
        read("x: y\n".repeat(1_000_000) + "192.0.2.1")
            .wrong()
            .unwrap()
            .0,
        1_000_000
    );
}

/// `list entry` of what is told first, and of all.
fn told(
    lists: &Indicators,
    address: &str,
    value: impl Fn(Kind) -> Option<&'static [u8]>,
) -> Vec<String> {
    let address = address.parse().ok();
    let words = |found: Match<'_>| format!("{} {}", found.list.name, found.entry);
    let all: Vec<String> = lists.all(address, &value).into_iter().map(words).collect();
    assert_eq!(
        lists.first(address, &value).map(words),
        all.first().cloned()
    );
    all
}

#[test]
fn the_worst_list_then_the_kind_then_the_longest_network_then_the_first_list() {
    let list = |name, level, text: &str| read_as(name, level, text.as_bytes()).unwrap();
    let lists = Indicators::new(vec![
        list(
            "low",
            Level::Low,
            "198.51.100.7\n198.51.100.0/24\nuser_agent: curl/*\n",
        ),
        list(
            "high",
            Level::High,
            "198.51.100.0/25\n203.0.113.0/24\nuser_agent: *Evil*\n",
        ),
        list(
            "other",
            Level::High,
            "198.51.100.0/25\n198.51.100.0/26\nuser_agent: evil/1\n",
        ),
        list(
            "worst",
            Level::Critical,
            "198.51.0.0/16\naccess_key: AKIAIOSFODNN7EXAMPLE\n",
        ),
    ])
    .unwrap();
    let none = |_| None;
    assert_eq!(
        told(&lists, "198.51.100.7", none),
        [
            "worst 198.51.0.0/16",
            "other 198.51.100.0/26",
            "high 198.51.100.0/25",
            "low 198.51.100.7",
        ]
    );
    assert_eq!(
        told(&lists, "198.51.100.127", none),
        [
            "worst 198.51.0.0/16",
            "high 198.51.100.0/25",
            "other 198.51.100.0/25",
            "low 198.51.100.0/24",
        ]
    );
    assert_eq!(told(&lists, "192.0.2.1", none), [""; 0]);
    let agent = |kind| (kind == Kind::UserAgent).then_some(&b"EVIL/1"[..]);
    assert_eq!(
        told(&lists, "203.0.113.1", agent),
        ["high 203.0.113.0/24", "high *Evil*", "other evil/1"]
    );
    let key = |kind| (kind == Kind::AccessKey).then_some(&b"AKIAIOSFODNN7EXAMPLE"[..]);
    assert_eq!(
        told(&lists, "203.0.113.1", key),
        ["worst AKIAIOSFODNN7EXAMPLE", "high 203.0.113.0/24"]
    );
    // Capitals count where AWS writes the value.
    let small = |kind| (kind == Kind::AccessKey).then_some(&b"akiaiosfodnn7example"[..]);
    assert_eq!(told(&lists, "192.0.2.1", small), [""; 0]);
}

proptest! {
    /// Through a file's text, one list or several, against asking each network.
    #[test]
    fn networks_are_told_as_if_each_had_been_asked(
        written in prop::collection::vec((any::<u8>(), 20_u8..=32, 0_usize..3, any::<bool>()), 0..40),
        address: u8,
    ) {
        let levels = [Level::Low, Level::High, Level::High];
        let mut texts = [const { String::new() }; 3];
        let mut all: Vec<(usize, ipnet::IpNet)> = Vec::new();
        for (last, length, list, mapped) in written {
            let net: ipnet::IpNet = format!("203.0.113.{last}/{length}").parse().unwrap();
            let net = net.trunc();
            let text = if mapped {
                format!("::ffff:{}/{}", net.addr(), length + 96)
            } else {
                net.to_string()
            };
            writeln!(texts[list], "{text} # {length}").unwrap();
            all.push((list, net));
        }
        let lists = levels.iter().zip(&texts).enumerate();
        let lists = lists.map(|(n, (level, text))| read_as(&n.to_string(), *level, text.as_bytes()).unwrap());
        let lists = Indicators::new(lists.collect()).unwrap();
        let address: std::net::IpAddr = format!("203.0.113.{address}").parse().unwrap();
        let mut expected: Vec<(usize, u8)> = Vec::new();
        for list in 0..3 {
            let own = all.iter().filter(|(of, net)| *of == list && net.contains(&address));
            if let Some(length) = own.map(|(_, net)| net.prefix_len()).max() {
                expected.push((list, length));
            }
        }
        expected.sort_by_key(|(list, length)| {
            (std::cmp::Reverse(levels[*list]), std::cmp::Reverse(*length), *list)
        });
        let found: Vec<(usize, u8)> = lists
            .all(Some(address), |_| None)
            .iter()
            .map(|found| {
                let net = crate::settings::networks::parse(found.entry).unwrap();
                (found.list.name.parse().unwrap(), net.prefix_len())
            })
            .collect();
        prop_assert_eq!(&found, &expected);
        let first = lists.first(Some(address), |_| None).map(|found| found.list.name.to_string());
        prop_assert_eq!(first, expected.first().map(|(list, _)| list.to_string()));
    }

    #[test]
    fn no_bytes_break_a_reader(bytes: Vec<u8>, start in prop::sample::select(vec![
        "", "{\"type\":\"bundle\",\"objects\":[", "ip,type,value\n", "{\"cidr\":\"1.1.1.1\"}\n", "ExitAddress ",
    ])) {
        let mut all = start.as_bytes().to_vec();
        all.extend(bytes);
        let _ = read_as("x", Level::High, &all);
    }
}

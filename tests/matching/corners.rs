//! The specification's corners by hand: what a rule says, and a value of the
//! log that it matches or does not.

use std::sync::Arc;

use s3sentry::settings::Settings;

use super::{matches, read};

/// A line with this user agent, and 27 fields.
fn line(user_agent: &[u8]) -> Vec<u8> {
    let head = "owner acme [03/Feb/2026:23:05:02 +0000] 203.0.113.7 - R REST.GET.OBJECT \
                acme/k%20ey \"GET /k HTTP/1.1\" 404 NoSuchKey 291 - 7 - \"-\" \"";
    let tail = "\" - h SigV4 - AuthHeader acme.s3.amazonaws.com TLSv1.3 - - eu-west-1";
    [head.as_bytes(), user_agent, tail.as_bytes()].concat()
}

fn holds(detection: &str, user_agent: &[u8], settings: &str) -> bool {
    let settings = Settings::parse(settings, "s.toml".as_ref()).unwrap();
    let yaml = format!(
        "title: t\nname: n\nlogsource: {{product: aws, service: s3_server_access}}\n\
         detection: {{{detection}}}\n"
    );
    matches(&read(&yaml, &Arc::new(settings)), &line(user_agent))
}

/// A selection, the user agent, whether it matches.
// One line a row.
#[rustfmt::skip]
const SELECTIONS: &[(&str, &str, bool)] = &[
    // "`?` to replace a single mandatory character".
    (r"{user_agent: 'prog?.exe'}", "progA.exe", true),
    (r"{user_agent: 'prog?.exe'}", "prog.exe", false),
    (r"{user_agent: 'prog?.exe'}", "progÄ.EXE", true),
    // "Plain backslash not followed by a wildcard can be expressed as single
    // `\` or double backslash `\\`."
    (r"{user_agent: 'a\b'}", r"a\b", true),
    (r"{user_agent: 'a\\b'}", r"a\b", true),
    (r"{user_agent: 'a\\b'}", r"a\\b", false),
    (r"{user_agent: 'a\'}", r"a\", true),
    // "A wildcard has to be escaped to be handled as a plain character."
    (r"{user_agent: 'a\*'}", "a*", true),
    (r"{user_agent: 'a\*'}", "ab", false),
    (r"{user_agent: 'a\?'}", "ab", false),
    // "The backslash before a wildcard has to be escaped to handle the value as
    // a backslash followed by a wildcard: `\\*`."
    (r"{user_agent: 'a\\*'}", r"a\bc", true),
    (r"{user_agent: 'a\\*'}", "abc", false),
    // "Three backslashes are necessary to escape both".
    (r"{user_agent: 'a\\\*'}", r"a\*", true),
    (r"{user_agent: 'a\\\*'}", r"a\b", false),
    // "Three or four backslashes are handled as double backslash."
    (r"{user_agent: 'a\\\b'}", r"a\\b", true),
    (r"{user_agent: 'a\\\\b'}", r"a\\b", true),
    // "Values are applied case sensitively."
    (r"{user_agent: CURL}", "curl", true),
    (r"{user_agent|cased: CURL}", "curl", false),
    // "An empty value is defined with ''"; "A null value is defined with `null`".
    ("{user_agent: ''}", "", true),
    ("{user_agent: ''}", "-", false),
    ("{user_agent: null}", "-", true),
    ("{user_agent: null}", "", false),
    ("{access_point_arn: null}", "x", true),
    // A dash says that the field is left out.
    ("{user_agent|exists: true}", "-", false),
    ("{user_agent|exists: true}", "", true),
    ("{user_agent|exists: false}", "-", true),
    // "The field is different from the specified values."
    ("{user_agent|neq: [a, b]}", "c", true),
    ("{user_agent|neq: [a, b]}", "B", false),
    ("{user_agent|neq: a}", "-", false),
    ("{user_agent|neq: null}", "a", true),
    ("{user_agent|contains|neq: [a, b]}", "xbx", false),
    // "This modifier changes this to AND."
    ("{user_agent|contains|all: [a, b]}", "xbax", true),
    ("{user_agent|contains|all: [a, b]}", "xaax", false),
    // Numbers are texts as well.
    ("{http_status: '40?'}", "x", true),
    ("{http_status|startswith: 4}", "x", true),
    ("{http_status|contains: [5, 6]}", "x", false),
    ("{http_status: '404'}", "x", true),
    ("{http_status|re: '^4\\d\\d$'}", "x", true),
    ("{bytes_sent|fieldref: total_time}", "x", false),
    ("{bytes_sent|fieldref|startswith: total_time}", "x", false),
    // "Regex is matched case-sensitive by default."
    ("{user_agent|re: 'a.c'}", "xABC", false),
    ("{user_agent|re|i: 'a.c'}", "xABC", true),
    ("{user_agent|re: '^b$'}", "b", true),
    // A field in a field.
    ("{key_name|fieldref|startswith: bucket_name}", "x", true),
    ("{host_header|fieldref|contains: bucket_name}", "x", true),
    ("{host_header|fieldref: bucket_name}", "x", false),
    ("{user_agent|fieldref: bucket_name}", "ACME", true),
    ("{user_agent|fieldref|cased: bucket_name}", "ACME", false),
    ("{user_agent|fieldref|neq: bucket_name}", "ACME", false),
    ("{user_agent|fieldref|neq: bucket_name}", "x", true),
    // "extracts a numeric value from a date".
    ("{request_time|hour: [22, 23]}", "x", true),
    ("{request_time|hour|gte: 22}", "x", true),
    ("{request_time|hour|lt: 23}", "x", false),
    ("{request_time|minute: 5}", "x", true),
    ("{request_time|day: 3, request_time|month: 2, request_time|year: 2026}", "x", true),
    ("{request_time|week: 6}", "x", true),
    ("{request_time|hour|neq: 23}", "x", false),
    // Encoded.
    ("{user_agent|base64: foobar}", "Zm9vYmFy", true),
    ("{user_agent|base64offset|contains: foobar}", "eGZvb2Jhcg==", true),
    ("{user_agent|wide|base64offset|contains: cmd}", "YwBtAGQALgBlAHgAZQA=", true),
    ("{user_agent|base64offset|contains: foobar}", "Zm9vYmF6", false),
    // Networks of both kinds.
    ("{remote_ip|cidr: [10.0.0.0/8, 203.0.113.0/24]}", "x", true),
    ("{remote_ip|cidr: ['2001:db8::/32']}", "x", false),
    ("{remote_ip|cidr|neq: 10.0.0.0/8}", "x", true),
    // "strings that are applied to the full log message and are linked with a
    // logical 'OR'."
    ("[nothing, nosuchkey]", "x", true),
    ("[nothing, nowhere]", "x", false),
    ("nosuch?ey", "x", true),
    ("['404 NoSuchKey 291']", "x", true),
    ("[291]", "x", true),
    ("{'|all': [NoSuchKey, 'a*c']}", "abc", true),
    ("{'|all': [NoSuchKey, 'a*~']}", "abc", false),
    ("{'|re': '\\[03/Feb'}", "x", true),
    ("{'|cased': [nosuchkey, x~]}", "x", false),
    ("{'|base64offset': foobar}", "eGZvb2Jhcg==", true),
    // A list of both.
    ("[nowhere, {user_agent: curl}]", "curl", true),
    ("[nowhere, {user_agent: curl, http_status: 200}]", "curl", false),
];

#[test]
fn selections() {
    for (selection, user_agent, expected) in SELECTIONS {
        let detection = format!("s: {selection}, condition: s");
        let found = holds(&detection, user_agent.as_bytes(), "");
        assert_eq!(found, *expected, "{selection} {user_agent:?}");
    }
}

/// What is around the condition, the condition, whether it matches.
// One line a row.
#[rustfmt::skip]
const CONDITIONS: &[(&str, bool)] = &[
    // "across all defined search identifiers not starting with an underscore".
    ("a: {http_status: 1}, _b: {http_status: 404}, condition: 1 of them", false),
    ("a: {http_status: 404}, _b: {http_status: 1}, condition: all of them", true),
    ("a: {http_status: 1}, _b: {http_status: 404}, condition: a or _b", true),
    ("_a: {http_status: 404}, _b: {http_status: 1}, condition: 1 of _*", true),
    // "Matching is done with * wildcards at arbitrary positions in the pattern."
    ("sel_x: {http_status: 404}, b: {http_status: 1}, condition: 1 of *el* or b", true),
    ("sel: {http_status: 404}, selsel: {http_status: 1}, condition: 1 of sel*sel or (sel and selsel)", false),
    // So many of them.
    ("a1: {http_status: 404}, a2: {total_time: 7}, a3: {http_status: 1}, condition: 2 of a*", true),
    ("a1: {http_status: 404}, a2: {total_time: 8}, a3: {http_status: 1}, condition: 2 of a*", false),
    ("a1: {http_status: 404}, a2: {total_time: 7}, a3: {http_status: 1}, condition: 3 of a*", false),
    ("a1: {http_status: 404}, a2: {total_time: 7}, a3: {http_status: 1}, condition: any of a*", true),
    ("a1: {http_status: 404}, a2: {total_time: 7}, a3: {http_status: 1}, condition: not 3 of a*", true),
    // "or", "and", "not": least to most binding.
    ("t: {http_status: 404}, f: {http_status: 1}, condition: t or f and f", true),
    ("t: {http_status: 404}, f: {http_status: 1}, condition: not t or t or f", true),
    // "They are logically linked with OR."
    ("t: {http_status: 404}, f: {http_status: 1}, condition: [f, t]", true),
];

#[test]
fn conditions() {
    for (detection, expected) in CONDITIONS {
        assert_eq!(holds(detection, b"x", ""), *expected, "{detection}");
    }
}

#[test]
fn a_stray_byte_hides_nothing_from_a_text_or_a_dot() {
    for (selection, expected) in [
        ("{user_agent|re: 'GET.*secret'}", true),
        ("{user_agent|contains: secret}", true),
        ("{user_agent: 'GET?secret'}", true),
        ("{user_agent: 'GETsecret'}", false),
    ] {
        let detection = format!("s: {selection}, condition: s");
        assert_eq!(
            holds(&detection, b"GET\xffsecret", ""),
            expected,
            "{selection}"
        );
    }
}

/// A selection, settings, whether it matches.
// One line a row.
#[rustfmt::skip]
const LISTS: &[(&str, &str, bool)] = &[
    ("{bucket_name|expand: '%public_buckets%'}", "public_buckets = ['other', 'ac*']", true),
    ("{bucket_name|expand: '%public_buckets%'}", "public_buckets = ['other']", false),
    ("{bucket_name|expand: ['%public_buckets%', acme]}", "public_buckets = ['other']", true),
    // A list that is not set holds nothing.
    ("{bucket_name|expand: '%public_buckets%'}", "", false),
    ("{bucket_name|neq|expand: '%public_buckets%'}", "", true),
    // A part of the value.
    ("{key_name|expand: '%public_buckets%/k*'}", "public_buckets = ['acme']", true),
    ("{key_name|expand: '%public_buckets%/x*'}", "public_buckets = ['acme']", false),
    ("{host_header|startswith|expand: '%public_buckets%.s3'}", "public_buckets = ['acme']", true),
    // "`\\%plain%name%` handles `%plain` as plain value".
    ("{key_name|expand: '%public_buckets%/k\\%20ey'}", "public_buckets = ['acme']", true),
    ("{remote_ip|expand: '%trusted_networks%'}", "trusted_networks = ['203.0.113.0/24']", true),
    ("{remote_ip|cidr|expand: ['%trusted_networks%', 203.0.0.0/8]}", "trusted_networks = ['10.0.0.0/8']", true),
    ("{remote_ip|cidr|neq|expand: '%trusted_networks%'}", "trusted_networks = ['10.0.0.0/8']", true),
];

#[test]
fn lists_of_the_settings() {
    for (selection, settings, expected) in LISTS {
        let detection = format!("s: {selection}, condition: s");
        assert_eq!(
            holds(&detection, b"x", settings),
            *expected,
            "{selection} {settings}"
        );
    }
}

//! One row an error: what is spoilt, and the exact line that a user reads.

use std::fmt::Write as _;

use super::{GOOD, errors, spoilt};

/// Text to replace in [`GOOD`], its replacement, the whole error.
// One line a row.
#[rustfmt::skip]
const TABLE: &[(&str, &str, &str)] = &[
    ("level: medium", "level: [medium", "r.yml:16:1: not YAML: invalid indentation in flow construct"),
    ("title: Refused", "title: Refused\ntitle: Twice", "r.yml:2:1: duplicate key \"title\" (first in line 1)"),
    ("title: Refused", "title: &a Refused", "r.yml:1:11: anchors and aliases (&..., *...) are not supported: write the value out, and put text that begins with * or & in quotes"),
    ("title: Refused", "title: !!str Refused", "r.yml:1:14: tags (!...) are not supported"),
    ("title: Refused\n", "", "r.yml:1:1: the rule lacks \"title\""),
    ("title: Refused", "title: 404", "r.yml:1:8: \"title\" must be text, is 404: put it in quotes"),
    ("title: Refused", "title: ''", "r.yml:1:8: \"title\" is empty"),
    ("name: burst", "name: bu rst", "r.yml:12:7: \"name\" must be letters, digits, \"-\" and \"_\", at most 128, is \"bu rst\""),
    ("555555555555\n", "55555555555\n", "r.yml:2:5: \"id\" must be a UUID, is \"11111111-2222-4333-8444-55555555555\""),
    ("level: medium", "levle: medium", "r.yml:14:1: unknown key \"levle\" in the rule (did you mean \"level\"?)"),
    ("level: medium", "level: hihg", "r.yml:14:8: \"level\" must be one of informational, low, medium, high, critical (did you mean \"high\"?)"),
    ("status: stable", "status: stabel", "r.yml:13:9: \"status\" must be one of stable, test, experimental, deprecated, unsupported (did you mean \"stable\"?)"),
    ("status: stable", "date: 2026-02-30", "r.yml:13:7: \"date\" must be a date such as 2026-01-31, is \"2026-02-30\""),
    ("status: stable", "action: global", "r.yml:13:1: \"action\" (a Sigma collection) is not supported yet by s3sentry"),
    ("status: stable", "sigma-version: 3", "r.yml:13:1: \"sigma-version\" is not supported yet by s3sentry"),
    ("status: stable", "related: [{id: 1111, type: derived}]", "r.yml:13:16: \"id\" must be text, is 1111: put it in quotes"),
    ("status: stable", "related: [{id: 11111111-2222-4333-8444-555555555556, type: derved}]", "r.yml:13:60: \"type\" must be one of correlation, derived, obsolete, merged, renamed, similar (did you mean \"derived\"?)"),
    ("status: stable", "fields: [remote_ipp]", "r.yml:13:10: unknown field \"remote_ipp\" (did you mean \"remote_ip\"?)"),
    ("status: stable", "generate: yes", "r.yml:13:11: \"generate\" must be true or false, is the text \"yes\""),
    ("attack.t1619", "T1619", "r.yml:15:8: \"tags\" must be like attack.t1530, is \"T1619\""),
    ("product: aws", "product: azure", "r.yml:4:22: \"product\" must be \"aws\", is \"azure\""),
    ("service: s3_server_access", "service: s3_server_acess", "r.yml:4:36: \"service\" must be \"s3_server_access\", is \"s3_server_acess\" (did you mean \"s3_server_access\"?)"),
    ("product: aws,", "", "r.yml:4:12: \"logsource\" lacks \"product\""),
    ("product: aws,", "product: aws, category: web,", "r.yml:4:27: \"category\" of a log source is not supported yet by s3sentry"),
    // Detection.
    ("error_code:", "eror_code:", "r.yml:7:5: unknown field \"eror_code\" (did you mean \"error_code\"?)"),
    ("http_status|gte", "http_status|gtee", "r.yml:8:5: unknown modifier \"gtee\" (did you mean \"gte\"?)"),
    ("http_status|gte", "http_status|base64", "r.yml:8:5: \"base64\" needs a field of text, and \"http_status\" is none"),
    ("http_status|gte", "http_status|gte|lt", "r.yml:8:5: the modifiers of \"http_status|gte|lt\" exclude each other"),
    ("http_status|gte: 400", "stranger|contains: x", "r.yml:8:5: \"contains\" needs a field of text or numbers, and \"stranger\" is none"),
    ("http_status|gte: 400", "error_code|gte: 400", "r.yml:8:5: \"gte\" needs a field of numbers, and \"error_code\" is none"),
    ("http_status|gte: 400", "http_status|gte: \"400\"", "r.yml:8:22: \"http_status\" must be a whole number from 0 to 9223372036854775807, is the text \"400\""),
    ("http_status|gte: 400", "http_status|gte: -1", "r.yml:8:22: \"http_status\" must be a whole number from 0 to 9223372036854775807, is -1"),
    ("http_status|gte: 400", "http_status|gte: 1.5", "r.yml:8:22: \"http_status\" must be a whole number from 0 to 9223372036854775807, is the number 1.5"),
    ("http_status|gte: 400", "http_status|gte: [400]", "r.yml:8:5: \"gte\" takes one value, not a list"),
    ("http_status|gte: 400", "http_status: 4xx", "r.yml:8:18: \"http_status\" must be a whole number from 0 to 9223372036854775807, is the text \"4xx\""),
    ("http_status|gte: 400", "http_status|startswith: 4xx", "r.yml:8:29: \"http_status\" must be a whole number from 0 to 9223372036854775807, is the text \"4xx\""),
    ("http_status|gte: 400", "http_status: []", "r.yml:8:18: \"http_status\" has no value"),
    ("http_status|gte: 400", "requester_account: 123456789012", "r.yml:8:24: \"requester_account\" must be text, is 123456789012: put it in quotes"),
    ("http_status|gte: 400", "stranger: yes", "r.yml:8:15: \"stranger\" must be true or false, is the text \"yes\""),
    ("http_status|gte: 400", "stranger|exists: 1", "r.yml:8:22: \"stranger\" must be true or false, is 1"),
    ("http_status|gte: 400", "remote_ip|cidr: 10.0.0.1/8", "r.yml:8:21: the value \"10.0.0.1/8\" has bits set behind its prefix: write 10.0.0.0/8 for the network or 10.0.0.1 for the address"),
    ("http_status|gte: 400", "remote_ip|cidr: office", "r.yml:8:21: the value \"office\" is no address and no network such as 10.0.0.0/8"),
    ("http_status|gte: 400", "key_name|cidr: 10.0.0.0/8", "r.yml:8:5: \"cidr\" needs the field \"remote_ip\""),
    ("http_status|gte: 400", "remote_ip|cidr|expand: '%trusted_netwoks%'", "r.yml:8:28: unknown placeholder \"trusted_netwoks\" (did you mean \"trusted_networks\"?)"),
    ("http_status|gte: 400", "remote_ip|cidr|expand: '%accounts%'", "r.yml:8:28: \"%accounts%\" holds no networks, as \"cidr\" needs"),
    ("http_status|gte: 400", "remote_host|expand: '%trusted_networks%'", "r.yml:8:25: \"%trusted_networks%\" holds networks: it needs the field \"remote_ip\""),
    ("http_status|gte: 400", "requester_account: '%accounts%'", "r.yml:8:24: the value \"%accounts%\" needs the modifier \"expand\""),
    ("http_status|gte: 400", "requester_account|expand: x", "r.yml:8:31: \"expand\" without a placeholder such as \"%trusted_networks%\""),
    ("http_status|gte: 400", "key_name|re: 'a(b'", "r.yml:8:18: the value \"a(b\" is no regular expression: unclosed group"),
    ("http_status|gte: 400", "key_name|re: '((a{1000}){1000}){1000}'", "r.yml:8:18: the value \"((a{1000}){1000}){1000}\" is no regular expression: compiles to something too large"),
    ("http_status|gte: 400", "key_name|contains: ''", "r.yml:8:24: the value \"\" is empty, and so is in every text"),
    ("http_status|gte: 400", "key_name|contains|all: x", "r.yml:8:5: \"all\" needs a list of at least two values"),
    ("http_status|gte: 400", "key_name|neq|all: [a, b]", "r.yml:8:5: the modifiers of \"key_name|neq|all\" exclude each other"),
    ("http_status|gte: 400", "key_name|windash: a", "r.yml:8:5: the modifier \"windash\" is about the flags of Windows command lines, and an access log holds none: write the texts out"),
    ("http_status|gte: 400", "key_name: [a, null]", "r.yml:8:19: null cannot stand in a list: give it a selection of its own"),
    ("http_status|gte: 400", "key_name|base64: null", "r.yml:8:22: \"key_name\" must be text, is nothing"),
    ("http_status|gte: 400", "key_name|base64: a*", "r.yml:8:22: the value \"a*\" holds a wildcard, which cannot be encoded: write \\* or \\? for the character"),
    ("http_status|gte: 400", "key_name|base64offset: abc", "r.yml:8:5: \"base64offset\" needs \"contains\" behind it: the value is a part of what was encoded"),
    ("http_status|gte: 400", "key_name|base64offset|contains: a", "r.yml:8:37: the value \"a\" is too short: nothing of it is sure once it is encoded"),
    ("http_status|gte: 400", "key_name|base64|wide: abc", "r.yml:8:5: the modifiers of \"key_name|base64|wide\" exclude each other"),
    ("http_status|gte: 400", "key_name|utf16: abc", "r.yml:8:21: the value \"abc\" is no text in UTF-16, which only encoded data can hold: add base64 or base64offset"),
    ("http_status|gte: 400", "key_name|i: abc", "r.yml:8:5: the modifiers of \"key_name|i\" exclude each other"),
    ("http_status|gte: 400", "key_name|fieldref: keyname", "r.yml:8:24: unknown field \"keyname\" (did you mean \"key_name\"?)"),
    ("http_status|gte: 400", "key_name|fieldref: key_name", "r.yml:8:24: the value \"key_name\" is the field itself"),
    ("http_status|gte: 400", "key_name|fieldref: http_status", "r.yml:8:24: the value \"http_status\" is a field of another kind than \"key_name\", so the two are never the same"),
    ("http_status|gte: 400", "key_name|fieldref: 1", "r.yml:8:24: \"key_name\" must be the name of a field, is 1"),
    ("http_status|gte: 400", "key_name|fieldref|gt: object_size", "r.yml:8:5: the modifiers of \"key_name|fieldref|gt\" exclude each other"),
    ("http_status|gte: 400", "request_time|hour: 24", "r.yml:8:24: \"request_time\" must be a whole number from 0 to 23, is 24"),
    ("http_status|gte: 400", "request_time|week|gte: 54", "r.yml:8:28: \"request_time\" must be a whole number from 1 to 53, is 54"),
    ("http_status|gte: 400", "request_time|hour|minute: 1", "r.yml:8:5: the modifiers of \"request_time|hour|minute\" exclude each other"),
    ("http_status|gte: 400", "total_time|minute: 1", "r.yml:8:5: \"minute\" needs the field \"request_time\""),
    ("http_status|gte: 400", "request_time|gte: 1", "r.yml:8:5: \"gte\" needs a field of numbers, and \"request_time\" is none"),
    ("http_status|gte: 400", "key_name|contains: '%accounts%'", "r.yml:8:24: the value \"%accounts%\" needs the modifier \"expand\""),
    ("http_status|gte: 400", "remote_ip|startswith|expand: '%trusted_networks%'", "r.yml:8:34: \"%trusted_networks%\" holds networks, which are no part of a text"),
    ("http_status|gte: 400", "remote_ip|expand: 'x%trusted_networks%'", "r.yml:8:23: \"%trusted_networks%\" holds networks, which are no part of a text"),
    ("http_status|gte: 400", "key_name[any]: x", "r.yml:8:5: array matching is not supported by s3sentry: a record holds no arrays"),
    ("condition: sel\n", "timeframe: 5m\n  condition: sel\n", "r.yml:9:3: \"timeframe\" belonged to the aggregations of Sigma 1: write a correlation with a \"timespan\""),
    ("condition: sel\n", "other: ['']\n  condition: sel or other\n", "r.yml:9:11: the value \"\" is empty, and so is in every text"),
    ("condition: sel\n", "other: [null]\n  condition: sel or other\n", "r.yml:9:11: a keyword must be text, is nothing"),
    ("condition: sel\n", "other: [x, true]\n  condition: sel or other\n", "r.yml:9:14: a keyword must be text, is true: put it in quotes"),
    ("condition: sel\n", "other: [[x]]\n  condition: sel or other\n", "r.yml:9:11: an item of a selection must be a map, is a list"),
    ("condition: sel\n", "other: []\n  condition: sel or other\n", "r.yml:9:10: a selection must not be empty"),
    ("condition: sel\n", "other: {'|all': [x]}\n  condition: sel or other\n", "r.yml:9:11: \"all\" needs a list of at least two values"),
    ("condition: sel\n", "other: {'|all': []}\n  condition: sel or other\n", "r.yml:9:11: \"all\" needs a list of at least two values"),
    ("condition: sel\n", "other: {'|re': []}\n  condition: sel or other\n", "r.yml:9:18: a keyword has no value"),
    ("condition: sel\n", "other: {'|cidr': 10.0.0.0/8}\n  condition: sel or other\n", "r.yml:9:11: \"cidr\" needs a field: keywords are looked for in the whole line"),
    ("condition: sel\n", "other: {'|startswith': x}\n  condition: sel or other\n", "r.yml:9:11: \"startswith\" needs a field: keywords are looked for in the whole line"),
    ("condition: sel\n", "other: {'': x}\n  condition: sel or other\n", "r.yml:9:11: unknown field \"\""),
    ("condition: sel\n", "_a: {ok: true}\n  condition: sel or 1 of a*\n", "r.yml:10:26: 1 of \"a*\": there is no such selection"),
    ("condition: sel\n", "other: {}\n  condition: sel or other\n", "r.yml:9:10: a selection must not be empty"),
    ("condition: sel\n", "other: {ok: true}\n  condition: sel\n", "r.yml:9:3: the condition does not use \"other\""),
    ("condition: sel\n", "not: {ok: true}\n  condition: sel\n", "r.yml:9:3: a selection cannot be called \"not\""),
    ("condition: sel\n", "condition: sel and not sle\n", "r.yml:9:26: no selection is called \"sle\" (did you mean \"sel\"?)"),
    ("condition: sel\n", "condition: sel or 1 of x*\n", "r.yml:9:26: 1 of \"x*\": there is no such selection"),
    ("condition: sel\n", "condition: sel or (\n", "r.yml:9:22: the condition cannot be read: expected expr"),
    ("condition: sel\n", "condition: [1]\n", "r.yml:9:15: \"condition\" must be text, is 1: put it in quotes"),
    ("  condition: sel\n", "", "r.yml:6:3: \"detection\" lacks \"condition\""),
    // Correlation.
    ("type: event_count", "type: event_cuont", "r.yml:17:9: unknown type \"event_cuont\" (did you mean \"event_count\"?)"),
    ("type: event_count", "type: temporal", "r.yml:18:10: a \"temporal\" correlation needs two rules at least"),
    ("type: event_count\n  rules: [refused]", "type: temporal_ordered\n  rules: [refused, refused]", "r.yml:21:3: temporal_ordered has no condition: all of its rules must happen"),
    ("type: event_count", "type: value_median", "r.yml:17:9: type \"value_median\" is not supported by s3sentry"),
    ("type: event_count", "type: value_sum", "r.yml:21:14: value_sum needs a \"field\" in its condition"),
    ("type: event_count", "type: value_count", "r.yml:21:14: value_count needs a \"field\" in its condition"),
    ("rules: [refused]", "rules: [refusde]", "r.yml:18:11: no rule has the name or id \"refusde\" (did you mean \"refused\"?)"),
    ("rules: [refused]", "rules: []", "r.yml:18:10: \"rules\" names no rule"),
    ("rules: [refused]", "rules: [refused, refused]", "r.yml:18:20: \"rules\" holds \"refused\" twice"),
    ("rules: [refused]", "rules: [burst]", "r.yml:18:11: the rule counts itself, by way of what it counts"),
    ("group-by: [remote_host]", "group-by: [remote_hots]", "r.yml:19:14: unknown field \"remote_hots\" (did you mean \"remote_host\"?)"),
    ("timespan: 5m", "timespan: 5 minutes", "r.yml:20:13: \"timespan\" must be a whole number of s, m, h or d, such as 5m, is \"5 minutes\""),
    ("timespan: 5m", "timespan: 31d", "r.yml:20:13: \"timespan\" must be at most 30d, is \"31d\""),
    ("timespan: 5m", "timeframe: 5m", "r.yml:20:3: s3sentry has no \"timeframe\" (did you mean \"timespan\"?)"),
    ("timespan: 5m", "timespan: 5m\n  aliases: [who]", "r.yml:21:12: \"aliases\" must be a map, is a list"),
    ("timespan: 5m", "timespan: 5m\n  aliases: {actor: {refused: principal}}", "r.yml:21:13: the alias \"actor\" is the name of a field"),
    ("timespan: 5m", "timespan: 5m\n  aliases: {who: {refusde: principal}}", "r.yml:21:19: the alias is for \"refusde\", which the correlation does not count (did you mean \"refused\"?)"),
    ("group-by: [remote_host]", "group-by: [remote_host, who]\n  aliases: {who: {refused: pricipal}}", "r.yml:20:28: unknown field \"pricipal\" (did you mean \"principal\"?)"),
    ("timespan: 5m", "timespan: 5m\n  window: tumbling", "r.yml:21:3: \"window\" of a correlation is not supported yet by s3sentry"),
    ("timespan: 5m", "timespan: 5m\n  gap: 1m", "r.yml:21:3: \"gap\" of a correlation is not supported yet by s3sentry"),
    ("condition: {gte: 20}", "condition: {gte: -1}", "r.yml:21:20: \"gte\" must be a whole number from 0 to 18446744073709551615, is -1"),
    ("condition: {gte: 20}", "condition: {gte: 2.5}", "r.yml:21:20: \"gte\" must be a whole number from 0 to 18446744073709551615, is the number 2.5"),
    ("condition: {gte: 20}", "condition: {gte: \"20\"}", "r.yml:21:20: \"gte\" must be a whole number from 0 to 18446744073709551615, is the text \"20\""),
    ("condition: {gte: 20}", "condition: {gte: 18446744073709551616}", "r.yml:21:20: \"gte\" must be a whole number from 0 to 18446744073709551615, is 18446744073709551616"),
    ("condition: {gte: 20}", "condition: {get: 20}", "r.yml:21:15: unknown key \"get\" in \"condition\" (did you mean \"gt\"?)"),
    ("condition: {gte: 20}", "condition: {}", "r.yml:21:14: the condition compares with nothing: it needs gt, gte, lt, lte, eq or neq"),
    ("condition: {gte: 20}", "condition: {gte: 20, field: key_name}", "r.yml:21:24: event_count has no \"field\" in its condition (did you mean \"value_count\"?)"),
    ("condition: {gte: 20}", "condition: {gte: 20, percentile: 5}", "r.yml:21:24: event_count has no \"percentile\" (did you mean \"value_percentile\"?)"),
    ("condition: {gte: 20}", "condition: refused and other", "r.yml:21:14: a condition on the names of rules is not supported by s3sentry: write a correlation of correlations"),
    // Our own block.
    ("{count}", "{cuont}", "r.yml:23:28: unknown placeholder \"cuont\" (did you mean \"count\"?)"),
    ("{count}", "{bucket_name}", "r.yml:23:28: {bucket_name} is no field that the rule groups by"),
    ("{count}", "{count", "r.yml:23:28: \"{\" is not closed (write \"{{\" for a brace)"),
    ("  any:\n", "  supress: 1h\n  any:\n", "r.yml:24:3: unknown key \"supress\" in \"s3sentry\" (did you mean \"suppress\"?)"),
    ("  any:\n", "  suppress: 3600\n  any:\n", "r.yml:24:13: \"suppress\" must be a duration such as 5m, is 3600"),
    ("  any:\n", "  evidence: 101\n  any:\n", "r.yml:24:13: \"evidence\" must be a whole number from 0 to 100, is 101"),
    ("  any:\n", "  different: key_name\n  any:\n", "r.yml:24:3: \"different\" needs a correlation of the type temporal_ordered over two rules"),
    ("  any:\n", "  none_before: {selection: {ok: true}, timespan: 24h}\n  any:\n", "r.yml:24:3: \"none_before\" needs a correlation of the type temporal_ordered over two rules"),
    ("  any:\n", "  new_value: {field: key_name}\n  any:\n", "r.yml:24:3: \"new_value\" stands beside a detection, and this is a correlation"),
    ("  any:\n", "  and: []\n  any:\n", "r.yml:24:8: \"and\" is empty"),
    ("{stranger: true}", "{stranegr: true}", "r.yml:26:19: unknown field \"stranegr\" (did you mean \"stranger\"?)"),
    ("{stranger: true}", "{stranger: maybe}", "r.yml:26:29: \"stranger\" must be true or false, is the text \"maybe\""),
    ("type: value_count", "type: event_count", "r.yml:27:19: event_count has no \"field\" in its condition (did you mean \"value_count\"?)"),
    ("type: value_count", "type: value_avg", "r.yml:27:26: value_avg needs a field of numbers, and \"key_name\" is none"),
    ("field: key_name, ", "field: key_nmae, ", "r.yml:27:26: unknown field \"key_nmae\" (did you mean \"key_name\"?)"),
    ("field: key_name, ", "", "r.yml:27:18: value_count needs a \"field\" in its condition"),
    ("  condition: sel\n", "  condition: sel\ns3sentry: {any: [{type: event_count, condition: {gte: 1}}]}\n", "r.yml:10:12: \"any\" adds to a correlation, and the rule has none"),
    ("correlation:\n", "generate: true\ncorrelation:\n  generate: true\n", "r.yml:18:3: \"generate\" stands beside the correlation and in it"),
    ("title: Burst", "title: \"Burst\\nof refusals\"", "r.yml:11:8: \"title\" must be one line of at most 500 characters, is \"Burst\\nof refusals\""),
    ("{count}", "x}", "r.yml:23:29: \"}\" closes nothing (write \"}}\" for a brace)"),
    ("{stranger: true}", "[true]", "r.yml:26:19: a keyword must be text, is true: put it in quotes"),
    ("{stranger: true}", "{key_name|re: 'x('}", "r.yml:26:32: the value \"x(\" is no regular expression: unclosed group"),
    ("http_status|gte: 400", "http_status|re|i|cased: x", "r.yml:8:5: the modifiers of \"http_status|re|i|cased\" exclude each other"),
    ("name: burst", "name: 11111111-2222-4333-8444-555555555555", "r.yml:12:7: the name \"11111111-2222-4333-8444-555555555555\" is the id of another rule"),
    ("correlation:\n", "filter: {}\ncorrelation:\n", "r.yml:16:1: unknown key \"filter\" in the rule"),
];

#[test]
fn every_mistake_is_located_and_explained() {
    let mut wrong = String::new();
    for (from, to, expected) in TABLE {
        let found = errors(&spoilt(from, to));
        if found != [*expected] {
            writeln!(wrong, "{to:?}\n  {expected:?}\n  {found:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "spoilt, expected, found:\n{wrong}");
}

/// Whole documents, their whole error.
const DOCUMENTS: &[(&str, &str)] = &[
    (
        "title: x\nfilter: {rules: any, selection: {ok: true}, condition: selection}\n",
        r#"r.yml:1:1: the rule lacks "logsource""#,
    ),
    (
        "title: x\nlogsource: {product: aws, service: s3_server_access}\n\
         filter: {selection: {ok: true}, condition: selection}\n",
        "r.yml:3:9: \"filter\" lacks \"rules\"",
    ),
    (
        "title: x\nlogsource: {product: aws, service: s3_server_access}\n\
         filter: {rules: [], selection: {ok: true}, condition: selection}\n",
        "r.yml:3:17: \"rules\" names no rule",
    ),
    (
        "title: x\nlogsource: {product: aws, service: s3_server_access}\n\
         filter: {rules: {}, selection: {ok: true}, condition: selection}\n",
        "r.yml:3:17: \"rules\" must be text, is a map",
    ),
    (
        "title: x\nlogsource: {product: aws, service: s3_server_access}\n\
         filter: {rules: any, selection: {ok: true}}\n",
        "r.yml:3:9: \"filter\" lacks \"condition\"",
    ),
    (
        "title: x\nlogsource: {product: aws, service: s3_server_access}\n\
         filter: {rules: any, condition: not selection}\n",
        "r.yml:3:9: \"filter\" holds no selection\n\
         r.yml:3:37: no selection is called \"selection\"",
    ),
    (
        "title: x\nlogsource: {product: aws, service: s3_server_access}\n\
         filter: {rules: any, selection: {okk: true}, condition: not selection}\n",
        "r.yml:3:34: unknown field \"okk\" (did you mean \"ok\"?)",
    ),
    (
        "title: x\nlogsource: {product: aws, service: s3_server_access}\n\
         filter: {rules: [refused], selection: {ok: true}, condition: not selection}\n",
        "r.yml:3:18: no rule has the name or id \"refused\"",
    ),
    (
        "title: x\nname: x\nlogsource: {product: aws, service: s3_server_access}\n\
         filter: {rules: [x], selection: {ok: true}, condition: not selection}\n",
        "r.yml:4:18: \"x\" is a filter, and a filter is no rule",
    ),
    (
        "title: x\nlevel: low\nlogsource: {product: aws, service: s3_server_access}\n\
         filter: {rules: any, selection: {ok: true}, condition: not selection}\n",
        "r.yml:2:1: a filter raises no alert, so it has no \"level\": the rules that it names have theirs",
    ),
    (
        "title: x\nlogsource: {product: aws, service: s3_server_access}\n\
         detection: {a: {ok: true}, condition: a}\n",
        r#"r.yml:1:1: the rule lacks a "name" or an "id""#,
    ),
    (
        "title: x\nname: x\nlogsource: aws\ndetection: {a: {ok: true}, condition: a}\n",
        r#"r.yml:3:12: "logsource" must be a map, is the text "aws""#,
    ),
    (
        "title: x\nname: x\nlogsource: {product: aws, service: s3_server_access}\n\
         detection: {condition: a}\n",
        "r.yml:4:12: \"detection\" holds no selection\n\
         r.yml:4:24: no selection is called \"a\"",
    ),
    (
        "title: x\nname: x\nlogsource: {product: aws, service: s3_server_access}\n\
         detection: {a: {<<: {ok: true}}, condition: a}\n",
        "r.yml:4:17: merge keys (<<) are not supported\n\
         r.yml:4:17: unknown field \"<<\"",
    ),
];

#[test]
fn whole_documents() {
    for (text, expected) in DOCUMENTS {
        assert_eq!(errors(text).join("\n"), *expected);
    }
}

#[test]
fn a_flood_of_errors_is_cut() {
    let keys = (0..200).fold(String::new(), |text, n| text + &format!("key{n}: 1\n"));
    let found = errors(&keys);
    assert_eq!(found.len(), 101);
    assert_eq!(found[100], "r.yml: 104 more errors are not shown");
}

#[test]
fn all_errors_come_together() {
    let text = GOOD
        .replace("level: medium", "levle: medium")
        .replace("5m", "5w")
        .replace("error_code", "eror_code");
    assert_eq!(errors(&text).len(), 3);
}

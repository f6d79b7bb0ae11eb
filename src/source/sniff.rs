//! What an input is that held no access-log line.
//!
//! A guess from the first bytes for a person to read, never to be acted upon:
//! nothing here may decide how an input is read.

use memchr::memmem;

/// What the first bytes of an input look like, and what to do: one sentence
/// part, to stand after "this looks like".
#[must_use]
pub fn describe(sample: &[u8]) -> &'static str {
    if sample.is_empty() {
        return "an empty input: check that what should have been written to it was";
    }
    by_magic(sample).unwrap_or_else(|| by_text(sample))
}

const UTF16: &str =
    "text in UTF-16: save it as UTF-8, or convert it with `iconv -f UTF-16 -t UTF-8`";

fn by_magic(sample: &[u8]) -> Option<&'static str> {
    const MAGIC: &[(&[u8], &str)] = &[
        (
            b"PAR1",
            "a Parquet file: export the original text lines, this format is not read",
        ),
        (
            b"PK\x03\x04",
            "a zip archive: unpack it and name the directory",
        ),
        (
            b"\x1f\x8b",
            "data compressed twice: unpack it once with `gunzip`",
        ),
        (
            b"\x28\xb5\x2f\xfd",
            "data compressed twice: unpack it once with `zstd -d`",
        ),
        (
            b"BZh",
            "bzip2 data, which is not unpacked here: pipe it in through `bzip2 -dc`",
        ),
        (
            b"\xfd7zXZ\0",
            "xz data, which is not unpacked here: pipe it in through `xz -dc`",
        ),
        (
            b"\x04\x22\x4d\x18",
            "lz4 data, which is not unpacked here: pipe it in through `lz4 -dc`",
        ),
        (b"\xff\xfe", UTF16),
        (b"\xfe\xff", UTF16),
    ];
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| sample.starts_with(magic)) {
        return Some(what);
    }
    if sample.get(257..262) == Some(b"ustar") {
        return Some("a tar archive: unpack it and name the directory");
    }
    let odd = sample
        .iter()
        .filter(|byte| **byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0x1b))
        .count();
    (odd * 20 > sample.len() || sample.contains(&0))
        .then_some("binary data of an unknown kind: check that it is the right file")
}

fn by_text(sample: &[u8]) -> &'static str {
    let text = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample);
    let text = text.trim_ascii_start();
    if text.is_empty() {
        return "blank lines only: check that what should have been written to it was";
    }
    let has = |needle: &str| memmem::find(text, needle.as_bytes()).is_some();
    if matches!(text[0], b'{' | b'[') && is_json(text) {
        return by_json(&has);
    }
    if text.starts_with(b"#Version:") || text.starts_with(b"#Fields:") {
        return "a CloudFront (or other W3C extended) log, not an S3 server access log: name the \
                bucket's server access logs instead";
    }
    if text[0] == b'<' {
        return if has("<Error>") || has("<ListBucketResult") {
            "an XML answer of S3 (an error or a listing): fetch the log objects themselves"
        } else {
            "HTML or XML: perhaps a login or error page was saved instead of the log"
        };
    }
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or(text);
    by_line(line.trim_ascii_end())
}

fn by_json(has: &impl Fn(&str) -> bool) -> &'static str {
    if has("\"eventVersion\"") || has("\"eventSource\"") {
        "CloudTrail events: this tool reads S3 server access logs; turn on server access logging \
         for the bucket and name its target"
    } else if has("schema_version_id") && (has("bucket_name") || has("request_id")) {
        "S3 access logs in the JSON form of CloudWatch Logs: name the text form that server \
         access logging delivers to a bucket"
    } else if has("\"s3sentry/alert/") {
        "alerts of this tool: name the access logs that they were made from"
    } else {
        "JSON: name the text form that S3 server access logging delivers to a bucket"
    }
}

/// Rather than a bracket that begins a line of text.
fn is_json(text: &[u8]) -> bool {
    let rest = text[1..].trim_ascii_start();
    matches!(rest.first(), None | Some(b'"' | b'{' | b'[' | b'}' | b']'))
}

fn by_line(line: &[u8]) -> &'static str {
    const FLOW: &str = "a VPC flow log, not an S3 server access log: name the bucket's server \
                        access logs instead";
    let mut words = line.split(|byte| *byte == b' ');
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    let count = 2 + words.clone().count();
    let is_time = |word: &[u8]| {
        word.len() >= 20 && word[4] == b'-' && word[10] == b'T' && word.ends_with(b"Z")
    };
    if first == b"version" && second == b"account-id" {
        return FLOW;
    }
    let digits = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    if first.len() == 1 && digits(first) && second.len() == 12 && digits(second) && count >= 14 {
        return FLOW;
    }
    let balancer = matches!(
        first,
        b"http" | b"https" | b"h2" | b"grpcs" | b"ws" | b"wss" | b"tls"
    );
    if (balancer && is_time(second)) || (is_time(first) && line.contains(&b'"') && count >= 12) {
        return "a load balancer's access log (ELB, ALB or NLB), not an S3 server access log: name \
                the bucket's server access logs instead";
    }
    if is_web_server(line) {
        return "a web server's access log (Apache, nginx): this tool reads S3 server access logs";
    }
    let commas = memchr::memchr_iter(b',', line).count();
    if commas >= 3 && commas + 1 >= count / 2 {
        return "comma-separated values, perhaps an export: name the log's original text lines";
    }
    "text, but no line of it is an S3 server access-log line: check that it is the right file"
}

/// `host ident user [time] "request" status bytes`.
fn is_web_server(line: &[u8]) -> bool {
    let Some(open) = memchr::memchr(b'[', line) else {
        return false;
    };
    let before = line[..open].split(|byte| *byte == b' ').count();
    before == 4 && memmem::find(&line[open..], b"] \"").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_it_looks_at() {
        for (sample, what) in [
            (&b""[..], "empty"),
            (b"\n\r\n  \n", "blank lines"),
            (b"PAR1\x15\x04", "Parquet"),
            (b"PK\x03\x04\x14\0", "zip"),
            (b"BZh91AY&SY", "bzip2"),
            (b"\xfd7zXZ\0\0", "xz"),
            (b"\x1f\x8b\x08\0", "twice"),
            (b"\xff\xfea\0b\0", "UTF-16"),
            (b"\x7fELF\x02\x01\x01\0\0", "binary"),
            (
                br#"{"Records":[{"eventVersion":"1.08","eventSource":"s3.amazonaws.com"}]}"#,
                "CloudTrail",
            ),
            (
                br#"{"schema_version_id":"V_1_0","bucket_owner_id":"x","bucket_name":"b"}"#,
                "CloudWatch",
            ),
            (b"{\"a\": 1}\n", "JSON"),
            (b"[]", "JSON"),
            (b"#Version: 1.0\n#Fields: date time", "CloudFront"),
            (b"<!DOCTYPE html><html>", "HTML"),
            (
                b"<?xml version=\"1.0\"?><Error><Code>AccessDenied",
                "XML answer",
            ),
            (
                b"h2 2018-07-02T22:23:00.186641Z app/my/50dc 10.0.1.252:48160 10.0.0.66:9000 0.0",
                "load balancer",
            ),
            (
                b"2015-05-13T23:39:43.945958Z my-elb 192.168.131.39:2817 10.0.0.1:80 0.000073 \
                  0.001048 0.000057 200 200 0 29 \"GET http://www.example.com:80/ HTTP/1.1\"",
                "load balancer",
            ),
            (
                b"2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 \
                  4249 1418530010 1418530070 ACCEPT OK",
                "VPC flow log",
            ),
            (b"version account-id interface-id srcaddr", "VPC flow log"),
            (
                b"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/1.0\" 200 2326",
                "web server",
            ),
            (b"time,bucket,key,status\n1,b,k,200\n", "comma-separated"),
            (b"Jan  1 00:00:00 host sshd[1]: hello", "text"),
            (b"[info] something, and more", "text"),
        ] {
            let found = describe(sample);
            assert!(found.contains(what), "{what}: {found}");
        }
    }
}

//! One log line, and how it is written.

use std::io::Write as _;
use std::net::Ipv6Addr;

use chrono::DateTime;

use crate::rng::mix;
use crate::rollout::Rollout;
use crate::world;

/// Where a request came from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// `-`: AWS itself.
    Nowhere,
    /// An IPv4 address.
    V4(u32),
    /// An IPv6 address.
    V6(u128),
}

impl Address {
    /// An IPv4 address from its four numbers.
    pub const fn v4(a: u8, b: u8, c: u8, d: u8) -> Self {
        Self::V4(u32::from_be_bytes([a, b, c, d]))
    }

    /// As the log writes it.
    pub fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Nowhere => out.push(b'-'),
            Self::V4(bits) => {
                for (i, byte) in bits.to_be_bytes().into_iter().enumerate() {
                    if i > 0 {
                        out.push(b'.');
                    }
                    number(out, u64::from(byte));
                }
            }
            // Writing to a vector cannot fail.
            Self::V6(bits) => drop(write!(out, "{}", Ipv6Addr::from_bits(bits))),
        }
    }

    /// The AWS region that it lies in, as far as the log knows it: the VPC's own,
    /// and those of some of AWS's other addresses; else nothing.
    pub const fn region(self) -> &'static str {
        match self {
            Self::V4(bits)
                if bits >> 24 == 10
                    || bits >> 2 == world::NAT_GATEWAYS >> 2
                    || bits >> 6 == world::AWS_HERE >> 6 =>
            {
                world::REGION
            }
            Self::V4(bits) if bits >> 4 == world::AWS_ELSEWHERE >> 4 => world::ELSEWHERE,
            _ => "",
        }
    }
}

/// How a request reached S3; decides the quotes and the fields after the host id.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Signed in a header.
    Header,
    /// Presigned.
    Query,
    /// Over TLS, unsigned.
    Anonymous,
    /// The website endpoint: plain HTTP, unsigned.
    Website,
    /// S3's own work, lifecycle: `"-"` for all that a request would have.
    Internal,
    /// A line beside the request's own line (batch delete, copy): bare `-`.
    Companion,
}

/// What a request's host names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Host<'a> {
    /// The bucket itself.
    Own,
    /// Another bucket: on the reading half of a copy the destination.
    Bucket(&'a str),
    /// The bucket itself, at the endpoint for both versions of IP.
    DualStack,
    /// An access point of the account.
    AccessPoint(&'a str),
}

impl Host<'_> {
    /// As the log writes it.
    fn write(self, bucket: &str, out: &mut Vec<u8>) {
        let (account, region) = (world::ACCOUNT, world::REGION);
        // Writing to a vector cannot fail.
        drop(match self {
            Self::Own => out.write_all(bucket.as_bytes()),
            Self::Bucket(other) => out.write_all(other.as_bytes()),
            Self::DualStack => write!(out, "{bucket}.s3.dualstack"),
            Self::AccessPoint(name) => write!(out, "{name}-{account}.s3-accesspoint"),
        });
        out.extend_from_slice(match self {
            Self::Own | Self::Bucket(_) => b".s3.",
            Self::DualStack | Self::AccessPoint(_) => b".",
        });
        out.extend_from_slice(region.as_bytes());
        out.extend_from_slice(b".amazonaws.com");
    }

    /// The access point's ARN; nothing where there is none.
    pub fn access_point(self) -> Option<String> {
        let Self::AccessPoint(name) = self else {
            return None;
        };
        let (account, region) = (world::ACCOUNT, world::REGION);
        Some(format!("arn:aws:s3:{region}:{account}:accesspoint/{name}"))
    }
}

/// How a connection was protected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: plain HTTP.
    Plain,
    /// TLS 1.0, as the log spells it.
    V10,
    /// TLS 1.2.
    V12,
    /// TLS 1.3.
    V13,
}

/// The fields of one line. What is zero or empty is written as `-`.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// Seconds since the Unix epoch.
    pub time: i64,
    /// Bucket name.
    pub bucket: &'a str,
    /// Remote address.
    pub address: Address,
    /// Requester; empty when unsigned.
    pub requester: &'a str,
    /// Number of the request; lines that share it share the request id.
    pub request: u64,
    /// Such as `REST.GET.OBJECT`; its second part is the method unless `method` says otherwise.
    pub operation: &'a str,
    /// The key as logged, that is encoded twice.
    pub key: &'a [u8],
    /// HTTP method.
    pub method: &'a str,
    /// The path where it is not the key.
    pub path: &'a [u8],
    /// Query with its question mark.
    pub query: &'a [u8],
    /// HTTP status.
    pub status: u16,
    /// Error code.
    pub error: &'a str,
    /// Bytes sent.
    pub bytes: u64,
    /// Object size.
    pub size: u64,
    /// Total time, milliseconds.
    pub total: u32,
    /// Turn-around time, milliseconds.
    pub turn: u32,
    /// Referer.
    pub referer: &'a str,
    /// User agent.
    pub agent: &'a str,
    /// Whether the object has a version.
    pub versioned: bool,
    /// How it came.
    pub channel: Channel,
    /// How the connection was protected.
    pub tls: Tls,
    /// What the caller's host names.
    pub host: &'a Host<'a>,
    /// Signed with version 2.
    pub sigv2: bool,
    /// Only an ACL allowed it.
    pub acl: bool,
}

impl Line<'_> {
    /// A line with nothing on it.
    pub const BLANK: Line<'static> = Line {
        time: 0,
        bucket: "",
        address: Address::Nowhere,
        requester: "",
        request: 0,
        operation: "REST.GET.OBJECT",
        key: b"",
        method: "GET",
        path: b"",
        query: b"",
        status: 200,
        error: "",
        bytes: 0,
        size: 0,
        total: 0,
        turn: 0,
        referer: "",
        agent: "",
        versioned: false,
        channel: Channel::Header,
        tls: Tls::V12,
        host: &Host::Own,
        sigv2: false,
        acl: false,
    };
}

/// How many fields a line has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fields {
    /// Always the same.
    Fixed(u8),
    /// What logs of different years had, line by line.
    Mixed,
}

impl std::str::FromStr for Fields {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "mixed" => Ok(Self::Mixed),
            "17" | "18" | "24" | "25" | "26" | "27" => {
                text.parse().map(Self::Fixed).map_err(|e| format!("{e}"))
            }
            _ => Err("17, 18, 24, 25, 26, 27 or mixed".into()),
        }
    }
}

/// Writes lines.
pub struct Writer {
    seed: u64,
    fields: Fields,
    rollout: Rollout,
    written: u64,
    day: i64,
    date: String,
}

impl Writer {
    /// A writer whose request and host ids follow from the seed; two that
    /// start at different numbers never write the same host id.
    pub const fn new(seed: u64, fields: Fields, rollout: Rollout, start: u64) -> Self {
        Self {
            seed,
            fields,
            rollout,
            written: start,
            day: i64::MIN,
            date: String::new(),
        }
    }

    /// Appends a line with its line feed.
    pub fn write(&mut self, line: &Line<'_>, out: &mut Vec<u8>) {
        self.written += 1;
        let noise = mix(self.seed ^ mix(self.written));
        out.extend_from_slice(world::OWNER.as_bytes());
        text(out, line.bucket);
        self.time(out, line.time);
        out.push(b' ');
        line.address.write(out);
        text(out, line.requester);
        out.push(b' ');
        request_id(out, mix(self.seed).wrapping_add(line.request));
        text(out, line.operation);
        bytes(out, line.key);
        uri(out, line);
        optional(out, u64::from(line.status));
        text(out, line.error);
        optional(out, line.bytes);
        optional(out, line.size);
        optional(out, u64::from(line.total));
        optional(out, u64::from(line.turn));
        quoted(out, line.referer, line.channel);
        let agent = self.rollout.agent(line.agent, line.time);
        quoted(out, &agent, line.channel);
        let fields = match self.fields {
            Fields::Fixed(fields) => fields,
            // A short line does not say that it is presigned, and would look like
            // the signer at a strange place.
            Fields::Mixed if line.channel == Channel::Query => 27,
            Fields::Mixed => [17, 18, 24, 25, 26, 27, 27, 27][(noise >> 61) as usize],
        };
        tail(out, line, fields, noise);
        out.push(b'\n');
    }

    fn time(&mut self, out: &mut Vec<u8>, time: i64) {
        let day = time.div_euclid(86_400);
        if day != self.day {
            self.day = day;
            self.date = DateTime::from_timestamp(day * 86_400, 0)
                .map_or_else(String::new, |date| date.format(" [%d/%b/%Y").to_string());
        }
        out.extend_from_slice(self.date.as_bytes());
        let second = time.rem_euclid(86_400);
        for part in [second / 3600, second / 60 % 60, second % 60] {
            out.extend_from_slice(&[b':', b'0' + (part / 10) as u8, b'0' + (part % 10) as u8]);
        }
        out.extend_from_slice(b" +0000]");
    }
}

/// The fields from the 18th on: version id, host id, TLS and what came later.
fn tail(out: &mut Vec<u8>, line: &Line<'_>, fields: u8, noise: u64) {
    if fields < 18 {
        return;
    }
    out.push(b' ');
    if line.versioned {
        code(out, noise, 32);
    } else {
        out.push(b'-');
    }
    if fields < 24 {
        return;
    }
    out.push(b' ');
    code(out, noise ^ 1, 75);
    out.push(b'=');
    let (signature, authentication) = match line.channel {
        Channel::Header | Channel::Companion if line.sigv2 => ("SigV2", "AuthHeader"),
        Channel::Header | Channel::Companion => ("SigV4", "AuthHeader"),
        Channel::Query => ("SigV4", "QueryString"),
        Channel::Anonymous | Channel::Website | Channel::Internal => ("", ""),
    };
    let (cipher, tls) = match (line.channel, line.tls) {
        (Channel::Website | Channel::Internal, _) | (_, Tls::Plain) => ("", ""),
        (_, Tls::V10) => ("ECDHE-RSA-AES128-SHA", "TLSv1"),
        (_, Tls::V12) => ("ECDHE-RSA-AES128-GCM-SHA256", "TLSv1.2"),
        (_, Tls::V13) => ("TLS_AES_128_GCM_SHA256", "TLSv1.3"),
    };
    text(out, signature);
    text(out, cipher);
    text(out, authentication);
    out.push(b' ');
    asked(out, line);
    text(out, tls);
    // The access point, whether the ACL was needed, the source region.
    if fields > 24 {
        text(out, &line.host.access_point().unwrap_or_default());
    }
    if fields > 25 {
        text(out, if line.acl { "Yes" } else { "" });
    }
    if fields > 26 {
        text(out, line.address.region());
    }
}

/// The host that the caller asked, as the log writes it; `-` where nobody called.
pub fn asked(out: &mut Vec<u8>, line: &Line<'_>) {
    match line.channel {
        Channel::Internal => out.push(b'-'),
        Channel::Website => {
            out.extend_from_slice(line.bucket.as_bytes());
            out.extend_from_slice(b".s3-website-eu-west-1.amazonaws.com");
        }
        _ => line.host.write(line.bucket, out),
    }
}

fn uri(out: &mut Vec<u8>, line: &Line<'_>) {
    match line.channel {
        Channel::Internal => return out.extend_from_slice(b" \"-\""),
        Channel::Companion => return out.extend_from_slice(b" -"),
        _ => {}
    }
    out.extend_from_slice(b" \"");
    out.extend_from_slice(line.method.as_bytes());
    out.extend_from_slice(b" /");
    if line.path.is_empty() {
        encoded_once(out, line.key);
    } else {
        out.extend_from_slice(&line.path[1..]);
    }
    out.extend_from_slice(line.query);
    out.extend_from_slice(b" HTTP/1.1\"");
}

/// The key field is encoded once more than the request: `%253D` there, `%3D` here.
fn encoded_once(out: &mut Vec<u8>, key: &[u8]) {
    let mut rest = key;
    while let Some(at) = memchr::memmem::find(rest, b"%25") {
        out.extend_from_slice(&rest[..=at]);
        rest = &rest[at + 3..];
    }
    out.extend_from_slice(rest);
}

fn quoted(out: &mut Vec<u8>, value: &str, channel: Channel) {
    if channel == Channel::Companion {
        return out.extend_from_slice(b" -");
    }
    out.extend_from_slice(b" \"");
    out.extend_from_slice(if value.is_empty() {
        b"-"
    } else {
        value.as_bytes()
    });
    out.push(b'"');
}

fn text(out: &mut Vec<u8>, value: &str) {
    bytes(out, value.as_bytes());
}

fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    out.push(b' ');
    out.extend_from_slice(if value.is_empty() { b"-" } else { value });
}

fn optional(out: &mut Vec<u8>, value: u64) {
    out.push(b' ');
    if value == 0 {
        out.push(b'-');
    } else {
        number(out, value);
    }
}

/// A number in decimal.
pub fn number(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// A number in hexadecimal, `width` digits of it.
pub fn hex(out: &mut Vec<u8>, value: u64, width: u32) {
    for i in (0..width).rev() {
        out.push(b"0123456789abcdef"[(value >> (4 * i) & 15) as usize]);
    }
}

/// Sixteen upper-case letters and digits: 64 bits that are distinct for
/// distinct requests, and 16 more to fill.
fn request_id(out: &mut Vec<u8>, request: u64) {
    let bits = mix(request);
    for i in 0..13 {
        out.push(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"[(bits >> (5 * i) & 31) as usize]);
    }
    for i in 0..3 {
        out.push(b"MN5QRSTVWXYZ6789"[(mix(bits) >> (4 * i) & 15) as usize]);
    }
}

/// Random text in the base64 alphabet.
fn code(out: &mut Vec<u8>, seed: u64, width: usize) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // A version id has no `+` and `/`.
    let alphabet = if width == 32 { 62 } else { 64 };
    let mut bits = seed;
    for i in 0..width {
        if i % 10 == 0 {
            bits = mix(seed
                .wrapping_add(i as u64)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15));
        }
        let at = (bits & 63) as usize;
        out.push(ALPHABET[if at < alphabet { at } else { at - 60 }]);
        bits >>= 6;
    }
}

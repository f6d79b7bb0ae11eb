//! Lines that many attacks and decoys are made of.

use crate::line::{Address, Channel, Host, Line};
use crate::world::agent;

/// An IAM user of an account that nobody knows.
pub const FOREIGN: &str = "arn:aws:iam::999988887777:user/collector";

/// One of the attackers' addresses: 203.0.113.N.
pub const fn attacker(number: u8) -> Address {
    Address::v4(203, 0, 113, number)
}

/// One of the company's machines that only attacks use.
pub const fn inside(number: u8) -> Address {
    Address::v4(10, 250, 9, number)
}

/// Who asks which bucket, and from where.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The address.
    pub address: Address,
    /// The requester; empty for nobody.
    pub requester: &'a str,
}

impl<'a> Caller<'a> {
    /// What all requests of this caller share.
    fn line(self) -> Line<'a> {
        Line {
            bucket: self.bucket,
            address: self.address,
            requester: self.requester,
            total: 31,
            agent: if self.requester.is_empty() {
                agent::PYTHON
            } else {
                agent::CLI
            },
            channel: if self.requester.is_empty() {
                Channel::Anonymous
            } else {
                Channel::Header
            },
            ..Line::BLANK
        }
    }

    /// Reads an object of so many bytes.
    pub fn get(self, key: &'a str, bytes: u64) -> Line<'a> {
        Line {
            key: key.as_bytes(),
            bytes,
            size: bytes,
            total: 31 + (bytes / 80_000) as u32,
            turn: 24,
            ..self.line()
        }
    }

    /// Looks at an object.
    pub fn head(self, key: &'a str) -> Line<'a> {
        Line {
            operation: "REST.HEAD.OBJECT",
            method: "HEAD",
            bytes: 0,
            turn: 0,
            ..self.get(key, 48_213)
        }
    }

    /// Writes an object of so many bytes.
    pub fn put(self, key: &'a str, size: u64) -> Line<'a> {
        Line {
            operation: "REST.PUT.OBJECT",
            method: "PUT",
            key: key.as_bytes(),
            size,
            turn: 22,
            ..self.line()
        }
    }

    /// Deletes an object.
    pub fn delete(self, key: &'a str) -> Line<'a> {
        Line {
            operation: "REST.DELETE.OBJECT",
            method: "DELETE",
            key: key.as_bytes(),
            status: 204,
            turn: 30,
            ..self.line()
        }
    }

    /// Deletes a version of an object.
    pub fn purge(self, key: &'a str) -> Line<'a> {
        Line {
            query: b"?versionId=3HL4kqtJvjVBH40Nrjfkd",
            versioned: true,
            ..self.delete(key)
        }
    }

    /// Lists the bucket.
    pub fn list(self) -> Line<'a> {
        Line {
            operation: "REST.GET.BUCKET",
            query: b"?list-type=2&max-keys=1000&encoding-type=url",
            bytes: 18_804,
            total: 44,
            turn: 43,
            ..self.line()
        }
    }

    /// Reads or writes a setting, such as `REST.PUT.WEBSITE`.
    pub fn setting(self, operation: &'a str, query: &'a str) -> Line<'a> {
        let method = operation.split('.').nth(1).unwrap_or("GET");
        Line {
            operation,
            method,
            query: query.as_bytes(),
            status: if method == "DELETE" { 204 } else { 200 },
            bytes: if method == "GET" { 338 } else { 0 },
            turn: 18,
            ..self.line()
        }
    }

    /// Copies an object: the line of the target.
    pub fn copy(self, key: &'a str, size: u64) -> Line<'a> {
        Line {
            operation: "REST.COPY.OBJECT",
            bytes: 275,
            ..self.put(key, size)
        }
    }

    /// Copies an object: the line of the source, in the bucket of that name.
    pub fn copied(self, key: &'a str, size: u64, target: &'a Host<'a>) -> Line<'a> {
        Line {
            operation: "REST.COPY.OBJECT_GET",
            method: "PUT",
            key: key.as_bytes(),
            size,
            host: target,
            channel: Channel::Companion,
            ..self.line()
        }
    }
}

/// The same request, refused.
pub fn denied(line: Line<'_>) -> Line<'_> {
    Line {
        status: 403,
        error: "AccessDenied",
        bytes: if line.method == "HEAD" { 0 } else { 243 },
        size: 0,
        total: 14,
        turn: 0,
        ..line
    }
}

/// The same request, for a key that is not there.
pub fn missing(line: Line<'_>) -> Line<'_> {
    Line {
        status: 404,
        error: "NoSuchKey",
        bytes: if line.method == "HEAD" { 0 } else { 311 },
        ..denied(line)
    }
}

//! The fixed hashes that leave a record.
//!
//! Observations are compared across runs and machines, so these are XXH3 with
//! no seed, for good. Tables inside one process use a random key instead,
//! because the bytes hashed here were chosen by callers.

use xxhash_rust::xxh3::{Xxh3, xxh3_64, xxh3_128};

use super::{Field, Record, Value};

/// Stands for a field that is null or absent, which is a value of its own.
pub const NO_VALUE: u64 = 0;

/// XXH3-64 of a field's bytes as they stand in the log.
#[must_use]
#[inline]
pub fn value(bytes: &[u8]) -> u64 {
    // Zero is taken; one input in 2^64 shares the value next to it.
    xxh3_64(bytes).max(1)
}

/// XXH3-128, for alert ids.
#[must_use]
pub fn wide(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}

/// What tells one record from another: XXH3-64 over request id, operation, key,
/// version id and status, each with a tag for null and absent and its length.
///
/// The lines of one batch delete share a request id and differ in key; a line
/// that was delivered twice has the same identity and the same second.
#[must_use]
pub fn identity(record: &Record<'_>) -> u64 {
    const PARTS: [Field; 5] = [
        Field::RequestId,
        Field::Operation,
        Field::KeyName,
        Field::VersionId,
        Field::HttpStatus,
    ];
    let mut hasher = Xxh3::new();
    for field in PARTS {
        match record.value(field) {
            Value::Absent | Value::Null => hasher.update(&u64::MAX.to_le_bytes()),
            Value::Bytes(bytes) => {
                hasher.update(&(bytes.len() as u64).to_le_bytes());
                hasher.update(bytes);
            }
        }
    }
    hasher.digest()
}

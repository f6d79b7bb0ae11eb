//! Names of entities and values: as people read them, without secrets, and such
//! that the bytes can be had back.
//!
//! A single value stands as it is, NULL where there was none; several stand in a
//! JSON array with `null`; those of the whole log, which are none, as an empty
//! text. What is all UTF-8 is TEXT. Otherwise it is a BLOB of the same text in
//! which [`lossless`] has escaped every value.

use std::borrow::Cow;

use rusqlite::types::{FromSqlError, FromSqlResult, Value, ValueRef};

use crate::baseline::{Tuple, tuple};
use crate::record::hash;
use crate::text::{REDACTED, json, lossless, redact, restore};

/// How many fields a kind or a dimension has, by their names with `+` between.
pub(super) fn fields(names: &str) -> usize {
    match names {
        "" => 0,
        names => names.split('+').count(),
    }
}

/// Bytes as they are stored: TEXT, or a BLOB with escapes.
pub(super) fn bytes(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::Text(text.to_owned()),
        Err(_) => Value::Blob(lossless(bytes).into_owned().into_bytes()),
    }
}

/// Bytes that were stored.
pub(super) fn bytes_of(value: ValueRef<'_>) -> FromSqlResult<Vec<u8>> {
    match value {
        ValueRef::Text(text) => Ok(text.to_vec()),
        ValueRef::Blob(text) => Ok(restore(utf8(text)?)),
        _ => Err(FromSqlError::InvalidType),
    }
}

/// Values as they are stored.
pub(super) fn encode(values: &Tuple) -> Value {
    let shown: Vec<Option<Cow<'_, [u8]>>> = values
        .iter()
        .map(|value| value.as_deref().map(redact))
        .collect();
    match &shown[..] {
        [] => Value::Text(String::new()),
        [None] => Value::Null,
        [Some(value)] => bytes(value),
        several => {
            let texts: Option<Vec<Option<&str>>> = several
                .iter()
                .map(|value| match value {
                    None => Some(None),
                    Some(value) => std::str::from_utf8(value).ok().map(Some),
                })
                .collect();
            if let Some(texts) = texts {
                return Value::Text(String::from_utf8_lossy(&array(&texts)).into_owned());
            }
            let texts: Vec<Option<Cow<'_, str>>> = several
                .iter()
                .map(|value| value.as_deref().map(lossless))
                .collect();
            Value::Blob(array(&texts))
        }
    }
}

fn array<T: serde::Serialize>(texts: &[T]) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Texts in a vector: neither can fail.
    let _ = json::write(&mut bytes, texts);
    bytes
}

/// Values that were stored, of so many fields.
pub(super) fn decode(fields: usize, value: ValueRef<'_>) -> FromSqlResult<Tuple> {
    let text = match value {
        ValueRef::Null if fields == 1 => return Ok(vec![None]),
        ValueRef::Text(text) | ValueRef::Blob(text) => utf8(text)?,
        _ => return Err(FromSqlError::InvalidType),
    };
    let bytes = |text: &str| match value {
        ValueRef::Blob(_) => restore(text),
        _ => text.as_bytes().to_vec(),
    };
    match fields {
        0 => Ok(Tuple::new()),
        1 => Ok(vec![Some(bytes(text))]),
        fields => {
            let texts: Vec<Option<String>> =
                serde_json::from_str(text).map_err(FromSqlError::other)?;
            if texts.len() != fields {
                return Err(FromSqlError::InvalidType);
            }
            let texts = texts.into_iter();
            Ok(texts.map(|text| text.map(|text| bytes(&text))).collect())
        }
    }
}

fn utf8(text: &[u8]) -> FromSqlResult<&str> {
    std::str::from_utf8(text).map_err(FromSqlError::other)
}

/// The hash of values together, which keys are made of; nothing where a secret
/// was taken out of them.
pub(super) fn hash_of(values: &Tuple) -> Option<u64> {
    let redacted = |value: &Vec<u8>| {
        let mut parts = value.windows(REDACTED.len());
        parts.any(|part| part == REDACTED.as_bytes())
    };
    if values.iter().flatten().any(redacted) {
        return None;
    }
    let hashes: Vec<u64> = values
        .iter()
        .map(|value| value.as_deref().map_or(hash::NO_VALUE, hash::value))
        .collect();
    Some(tuple(&hashes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stored(values: &[Option<&[u8]>]) -> Value {
        let values: Tuple = values
            .iter()
            .map(|value| value.map(<[u8]>::to_vec))
            .collect();
        let stored = encode(&values);
        assert_eq!(decode(values.len(), (&stored).into()), Ok(values));
        stored
    }

    #[test]
    fn names_are_readable() {
        let text = |text: &str| Value::Text(text.to_owned());
        assert_eq!(stored(&[Some(b"192.0.2.1")]), text("192.0.2.1"));
        assert_eq!(stored(&[]), text(""));
        assert_eq!(stored(&[Some(b"")]), text(""));
        assert_eq!(stored(&[None]), Value::Null);
        assert_eq!(stored(&[Some(b"a\\x41")]), text("a\\x41"));
        assert_eq!(stored(&[Some(b"a"), None]), text(r#"["a",null]"#));
        assert_eq!(stored(&[Some(b"\x1b"), None]), text(r#"["\u001b",null]"#));
        let blob = |text: &str| Value::Blob(text.as_bytes().to_vec());
        assert_eq!(stored(&[Some(b"caf\xE9 \\x41")]), blob("caf\\xE9 \\x5Cx41"));
        assert_eq!(stored(&[Some(b"\xE9"), None]), blob(r#"["\\xE9",null]"#));
    }

    #[test]
    fn secrets_are_not_stored() {
        let secret = b"/key?X-Amz-Signature=0123456789abcdef".to_vec();
        let Value::Text(text) = encode(&vec![Some(secret.clone())]) else {
            panic!("text");
        };
        assert_eq!(text, "/key?X-Amz-Signature=REDACTED");
        assert_eq!(hash_of(&vec![Some(text.into_bytes())]), None);
        assert!(hash_of(&vec![Some(secret)]).is_some());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(decode(2, ValueRef::Text(b"[\"a\"]")).is_err());
        assert!(decode(2, ValueRef::Text(b"[1,2]")).is_err());
        assert!(decode(2, ValueRef::Null).is_err());
        assert!(decode(1, ValueRef::Integer(1)).is_err());
    }

    proptest! {
        #[test]
        fn names_come_back(values in proptest::collection::vec(
            proptest::option::of(proptest::collection::vec(any::<u8>(), 0..9)), 0..4,
        )) {
            let stored = encode(&values);
            prop_assert_eq!(decode(values.len(), (&stored).into()), Ok(values));
        }

        #[test]
        fn texts_come_back(values in proptest::collection::vec(
            proptest::option::of("[\\\\x4a1\"\u{202E}\u{FF}]{0,8}"), 0..4,
        )) {
            let values: Tuple =
                values.into_iter().map(|value| value.map(String::into_bytes)).collect();
            let stored = encode(&values);
            prop_assert!(!matches!(stored, Value::Blob(_)));
            prop_assert_eq!(decode(values.len(), (&stored).into()), Ok(values));
        }
    }
}

//! Percent-decoding of keys, as often as it is asked for.
//!
//! S3 logs a key URL-encoded, in practice twice: the encoding that the client
//! put on the wire, and the log's own on top. Decoding never fails, because a
//! caller chooses the key: an escape that is none is kept as it stands. `+` is
//! kept too, since in a path it means itself. What a decoded key means is the
//! business of the rules.

use std::borrow::Cow;

/// Decodes once: `date_%253D2021` becomes `date_%3D2021`.
#[must_use]
pub fn percent_decode(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(b'%', text) else {
        return Cow::Borrowed(text);
    };
    let mut decoded = Vec::with_capacity(text.len());
    let (before, mut rest) = text.split_at(first);
    decoded.extend_from_slice(before);
    // From escape to escape; `rest` begins with one.
    while let [percent, after @ ..] = rest {
        let (byte, after) = match after {
            [high, low, after @ ..] => match escaped(*high, *low) {
                Some(byte) => (byte, after),
                None => (*percent, &rest[1..]),
            },
            _ => (*percent, after),
        };
        decoded.push(byte);
        let next = memchr::memchr(b'%', after).unwrap_or(after.len());
        let (plain, further) = after.split_at(next);
        decoded.extend_from_slice(plain);
        rest = further;
    }
    Cow::Owned(decoded)
}

/// Decodes twice: `date_%253D2021` becomes `date_=2021`.
#[must_use]
pub fn decode_twice(text: &[u8]) -> Cow<'_, [u8]> {
    match percent_decode(text) {
        Cow::Borrowed(text) => Cow::Borrowed(text),
        Cow::Owned(once) => match percent_decode(&once) {
            Cow::Owned(twice) => Cow::Owned(twice),
            // Nothing was left to decode.
            Cow::Borrowed(_) => Cow::Owned(once),
        },
    }
}

fn escaped(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    Some((digit(high)? * 16 + digit(low)?) as u8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decodes_once_and_twice() {
        for (text, once, twice) in [
            ("", "", ""),
            ("plain/key.txt", "plain/key.txt", "plain/key.txt"),
            ("date_%253D2021", "date_%3D2021", "date_=2021"),
            ("%2522", "%22", "\""),
            ("%22", "\"", "\""),
            ("%25252F", "%252F", "%2F"),
            ("Screen+Shot%2B1", "Screen+Shot+1", "Screen+Shot+1"),
            ("a%c3%A9", "aé", "aé"),
        ] {
            assert_eq!(*percent_decode(text.as_bytes()), *once.as_bytes(), "{text}");
            assert_eq!(*decode_twice(text.as_bytes()), *twice.as_bytes(), "{text}");
        }
    }

    #[test]
    fn keeps_what_is_no_escape() {
        for text in ["%", "a%", "%2", "%zz", "key%zz", "%%", "%2g", "%+1", "% 20"] {
            assert_eq!(*percent_decode(text.as_bytes()), *text.as_bytes());
            assert_eq!(*decode_twice(text.as_bytes()), *text.as_bytes());
        }
        // The escape after a stray sign still counts.
        assert_eq!(*percent_decode(b"%%41"), *b"%A");
        assert_eq!(*decode_twice(b"%25zz"), *b"%zz");
        assert_eq!(*percent_decode(b"%00%ff\xbd"), *b"\x00\xff\xbd");
    }

    #[test]
    fn borrows_where_nothing_is_escaped() {
        assert!(matches!(percent_decode(b"key"), Cow::Borrowed(_)));
        assert!(matches!(decode_twice(b"key"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn undoes_any_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let encode = |bytes: &[u8]| bytes.iter().flat_map(|b| format!("%{b:02X}").into_bytes()).collect::<Vec<u8>>();
            let once = encode(&bytes);
            prop_assert_eq!(&*percent_decode(&once), &bytes[..]);
            let twice = encode(&once);
            prop_assert_eq!(&*decode_twice(&twice), &bytes[..]);
        }

        /// Byte by byte, as plainly as can be.
        #[test]
        fn escapes_are_found_wherever_they_stand(bytes in proptest::collection::vec(prop_oneof![3 => Just(b'%'), 2 => Just(b'4'), 1 => Just(b'g'), 1 => any::<u8>()], 0..40)) {
            let (mut expected, mut at) = (Vec::new(), 0);
            while at < bytes.len() {
                let escape = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
                let byte = escape.and_then(|digits| escaped(digits[0], digits[1]));
                expected.push(byte.unwrap_or(bytes[at]));
                at += if byte.is_some() { 3 } else { 1 };
            }
            prop_assert_eq!(&*percent_decode(&bytes), &expected[..]);
        }

        #[test]
        fn never_grows_and_never_fails(bytes in proptest::collection::vec(prop_oneof![Just(b'%'), Just(b'2'), Just(b'5'), any::<u8>()], 0..64)) {
            let once = percent_decode(&bytes);
            prop_assert!(once.len() <= bytes.len());
            prop_assert_eq!(&*decode_twice(&bytes), &*percent_decode(&once));
        }
    }
}

//! Times of a report in JSON: RFC 3339 in UTC, whole seconds.

use chrono::DateTime;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

use crate::record::time::rfc3339;

#[allow(clippy::trivially_copy_pass_by_ref)] // serde calls it so
pub(super) fn serialize<S: Serializer>(time: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*time))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    read(&String::deserialize(from)?).map_err(D::Error::custom)
}

fn read(text: &str) -> Result<i64, String> {
    let time = DateTime::parse_from_rfc3339(text);
    time.map(|time| time.timestamp())
        .map_err(|error| format!("{text:?} is no time: {error}"))
}

/// Times that may not be there.
pub(super) mod option {
    use super::{Deserialize as _, Deserializer, Serializer, read, rfc3339};
    use serde::Serialize as _;
    use serde::de::Error as _;

    #[allow(clippy::ref_option)] // serde calls it so
    pub(in crate::report) fn serialize<S: Serializer>(
        time: &Option<i64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(rfc3339).serialize(serializer)
    }

    pub(in crate::report) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<i64>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        let time = text.as_deref().map(read).transpose();
        time.map_err(D::Error::custom)
    }
}

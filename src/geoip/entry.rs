//! One record of a `MaxMind` database: what publishers call a country and the
//! owner of a network.
//!
//! | published by | country | number | name |
//! |---|---|---|---|
//! | `MaxMind`, DB-IP | `country.iso_code` | `autonomous_system_number` | `autonomous_system_organization` |
//! | `MaxMind`'s Enterprise | | `traits.autonomous_system_number` | `traits.autonomous_system_organization` |
//! | `IPinfo` and others, flat | `country_code`, or `country` where that is no name | `asn`: `AS64500`, or a number | `as_name` |
//!
//! Whatever else stands in a record is passed over, and so is a value of another
//! type: only what cannot be decoded at all is an error.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};

use super::{Country, Place};

#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a map of what is known of a network")]
pub(super) struct Entry<'a> {
    #[serde(borrow)]
    country: Value<'a>,
    #[serde(borrow)]
    country_code: Value<'a>,
    #[serde(borrow)]
    asn: Value<'a>,
    #[serde(borrow)]
    as_name: Value<'a>,
    #[serde(borrow)]
    autonomous_system_number: Value<'a>,
    #[serde(borrow)]
    autonomous_system_organization: Value<'a>,
    #[serde(borrow)]
    traits: Traits<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Traits<'a> {
    #[serde(borrow)]
    autonomous_system_number: Value<'a>,
    #[serde(borrow)]
    autonomous_system_organization: Value<'a>,
}

impl<'a> Entry<'a> {
    pub(super) fn place(&self) -> Place<'a> {
        let countries = [self.country, self.country_code];
        let numbers = [
            self.autonomous_system_number,
            self.asn,
            self.traits.autonomous_system_number,
        ];
        let names = [
            self.autonomous_system_organization,
            self.as_name,
            self.traits.autonomous_system_organization,
        ];
        Place {
            country: countries.into_iter().find_map(Value::country),
            asn: numbers.into_iter().find_map(Value::number),
            owner: names.into_iter().find_map(Value::name),
        }
    }
}

/// A value, as far as anybody needs it.
#[derive(Debug, Clone, Copy, Default)]
enum Value<'a> {
    #[default]
    Other,
    Text(&'a str),
    Number(u64),
    /// The `iso_code` of a map.
    Code(&'a str),
}

impl<'a> Value<'a> {
    fn country(self) -> Option<Country> {
        match self {
            Value::Text(text) | Value::Code(text) => Country::parse(text),
            Value::Number(_) | Value::Other => None,
        }
    }

    fn number(self) -> Option<u32> {
        let number = match self {
            Value::Number(number) => u32::try_from(number).ok()?,
            Value::Text(text) => {
                let digits = text.strip_prefix("AS").unwrap_or(text);
                let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
                all_digits.then(|| digits.parse().ok())??
            }
            Value::Code(_) | Value::Other => return None,
        };
        (number != 0).then_some(number)
    }

    fn name(self) -> Option<&'a str> {
        match self {
            Value::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut value = Value::Other;
        while let Some(key) = map.next_key::<&str>()? {
            if key == "iso_code" {
                if let Value::Text(code) = map.next_value()? {
                    value = Value::Code(code);
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }
}

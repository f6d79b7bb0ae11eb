//! `geoip`: files that say in which country an address is, and whose network it
//! is in.
//!
//! What they hold is [`crate::geoip`]'s business.

use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::{GEOIP, Reader};
use crate::geoip::{File, GeoIp};

impl Reader<'_> {
    /// The files that are named, read. `@` before a name, which names files in
    /// lists, may stand here too.
    pub(super) fn geoip(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Arc<GeoIp>> {
        let wanted = format!("{GEOIP:?} must be a list of files: [\"country.mmdb\"]");
        let DeValue::Array(items) = value.get_ref() else {
            self.fail(value.span().start, wanted);
            return None;
        };
        let mut files = Vec::new();
        for item in items {
            let start = item.span().start;
            let name = match item.get_ref() {
                DeValue::String(text) => text.trim(),
                _ => "",
            };
            let name = name.strip_prefix('@').unwrap_or(name);
            if name.is_empty() {
                self.fail(start, wanted.clone());
                continue;
            }
            match File::read(&self.beside(name)) {
                Ok(file) => files.push(file),
                Err(error) => self.fail(start, error.to_string()),
            }
        }
        (!files.is_empty()).then(|| Arc::new(GeoIp::new(files)))
    }
}

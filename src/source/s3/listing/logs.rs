//! Which logs stand under an address.
//!
//! Years of a log are jumped over: a million objects of one cost as many
//! requests as there are years. What is wanted of a log is not known here.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::store::{Ask, Store};
use super::super::{Address, Fault, Object};
use super::desk::Desk;
use super::log::Log;

/// Folders of other services in a bucket of logs, below `AWSLogs/ACCOUNT/` or
/// `AWSLogs/ORGANISATION/ACCOUNT/`. No access log is delivered there, and there
/// may be millions of objects.
const SERVICES: [&str; 13] = [
    "CloudTrail",
    "CloudTrail-Aggregated",
    "CloudTrail-Digest",
    "CloudTrail-Insight",
    "CloudTrail-NetworkActivity",
    "Config",
    "GuardDuty",
    "WAFLogs",
    "elasticloadbalancing",
    "network-firewall",
    "redshift",
    "vpcdnsquerylogs",
    "vpcflowlogs",
];

/// Names that an empty prefix is told with.
const NEAR: usize = 5;

/// What stands under an address. It says of every key to which log it belongs.
#[derive(Debug, Default)]
pub(super) struct Logs {
    /// What the keys begin with.
    prefix: String,
    /// Those whose keys have a time.
    pub logs: HashSet<Log>,
    /// The first and the last key without a time.
    pub others: Option<(String, String)>,
}

/// How a search ended.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub logs: Logs,
    /// Objects that were passed and are too early to be wanted.
    pub early: u64,
    /// Why it was not brought to its end, or that nothing was found.
    pub fault: Option<Fault>,
}

/// Whether an object only stands for a folder, as the console makes them.
pub(super) fn is_marker(object: &Object) -> bool {
    object.size == 0 && object.key.ends_with('/')
}

impl Logs {
    /// What all keys begin with that are under the address and have this stem.
    pub(super) fn prefix_of(&self, stem: &str) -> String {
        let longer = if stem.len() > self.prefix.len() {
            stem
        } else {
            &self.prefix
        };
        longer.to_owned()
    }

    /// The folder of another service that a key is in; not the one that was asked
    /// for by its name.
    fn service<'a>(&self, key: &'a str) -> Option<&'a str> {
        const ROOT: &str = "AWSLogs/";
        let root = key
            .match_indices(ROOT)
            .find(|(at, _)| *at == 0 || key[..*at].ends_with('/'))?;
        let mut end = root.0 + ROOT.len();
        let mut parts = key[end..].split_inclusive('/');
        let mut part = parts.next()?;
        end += part.len();
        if part.starts_with("o-") {
            part = parts.next()?;
            end += part.len();
        }
        let is_account = part.len() == "111122223333/".len()
            && part[..part.len() - 1].bytes().all(|b| b.is_ascii_digit());
        let service = parts.next()?;
        end += service.len();
        let is_service = SERVICES.contains(&service.strip_suffix('/')?);
        (is_account && is_service && end > self.prefix.len()).then(|| &key[..end])
    }

    /// Whether an object without a time is none of a log: a folder's marker, or
    /// what another service wrote.
    pub(super) fn is_foreign(&self, object: &Object) -> bool {
        is_marker(object) || self.service(&object.key).is_some()
    }

    /// The log among whose years a key without a time stands: it is listed with
    /// that one, because all others jump over it.
    pub(super) fn owner(&self, key: &str) -> Option<Log> {
        let years = key.as_bytes().windows("0000-".len()).enumerate();
        years
            .filter(|(_, text)| text[..4].iter().all(u8::is_ascii_digit))
            .filter_map(|(at, text)| Log::before(&key[..at], text[4]))
            .find(|log| log.surrounds(key) && self.logs.contains(log))
    }

    /// Where a listing that is at `object` goes on to find what is no part of its
    /// log; none at the end of the prefix.
    pub(super) fn skip(&self, object: &Object) -> Option<String> {
        let next = match (Log::of(object), self.service(&object.key)) {
            (Some(log), _) => log.after_year(&object.key),
            // Sorts right after the slash.
            (None, Some(folder)) => format!("{}0", &folder[..folder.len() - 1]),
            (None, None) => object.key.to_string(),
        };
        (next.starts_with(&self.prefix) || next < self.prefix).then_some(next)
    }

    fn note(&mut self, object: &Object) {
        if let Some(log) = Log::of(object) {
            self.logs.insert(log);
        } else if !self.is_foreign(object) {
            let key = object.key.to_string();
            match &mut self.others {
                Some((_, last)) => *last = key,
                none => *none = Some((key.clone(), key)),
            }
        }
    }
}

/// Looks through an address.
pub(super) async fn find<S: Store>(desk: &Desk<S>, address: &Address) -> Found {
    let mut found = Found::default();
    found.logs.prefix = address.prefix.to_string();
    let mut after = Some(String::new());
    while let Some(start_after) = after {
        let ask = Ask {
            bucket: Arc::clone(&address.bucket),
            prefix: address.prefix.to_string(),
            start_after,
            max_keys: 0,
            folders: false,
        };
        let page = match desk.ask(ask).page().await {
            Ok(page) => page,
            Err(fault) => {
                found.fault = Some(fault);
                return found;
            }
        };
        for object in &page.objects {
            found.logs.note(object);
            let begin = desk.span.begin(object.named.layout);
            let early = object.named.time.is_some_and(|time| time < begin);
            found.early += u64::from(early);
        }
        let last = page.objects.last().filter(|_| page.truncated);
        after = last.and_then(|last| found.logs.skip(last));
    }
    if found.logs.logs.is_empty() && found.logs.others.is_none() {
        let near = near(desk, address).await;
        found.fault = Some(Fault::Empty { near });
    }
    found
}

/// What stands beside a prefix under which there is nothing.
async fn near<S: Store>(desk: &Desk<S>, address: &Address) -> Vec<String> {
    let name = address.prefix.strip_suffix('/').unwrap_or(&address.prefix);
    let folder = name.rfind('/').map_or(0, |slash| slash + 1);
    let ask = Ask {
        bucket: Arc::clone(&address.bucket),
        prefix: name[..folder].to_owned(),
        start_after: String::new(),
        max_keys: 0,
        folders: true,
    };
    // A help and no more: whoever may list only the prefix gets none.
    let page = desk.ask(ask).page().await.unwrap_or_default();
    let objects = page.objects.into_iter().map(|object| object.key.into());
    let mut names: Vec<String> = page.folders.into_iter().chain(objects).collect();
    names.retain(|name| !name.starts_with(&*address.prefix));
    names.truncate(NEAR);
    names
}

#[cfg(test)]
mod tests {
    use super::super::tests::object;
    use super::*;

    fn under(prefix: &str) -> Logs {
        Logs {
            prefix: prefix.to_owned(),
            ..Logs::default()
        }
    }

    #[test]
    fn folders_of_other_services_are_known() {
        let trail = "x/AWSLogs/111122223333/CloudTrail/";
        let key = format!("{trail}us-east-1/2026/02/03/a.json.gz");
        let logs = under("x/");
        assert_eq!(logs.service(&key), Some(trail));
        assert_eq!(
            logs.skip(&object(&key, 1, 0)).unwrap(),
            "x/AWSLogs/111122223333/CloudTrail0"
        );
        assert_eq!(under(trail).service(&key), None, "asked for by name");
        let many = "AWSLogs/o-abc/111122223333/Config/x";
        assert!(under("").service(many).is_some());
        for key in [
            "AWSLogs/111122223333/s3/a.log",
            "AWSLogs/11112222333/Config/a",
            "myAWSLogs/111122223333/Config/a",
            "AWSLogs/111122223333/Config",
            "AWSLogs/",
            "AWSLogs/o-a",
            "",
        ] {
            assert_eq!(under("").service(key), None, "{key}");
        }
    }

    #[test]
    fn keys_among_the_years_of_a_log_are_its_own() {
        let mut logs = under("");
        logs.note(&object("a/2026/02/03/2026-02-03-04-05-06-ABCDEFGH", 1, 0));
        logs.note(&object("b2026-02-03-04-05-06-ABCDEFGH", 1, 0));
        for (key, stem) in [
            ("a/2026/02/03/_SUCCESS", Some("a/")),
            ("a/2026/x", None),
            ("a/2026-02/x", None),
            ("a/x", None),
            ("b2026-02-03.gz", Some("b")),
            ("b2026/02/03.gz", None),
        ] {
            let owner = logs.owner(key);
            assert_eq!(owner.as_ref().map(|log| &*log.stem), stem, "{key}");
        }
    }
}

//! Which logs stand under an address.
//!
//! Years of a log are jumped over: a million objects of one cost as many
//! requests as there are years. What is wanted of a log is not known here.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::super::store::{Ask, Store};
use super::super::{Address, Fault, Object};
use super::desk::Desk;
use super::log::Log;
use super::span::Span;

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

/// Pages after each other, before folders are looked at all at once.
const PATIENCE: usize = 16;

/// Names that an empty prefix is told with.
const NEAR: usize = 5;

/// What stands under an address. It says of every key to which log it belongs.
#[derive(Debug, Default)]
pub(super) struct Logs {
    /// What the keys begin with.
    prefix: String,
    /// Those whose keys have a time.
    pub timed: HashSet<Log>,
    /// Keys without a time: the first and the last of those that stand together.
    pub others: Vec<(String, String)>,
}

/// How a search ended.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub logs: Logs,
    /// Objects that were passed and are too early to be wanted.
    pub early: u64,
    /// Whether keys were jumped over since the last one without a time.
    jumped: bool,
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
            .find(|log| log.surrounds(key) && self.timed.contains(log))
    }

    /// Where a listing that is at `object` goes on to find what is no part of its
    /// log.
    pub(super) fn skip(&self, object: &Object) -> String {
        match (Log::of(object), self.service(&object.key)) {
            (Some(log), _) => log.after_year(&object.key),
            (None, Some(folder)) => behind(folder),
            (None, None) => object.key.to_string(),
        }
    }

    /// `apart` says that keys before it were jumped over since the last one without
    /// a time.
    fn note(&mut self, object: &Object, apart: bool) {
        if is_marker(object) {
            return;
        }
        if let Some(log) = Log::of(object) {
            self.timed.insert(log);
        } else if !self.is_foreign(object) {
            let key = object.key.to_string();
            match self.others.last_mut().filter(|_| !apart) {
                Some((_, last)) => *last = key,
                None => self.others.push((key.clone(), key)),
            }
        }
    }
}

/// Looks through an address.
pub(super) async fn find<S: Store>(desk: &Desk<S>, address: &Address) -> Found {
    let mut found = Found::default();
    found.logs.prefix = address.prefix.to_string();
    let mut tasks = JoinSet::new();
    let whole = Stretch {
        address: address.clone(),
        prefix: address.prefix.to_string(),
        after: String::new(),
    };
    tasks.spawn(whole.look(desk.clone()));
    while let Some(looked) = tasks.join_next().await {
        let looked = match looked {
            Ok(looked) => looked,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => continue,
            },
        };
        for stretch in looked.more {
            tasks.spawn(stretch.look(desk.clone()));
        }
        found.add(looked.found);
    }
    if found.fault.is_none() && found.logs.timed.is_empty() && found.logs.others.is_empty() {
        let near = near(desk, address).await;
        found.fault = Some(Fault::Empty { near });
    }
    found
}

impl Found {
    fn add(&mut self, other: Self) {
        self.early += other.early;
        self.fault = self.fault.take().or(other.fault);
        self.logs.timed.extend(other.logs.timed);
        self.logs.others.extend(other.logs.others);
    }

    fn note(&mut self, object: &Object, span: &Span) {
        let others = self.logs.others.len();
        self.logs.note(object, self.jumped);
        self.jumped &= self.logs.others.len() == others;
        let begin = span.begin(object.named.layout);
        let early = object.named.time.is_some_and(|time| time < begin);
        self.early += u64::from(early);
    }
}

/// Keys under a prefix, behind one of them.
struct Stretch {
    address: Address,
    prefix: String,
    after: String,
}

/// What became of a stretch.
struct Looked {
    found: Found,
    /// What is left of it.
    more: Vec<Stretch>,
}

impl Stretch {
    /// Goes through it page by page. Where it holds many logs of more than a page
    /// its folders are left to be looked at all at once.
    async fn look<S: Store>(mut self, desk: Desk<S>) -> Looked {
        let mut looked = Looked {
            found: Found::default(),
            more: Vec::new(),
        };
        looked.found.logs.prefix = self.address.prefix.to_string();
        if let Err(fault) = self.walk(&desk, &mut looked).await {
            looked.found.fault = Some(fault);
        }
        looked
    }

    async fn walk<S: Store>(&mut self, desk: &Desk<S>, looked: &mut Looked) -> Result<(), Fault> {
        let found = &mut looked.found;
        let mut jumps = 0;
        for pages in 1.. {
            let page = desk.ask(self.ask(false)).page().await?;
            for object in &page.objects {
                found.note(object, &desk.span);
            }
            let Some(last) = page.objects.last().filter(|_| page.truncated) else {
                break;
            };
            let next = found.logs.skip(last);
            let jumped = next != *last.key;
            jumps += usize::from(jumped);
            found.jumped |= jumped;
            if !self.goes_on(&next) {
                break;
            }
            self.after = next;
            if pages % PATIENCE == 0 {
                if jumps * 2 > PATIENCE {
                    return self.split(desk, looked).await;
                }
                jumps = 0;
            }
        }
        Ok(())
    }

    /// Parts what is left into folders.
    async fn split<S: Store>(&mut self, desk: &Desk<S>, looked: &mut Looked) -> Result<(), Fault> {
        let rest = self.after.strip_prefix(&self.prefix);
        if let Some(slash) = rest.and_then(|rest| rest.find('/')) {
            // It is not said whether a folder is given that begins before.
            let folder = self.after[..=self.prefix.len() + slash].to_owned();
            let after = std::mem::replace(&mut self.after, behind(&folder));
            looked.more.push(self.part(folder, after));
        }
        let page = desk.ask(self.ask(true)).page().await?;
        for object in &page.objects {
            // There may be folders before it.
            looked.found.jumped = true;
            looked.found.note(object, &desk.span);
        }
        if page.truncated {
            let object = page.objects.last().map(|last| looked.found.logs.skip(last));
            let folder = page.folders.last().map(|last| behind(last));
            if let Some(next) = object.max(folder).filter(|next| self.goes_on(next)) {
                looked.more.push(self.part(self.prefix.clone(), next));
            }
        }
        for folder in page.folders {
            looked.more.push(self.part(folder, String::new()));
        }
        Ok(())
    }

    fn part(&self, prefix: String, after: String) -> Self {
        Self {
            address: self.address.clone(),
            prefix,
            after,
        }
    }

    /// Whether there can be keys of it behind `next`.
    fn goes_on(&self, next: &str) -> bool {
        next.starts_with(&self.prefix) || next < self.prefix.as_str()
    }

    fn ask(&self, folders: bool) -> Ask {
        Ask {
            bucket: Arc::clone(&self.address.bucket),
            prefix: self.prefix.clone(),
            start_after: self.after.clone(),
            max_keys: 0,
            folders,
        }
    }
}

/// What sorts behind all keys of a folder, and before all others that do.
fn behind(folder: &str) -> String {
    format!("{folder}{}", char::MAX)
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
            logs.skip(&object(&key, 1, 0)),
            "x/AWSLogs/111122223333/CloudTrail/\u{10ffff}"
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
        logs.note(
            &object("a/2026/02/03/2026-02-03-04-05-06-ABCDEFGH", 1, 0),
            false,
        );
        logs.note(&object("b2026-02-03-04-05-06-ABCDEFGH", 1, 0), false);
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

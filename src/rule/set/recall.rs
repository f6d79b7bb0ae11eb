//! What records that are alike leave possible, remembered.
//!
//! Lines by the thousand differ in nothing but address, key, sizes and time.
//! What else a condition can ask for is the same for all of them: so it is asked
//! once, and remembered by these fields and by what is derived from the address.
//! They are compared byte for byte, never by a hash alone, so nobody
//! can choose a line that is taken for another.

use crate::record::derived::View;
use crate::record::{Field, Value, hash};
use crate::rule::matcher::{Expr, Place, Test};
use crate::settings::Settings;

/// Fields of the log by which a record is recalled.
const BY: [Field; 13] = [
    Field::BucketOwnerId,
    Field::BucketName,
    Field::Requester,
    Field::Operation,
    Field::HttpStatus,
    Field::ErrorCode,
    Field::UserAgent,
    Field::SignatureVersion,
    Field::CipherSuite,
    Field::AuthenticationType,
    Field::HostHeader,
    Field::TlsVersion,
    Field::AclRequired,
];

/// Fields of the log of which it matters whether they hold something.
const HELD: [Field; 4] = [
    Field::RemoteIp,
    Field::KeyName,
    Field::RequestUri,
    Field::VersionId,
];

/// Flags that rest on the address and more: their values are compared themselves.
const NETWORK: [Field; 2] = [Field::UnknownNetwork, Field::AwsAddress];

/// Derived fields that follow from all of these.
const FOLLOWS: [Field; 22] = [
    Field::RequesterType,
    Field::RequesterAccount,
    Field::Principal,
    Field::SessionName,
    Field::Internal,
    Field::Person,
    Field::Ec2Session,
    Field::ForeignAccount,
    Field::Stranger,
    Field::AddressClass,
    Field::OperationClass,
    Field::DeletedObject,
    Field::Weakening,
    Field::Exposing,
    Field::Website,
    Field::Ok,
    Field::Readable,
    Field::ErrorClass,
    Field::Billed,
    Field::Presigned,
    Field::Plaintext,
    Field::LegacyTls,
];

/// And from the user agent alone.
const AGENT: [Field; 2] = [Field::Tool, Field::UserAgentFamily];

/// How many kinds of records are remembered; a power of two.
const PLACES: usize = 1 << 12;

/// A record of which more would have to be remembered is not, bytes: callers
/// choose their user agents.
const LONGEST: usize = 1 << 10;

/// Whether records that are recalled by the same fields have the same value here.
#[must_use]
pub fn is_recalled(field: Field) -> bool {
    BY.contains(&field)
        || NETWORK.contains(&field)
        || FOLLOWS.contains(&field)
        || AGENT.contains(&field)
}

/// Whether records that are recalled by the same fields meet a condition alike.
#[must_use]
pub fn is_alike(expr: &Expr, settings: &Settings) -> bool {
    let mut alike = true;
    expr.each_test(&mut |test| {
        alike &= match test {
            Test::Class(_) | Test::RequesterType(_) | Test::Unset(_) => true,
            Test::Null(field) | Test::Exists(field) => is_recalled(*field) || HELD.contains(field),
            Test::Flag(field, _)
            | Test::Text(Place::Field(field), _)
            | Test::Regex(Place::Field(field), _)
            | Test::Number(field, ..)
            | Test::Numbers(field, _) => is_recalled(*field),
            Test::Related(related) => is_recalled(related.field) && is_recalled(related.other),
            Test::Networks(networks) => settings.trusted_networks.as_ref() == Some(networks),
            Test::Text(Place::Line, _)
            | Test::Regex(Place::Line, _)
            | Test::Time(..)
            | Test::Assumed(..)
            | Test::Network(_)
            | Test::Hours(_) => false,
        };
    });
    alike
}

/// What kinds of records leave possible.
#[derive(Debug, Default)]
pub struct Recall {
    kinds: Vec<Option<Kind>>,
    /// The fields of the record at hand.
    by: Vec<u8>,
}

/// Records that are alike.
#[derive(Debug)]
struct Kind {
    by: Box<[u8]>,
    possible: Box<[u64]>,
}

impl Recall {
    /// The words of what this record leaves possible; `find` finds it where no
    /// record like it is remembered.
    pub fn possible(
        &mut self,
        view: &View<'_, '_>,
        possible: &mut Vec<u64>,
        find: impl FnOnce(&mut Vec<u64>),
    ) {
        self.read(view);
        if self.by.len() > LONGEST {
            return find(possible);
        }
        if self.kinds.is_empty() {
            self.kinds.resize_with(PLACES, || None);
        }
        let place = &mut self.kinds[hash::value(&self.by) as usize % PLACES];
        match place {
            Some(kind) if *kind.by == *self.by => {
                possible.clear();
                possible.extend_from_slice(&kind.possible);
            }
            _ => {
                find(possible);
                *place = Some(Kind {
                    by: self.by.as_slice().into(),
                    possible: possible.as_slice().into(),
                });
            }
        }
    }

    /// Writes the fields of a record so that no two ways to fill them look alike.
    fn read(&mut self, view: &View<'_, '_>) {
        let record = view.record();
        let by = &mut self.by;
        by.clear();
        for field in BY {
            match record.value(field) {
                Value::Absent => by.extend_from_slice(&[0; 4]),
                Value::Null => by.extend_from_slice(&1u32.to_le_bytes()),
                Value::Bytes(bytes) => {
                    by.extend_from_slice(&(bytes.len() as u32 + 2).to_le_bytes());
                    by.extend_from_slice(bytes);
                }
            }
        }
        by.extend(HELD.map(|field| u8::from(record.bytes(field).is_some())));
        by.extend(NETWORK.map(|field| view.flag(field).map_or(2, u8::from)));
        by.push(u8::from(view.is_trusted_network()));
        by.extend(
            view.bytes(Field::AddressClass)
                .map(<[u8]>::len)
                .map(|n| n as u8),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::{RuleSet, Scratch};
    use crate::alert::Level;
    use crate::observation::Observations;
    use crate::record::Record;
    use crate::record::derived::View;
    use crate::rule::{compile, load};
    use crate::settings::Settings;
    use crate::settings::aws_ranges::AwsRanges;

    const SETTINGS: &str = r#"
        trusted_networks = ["192.0.2.0/24", "10.0.0.0/8"]
        accounts = ["111122223333"]
        trusted_accounts = ["444455556666"]
        public_buckets = ["site"]
        buckets = ["b", "site"]
        watched_keys = ["index.html"]
        log_buckets = ["site"]
        vpc_only_buckets = ["b"]
        work_hours = ["Mon-Fri 08:00-18:00"]
    "#;

    fn shipped() -> Arc<RuleSet> {
        let ranges = br#"{"createDate": "2026-01-02-03-04-05", "prefixes": [
            {"ip_prefix": "198.51.100.0/24", "region": "eu-west-1"}]}"#;
        let mut settings = Settings::parse(SETTINGS, "s3sentry.toml".as_ref()).unwrap();
        settings.aws_ranges = Some(AwsRanges::parse(ranges, "r.json".as_ref()).unwrap());
        let documents = load(&[]).unwrap();
        Arc::new(compile(&documents, &Arc::new(settings), Level::Informational).unwrap())
    }

    thread_local! {
        static RULES: Arc<RuleSet> = shipped();
    }

    fn of(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
        proptest::sample::select(texts)
    }

    fn line() -> impl Strategy<Value = String> {
        let who = (
            of(&["o", "79a5"]),
            of(&["b", "site"]),
            of(&["29/Feb/2024:12:00:00", "01/Mar/2024:23:00:00"]),
            of(&["-", "192.0.2.7", "198.51.100.7", "10.1.2.3", "2001:db8::1"]),
            of(&[
                "-",
                "79a5",
                "arn:aws:iam::111122223333:user/ann",
                "arn:aws:sts::111122223333:assumed-role/app/i-0123456789abcdef0",
                "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForConfig/x",
                "arn:aws:iam::444455556666:root",
                "arn:aws:iam::999988887777:root",
                "svc:logging.s3.amazonaws.com",
                "svc:cloudfront.amazonaws.com",
            ]),
        );
        let what = (
            of(&[
                "REST.GET.OBJECT",
                "REST.PUT.OBJECT",
                "REST.DELETE.OBJECT",
                "REST.COPY.OBJECT_GET",
                "REST.GET.BUCKET",
                "REST.PUT.ACL",
                "REST.PUT.LIFECYCLE",
                "WEBSITE.GET.OBJECT",
                "S3.EXPIRE.OBJECT",
            ]),
            of(&[
                "-",
                ".env",
                "index.html",
                "a/_temporary/0",
                "a.locked",
                "HOW_TO_DECRYPT.txt",
            ]),
            of(&[
                "-",
                "GET /b/k HTTP/1.1",
                "GET /.env HTTP/1.1",
                "GET /a?X-Amz-Expires=90000 HTTP/1.1",
            ]),
            of(&[
                "200 -",
                "204 -",
                "304 -",
                "403 AccessDenied",
                "404 NoSuchKey",
                "- -",
            ]),
            of(&["-", "2000000000"]),
            of(&["-", "sqlmap/1", "aws-cli/2"]),
            of(&["-", "v1"]),
        );
        let how = of(&[
            "",
            " h - - - -",
            " h SigV4 ECDHE AuthHeader b.s3.eu-west-1.amazonaws.com TLSv1.2 - -",
            " h SigV2 ECDHE QueryString other.s3.amazonaws.com TLSv1 - Yes",
            " h SigV4 - AuthHeader s3.amazonaws.com - - Yes",
            " h SigV4 ECDHE AuthHeader s3.eu-west-1.amazonaws.com TLSv1.2 - -",
        ]);
        (who, what, how).prop_map(|((owner, bucket, time, ip, requester), what, how)| {
            let (operation, key, uri, result, size, agent, version) = what;
            format!(
                "{owner} {bucket} [{time} +0000] {ip} {requester} R {operation} {key} \
                 \"{uri}\" {result} {size} {size} 1 1 \"-\" \"{agent}\" {version}{how}"
            )
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// Records that come after others are matched as they would be alone.
        #[test]
        fn what_is_recalled_is_what_would_be_found(
            lines in proptest::collection::vec(line(), 1..40),
        ) {
            let set = RULES.with(Arc::clone);
            let mut scratch = Scratch::default();
            for line in lines {
                let record = Record::parse(line.as_bytes()).unwrap();
                let mut found = Observations::default();
                set.observe(&record, (0, 0), &mut scratch, &mut found, None);
                let view = View::new(&record, &set.settings);
                for (bit, selection) in set.selections.iter().enumerate() {
                    if !selection.refines.is_empty() {
                        continue;
                    }
                    let matched = found.iter().any(|observation| observation.matched(bit));
                    prop_assert_eq!(matched, selection.expr.matches(&view), "{}\n{:?}", line, selection.expr);
                }
            }
        }
    }
}

//! Fields that a record implies: who, what, from where, and whether the owner
//! has a reason to know them.
//!
//! A [`View`] computes each one when it is asked for, and once: it remembers all
//! but what is only a piece of something or a look into a short table. Every
//! derived field is a pure function of the record and the settings; what
//! came before or after the record may not enter here. One module a theme
//! holds its tables; here is only which field comes from which.
//! `docs/fields.md` says what each means.

pub mod agent;
pub mod error;
mod glob;
pub mod host;
pub mod key;
mod memo;
pub mod network;
pub mod operation;
pub mod presigned;
pub mod probe;
pub mod requester;
pub mod tier;
pub mod transport;
mod trust;
mod words;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::net::IpAddr;
use std::sync::LazyLock;

use self::host::Host;
use self::network::{AddressClass, Name};
use self::operation::OperationClass;
use self::presigned::Presigned;
use self::probe::Probe;
use self::requester::{Requester, RequesterType};
use self::tier::Tier;
use super::decode::decode_twice;
use super::{Field, Kind, Record};
use crate::geoip::{Country, Place};
use crate::ioc;
use crate::settings::Settings;

/// One record as rules see it.
#[derive(Debug)]
pub struct View<'r, 'a> {
    record: &'r Record<'a>,
    settings: &'r Settings,
    flags: Flags,
    class: OnceCell<Option<OperationClass>>,
    requester: OnceCell<Requester<'a>>,
    ok: OnceCell<bool>,
    trusted: OnceCell<bool>,
    tool: OnceCell<Option<&'static str>>,
    family: OnceCell<Option<Cow<'a, [u8]>>>,
    presigned: OnceCell<Option<Presigned<'a>>>,
    host: OnceCell<Option<Host<'a>>>,
    object_key: OnceCell<Option<Cow<'a, [u8]>>>,
    /// Only where it differs from the key.
    lower_key: OnceCell<Option<Vec<u8>>>,
    key_tier: OnceCell<Option<Tier>>,
    probe: OnceCell<Option<Probe>>,
    remote_host: OnceCell<Option<Name>>,
    remote_net: OnceCell<Option<Name>>,
    remote_wide_net: OnceCell<Option<Name>>,
    network_value: OnceCell<Option<Name>>,
    ioc: OnceCell<Option<ioc::Match<'r>>>,
    aws_network: OnceCell<Option<&'r str>>,
    place: OnceCell<Place<'r>>,
    /// Decimal digits of `remote_asn`.
    asn_text: OnceCell<Option<String>>,
}

impl<'r, 'a> View<'r, 'a> {
    /// Nothing is computed yet.
    #[must_use]
    pub fn new(record: &'r Record<'a>, settings: &'r Settings) -> Self {
        Self {
            record,
            settings,
            flags: Flags::default(),
            class: OnceCell::new(),
            requester: OnceCell::new(),
            ok: OnceCell::new(),
            trusted: OnceCell::new(),
            tool: OnceCell::new(),
            family: OnceCell::new(),
            presigned: OnceCell::new(),
            host: OnceCell::new(),
            object_key: OnceCell::new(),
            lower_key: OnceCell::new(),
            key_tier: OnceCell::new(),
            probe: OnceCell::new(),
            remote_host: OnceCell::new(),
            remote_net: OnceCell::new(),
            remote_wide_net: OnceCell::new(),
            network_value: OnceCell::new(),
            ioc: OnceCell::new(),
            aws_network: OnceCell::new(),
            place: OnceCell::new(),
            asn_text: OnceCell::new(),
        }
    }

    /// The record itself.
    #[must_use]
    pub fn record(&self) -> &'r Record<'a> {
        self.record
    }

    /// A field's value as bytes; flags are `true` or `false`, derived numbers
    /// decimal digits; `None` when it is null or absent.
    #[must_use]
    pub fn bytes(&self, field: Field) -> Option<&[u8]> {
        if field.is_log() {
            return self.record.bytes(field);
        }
        match field.kind() {
            Kind::Flag => self
                .flag(field)
                .map(|flag| if flag { &b"true"[..] } else { b"false" }),
            Kind::Number => self.digits(field),
            Kind::Text => self.text(field),
        }
    }

    /// A field as a number, of the log or derived; `None` when it is null,
    /// absent or no number.
    #[must_use]
    pub fn number(&self, field: Field) -> Option<u64> {
        match field {
            Field::BytesOut => self.record.number(operation::bytes_out(self.record)),
            Field::PresignedExpires => self.presigned()?.expires,
            Field::HourOfWeek => self.record.time().map(hour_of_week),
            Field::RemoteAsn => self.place().asn.map(u64::from),
            _ => self.record.number(field),
        }
    }

    /// A field that is true or false; `None` for any other, and for one that
    /// the settings leave open.
    #[must_use]
    pub fn flag(&self, field: Field) -> Option<bool> {
        if field.kind() != Kind::Flag {
            return None;
        }
        self.flags.get(field, || self.compute_flag(field))
    }

    /// `operation_class`; `None` when the record has no operation.
    #[must_use]
    pub fn class(&self) -> Option<OperationClass> {
        *self
            .class
            .get_or_init(|| self.record.bytes(Field::Operation).map(operation::class))
    }

    /// `ok`.
    #[must_use]
    pub fn ok(&self) -> bool {
        *self.ok.get_or_init(|| operation::ok(self.record))
    }

    /// The requester in its parts.
    #[must_use]
    pub fn requester(&self) -> &Requester<'a> {
        self.requester.get_or_init(|| Requester::of(self.record))
    }

    fn text(&self, field: Field) -> Option<&[u8]> {
        let record = self.record;
        match field {
            Field::RequesterType => Some(self.requester().kind.as_str().as_bytes()),
            Field::RequesterAccount => self.requester().account,
            Field::Principal => self.requester().principal.map(|principal| principal.0),
            Field::SessionName => self.requester().session,
            Field::Actor => self
                .text(Field::Principal)
                .or_else(|| self.text(Field::RemoteHost)),
            Field::AddressClass => Some(AddressClass::of(record.address()).as_str().as_bytes()),
            Field::RemoteHost => self.network(&self.remote_host, network::remote_host),
            Field::RemoteNet => self.network(&self.remote_net, network::remote_net),
            Field::RemoteWideNet => self.network(&self.remote_wide_net, network::remote_wide_net),
            Field::NetworkValue => match self.aws_network() {
                Some(name) => Some(name.as_bytes()),
                None => self.network(&self.network_value, network::network_value),
            },
            Field::RemoteCountry => self.place().country.as_ref().map(Country::as_bytes),
            Field::RemoteOwner => self.place().owner.map(str::as_bytes),
            Field::RemoteService => self.aws_service().map(str::as_bytes),
            Field::IocList => Some(self.ioc()?.list.name.as_bytes()),
            Field::IocEntry => Some(self.ioc()?.entry.as_bytes()),
            Field::IocLevel => Some(self.ioc()?.list.level.as_str().as_bytes()),
            Field::OperationClass => self.class().map(|class| class.as_str().as_bytes()),
            Field::ErrorClass => error::class(record).map(|class| class.as_str().as_bytes()),
            Field::PresignedCredential => self.presigned()?.credential.as_deref(),
            Field::Tool => self.tool().map(str::as_bytes),
            Field::UserAgentFamily => self.family(),
            Field::HostBucket => self.host()?.bucket(),
            Field::BucketRegion => self.bucket_region(),
            Field::ObjectKey => self.object_key(),
            Field::KeyPrefix => self.object_key().map(key::prefix),
            Field::KeyLast => self.object_key().map(key::last),
            Field::KeySuffix => key::suffix(key::last(self.lower_key()?)),
            Field::KeyTier => self.key_tier().map(|tier| tier.as_str().as_bytes()),
            Field::Probe => self.probe().map(|probe| probe.class.as_bytes()),
            Field::ProbeMatch => self.probe().map(|probe| probe.text.as_bytes()),
            // `log_bucket` too: what is read so far does not come from a bucket.
            _ => None,
        }
    }

    fn digits(&self, field: Field) -> Option<&[u8]> {
        match field {
            Field::BytesOut => {
                let digits = self.record.bytes(operation::bytes_out(self.record))?;
                self.number(field)?;
                // One number has one text.
                let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
                Some(&digits[zeros.min(digits.len() - 1)..])
            }
            Field::PresignedExpires => self.presigned()?.expires_text.as_deref().map(str::as_bytes),
            Field::HourOfWeek => {
                let hour = self.number(field)?;
                HOURS.get(hour as usize).map(String::as_bytes)
            }
            Field::RemoteAsn => {
                let text = || self.place().asn.map(|asn| asn.to_string());
                let text = self.asn_text.get_or_init(text).as_deref();
                text.map(str::as_bytes)
            }
            _ => None,
        }
    }

    fn compute_flag(&self, field: Field) -> Option<bool> {
        let record = self.record;
        let operation = |is: fn(super::Operation<'_>) -> bool| record.operation().is_some_and(is);
        let key = |is: fn(&[u8]) -> bool| self.lower_key().is_some_and(is);
        Some(match field {
            Field::Internal => self.requester().is_internal(record),
            Field::Person => self.requester().is_person,
            Field::Ec2Session => self.requester().is_ec2_session(),
            Field::ForeignAccount => return self.is_foreign_account(),
            Field::Stranger => self.is_stranger(),
            Field::AwsAddress => return self.is_aws_address(),
            Field::UnknownNetwork => return self.is_unknown_network(),
            Field::DeletedObject => operation(operation::is_deleted_object),
            Field::Weakening => operation(operation::is_weakening),
            Field::Exposing => operation(operation::is_exposing),
            Field::Website => operation(operation::is_website),
            Field::OffHours => return self.is_off_hours(),
            Field::Ok => self.ok(),
            Field::Readable => self.ok() || record.status() == Some(304),
            Field::Billed => error::is_billed(record, || self.is_outside()),
            Field::Presigned => self.is_presigned(),
            Field::Plaintext => transport::is_plaintext(record),
            Field::LegacyTls => transport::is_legacy(record),
            Field::KeyHasBucket => {
                let (key, bucket) = (self.object_key(), record.bytes(Field::BucketName));
                key.zip(bucket)
                    .is_some_and(|(key, bucket)| key::has_part(key, bucket))
            }
            Field::Staging => key(key::is_staging),
            Field::BenignMiss => key(key::is_benign) || self.is_look_before_write(),
            Field::LogObject => key(|key| key::is_log(key::last(key))),
            // `new_principal` and `new_network`, too: only a baseline knows, which
            // is asked later.
            _ => return None,
        })
    }

    /// By the field that AWS fills in: a caller can write anything into the URI.
    fn is_presigned(&self) -> bool {
        self.record.bytes(Field::AuthenticationType) == Some(b"QueryString")
    }

    fn presigned(&self) -> Option<&Presigned<'a>> {
        let cell = &self.presigned;
        cell.get_or_init(|| self.is_presigned().then(|| Presigned::of(self.record)))
            .as_ref()
    }

    fn tool(&self) -> Option<&'static str> {
        let agent = || self.record.bytes(Field::UserAgent);
        *self.tool.get_or_init(|| agent().and_then(agent::tool))
    }

    fn family(&self) -> Option<&[u8]> {
        let agent = || self.record.bytes(Field::UserAgent);
        self.family
            .get_or_init(|| agent().and_then(agent::family))
            .as_deref()
    }

    /// An SDK that asks whether an object is there, with credentials that were
    /// accepted: S3 says 404 only to who may list, and they need not guess.
    fn is_look_before_write(&self) -> bool {
        let kind = || self.requester().kind;
        self.record.status() == Some(404)
            && self.record.operation().is_some_and(operation::is_head)
            && !matches!(kind(), RequesterType::Anonymous | RequesterType::AuthFailed)
            && self.family().is_some_and(agent::is_sdk)
    }

    fn host(&self) -> Option<&Host<'a>> {
        self.host.get_or_init(|| Host::of(self.record)).as_ref()
    }

    /// The region that the host names, if it is this bucket's: not where the
    /// host is the destination of a copy, nor where the caller was sent
    /// elsewhere or signed for another region.
    fn bucket_region(&self) -> Option<&[u8]> {
        let record = self.record;
        let host = self.host()?;
        let here = match host.bucket() {
            Some(bucket) => Some(bucket) == record.bytes(Field::BucketName),
            None => !record.operation().is_some_and(operation::is_copied_from),
        };
        let astray = error::class(record) == Some(error::ErrorClass::AuthBenign);
        (here && !astray).then(|| host.region()).flatten()
    }

    fn object_key(&self) -> Option<&[u8]> {
        self.object_key
            .get_or_init(|| self.record.bytes(Field::KeyName).map(decode_twice))
            .as_deref()
    }

    fn lower_key(&self) -> Option<&[u8]> {
        let key = self.object_key()?;
        let differs = || key.iter().any(u8::is_ascii_uppercase);
        let cell = &self.lower_key;
        let lower = cell.get_or_init(|| differs().then(|| key.to_ascii_lowercase()));
        Some(lower.as_deref().unwrap_or(key))
    }

    fn key_tier(&self) -> Option<Tier> {
        let size = || self.record.number(Field::ObjectSize);
        let tier = || self.lower_key().map(|key| tier::tier(key, size()));
        *self.key_tier.get_or_init(tier)
    }

    fn probe(&self) -> Option<Probe> {
        let uri = || self.record.bytes(Field::RequestUri);
        *self
            .probe
            .get_or_init(|| probe::probe(uri(), self.object_key()))
    }

    /// What is known of the address: country, and whose network.
    #[must_use]
    pub fn place(&self) -> &Place<'r> {
        self.place.get_or_init(|| {
            let geoip = self.settings.geoip.as_deref();
            let found = geoip.and_then(|geoip| Some(geoip.get(self.record.address()?)));
            found.unwrap_or_default()
        })
    }

    /// The service of AWS that the address is used by.
    fn aws_service(&self) -> Option<&'r str> {
        let ranges = self.settings.aws_ranges.as_ref()?;
        ranges.service(self.record.address()?)
    }

    /// Of the entries of lists of indicators that fit, the one that is told
    /// first.
    fn ioc(&self) -> Option<ioc::Match<'r>> {
        *self.ioc.get_or_init(|| {
            let lists = self.settings.ioc.as_deref()?;
            lists.first(self.record.address(), |kind| self.bytes(kind.field()))
        })
    }

    /// All of them; of the networks of one list only the longest.
    #[must_use]
    pub fn indicators(&self) -> Vec<ioc::Match<'r>> {
        let lists = self.settings.ioc.as_deref();
        lists.map_or_else(Vec::new, |lists| {
            lists.all(self.record.address(), |kind| self.bytes(kind.field()))
        })
    }

    fn network<'v>(
        &'v self,
        cell: &'v OnceCell<Option<Name>>,
        write: fn(IpAddr) -> Name,
    ) -> Option<&'v [u8]> {
        cell.get_or_init(|| self.record.address().map(write))
            .as_ref()
            .map(Name::as_bytes)
    }
}

/// Hours since Monday, midnight UTC. The epoch began on a Thursday.
fn hour_of_week(time: i64) -> u64 {
    (time.div_euclid(3600) + 72).rem_euclid(168) as u64
}

static HOURS: LazyLock<[String; 168]> =
    LazyLock::new(|| std::array::from_fn(|hour| hour.to_string()));

/// What was asked of flags and what they are: two bits a derived field, so
/// that a record for which none is asked costs one word.
#[derive(Debug, Default)]
struct Flags(Cell<u128>);

impl Flags {
    const UNKNOWN: u128 = 0;
    const NULL: u128 = 1;
    const FALSE: u128 = 2;
    const TRUE: u128 = 3;

    fn get(&self, field: Field, compute: impl FnOnce() -> Option<bool>) -> Option<bool> {
        let shift = (field as usize - Field::LOG_COUNT) * 2;
        let bits = match self.0.get() >> shift & 3 {
            Self::UNKNOWN => {
                let bits = match compute() {
                    None => Self::NULL,
                    Some(false) => Self::FALSE,
                    Some(true) => Self::TRUE,
                };
                // Computing it may have asked for others.
                self.0.set(self.0.get() | bits << shift);
                bits
            }
            bits => bits,
        };
        (bits != Self::NULL).then_some(bits == Self::TRUE)
    }
}

/// There are two bits for every derived field.
const _: () = assert!((Field::ALL.len() - Field::LOG_COUNT) * 2 <= u128::BITS as usize);

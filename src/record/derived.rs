//! Fields that a record implies: who, what, from where, and whether the owner
//! has a reason to know them.
//!
//! A [`View`] computes each one when it is first asked for and never twice.
//! Every derived field is a pure function of the record and the settings; what
//! came before or after the record may not enter here.

pub mod network;
pub mod operation;
pub mod requester;

use std::borrow::Cow;
use std::cell::OnceCell;

use self::network::AddressClass;
use self::operation::OperationClass;
use self::requester::{Requester, RequesterType};
use super::decode::decode_twice;
use super::{Field, Record};
use crate::settings::Settings;

/// One record as rules see it.
#[derive(Debug)]
pub struct View<'r, 'a> {
    record: &'r Record<'a>,
    settings: &'r Settings,
    class: OnceCell<Option<OperationClass>>,
    requester: OnceCell<Requester<'a>>,
    ok: OnceCell<bool>,
    object_key: OnceCell<Option<Cow<'a, [u8]>>>,
    remote_host: OnceCell<Option<String>>,
    remote_net: OnceCell<Option<String>>,
    network_value: OnceCell<Option<String>>,
    unknown_network: OnceCell<Option<bool>>,
    stranger: OnceCell<bool>,
}

impl<'r, 'a> View<'r, 'a> {
    /// Nothing is computed yet.
    #[must_use]
    pub fn new(record: &'r Record<'a>, settings: &'r Settings) -> Self {
        Self {
            record,
            settings,
            class: OnceCell::new(),
            requester: OnceCell::new(),
            ok: OnceCell::new(),
            object_key: OnceCell::new(),
            remote_host: OnceCell::new(),
            remote_net: OnceCell::new(),
            network_value: OnceCell::new(),
            unknown_network: OnceCell::new(),
            stranger: OnceCell::new(),
        }
    }

    /// The record itself.
    #[must_use]
    pub fn record(&self) -> &'r Record<'a> {
        self.record
    }

    /// A field's value as bytes; flags are `true` or `false`; `None` when it is
    /// null or absent.
    #[must_use]
    pub fn bytes(&self, field: Field) -> Option<&[u8]> {
        if field.is_log() {
            return self.record.bytes(field);
        }
        match field {
            Field::RequesterType => Some(self.requester().kind.as_str().as_bytes()),
            Field::RequesterAccount => self.requester().account,
            Field::Principal => self.requester().principal.map(|principal| principal.0),
            Field::SessionName => self.requester().session,
            Field::Actor => self
                .bytes(Field::Principal)
                .or_else(|| self.bytes(Field::RemoteHost)),
            Field::OperationClass => self.class().map(|class| class.as_str().as_bytes()),
            Field::ObjectKey => self.object_key(),
            Field::KeyLast => self
                .object_key()
                .map(|key| memchr::memrchr(b'/', key).map_or(key, |slash| &key[slash + 1..])),
            Field::AddressClass => {
                Some(AddressClass::of(self.record.address()).as_str().as_bytes())
            }
            Field::RemoteHost => self.network(&self.remote_host, network::remote_host),
            Field::RemoteNet => self.network(&self.remote_net, network::remote_net),
            Field::NetworkValue => self.network(&self.network_value, network::network_value),
            _ => self
                .flag(field)
                .map(|flag| if flag { &b"true"[..] } else { b"false" }),
        }
    }

    /// A field's value as a number; `None` when it is null, absent or none.
    #[must_use]
    pub fn number(&self, field: Field) -> Option<u64> {
        self.record.number(field)
    }

    /// A field that is true or false; `None` for any other, and for one that
    /// the settings leave open.
    #[must_use]
    pub fn flag(&self, field: Field) -> Option<bool> {
        match field {
            Field::Internal => Some(self.requester().is_internal(self.record)),
            Field::Ok => Some(self.ok()),
            Field::Presigned => Some(self.presigned()),
            Field::UnknownNetwork => self.unknown_network(),
            Field::Stranger => Some(self.stranger()),
            _ => None,
        }
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

    fn object_key(&self) -> Option<&[u8]> {
        self.object_key
            .get_or_init(|| self.record.bytes(Field::KeyName).map(decode_twice))
            .as_deref()
    }

    fn network<'v>(
        &'v self,
        cell: &'v OnceCell<Option<String>>,
        write: fn(std::net::IpAddr) -> String,
    ) -> Option<&'v [u8]> {
        cell.get_or_init(|| self.record.address().map(write))
            .as_deref()
            .map(str::as_bytes)
    }

    /// By the field that AWS fills in: a caller can write anything into the URI.
    fn presigned(&self) -> bool {
        self.record.bytes(Field::AuthenticationType) == Some(b"QueryString")
    }

    fn is_trusted_network(&self) -> bool {
        match (&self.settings.trusted_networks, self.record.address()) {
            (Some(networks), Some(address)) => networks.contains(address),
            _ => false,
        }
    }

    /// Outside every trusted network, and public; nothing is known to be
    /// unknown while there is no such list.
    fn unknown_network(&self) -> Option<bool> {
        *self.unknown_network.get_or_init(|| {
            self.settings.trusted_networks.as_ref()?;
            let public = AddressClass::of(self.record.address()) == AddressClass::Public;
            Some(public && !self.is_trusted_network())
        })
    }

    /// Anonymous; or of an account in neither list; or a principal of an own
    /// account on an unknown network. Never AWS itself, never a trusted
    /// network, never by a presigned request, which is meant for others.
    fn stranger(&self) -> bool {
        *self.stranger.get_or_init(|| {
            let requester = self.requester();
            match requester.kind {
                RequesterType::AwsService
                | RequesterType::OriginAccess
                | RequesterType::AuthFailed => return false,
                _ => {}
            }
            if self.presigned() || requester.is_internal(self.record) || self.is_trusted_network() {
                return false;
            }
            if requester.kind == RequesterType::Anonymous {
                return true;
            }
            match self.relation() {
                Relation::Own => self.unknown_network() == Some(true),
                Relation::Trusted => false,
                Relation::Foreign => true,
            }
        })
    }

    /// Whose account the requester belongs to, as far as the settings tell.
    fn relation(&self) -> Relation {
        let listed = |list: &Option<std::collections::BTreeSet<String>>| {
            let account = self
                .requester()
                .account
                .and_then(|id| std::str::from_utf8(id).ok());
            list.as_ref()
                .map(|list| account.is_some_and(|account| list.contains(account)))
        };
        if self.requester().account == Some(b"owner") {
            return Relation::Own;
        }
        if listed(&self.settings.trusted_accounts) == Some(true) {
            return Relation::Trusted;
        }
        match listed(&self.settings.accounts) {
            // Without a list of own accounts nobody is known to be foreign.
            None | Some(true) => Relation::Own,
            Some(false) => Relation::Foreign,
        }
    }
}

enum Relation {
    Own,
    Trusted,
    Foreign,
}

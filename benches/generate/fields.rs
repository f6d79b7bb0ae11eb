//! Fields of a line as rules name them, derived here by hand and apart from the
//! program, so that neither can hide the other's mistakes.

use std::net::Ipv6Addr;

use crate::line::{Address, Line, asked};

/// What rules group and count by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The address; of IPv6 the /64.
    Host,
    /// The /24; of IPv6 the /48.
    Net,
    /// The /16; of IPv6 the /32.
    WideNet,
    /// How an unknown network is named: the /24; of IPv6 the /64.
    NetworkValue,
    /// The bucket.
    Bucket,
    /// The requester.
    Requester,
    /// Its account number.
    Account,
    /// The requester, of a role without the session.
    Principal,
    /// The principal, or else the host.
    Actor,
    /// The operation.
    Operation,
    /// The key as logged.
    Key,
    /// The key up to its last slash.
    Prefix,
    /// Its extension.
    Suffix,
    /// The access key id of a presigned request.
    Credential,
    /// The access point.
    AccessPoint,
    /// The region that the caller is in.
    Region,
    /// The host that the caller asked.
    Asked,
    /// The user agent without its version, as far as attacks need it: of one that
    /// begins with the client's own name.
    Client,
    /// What the key's name says about its content, as far as attacks need it.
    Tier,
}

impl Field {
    /// The field's name in rules.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "remote_host",
            Self::Net => "remote_net",
            Self::WideNet => "remote_wide_net",
            Self::NetworkValue => "network_value",
            Self::Bucket => "bucket_name",
            Self::Requester => "requester",
            Self::Account => "requester_account",
            Self::Principal => "principal",
            Self::Actor => "actor",
            Self::Operation => "operation",
            Self::Key => "key_name",
            Self::Prefix => "key_prefix",
            Self::Suffix => "key_suffix",
            Self::Credential => "presigned_credential",
            Self::AccessPoint => "access_point_arn",
            Self::Region => "source_region",
            Self::Asked => "host_header",
            Self::Client => "user_agent_family",
            Self::Tier => "key_tier",
        }
    }

    /// Its value on a line.
    pub fn of(self, line: &Line<'_>) -> Option<String> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let key = String::from_utf8_lossy(line.key);
        match self {
            Self::Host => match line.address {
                Address::V6(_) => network(line.address, 0, 64),
                address => written(address),
            },
            Self::Net => network(line.address, 24, 48),
            Self::WideNet => network(line.address, 16, 32),
            Self::NetworkValue => network(line.address, 24, 64),
            Self::Bucket => some(line.bucket),
            Self::Requester => some(line.requester),
            Self::Account => line.requester.split(':').nth(4).map(str::to_owned),
            Self::Principal => some(principal(line.requester)),
            Self::Actor => some(principal(line.requester)).or_else(|| Self::Host.of(line)),
            Self::Operation => some(line.operation),
            Self::Key => some(&key),
            Self::Prefix => key.rfind('/').map(|at| key[..=at].to_owned()),
            Self::Suffix => {
                let name = key.rsplit('/').next()?;
                Some(name[name.rfind('.')?..].to_owned())
            }
            Self::AccessPoint => line.host.access_point(),
            Self::Region => some(line.address.region()),
            Self::Asked => {
                let mut host = Vec::new();
                asked(&mut host, line);
                Some(String::from_utf8_lossy(&host).into_owned()).filter(|host| host != "-")
            }
            Self::Client => {
                let (name, _version) = line.agent.split_once('/')?;
                some(&name.to_ascii_lowercase())
            }
            Self::Tier => {
                let secret = [".env", "id_rsa"].iter().any(|name| key.ends_with(name));
                Some(if secret { "secret" } else { "none" }.to_owned())
            }
            Self::Credential => {
                let query = String::from_utf8_lossy(line.query);
                let (_, rest) = query.split_once("X-Amz-Credential=")?;
                rest.split_once("%2F").map(|(id, _)| id.to_owned())
            }
        }
    }
}

/// Of a role, except those of IAM Identity Center, all but the session.
fn principal(requester: &str) -> &str {
    if requester.contains(":assumed-role/") && !requester.contains("AWSReservedSSO_") {
        return requester
            .rsplit_once('/')
            .map_or(requester, |(role, _)| role);
    }
    requester
}

/// An address as the log writes it.
pub fn written(address: Address) -> Option<String> {
    if address == Address::Nowhere {
        return None;
    }
    let mut text = Vec::new();
    address.write(&mut text);
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// The network of an address, by the lengths of its prefix in IPv4 and in IPv6.
fn network(address: Address, v4: u32, v6: u32) -> Option<String> {
    match address {
        Address::Nowhere => None,
        Address::V4(bits) => {
            let low = 32 - v4;
            written(Address::V4(bits >> low << low)).map(|text| format!("{text}/{v4}"))
        }
        Address::V6(bits) => {
            let low = 128 - v6;
            Some(format!("{}/{v6}", Ipv6Addr::from_bits(bits >> low << low)))
        }
    }
}

//! Whether the owner of the buckets has a reason to know who asks.
//!
//! The one place where settings meet records: a list that is not set leaves
//! everything that rests on it open, it never makes anybody unknown.

use std::collections::BTreeSet;

use super::View;
use super::network::AddressClass;
use super::requester::{Principal, RequesterType};
use crate::baseline::Novelty;
use crate::record::Field;
use crate::settings::Networks;
use crate::settings::aws_ranges;

/// Whose account a requester belongs to, as far as the settings tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Own,
    Trusted,
    Foreign,
}

impl<'r> View<'r, '_> {
    /// Whether the address is in `trusted_networks`.
    #[must_use]
    pub fn is_trusted_network(&self) -> bool {
        *self.trusted.get_or_init(|| {
            let networks = self.settings.trusted_networks.as_ref();
            let trusts = |networks: &Networks| Some(networks.contains(self.record.address()?));
            networks.and_then(trusts).unwrap_or(false)
        })
    }

    /// How the network of one of AWS's own addresses is named.
    pub(super) fn aws_network(&self) -> Option<&'r str> {
        let ranges = self.settings.aws_ranges.as_ref()?;
        let name = || ranges.name(self.record.address()?);
        *self.aws_network.get_or_init(name)
    }

    /// Whether the address is AWS's; nobody knows while there is no list of
    /// AWS's addresses. Where there is no address there is none of AWS's.
    pub(super) fn is_aws_address(&self) -> Option<bool> {
        self.settings.aws_ranges.as_ref()?;
        Some(self.aws_network().is_some())
    }

    /// Outside every trusted network, public, and not AWS's in the bucket's own
    /// region, where what the owner runs would be; nothing is known to be
    /// unknown while there is no list of trusted networks.
    pub(super) fn is_unknown_network(&self) -> Option<bool> {
        self.settings.trusted_networks.as_ref()?;
        Some(self.is_outside_networks())
    }

    /// On a network that only a list or a baseline can tell to be known.
    fn is_outside_networks(&self) -> bool {
        AddressClass::of(self.record.address()) == AddressClass::Public
            && !self.is_trusted_network()
            && !self.is_aws_beside_bucket()
            && !self.is_own_service_role()
    }

    /// `unknown_network` or `stranger` where the baseline says this of the
    /// network. What it has learned counts more than that the network is on no
    /// list; where it has learned nothing the lists decide alone.
    #[must_use]
    pub fn assuming(&self, field: Field, network: Novelty) -> Option<bool> {
        let unknown = match network {
            Novelty::Unlearned => self.flag(Field::UnknownNetwork),
            Novelty::Known => Some(false),
            Novelty::New => Some(self.is_outside_networks()),
        };
        match field {
            Field::UnknownNetwork => unknown,
            Field::Stranger => Some(self.is_stranger_on(|| unknown == Some(true))),
            _ => self.flag(field),
        }
    }

    /// A role that a service of AWS has in an account of the owner's, as AWS
    /// Config does. Names can be chosen, so the account has to be on the list.
    fn is_own_service_role(&self) -> bool {
        let requester = self.requester();
        let named = |principal: &Principal<'_>| {
            let name = memchr::memmem::find(principal.0, b":assumed-role/AWSServiceRoleFor");
            name.is_some()
        };
        requester.kind == RequesterType::AssumedRole
            && requester.principal.as_ref().is_some_and(named)
            && self.settings.accounts.is_some()
            && self.relation() == Relation::Own
    }

    fn is_aws_beside_bucket(&self) -> bool {
        self.aws_network()
            .is_some_and(|name| self.bucket_region() == Some(aws_ranges::region(name).as_bytes()))
    }

    /// Anonymous; or of an account in neither list; or a principal of an own
    /// account on an unknown network. Never AWS itself, never a trusted
    /// network, never a service's role in an own account, never by a presigned
    /// request, which is meant for others; and nobody of whom the log says only that credentials were refused.
    pub(super) fn is_stranger(&self) -> bool {
        self.is_stranger_on(|| self.flag(Field::UnknownNetwork) == Some(true))
    }

    fn is_stranger_on(&self, unknown: impl FnOnce() -> bool) -> bool {
        let requester = self.requester();
        let is_nobody = matches!(
            requester.kind,
            RequesterType::AwsService | RequesterType::OriginAccess | RequesterType::AuthFailed
        );
        if is_nobody
            || self.is_presigned()
            || requester.is_internal(self.record)
            || self.is_trusted_network()
            || self.is_own_service_role()
        {
            return false;
        }
        if requester.kind == RequesterType::Anonymous {
            return true;
        }
        match self.relation() {
            Relation::Own => unknown(),
            Relation::Trusted => false,
            Relation::Foreign => true,
        }
    }

    /// Of an account in neither list; nobody is known to be foreign while there
    /// is no list of own accounts. AWS's services and who is anonymous have no
    /// account.
    pub(super) fn is_foreign_account(&self) -> Option<bool> {
        self.settings.accounts.as_ref()?;
        let has_account = self.requester().account.is_some();
        Some(has_account && self.relation() == Relation::Foreign)
    }

    /// Outside the hours in which people work; nothing is known to be outside
    /// while nobody has said when that is.
    pub(super) fn is_off_hours(&self) -> Option<bool> {
        let (hours, time) = (self.settings.work_hours.as_ref()?, self.record.time()?);
        Some(!hours.contains(time))
    }

    /// Surely outside the owner's account and its organisation. Accounts that
    /// are trusted may belong to it.
    pub(super) fn is_outside(&self) -> bool {
        match self.requester().kind {
            RequesterType::Anonymous | RequesterType::AuthFailed => true,
            RequesterType::AwsService | RequesterType::OriginAccess => false,
            _ => self.relation() == Relation::Foreign,
        }
    }

    fn relation(&self) -> Relation {
        let account = self.requester().account;
        if account == Some(b"owner") {
            return Relation::Own;
        }
        let listed = |list: &Option<BTreeSet<String>>| {
            let account = account.and_then(|id| std::str::from_utf8(id).ok());
            list.as_ref()
                .map(|list| account.is_some_and(|account| list.contains(account)))
        };
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::tests::with;
    use super::*;
    use crate::settings::{AwsRanges, Settings};

    const OWN: &str = "arn:aws:iam::111122223333:user/me";
    const TRUSTED: &str = "arn:aws:iam::444455556666:user/partner";
    const FOREIGN: &str = "arn:aws:iam::777788889999:user/other";
    const OUTSIDE: &str = "198.51.100.7";

    const RANGES: &str = r#"{
        "createDate": "2026-01-02-03-04-05",
        "prefixes": [
            {"ip_prefix": "198.51.100.0/24", "region": "eu-west-1"},
            {"ip_prefix": "192.0.2.128/25", "region": "us-east-1"},
            {"ip_prefix": "203.0.113.0/24", "region": "GLOBAL"}
        ],
        "ipv6_prefixes": [{"ipv6_prefix": "2001:db8:a::/48", "region": "eu-west-1"}]
    }"#;

    fn parsed(settings: &str) -> Settings {
        Settings::parse(settings, Path::new("s3sentry.toml")).unwrap()
    }

    fn beside_ranges(settings: &str) -> Settings {
        let ranges = AwsRanges::parse(RANGES.as_bytes(), Path::new("ip-ranges.json"));
        Settings {
            aws_ranges: Some(ranges.unwrap()),
            ..parsed(settings)
        }
    }

    fn ask(settings: &str, field: Field, values: &[(Field, &str)]) -> String {
        asked(&parsed(settings), field, values)
    }

    fn asked(settings: &Settings, field: Field, values: &[(Field, &str)]) -> String {
        with(values, settings, |view| {
            let value = view.bytes(field).unwrap_or(b"-");
            String::from_utf8_lossy(value).into_owned()
        })
    }

    const LISTS: &str = r#"
        trusted_networks = ["192.0.2.0/24"]
        accounts = ["111122223333"]
        trusted_accounts = ["444455556666"]
    "#;

    fn stranger(settings: &str, requester: &str, ip: &str) -> String {
        let values = [(Field::Requester, requester), (Field::RemoteIp, ip)];
        ask(settings, Field::Stranger, &values)
    }

    #[test]
    fn strangers_are_whom_the_owner_need_not_know() {
        let owner = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
        let canonical = owner.replace('7', "8");
        for (requester, ip, expected) in [
            ("-", OUTSIDE, "true"),
            ("-", "192.0.2.9", "false"),
            ("-", "::ffff:192.0.2.9", "false"),
            ("-", "10.0.0.1", "true"),
            (OWN, OUTSIDE, "true"),
            (OWN, "192.0.2.9", "false"),
            (OWN, "10.0.0.1", "false"),
            (OWN, "-", "false"),
            (owner, OUTSIDE, "true"),
            (owner, "192.0.2.9", "false"),
            (TRUSTED, OUTSIDE, "false"),
            (FOREIGN, OUTSIDE, "true"),
            (FOREIGN, "10.0.0.1", "true"),
            (FOREIGN, "192.0.2.9", "false"),
            (&canonical, OUTSIDE, "true"),
            ("AmazonS3", OUTSIDE, "false"),
            ("svc:cloudfront.amazonaws.com", "-", "false"),
            ("whoever", OUTSIDE, "true"),
        ] {
            assert_eq!(stranger(LISTS, requester, ip), expected, "{requester} {ip}");
        }
    }

    #[test]
    fn a_list_that_is_not_set_makes_nobody_a_stranger() {
        let accounts = r#"accounts = ["111122223333"]"#;
        let networks = r#"trusted_networks = ["192.0.2.0/24"]"#;
        for (settings, requester, expected) in [
            ("", "-", "true"),
            ("", OWN, "false"),
            ("", FOREIGN, "false"),
            (accounts, OWN, "false"),
            (accounts, FOREIGN, "true"),
            (networks, OWN, "true"),
            (r#"trusted_accounts = ["444455556666"]"#, FOREIGN, "false"),
        ] {
            let found = stranger(settings, requester, OUTSIDE);
            assert_eq!(found, expected, "{settings} {requester}");
        }
    }

    #[test]
    fn a_service_has_roles_in_own_accounts() {
        let role = |account: &str| {
            format!("arn:aws:sts::{account}:assumed-role/AWSServiceRoleForConfig/configLambda")
        };
        let unlisted = r#"trusted_networks = ["192.0.2.0/24"]"#;
        for (settings, account, expected) in [
            (LISTS, "111122223333", "false"),
            (LISTS, "777788889999", "true"),
            (unlisted, "111122223333", "true"),
        ] {
            let role = role(account);
            assert_eq!(stranger(settings, &role, OUTSIDE), expected, "{account}");
            let values = [(Field::Requester, &*role), (Field::RemoteIp, OUTSIDE)];
            let unknown = ask(settings, Field::UnknownNetwork, &values);
            assert_eq!(unknown, expected, "{account}");
        }
        let other = "arn:aws:sts::111122223333:assumed-role/app/AWSServiceRoleForConfig";
        assert_eq!(stranger(LISTS, other, OUTSIDE), "true");
    }

    #[test]
    fn an_account_is_foreign_beside_a_list_only() {
        let canonical = "8".repeat(64);
        for (settings, requester, expected) in [
            ("", FOREIGN, "-"),
            (r#"trusted_accounts = ["444455556666"]"#, FOREIGN, "-"),
            (LISTS, FOREIGN, "true"),
            (LISTS, &canonical, "true"),
            (LISTS, OWN, "false"),
            (LISTS, TRUSTED, "false"),
            (LISTS, "-", "false"),
            (LISTS, "AmazonS3", "false"),
            (LISTS, "whoever", "false"),
        ] {
            let found = ask(
                settings,
                Field::ForeignAccount,
                &[(Field::Requester, requester)],
            );
            assert_eq!(found, expected, "{settings} {requester}");
        }
    }

    #[test]
    fn an_hour_is_off_beside_a_list_only() {
        let hours = r#"work_hours = ["Mon-Fri 08:00-18:00 Europe/Berlin"]"#;
        for (settings, time, expected) in [
            ("", "03/Feb/2026:03:00:00 +0000", "-"),
            (hours, "03/Feb/2026:06:59:59 +0000", "true"),
            (hours, "03/Feb/2026:07:00:00 +0000", "false"),
            (hours, "03/Feb/2026:16:59:59 +0000", "false"),
            (hours, "03/Feb/2026:17:00:00 +0000", "true"),
            (hours, "07/Feb/2026:10:00:00 +0000", "true"),
            (hours, "-", "-"),
        ] {
            let found = ask(settings, Field::OffHours, &[(Field::RequestTime, time)]);
            assert_eq!(found, expected, "{settings} {time}");
        }
    }

    #[test]
    fn presigned_and_refused_credentials_make_no_stranger() {
        let presigned = (Field::AuthenticationType, "QueryString");
        for requester in [FOREIGN, OWN, "-"] {
            let values = [
                (Field::Requester, requester),
                (Field::RemoteIp, OUTSIDE),
                presigned,
            ];
            assert_eq!(ask(LISTS, Field::Stranger, &values), "false", "{requester}");
        }
        let values = [
            (Field::Requester, "-"),
            (Field::RemoteIp, OUTSIDE),
            (Field::ErrorCode, "InvalidAccessKeyId"),
        ];
        assert_eq!(ask(LISTS, Field::Stranger, &values), "false");
    }

    #[test]
    fn a_network_is_unknown_beside_a_list_only() {
        for (settings, ip, expected) in [
            ("", OUTSIDE, "-"),
            (LISTS, OUTSIDE, "true"),
            (LISTS, "2001:db8::1", "true"),
            (LISTS, "192.0.2.1", "false"),
            (LISTS, "10.0.0.1", "false"),
            (LISTS, "::ffff:10.0.0.1", "false"),
            (LISTS, "-", "false"),
        ] {
            let found = ask(settings, Field::UnknownNetwork, &[(Field::RemoteIp, ip)]);
            assert_eq!(found, expected, "{settings} {ip}");
        }
    }

    #[test]
    fn addresses_are_those_of_aws_beside_its_ranges_only() {
        let settings = beside_ranges("");
        for (ip, is_aws, network) in [
            ("198.51.100.7", "true", "aws:eu-west-1"),
            ("::ffff:198.51.100.7", "true", "aws:eu-west-1"),
            ("192.0.2.200", "true", "aws:us-east-1"),
            ("203.0.113.7", "true", "aws:GLOBAL"),
            ("2001:db8:a::1", "true", "aws:eu-west-1"),
            ("192.0.2.1", "false", "192.0.2.0/24"),
            ("10.0.0.1", "false", "10.0.0.0/24"),
            ("2001:db8:b::1", "false", "2001:db8:b::/64"),
            ("-", "false", "-"),
        ] {
            let values = [(Field::RemoteIp, ip)];
            let found = asked(&settings, Field::AwsAddress, &values);
            assert_eq!(found, is_aws, "{ip}");
            let found = asked(&settings, Field::NetworkValue, &values);
            assert_eq!(found, network, "{ip}");
            assert_eq!(ask(LISTS, Field::AwsAddress, &values), "-", "{ip}");
        }
        let found = ask(LISTS, Field::NetworkValue, &[(Field::RemoteIp, OUTSIDE)]);
        assert_eq!(found, "198.51.100.0/24");
    }

    #[test]
    fn aws_in_the_region_of_the_bucket_is_not_unknown() {
        let settings = beside_ranges(LISTS);
        let europe = "mybucket.s3.eu-west-1.amazonaws.com";
        let america = "s3.us-east-1.amazonaws.com";
        for (ip, host, unknown) in [
            (OUTSIDE, europe, "false"),
            ("2001:db8:a::1", europe, "false"),
            (OUTSIDE, america, "true"),
            (OUTSIDE, "other.s3.eu-west-1.amazonaws.com", "true"),
            (OUTSIDE, "s3.amazonaws.com", "true"),
            (OUTSIDE, "-", "true"),
            ("203.0.113.7", europe, "true"),
            ("203.0.114.7", europe, "true"),
            ("192.0.2.200", america, "false"),
            ("192.0.2.200", europe, "false"),
            ("-", europe, "false"),
        ] {
            let values = [
                (Field::RemoteIp, ip),
                (Field::HostHeader, host),
                (Field::Requester, OWN),
            ];
            for field in [Field::UnknownNetwork, Field::Stranger] {
                let found = asked(&settings, field, &values);
                assert_eq!(found, unknown, "{field:?} {ip} {host}");
            }
            let alone = beside_ranges("");
            let found = asked(&alone, Field::UnknownNetwork, &values);
            assert_eq!(found, "-", "{ip} {host}");
            // Whose account it is counts before where it comes from.
            let mut values = values;
            values[2].1 = FOREIGN;
            let trusted = ip.starts_with("192.0.2.");
            let found = asked(&settings, Field::Stranger, &values);
            assert_eq!(found == "true", !trusted, "{ip} {host}");
        }
    }

    #[test]
    fn refusals_are_free_to_who_is_outside() {
        for (settings, requester, billed) in [
            (LISTS, OWN, "true"),
            (LISTS, TRUSTED, "true"),
            (LISTS, FOREIGN, "false"),
            (LISTS, "-", "false"),
            (LISTS, "AmazonS3", "true"),
            ("", FOREIGN, "true"),
        ] {
            let values = [
                (Field::Requester, requester),
                (Field::HttpStatus, "403"),
                (Field::ErrorCode, "AccessDenied"),
            ];
            let found = ask(settings, Field::Billed, &values);
            assert_eq!(found, billed, "{settings} {requester}");
        }
    }
}

use super::super::tests::value;
use super::*;

const OWNER: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";

fn check(requester: &str, error: &str, ip: &str, signature: &str) -> String {
    let line = format!(
        "{OWNER} b [06/Feb/2019:00:00:38 +0000] {ip} {requester} ID REST.GET.OBJECT k \"GET /k HTTP/1.1\" 200 {error} 1 1 1 1 \"-\" \"-\" - host= {signature} - - h -"
    );
    let record = Record::parse(line.as_bytes()).unwrap();
    let requester = Requester::of(&record);
    let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or(b"-")).into_owned();
    format!(
        "{} {} {} {} {}",
        requester.kind.as_str(),
        text(requester.account),
        text(requester.principal.map(|p| p.0)),
        text(requester.session),
        requester.is_internal(&record)
    )
}

#[test]
fn people_and_machines_are_told_apart() {
    let role = |name: &str| format!("arn:aws:sts::111122223333:assumed-role/{name}");
    for (requester, person, ec2) in [
        ("arn:aws:iam::111122223333:root".to_owned(), "true", "false"),
        (OWNER.to_owned(), "true", "false"),
        (OWNER.replace('7', "8"), "false", "false"),
        (
            "arn:aws:iam::111122223333:user/a/bob".to_owned(),
            "true",
            "false",
        ),
        (
            role("AWSReservedSSO_Admin_1/ann@example.com"),
            "true",
            "false",
        ),
        (role("app/AWSReservedSSO_Admin_1"), "false", "false"),
        (
            "arn:aws:sts::111122223333:federated-user/bob".to_owned(),
            "false",
            "false",
        ),
        (role("app/i-01234567"), "false", "true"),
        (role("app/i-0123456789abcdef0"), "false", "true"),
        (role("app/i-0123456"), "false", "false"),
        (role("app/i-0123456789abcdef01"), "false", "false"),
        (role("app/i-0123456789ABCDEF0"), "false", "false"),
        (role("app/x-0123456789abcdef0"), "false", "false"),
        (role("i-0123456789abcdef0/app"), "false", "false"),
        ("AmazonS3".to_owned(), "false", "false"),
        ("-".to_owned(), "false", "false"),
    ] {
        let values = [
            (Field::BucketOwnerId, OWNER),
            (Field::Requester, requester.as_str()),
        ];
        assert_eq!(value(Field::Person, &values), person, "{requester}");
        assert_eq!(value(Field::Ec2Session, &values), ec2, "{requester}");
    }
}

#[test]
fn what_has_another_shape_is_unknown() {
    for requester in [
        "arn:aws:sts:eu-west-1:111122223333:assumed-role/app/x",
        "arn:aws:sts::111122223333:assumed-role/app",
        "arn:aws:sts::111122223333:assumed-role/app/",
        "arn:aws:sts::111122223333:federated-user/",
        "arn:aws:sts::abc:assumed-role/app/x",
        "arn:aws:iam::111122223333:user/",
        "arn:aws:iam::111122223333:root2",
        "arn:aws:iam::111122223333:role/x",
        "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity e2example",
        "arn:awsX:iam::111122223333:root",
        "arn:aws",
        "65a011a29cdf8ec533ec3d1ccaae921",
    ] {
        let found = value(Field::RequesterType, &[(Field::Requester, requester)]);
        assert_eq!(found, "unknown", "{requester}");
    }
}

#[test]
fn credentials_that_are_not_accepted_are_not_anonymous() {
    for (field, text, kind) in [
        (Field::SignatureVersion, "SigV4", "auth-failed"),
        (Field::AuthenticationType, "AuthHeader", "auth-failed"),
        (Field::ErrorCode, "SignatureDoesNotMatch", "auth-failed"),
        (Field::ErrorCode, "ExpiredToken", "auth-failed"),
        (
            Field::ErrorCode,
            "AuthorizationHeaderMalformed",
            "auth-failed",
        ),
        (Field::ErrorCode, "AccessDenied", "anonymous"),
        (Field::ErrorCode, "NoSuchKey", "anonymous"),
    ] {
        let values = [(Field::Requester, "-"), (field, text)];
        assert_eq!(value(Field::RequesterType, &values), kind, "{text}");
    }
}

#[test]
fn the_actor_of_nobody_is_the_host() {
    let user = "arn:aws:iam::111122223333:user/bob";
    for (requester, ip, actor) in [
        (user, "192.0.2.1", user),
        ("-", "192.0.2.1", "192.0.2.1"),
        ("-", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("Anonymous", "::ffff:192.0.2.1", "192.0.2.1"),
        ("-", "-", "-"),
    ] {
        let values = [(Field::Requester, requester), (Field::RemoteIp, ip)];
        assert_eq!(value(Field::Actor, &values), actor, "{requester} {ip}");
    }
}

#[test]
fn requesters_are_taken_apart() {
    let ip = "192.0.2.1";
    assert_eq!(check("-", "-", ip, "-"), "anonymous - - - false");
    assert_eq!(check("Anonymous", "-", ip, "-"), "anonymous - - - false");
    assert_eq!(check("-", "-", ip, "SigV4"), "auth-failed - - - false");
    assert_eq!(
        check("-", "InvalidAccessKeyId", ip, "-"),
        "auth-failed - - - false"
    );
    assert_eq!(
        check("AmazonS3", "-", "-", "-"),
        "aws-service - AmazonS3 - true"
    );
    assert_eq!(
        check("AmazonS3", "-", ip, "-"),
        "aws-service - AmazonS3 - false"
    );
    assert_eq!(
        check("svc:cloudfront.amazonaws.com", "-", "-", "-"),
        "origin-access - svc:cloudfront.amazonaws.com - false"
    );
    assert_eq!(
        check(OWNER, "-", ip, "SigV4"),
        format!("root owner {OWNER} - false")
    );
    let other = OWNER.replace('7', "8");
    assert_eq!(
        check(&other, "-", ip, "SigV4"),
        format!("canonical-id {other} {other} - false")
    );
    assert_eq!(
        check(
            "arn:aws:sts::111122223333:assumed-role/app/i-0123456789abcdef0",
            "-",
            ip,
            "SigV4"
        ),
        "assumed-role 111122223333 arn:aws:sts::111122223333:assumed-role/app i-0123456789abcdef0 false"
    );
    assert_eq!(
        check(
            "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_1/ann@example.com",
            "-",
            ip,
            "SigV4"
        ),
        "assumed-role 111122223333 arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_1/ann@example.com ann@example.com false"
    );
    assert_eq!(
        check(
            "arn:aws:sts::111122223333:assumed-role/rep/s3-replication",
            "-",
            "-",
            "-"
        ),
        "assumed-role 111122223333 arn:aws:sts::111122223333:assumed-role/rep s3-replication true"
    );
    assert_eq!(
        check(
            "arn:aws-cn:iam::111122223333:user/path/bob",
            "-",
            ip,
            "SigV4"
        ),
        "iam-user 111122223333 arn:aws-cn:iam::111122223333:user/path/bob - false"
    );
    assert_eq!(
        check("arn:aws:iam::111122223333:root", "-", ip, "SigV4"),
        "root 111122223333 arn:aws:iam::111122223333:root - false"
    );
    assert_eq!(
        check(
            "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE",
            "-",
            "-",
            "-"
        ),
        "origin-access - arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE - false"
    );
    assert_eq!(check("whoever", "-", ip, "-"), "unknown - whoever - false");
}

#[test]
fn a_requester_alone_has_the_same_principal() {
    for requester in [
        "-",
        "Anonymous",
        "65A011a29cdf8ec533ec3d1ccaae921c",
        "AmazonS3",
        "svc:cloudfront.amazonaws.com",
        OWNER,
        &OWNER.replace('7', "8"),
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:user/a/bob",
        "arn:aws:sts::111122223333:assumed-role/app/i-0123456789abcdef0",
        "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_1/ann@example.com",
        "arn:aws:sts::111122223333:federated-user/bob",
        "arn:aws:iam::111122223333:role/x",
        "arn:aws",
        "whatever",
    ] {
        let values = [(Field::BucketOwnerId, OWNER), (Field::Requester, requester)];
        // A requester of `-` is null in a record and never comes alone.
        let alone = Some(requester).filter(|text| *text != "-");
        let alone = alone.and_then(|text| principal(text.as_bytes()));
        let alone = String::from_utf8_lossy(alone.unwrap_or(b"-"));
        assert_eq!(alone, value(Field::Principal, &values), "{requester}");
    }
}

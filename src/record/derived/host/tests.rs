use super::super::tests::value;
use super::*;

fn ask(host: &str, uri: &str, bucket: &str) -> (String, String) {
    let values = [
        (Field::HostHeader, host),
        (Field::RequestUri, uri),
        (Field::BucketName, bucket),
    ];
    (
        value(Field::HostBucket, &values),
        value(Field::BucketRegion, &values),
    )
}

const URI: &str = "GET /First/key?x=/y HTTP/1.1";

/// Host, bucket and region, with [`URI`] as the request line.
const ENDPOINTS: &[(&str, &str, &str)] = &[
    ("b-1.s3.eu-west-1.amazonaws.com", "b-1", "eu-west-1"),
    (
        "my.b.org.s3.eu-west-1.amazonaws.com",
        "my.b.org",
        "eu-west-1",
    ),
    (
        "a.s3.b.s3.us-gov-east-1.amazonaws.com",
        "a.s3.b",
        "us-gov-east-1",
    ),
    ("s3-logs.s3.us-east-1.amazonaws.com", "s3-logs", "us-east-1"),
    ("bbb.s3-us-west-2.amazonaws.com", "bbb", "us-west-2"),
    ("s3.x.s3-us-west-2.amazonaws.com", "s3.x", "us-west-2"),
    (
        "bbb.s3.dualstack.us-west-2.amazonaws.com",
        "bbb",
        "us-west-2",
    ),
    ("bbb.s3-website-us-east-1.amazonaws.com", "bbb", "us-east-1"),
    (
        "www.b.eu.s3-website.eu-central-1.amazonaws.com",
        "www.b.eu",
        "eu-central-1",
    ),
    ("bbb.s3-fips.us-east-2.amazonaws.com", "bbb", "us-east-2"),
    (
        "bbb.s3-fips.dualstack.us-east-2.amazonaws.com",
        "bbb",
        "us-east-2",
    ),
    (
        "bbb.s3-fips-us-gov-west-1.amazonaws.com",
        "bbb",
        "us-gov-west-1",
    ),
    ("bbb.s3-accelerate.amazonaws.com", "bbb", "-"),
    ("bbb.s3-accelerate.dualstack.amazonaws.com", "bbb", "-"),
    ("bbb.s3.amazonaws.com", "bbb", "-"),
    ("bbb.s3-external-1.amazonaws.com", "bbb", "-"),
    ("bbb.s3.cn-north-1.amazonaws.com.cn", "bbb", "cn-north-1"),
    (
        "bbb.s3.eusc-de-east-1.amazonaws.eu",
        "bbb",
        "eusc-de-east-1",
    ),
    ("bbb.s3.us-iso-east-1.c2s.ic.gov", "bbb", "us-iso-east-1"),
    (
        "bbb.s3.us-isob-east-1.sc2s.sgov.gov",
        "bbb",
        "us-isob-east-1",
    ),
    (
        "bbb.s3.eu-isoe-west-1.cloud.adc-e.uk",
        "bbb",
        "eu-isoe-west-1",
    ),
    (
        "bbb.s3.us-isof-south-1.csp.hci.ic.gov",
        "bbb",
        "us-isof-south-1",
    ),
    (
        "bbb--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com",
        "bbb--usw2-az1--x-s3",
        "us-west-2",
    ),
    ("BBB.S3.EU-West-1.AmazonAWS.com:443", "bbb", "eu-west-1"),
    ("bbb.s3.eu-west-1.amazonaws.com.", "bbb", "eu-west-1"),
    (
        "bbb.bucket.vpce-1a2b-5e6f.s3.us-east-1.vpce.amazonaws.com",
        "bbb",
        "us-east-1",
    ),
    (
        "b.b.bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com",
        "b.b",
        "us-east-1",
    ),
    // By path.
    ("s3.us-west-2.amazonaws.com", "First", "us-west-2"),
    ("s3-us-west-2.amazonaws.com", "First", "us-west-2"),
    (
        "s3.dualstack.us-west-2.amazonaws.com:443",
        "First",
        "us-west-2",
    ),
    ("s3.amazonaws.com", "First", "-"),
    (
        "bucket.vpce-1a2b-5e6f.s3.us-east-1.vpce.amazonaws.com",
        "First",
        "us-east-1",
    ),
    // Access points name no bucket.
    (
        "ap-111122223333.s3-accesspoint.us-west-2.amazonaws.com",
        "-",
        "us-west-2",
    ),
    (
        "ap-111122223333.s3-accesspoint-fips.dualstack.us-west-2.amazonaws.com",
        "-",
        "us-west-2",
    ),
    (
        "ap-1.accesspoint.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com",
        "-",
        "us-east-1",
    ),
    (
        "ol-1.s3-object-lambda.us-west-2.amazonaws.com",
        "-",
        "us-west-2",
    ),
    ("a1.mrap.accesspoint.s3-global.amazonaws.com", "-", "-"),
    (
        "ap-abc123-s3alias.s3.us-west-2.amazonaws.com",
        "-",
        "us-west-2",
    ),
    ("ol-abc--ol-s3.s3.us-west-2.amazonaws.com", "-", "us-west-2"),
    // A name of one's own.
    ("www.example.com", "www.example.com", "-"),
    ("Images.Example.com:80", "images.example.com", "-"),
    // Nothing that S3 answers.
    ("192.0.2.1", "-", "-"),
    ("[2001:db8::1]:443", "-", "-"),
    ("x", "-", "-"),
    ("bbb.ec2.us-east-1.amazonaws.com", "-", "-"),
    ("bbb.s3.nowhere.amazonaws.com", "-", "-"),
    ("bbb.s3.a.b.us-east-1.amazonaws.com", "-", "-"),
    ("b$b.s3.us-east-1.amazonaws.com", "-", "us-east-1"),
    ("evil.com/.s3.eu-west-1.amazonaws.com", "-", "eu-west-1"),
    ("-", "-", "-"),
];

#[test]
fn endpoints_name_bucket_and_region() {
    for (host, bucket, region) in ENDPOINTS {
        let own = if *bucket == "-" { "other" } else { bucket };
        assert_eq!(
            ask(host, URI, own),
            ((*bucket).to_owned(), (*region).to_owned()),
            "{host}"
        );
    }
}

#[test]
fn a_path_names_its_first_part() {
    for (uri, bucket) in [
        ("GET /bbb HTTP/1.1", "bbb"),
        ("GET /bbb?list-type=2 HTTP/1.1", "bbb"),
        ("PUT /b%2Dc/key HTTP/1.1", "b-c"),
        ("GET / HTTP/1.1", "-"),
        ("GET //x HTTP/1.1", "-"),
        ("GET /a%20b/x HTTP/1.1", "-"),
        ("GET", "-"),
        ("-", "-"),
    ] {
        assert_eq!(
            ask("s3.eu-west-1.amazonaws.com", uri, "x").0,
            bucket,
            "{uri}"
        );
    }
}

#[test]
fn the_region_is_that_of_this_bucket_or_none() {
    let of = |values: &[(Field, &str)]| {
        let mut all = vec![
            (Field::BucketName, "mine"),
            (Field::HostHeader, "mine.s3.eu-west-1.amazonaws.com"),
        ];
        all.extend_from_slice(values);
        value(Field::BucketRegion, &all)
    };
    assert_eq!(of(&[]), "eu-west-1");
    assert_eq!(of(&[(Field::HttpStatus, "404")]), "eu-west-1");
    // The host of a copy is the destination's.
    let other = (Field::HostHeader, "other.s3.eu-west-1.amazonaws.com");
    let copy = (Field::Operation, "REST.COPY.OBJECT_GET");
    let point = (
        Field::HostHeader,
        "ap-1.s3-accesspoint.eu-west-1.amazonaws.com",
    );
    assert_eq!(of(&[copy]), "eu-west-1");
    assert_eq!(of(&[copy, other]), "-");
    assert_eq!(of(&[other]), "-");
    assert_eq!(of(&[point]), "eu-west-1");
    assert_eq!(of(&[point, copy]), "-");
    // Who is sent elsewhere came to the wrong region.
    for (status, error) in [
        ("301", "PermanentRedirect"),
        ("307", "TemporaryRedirect"),
        ("400", "AuthorizationHeaderMalformed"),
        ("400", "IllegalLocationConstraintException"),
    ] {
        let values = [(Field::HttpStatus, status), (Field::ErrorCode, error)];
        assert_eq!(of(&values), "-", "{error}");
    }
}

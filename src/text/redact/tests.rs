//! What must never be seen, in as many spellings as can be thought of.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::decode::Decoded;
use super::*;

const SECRET: &str = "s3cr3tVALUE0123abc";

fn redacted(text: &str) -> String {
    let first = redact(text.as_bytes()).into_owned();
    assert_eq!(redact(&first), first, "not idempotent: {text}");
    assert_eq!(redact_all(text.as_bytes()), first, "filter: {text}");
    String::from_utf8(first).unwrap()
}

/// `{}` is where the secret stands, `«»` what must go; all else must stay.
const SPELLINGS: &[&str] = &[
    // Presigned requests, as they stand in a request-URI.
    "GET /b/k?X-Amz-Signature=«{}» HTTP/1.1",
    "GET /b/k?X-Amz-Date=20260203T000000Z&X-Amz-Signature=«{}»&x-id=GetObject HTTP/1.1",
    "GET /b/k?x-amz-signature=«{}» HTTP/1.1",
    "GET /b/k?X-AMZ-SIGNATURE=«{}»&a=b HTTP/1.1",
    "GET /b/k?X_Amz_Signature=«{}»&a=b HTTP/1.1",
    "GET /k?X-Amz-Security-Token=«{}»&X-Amz-Expires=900 HTTP/1.1",
    "GET /k?x-amz-security-token=«{}» HTTP/1.1",
    "GET /k?X-Amz-Credential=«{}%2F20260203%2Fus-east-1%2Fs3%2Faws4_request»&X-Amz-Date=1 HTTP/1.1",
    "GET /k?AWSAccessKeyId=«{}»&Expires=1770000000&Signature=«{}» HTTP/1.1",
    "GET /k?Expires=1&Signature=«{}%2Bx%2Fy%3D»&AWSAccessKeyId=«{}» HTTP/1.1",
    "GET /k?x-amz-s3session-token=«{}» HTTP/1.1",
    "PUT /k?x-amz-server-side-encryption-customer-key=«{}»&partNumber=1 HTTP/1.1",
    "GET /k?Policy=«{}»&Signature=«{}»&Key-Pair-Id=K2JCJMDEHXQW5F HTTP/1.1",
    "GET /k?X-Goog-Credential=«{}»&X-Goog-Signature=«{}» HTTP/1.1",
    "GET /k?sv=2022&sig=«{}»&se=1 HTTP/1.1",
    // Encoded names, once and more.
    "GET /k?X%2DAmz%2dSignature=«{}»&a=b HTTP/1.1",
    "GET /k?%58%2d%41%6d%7a%2d%53%69%67%6e%61%74%75%72%65=«{}»&a=b HTTP/1.1",
    "GET /k?X-Amz-Signatur%65=«{}» HTTP/1.1",
    "GET /k?X-Amz-%2553ignature=«{}» HTTP/1.1",
    "GET /k?X-Amz-%25%35%33ignature=«{}» HTTP/1.1",
    "GET /k?X-Amz-Signature%3D«{}»%26a%3Db HTTP/1.1",
    "GET /k?X-Amz-Signature%253d«{}»%2526a%253Db HTTP/1.1",
    "GET /k?X%2DAmz%2dSignature%253D«{}»%2526a%253Db HTTP/1.1",
    "GET /k?X%2525252DAmz-Signature%2525253D«{}»%25252526a%3Db HTTP/1.1",
    "GET /k?X-Amz-Signature%3%44«{}»%2%36a=b HTTP/1.1",
    "GET /k?X-Amz-Signature=«{}»%26a=b HTTP/1.1",
    "GET /k?X-Amz-Signature%3D«{}»&a=b HTTP/1.1",
    "GET /k?X-Amz-Signature%253D«{}»%26a=b HTTP/1.1",
    "GET /k?X-Amz-Signature%u003d«{}»%u0026a=b HTTP/1.1",
    "GET /k?discount=100%access_token=«{}»&a=b HTTP/1.1",
    "GET /k?a=%5access_token=«{}»&a=b HTTP/1.1",
    // Nested in referers.
    "https://app.example/view?u=https%3A%2F%2Fb.s3.amazonaws.com%2Fk%3FX-Amz-Signature%3D«{}»%26x%3D1&next=2",
    "https://app.example/view?u=https%3A%2F%2Fb%2Fk%3FX-Amz-Date%3D1%26X-Amz-Signature%3D«{}»&next=2",
    "https://app.example/?u=https%253A%252F%252Fb%252Fk%253FX-Amz-Security-Token%253D«{}»%2526x%253D1%26y%3D2",
    "https://b.s3.amazonaws.com/k?X-Amz-Signature=«{}»#page=2",
    "https://b/k?a=1&amp;X-Amz-Signature=«{}»&amp;b=2",
    "https://b/k?a=1;X-Amz-Signature=«{}»;b=2",
    "https://b/k?a=1%3BX-Amz-Signature=«{}»%3Bb=2",
    "https://b/k?X-Amz-Signature=«{}»\"",
    "https://b/k?X-Amz-Signature=«{}»'",
    "<a href='https://b/k?Signature=«{}»'>x</a>",
    "<a href=https://b/k?Signature=«{}»>x</a>",
    "<https://b/k?Signature=«{}»>",
    "[x](https://b/k?Signature=«{}»)",
    "https://app.example/cb#access_token=«{}»&token_type=bearer&expires_in=3600",
    "https://app.example/cb#id_token=«{}»&state=x",
    "https://app.example/cb?refresh_token=«{}»&state=x",
    "https://app.example/cb?accessToken=«{}»&state=x",
    "https://app.example/cb?access-token=«{}»&state=x",
    "https://app.example/cb?oauth_signature=«{}»&oauth_token=«{}»&x=1",
    "https://app.example/cb?client_secret=«{}»&client_id=x",
    "https://app.example/cb?client_assertion=«{}»&client_id=x",
    "https://app.example/?user=x&password=«{}»&y=1",
    "https://app.example/?user=x&passwd=«{}»&y=1",
    "https://app.example/?user=x&PWD=«{}»&y=1",
    "https://app.example/?user=x&password=«{}%26{}»&y=1",
    "https://app.example/?user=x&password=«{},{};{}»&y=1",
    "https://app.example/?api_key=«{}»&y=1",
    "https://app.example/?token=«{}»&y=1",
    "https://app.example/?a[token]=«{}»&y=1",
    "https://app.example/?a%5Btoken%5D=«{}»&y=1",
    "https://app.example/?a%5Btoken%5D%5B0]=«{}»&y=1",
    "https://app.example/?access_token%5B%30%5D=«{}»&y=1",
    "https://app.example/?%2Ctoken=«{}»&y=1",
    "https://app.example/;jsessionid=«{}»?y=1",
    "https://user:«{}»@host.example/path?y=1",
    "https://user:«{}%2F{}»@host.example/path",
    "https%3A%2F%2Fuser%3A«{}»%40host.example%2Fpath",
    "https://host.example/?u=https://user:«{}»@inner/",
    // Headers and JSON that a client put into its user agent.
    "Authorization: AWS4-HMAC-SHA256 Credential=«{}/20260203/us-east-1/s3/aws4_request», SignedHeaders=host;x-amz-date, Signature=«{}»",
    "Authorization: AWS4-HMAC-SHA256 Credential=«{}»,SignedHeaders=host;x-amz-date,Signature=«{}»",
    "Authorization=AWS4-HMAC-SHA256%20Credential%3D«{}»%2C%20SignedHeaders%3Dhost%2C%20Signature%3D«{}»&x=1",
    "Authorization: AWS «AKIAIOSFODNN7EXAMPLE:{}» x",
    "Authorization: Bearer «{}» x",
    "authorization:Basic «{}»",
    "Authorization=Bearer%20«{}»&x=1",
    "Authorization=Bearer+«{}»&x=1",
    "Proxy-Authorization: «{}» x",
    "X-Amz-Security-Token: «{}» x",
    "{\"access_token\":\"«{}»\",\"x\":1}",
    "{\"access_token\" : \"«{}»\", \"x\": 1}",
    "{\\\"access_token\\\":\\\"«{}»\\\",\\\"x\\\":1}",
    "%7B%22token%22%3A%22«{}»%22%2C%22x%22%3A1%7D",
    "{\"password\":\"«{} \\\" {} & {}»\",\"x\":1}",
    "{'Signature': '«{}»', 'x': 1}",
    "https://b/k?a=1\\u0026X-Amz-Signature=«{}»\\u0026x=1",
    "https://b/k?a=1\\x26X-Amz-Signature\\x3d«{}»\\x26x=1",
    "curl/8 Signature = «{}» x",
];

fn without_values(spelling: &str) -> String {
    let mut parts = spelling.split(['«', '»']);
    let mut text = parts.next().unwrap().to_owned();
    while let (Some(_value), Some(rest)) = (parts.next(), parts.next()) {
        text = text + REDACTED + rest;
    }
    text
}

#[test]
fn no_spelling_shows_the_secret() {
    assert!(SPELLINGS.len() >= 60);
    for spelling in SPELLINGS {
        let text = spelling.replace(['«', '»'], "").replace("{}", SECRET);
        let shown = redacted(&text);
        assert!(!shown.contains(SECRET), "{spelling}");
        assert_eq!(shown, without_values(spelling));
        assert_eq!(redacted(&shown), shown);
    }
}

#[test]
fn ordinary_text_is_not_touched() {
    for text in [
        "",
        "-",
        "GET /bucket/photos/2026/02/cat%20one.jpg HTTP/1.1",
        "GET /?list-type=2&prefix=a%2Fb&continuation-token=1ueGcxLPRx1Tr%2F HTTP/1.1",
        "GET /?policy HTTP/1.1",
        "PUT /?policy= HTTP/1.1",
        "GET /k?X-Amz-SignedHeaders=host&X-Amz-Algorithm=AWS4-HMAC-SHA256&Key-Pair-Id=K1 HTTP/1.1",
        "GET /k?SignatureVersion=2&SignatureMethod=HmacSHA256 HTTP/1.1",
        "https://www.example.com:8443/a@b?c=d:e@f",
        "aws-cli/2.15 md/Botocore#1.34 ua/2.0 os/linux#6.1 md/arch#x86_64 cfg/retry-mode#standard",
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "arn:aws:iam::123456789012:policy/ReadOnly",
        "date%3D2026-02-03T02%3A00%3A00/part%253D1",
        "password reset/signature.pdf",
        "100%",
        "%",
        "%%%2",
        "=:=:==::%3D",
        "://:@",
    ] {
        assert_eq!(redacted(text), text);
        assert!(matches!(redact(text.as_bytes()), Cow::Borrowed(_)));
    }
}

#[test]
fn values_and_authorities_overlap() {
    for (text, expected) in [
        ("://password:://&@", "://password:://&@"),
        ("://a:password=/&@h/", "://a:REDACTED@h/"),
        ("://a:b@token=/&@h/", "://a:REDACTED@h/"),
        ("://a:password=\"b c\"@h", "://a:password=\"REDACTED\"@h"),
        ("://a:b@c:d@h/", "://a:REDACTED@h/"),
        ("://a:%3A%2F%2Fb@h/", "://a:REDACTED@h/"),
        (
            "http://h:80/?u=http://a:b@h/",
            "http://h:80/?u=http://a:REDACTED@h/",
        ),
    ] {
        assert_eq!(redacted(text), expected);
    }
}

#[test]
fn bytes_that_are_not_text_stay() {
    let text = b"\xFF\0?X-Amz-Signature=ab\xFEc\0&\xFF=\x80";
    assert_eq!(
        redact(text).as_ref(),
        b"\xFF\0?X-Amz-Signature=REDACTED&\xFF=\x80"
    );
}

#[test]
fn a_hostile_line_takes_linear_time() {
    let units = [
        "%25",
        "%",
        "%2",
        "%253D",
        "=",
        ":",
        "://",
        "://a:",
        "token=",
        "token:",
        "password=\"",
        "password:\"\\\"",
        "authorization:",
        "authorization: ",
        "\\",
        "\\u00",
        " =",
        "[0]=",
        "-_-_=",
        "Signature=&",
        "Signature=%2526",
        "\"",
        "token\" :",
        "https://a:b@",
    ];
    for unit in units {
        let text = unit.repeat(65_536 / unit.len());
        let started = Instant::now();
        let shown = redact(text.as_bytes());
        let taken = started.elapsed();
        assert!(shown.len() <= 6 * text.len());
        // An unoptimized build on a busy machine; quadratic would be minutes.
        assert!(taken < Duration::from_secs(20), "{unit}: {taken:?}");
    }
}

const NAMES: &[&str] = &[
    "X-Amz-Signature",
    "X-Amz-Security-Token",
    "X-Amz-Credential",
    "Signature",
    "AWSAccessKeyId",
    "Policy",
    "access_token",
    "id_token",
    "password",
    "client_secret",
];

/// Encodes some of the characters, `depth` times over.
fn encoded(text: &str, depth: u8, picks: &mut impl Iterator<Item = bool>) -> String {
    let mut text = text.to_owned();
    for _ in 0..depth {
        text = text
            .chars()
            .map(|char| {
                if matches!(char, '=' | '&' | '?' | '%' | '/' | '"') || picks.next() == Some(true) {
                    format!("%{:02x}", char as u32)
                } else {
                    char.to_string()
                }
            })
            .collect();
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn an_embedded_secret_is_never_visible(
        name in prop::sample::select(NAMES),
        secret in "[a-zA-Z0-9+/=]{0,6}QQ[a-zA-Z0-9]{12}ZZ[a-zA-Z0-9+/=]{0,6}",
        before in "[ -~]{0,20}[&?; ]",
        after in "(&[ -~]{0,20})?",
        depth in 0u8..4,
        picks in prop::collection::vec(any::<bool>(), 400),
    ) {
        let parameter = format!("{name}={secret}{after}");
        let text = before.clone() + &encoded(&parameter, depth, &mut picks.into_iter());
        let shown = redact(text.as_bytes()).into_owned();
        let kernel = &secret.as_bytes()[secret.find("QQ").unwrap()..secret.rfind("ZZ").unwrap()];
        let visible = Decoded::new(&shown).bytes;
        prop_assert!(
            !visible.windows(kernel.len()).any(|window| window == kernel),
            "{}", String::from_utf8_lossy(&shown)
        );
        prop_assert_eq!(redact(&shown), &shown[..]);
    }

    #[test]
    fn redacting_twice_is_redacting_once(parts in prop::collection::vec(
        prop::sample::select(vec![
            "Signature", "token", "password", "authorization", "Bearer", "AWS4-x", "=", ":", "&",
            "%3D", "%253D", "%26", "%22", "\"", "'", "\\", " ", "+", "%20", "://", "@", "%", "25",
            "2", "3D", "a", "REDACTED", "<", "#", ";", ",", "[0]", "%5D", "\\u0026", "%75", "_",
        ]), 0..24)) {
        let text = parts.concat();
        let once = redact(text.as_bytes()).into_owned();
        prop_assert_eq!(redact(&once), &once[..]);
    }

    #[test]
    fn the_filter_lets_nothing_through(parts in prop::collection::vec(
        prop::sample::select(vec![
            "access_token", "token", "pwd", "X-Amz-Credential", "=", ":", "&", "%3D", "%253a", "%",
            "25", "%20", "%2", "5", "%5B", "]", "0", "%41", "\"", "://", "u:p", "@", "%40", "%2F",
            "/", "x", "-", "%u003d", "\u{fc}", "%C3", "F",
        ]), 0..16)) {
        let text = parts.concat();
        prop_assert_eq!(redact(text.as_bytes()), redact_all(text.as_bytes()));
    }

    #[test]
    fn no_bytes_break_it(text: Vec<u8>) {
        let once = redact(&text).into_owned();
        prop_assert_eq!(&*redact_all(&text), &once[..]);
        prop_assert_eq!(redact(&once), &once[..]);
    }
}

//! The decoded key in its parts, and what its name says of where it comes
//! from. What a name says about content is `tier`'s.

use std::sync::LazyLock;

use super::glob::{Globs, Row};

/// `key_last`: what follows the last slash; empty for a folder marker.
#[must_use]
pub fn last(key: &[u8]) -> &[u8] {
    &key[prefix(key).len()..]
}

/// `key_prefix`: up to and including the last slash; empty, but not null, for
/// a key in the bucket's root, which is a place like any other.
#[must_use]
pub fn prefix(key: &[u8]) -> &[u8] {
    memchr::memrchr(b'/', key).map_or(b"", |slash| &key[..=slash])
}

/// `key_suffix` of a last part: from its last dot, which begins no name and
/// ends none: `.bashrc` and `a.` have no suffix.
#[must_use]
pub fn suffix(name: &[u8]) -> Option<&[u8]> {
    let dot = memchr::memrchr(b'.', name)?;
    (dot > 0 && dot + 1 < name.len()).then(|| &name[dot..])
}

/// `key_has_bucket`: delivery partitioned by date writes the name of the
/// bucket that the log is about into the path.
#[must_use]
pub fn has_part(key: &[u8], bucket: &[u8]) -> bool {
    key.split(|byte| *byte == b'/').any(|part| part == bucket)
}

/// `YYYY-MM-DD-hh-mm-ss-` and a unique string of 16 hexadecimal digits.
const LOG_NAME: &[u8] = b"0000-00-00-00-00-00-FFFFFFFFFFFFFFFF";

/// `log_object`: a last part that ends as delivery ends the names of logs. The
/// prefix before it is the owner's choice and needs no slash
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html>).
#[must_use]
pub fn is_log(name: &[u8]) -> bool {
    let Some(start) = name.len().checked_sub(LOG_NAME.len()) else {
        return false;
    };
    let fits = |(byte, form): (&u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        b'F' => byte.is_ascii_hexdigit(),
        _ => byte == form,
    };
    name[start..].iter().zip(LOG_NAME).all(fits)
}

/// Work in progress of Hadoop and Spark, seen in real logs: written, copied
/// and deleted in masses, every day.
static STAGING: LazyLock<Globs> = LazyLock::new(|| {
    Globs::new(&[
        Row::new("_temporary/* .spark-staging*"),
        Row::last("*_$folder$"),
    ])
});

/// `staging`, of a key in lower case.
#[must_use]
pub fn is_staging(lower_key: &[u8]) -> bool {
    STAGING.matches(lower_key)
}

/// What is asked for whether or not it is there, seen in real logs: by browsers
/// and crawlers, then by Spark and Delta Lake.
static BENIGN: LazyLock<Globs> = LazyLock::new(|| {
    Globs::new(&[
        Row::new(".well-known/*"),
        Row::last(
            "favicon.ico robots.txt apple-touch-icon* sitemap*.xml ads.txt browserconfig.xml \
             manifest.json",
        ),
        Row::new("_temporary/* _delta_log/*"),
        Row::last("*_$folder$ _success"),
    ])
});

/// Whether a key in lower case is one that is often missed for no reason.
#[must_use]
pub fn is_benign(lower_key: &[u8]) -> bool {
    BENIGN.matches(lower_key)
}

#[cfg(test)]
mod tests {
    use super::super::super::Field;
    use super::super::tests::value;

    fn ask(field: Field, key: &str) -> String {
        value(field, &[(Field::KeyName, key)])
    }

    #[test]
    fn a_key_has_parts() {
        for (key, prefix, last, suffix) in [
            ("a/b/c.TXT", "a/b/", "c.TXT", ".txt"),
            ("c.tar.gz", "", "c.tar.gz", ".gz"),
            ("a/", "a/", "", "-"),
            ("/", "/", "", "-"),
            ("a/.bashrc", "a/", ".bashrc", "-"),
            ("a.b/c", "a.b/", "c", "-"),
            ("a.", "", "a.", "-"),
            ("x%252Fy.lockbit", "x/", "y.lockbit", ".lockbit"),
            ("-", "-", "-", "-"),
        ] {
            assert_eq!(ask(Field::KeyPrefix, key), prefix, "{key}");
            assert_eq!(ask(Field::KeyLast, key), last, "{key}");
            assert_eq!(ask(Field::KeySuffix, key), suffix, "{key}");
        }
    }

    #[test]
    fn a_bucket_is_a_part_of_the_path() {
        for (key, has) in [
            ("logs/111122223333/eu-west-1/mybucket/2024/01/01/x", "true"),
            ("mybucket", "true"),
            ("mybucket/", "true"),
            ("a/mybucket2/x", "false"),
            ("a/MYBUCKET/x", "false"),
            ("-", "false"),
        ] {
            let values = [(Field::KeyName, key), (Field::BucketName, "mybucket")];
            assert_eq!(value(Field::KeyHasBucket, &values), has, "{key}");
        }
    }

    #[test]
    fn delivered_logs_are_known_by_name() {
        for key in [
            "2013-11-01-21-32-16-E568B2907131C0C0",
            "logs/2013-11-01-21-32-16-E568B2907131C0C0",
            "logs2013-11-01-21-32-16-E568B2907131C0C0",
            "a/1/r/b/2013/11/01/2013-11-01-00-00-00-e568b2907131c0c0",
        ] {
            assert_eq!(ask(Field::LogObject, key), "true", "{key}");
        }
        for key in [
            "2013-11-01-21-32-16-E568B2907131C0C",
            "2013-11-01-21-32-16-E568B2907131C0CG",
            "2013-11-01-21-32-16-E568B2907131C0C0.gz",
            "2013-11-01-21-32-16-E568B2907131C0C0/x",
            "2013/11/01-21-32-16-E568B2907131C0C0",
            "-",
        ] {
            assert_eq!(ask(Field::LogObject, key), "false", "{key}");
        }
    }

    #[test]
    fn work_in_progress_is_staging() {
        for key in [
            "out/_temporary/0/task/part-0",
            "_temporary/0",
            "out/_temporary/",
            "out_$folder$",
            "a/_temporary_$folder$",
            "a/b_%24folder%24",
            ".spark-staging-1/x",
            "t/.spark-staging",
        ] {
            assert_eq!(ask(Field::Staging, key), "true", "{key}");
        }
        for key in [
            "out/temporary/x",
            "_temporary",
            "a_$folder$/x",
            "spark-staging/x",
            "x.spark-staging",
            "-",
        ] {
            assert_eq!(ask(Field::Staging, key), "false", "{key}");
        }
    }

    #[test]
    fn some_misses_are_benign() {
        let globs = "favicon.ico robots.txt apple-touch-icon.png apple-touch-icon-precomposed.png sitemap.xml sitemap_1.xml ads.txt browserconfig.xml manifest.json .well-known/security.txt a_$folder$ a/_temporary/0 a/_SUCCESS _SUCCESS a/_delta_log/_last_checkpoint _delta_log/0.json";
        for key in globs.split(' ') {
            assert_eq!(ask(Field::BenignMiss, key), "true", "{key}");
            assert_eq!(
                ask(Field::BenignMiss, &format!("x/{key}")),
                "true",
                "x/{key}"
            );
        }
        for key in "favicon.ico/x favicon.png xrobots.txt sitemap.xml.gz _success2 well-known/x _delta_log -".split(' ') {
            assert_eq!(ask(Field::BenignMiss, key), "false", "{key}");
        }
    }

    #[test]
    fn a_program_that_looks_before_it_writes_is_benign() {
        let user = "arn:aws:iam::111122223333:user/me";
        let sdk = "Boto3/1.2 Botocore/1.3";
        for (operation, status, requester, agent, benign) in [
            ("REST.HEAD.OBJECT", "404", user, sdk, "true"),
            ("rest.head.object", "404", user, "aws-sdk-java/1", "true"),
            ("REST.GET.OBJECT", "404", user, sdk, "false"),
            ("REST.HEAD.OBJECT", "403", user, sdk, "false"),
            ("REST.HEAD.OBJECT", "404", "-", sdk, "false"),
            ("REST.HEAD.OBJECT", "404", user, "Mozilla/5.0", "false"),
            ("REST.HEAD.OBJECT", "404", user, "curl/8", "false"),
            ("REST.HEAD.OBJECT", "404", user, "-", "false"),
        ] {
            let values = [
                (Field::Operation, operation),
                (Field::HttpStatus, status),
                (Field::Requester, requester),
                (Field::UserAgent, agent),
            ];
            assert_eq!(
                value(Field::BenignMiss, &values),
                benign,
                "{operation} {status} {agent}"
            );
        }
    }
}

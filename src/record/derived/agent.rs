//! User agents: what kind of tool one names, and the client without version.
//!
//! Whoever sends the request writes the user agent, so a name proves little
//! and its absence nothing. What may be trusted is decided elsewhere and never
//! by what is found here.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::memo::Memo;
use super::words::{self, Words};

/// Distributions for attacking; only behind `linux/` or `linux#`, as the
/// kernel's version is written by boto3 and by the command line.
const ATTACK_OS: &str = "attack-os";
const DISTRIBUTIONS: [&str; 3] = ["kali", "parrot", "pentoo"];
static ATTACK_OS_PATTERN: LazyLock<Regex> =
    LazyLock::new(|| words::pattern(r"(?i-u)(linux/|linux#)\S*(kali|parrot|pentoo)"));

/// Class and words, the class that counts more first. The words are the tools'
/// own names, as in their sources and in published logs.
const TOOLS: &[(&str, &[&str])] = &[
    // Most of these run on plain boto3 and name only that.
    (
        "attack-cloud",
        &[
            "pacu",
            "scoutsuite",
            "scout suite",
            "prowler",
            "cloudfox",
            "cloudsploit",
            "s3scanner",
            "bucketloot",
            "trufflehog",
            "cloud_enum",
        ],
    ),
    (
        "attack-web",
        &[
            "nuclei",
            "sqlmap",
            "gobuster",
            "feroxbuster",
            "fuzz faster u fool",
            "wfuzz",
            "dirbuster",
            "dirsearch",
            "nikto",
            "wpscan",
            "masscan",
            "nmap scripting engine",
            "acunetix",
            "nessus",
            "openvas",
            "metasploit",
        ],
    ),
    // They look at the whole internet.
    (
        "survey",
        &[
            "zgrab",
            "censysinspect",
            "expanse",
            "l9explore",
            "l9tcpid",
            "internetmeasurement",
        ],
    ),
    // They move much at once, for good reasons most of the time.
    (
        "bulk",
        &[
            "rclone/",
            "s5cmd/",
            "winscp/",
            "cyberduck/",
            "s3 browser",
            "cloudberry",
            "msp360",
            "filezilla",
            "s3fs/",
            "goofys/",
        ],
    ),
    // Not a name but an attack on whoever reads the log.
    ("payload", &["() {", "${jndi:", "<script", "<?php"]),
];

/// The words of [`TOOLS`] with their class, then the distributions.
static TOOL_WORDS: LazyLock<(Words, Vec<&'static str>)> = LazyLock::new(|| {
    let rows = || {
        TOOLS
            .iter()
            .flat_map(|(class, words)| words.iter().map(move |word| (*word, *class)))
            .chain(DISTRIBUTIONS.map(|name| (name, ATTACK_OS)))
    };
    let classes = rows().map(|(_, class)| class).collect();
    (Words::new(rows().map(|(word, _)| word)), classes)
});

/// `tool`: the first class of the table that one of its words stands for.
#[must_use]
pub fn tool(agent: &[u8]) -> Option<&'static str> {
    LAST_TOOLS.with_borrow_mut(|last| last.of(agent, find_tool))
}

thread_local! {
    /// Lines by the thousand have the same few user agents.
    static LAST_TOOLS: RefCell<Memo<Option<&'static str>>> = RefCell::new(Memo::new());
}

fn find_tool(agent: &[u8]) -> Option<&'static str> {
    let (words, classes) = &*TOOL_WORDS;
    if !words.any_case(agent) {
        return None;
    }
    let distributions = classes.len() - DISTRIBUTIONS.len();
    let mut best = usize::MAX;
    let mut distribution = false;
    for hit in words.all(agent) {
        let row = hit.pattern().as_usize();
        if row < distributions {
            best = best.min(row);
        } else {
            distribution = true;
        }
    }
    if distribution && ATTACK_OS_PATTERN.is_match(agent) {
        return Some(ATTACK_OS);
    }
    classes.get(best).copied()
}

/// Clients that are known by a word anywhere in their user agent, which names
/// the libraries below them too: `aws-cli/2.15 ... botocore/2.4`. The one that
/// says most comes first.
const FAMILIES: &[(&str, By)] = &[
    ("aws_athena", By::Program),
    ("presto", By::Program),
    ("trino", By::Program),
    ("hadoop", By::Program),
    ("terraform", By::Program),
    ("s3console", By::Program),
    ("awsconfig", By::Program),
    ("trustedadvisor", By::Program),
    ("amazon cloudfront", By::Anybody),
    ("aws-cli", By::Program),
    ("boto3", By::Program),
    ("botocore", By::Program),
    // And the language: `aws-sdk-java`.
    (SDK, By::Program),
    ("mozilla", By::Anybody),
];
const SDK: &str = "aws-sdk-";

/// Who decides what such a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// An SDK, or what stands on one: it looks before it writes.
    Program,
    /// Whoever is in front of it.
    Anybody,
}

static FAMILY_WORDS: LazyLock<Words> =
    LazyLock::new(|| Words::new(FAMILIES.iter().map(|(word, _)| *word)));

/// The longest family, bytes: a user agent may be one word of any length.
const LONGEST: usize = 64;

/// `user_agent_family`: the client in lower case, without version; `None` when
/// there is no word to take.
#[must_use]
pub fn family(agent: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut best = usize::MAX;
    let mut sdk = None;
    for hit in FAMILY_WORDS.all(agent) {
        let row = hit.pattern().as_usize();
        if FAMILIES[row].0 == SDK {
            let language = agent[hit.end()..].iter().take_while(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+' | b'.')
            });
            let length = language.take(LONGEST - SDK.len()).count();
            if length == 0 {
                continue;
            }
            sdk.get_or_insert(&agent[hit.start()..hit.end() + length]);
        }
        best = best.min(row);
    }
    match (FAMILIES.get(best), sdk) {
        (Some((SDK, _)), Some(name)) => Some(lower(name)),
        (Some((name, _)), _) => Some(Cow::Borrowed(name.as_bytes())),
        (None, _) => first_word(agent),
    }
}

fn first_word(agent: &[u8]) -> Option<Cow<'_, [u8]>> {
    let agent = agent.trim_ascii_start();
    let ends = |byte: &u8| *byte == b'/' || byte.is_ascii_whitespace();
    let length = agent.iter().take(LONGEST).take_while(|byte| !ends(byte));
    let word = &agent[..length.count()];
    (!word.is_empty()).then(|| lower(word))
}

fn lower(text: &[u8]) -> Cow<'_, [u8]> {
    if text.iter().any(u8::is_ascii_uppercase) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether a family is that of an SDK or of what stands on one.
#[must_use]
pub fn is_sdk(family: &[u8]) -> bool {
    let is = |(word, by): &(&str, By)| *by == By::Program && word.as_bytes() == family;
    family.starts_with(SDK.as_bytes()) || FAMILIES.iter().any(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family_of(agent: &str) -> String {
        let family = family(agent.as_bytes());
        family.map_or("-".to_owned(), |f| String::from_utf8_lossy(&f).into_owned())
    }

    #[test]
    fn every_word_of_the_table_has_its_class() {
        for (class, words) in TOOLS {
            for word in *words {
                for agent in [
                    format!("Mozilla/5.0 ({word} 1.0)"),
                    word.to_uppercase(),
                    format!("x{word}"),
                ] {
                    assert_eq!(tool(agent.as_bytes()), Some(*class), "{agent}");
                }
            }
        }
    }

    #[test]
    fn a_distribution_counts_where_the_kernel_is_named() {
        for agent in [
            "aws-cli/1.16.145 Python/3.6.7 Linux/4.19.0-kali4-amd64 botocore/1.12.135",
            "Boto3/1.28 md/Botocore#1.31 ua/2.0 os/linux#6.1.0-KALI9-amd64 md/arch#x86_64",
            "aws-cli/2 Linux/5.18-parrot1",
            "aws-cli/2 linux/5.18-pentoo",
        ] {
            assert_eq!(tool(agent.as_bytes()), Some("attack-os"), "{agent}");
        }
        for agent in [
            "kalinka/1.0",
            "aws-cli/2 Linux/5.18 parrot/1",
            "kali Linux/6.1",
            "Linux 6.1-kali",
            "",
            "Mozilla/5.0 (X11; Linux x86_64)",
            "rclone",
            "s3fs",
        ] {
            assert_eq!(tool(agent.as_bytes()), None, "{agent}");
        }
    }

    #[test]
    fn of_several_words_the_first_class_counts() {
        for (agent, class) in [
            ("rclone/1.6 nikto", "attack-web"),
            ("nikto pacu", "attack-cloud"),
            ("${jndi:ldap://x} zgrab", "survey"),
            ("pacu Linux/6.1-kali", "attack-os"),
            ("() {rclone/", "bulk"),
        ] {
            assert_eq!(tool(agent.as_bytes()), Some(class), "{agent}");
        }
    }

    #[test]
    fn families() {
        for (agent, expected) in [
            (
                "AWS_ATHENA, aws-sdk-java/1.12 Linux/4.14 presto",
                "aws_athena",
            ),
            (
                "aws-sdk-java/1.11.1030 Linux/5.10 vendor/x presto",
                "presto",
            ),
            ("aws-sdk-java/2.20 trino", "trino"),
            ("Hadoop 3.3.4, aws-sdk-java/1.12.262", "hadoop"),
            (
                "APN/1.0 HashiCorp/1.0 Terraform/1.5.7 aws-sdk-go/1.44",
                "terraform",
            ),
            (
                "S3Console/0.4, aws-internal/3 aws-sdk-java/1.11",
                "s3console",
            ),
            ("AWSConfig", "awsconfig"),
            ("TrustedAdvisor/1.0", "trustedadvisor"),
            ("Amazon CloudFront", "amazon cloudfront"),
            (
                "aws-cli/1.18.198 Python/2.7.18 Linux/4.14 botocore/1.19.38",
                "aws-cli",
            ),
            (
                "Boto3/1.21.19 Python/3.9 Linux/4.4 Botocore/1.24 Resource",
                "boto3",
            ),
            ("Botocore/1.24", "botocore"),
            ("aws-sdk-go-v2/1.24 os/linux lang/go#1.21", "aws-sdk-go-v2"),
            ("aws-sdk-JS/3.0 Mozilla/5.0", "aws-sdk-js"),
            ("aws-sdk-/1 Mozilla/5.0", "mozilla"),
            ("\"Mozilla/5.0 (Windows NT 10.0)", "mozilla"),
            ("git-annex/10.20220927-geb4a544", "git-annex"),
            ("  Java 8", "java"),
            ("aws-sdk-", "aws-sdk-"),
            ("Wget", "wget"),
            ("/1.0", "-"),
            ("", "-"),
        ] {
            assert_eq!(family_of(agent), expected, "{agent}");
        }
        assert_eq!(family_of(&"a".repeat(9000)).len(), LONGEST);
        assert_eq!(
            family_of(&format!("aws-sdk-{}", "a".repeat(9000))).len(),
            LONGEST
        );
    }

    #[test]
    fn every_family_is_found_by_its_word() {
        for (word, by) in FAMILIES.iter().filter(|(word, _)| *word != SDK) {
            assert_eq!(family_of(&word.to_uppercase()), *word);
            assert_eq!(is_sdk(word.as_bytes()), *by == By::Program, "{word}");
        }
        assert!(is_sdk(b"aws-sdk-java"));
        assert!(!is_sdk(b"curl"));
    }
}

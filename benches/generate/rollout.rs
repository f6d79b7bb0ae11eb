//! New versions of programs: the user agent says another number, and nothing
//! else of it changes.

use std::borrow::Cow;

use crate::rhythm::{DAY, LEARNED};

/// What a user agent says, what it will say, and how many days after the third
/// week began.
const VERSIONS: [(&str, &str, i64); 6] = [
    ("aws-sdk-js/3.758.0", "aws-sdk-js/3.772.0", 1),
    ("aws-sdk-java/2.29.9", "aws-sdk-java/2.30.38", 0),
    ("aws-sdk-java/2.25.53", "aws-sdk-java/2.31.1", 3),
    ("aws-cli/2.24.10", "aws-cli/2.25.3", 2),
    (
        "Boto3/1.35.99 md/Botocore#1.35.99",
        "Boto3/1.37.13 md/Botocore#1.37.13",
        4,
    ),
    ("Chrome/133.0.0.0", "Chrome/134.0.0.0", 2),
];

/// When programs get their new versions.
#[derive(Clone, Copy)]
pub struct Rollout {
    /// Start of the third week; never where nothing changes.
    begin: i64,
}

impl Rollout {
    /// Of a log that starts at a time.
    pub const fn new(start: i64, changes: bool) -> Self {
        let begin = if changes { start + LEARNED } else { i64::MAX };
        Self { begin }
    }

    /// The user agent at a time.
    pub fn agent(self, agent: &str, time: i64) -> Cow<'_, str> {
        if time < self.begin {
            return Cow::Borrowed(agent);
        }
        let due = VERSIONS
            .iter()
            .find(|(old, _, days)| time >= self.begin + days * DAY && agent.contains(old));
        due.map_or(Cow::Borrowed(agent), |(old, new, _)| {
            agent.replace(old, new).into()
        })
    }
}

//! How buckets are reached.

use std::time::Duration;

use clap::Args;
use s3sentry::source::s3::CONCURRENCY;

use super::watch::pause;

/// Where the help lists them.
const BUCKETS: &str = "Buckets";

/// Options for sources that are `s3://bucket/prefix`.
#[derive(Debug, Args)]
pub struct Bucket {
    /// Profile of the AWS configuration files [default: $AWS_PROFILE, then default]
    #[arg(long, help_heading = BUCKETS, value_name = "NAME")]
    pub profile: Option<String>,
    /// Region that is asked first; buckets of other regions are found all the same
    /// [default: $AWS_REGION, then that of the profile]
    #[arg(long, help_heading = BUCKETS, value_name = "REGION")]
    pub region: Option<String>,
    /// Another server than AWS that speaks its protocol, http:// or https://
    #[arg(long, help_heading = BUCKETS, value_name = "URL", value_parser = url)]
    pub endpoint_url: Option<String>,
    /// Pay for the requests, where the owner of the bucket does not
    #[arg(long, help_heading = BUCKETS)]
    pub requester_pays: bool,
    /// Objects that are fetched at once, at the most; fewer when AWS asks to slow down
    #[arg(long, help_heading = BUCKETS, value_name = "N", default_value_t = CONCURRENCY, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: u16,
    /// How long an answer may take to begin, and how long it may stand still. Not in the help: it is
    /// for tests, whose servers are silent now and then
    #[arg(long, value_name = "DURATION", hide = true, value_parser = pause, default_value = "30s")]
    pub patience: Duration,
}

fn url(text: &str) -> Result<String, &'static str> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(host) if !host.is_empty() && !host.starts_with('/') => Ok(text.to_owned()),
        _ => Err("an endpoint is a URL: https://HOST or http://HOST:PORT"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_urls() {
        assert!(url("http://127.0.0.1:9000").is_ok() && url("https://s3.example.net/").is_ok());
        for wrong in ["", "s3.example.net", "https://", "http:///a", "ftp://a"] {
            assert!(url(wrong).is_err(), "{wrong}");
        }
    }
}

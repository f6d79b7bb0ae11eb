//! How S3 and SQS are reached: what was asked for, and what the SDK makes of it.
//!
//! What is asked of them may not enter here.

use std::fmt;
use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{
    Credentials, RequestChecksumCalculation, ResponseChecksumValidation, SharedCredentialsProvider,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use super::CONCURRENCY;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// How long AWS may be silent, unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the first request goes if nobody says where: a bucket that is elsewhere
/// is told of in the answer.
pub(super) const ANY_REGION: &str = "us-east-1";

/// How S3 and SQS are reached.
#[derive(Debug, Clone)]
pub struct Config {
    /// Profile of the AWS configuration files, whatever keys the environment holds;
    /// the SDK's choice without.
    pub profile: Option<String>,
    /// Region of the first request; the SDK's choice without. Buckets elsewhere
    /// are found all the same.
    pub region: Option<String>,
    /// Another server than AWS, `http://` or `https://`. Buckets then stand in
    /// the path and not in the host name.
    pub endpoint_url: Option<String>,
    /// Whether who asks pays, which some buckets demand.
    pub requester_pays: bool,
    /// Objects in flight at once, at the most.
    pub concurrency: u16,
    /// Keys to use instead of the SDK's chain of credentials.
    pub keys: Option<Keys>,
    /// How long an answer may take to begin, and how long its body may stand
    /// still.
    pub patience: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            profile: None,
            region: None,
            endpoint_url: None,
            requester_pays: false,
            concurrency: CONCURRENCY,
            keys: None,
            patience: PATIENCE,
        }
    }
}

/// Access keys that were given and not looked up.
#[derive(Clone)]
pub struct Keys {
    /// Access key id.
    pub id: String,
    /// Secret access key. It is not shown.
    pub secret: String,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What the SDK needs to know, for S3, SQS and those who give credentials. Nothing
/// is retried by the clients that are made of it; those who give credentials do
/// as they always do.
pub(super) async fn sdk_config(config: &Config) -> SdkConfig {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .read_timeout(config.patience)
        .build();
    let stalled = StalledStreamProtectionConfig::enabled()
        .upload_enabled(false)
        .grace_period(config.patience)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http.clone())
        .timeout_config(timeouts.clone())
        .stalled_stream_protection(stalled)
        // Other servers know nothing of newer checksums; TLS, the size and the
        // etag say whether what came is what was meant.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    if let Some(profile) = &config.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &config.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(url) = &config.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    let sdk = loader.load().await;
    let region = sdk.region().cloned();
    let mut sdk = sdk.into_builder();
    if let Some(keys) = &config.keys {
        let keys = Credentials::new(&keys.id, &keys.secret, None, None, "given");
        sdk.set_credentials_provider(Some(SharedCredentialsProvider::new(keys)));
    } else if let Some(profile) = &config.profile {
        // In the SDK's chain the environment comes before any profile.
        let reach = ProviderConfig::without_region()
            .with_behavior_version(Some(BehaviorVersion::latest()))
            .with_region(region.clone())
            .with_timeout_config(timeouts)
            .with_http_client(http);
        let provider = ProfileFileCredentialsProvider::builder()
            .configure(&reach)
            .profile_name(profile)
            .build();
        // A profile may only name a region, and leave the rest to the machine.
        let ecs = EcsCredentialsProvider::builder().configure(&reach).build();
        let imds = ImdsCredentialsProvider::builder().configure(&reach).build();
        let chain = CredentialsProviderChain::first_try("Profile", provider)
            .or_else("EcsContainer", ecs)
            .or_else("Ec2InstanceMetadata", imds);
        sdk.set_credentials_provider(Some(SharedCredentialsProvider::new(chain)));
    }
    sdk.region(region.unwrap_or(Region::from_static(ANY_REGION)))
        .retry_config(RetryConfig::disabled())
        .build()
}

//! Requests to S3: one attempt at one of them, in the right region, with
//! credentials that are accepted.
//!
//! What is asked for, and in which order, may not enter here.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use aws_config::{Region, SdkConfig};
use aws_sdk_s3::Client as S3;
use aws_sdk_s3::config::ProvideCredentials;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{EncodingType, RequestPayer};

use super::config::{ANY_REGION, Config, sdk_config};
use super::errors::{self, Asked};
use super::pace::Pace;
use super::retry::{Budget, PATIENCE, Tally, insist, within};
use super::store::{Ask, Content, Page, Store};
use super::{Fault, Object, layout, runtime};

/// What reaches S3. Clones share connections, credentials and what was learnt
/// about regions: make one and keep it.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
    /// Of this clone; see [`Client::counting`].
    tally: Arc<Tally>,
}

#[derive(Debug)]
struct Shared {
    config: Config,
    known: RwLock<Known>,
    /// Held while credentials are looked up again.
    renewing: tokio::sync::Mutex<()>,
    pace: Pace,
    budget: Budget,
}

/// What may change while it runs.
#[derive(Debug)]
struct Known {
    sdk: SdkConfig,
    /// How often credentials were looked up again.
    renewed: u64,
    /// Regions of buckets that are elsewhere than where the first request went.
    regions: HashMap<Arc<str>, Region>,
    /// One client a region.
    clients: HashMap<Region, S3>,
}

impl Client {
    /// Reads the configuration files and the environment; nothing is asked of S3
    /// yet.
    pub fn new(config: Config) -> Result<Self, Fault> {
        Ok(runtime::get()?.block_on(Self::load(config)))
    }

    async fn load(config: Config) -> Self {
        let sdk = sdk_config(&config).await;
        let shared = Shared {
            known: RwLock::new(Known {
                sdk,
                renewed: 0,
                regions: HashMap::new(),
                clients: HashMap::new(),
            }),
            renewing: tokio::sync::Mutex::new(()),
            pace: Pace::new(config.concurrency),
            budget: Budget::new(),
            config,
        };
        Self {
            shared: Arc::new(shared),
            tally: Arc::default(),
        }
    }

    /// The same with counts of its own, which begin with zero.
    pub(super) fn counting(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            tally: Arc::default(),
        }
    }

    /// Objects in flight at once, at the most.
    pub(super) fn concurrency(&self) -> u16 {
        self.shared.config.concurrency.max(1)
    }

    /// What its requests needed.
    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How many requests are in flight.
    pub(super) fn pace(&self) -> &Pace {
        &self.shared.pace
    }

    /// The right to try again.
    pub(super) fn budget(&self) -> &Budget {
        &self.shared.budget
    }

    /// What the SDK needs to know, with the credentials of now, and how often
    /// those were looked up again.
    pub(super) fn sdk(&self) -> (SdkConfig, u64) {
        let known = self.known();
        (known.sdk.clone(), known.renewed)
    }

    /// Looks credentials up again, unless that was done since what failed began:
    /// somebody may have logged in meanwhile.
    pub(super) async fn renew(&self, renewed: u64) {
        let _alone = self.shared.renewing.lock().await;
        if self.known().renewed != renewed {
            return;
        }
        // On the heap: it is large, and rarely needed.
        let sdk = Box::pin(sdk_config(&self.shared.config)).await;
        let mut known = self.change();
        known.sdk = sdk;
        known.renewed += 1;
        known.clients.clear();
    }

    /// Why a request was never sent, if there are no credentials.
    pub(super) async fn without_credentials(&self) -> Option<Fault> {
        let provider = self.known().sdk.credentials_provider()?;
        let error = provider.provide_credentials().await.err()?;
        Some(Fault::Credentials {
            reason: errors::causes(&error),
        })
    }

    /// An object on its way, and its bytes if the server told.
    pub(super) async fn open(
        &self,
        bucket: &Arc<str>,
        key: &str,
        etag: &str,
    ) -> Result<(Stream, Option<u64>), Fault> {
        let answer: GetObjectOutput = self
            .ask(bucket, Asked::Get, |s3| {
                let etag = (!etag.is_empty()).then(|| format!("\"{etag}\""));
                s3.get_object()
                    .bucket(bucket.as_ref())
                    .key(key)
                    .set_if_match(etag)
                    .set_request_payer(self.payer())
                    .send()
            })
            .await?;
        let size = answer.content_length().and_then(|len| len.try_into().ok());
        Ok((Stream(answer.body), size))
    }

    /// Asks once, and once more each where the bucket is in another region and
    /// where credentials are no longer accepted.
    async fn ask<T, E, F>(
        &self,
        bucket: &Arc<str>,
        asked: Asked,
        request: impl Fn(S3) -> F,
    ) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, SdkError<E>>>,
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        let (mut moved, mut fresh) = (false, false);
        loop {
            let (s3, region, renewed) = self.reach(bucket);
            // On the heap: it is large, and only few are in flight at once.
            let error = match Box::pin(request(s3)).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let mut fault = errors::fault(&error, asked);
            if errors::is_unsent(&error) && self.without_credentials().await.is_some() {
                // Who gives credentials says only once what is wrong.
                fault = errors::without_credentials(&error);
            }
            match &fault {
                Fault::WrongRegion {
                    region: Some(right),
                } if !moved && *right != region.as_ref() => {
                    moved = true;
                    let right = Region::new(right.clone());
                    self.change().regions.insert(bucket.clone(), right);
                }
                Fault::Credentials { .. } if !fresh => {
                    fresh = true;
                    self.renew(renewed).await;
                }
                _ => return Err(fault),
            }
        }
    }

    /// The client for a bucket, its region, and how often credentials were looked
    /// up before.
    fn reach(&self, bucket: &str) -> (S3, Region, u64) {
        let (region, renewed) = {
            let known = self.known();
            let region = known.regions.get(bucket).or(known.sdk.region()).cloned();
            let region = region.unwrap_or(Region::from_static(ANY_REGION));
            if let Some(s3) = known.clients.get(&region) {
                return (s3.clone(), region, known.renewed);
            }
            (region, known.renewed)
        };
        let mut known = self.change();
        let config = aws_sdk_s3::config::Builder::from(&known.sdk)
            .region(region.clone())
            .force_path_style(known.sdk.endpoint_url().is_some())
            .use_arn_region(true)
            .build();
        let s3 = known.clients.entry(region.clone());
        let s3 = s3.or_insert_with(|| S3::from_conf(config)).clone();
        (s3, region, renewed)
    }

    fn payer(&self) -> Option<RequestPayer> {
        self.shared
            .config
            .requester_pays
            .then_some(RequestPayer::Requester)
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        let known = self.shared.known.read();
        known.unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Known> {
        let known = self.shared.known.write();
        known.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Client {
    type Content = Stream;

    async fn page(&self, ask: Ask) -> Result<Page, Fault> {
        // Pages need no place: there are few of them, and objects wait for them.
        let attempt = async || {
            let epoch = self.pace().epoch();
            let request = self.ask(&ask.bucket, Asked::List, |s3| {
                let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
                s3.list_objects_v2()
                    .bucket(ask.bucket.as_ref())
                    .set_prefix(some(&ask.prefix))
                    .set_start_after(some(&ask.start_after))
                    .set_delimiter(ask.folders.then(|| "/".to_owned()))
                    .max_keys(ask.max_keys.into())
                    .encoding_type(EncodingType::Url)
                    .set_request_payer(self.payer())
                    .send()
            });
            let answer = within(PATIENCE, request).await;
            if let Err(Fault::Throttled { .. }) = answer {
                self.pace().refused(epoch);
            }
            answer
        };
        let answer = insist(self.budget(), &self.tally, attempt).await?;
        Ok(page(&ask.bucket, &answer))
    }

    async fn get(&self, object: &Object) -> Result<Stream, Fault> {
        let (stream, size) = self.open(&object.bucket, &object.key, &object.etag).await?;
        match size {
            Some(size) if size != object.size && object.etag.is_empty() => Err(Fault::Changed),
            Some(size) if size != object.size => Err(Fault::Truncated {
                expected: object.size,
                got: size,
            }),
            _ => Ok(stream),
        }
    }
}

/// A page as plain values.
fn page(bucket: &Arc<str>, answer: &ListObjectsV2Output) -> Page {
    let encoded = answer.encoding_type() == Some(&EncodingType::Url);
    let text = |text: &str| {
        if encoded {
            decoded(text)
        } else {
            text.to_owned()
        }
    };
    let objects = answer.contents().iter().map(|object| {
        let key = text(object.key().unwrap_or_default());
        Object {
            bucket: bucket.clone(),
            named: layout::named(&key),
            key: key.into(),
            size: object.size().unwrap_or(0).try_into().unwrap_or(0),
            etag: object.e_tag().unwrap_or_default().trim_matches('"').into(),
            modified: object.last_modified().map(DateTime::secs),
        }
    });
    let folders = answer.common_prefixes().iter();
    Page {
        objects: objects.collect(),
        folders: folders
            .map(|folder| text(folder.prefix().unwrap_or_default()))
            .collect(),
        truncated: answer.is_truncated().unwrap_or(false),
    }
}

/// Undoes the encoding of keys that was asked for: that of forms, where `+` is a
/// space. XML has no way to write some characters that keys may have.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digit = |at: usize| char::from(*behind.get(at)?).to_digit(16);
        rest = behind;
        bytes.push(match first {
            b'+' => b' ',
            b'%' if let (Some(high), Some(low)) = (digit(0), digit(1)) => {
                rest = &behind[2..];
                (high * 16 + low) as u8
            }
            other => other,
        });
    }
    // Keys are UTF-8.
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An object on its way.
#[derive(Debug)]
pub(super) struct Stream(ByteStream);

impl Content for Stream {
    type Part = Vec<u8>;

    async fn part(&mut self) -> Result<Option<Self::Part>, Fault> {
        match self.0.try_next().await {
            Ok(part) => Ok(part.map(Vec::from)),
            Err(error) => Err(Fault::Connection {
                reason: errors::causes(&error),
            }),
        }
    }
}

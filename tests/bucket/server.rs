//! A server that speaks S3 over TCP, with signatures checked, and that fails as
//! it is told to.
//!
//! What is asked of it may not enter here, nor who asks.

#[path = "server/backend.rs"]
mod backend;
#[path = "server/line.rs"]
mod line;
#[path = "server/schedule.rs"]
mod schedule;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s::{S3ErrorCode, S3Result, s3_error};

#[allow(unused_imports)]
pub use backend::{Bucket, Buckets, Computed};
#[allow(unused_imports)]
pub use schedule::{Failure, Request, Schedule, seeded};

/// The only ones that are let in.
pub const KEY: &str = "AKIDEXAMPLE";
/// One more, for a schedule to refuse.
pub const OLD_KEY: &str = "AKIDEXPIRED";
/// Belongs to both.
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// A server, until it is dropped.
pub struct Server {
    address: SocketAddr,
    runtime: Option<tokio::runtime::Runtime>,
    seen: Arc<Seen>,
}

/// What was asked of it.
#[derive(Debug, Default)]
pub struct Seen {
    /// Requests for pages, those that failed among them.
    pub pages: AtomicU64,
    /// Requests for objects, those that failed among them.
    pub gets: AtomicU64,
    /// Requests for objects that are being answered.
    busy: AtomicU64,
    /// The most of them at once.
    pub most: AtomicU64,
    /// Failures that it was told to have.
    pub failures: AtomicU64,
}

impl Server {
    /// One that never fails.
    pub fn start(buckets: &Buckets) -> Self {
        Self::new(buckets, None, Duration::ZERO)
    }

    /// One that fails when the schedule says so.
    pub fn failing(buckets: &Buckets, schedule: impl Schedule) -> Self {
        Self::new(buckets, Some(Box::new(schedule)), Duration::ZERO)
    }

    /// One that needs this long for an object.
    pub fn slow(buckets: &Buckets, schedule: impl Schedule, delay: Duration) -> Self {
        Self::new(buckets, Some(Box::new(schedule)), delay)
    }

    fn new(buckets: &Buckets, schedule: Option<Box<dyn Schedule>>, delay: Duration) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let seen = Arc::<Seen>::default();
        let gate = Gate {
            schedule,
            asked: Mutex::default(),
            seen: seen.clone(),
            delay,
        };
        let mut service = S3ServiceBuilder::new(backend::Backend {
            buckets: buckets.clone(),
            seen: seen.clone(),
        });
        let mut auth = SimpleAuth::new();
        for key in [KEY, OLD_KEY] {
            auth.register(key.to_owned(), SECRET.into());
        }
        service.set_auth(auth);
        service.set_access(gate);
        let service = service.build();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"));
        let listener = listener.unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                let cut = line::Cut::default();
                let line = TokioIo::new(line::Line::new(stream, cut.clone()));
                tokio::spawn(line::CUT.scope(cut, async move {
                    // A line that was cut ends with a fault, as it should.
                    let _ = auto::Builder::new(TokioExecutor::new())
                        .serve_connection(line, service)
                        .await;
                }));
            }
        });
        Self {
            address,
            runtime: Some(runtime),
            seen,
        }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked of it so far.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}

impl Seen {
    /// One of them.
    pub fn get(count: &AtomicU64) -> u64 {
        count.load(Ordering::SeqCst)
    }
}

/// Counts while an object is being answered.
struct Busy(Arc<Seen>);

impl Busy {
    fn new(seen: &Arc<Seen>) -> Self {
        let busy = seen.busy.fetch_add(1, Ordering::SeqCst) + 1;
        seen.most.fetch_max(busy, Ordering::SeqCst);
        Self(seen.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Where requests fail, once their signature has been checked.
struct Gate {
    schedule: Option<Box<dyn Schedule>>,
    /// How often each request came, by a hash of it; only kept for a schedule.
    asked: Mutex<std::collections::HashMap<u64, u32>>,
    seen: Arc<Seen>,
    delay: Duration,
}

#[async_trait::async_trait]
impl S3Access for Gate {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        if cx.credentials().is_none() {
            return Err(s3_error!(AccessDenied));
        }
        let key = cx.s3_path().as_object().map(|(_, key)| key.to_owned());
        let count = if key.is_some() {
            &self.seen.gets
        } else {
            &self.seen.pages
        };
        count.fetch_add(1, Ordering::SeqCst);
        let _busy = key.is_some().then(|| Busy::new(&self.seen));
        if key.is_some() && !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        let Some(schedule) = &self.schedule else {
            return Ok(());
        };
        let uri = cx.uri().to_string();
        let nth = {
            let mut asked = self.asked.lock().unwrap();
            let nth = asked.entry(schedule::hash(0, &uri, 0)).or_default();
            *nth += 1;
            *nth
        };
        let header = cx.headers().get("authorization");
        let request = Request {
            signed: header.map_or_else(String::new, |text| text.to_str().unwrap().to_owned()),
            payer: cx.headers().contains_key("x-amz-request-payer"),
            key,
            uri,
            nth,
            busy: self.seen.busy.load(Ordering::SeqCst),
        };
        let Some(failure) = schedule.failure(&request) else {
            return Ok(());
        };
        self.seen.failures.fetch_add(1, Ordering::SeqCst);
        match failure {
            Failure::Code(code) => {
                let code = S3ErrorCode::from_bytes(code.as_bytes()).unwrap();
                Err(s3s::S3Error::with_message(code, "as it was told to"))
            }
            Failure::Region(region) => {
                let mut headers = cx.headers().clone();
                headers.clear();
                headers.insert("x-amz-bucket-region", region.parse().unwrap());
                let mut error = s3_error!(PermanentRedirect);
                error.set_headers(headers);
                Err(error)
            }
            Failure::Silence => {
                std::future::pending::<()>().await;
                Ok(())
            }
            Failure::Reset => line::cut(line::End::Reset, 0),
            Failure::Cut(bytes) => line::cut(line::End::Reset, bytes),
            Failure::Stall(bytes) => line::cut(line::End::Stall, bytes),
            Failure::Short => {
                cx.extensions_mut().insert(backend::Short);
                Ok(())
            }
        }
    }
}

//! The kinds of sessions: how often each begins, who begins it and where.

use crate::line::Address;
use crate::rng::{Rng, mix};
use crate::traffic::Session;
use crate::world::{self, agent, role};

/// What a session does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Athena and the like read ranges of tables, from machines and NAT gateways.
    Analytics,
    /// Spark commits: a missing `_temporary` key, a put, a copy, a delete.
    Spark,
    /// The application reads and writes what customers upload.
    Application,
    /// A large upload in parts.
    Multipart,
    /// A function turns uploads into thumbnails.
    Function,
    /// Somebody reads the public downloads.
    Visitor,
    /// A browser on the website.
    Browser,
    /// A customer follows a presigned link.
    Presigned,
    /// CloudFront asks its origin.
    Origin,
    /// A person in the console, behind an office's NAT.
    Person,
    /// Terraform reads and writes its state.
    Terraform,
    /// The partner reads reports over a peered network.
    Partner,
    /// S3 delivers access logs.
    LogDelivery,
    /// S3 expires and moves objects.
    Lifecycle,
    /// A clean-up of many keys in one request.
    BatchDelete,
}

/// Kinds that write about every address and key anew.
pub const SCATTERED: [Kind; 8] = [
    Kind::Analytics,
    Kind::Analytics,
    Kind::Application,
    Kind::Application,
    Kind::Multipart,
    Kind::Function,
    Kind::Visitor,
    Kind::Presigned,
];

/// A kind in realistic proportion.
pub fn draw(rng: &mut Rng) -> Kind {
    use Kind::{
        Analytics, Application, BatchDelete, Browser, Function, Lifecycle, LogDelivery, Multipart,
        Origin, Partner, Person, Presigned, Spark, Terraform, Visitor,
    };
    const WEIGHTS: [(Kind, u32); 15] = [
        (Analytics, 230),
        (Application, 200),
        (Visitor, 140),
        (Browser, 110),
        (Presigned, 80),
        (Spark, 50),
        (Origin, 50),
        (Function, 40),
        (Multipart, 20),
        (LogDelivery, 25),
        (Person, 20),
        (Lifecycle, 10),
        (Terraform, 10),
        (Partner, 10),
        (BatchDelete, 5),
    ];
    let mut at = rng.below(1000);
    for (kind, weight) in WEIGHTS {
        if at < weight {
            return kind;
        }
        at -= weight;
    }
    Analytics
}

/// Sets who and where; returns the least and most lines.
pub fn begin(session: &mut Session, somebody: Address, started: u64) -> (u32, u32) {
    match session.kind {
        Kind::Visitor | Kind::Browser | Kind::Presigned => begin_outside(session, somebody),
        Kind::Origin | Kind::LogDelivery | Kind::Lifecycle => begin_service(session),
        Kind::Person | Kind::Partner => begin_person(session),
        _ => begin_program(session, started),
    }
}

fn set(
    session: &mut Session,
    bucket: &'static str,
    agent: &'static str,
    requester: impl Into<String>,
) {
    session.bucket = bucket;
    session.agent = agent;
    session.requester = requester.into();
}

/// People of the company, and the partner's account.
fn begin_person(session: &mut Session) -> (u32, u32) {
    let number = session.seed >> 8;
    if session.kind == Kind::Partner {
        let account = world::PARTNER;
        let requester = format!("arn:aws:sts::{account}:assumed-role/shared-analytics/nightly");
        set(session, world::REPORTS, agent::BOTO3, requester);
        return (2, 8);
    }
    let buckets = [
        world::REPORTS,
        world::DATALAKE,
        world::UPLOADS,
        world::DOWNLOADS,
    ];
    let bucket = buckets[(number % 4) as usize];
    session.address = world::office(number);
    set(session, bucket, agent::CONSOLE, world::person(number));
    (4, 14)
}

/// The company's programs.
fn begin_program(session: &mut Session, started: u64) -> (u32, u32) {
    let number = session.seed >> 8;
    match session.kind {
        Kind::Spark => {
            let instance = format!("i-0{:016x}", mix(number % 30));
            set(
                session,
                world::CURATED,
                agent::SPARK,
                role("data-lake-etl", &instance),
            );
            (5, 20)
        }
        Kind::Application => {
            let bucket = if number.is_multiple_of(4) {
                world::REPORTS
            } else {
                world::UPLOADS
            };
            let process = format!("17700{:08}", mix(number % 24) % 100_000_000);
            set(session, bucket, agent::APP, role("app-api", &process));
            (2, 10)
        }
        Kind::Multipart => {
            set(
                session,
                world::UPLOADS,
                agent::APP,
                role("app-api", "media-ingest"),
            );
            (4, 12)
        }
        Kind::Function => {
            set(
                session,
                world::THUMBNAILS,
                agent::LAMBDA,
                role("thumbnailer", "thumbnailer"),
            );
            (2, 8)
        }
        Kind::Terraform => {
            set(
                session,
                world::TERRAFORM,
                agent::TERRAFORM,
                world::user("ci/deployer"),
            );
            (3, 6)
        }
        Kind::BatchDelete => {
            let buckets = [world::THUMBNAILS, world::CURATED, world::UPLOADS];
            let bucket = buckets[(started % 3) as usize];
            set(
                session,
                bucket,
                agent::APP,
                role("retention-sweeper", "sweeper"),
            );
            (6, 21)
        }
        _ => {
            let bucket = if number.is_multiple_of(3) {
                world::CURATED
            } else {
                world::DATALAKE
            };
            let query = format!("AthenaQuery-{:04x}", number % 40);
            set(
                session,
                bucket,
                agent::ATHENA,
                role("analytics-query", &query),
            );
            if number.is_multiple_of(5) {
                session.address = Address::V4(world::NAT_GATEWAYS + (number % 4) as u32);
            }
            (4, 16)
        }
    }
}

/// Those who are not of the company: only unsigned and presigned requests.
fn begin_outside(session: &mut Session, somebody: Address) -> (u32, u32) {
    let number = session.seed >> 8;
    let browser = agent::BROWSERS[(number % 4) as usize];
    session.address = somebody;
    match session.kind {
        Kind::Browser => {
            set(session, world::WEBSITE, browser, "");
            if !number.is_multiple_of(3) {
                session.referer = "http://www.acme.example/";
            }
            (2, 9)
        }
        Kind::Presigned => {
            set(
                session,
                world::REPORTS,
                browser,
                role("app-api", "download-links"),
            );
            session.referer = "https://app.acme.example/";
            (1, 3)
        }
        _ => {
            let downloader = agent::DOWNLOADERS[(number % 5) as usize];
            set(session, world::DOWNLOADS, downloader, "");
            (1, 5)
        }
    }
}

/// AWS's own services, which have no address.
fn begin_service(session: &mut Session) -> (u32, u32) {
    // The spaces are real: https://github.com/elastic/integrations/pull/20442.
    const IDENTITY: &str =
        "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLEOAI7Q";
    let number = session.seed >> 8;
    session.address = Address::Nowhere;
    match session.kind {
        Kind::LogDelivery => {
            set(
                session,
                world::LOGS,
                agent::INTERNAL,
                "svc:logging.s3.amazonaws.com",
            );
            (1, 4)
        }
        Kind::Lifecycle => {
            let bucket = if number.is_multiple_of(2) {
                world::LOGS
            } else {
                world::ARCHIVE
            };
            set(session, bucket, "", "AmazonS3");
            (5, 20)
        }
        _ => {
            let old = number.is_multiple_of(4);
            let requester = if old {
                IDENTITY
            } else {
                "svc:cloudfront.amazonaws.com"
            };
            set(session, world::MEDIA, agent::CLOUDFRONT, requester);
            (3, 12)
        }
    }
}

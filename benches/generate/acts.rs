//! What a session of each kind writes, line by line.

use crate::kinds::Kind;
use crate::line::{Channel, Line, hex, number};
use crate::rng::{Rng, mix};
use crate::traffic::{Scratch, Session, done, missing, via};
use crate::world;

/// One line of a session. `before` is the number of the session's last request,
/// for lines that belong to it.
pub fn act(
    session: &mut Session,
    rng: &mut Rng,
    text: &mut Scratch,
    time: i64,
    before: u64,
) -> Line<'static> {
    match session.kind {
        Kind::Analytics => analytics(session, rng, text, time),
        Kind::Spark => spark(session, rng, text, before),
        Kind::Application | Kind::Partner => application(session, rng, text),
        Kind::Multipart => multipart(session, rng, text),
        Kind::Function => function(session, rng, text),
        Kind::Visitor => visitor(rng, text),
        Kind::Browser => browser(session, rng, text),
        Kind::Presigned => presigned(session, rng, text, time),
        Kind::Origin => origin(rng, text),
        Kind::Person => person(session, rng, text),
        Kind::Terraform => terraform(session, rng, text),
        Kind::LogDelivery => log_delivery(session, rng, text, time),
        Kind::Lifecycle => lifecycle(session, rng, text),
        Kind::BatchDelete => batch_delete(session, rng, text, before),
    }
}

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// `events/dt=2026-02-03/hour=07/part-…`, with `=` encoded as SDKs do.
fn table_key(out: &mut Vec<u8>, session: &Session, rng: &mut Rng, time: i64) {
    put(out, "events/region%253Deu/day%253D");
    number(
        out,
        (time / 86_400 - (session.seed % 30) as i64).unsigned_abs(),
    );
    put(out, "/hour%253D");
    number(out, session.seed >> 40 & 15);
    put(out, "/part-");
    hex(out, rng.next(), 10);
    put(out, "-c000.snappy.parquet");
}

fn analytics(session: &Session, rng: &mut Rng, text: &mut Scratch, time: i64) -> Line<'static> {
    if session.step.is_multiple_of(16) && rng.chance(600) {
        put(
            &mut text.query,
            "?list-type=2&prefix=events%2Fregion%3Deu%2F&max-keys=1000&encoding-type=url",
        );
        let bytes = rng.size(10, 17);
        return done("REST.GET.BUCKET", "GET", rng, bytes, 0);
    }
    table_key(&mut text.key, session, rng, time);
    let size = rng.size(20, 27);
    if rng.chance(120) {
        return done("REST.HEAD.OBJECT", "HEAD", rng, 0, size);
    }
    let bytes = size.min(rng.size(13, 22));
    Line {
        status: 206,
        ..done("REST.GET.OBJECT", "GET", rng, bytes, size)
    }
}

/// Five lines a file: looked for, written aside, copied into place (a pair), removed.
fn spark(session: &mut Session, rng: &mut Rng, text: &mut Scratch, before: u64) -> Line<'static> {
    let task = session.seed.wrapping_add(u64::from(session.step / 5));
    put(&mut text.key, "orders/");
    if session.step % 5 != 2 {
        put(&mut text.key, "_temporary/0/task_");
        hex(&mut text.key, session.seed, 8);
        put(&mut text.key, "/");
    }
    put(&mut text.key, "part-");
    hex(&mut text.key, mix(task), 10);
    put(&mut text.key, ".zstd.parquet");
    let size = 1 << 20 | mix(task) >> 40;
    match session.step % 5 {
        0 => missing("REST.HEAD.OBJECT", "HEAD", "NoSuchKey", rng),
        1 => done("REST.PUT.OBJECT", "PUT", rng, 0, size),
        2 => done("REST.COPY.OBJECT", "PUT", rng, 275, size),
        3 => {
            // The copy's source: the same request, on a line of its own.
            session.request = before;
            let status = if rng.chance(500) { 200 } else { 0 };
            let line = done("REST.COPY.OBJECT_GET", "PUT", rng, 0, size);
            via(Channel::Companion, Line { status, ..line })
        }
        _ => Line {
            status: 204,
            ..done("REST.DELETE.OBJECT", "DELETE", rng, 0, 0)
        },
    }
}

fn application(session: &Session, rng: &mut Rng, text: &mut Scratch) -> Line<'static> {
    put(&mut text.key, "customers/");
    number(&mut text.key, session.seed % 90_000);
    put(&mut text.key, "/documents/");
    // Names that people gave: a space is `%20` in the request.
    if rng.chance(60) {
        put(&mut text.key, "Contract%2520");
    }
    hex(&mut text.key, rng.next(), 12);
    put(&mut text.key, ".pdf");
    let size = rng.size(12, 22);
    match (session.kind, rng.below(100)) {
        (Kind::Application, 0..35) => Line {
            versioned: true,
            ..done("REST.PUT.OBJECT", "PUT", rng, 0, size)
        },
        (_, 35..50) => done("REST.HEAD.OBJECT", "HEAD", rng, 0, size),
        (Kind::Application, 50..53) => {
            put(&mut text.query, "?tagging");
            done("REST.PUT.OBJECT_TAGGING", "PUT", rng, 0, 0)
        }
        (_, 53..56) => missing("REST.HEAD.OBJECT", "HEAD", "NoSuchKey", rng),
        (_, 56..60) => Line {
            status: 304,
            bytes: 0,
            turn: 0,
            ..done("REST.GET.OBJECT", "GET", rng, 0, size)
        },
        _ => done("REST.GET.OBJECT", "GET", rng, size, size),
    }
}

fn multipart(session: &Session, rng: &mut Rng, text: &mut Scratch) -> Line<'static> {
    put(&mut text.key, "media/raw/");
    hex(&mut text.key, mix(session.seed), 16);
    put(&mut text.key, ".mov");
    if session.step == 0 {
        put(&mut text.query, "?uploads");
        return done("REST.POST.UPLOADS", "POST", rng, 317, 0);
    }
    put(&mut text.query, "?partNumber=");
    number(&mut text.query, u64::from(session.step));
    put(&mut text.query, "&uploadId=2~");
    hex(&mut text.query, session.seed, 16);
    done("REST.PUT.PART", "PUT", rng, 0, 8 << 20)
}

fn function(session: &Session, rng: &mut Rng, text: &mut Scratch) -> Line<'static> {
    put(&mut text.key, "customers/");
    hex(&mut text.key, rng.next(), 12);
    put(&mut text.key, "/256.webp");
    let size = rng.size(11, 15);
    if session.step.is_multiple_of(2) {
        done("REST.GET.OBJECT", "GET", rng, size, size)
    } else {
        done("REST.PUT.OBJECT", "PUT", rng, 0, size)
    }
}

fn visitor(rng: &mut Rng, text: &mut Scratch) -> Line<'static> {
    if rng.chance(12) {
        put(
            &mut text.key,
            rng.pick(&["robots.txt", "favicon.ico", "releases/latest/CHANGES.txt"]),
        );
        return via(
            Channel::Anonymous,
            missing("REST.GET.OBJECT", "GET", "NoSuchKey", rng),
        );
    }
    put(&mut text.key, "releases/v");
    number(&mut text.key, u64::from(rng.below(9)));
    put(&mut text.key, ".");
    number(&mut text.key, u64::from(rng.below(30)));
    put(&mut text.key, "/acme-toolkit-");
    hex(&mut text.key, rng.next(), 7);
    put(
        &mut text.key,
        rng.pick(&[
            "-linux-amd64.tar.gz",
            "-darwin-arm64.tar.gz",
            "-windows.zip",
            ".sha256",
        ]),
    );
    let size = rng.size(16, 24);
    let line = if rng.chance(80) {
        done("REST.HEAD.OBJECT", "HEAD", rng, 0, size)
    } else {
        done("REST.GET.OBJECT", "GET", rng, size, size)
    };
    via(Channel::Anonymous, line)
}

fn browser(session: &mut Session, rng: &mut Rng, text: &mut Scratch) -> Line<'static> {
    if session.step == 0 {
        put(&mut text.key, "index.html");
        put(&mut text.path, "/");
        return via(
            Channel::Website,
            done("WEBSITE.GET.OBJECT", "GET", rng, 18_231, 18_231),
        );
    }
    if session.step == 1 && rng.chance(150) {
        put(
            &mut text.key,
            rng.pick(&["favicon.ico", "apple-touch-icon.png", "robots.txt"]),
        );
        return via(
            Channel::Website,
            missing("WEBSITE.GET.OBJECT", "GET", "NoSuchKey", rng),
        );
    }
    put(
        &mut text.key,
        rng.pick(&[
            "assets/js/app-",
            "assets/css/site-",
            "images/team-",
            "blog/2026/post-",
        ]),
    );
    hex(
        &mut text.key,
        u64::from(rng.below(400)).wrapping_mul(0x9E37_79B9),
        8,
    );
    put(&mut text.key, rng.pick(&[".js", ".css", ".webp", ".html"]));
    let size = rng.size(11, 18);
    let line = done("WEBSITE.GET.OBJECT", "GET", rng, size, size);
    let line = if rng.chance(200) {
        Line {
            status: 304,
            bytes: 0,
            turn: 0,
            ..line
        }
    } else {
        line
    };
    via(Channel::Website, line)
}

fn presigned(session: &mut Session, rng: &mut Rng, text: &mut Scratch, time: i64) -> Line<'static> {
    put(&mut text.key, "exports/");
    hex(&mut text.key, rng.next(), 16);
    put(&mut text.key, "/report-2026.csv");
    put(
        &mut text.query,
        "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIAEXAMPLE",
    );
    number(&mut text.query, 100_000_000 + time.unsigned_abs() / 3600);
    put(&mut text.query, "%2F");
    stamp(&mut text.query, time, false);
    put(
        &mut text.query,
        "%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=",
    );
    stamp(&mut text.query, time - i64::from(rng.below(200)), true);
    put(
        &mut text.query,
        "&X-Amz-Expires=900&X-Amz-SignedHeaders=host",
    );
    if session.seed.is_multiple_of(3) {
        put(&mut text.query, "&X-Amz-Security-Token=IQoJb3JpZ2luX2Vj");
        for _ in 0..10 {
            hex(&mut text.query, rng.next(), 16);
        }
    }
    put(&mut text.query, "&X-Amz-Signature=XXXXXXXX");
    if rng.chance(8) {
        // The link is older than its fifteen minutes.
        session.requester.clear();
        let line = Line {
            status: 403,
            ..missing("REST.GET.OBJECT", "GET", "AccessDenied", rng)
        };
        return via(Channel::Query, line);
    }
    let size = rng.size(14, 21);
    via(
        Channel::Query,
        done("REST.GET.OBJECT", "GET", rng, size, size),
    )
}

/// `20260203` or `20260203T140506Z`.
fn stamp(out: &mut Vec<u8>, time: i64, full: bool) {
    let (year, month, day) = civil(time.div_euclid(86_400));
    let second = time.rem_euclid(86_400).unsigned_abs();
    number(out, year * 10_000 + month * 100 + day);
    if full {
        out.push(b'T');
        // A leading one that is overwritten keeps the zeros.
        let at = out.len();
        number(
            out,
            1_000_000 + second / 3600 * 10_000 + second / 60 % 60 * 100 + second % 60,
        );
        out.remove(at);
        out.push(b'Z');
    }
}

/// Days since the epoch as year, month, day (Hinnant's `civil_from_days`),
/// because a formatting crate a line would cost more than the line.
fn civil(days: i64) -> (u64, u64, u64) {
    let days = (days + 719_468).unsigned_abs();
    let era = days / 146_097;
    let doe = days % 146_097;
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (
        yoe + era * 400 + u64::from(month <= 2),
        month,
        doy - (153 * mp + 2) / 5 + 1,
    )
}

fn origin(rng: &mut Rng, text: &mut Scratch) -> Line<'static> {
    put(&mut text.key, "videos/");
    hex(
        &mut text.key,
        u64::from(rng.below(5000)).wrapping_mul(0x9E37_79B9_7F4A),
        10,
    );
    put(&mut text.key, "/segment-");
    number(&mut text.key, u64::from(rng.below(400)));
    put(&mut text.key, ".m4s");
    if rng.chance(10) {
        // Origin access without the list permission: missing means denied.
        return Line {
            status: 403,
            ..missing("REST.GET.OBJECT", "GET", "AccessDenied", rng)
        };
    }
    let size = rng.size(17, 21);
    done("REST.GET.OBJECT", "GET", rng, size, size)
}

fn person(session: &Session, rng: &mut Rng, text: &mut Scratch) -> Line<'static> {
    if session.step.is_multiple_of(5) {
        put(
            &mut text.query,
            "?list-type=2&encoding-type=url&max-keys=300&fetch-owner=true&delimiter=%2F&prefix=exports%2F",
        );
        let bytes = rng.size(10, 16);
        return done("REST.GET.BUCKET", "GET", rng, bytes, 0);
    }
    if session.step == 1 {
        put(&mut text.query, "?location");
        return done("REST.GET.LOCATION", "GET", rng, 142, 0);
    }
    put(&mut text.key, "exports/weekly/kpi-");
    number(&mut text.key, u64::from(rng.below(60)));
    put(&mut text.key, ".csv");
    let size = rng.size(12, 18);
    if rng.chance(400) {
        done("REST.HEAD.OBJECT", "HEAD", rng, 0, size)
    } else {
        done("REST.GET.OBJECT", "GET", rng, size, size)
    }
}

fn terraform(session: &Session, rng: &mut Rng, text: &mut Scratch) -> Line<'static> {
    put(&mut text.key, "env/");
    put(
        &mut text.key,
        ["prod", "staging", "dev"][(session.seed % 3) as usize],
    );
    put(&mut text.key, "/network/terraform.tfstate");
    match session.step {
        0 => {
            text.key.clear();
            put(
                &mut text.query,
                "?list-type=2&max-keys=1000&prefix=env%3A%2F",
            );
            done("REST.GET.BUCKET", "GET", rng, 312, 0)
        }
        4 => Line {
            versioned: true,
            ..done("REST.PUT.OBJECT", "PUT", rng, 0, 181_022)
        },
        _ => Line {
            versioned: true,
            ..done("REST.GET.OBJECT", "GET", rng, 181_022, 181_022)
        },
    }
}

fn log_delivery(session: &Session, rng: &mut Rng, text: &mut Scratch, time: i64) -> Line<'static> {
    // Never from the log bucket itself: that would be a loop.
    let source = [
        world::DATALAKE,
        world::UPLOADS,
        world::REPORTS,
        world::DOWNLOADS,
    ];
    put(&mut text.key, "s3/");
    put(&mut text.key, source[(session.seed % 4) as usize]);
    put(&mut text.key, "/");
    let (year, month, day) = civil(time.div_euclid(86_400));
    let second = time.rem_euclid(86_400).unsigned_abs();
    number(&mut text.key, year);
    for part in [month, day, second / 3600, second / 60 % 60, second % 60] {
        text.key.push(b'-');
        text.key
            .extend_from_slice(&[b'0' + (part / 10) as u8, b'0' + (part % 10) as u8]);
    }
    put(&mut text.key, "-");
    for _ in 0..16 {
        text.key.push(b"0123456789ABCDEF"[rng.below(16) as usize]);
    }
    let size = rng.size(11, 18);
    done("REST.PUT.OBJECT", "PUT", rng, 0, size)
}

fn lifecycle(session: &Session, rng: &mut Rng, text: &mut Scratch) -> Line<'static> {
    put(&mut text.key, "s3/2025/");
    hex(&mut text.key, rng.next(), 12);
    put(&mut text.key, ".gz");
    let operations = [
        "S3.EXPIRE.OBJECT",
        "S3.TRANSITION_SIA.OBJECT",
        "S3.CREATE.DELETEMARKER",
    ];
    Line {
        operation: operations[(session.seed % 3) as usize],
        status: 0,
        size: rng.size(8, 16),
        versioned: true,
        channel: Channel::Internal,
        ..Line::BLANK
    }
}

fn batch_delete(
    session: &mut Session,
    rng: &mut Rng,
    text: &mut Scratch,
    before: u64,
) -> Line<'static> {
    if session.step == 0 {
        put(&mut text.query, "?delete");
        return done("REST.POST.MULTI_OBJECT_DELETE", "POST", rng, 1204, 0);
    }
    session.request = before;
    put(&mut text.key, "expired/");
    hex(&mut text.key, rng.next(), 16);
    put(&mut text.key, ".tmp");
    Line {
        operation: "BATCH.DELETE.OBJECT",
        status: 204,
        size: rng.size(8, 16),
        channel: Channel::Companion,
        ..Line::BLANK
    }
}

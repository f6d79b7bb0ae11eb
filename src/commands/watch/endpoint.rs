//! `--metrics ADDR`: metrics and health over HTTP, for machines that look after a
//! watch.
//!
//! As small as it may be: two paths, one request a connection, everything bounded,
//! since whoever reaches the address can send anything. What the numbers mean may
//! not enter here.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::metrics::Metrics;
use crate::commands::Stop;

/// Bytes of a request's head at the most.
const HEAD: usize = 8 << 10;

/// Headers of a request at the most.
const HEADERS: usize = 64;

/// How long a connection may take, from its first byte to its last.
const PATIENCE: Duration = Duration::from_secs(2);

/// Connections at once; those beyond are closed unanswered.
const CONNECTIONS: usize = 8;

/// Bytes that are read of what a client still sends after it has its answer, so
/// that the answer is not lost with the connection.
const REST: usize = 64 << 10;

/// How long it waits after the system had no connection to give.
const PAUSE: Duration = Duration::from_millis(100);

/// `prometheus-client` writes nothing else, and Prometheus reads it
/// (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything else.
const PLAIN: &str = "text/plain; charset=utf-8";

/// Reads an address: `127.0.0.1:9108`, `[::1]:9108`, or a port alone (`9108`,
/// `:9108`), which is one of this machine only.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost").unwrap_or(text);
    let port = port.strip_prefix(':').unwrap_or(port);
    if let Ok(port) = port.parse() {
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
    text.parse()
        .map_err(|_| "write an address and a port (127.0.0.1:9108), or a port alone".to_owned())
}

/// Answers from now on, until the process ends; gives the address that it is
/// reached at, its port chosen by the system where 0 was asked for.
pub fn open(address: SocketAddr, metrics: Arc<Metrics>) -> Result<SocketAddr, Stop> {
    bind(address, metrics).map_err(|error| {
        let context = format!(
            "--metrics {address}: cannot be listened on; choose another address, or end what \
             listens there"
        );
        Stop::usage(anyhow::Error::from(error).context(context))
    })
}

fn bind(address: SocketAddr, metrics: Arc<Metrics>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    let accepting = thread::Builder::new().name("metrics".to_owned());
    accepting.spawn(move || accept(&listener, &metrics))?;
    Ok(address)
}

fn accept(listener: &TcpListener, metrics: &Arc<Metrics>) {
    // Each connection holds a share of it.
    let open = Arc::new(());
    loop {
        let Ok((stream, _)) = listener.accept() else {
            // No file descriptors, for one: it passes.
            thread::sleep(PAUSE);
            continue;
        };
        if Arc::strong_count(&open) > CONNECTIONS {
            continue;
        }
        let (metrics, share) = (Arc::clone(metrics), Arc::clone(&open));
        let answering = thread::Builder::new().name("metrics".to_owned());
        // Where no thread can be had the connection is closed.
        let _ = answering.spawn(move || {
            // A client that has left is no concern of anybody's.
            let _ = answer(stream, &metrics);
            drop(share);
        });
    }
}

/// One request, one answer.
fn answer(mut stream: TcpStream, metrics: &Metrics) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let reply = match head(&mut stream, deadline)? {
        Ok(request) => reply(&request, metrics),
        Err(status) => Reply::of(status),
    };
    write(&mut stream, deadline, &reply)?;
    stream.shutdown(Shutdown::Write)?;
    let (mut rest, mut buffer) = (REST, [0; 1024]);
    while rest > 0 {
        match read(&mut stream, deadline, &mut buffer)? {
            0 => break,
            count => rest = rest.saturating_sub(count),
        }
    }
    Ok(())
}

/// What was asked for.
struct Request {
    head_only: bool,
    /// Whether the method is one of those that ask and change nothing.
    asks: bool,
    /// Without its query.
    path: String,
}

/// An answer.
struct Reply {
    status: &'static str,
    kind: &'static str,
    body: String,
    /// Whether the body is left out.
    head_only: bool,
}

impl Reply {
    /// An answer that says what its status says.
    fn of(status: &'static str) -> Self {
        Self {
            status,
            kind: PLAIN,
            body: format!("{status}\n"),
            head_only: false,
        }
    }
}

fn reply(request: &Request, metrics: &Metrics) -> Reply {
    let plain = |status, body| Reply {
        body,
        ..Reply::of(status)
    };
    let reply = match (request.asks, request.path.as_str()) {
        (false, _) => Reply::of("405 Method Not Allowed"),
        (true, "/metrics") => match metrics.text() {
            Ok(body) => Reply {
                kind: METRICS,
                ..plain("200 OK", body)
            },
            Err(_) => Reply::of("500 Internal Server Error"),
        },
        (true, "/healthz") => match metrics.unwell() {
            None => plain("200 OK", "ok\n".to_owned()),
            Some(reason) => plain("503 Service Unavailable", format!("{reason}\n")),
        },
        (true, "/") => plain(
            "200 OK",
            "s3sentry: /metrics for Prometheus, /healthz for probes\n".to_owned(),
        ),
        (true, _) => Reply::of("404 Not Found"),
    };
    Reply {
        head_only: request.head_only,
        ..reply
    }
}

/// Reads the head of a request; else the status that says what is wrong with it.
fn head(stream: &mut TcpStream, deadline: Instant) -> io::Result<Result<Request, &'static str>> {
    const LONG: &str = "431 Request Header Fields Too Large";
    let mut bytes = [0; HEAD];
    let mut filled = 0;
    loop {
        match read(stream, deadline, &mut bytes[filled..])? {
            0 => return Ok(Err("400 Bad Request")),
            count => filled += count,
        }
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&bytes[..filled]) {
            Ok(httparse::Status::Partial) if filled == HEAD => return Ok(Err(LONG)),
            Ok(httparse::Status::Partial) => {}
            Ok(httparse::Status::Complete(_)) => {
                let method = request.method.unwrap_or_default();
                let path = request.path.unwrap_or_default();
                return Ok(Ok(Request {
                    head_only: method == "HEAD",
                    asks: matches!(method, "GET" | "HEAD"),
                    path: path.split('?').next().unwrap_or_default().to_owned(),
                }));
            }
            Err(httparse::Error::TooManyHeaders) => return Ok(Err(LONG)),
            Err(_) => return Ok(Err("400 Bad Request")),
        }
    }
}

/// What is left until the deadline.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(left)
}

fn read(stream: &mut TcpStream, deadline: Instant, bytes: &mut [u8]) -> io::Result<usize> {
    stream.set_read_timeout(Some(left(deadline)?))?;
    stream.read(bytes)
}

fn write(stream: &mut TcpStream, deadline: Instant, reply: &Reply) -> io::Result<()> {
    let Reply {
        status, kind, body, ..
    } = reply;
    let allow = if status.starts_with("405") {
        "Allow: GET, HEAD\r\n"
    } else {
        ""
    };
    let mut text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{allow}\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n",
        body.len()
    );
    if !reply.head_only {
        text.push_str(body);
    }
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        stream.set_write_timeout(Some(left(deadline)?))?;
        match stream.write(rest)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => rest = &rest[count..],
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve() -> (SocketAddr, Arc<Metrics>) {
        let metrics = Arc::new(Metrics::new());
        let address = bind(address("0").unwrap(), Arc::clone(&metrics)).unwrap();
        (address, metrics)
    }

    /// Everything that comes back, until the connection is closed.
    fn ask(address: SocketAddr, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn get(address: SocketAddr, path: &str) -> (String, String) {
        let answer = ask(
            address,
            format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n").as_bytes(),
        );
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    #[test]
    fn both_paths_are_answered_and_the_connection_is_closed() {
        let (address, metrics) = serve();
        metrics.cycle();
        let (head, body) = get(address, "/metrics");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains("Content-Type: application/openmetrics-text; version=1.0.0"));
        assert!(head.contains("Connection: close"));
        assert!(head.contains(&format!("Content-Length: {}", body.len())));
        assert!(body.contains("\ns3sentry_cycles_total 1\n"));
        assert!(body.ends_with("# EOF\n"));

        let (head, body) = get(address, "/healthz?verbose");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"));
        assert_eq!(body, "ok\n");
        metrics.unhealthy("no queue");
        let (head, body) = get(address, "/healthz");
        assert!(head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
        assert_eq!(body, "no queue\n");

        let (head, body) = get(address, "/");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"));
        assert!(body.contains("/metrics") && body.contains("/healthz"));
        let (head, _) = get(address, "/other");
        assert!(head.starts_with("HTTP/1.1 404 Not Found\r\n"));
    }

    #[test]
    fn a_head_has_no_body_and_nothing_is_changed() {
        let (address, _) = serve();
        let answer = ask(address, b"HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(answer.contains("Content-Length: 3\r\n"));
        assert!(answer.ends_with("\r\n\r\n"));
        let answer = ask(
            address,
            b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        );
        assert!(answer.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
        assert!(answer.contains("Allow: GET, HEAD\r\n"));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let (address, _) = serve();
        let answer = ask(address, b"\x16\x03\x01\x02\x00\x01 no HTTP at all\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        let long = format!("GET / HTTP/1.1\r\nA: {}", "a".repeat(3 * HEAD));
        let answer = ask(address, long.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
        let many = "A: a\r\n".repeat(HEADERS + 1);
        let answer = ask(address, format!("GET / HTTP/1.1\r\n{many}\r\n").as_bytes());
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
        // It lives on.
        assert_eq!(get(address, "/healthz").1, "ok\n");
    }

    #[test]
    fn slow_clients_hold_neither_each_other_nor_the_rest() {
        let (address, _) = serve();
        let begun = Instant::now();
        let mut slow: Vec<_> = (0..CONNECTIONS - 1)
            .map(|_| TcpStream::connect(address).unwrap())
            .collect();
        for stream in &mut slow {
            stream.write_all(b"GET /metr").unwrap();
        }
        assert_eq!(get(address, "/healthz").1, "ok\n");
        assert!(begun.elapsed() < PATIENCE / 2);
        // A byte now and then buys no more time.
        let mut first = slow.remove(0);
        let mut buffer = [0; 16];
        first
            .set_read_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        loop {
            let _ = first.write_all(b"i");
            match first.read(&mut buffer) {
                Ok(0) => break,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break,
                other => panic!("{other:?}"),
            }
            assert!(begun.elapsed() < PATIENCE * 3);
        }
        assert!(begun.elapsed() + Duration::from_millis(300) >= PATIENCE);
    }

    #[test]
    fn there_are_only_so_many_connections_at_once() {
        let (address, _) = serve();
        let connect = |_| TcpStream::connect(address).unwrap();
        let slow: Vec<_> = (0..CONNECTIONS).map(connect).collect();
        let begun = Instant::now();
        let answered = connect(0).read(&mut [0; 16]).unwrap_or(0);
        assert_eq!(answered, 0);
        assert!(begun.elapsed() < PATIENCE / 2);
        drop(slow);
        // Those that have gone make room.
        while ask_once(address).is_err() {
            assert!(begun.elapsed() < PATIENCE * 3);
        }
    }

    fn ask_once(address: SocketAddr) -> io::Result<()> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\n\r\n")?;
        stream.read_exact(&mut [0; 12])
    }

    #[test]
    fn an_address_that_is_taken_is_named() {
        let (taken, metrics) = serve();
        let Err(Stop::With(end, error)) = open(taken, metrics) else {
            panic!("listens twice");
        };
        assert_eq!(end, crate::commands::End::Usage);
        assert!(format!("{error:#}").contains(&taken.to_string()));
    }

    #[test]
    fn an_address_may_be_a_port_alone() {
        for (text, expected) in [
            ("9108", "127.0.0.1:9108"),
            (":9108", "127.0.0.1:9108"),
            ("localhost:9108", "127.0.0.1:9108"),
            ("0.0.0.0:9108", "0.0.0.0:9108"),
            ("[::1]:9108", "[::1]:9108"),
        ] {
            assert_eq!(address(text).unwrap().to_string(), expected);
        }
        for text in ["", "localhost", "127.0.0.1", "99999", "host:9108", "::1"] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}

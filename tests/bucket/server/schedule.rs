//! When the server fails, and how.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// How a request fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// With an error of this code.
    Code(&'static str),
    /// With word that the bucket is in this region.
    Region(&'static str),
    /// There is no answer.
    Silence,
    /// The connection ends without one.
    Reset,
    /// The connection ends after so many bytes of one.
    Cut(u64),
    /// The answer stands still after so many bytes.
    Stall(u64),
    /// An answer in order, but one byte of the object is missing.
    Short,
}

/// A request whose signature is right.
#[derive(Debug)]
pub struct Request {
    /// Its header `authorization`.
    pub signed: String,
    /// Whether it says that who asks pays.
    pub payer: bool,
    /// Key of the object; none for a page.
    pub key: Option<String>,
    /// Path and query.
    pub uri: String,
    /// How often it came, this time included.
    pub nth: u32,
    /// Requests for objects that are being answered, this one included.
    pub busy: u64,
}

/// Says which requests fail.
pub trait Schedule: Send + Sync + 'static {
    /// How this one fails, if it does.
    fn failure(&self, request: &Request) -> Option<Failure>;
}

impl<F> Schedule for F
where
    F: Fn(&Request) -> Option<Failure> + Send + Sync + 'static,
{
    fn failure(&self, request: &Request) -> Option<Failure> {
        self(request)
    }
}

/// So many requests in a thousand fail, in every way that passes. What fails
/// follows from the seed, the request and how often it came, and not from when
/// it comes.
pub fn seeded(seed: u64, per_mille: u64) -> impl Schedule {
    move |request: &Request| {
        let random = hash(seed, &request.uri, request.nth);
        if random % 1000 >= per_mille {
            return None;
        }
        let random = random / 1000;
        let bytes = (random / 16) % 1200;
        Some(match random % 16 {
            0..4 => Failure::Code("SlowDown"),
            4..6 => Failure::Code("InternalError"),
            6 => Failure::Code("ServiceUnavailable"),
            7 => Failure::Code("RequestTimeout"),
            8 => Failure::Silence,
            9..11 => Failure::Reset,
            11..14 => Failure::Cut(bytes),
            14 => Failure::Stall(bytes),
            _ => Failure::Short,
        })
    }
}

/// Of a request and how often it came.
pub fn hash(seed: u64, uri: &str, nth: u32) -> u64 {
    xxh3_64_with_seed(uri.as_bytes(), seed.wrapping_add(u64::from(nth) << 32))
}

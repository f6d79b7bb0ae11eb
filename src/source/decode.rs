//! Bytes as they are on disk to the bytes that were meant: plain, gzip, zstd.
//!
//! Told apart by content, since names lie (`x.gz` that a browser unpacked,
//! an object stored with a content encoding) and a pipe has none. What the
//! bytes say may not enter here, nor where they come from.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use flate2::bufread::GzDecoder;

use super::error::{Error, Format};

/// The most a zstd frame may ask for: 128 MiB, what `zstd -d` allows.
const WINDOW_LOG_MAX: u32 = 27;

/// Compressed bytes read at once.
const BUFFER: usize = 64 << 10;

/// Bytes decoded at once. A decoder that meets damage loses what it decoded
/// in that call, so this bounds what is lost before the damage.
const STEP: usize = 64 << 10;

const GZIP: [u8; 3] = [0x1f, 0x8b, 8];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Why decoding stopped. [`Fault::at`] makes it an [`Error`].
#[derive(Debug)]
pub(super) enum Fault {
    Read(io::Error),
    Truncated(Format),
    Corrupt(Format, String),
    Trailing(Format, u64),
    Window,
}

impl Fault {
    /// The error at `offset`, in decompressed bytes.
    pub(super) fn at(self, offset: u64) -> Error {
        match self {
            Self::Read(error) => Error::Read { offset, error },
            Self::Truncated(format) => Error::Truncated { format, offset },
            Self::Corrupt(format, reason) => Error::Corrupt {
                format,
                offset,
                reason,
            },
            Self::Trailing(format, offset) => Error::Trailing { format, offset },
            Self::Window => Error::Window { offset },
        }
    }

    fn of(format: Format, error: io::Error) -> Self {
        if error.raw_os_error().is_some() {
            return Self::Read(error);
        }
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Self::Truncated(format);
        }
        Self::Corrupt(format, error.to_string())
    }
}

type Input<R> = BufReader<Head<R>>;

/// Decompresses what needs it.
pub(super) enum Decoder<R: Read> {
    Plain(Head<R>),
    /// `None` once the last member was read.
    Gzip(Option<Box<GzDecoder<Input<R>>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, Input<R>>>),
}

impl<R: Read> Decoder<R> {
    /// Reads as much of `inner` as tells its format: up to four bytes, and no
    /// further than the first that shows it to be plain.
    pub(super) fn new(inner: R) -> Result<Self, Fault> {
        let head = Head::sniff(inner).map_err(Fault::Read)?;
        let magic = head.rest();
        // Shorter than its magic number, a gzip is a truncated one.
        if magic.len() > 1 && magic.iter().zip(GZIP).all(|(a, b)| *a == b) {
            let input = BufReader::with_capacity(BUFFER, head);
            return Ok(Self::Gzip(Some(Box::new(GzDecoder::new(input)))));
        }
        if magic == ZSTD || is_skippable(magic) {
            let input = BufReader::with_capacity(BUFFER, head);
            let mut decoder =
                zstd::stream::read::Decoder::with_buffer(input).map_err(Fault::Read)?;
            decoder
                .window_log_max(WINDOW_LOG_MAX)
                .map_err(Fault::Read)?;
            return Ok(Self::Zstd(Box::new(decoder)));
        }
        Ok(Self::Plain(head))
    }

    /// As [`Read::read`]: 0 is the end. After a fault nothing more comes.
    pub(super) fn read(&mut self, into: &mut [u8]) -> Result<usize, Fault> {
        let step = into.len().min(STEP);
        match self {
            Self::Plain(head) => head.read(into).map_err(Fault::Read),
            Self::Gzip(decoder) => read_gzip(decoder, &mut into[..step]),
            Self::Zstd(decoder) => decoder.read(&mut into[..step]).map_err(|error| {
                let text = error.to_string();
                if text.contains("too much memory") {
                    Fault::Window
                } else if text.contains("Unknown frame") {
                    Fault::Trailing(Format::Zstd, position(decoder.get_ref()))
                } else {
                    Fault::of(Format::Zstd, error)
                }
            }),
        }
    }

    /// Whether an offset in what is decoded is one in the file.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// What holding this open costs, in units of about 128 KiB; a zstd window
    /// is some MiB as a rule.
    pub(super) fn weight(&self) -> u32 {
        match self {
            Self::Plain(_) | Self::Gzip(_) => 1,
            Self::Zstd(_) => 32,
        }
    }
}

impl<R: Read + Seek> Decoder<R> {
    /// Goes to an offset of the decoded bytes if that can be done without
    /// decoding those before it: only in what is plain. Tells whether it was.
    pub(super) fn seek(&mut self, to: u64) -> Result<bool, Fault> {
        let Self::Plain(head) = self else {
            return Ok(false);
        };
        head.inner.seek(SeekFrom::Start(to)).map_err(Fault::Read)?;
        (head.at, head.len, head.count) = (0, 0, to);
        Ok(true)
    }
}

fn read_gzip<R: Read>(
    decoder: &mut Option<Box<GzDecoder<Input<R>>>>,
    into: &mut [u8],
) -> Result<usize, Fault> {
    if into.is_empty() {
        return Ok(0);
    }
    while let Some(mut member) = decoder.take() {
        let read = member
            .read(into)
            .map_err(|error| Fault::of(Format::Gzip, error))?;
        if read > 0 {
            *decoder = Some(member);
            return Ok(read);
        }
        let mut input = member.into_inner();
        let rest = loop {
            let rest = input.fill_buf().map_err(Fault::Read)?;
            let zeros = rest.iter().take_while(|byte| **byte == 0).count();
            if zeros == 0 {
                break rest;
            }
            // Tapes and block devices pad with zeros; gzip(1) drops them too.
            input.consume(zeros);
        };
        match rest {
            [] => return Ok(0),
            // A buffer that ends within the magic number still begins a member:
            // the decoder reads on by itself.
            [0x1f] | [0x1f, 0x8b, ..] => {
                *decoder = Some(Box::new(GzDecoder::new(input)));
            }
            _ => return Err(Fault::Trailing(Format::Gzip, position(&input))),
        }
    }
    Ok(0)
}

/// Bytes of the compressed input that were consumed.
fn position<R: Read>(input: &Input<R>) -> u64 {
    input.get_ref().count - input.buffer().len() as u64
}

fn is_skippable(magic: &[u8]) -> bool {
    matches!(magic, [0x50..=0x5f, 0x2a, 0x4d, 0x18])
}

/// A reader whose first bytes were looked at, and which counts.
pub(super) struct Head<R> {
    inner: R,
    first: [u8; 4],
    at: usize,
    len: usize,
    count: u64,
}

impl<R: Read> Head<R> {
    fn sniff(inner: R) -> io::Result<Self> {
        let mut this = Self {
            inner,
            first: [0; 4],
            at: 0,
            len: 0,
            count: 0,
        };
        // A pipe may give one byte at a time; text is let through at the first.
        while this.len < 4 && may_be_compressed(&this.first[..this.len]) {
            match read(&mut this.inner, &mut this.first[this.len..])? {
                0 => break,
                n => this.len += n,
            }
        }
        Ok(this)
    }

    fn rest(&self) -> &[u8] {
        &self.first[self.at..self.len]
    }
}

fn may_be_compressed(start: &[u8]) -> bool {
    let begins = |magic: &[u8]| start.iter().zip(magic).all(|(a, b)| a == b);
    begins(&GZIP)
        || begins(&ZSTD)
        || (start
            .first()
            .is_none_or(|byte| (0x50..=0x5f).contains(byte))
            && start
                .iter()
                .skip(1)
                .zip(&[0x2a, 0x4d, 0x18])
                .all(|(a, b)| a == b))
}

impl<R: Read> Read for Head<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = if self.at < self.len {
            let n = into.len().min(self.len - self.at);
            into[..n].copy_from_slice(&self.first[self.at..self.at + n]);
            self.at += n;
            n
        } else {
            read(&mut self.inner, into)?
        };
        self.count += n as u64;
        Ok(n)
    }
}

/// A signal that was handled is no end and no error.
fn read(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zst(bytes: &[u8]) -> Vec<u8> {
        zstd::stream::encode_all(bytes, 1).unwrap()
    }

    /// Lines that do not compress to nothing.
    fn text(len: usize) -> Vec<u8> {
        let mut state = 1_u64;
        std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            b"0123456789abcdef\n"[(state >> 33) as usize % 17]
        })
        .take(len)
        .collect()
    }

    /// Gives one byte at a time, as a pipe may.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let n = into.len().min(1);
            self.0.read(&mut into[..n])
        }
    }

    fn decode(bytes: &[u8]) -> (Vec<u8>, Option<Fault>) {
        let fast = drain(Decoder::new(bytes));
        let slow = drain(Decoder::new(Slow(bytes)));
        assert_eq!(fast.1.is_some(), slow.1.is_some());
        if fast.1.is_none() {
            assert_eq!(fast.0, slow.0);
        }
        fast
    }

    fn drain<R: Read>(decoder: Result<Decoder<R>, Fault>) -> (Vec<u8>, Option<Fault>) {
        let mut decoder = decoder.unwrap();
        let mut out = Vec::new();
        let mut buffer = vec![0; 100_000];
        loop {
            match decoder.read(&mut buffer) {
                Ok(0) => return (out, None),
                Ok(n) => out.extend_from_slice(&buffer[..n]),
                Err(fault) => return (out, Some(fault)),
            }
        }
    }

    #[test]
    fn reads_all_members_and_frames() {
        let (a, b) = (text(200_000), text(70_001));
        let both = [&a[..], &b].concat();
        let skippable = [0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        for packed in [
            both.clone(),
            [gzip(&a), gzip(&b)].concat(),
            [gzip(b""), gzip(&a), gzip(b""), gzip(&b), gzip(b"")].concat(),
            [gzip(&a), vec![0; 3], gzip(&b), vec![0; 100_000]].concat(),
            [zst(&a), zst(&b)].concat(),
            [&skippable[..], &zst(&a), &skippable, &zst(&b), &skippable].concat(),
        ] {
            let (out, fault) = decode(&packed);
            assert!(fault.is_none(), "{fault:?}");
            assert!(out == both);
        }
    }

    #[test]
    fn plain_is_plain_whatever_it_begins_with() {
        for bytes in [
            &b""[..],
            b"P",
            b"P*",
            b"P*M",
            b"(",
            b"\x1f",
            b"\n",
            b"PAR1",
            b"\x1f\x8c\x08\x00abc",
            b"\x1f\x8b\x07 no such method",
        ] {
            let (out, fault) = decode(bytes);
            assert!(fault.is_none(), "{fault:?}");
            assert_eq!(out, bytes);
        }
    }

    #[test]
    fn what_came_before_a_cut_is_delivered() {
        let whole = text(300_000);
        for packed in [gzip(&whole), zst(&whole)] {
            let (out, fault) = decode(&packed[..packed.len() - 1]);
            assert!(matches!(fault, Some(Fault::Truncated(_))), "{fault:?}");
            assert!(whole.starts_with(&out));
            assert!(out.len() + STEP * 2 > whole.len(), "{}", out.len());

            let (out, fault) = decode(&packed[..packed.len() / 2]);
            assert!(matches!(fault, Some(Fault::Truncated(_))), "{fault:?}");
            assert!(whole.starts_with(&out) && out.len() > 20_000);
        }
        assert!(matches!(decode(b"\x1f\x8b").1, Some(Fault::Truncated(_))));
    }

    #[test]
    fn what_came_before_damage_is_delivered() {
        let whole = text(300_000);
        let mut packed = gzip(&whole);
        let at = packed.len() - 6;
        packed[at] ^= 0x55; // its checksum
        let (out, fault) = decode(&packed);
        assert!(matches!(fault, Some(Fault::Corrupt(..))), "{fault:?}");
        assert!(out == whole);

        let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(&whole).unwrap();
        let mut packed = encoder.finish().unwrap();
        *packed.last_mut().unwrap() ^= 0x55;
        let (out, fault) = decode(&packed);
        assert!(matches!(fault, Some(Fault::Corrupt(..))), "{fault:?}");
        assert!(whole.starts_with(&out));
        assert!(out.len() + STEP > whole.len(), "{}", out.len());
    }

    #[test]
    fn garbage_behind_is_named_with_its_place() {
        let whole = text(1000);
        let packed = [gzip(&whole), b"rubbish".to_vec()].concat();
        let (out, fault) = decode(&packed);
        assert!(out == whole);
        let at = packed.len() as u64 - 7;
        assert!(
            matches!(fault, Some(Fault::Trailing(Format::Gzip, n)) if n == at),
            "{fault:?}"
        );

        let packed = [zst(&whole), b"rubbish".to_vec()].concat();
        let at = packed.len() as u64 - 7;
        let (out, fault) = decode(&packed);
        assert!(out == whole);
        assert!(
            matches!(fault, Some(Fault::Trailing(Format::Zstd, n)) if n == at),
            "{fault:?}"
        );
    }

    #[test]
    fn a_huge_zstd_window_is_refused() {
        let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
        encoder.long_distance_matching(true).unwrap();
        encoder.window_log(28).unwrap();
        encoder.write_all(&text(1000)).unwrap();
        let packed = encoder.finish().unwrap();
        assert!(matches!(decode(&packed).1, Some(Fault::Window)));
    }
}

//! The whole content of an object, or none of it: in memory, or in a temporary
//! file where it is large.
//!
//! What the content says may not enter here.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::sync::Arc;
use std::time::Duration;

use super::client::Client;
use super::retry::{PATIENCE, insist, within};
use super::store::{Content, Store};
use super::{Body, Fault, Object};

/// Objects up to this are held in memory, bytes. As a rule an object of a log has
/// some KiB.
pub(super) const IN_MEMORY: u64 = 4 << 20;

/// Of a larger one: written at once, bytes.
const WRITTEN: u64 = 1 << 20;

/// The slowest that is borne, beyond some minutes; bytes a second.
const SLOWEST: u64 = 16 << 10;

/// An object, after as many attempts as it takes.
pub(super) async fn fetch(client: &Client, object: &Object) -> Result<Body, Fault> {
    if object.size == 0 {
        return Ok(Body::Memory(Vec::new()));
    }
    let most = PATIENCE + Duration::from_secs(object.size / SLOWEST);
    let attempt = || async {
        let place = client.pace().enter().await;
        let body = async { whole(client.get(object).await?, Some(object.size)).await };
        let body = within(most, body).await;
        match &body {
            Ok(_) => place.served(),
            Err(Fault::Throttled { .. }) => place.refused(),
            Err(_) => {}
        }
        body
    };
    insist(client.budget(), client.tally(), attempt).await
}

/// An object of which only the name is known.
pub(super) async fn fetch_named(
    client: &Client,
    bucket: &Arc<str>,
    key: &str,
) -> Result<Body, Fault> {
    let attempt = || async {
        let (content, size) = client.open(bucket, key, "").await?;
        whole(content, size).await
    };
    insist(client.budget(), client.tally(), attempt).await
}

/// All bytes of an object: as many as expected, and without a fault on the way.
async fn whole(mut content: impl Content, expected: Option<u64>) -> Result<Body, Fault> {
    let mut got: u64 = 0;
    let cut = |got| match expected {
        Some(expected) if got != expected => Err(Fault::Truncated { expected, got }),
        _ => Ok(()),
    };
    let mut file: Option<File> = None;
    let mut held = Vec::with_capacity(expected.unwrap_or(0).min(IN_MEMORY) as usize);
    while let Some(part) = content.part().await? {
        let part = part.as_ref();
        got += part.len() as u64;
        if expected.is_some_and(|expected| got > expected) {
            return cut(got).map(|()| Body::Memory(held));
        }
        held.extend_from_slice(part);
        let large = file.is_some() || expected.is_some_and(|expected| expected > IN_MEMORY);
        let most = if large { WRITTEN } else { IN_MEMORY };
        if held.len() as u64 > most {
            let next = Vec::with_capacity(WRITTEN as usize);
            let full = std::mem::replace(&mut held, next);
            file = Some(written(file, full, false).await?);
        }
    }
    cut(got)?;
    match file {
        None => Ok(Body::Memory(held)),
        file => Ok(Body::File(written(file, held, true).await?)),
    }
}

/// Writes to a temporary file, away from the threads that serve connections.
async fn written(file: Option<File>, bytes: Vec<u8>, last: bool) -> Result<File, Fault> {
    let write = move || -> io::Result<File> {
        let mut file = file.map_or_else(tempfile::tempfile, Ok)?;
        file.write_all(&bytes)?;
        if last {
            file.rewind()?;
        }
        Ok(file)
    };
    let done = tokio::task::spawn_blocking(write).await;
    done.map_err(io::Error::other)
        .flatten()
        .map_err(|error| Fault::Spool {
            reason: error.to_string(),
        })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::runtime;
    use super::*;

    /// Parts of these sizes, then an end or a fault.
    struct Parts(Vec<usize>, Option<Fault>);

    impl Content for Parts {
        type Part = Vec<u8>;

        async fn part(&mut self) -> Result<Option<Vec<u8>>, Fault> {
            match (self.0.is_empty(), self.1.take()) {
                (true, Some(fault)) => Err(fault),
                (true, None) => Ok(None),
                (false, fault) => {
                    self.1 = fault;
                    let len = self.0.remove(0);
                    Ok(Some(vec![self.0.len() as u8; len]))
                }
            }
        }
    }

    fn read(parts: &[usize], fault: Option<Fault>, expected: Option<u64>) -> Result<Body, Fault> {
        let content = Parts(parts.to_vec(), fault);
        runtime::get().unwrap().block_on(whole(content, expected))
    }

    fn expected(parts: &[usize]) -> Vec<u8> {
        let last = parts.len() - 1;
        let parts = parts.iter().enumerate();
        parts
            .flat_map(|(at, len)| vec![(last - at) as u8; *len])
            .collect()
    }

    #[test]
    fn a_body_is_whole_in_memory_or_in_a_file() {
        let large = [3 << 20, 1 << 20, 5 << 20, 17, 1 << 20];
        for (parts, told) in [
            (&[10, 20, 3][..], true),
            (&[4 << 20], true),
            (&[4 << 20], false),
            (&large, true),
            (&large, false),
        ] {
            let bytes = expected(parts);
            let len = bytes.len() as u64;
            match read(parts, None, told.then_some(len)).unwrap() {
                Body::Memory(held) => {
                    assert!(len <= IN_MEMORY);
                    assert!(held == bytes);
                }
                Body::File(mut file) => {
                    assert!(len > IN_MEMORY);
                    let mut held = Vec::new();
                    file.read_to_end(&mut held).unwrap();
                    assert!(held == bytes);
                }
            }
        }
    }

    #[test]
    fn what_is_not_whole_does_not_come() {
        for (parts, size) in [
            (&[5, 5][..], 11),
            (&[5, 5], 9),
            (&[], 1),
            (&[5 << 20], 6 << 20),
        ] {
            let got = parts.iter().sum::<usize>() as u64;
            let fault = read(parts, None, Some(size)).unwrap_err();
            let expected = size;
            assert_eq!(fault, Fault::Truncated { expected, got });
        }
        let fault = read(&[10], Some(Fault::Timeout), Some(20)).unwrap_err();
        assert_eq!(fault, Fault::Timeout);
    }
}

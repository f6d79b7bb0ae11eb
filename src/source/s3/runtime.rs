//! The threads on which everything that waits for AWS runs: one runtime a
//! process, started when it is first needed.
//!
//! What runs there may not enter here.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};

use super::Fault;

/// Threads: one is enough for what is to be done (TLS), two keep a slow one from
/// holding up the rest.
const THREADS: usize = 2;

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// The runtime. May not be called from its own threads to wait for something.
pub(super) fn get() -> Result<&'static Runtime, Fault> {
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let made = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("s3")
        .enable_all()
        .build()
        .map_err(|error| Fault::Threads {
            reason: error.to_string(),
        })?;
    Ok(RUNTIME.get_or_init(|| made))
}

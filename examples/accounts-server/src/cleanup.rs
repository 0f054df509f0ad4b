//! Sessions and tokens that have expired are removed now and then. They are of no use to anybody before that: this gives
//! back their place on the disk.

use std::{pin::pin, time::Duration};

use hostfn::{Clock, Database, HostError};

const EVERY: Duration = Duration::from_secs(10 * 60);

/// How many rows in one transaction, for which other writers wait.
const BATCH: u32 = 1000;

/// Cleans up until it is told to stop, between two batches at the latest.
pub(crate) async fn run(database: Database, stopped: impl Future<Output = ()>) {
    let mut stopped = pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let database = database.clone();
        match tokio::task::spawn_blocking(move || once(&database)).await {
            Ok(Ok(removed)) => tracing::debug!(removed, "cleaned up"),
            // It is tried again next time.
            Ok(Err(error)) => tracing::warn!(%error, "could not clean up"),
            Err(error) => tracing::error!(%error, "cleaning up panicked"),
        }
    }
}

/// Removes what has expired, a batch at a time, and answers how many rows there were.
pub(crate) fn once(database: &Database) -> Result<usize, HostError> {
    let now = Clock::system().now();
    let mut all = 0;
    for cleanup in hostfn::functions::registry().cleanups() {
        loop {
            let removed = cleanup.run_batch(database, now, BATCH)?;
            all += removed;
            if removed < BATCH as usize {
                break;
            }
        }
    }
    Ok(all)
}

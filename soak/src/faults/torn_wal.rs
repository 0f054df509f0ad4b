//! The tail of SQLite's log is torn, as a loss of power may leave it: cut at a random place, or changed in one.
//!
//! What is asserted: the database opens, is whole, and has the first so many calls in the order in which they were
//! acknowledged, none after one that is missing, and no atomic call in part. Untorn it has them all: each
//! acknowledged call was in the file by then. Whether it was flushed to the disk as well a copy of the file cannot tell:
//! for that see the fault `fsync`, which counts.

use std::{fs, path::Path};

use hostfn::Database;

use crate::{Broken, Figures, Site, ensure, ledger::Ledger, process::Worker, site::check_whole};

/// How many calls a writer makes. So few that the log is never moved into the database, after which a torn log could
/// no more be what a loss of power leaves.
const CALLS: u64 = 60;

/// How often the log of one writer is torn.
const TEARS: u32 = 10;

pub(super) fn run(site: &Site, rounds: u32) -> Result<Figures, Broken> {
    let mut figures = Figures::default();
    let (mut fewest, mut most) = (u64::MAX, 0);
    for writer in 0..rounds.div_ceil(TEARS) {
        // Each with a log that begins anew.
        let site = Site::new(site.backend, &site.worker)?;
        let most_calls = CALLS.to_string();
        let url = site.url("");
        let worker = Worker::start(&site.worker, &["write", "--database", &url, "--from", "0", "--most", &most_calls])?;
        let mut acknowledged = 0;
        loop {
            match worker.next_line()?.as_str() {
                "ready" => {}
                "enough" => break,
                _ => acknowledged += 1,
            }
        }
        worker.kill()?;
        let log = fs::read(site.folder().join("soak.db-wal"))?;
        for tear in 0..TEARS.min(rounds - writer * TEARS) {
            let torn = if tear == 0 { log.clone() } else { torn(&log)? };
            let there = calls_with(&site, &torn, &mut figures)?;
            ensure(tear > 0 || there == acknowledged, || format!("{there} of {acknowledged} calls are in the log"))?;
            if tear > 0 {
                (fewest, most) = (fewest.min(there), most.max(there));
            }
            figures.tried += CALLS;
            figures.acknowledged += acknowledged;
        }
    }
    figures.note(format!("{rounds} torn logs of {CALLS} calls each, the first {fewest} to {most} of them there"));
    Ok(figures)
}

/// Cut at a random place, or with a random byte changed and all that follows as it was.
fn torn(log: &[u8]) -> Result<Vec<u8>, Broken> {
    let at = usize::try_from(getrandom::u64()? % log.len() as u64)?;
    let mut torn = log.to_vec();
    if getrandom::u64()?.is_multiple_of(2) {
        torn.truncate(at);
    } else {
        torn[at] ^= 1 << (getrandom::u64()? % 8);
    }
    Ok(torn)
}

/// Opens a copy of the database with this log. Answers how many calls are there, which are the first.
fn calls_with(site: &Site, log: &[u8], figures: &mut Figures) -> Result<u64, Broken> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("soak.db");
    fs::copy(site.folder().join("soak.db"), &file)?;
    write(&folder.path().join("soak.db-wal"), log)?;
    let database = Database::open(&format!("sqlite://{}", file.display()))?;
    check_whole(&database)?;
    let ledger = Ledger::read(&database)?;
    let numbers: Vec<_> = ledger.numbers().collect();
    ensure(numbers.iter().copied().eq(0..numbers.len() as u64), || {
        format!("calls are there after one that is missing: {numbers:?}")
    })?;
    figures.half_done += ledger.half_done();
    Ok(numbers.len() as u64)
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Broken> {
    Ok(fs::write(file, bytes)?)
}

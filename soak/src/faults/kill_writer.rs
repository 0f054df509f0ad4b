//! A host that writes is killed as `kill -9` does, at a random moment, again and again on the same database.

use std::{
    thread,
    time::{Duration, Instant},
};

use hostfn::Database;

use crate::{
    Broken, Figures, Site, ensure,
    figures::{Times, milliseconds},
    ledger::Ledger,
    process::Worker,
    site::check_whole,
};

/// The numbers of one worker's calls are apart from those of the next.
const NUMBERS: u64 = 1 << 20;

pub(super) fn run(site: &Site, rounds: u32) -> Result<Figures, Broken> {
    let mut figures = Figures::default();
    let mut acknowledged: Vec<u64> = Vec::new();
    let mut opened = Times::default();
    for round in 0..u64::from(rounds) {
        let from = round * NUMBERS;
        let url = site.url("");
        let worker = Worker::start(&site.worker, &["write", "--database", &url, "--from", &from.to_string()])?;
        ensure(worker.next_line()? == "ready", || "the writer did not begin".to_owned())?;
        thread::sleep(Duration::from_micros(getrandom::u64()? % 120_000));
        let said = worker.kill()?;
        acknowledged.extend(said.iter().map(|line| line.parse::<u64>()).collect::<Result<Vec<_>, _>>()?);
        // The one that it was in when it was killed.
        figures.tried += said.len() as u64 + 1;

        let started = Instant::now();
        let database = Database::open(&site.url(""))?;
        let ledger = Ledger::read(&database)?;
        opened.push(started.elapsed());
        figures.lost += ledger.lost(&acknowledged);
        figures.half_done += ledger.half_done();
        // The check of all pages takes as long as there are pages.
        if round % 10 == 0 || round + 1 == u64::from(rounds) {
            check_whole(&database)?;
        }
        if figures.lost > 0 {
            break;
        }
    }
    figures.acknowledged = acknowledged.len() as u64;
    figures.note(format!("{rounds} kills, opened and read again in {} at worst", milliseconds(opened.rank(1.0))));
    Ok(figures)
}

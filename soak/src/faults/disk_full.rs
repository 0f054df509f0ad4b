//! There is no room for what is written: the database may have no more pages, or the files of the process may not grow.
//! Calls are answered `unavailable`, what was acknowledged is there, and writes go on when there is room.
//!
//! SQLite only. PostgreSQL's files are its server's, and a server whose disk is full cannot be had without a disk of its
//! own.

use std::{process::Command, time::Instant};

use hostfn::{ErrorCode, Grants};
use serde_json::json;

use super::busy::expect;
use crate::{
    Broken, FAR, Figures, Site, ensure,
    guest::Batch,
    ledger::{self, Ledger},
    log::Log,
    process::Worker,
    site::check_whole,
};

/// More calls than there is room for.
const CALLS: u64 = 600;

pub(super) fn run(site: &Site, rounds: u32) -> Result<Figures, Broken> {
    let mut figures = Figures::default();
    let mut acknowledged = Vec::new();
    pages(site, rounds, &mut figures, &mut acknowledged)?;
    files(site, rounds, &mut figures, &mut acknowledged)?;
    let host = site.host("")?;
    let database = host.database().ok_or("the host has no database")?;
    let ledger = Ledger::read(database)?;
    check_whole(database)?;
    figures.acknowledged = acknowledged.len() as u64;
    figures.lost = ledger.lost(&acknowledged);
    figures.half_done = ledger.half_done();
    Ok(figures)
}

/// The database itself may not grow: SQLite says that it is full.
fn pages(site: &Site, rounds: u32, figures: &mut Figures, acknowledged: &mut Vec<u64>) -> Result<(), Broken> {
    let host = site.host("")?;
    let batch = Batch::load(&host, Grants::all())?;
    let (mut number, mut full) = (0, 0);
    for _ in 0..rounds.min(20) {
        // No more than it has.
        batch.call(&[("soak_limit_pages", json!({"pages": 1}))])?;
        let log = Log::default();
        let mut refused = 0;
        // What fits into the pages that there are is written.
        for _ in 0..CALLS {
            number += 1;
            figures.tried += 1;
            let outcome = log.during(|| ledger::write(&batch, number));
            match &outcome {
                Ok(_) => acknowledged.push(number),
                Err(_) => {
                    expect(&outcome, &[ErrorCode::Unavailable])?;
                    refused += 1;
                }
            }
            if refused == 10 {
                break;
            }
        }
        ensure(refused > 0, || "the database was never full".to_owned())?;
        log.advises("free some space on the disk of the database")?;
        full += refused;
        batch.call(&[("soak_limit_pages", json!({"pages": 1_000_000_000}))])?;
        number += 1;
        figures.tried += 1;
        ledger::write(&batch, number)?;
        acknowledged.push(number);
    }
    figures.note(format!("{full} refused by a full database"));
    Ok(())
}

/// The files of a process may not grow, until they may again.
fn files(site: &Site, rounds: u32, figures: &mut Figures, acknowledged: &mut Vec<u64>) -> Result<(), Broken> {
    let mut full = 0;
    for round in 0..u64::from(rounds.min(20)) {
        let from = ((round + 1) << 32).to_string();
        // In blocks of 512 bytes, and softly, so that it can be lifted. Without the trap the process would end.
        let limited = "trap '' XFSZ; ulimit -S -f $1; shift; exec \"$@\"";
        let mut command = Command::new("sh");
        command.args(["-c", limited, "sh", "400"]).arg(&site.worker);
        command.args(["worker", "write", "--go-on", "--database", &site.url(""), "--from", &from]);
        let worker = Worker::spawn(&mut command)?;
        let mut refused = 0;
        let mut lifted: Option<Instant> = None;
        loop {
            let line = worker.next_line()?;
            if line == "ready" {
                continue;
            }
            figures.tried += 1;
            match line.parse() {
                Ok(number) => {
                    acknowledged.push(number);
                    if lifted.is_some() {
                        break;
                    }
                }
                Err(_) => {
                    ensure(line == "unavailable", || format!("a call on a full disk ended with `{line}`"))?;
                    refused += 1;
                    if refused >= 10 && lifted.is_none() {
                        lift(&worker)?;
                        lifted = Some(Instant::now());
                    }
                }
            }
            ensure(lifted.is_none_or(|lifted| lifted.elapsed() < FAR), || {
                "writes do not go on when there is room again".to_owned()
            })?;
        }
        let said = worker.kill()?;
        acknowledged.extend(said.iter().filter_map(|line| line.parse::<u64>().ok()));
        full += refused;
    }
    figures.note(format!("{full} refused by a full disk; writes go on without a restart"));
    Ok(())
}

fn lift(worker: &Worker) -> Result<(), Broken> {
    let status = Command::new("prlimit").args(["--fsize=unlimited", "--pid", &worker.id().to_string()]).status()?;
    ensure(status.success(), || format!("prlimit: {status}"))
}

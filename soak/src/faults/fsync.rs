//! No fault but a figure: what four writes of a plugin cost when each is flushed to the disk, and when all are at once.

use std::{
    fs,
    process::{Command, Stdio},
    time::Instant,
};

use hostfn::Grants;

use crate::{
    Broken, Figures, Site, ensure,
    figures::{Times, milliseconds},
    guest::Batch,
    ledger,
    process::Worker,
};

/// The numbers of atomic calls, and of plain ones of as many writes: see [`ledger::write`].
const KINDS: [(&str, u64); 2] = [("atomic", 0), ("plain", 1)];

pub(super) fn run(site: &Site, rounds: u32) -> Result<Figures, Broken> {
    let host = site.host("durability=full")?;
    let batch = Batch::load(&host, Grants::all())?;
    let calls = u64::from(rounds) * 5;
    let mut times = [Times::default(), Times::default()];
    // In turn, so that a disk that is busy for a while is busy for both.
    for call in 0..calls {
        for ((_, first), times) in KINDS.iter().zip(&mut times) {
            let started = Instant::now();
            ledger::write(&batch, first + 3 * call)?;
            times.push(started.elapsed());
        }
    }
    let [atomic, plain] = times.map(|times| times.rank(0.5));
    let mut figures = Figures { tried: 2 * calls, acknowledged: 2 * calls, ..Figures::default() };
    let ratio = plain.as_secs_f64() / atomic.as_secs_f64().max(f64::MIN_POSITIVE);
    let (plain, atomic) = (milliseconds(plain), milliseconds(atomic));
    figures.note(format!("4 writes in {plain} plain, {atomic} atomic (median): {ratio:.1} times"));
    if Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        figures.note("flushes not counted: strace is not installed");
        return Ok(figures);
    }
    let [atomic, plain] = KINDS.map(|(_, first)| flushes(site, first));
    let (atomic, plain) = (atomic?, plain?);
    ensure(atomic >= 1.0 && plain >= 4.0, || format!("a write is not flushed: {plain} flushes of 4 plain writes"))?;
    figures.note(format!("{plain:.1} flushes plain, {atomic:.1} atomic"));
    Ok(figures)
}

/// How often a call flushes a file to the disk: what more calls add, since a host also flushes when it opens and closes
/// its database.
fn flushes(site: &Site, first: u64) -> Result<f64, Broken> {
    const CALLS: [u64; 2] = [10, 30];
    let count = |calls: u64| -> Result<usize, Broken> {
        let site = Site::new(site.backend, &site.worker)?;
        let trace = site.folder().join("trace");
        let mut command = Command::new("strace");
        command
            .args(["-f", "-qq", "-e", "trace=fsync,fdatasync", "-e", "signal=none", "-o"])
            .arg(&trace)
            .arg(&site.worker);
        command.args(["worker", "write", "--database", &site.url("durability=full"), "--step", "3"]);
        command.args(["--from", &first.to_string(), "--most", &calls.to_string()]);
        let worker = Worker::spawn(&mut command)?;
        while worker.next_line()? != "enough" {}
        worker.finish()?;
        let trace = fs::read_to_string(&trace)?;
        // A call that another thread interrupts in the trace has two lines, of which one has its name and `(`.
        Ok(trace.lines().filter(|line| line.contains("sync(")).count())
    };
    let [few, many] = CALLS;
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let added = count(many)? as f64 - count(few)? as f64;
    #[expect(clippy::cast_precision_loss, reason = "some tens")]
    Ok(added / (many - few) as f64)
}

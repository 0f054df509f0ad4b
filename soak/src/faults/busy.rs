//! Somebody holds what a call needs for longer than it waits: another process the database's lock, or slow host
//! functions all connections. The call is answered while it is held, and the next one is done when it is free.

use std::{
    thread,
    time::{Duration, Instant},
};

use hostfn::{CallError, ErrorCode, Grants, PluginOptions};
use serde_json::{Value, json};

use crate::{
    Backend, Broken, FAR, Figures, Site, ensure,
    figures::{Times, milliseconds},
    guest::{Batch, Call, code, ending},
    keeper::Keeper,
    ledger,
    log::Log,
    process::Worker,
};

/// How long a call waits for a lock or a connection whose deadline is later.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// A write that needs the lock of the user of this number.
fn update(number: u64) -> [Call<'static>; 1] {
    [("db_update_user_profile", json!({"uuid": ledger::user(number), "bio": "changed"}))]
}

/// Another process holds the write lock, on PostgreSQL that of the row.
pub(super) fn beyond_the_wait(site: &Site, rounds: u32) -> Result<Figures, Broken> {
    let host = site.host("")?;
    let patient = Batch::load(&host, Grants::all())?;
    ledger::write(&patient, 0)?;
    let lock = || -> Result<Worker, Broken> {
        let worker = Worker::start(&site.worker, &["lock", "--database", &site.url("")])?;
        ensure(worker.next_line()? == "locked", || "the lock was not taken".to_owned())?;
        Ok(worker)
    };
    let mut figures = Figures::default();
    let holder = lock()?;
    // Beyond the wait.
    let log = Log::default();
    let started = Instant::now();
    let outcome = log.during(|| patient.call(&update(0)));
    let waited = started.elapsed();
    figures.tried += 1;
    expect(&outcome, &[ErrorCode::Unavailable])?;
    log.advises("for longer than is waited for")?;
    // It ended although the lock is still held.
    ensure(waited >= LOCK_WAIT, || format!("a call waited {waited:?} for a lock, and not {LOCK_WAIT:?}"))?;
    figures.note(format!("unavailable after {:.2} s", waited.as_secs_f64()));
    // Beyond the deadline.
    let late =
        calls_in_time(
            &host,
            rounds,
            |batch, atomic| {
                if atomic { batch.call_atomic(&update(0)) } else { batch.call(&update(0)) }
            },
        )?;
    figures.tried += late.len() as u64;
    tell_late(&mut figures, &late)?;
    holder.finish()?;
    let started = Instant::now();
    patient.call(&update(0))?;
    figures.tried += 1;
    figures.acknowledged += 1;
    figures.note(format!("done {} after it was free", milliseconds(started.elapsed())));
    // The same when the holder is killed.
    lock()?.kill()?;
    patient.call(&update(0))?;
    figures.tried += 1;
    figures.acknowledged += 1;
    let changed =
        format!("SELECT count(*) AS number FROM users WHERE uuid = '{}' AND bio = 'changed'", ledger::user(0));
    figures.lost += u64::from(site.stranger()?.number(&changed)? != 1);
    Ok(figures)
}

/// Slow host functions have all connections.
pub(super) fn pool_empty(site: &Site, rounds: u32) -> Result<Figures, Broken> {
    let host = site.host("connections=2")?;
    // They keep them for as long as the other calls take.
    let slow = Batch::load(&host, PluginOptions::from(Grants::all()).instances(2).timeout(10 * FAR))?;
    ledger::write(&slow, 0)?;
    let name = site.url("");
    let keep = [("soak_keep_connection", json!({"keeper": name}))];
    // On SQLite the one that writes.
    let connections = if site.backend == Backend::Postgres { 2 } else { 1 };
    let mut figures = Figures::default();
    thread::scope(|scope| -> Result<(), Broken> {
        let holders: Vec<_> = (0..2).map(|_| scope.spawn(|| slow.call(&keep))).collect();
        let keeper = Keeper::named(&name);
        let kept = keeper.keeps(connections)?;
        let log = Log::default();
        let late =
            log.during(|| {
                calls_in_time(&host, rounds, |batch, atomic| {
                    if atomic { batch.call_atomic(&update(0)) } else { batch.call(&update(0)) }
                })
            })?;
        log.advises("functions that hold one for long should take `&Database`")?;
        figures.tried += late.len() as u64;
        tell_late(&mut figures, &late)?;
        drop(kept);
        // As many at once as there may be, and one of them waits in vain for SQLite's one connection.
        for holder in holders {
            let outcome = holder.join().map_err(|_| "a thread panicked")?;
            if outcome.is_err() {
                expect(&outcome, &[ErrorCode::Unavailable])?;
            }
        }
        Ok(())
    })?;
    let started = Instant::now();
    Batch::load(&host, Grants::all())?.call(&update(0))?;
    figures.tried += 1;
    figures.acknowledged += 1;
    figures.note(format!("done {} after one was free", milliseconds(started.elapsed())));
    Ok(figures)
}

/// Makes calls whose deadlines pass, and answers how much later than those they ended.
fn calls_in_time(
    host: &hostfn::PluginManager,
    rounds: u32,
    call: impl Fn(&Batch, bool) -> Result<Value, CallError>,
) -> Result<Times, Broken> {
    let timeout = Duration::from_millis(100);
    let batch = Batch::load(host, PluginOptions::from(Grants::all()).timeout(timeout))?;
    let mut late = Times::default();
    for number in 0..rounds.min(40) {
        let started = Instant::now();
        let outcome = call(&batch, number % 2 == 1);
        late.push(started.elapsed().saturating_sub(timeout));
        if !matches!(outcome, Err(CallError::TimedOut { .. })) {
            expect(&outcome, &[ErrorCode::DeadlineExceeded, ErrorCode::Unavailable])?;
        }
    }
    Ok(late)
}

fn tell_late(figures: &mut Figures, late: &Times) -> Result<(), Broken> {
    let (median, most, worst) = (late.rank(0.5), late.rank(0.99), late.rank(1.0));
    figures.note(format!(
        "ended after the deadline by {} (p50), {} (p99), {} at worst",
        milliseconds(median),
        milliseconds(most),
        milliseconds(worst)
    ));
    // Without a deadline, each would wait for as long as that.
    ensure(late.rank(0.0) < LOCK_WAIT, || format!("no call ends at its deadline: {figures}"))
}

/// Fails unless a call ended with one of these codes.
pub(super) fn expect(outcome: &Result<Value, CallError>, codes: &[ErrorCode]) -> Result<(), Broken> {
    let found = outcome.as_ref().err().and_then(code);
    ensure(found.is_some_and(|code| codes.contains(&code)), || {
        format!("a call ended with `{}`, and not with one of {codes:?}", ending(outcome))
    })
}

//! Host functions write, and then run a statement that never ends, or short ones without end. The plugin's time ends
//! them: the plugin call ends, the connection is good for the next, and nothing was done.

use std::{
    sync::{
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

use hostfn::{CallError, ErrorCode, Grants, PluginOptions};
use serde_json::json;

use crate::{
    Broken, Figures, Site, ensure,
    figures::{Times, milliseconds},
    functions::HALF,
    guest::{Batch, code},
    ledger,
};

/// How many calls a round is.
const CALLS: u64 = 50;

/// How many calls at once. More than there are connections, so that some wait for one.
const THREADS: u64 = 6;

/// How much later than its time a call may end, on a machine that is on time itself.
const GRACE: Duration = Duration::from_millis(50);

/// How many times later than a sleep a call may end besides, which wakes several threads and the database.
const TIMES_A_SLEEP: u32 = 10;

/// Fewer calls than this say nothing about one in a thousand.
const FOR_ONE_IN_A_THOUSAND: usize = 1000;

pub(super) fn run(site: &Site, rounds: u32) -> Result<Figures, Broken> {
    let host = site.host("connections=3")?;
    let batch = Batch::load(&host, Grants::all())?;
    ledger::write(&batch, 0)?;
    let timeouts = [20, 50, 100].map(Duration::from_millis);
    let options = |timeout| PluginOptions::from(Grants::all()).timeout(timeout).instances(THREADS as usize);
    let hanging = timeouts.map(|timeout| Batch::load(&host, options(timeout)).map(|batch| (timeout, batch)));
    let hanging = hanging.into_iter().collect::<Result<Vec<_>, _>>()?;

    let calls = u64::from(rounds) * CALLS;
    let next = AtomicU64::new(0);
    let work = || {
        let mut late = Times::default();
        loop {
            let number = next.fetch_add(1, Relaxed);
            if number >= calls {
                return Ok(late);
            }
            let (timeout, batch) = &hanging[(number % 3) as usize];
            let function = if number.is_multiple_of(2) { "soak_endless_statement" } else { "soak_short_statements" };
            let request = [(function, json!({}))];
            let started = Instant::now();
            let outcome = if number % 4 < 2 { batch.call(&request) } else { batch.call_atomic(&request) };
            late.push(started.elapsed().saturating_sub(*timeout));
            match outcome {
                Err(CallError::TimedOut { .. }) => {}
                Err(error) if matches!(code(&error), Some(ErrorCode::DeadlineExceeded | ErrorCode::Unavailable)) => {}
                Err(error) => return Err(format!("{function}: {error}")),
                Ok(_) => return Err(format!("{function} ended")),
            }
        }
    };
    let (outcomes, sleep) = thread::scope(|scope| {
        let (enough, is_enough) = channel::<()>();
        let sleeper = scope.spawn(move || {
            let mut late = Duration::ZERO;
            loop {
                let started = Instant::now();
                match is_enough.recv_timeout(timeouts[0]) {
                    Err(RecvTimeoutError::Timeout) => late = late.max(started.elapsed().saturating_sub(timeouts[0])),
                    _ => return late,
                }
            }
        });
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        let outcomes = threads.into_iter().filter_map(|thread| thread.join().ok()).collect::<Vec<_>>();
        drop(enough);
        (outcomes, sleeper.join().unwrap_or_default())
    });
    let mut late = Times::default();
    for outcome in outcomes {
        late.extend(outcome?);
    }

    let mut figures = Figures { tried: calls, ..Figures::default() };
    ensure(late.len() as u64 == calls, || format!("{} of {calls} calls ended", late.len()))?;
    figures.half_done =
        site.stranger()?.number(&format!("SELECT count(*) AS number FROM users WHERE name = '{HALF}'"))?.unsigned_abs();
    figures.note(format!(
        "ended after the deadline by {} (p50), {} (p99.9), {} at worst, a sleep beside them by {}",
        milliseconds(late.rank(0.5)),
        milliseconds(late.rank(0.999)),
        milliseconds(late.rank(1.0)),
        milliseconds(sleep)
    ));
    // That they ended at all is the deadline's doing. With few calls, their times say no more than how busy the machine is.
    let is_in_time = late.rank(0.999) <= GRACE + TIMES_A_SLEEP * sleep;
    ensure(late.len() < FOR_ONE_IN_A_THOUSAND || is_in_time, || format!("one in a thousand ended late: {figures}"))?;
    figures.note(format!("the only connection was back in {} at worst", milliseconds(one_connection(site, rounds)?)));
    Ok(figures)
}

/// With a pool of one, the next call after one that hung is done. Answers the longest that one took.
fn one_connection(site: &Site, rounds: u32) -> Result<Duration, Broken> {
    let host = site.host("connections=1")?;
    let batch = Batch::load(&host, Grants::all())?;
    let hanging = Batch::load(&host, PluginOptions::from(Grants::all()).timeout(Duration::from_millis(20)))?;
    let mut worst = Duration::ZERO;
    for number in 0..u64::from(rounds.min(100)) {
        let function = if number.is_multiple_of(2) { "soak_endless_statement" } else { "soak_short_statements" };
        ensure(hanging.call(&[(function, json!({}))]).is_err(), || format!("{function} ended"))?;
        let started = Instant::now();
        ledger::write(&batch, 3 + 3 * number)?;
        worst = worst.max(started.elapsed());
    }
    Ok(worst)
}

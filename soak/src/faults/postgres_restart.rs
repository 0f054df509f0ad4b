//! PostgreSQL is stopped, or crashes, and starts again, while several threads call. What was acknowledged is there, and
//! the host goes on by itself.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use hostfn::{Grants, PluginManager, PluginOptions};
use hostfn_test::postgres::Server;

use super::connection_lost::OUTCOME_UNKNOWN;
use crate::{
    Broken, FAR, Figures, Site, ensure,
    figures::{Times, milliseconds},
    guest::{Batch, ending},
    ledger::{self, Ledger},
    site::{self, check_whole},
};

const THREADS: u64 = 4;

pub(super) fn run(_: &Site, rounds: u32) -> Result<Figures, Broken> {
    // What is acknowledged is flushed, as on a server that somebody relies on.
    let server = Server::start_with(&[("fsync", "on")])?;
    server.execute("postgres", "CREATE DATABASE soak")?;
    let host = site::host(&server.url("soak"))?.build()?;
    // A restart takes a second.
    let restarts = rounds.div_ceil(5).max(2);
    let (figures, ()) = Writers::during(&host, |writers, figures| {
        let mut recovery = Times::default();
        for restart in 0..restarts {
            thread::sleep(Duration::from_millis(100 + getrandom::u64()? % 200));
            if restart % 2 == 0 {
                server.stop()?
            } else {
                server.kill()?
            }
            thread::sleep(Duration::from_millis(getrandom::u64()? % 300));
            server.start_again()?;
            recovery.push(writers.recovery()?);
        }
        figures.note(format!(
            "{restarts} restarts, calls succeed again {} after it at worst",
            milliseconds(recovery.rank(1.0))
        ));
        Ok(())
    })?;
    Ok(figures)
}

/// The primary dies, and its standby takes over.
pub(super) fn failover(_: &Site, rounds: u32) -> Result<Figures, Broken> {
    let mut all = Figures::default();
    // A pair of servers takes seconds to make.
    for _ in 0..rounds.div_ceil(20) {
        let primary = Server::start_with(&[("fsync", "on")])?;
        primary.execute("postgres", "CREATE DATABASE soak")?;
        let standby = primary.standby()?;
        // A commit is acknowledged when the standby has it as well; alone, the standby waits for nobody.
        standby.execute("postgres", "ALTER SYSTEM SET synchronous_standby_names = ''")?;
        primary.execute("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'")?;
        primary.execute("postgres", "SELECT pg_reload_conf()")?;
        let url = both(&primary, &standby)?;
        let host = site::host(&url)?.build()?;
        let (figures, ()) = Writers::during(&host, |writers, figures| {
            thread::sleep(Duration::from_millis(200 + getrandom::u64()? % 200));
            primary.kill()?;
            standby.promote()?;
            figures.note(format!("calls succeed again {} after the promotion", milliseconds(writers.recovery()?)));
            Ok(())
        })?;
        all.tried += figures.tried;
        all.acknowledged += figures.acknowledged;
        all.lost += figures.lost;
        all.half_done += figures.half_done;
        all.notes = figures.notes;
    }
    Ok(all)
}

/// A URL of whichever of two servers takes writes.
fn both(primary: &Server, standby: &Server) -> Result<String, Broken> {
    let socket = |server: &Server| {
        let url = server.url("soak");
        url.split_once("?host=")
            .map(|(base, socket)| (base.to_owned(), socket.to_owned()))
            .ok_or("no socket in the URL")
    };
    let ((base, primary), (_, standby)) = (socket(primary)?, socket(standby)?);
    Ok(format!("{base}?host={primary},{standby}&target_session_attrs=read-write"))
}

/// Threads that write all the time.
struct Writers {
    acknowledged: Mutex<Vec<u64>>,
    endings: Mutex<BTreeMap<String, u64>>,
    tried: AtomicU64,
    stop: AtomicBool,
}

impl Writers {
    /// Lets them write while `body` runs, and checks what they wrote.
    fn during<T>(
        host: &PluginManager,
        body: impl FnOnce(&Self, &mut Figures) -> Result<T, Broken>,
    ) -> Result<(Figures, T), Broken> {
        let writers = Self {
            acknowledged: Mutex::default(),
            endings: Mutex::default(),
            tried: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        };
        let batch = Batch::load(host, PluginOptions::from(Grants::all()).instances(THREADS as usize))?;
        let mut figures = Figures::default();
        let outcome = thread::scope(|scope| {
            for thread in 0..THREADS {
                let (writers, batch) = (&writers, &batch);
                scope.spawn(move || writers.write(batch, thread << 32));
            }
            let outcome = body(&writers, &mut figures);
            writers.stop.store(true, Relaxed);
            outcome
        })?;
        let database = host.database().ok_or("the host has no database")?;
        let ledger = Ledger::read(database)?;
        let acknowledged = writers.acknowledged();
        figures.tried = writers.tried.load(Relaxed);
        figures.acknowledged = acknowledged.len() as u64;
        figures.lost = ledger.lost(&*acknowledged);
        figures.half_done = ledger.half_done();
        check_whole(database)?;
        let endings = writers.endings.lock().unwrap_or_else(PoisonError::into_inner);
        let allowed = |ending: &str| ["unavailable", "outcome unknown"].contains(&ending);
        ensure(endings.keys().all(|ending| allowed(ending)), || format!("calls ended with {endings:?}"))?;
        let endings: Vec<_> = endings.iter().map(|(ending, count)| format!("{count} {ending}")).collect();
        figures.note(if endings.is_empty() { "no call failed".to_owned() } else { endings.join(", ") });
        Ok((figures, outcome))
    }

    fn write(&self, batch: &Batch, first: u64) {
        for number in first.. {
            if self.stop.load(Relaxed) {
                return;
            }
            self.tried.fetch_add(1, Relaxed);
            let outcome = ledger::write(batch, number);
            match &outcome {
                Ok(_) => self.acknowledged().push(number),
                Err(error) => {
                    // The one `internal` there may be says so.
                    let is_unknown = error.to_string().contains(OUTCOME_UNKNOWN);
                    let ending = if is_unknown { "outcome unknown".to_owned() } else { ending(&outcome) };
                    *self.endings.lock().unwrap_or_else(PoisonError::into_inner).entry(ending).or_default() += 1;
                }
            }
        }
    }

    fn acknowledged(&self) -> std::sync::MutexGuard<'_, Vec<u64>> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a call succeeds, and answers how long that took.
    fn recovery(&self) -> Result<Duration, Broken> {
        let started = Instant::now();
        let before = self.acknowledged().len();
        while self.acknowledged().len() == before {
            ensure(started.elapsed() < FAR, || {
                let endings = self.endings.lock().unwrap_or_else(PoisonError::into_inner);
                format!("no call succeeds {FAR:?} after the server is there again: {endings:?}")
            })?;
            thread::sleep(Duration::from_millis(1));
        }
        Ok(started.elapsed())
    }
}

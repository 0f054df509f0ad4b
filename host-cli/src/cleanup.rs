use std::{
    io::{IsTerminal, Write, stdout},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use clap::Args;
use hostfn_runtime::{
    Cleanup, Clock, Database, ErrorCode, HostError, PluginManagerBuilder, Timestamp, db::DatabaseUrl,
};
use serde::Serialize;

use crate::{
    Failure, Progress, in_full,
    values::{duration, whole},
};

/// The arguments of `cleanup`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn cleanup --database sqlite://app.db
  hostfn cleanup --database postgres://app@db/app --every 10m --keep-answers 7d

What has expired is gone for plugins whether it was removed or not: this gives back its place on the disk. \
Others read and write meanwhile; several may clean up one PostgreSQL database at once.")]
pub struct CleanupArguments {
    /// The database, such as sqlite://app.db
    #[arg(long, value_name = "URL")]
    database: String,
    /// Do it again and again, so long after the last time, until stopped
    #[arg(long, value_name = "DURATION", value_parser = parse_interval)]
    every: Option<Duration>,
    /// How many rows to remove in one transaction, for which other writers wait
    #[arg(long, value_name = "ROWS", default_value_t = 1000, value_parser = |text: &str| whole::<u32>(text, &(1..=1_000_000)))]
    batch: u32,
    /// How long the answers of calls with an idempotency key are kept
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration)]
    keep_answers: Duration,
    /// Write JSON, a line each time
    #[arg(long)]
    json: bool,
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        interval if interval >= Duration::from_secs(1) => Ok(interval),
        _ => Err("expected at least 1s".to_owned()),
    }
}

/// What was removed of one kind.
#[derive(Serialize)]
struct Removed {
    what: &'static str,
    rows: usize,
}

/// Why a round ended early.
enum Ended {
    Failed(HostError),
    Stopped,
}

impl From<HostError> for Ended {
    fn from(error: HostError) -> Self {
        Self::Failed(error)
    }
}

pub(crate) fn run(arguments: &CleanupArguments, host: &PluginManagerBuilder) -> Result<(), Failure> {
    let url: DatabaseUrl = arguments.database.parse()?;
    // Nothing is made, nor migrated, to be cleaned up.
    check_migrations(&Database::open_unchanged(url.clone())?, host)?;
    let database = Database::open_url(url)?;
    let stop = stop_signal()?;
    let cleanups: Vec<_> = host.registries().iter().flat_map(|registry| registry.cleanups()).copied().collect();
    loop {
        let started = Instant::now();
        let mut removed = Vec::new();
        let ended = one_round(arguments, &database, &cleanups, &stop, &mut removed);
        report(arguments, &removed, ended.is_ok(), started.elapsed())?;
        match (ended, arguments.every) {
            (Ok(()), None) | (Err(Ended::Stopped), _) => return Ok(()),
            (Err(Ended::Failed(error)), Some(every)) if is_temporary(&error) => {
                tracing::warn!(reason = in_full(&error), ?every, "could not clean up, and will try again");
            }
            (Err(Ended::Failed(error)), _) => {
                return Err(format!("could not remove all that has expired: {}", in_full(&error)).into());
            }
            (Ok(()), Some(_)) => {}
        }
        let every = arguments.every.unwrap_or_default();
        match stop.recv_timeout(every) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

fn check_migrations(database: &Database, host: &PluginManagerBuilder) -> Result<(), Failure> {
    for registry in host.registries().iter().filter(|registry| !registry.cleanups().is_empty()) {
        let Some(migrations) = registry.migrations() else { continue };
        if let [first, ..] = &*database.pending_migrations(registry.owner(), migrations)? {
            let (url, owner) = (database.url(), registry.owner());
            return Err(format!("{url} lacks the migration {owner}/{first}: run `hostfn migrate` first").into());
        }
    }
    Ok(())
}

/// What comes when the operator or the system wants this to end.
fn stop_signal() -> Result<Receiver<()>, Failure> {
    let (sender, receiver) = mpsc::channel();
    ctrlc::set_handler(move || {
        // Nobody listens any more when it is ending already.
        let _ = sender.send(());
    })?;
    Ok(receiver)
}

fn is_temporary(error: &HostError) -> bool {
    matches!(error.code(), ErrorCode::Unavailable | ErrorCode::DeadlineExceeded)
}

/// Removes all that has expired at its beginning.
fn one_round(
    arguments: &CleanupArguments,
    database: &Database,
    cleanups: &[Cleanup],
    stop: &Receiver<()>,
    removed: &mut Vec<Removed>,
) -> Result<(), Ended> {
    let progress = Progress::of("cleaning up");
    let now = Clock::system().now();
    for cleanup in cleanups {
        in_batches(arguments, cleanup.name(), stop, (&progress, &mut *removed), |limit| {
            cleanup.run_batch(database, now, limit)
        })?;
    }
    let keep = i64::try_from(arguments.keep_answers.as_micros()).unwrap_or(i64::MAX);
    let oldest_kept = now.microseconds().checked_sub(keep).and_then(Timestamp::from_microseconds);
    if let Some(oldest_kept) = oldest_kept
        && database.keeps_answers()?
    {
        in_batches(arguments, "answers", stop, (&progress, removed), |limit| {
            database.remove_answers_before(oldest_kept, limit)
        })?;
    }
    Ok(())
}

/// Removes of one kind until there is nothing more.
fn in_batches(
    arguments: &CleanupArguments,
    what: &'static str,
    stop: &Receiver<()>,
    (progress, removed): (&Progress, &mut Vec<Removed>),
    run_batch: impl Fn(u32) -> Result<usize, HostError>,
) -> Result<(), Ended> {
    let index = removed.len();
    removed.push(Removed { what, rows: 0 });
    loop {
        let started = Instant::now();
        let rows = run_batch(arguments.batch)?;
        removed[index].rows += rows;
        if rows < arguments.batch as usize {
            return Ok(());
        }
        progress.say(format!("cleaning up {what}: {} removed so far", removed[index].rows));
        // As long as it took nothing is done, in which whoever waits to write can. Only SQLite needs it, whose waiters
        // ask again and again and would find it locked.
        match stop.recv_timeout(started.elapsed()) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return Err(Ended::Stopped),
        }
    }
}

fn report(arguments: &CleanupArguments, removed: &[Removed], is_complete: bool, took: Duration) -> Result<(), Failure> {
    let mut out = anstream::stdout();
    if arguments.json {
        let rows: serde_json::Map<_, _> =
            removed.iter().map(|removed| (removed.what.to_owned(), removed.rows.into())).collect();
        writeln!(
            out,
            "{}",
            serde_json::json!({"removed": rows, "complete": is_complete, "seconds": took.as_secs_f64()})
        )?;
        return Ok(());
    }
    // A log of rounds in which there was nothing to do says nothing.
    let is_quiet = arguments.every.is_some() && !stdout().is_terminal();
    if is_quiet && removed.iter().all(|removed| removed.rows == 0) {
        return Ok(());
    }
    let width = removed.iter().map(|removed| removed.what.len()).max().unwrap_or_default();
    for Removed { what, rows } in removed {
        writeln!(out, "{what:width$}  {rows} removed")?;
    }
    Ok(())
}

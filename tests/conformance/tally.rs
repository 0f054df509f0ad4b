//! How much was tried on each database, and how long it took.

use std::{
    cell::Cell,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use hostfn_test::TestDatabase;

#[derive(Clone, Copy)]
struct Tally {
    database: TestDatabase,
    tests: usize,
    transcripts: usize,
    /// From the start of its first test to the end of its last.
    time: Option<(Instant, Instant)>,
}

static TALLIES: Mutex<[Tally; 2]> =
    Mutex::new([Tally::none(TestDatabase::Sqlite), Tally::none(TestDatabase::Postgres)]);

thread_local! {
    /// The database that the test on this thread is run on.
    static CURRENT: Cell<Option<TestDatabase>> = const { Cell::new(None) };
}

impl Tally {
    const fn none(database: TestDatabase) -> Self {
        Self { database, tests: 0, transcripts: 0, time: None }
    }
}

/// Runs a test. One that fails is not counted.
pub(crate) fn test(database: TestDatabase, run: impl FnOnce()) {
    let started = Instant::now();
    CURRENT.set(Some(database));
    run();
    change(database, |tally| {
        tally.tests += 1;
        let first = tally.time.map_or(started, |(first, _)| first.min(started));
        tally.time = Some((first, Instant::now()));
    });
}

/// Counts that a transcript was compared.
pub(crate) fn transcript() {
    let database = CURRENT.get().expect("a transcript is compared in a test");
    change(database, |tally| tally.transcripts += 1);
}

/// What was tried on a database, if anything was.
pub(crate) fn summary(database: TestDatabase) -> Option<String> {
    let tally = *lock().iter().find(|tally| tally.database == database)?;
    let (first, last) = tally.time?;
    let seconds = (last - first).as_secs_f64();
    let (tests, transcripts) = (counted(tally.tests, "test"), counted(tally.transcripts, "transcript"));
    Some(format!("{tests}, {transcripts}, {seconds:.1} s"))
}

pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn change(database: TestDatabase, change: impl FnOnce(&mut Tally)) {
    if let Some(tally) = lock().iter_mut().find(|tally| tally.database == database) {
        change(tally);
    }
}

fn lock() -> MutexGuard<'static, [Tally; 2]> {
    TALLIES.lock().unwrap_or_else(PoisonError::into_inner)
}

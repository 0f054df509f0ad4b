//! Connections that are bounded, on databases of their own.
//!
//! No test fails because the machine is slow. Most say that what never ends by itself ended; where two ends differ by
//! their time alone, see [`is_once_below`].
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails, as it should")]
#![allow(missing_docs, reason = "diesel's `table!` makes public items")]

use std::{
    mem,
    path::Path,
    sync::{Arc, Barrier, mpsc},
    thread,
    time::{Duration, Instant},
};

use diesel::{
    Connection, ExpressionMethods, QueryResult, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::{SimpleConnection, TransactionManager},
    sql_query,
};
use hostfn_sqlite::{BUSY_WAIT, Bounds, open};
use tempfile::TempDir;

diesel::table! { notes (id) { id -> Integer, text -> Text } }

const SHORT: Duration = Duration::from_millis(50);

/// Runs for hours.
const LONG: &str =
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 1000000000000) SELECT count(*) FROM c";
/// Runs for some milliseconds, and for far more instructions than lie between two looks.
const MODERATE: &str =
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 20000) SELECT count(*) FROM c";
/// As [`LONG`], and it writes.
const LONG_INSERT: &str = "INSERT INTO notes(text)
    WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 1000000000000) SELECT 'n' || n FROM c";

const ONE_INSERT: &str = "INSERT INTO notes(text) VALUES ('one')";

/// A database in a file, so that it has locks.
struct Database {
    folder: TempDir,
}

impl Database {
    fn new() -> Self {
        let database = Self { folder: TempDir::new().unwrap() };
        let (mut connection, _) = database.open();
        connection
            .batch_execute("PRAGMA journal_mode = WAL; CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
            .unwrap();
        database
    }

    fn file(&self) -> String {
        let file: &Path = &self.folder.path().join("notes.sqlite");
        file.to_str().unwrap().to_owned()
    }

    fn open(&self) -> (SqliteConnection, Arc<Bounds>) {
        open(&self.file()).unwrap()
    }

    /// Another connection that holds the write lock until it is dropped.
    fn lock(&self) -> SqliteConnection {
        let mut connection = SqliteConnection::establish(&self.file()).unwrap();
        connection.batch_execute("BEGIN IMMEDIATE").unwrap();
        connection
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

fn count_notes(connection: &mut SqliteConnection) -> i64 {
    sql_query("SELECT count(*) AS count FROM notes").get_result::<Count>(connection).unwrap().count
}

fn insert(connection: &mut SqliteConnection) -> Result<(), String> {
    connection.batch_execute(ONE_INSERT).map_err(|error| error.to_string())
}

/// How long it took until the statement failed, and with what.
fn failure(connection: &mut SqliteConnection, statement: &str) -> (String, Duration) {
    let began = Instant::now();
    let error = connection.batch_execute(statement).unwrap_err().to_string();
    (error, began.elapsed())
}

/// Whether it takes less than `bound` at least once, which it never does without what is tested: that waits for as long
/// by itself. A busy machine makes some attempts longer, and not each of a dozen.
fn is_once_below(bound: Duration, mut attempt: impl FnMut() -> Duration) -> bool {
    (0..12).any(|_| attempt() < bound)
}

fn set_in(bounds: &Bounds, time: Duration) {
    bounds.set_deadline(Some(Instant::now() + time));
}

#[test]
fn a_long_statement_is_interrupted_at_the_deadline() {
    let (mut connection, bounds) = open(":memory:").unwrap();
    set_in(&bounds, SHORT);
    let (error, took) = failure(&mut connection, LONG);
    assert_eq!(error, "interrupted");
    assert!(took >= SHORT, "{took:?}");

    // The deadline stays until another is set.
    assert_eq!(failure(&mut connection, MODERATE).0, "interrupted");
    bounds.set_deadline(None);
    connection.batch_execute(MODERATE).unwrap();
    set_in(&bounds, Duration::from_secs(600));
    connection.batch_execute(MODERATE).unwrap();
}

#[test]
fn a_query_that_diesel_prepares_is_interrupted_too() {
    let (mut connection, bounds) = open(":memory:").unwrap();
    set_in(&bounds, SHORT);
    let Err(error) = sql_query(LONG).load::<Count>(&mut connection) else { panic!("it is endless") };
    assert_eq!(error.to_string(), "interrupted");
}

#[test]
fn a_lock_is_not_waited_for_beyond_the_deadline() {
    let database = Database::new();
    let (mut connection, bounds) = database.open();
    let _lock = database.lock();
    let is_ended = is_once_below(BUSY_WAIT, || {
        set_in(&bounds, SHORT);
        let (error, took) = failure(&mut connection, "BEGIN IMMEDIATE");
        assert_eq!(error, "database is locked");
        assert!(took >= SHORT, "{took:?}");
        took
    });
    assert!(is_ended, "it is waited for beyond the deadline");

    // After the deadline it fails at once.
    let fails_at_once = is_once_below(BUSY_WAIT, || {
        let (error, took) = failure(&mut connection, "BEGIN IMMEDIATE");
        assert_eq!(error, "database is locked");
        took
    });
    assert!(fails_at_once, "it is waited for after the deadline");
}

#[test]
fn without_a_deadline_a_lock_is_waited_for_as_long_as_promised() {
    let database = Database::new();
    let (mut connection, _bounds) = database.open();
    let _lock = database.lock();
    let (error, took) = failure(&mut connection, "BEGIN IMMEDIATE");
    assert_eq!(error, "database is locked");
    // And not for ever: the lock is still held.
    assert!(took >= BUSY_WAIT, "{took:?}");
}

#[test]
fn a_lock_that_is_released_in_time_is_taken() {
    for deadline in [None, Some(Duration::from_secs(600))] {
        let database = Database::new();
        let (mut connection, bounds) = database.open();
        bounds.set_deadline(deadline.map(|time| Instant::now() + time));
        let (held, is_held) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut lock = database.lock();
                held.send(()).unwrap();
                thread::sleep(Duration::from_millis(100));
                lock.batch_execute("COMMIT").unwrap();
            });
            is_held.recv().unwrap();
            let mut began = Instant::now();
            while let Err(error) = insert(&mut connection) {
                // It waited as it should, and the machine is too busy to release the lock meanwhile.
                assert!(began.elapsed() >= BUSY_WAIT, "{error} after {:?}", began.elapsed());
                began = Instant::now();
            }
        });
        assert_eq!(count_notes(&mut connection), 1);
    }
}

#[test]
fn an_interrupted_insert_leaves_nothing_behind() {
    /// How diesel runs a statement, and what its transaction answers with after it was interrupted.
    type Run = fn(&mut SqliteConnection) -> QueryResult<()>;
    let runs: [(Run, &str); 2] = [
        (
            |connection| sql_query(LONG_INSERT).execute(connection).map(drop),
            "cannot rollback - no transaction is active",
        ),
        // Here diesel has noticed by then that SQLite rolled back.
        (|connection| connection.batch_execute(LONG_INSERT), "Cannot perform this operation outside of a transaction"),
    ];
    for (run, expected) in runs {
        let database = Database::new();
        let (mut connection, bounds) = database.open();
        let mut interrupted = None;
        let error = connection
            .transaction::<(), diesel::result::Error, _>(|connection| {
                insert(connection).unwrap();
                set_in(&bounds, SHORT);
                let result = run(connection);
                bounds.set_deadline(None);
                interrupted = result.as_ref().err().map(ToString::to_string);
                result
            })
            .unwrap_err();
        assert_eq!(interrupted.as_deref(), Some("interrupted"));
        assert_eq!(error.to_string(), expected);
        assert_eq!(count_notes(&mut connection), 0);

        // No transaction is left either, of which diesel or SQLite would know.
        type Manager = <SqliteConnection as Connection>::TransactionManager;
        assert!(!Manager::is_broken_transaction_manager(&mut connection));
        connection.transaction(|connection| connection.batch_execute(ONE_INSERT)).unwrap();
        assert_eq!(count_notes(&mut database.open().0), 1);
    }
}

#[test]
fn an_interrupted_query_leaves_its_transaction_open() {
    let database = Database::new();
    let (mut connection, bounds) = database.open();
    connection.batch_execute("BEGIN IMMEDIATE; INSERT INTO notes(text) VALUES ('one')").unwrap();
    set_in(&bounds, SHORT);
    assert_eq!(failure(&mut connection, LONG).0, "interrupted");
    bounds.set_deadline(None);
    connection.batch_execute("COMMIT").unwrap();
    assert_eq!(count_notes(&mut connection), 1);
}

#[test]
fn what_says_interrupted_may_be_done() {
    let database = Database::new();
    let (mut connection, bounds) = database.open();
    bounds.set_deadline(Some(Instant::now()));
    // One prepared statement, whose instructions SQLite counts on from use to use.
    let mut succeeded = 0;
    let error = loop {
        match diesel::insert_into(notes::table).values(notes::text.eq("one")).execute(&mut connection) {
            Ok(_) if succeeded < 1000 => succeeded += 1,
            Ok(_) => panic!("it is short, and yet looked at some time"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.to_string(), "interrupted");
    bounds.set_deadline(None);
    assert_eq!(count_notes(&mut connection), succeeded + 1);
}

#[test]
fn a_connection_that_diesel_opens_is_not_ours() {
    let database = Database::new();
    let (_connection, bounds) = database.open();
    bounds.set_deadline(Some(Instant::now()));
    let mut other = SqliteConnection::establish(&database.file()).unwrap();
    other.batch_execute(MODERATE).unwrap();
    assert_eq!(Arc::strong_count(&bounds), 2);

    // It does not wait for a lock either, with or without a deadline.
    bounds.set_deadline(None);
    let _lock = database.lock();
    let fails_at_once = is_once_below(BUSY_WAIT, || {
        let (error, took) = failure(&mut other, "BEGIN IMMEDIATE");
        assert_eq!(error, "database is locked");
        took
    });
    assert!(fails_at_once);
}

#[test]
fn connections_of_one_thread_have_bounds_of_their_own() {
    let (mut first, first_bounds) = open(":memory:").unwrap();
    let (mut second, second_bounds) = open(":memory:").unwrap();
    first_bounds.set_deadline(Some(Instant::now()));
    assert_eq!(failure(&mut first, MODERATE).0, "interrupted");
    second.batch_execute(MODERATE).unwrap();

    // The bounds go with SQLite's connection, wherever it is moved.
    mem::swap(&mut first, &mut second);
    first.batch_execute(MODERATE).unwrap();
    assert_eq!(failure(&mut second, MODERATE).0, "interrupted");
    first_bounds.set_deadline(None);
    second_bounds.set_deadline(Some(Instant::now()));
    assert_eq!(failure(&mut first, MODERATE).0, "interrupted");
    second.batch_execute(MODERATE).unwrap();
}

#[test]
fn bounds_and_connection_are_dropped_in_any_order() {
    let (mut connection, bounds) = open(":memory:").unwrap();
    set_in(&bounds, SHORT);
    let observed = Arc::downgrade(&bounds);
    drop(bounds);
    assert_eq!(failure(&mut connection, LONG).0, "interrupted");
    drop(connection);
    assert!(observed.upgrade().is_none(), "closing frees what the handlers were given");

    let (connection, bounds) = open(":memory:").unwrap();
    assert_eq!(Arc::strong_count(&bounds), 2);
    drop(connection);
    assert_eq!(Arc::strong_count(&bounds), 1);
    set_in(&bounds, SHORT);
    assert!(bounds.deadline().is_some());
}

#[test]
fn a_connection_closes_with_a_transaction_open_and_its_deadline_passed() {
    let database = Database::new();
    // Closing rolls back and, the last connection of a journal, writes its pages to the database.
    for journal in ["WAL", "DELETE"] {
        let (mut connection, bounds) = database.open();
        connection.batch_execute(&format!("PRAGMA journal_mode = {journal}; BEGIN IMMEDIATE")).unwrap();
        insert(&mut connection).unwrap();
        bounds.set_deadline(Some(Instant::now()));
        drop(connection);
        assert_eq!(Arc::strong_count(&bounds), 1);
        assert_eq!(count_notes(&mut database.open().0), 0);
    }
}

#[test]
fn a_connection_takes_its_bounds_to_another_thread() {
    let (mut connection, bounds) = open(":memory:").unwrap();
    set_in(&bounds, SHORT);
    let (error, connection) = thread::spawn(move || (failure(&mut connection, LONG).0, connection)).join().unwrap();
    assert_eq!(error, "interrupted");
    thread::spawn(move || drop(connection)).join().unwrap();
    assert_eq!(Arc::strong_count(&bounds), 1);
}

#[test]
fn connections_opened_in_parallel_have_bounds_of_their_own() {
    const THREADS: usize = 8;
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                for _ in 0..20 {
                    let (mut ours, bounds) = open(":memory:").unwrap();
                    let mut other = SqliteConnection::establish(":memory:").unwrap();
                    if number % 2 == 0 {
                        bounds.set_deadline(Some(Instant::now()));
                        assert_eq!(failure(&mut ours, MODERATE).0, "interrupted");
                    } else {
                        ours.batch_execute(MODERATE).unwrap();
                    }
                    other.batch_execute(MODERATE).unwrap();
                    assert_eq!(Arc::strong_count(&bounds), 2);
                }
            });
        }
    });
}

#[test]
fn busy_timeout_takes_the_place_of_our_waiting() {
    let database = Database::new();
    let (mut connection, bounds) = database.open();
    connection.batch_execute("PRAGMA busy_timeout = 500").unwrap();
    let _lock = database.lock();
    bounds.set_deadline(Some(Instant::now()));
    let is_of_its_own = is_once_below(BUSY_WAIT, || {
        let (error, took) = failure(&mut connection, "BEGIN IMMEDIATE");
        assert_eq!(error, "database is locked");
        assert!(took >= Duration::from_millis(250), "{took:?}");
        took
    });
    assert!(is_of_its_own);
}

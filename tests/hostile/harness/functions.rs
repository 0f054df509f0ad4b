//! Host functions that misbehave when they are told to, as somebody's own may.

use std::{
    collections::HashMap,
    sync::{Arc, Condvar, LazyLock, Mutex, PoisonError},
    thread,
    time::Duration,
};

use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query};
use hostfn::{DbConnection, HostError, host_fn, on_backend};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// Takes nearly anything, and answers how long the text is.
#[host_fn(permission = "probe")]
fn probe(text: Option<String>, number: Option<u32>, tree: Option<Value>) -> usize {
    let _ = (number, tree);
    text.map_or(0, |text| text.len())
}

/// Answers so many bytes.
#[host_fn(permission = "probe")]
fn repeat(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// Answers after so long.
#[host_fn(permission = "probe")]
fn think(milliseconds: u64) {
    thread::sleep(Duration::from_millis(milliseconds));
}

/// Fails with a reason that is for the log, in the guest's own words.
#[host_fn(permission = "probe")]
fn fail_because(reason: String) -> Result<(), HostError> {
    Err(HostError::internal(reason))
}

/// Panics in one way or another.
#[host_fn(permission = "probe")]
fn panic_with(what: String) -> Fragile {
    struct PanicsWhenDropped;
    impl Drop for PanicsWhenDropped {
        fn drop(&mut self) {
            panic!("while it was dropped");
        }
    }
    static HELD: Mutex<()> = Mutex::new(());
    match what.as_str() {
        "text" => panic!("a text"),
        "string" => panic!("a string of {}", what.len()),
        "number" => std::panic::panic_any(7_u32),
        "drop" => drop(PanicsWhenDropped),
        "index" => drop(what.as_bytes()[what.len()..][0]),
        "lock" => {
            let _held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
            panic!("with a lock held");
        }
        "thread" => thread::spawn(|| panic!("in a thread")).join().expect("it panicked"),
        _ => {}
    }
    Fragile { panics: what == "answer" }
}

/// An answer that may panic when it is written.
#[derive(JsonSchema)]
struct Fragile {
    panics: bool,
}

impl Serialize for Fragile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert!(!self.panics, "while it was written");
        serializer.serialize_bool(true)
    }
}

/// Spoils every account, and then does as it is told.
#[host_fn(permission = "deface", errors(conflict))]
fn deface(db: &mut DbConnection, then: String) -> Result<String, HostError> {
    on_backend!(db, |connection| connection.batch_execute("UPDATE users SET name = 'defaced', bio = 'defaced'"))?;
    match then.as_str() {
        "panic" => panic!("after writing"),
        "conflict" => Err(HostError::conflict("after writing")),
        "much" => Ok("x".repeat(2 << 20)),
        "sleep" => {
            thread::sleep(Duration::from_millis(1500));
            Ok(then)
        }
        _ => Ok(then),
    }
}

/// Writes what is there already.
#[host_fn(permission = "deface")]
fn touch(db: &mut DbConnection) -> Result<(), HostError> {
    on_backend!(db, |connection| connection.batch_execute("UPDATE users SET name = name"))?;
    Ok(())
}

/// Reads, and then panics.
#[host_fn(permission = "deface", read_only)]
fn read_and_panic(db: &mut DbConnection) -> Result<(), HostError> {
    on_backend!(db, |connection| connection.batch_execute("SELECT count(*) FROM users"))?;
    panic!("after reading");
}

/// Writes where it said that it only reads.
#[host_fn(permission = "deface", read_only)]
fn deface_while_reading(db: &mut DbConnection) -> Result<(), HostError> {
    on_backend!(db, |connection| connection.batch_execute("UPDATE users SET name = 'defaced'"))?;
    Ok(())
}

const COUNT: &str =
    "WITH RECURSIVE counting (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counting WHERE n < 2000000000)
    UPDATE users SET bio = (SELECT max(n) FROM counting)";

/// Changes every account with a statement that takes minutes.
#[host_fn(permission = "deface")]
fn write_slowly(db: &mut DbConnection) -> Result<(), HostError> {
    on_backend!(db, |connection| sql_query(COUNT).execute(connection))?;
    Ok(())
}

/// Reads with a statement that takes minutes.
#[host_fn(permission = "deface", read_only)]
fn read_slowly(db: &mut DbConnection) -> Result<(), HostError> {
    let select = "WITH RECURSIVE counting (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counting WHERE n < 2000000000)
        SELECT max(n) FROM counting";
    on_backend!(db, |connection| connection.batch_execute(select))?;
    Ok(())
}

/// Answers when it is told to, by a name.
#[host_fn(permission = "probe")]
fn meet(gate: String) {
    Gate::named(&gate).pass();
}

/// Holds whoever comes until it is opened.
#[derive(Default)]
pub(crate) struct Gate {
    came_and_opened: Mutex<(usize, bool)>,
    changed: Condvar,
}

impl Gate {
    /// How long anybody waits at one.
    const PATIENCE: Duration = Duration::from_secs(60);

    pub(crate) fn named(name: &str) -> Arc<Self> {
        static GATES: LazyLock<Mutex<HashMap<String, Arc<Gate>>>> = LazyLock::new(Mutex::default);
        GATES.lock().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_default().clone()
    }

    fn pass(&self) {
        self.come();
        self.wait_until(|(_, is_open)| is_open);
    }

    /// Counts somebody more who came, and does not hold them.
    pub(crate) fn come(&self) {
        self.change(|(came, _)| *came += 1);
    }

    /// Waits until so many came. Answers whether they did.
    pub(crate) fn has_come(&self, most: usize) -> bool {
        self.wait_until(|(came, _)| came >= most)
    }

    pub(crate) fn open(&self) {
        self.change(|(_, is_open)| *is_open = true);
    }

    fn change(&self, change: impl FnOnce(&mut (usize, bool))) {
        change(&mut self.came_and_opened.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    fn wait_until(&self, is_time: impl Fn((usize, bool)) -> bool) -> bool {
        let state = self.came_and_opened.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(state, Self::PATIENCE, |state| !is_time(*state));
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

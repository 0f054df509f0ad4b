//! Host functions that do what the tests need done, right and wrong.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use diesel::{PgConnection, SqliteConnection, connection::SimpleConnection, prelude::*};
use hostfn_runtime::{
    Caller, Clock, Database, DbConnection, Entropy, Grants, HostError, HostFunction, HostState, Plugin, PluginManager,
    PluginManagerBuilder, PluginOptions, Registry, Secret, Timestamp, Uuid, host_fn, on_backend,
};
use hostfn_test::{TestHost, forwarding_guest};
use serde_json::Value;

/// The time of calls that must not run out of it. A busy machine is slow, and the first panic of a process takes seconds
/// where its backtrace is made readable; a call that hangs still ends.
pub(crate) const FAR: Duration = Duration::from_secs(300);

diesel::table! { notes (id) { id -> Integer, text -> Text } }

/// How often something was done.
#[derive(Clone, Default, HostState)]
pub(crate) struct Counter(pub(crate) Arc<AtomicU32>);

/// The namespace of functions that ask for a connection to PostgreSQL or to SQLite alone.
const ONE_BACKEND: &str = "one_backend";

/// The functions of these tests that run on every database.
pub(crate) fn registry() -> Registry {
    some_functions(|function| function.namespace() != ONE_BACKEND)
}

/// Those and the state that they need.
pub(crate) fn builder() -> PluginManagerBuilder {
    PluginManager::builder().functions(registry()).provide(Counter::default())
}

/// A function that asks for a connection to one database management system.
pub(crate) fn of_one_backend(name: &str) -> Registry {
    some_functions(|function| function.name() == name)
}

fn some_functions(which: impl Fn(&HostFunction) -> bool) -> Registry {
    let all = crate::registry();
    let functions = all.functions().iter().filter(|function| which(function)).copied();
    Registry::new(all.owner(), functions).with_migrations(all.migrations().unwrap().clone())
}

/// A test host of these functions.
pub(crate) fn host() -> TestHost {
    TestHost::new(builder())
}

/// A manager with a database in memory.
pub(crate) fn in_memory() -> PluginManager {
    builder().database(Database::open("sqlite::memory:").unwrap()).build().unwrap_or_else(|error| panic!("{error}"))
}

/// A plugin that forwards to every function, with every grant.
pub(crate) fn forwarding(manager: &PluginManager) -> Plugin {
    let options = PluginOptions::from(Grants::all()).timeout(FAR);
    manager.load("forwarding", &forwarding_guest(manager.functions(), true), options).unwrap()
}

/// The answer to a call through a forwarding plugin.
pub(crate) fn answer(plugin: &Plugin, function: &str, request: impl AsRef<[u8]>) -> Value {
    serde_json::from_slice(&plugin.call(function, request).unwrap()).unwrap()
}

/// Writes a note.
#[host_fn(permission = "notes:write")]
fn add_note(db: &mut DbConnection, text: String) -> QueryResult<i32> {
    insert(db, &text)
}

/// Writes a note and then fails.
#[host_fn(permission = "notes:write", errors(conflict))]
fn add_note_and_fail(db: &mut DbConnection, text: String) -> Result<(), HostError> {
    insert(db, &text)?;
    Err(HostError::conflict("this function always fails"))
}

/// Writes a note and then panics.
#[host_fn(permission = "notes:write")]
fn add_note_and_panic(db: &mut DbConnection, text: String) -> QueryResult<()> {
    insert(db, &text)?;
    panic!("the text of the panic: {text}");
}

/// Writes a note and answers with as many bytes as it is told.
#[host_fn(permission = "notes:write")]
fn add_note_and_answer_much(db: &mut DbConnection, text: String, bytes: u32) -> QueryResult<String> {
    insert(db, &text)?;
    Ok("x".repeat(bytes as usize))
}

/// Writes two notes, the second in a transaction of its own that is undone.
#[host_fn(permission = "notes:write")]
fn add_notes_nested(db: &mut DbConnection, text: String) -> QueryResult<i32> {
    let first = insert(db, &text)?;
    let undone = on_backend!(db, |connection| connection.transaction(|db| -> QueryResult<()> {
        diesel::insert_into(notes::table).values(notes::text.eq("undone")).execute(db)?;
        Err(diesel::result::Error::RollbackTransaction)
    }));
    assert_eq!(undone, Err(diesel::result::Error::RollbackTransaction));
    Ok(first)
}

/// Writes a note and then another with the same number, and makes nothing of that it cannot.
#[host_fn(permission = "notes:write")]
fn add_note_twice(db: &mut DbConnection, text: String) -> QueryResult<()> {
    let note = (notes::id.eq(insert(db, &text)?), notes::text.eq(&text));
    let refused = on_backend!(db, |connection| diesel::insert_into(notes::table).values(note).execute(connection));
    assert!(refused.is_err(), "{refused:?}");
    Ok(())
}

/// Writes a note, and tries another with the same number in a transaction of its own.
#[host_fn(permission = "notes:write")]
fn add_note_twice_nested(db: &mut DbConnection, text: String) -> QueryResult<()> {
    let note = (notes::id.eq(insert(db, &text)?), notes::text.eq(&text));
    let refused = on_backend!(db, |connection| connection
        .transaction(|db| diesel::insert_into(notes::table).values(note).execute(db)));
    assert!(refused.is_err(), "{refused:?}");
    Ok(())
}

/// Counts the notes, in SQLite.
#[host_fn(permission = "notes:read", namespace = "one_backend", read_only)]
fn count_notes_in_sqlite(db: &mut SqliteConnection) -> QueryResult<i64> {
    notes::table.count().get_result(db)
}

/// Counts the notes, in PostgreSQL.
#[host_fn(permission = "notes:read", namespace = "one_backend", read_only)]
fn count_notes_in_postgres(db: &mut PgConnection) -> QueryResult<i64> {
    notes::table.count().get_result(db)
}

/// Writes a note in a transaction of its own that it never ends.
#[host_fn(permission = "notes:write")]
fn add_note_and_leave_open(db: &mut DbConnection, text: String) -> QueryResult<()> {
    use diesel::connection::{AnsiTransactionManager, TransactionManager};
    on_backend!(db, |connection| AnsiTransactionManager::begin_transaction(connection))?;
    insert(db, &text)?;
    Ok(())
}

/// Writes a note in a transaction of its own, and panics before that is over.
#[host_fn(permission = "notes:write")]
fn add_note_nested_and_panic(db: &mut DbConnection, text: String) -> QueryResult<()> {
    on_backend!(db, |connection| connection.transaction(|db| {
        diesel::insert_into(notes::table).values(notes::text.eq(&text)).execute(db)?;
        panic!("the text of the panic: {text}");
    }))
}

/// Ends the transaction that it was lent.
#[host_fn(permission = "notes:write")]
fn roll_back(db: &mut DbConnection, text: String) -> QueryResult<()> {
    insert(db, &text)?;
    on_backend!(db, |connection| connection.batch_execute("ROLLBACK"))
}

/// Tries to write where it may only read.
#[host_fn(permission = "notes:read", read_only)]
fn add_note_while_reading(db: &mut DbConnection, text: String) -> QueryResult<i32> {
    insert(db, &text)
}

/// Reads and then panics.
#[host_fn(permission = "notes:read", read_only)]
fn count_notes_and_panic(db: &mut DbConnection) -> QueryResult<i64> {
    let count = count(db)?;
    panic!("{count} notes");
}

/// Counts the notes, as it did before it was renamed.
#[host_fn(permission = "notes:read", read_only, deprecated = "call `count_notes`")]
fn number_of_notes(db: &mut DbConnection) -> QueryResult<i64> {
    count(db)
}

/// Counts the notes.
#[host_fn(permission = "notes:read", read_only)]
fn count_notes(db: &mut DbConnection) -> QueryResult<i64> {
    count(db)
}

/// Reads every setting that a connection keeps for itself.
#[host_fn(permission = "notes:read", read_only)]
fn pragmas_of_reader(db: &mut DbConnection) -> QueryResult<Vec<String>> {
    pragmas(db)
}

/// Reads every setting that a connection keeps for itself.
#[host_fn(permission = "notes:write")]
fn pragmas_of_writer(db: &mut DbConnection) -> QueryResult<Vec<String>> {
    pragmas(db)
}

/// Panics.
#[host_fn(permission = "panic")]
fn panic_now() {
    panic!("the text of the panic");
}

/// Counts that it was called, and answers what it was sent.
#[host_fn(permission = "echo", namespace = "my_app", name = "echo_text")]
fn echo(counter: &Counter, text: Option<String>) -> Option<String> {
    counter.0.fetch_add(1, Ordering::SeqCst);
    text
}

/// Takes a password, and then does what it is told.
#[host_fn(permission = "secrets", errors(not_found))]
fn take_secret(password: Secret, then: String) -> Result<Secret, HostError> {
    match then.as_str() {
        "succeed" => Ok(password),
        "fail" => Err(HostError::not_found("there is no such thing")),
        _ => panic!("it was told to"),
    }
}

/// Takes its time.
#[host_fn(permission = "sleep")]
fn sleep(milliseconds: u32) {
    std::thread::sleep(std::time::Duration::from_millis(milliseconds.into()));
}

/// Says what it is lent.
#[host_fn(permission = "lent")]
fn lent(caller: &Caller, clock: &Clock, entropy: &Entropy, counter: &Counter) -> (String, Timestamp, Uuid, u32) {
    (caller.plugin().to_owned(), clock.now(), entropy.uuid().into(), counter.0.load(Ordering::SeqCst))
}

pub(crate) fn insert(db: &mut DbConnection, text: &str) -> QueryResult<i32> {
    on_backend!(db, |connection| {
        diesel::insert_into(notes::table).values(notes::text.eq(text)).returning(notes::id).get_result(connection)
    })
}

fn count(db: &mut DbConnection) -> QueryResult<i64> {
    on_backend!(db, |connection| notes::table.count().get_result(connection))
}

fn pragmas(db: &mut DbConnection) -> QueryResult<Vec<String>> {
    use diesel::{dsl::sql, sql_types::Text};
    let names = ["journal_mode", "synchronous", "foreign_keys", "trusted_schema", "query_only"];
    let value = |name: &&str| {
        let query = format!("SELECT '{name} ' || {name} FROM pragma_{name}");
        on_backend!(db, |connection| sql::<Text>(&query).get_result(connection))
    };
    names.iter().map(value).collect()
}

/// Has a limit of its own.
#[host_fn]
fn at_most_three(text: String) -> Result<(), HostError> {
    if text.len() > 3 { Err(HostError::limit_exceeded("at most three characters")) } else { Ok(()) }
}

//! Databases that are not as the functions need them, for real.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use hostfn::{Database, Grants, PluginOptions, db::Backend, on_backend};

use super::{
    forbidden::UNREADABLE_HASH,
    world::{World, builder, load},
};
use crate::operations::operations;

const TABLES: [&str; 4] = ["password_reset_tokens", "email_verification_tokens", "sessions", "users"];

/// Calls every function, and says how many failed.
fn call_all(world: &World) -> usize {
    let fails = |operation: &crate::operations::Operation| {
        world.call(&world.plugin, operation.name, &operation.request.to_string()).is_some()
    };
    operations().iter().filter(|operation| fails(operation)).count()
}

pub(super) fn missing_tables(world: &World) {
    for table in TABLES {
        world.execute(&format!("DROP TABLE {table}"));
    }
    // All but the smoke test and the hashing, which reach no table.
    assert_eq!(call_all(world), 19, "of a new function that reaches a table, count one more");
}

pub(super) fn missing_columns(world: &World) {
    world.execute("ALTER TABLE users RENAME COLUMN password_hash TO hidden_hash");
    world.execute("ALTER TABLE sessions RENAME COLUMN expires_at TO hidden_end");
    for table in ["email_verification_tokens", "password_reset_tokens"] {
        world.execute(&format!("ALTER TABLE {table} RENAME COLUMN token_sha256 TO hidden_key"));
    }
    // All but the same two, and the deletes that use none of these columns.
    assert_eq!(call_all(world), 16, "of a new function that reaches one of these columns, count one more");
}

pub(super) fn unreadable_rows(world: &World) {
    let endless = match world.database.backend() {
        Backend::Postgres => "'infinity'",
        _ => "9223372036854775807",
    };
    for table in TABLES {
        world.execute(&format!("UPDATE {table} SET created_at = {endless}"));
    }
    world.execute(&format!("UPDATE users SET password_hash = '{UNREADABLE_HASH}'"));
    assert!(call_all(world) >= 8);
}

/// Makes every write of one of the tables write to another one as well.
fn follow_writes(world: &World, insert: &str) {
    if world.database.backend() == Backend::Postgres {
        world.execute(&format!(
            "CREATE FUNCTION hidden_function() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {insert}; RETURN NULL; END $$"
        ));
    }
    for table in TABLES {
        for event in ["INSERT", "UPDATE", "DELETE"] {
            let what = match world.database.backend() {
                Backend::Postgres => "FOR EACH ROW EXECUTE FUNCTION hidden_function()".to_owned(),
                _ => format!("BEGIN {insert}; END"),
            };
            world.execute(&format!("CREATE TRIGGER hidden_{table}_{event} AFTER {event} ON {table} {what}"));
        }
    }
}

/// How many functions write what is there.
const WRITING: usize = 13;

pub(super) fn unknown_constraint(world: &World) {
    world.execute("CREATE TABLE hidden_ledger (hidden_entry TEXT CONSTRAINT hidden_check CHECK (hidden_entry = ''))");
    follow_writes(world, "INSERT INTO hidden_ledger VALUES ('the hidden words')");
    assert_eq!(call_all(world), WRITING);
}

/// It is the commit that fails: of the function, and of the plugin call where that is one transaction.
pub(super) fn deferred_constraint(world: &World) {
    world.execute("CREATE TABLE hidden_parent (hidden_id TEXT PRIMARY KEY)");
    world.execute(
        "CREATE TABLE hidden_ledger (hidden_entry TEXT CONSTRAINT hidden_reference REFERENCES hidden_parent (hidden_id) \
         DEFERRABLE INITIALLY DEFERRED)",
    );
    follow_writes(world, "INSERT INTO hidden_ledger VALUES ('the hidden words')");
    assert_eq!(call_all(world), WRITING);
    for operation in operations() {
        let request = operation.request.to_string();
        let failed = world.call_atomic(&world.plugin, operation.name, &request);
        assert_eq!(failed.is_some(), operation.changes, "{}", operation.name);
    }
}

/// Somebody else holds what a call needs for longer than the call may take.
pub(super) fn locked(world: &World) {
    let options = PluginOptions::from(Grants::all()).timeout(Duration::from_millis(150));
    let hasty = world.load(options);
    let holder = Database::open(&world.url).unwrap_or_else(|error| panic!("{error}"));
    let lock = match world.database.backend() {
        Backend::Postgres => format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", TABLES.join(", ")),
        // A transaction that writes has the lock already.
        _ => "SELECT 1".to_owned(),
    };
    let held = holder.write(|db| {
        on_backend!(db, |connection| connection.batch_execute(&lock))?;
        for operation in operations().iter().filter(|operation| operation.changes) {
            world.fails(&hasty, operation.name, &operation.request.to_string());
        }
        Ok(())
    });
    held.unwrap_or_else(|error| panic!("{error:?}"));
}

/// On PostgreSQL a role that may only read, which a superuser becomes.
pub(super) fn read_only(world: &World) {
    if world.database.backend() == Backend::Postgres {
        // Of this database alone, and for whoever connects to it from now on.
        world.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET role = pg_read_all_data', current_database()); END $$",
        );
    }
    let url = world.url.parse().unwrap_or_else(|error| panic!("{error}"));
    let database = Database::open_unchanged(url).unwrap_or_else(|error| panic!("{error}"));
    let manager = builder(&database).without_migrating().build().unwrap_or_else(|error| panic!("{error}"));
    let plugin = load(&manager, Grants::all());
    for operation in operations().iter().filter(|operation| operation.changes) {
        world.fails(&plugin, operation.name, &operation.request.to_string());
    }
}

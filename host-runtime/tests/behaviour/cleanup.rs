use diesel::{RunQueryDsl, connection::SimpleConnection, dsl::sql, sql_types::BigInt};
use hostfn_runtime::{Cleanup, Database, DbConnection, HostError, Timestamp, on_backend};

fn database() -> Database {
    let database = Database::open("sqlite::memory:").unwrap();
    let rows = "CREATE TABLE invitations (id INTEGER PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT;
        INSERT INTO invitations VALUES (1, 30), (2, 10), (3, 20), (4, 40), (5, 21);";
    database.write(|db| Ok(on_backend!(db, |connection| connection.batch_execute(rows))?)).unwrap();
    database
}

fn left(database: &Database) -> Vec<i64> {
    let ids = "SELECT id FROM invitations ORDER BY id";
    database.read(|db| Ok(on_backend!(db, |connection| sql::<BigInt>(ids).load(connection))?)).unwrap()
}

fn time(microseconds: i64) -> Timestamp {
    Timestamp::from_microseconds(microseconds).unwrap()
}

#[test]
fn the_oldest_rows_go_first_and_none_whose_time_has_not_come() {
    let database = database();
    let cleanup = Cleanup::rows("invitations", "id", "expires_at");
    assert_eq!(cleanup.run_batch(&database, time(30), 2).unwrap(), 2);
    assert_eq!(left(&database), [1, 4, 5]);
    assert_eq!(cleanup.run_batch(&database, time(30), 9).unwrap(), 2, "at its time it has expired");
    assert_eq!(cleanup.run_batch(&database, time(30), 9).unwrap(), 0);
    assert_eq!(left(&database), [4]);
}

#[test]
fn a_batch_of_a_function_that_fails_removed_nothing() {
    fn remove(db: &mut DbConnection, now: Timestamp, limit: u32) -> Result<usize, HostError> {
        assert_eq!((now.microseconds(), limit), (30, 2));
        on_backend!(db, |connection| connection.batch_execute("DELETE FROM invitations"))?;
        Err(HostError::unavailable("no more"))
    }
    let database = database();
    let error = Cleanup::by("invitations", remove).run_batch(&database, time(30), 2).unwrap_err();
    assert_eq!(error.message(), "no more");
    assert_eq!(left(&database).len(), 5);
}

mod declared {
    use super::*;

    hostfn_runtime::registry!(
        migrations = hostfn_runtime::db::Migrations::default(),
        cleanup = [Cleanup::rows("invitations", "id", "expires_at")],
    );
}

#[test]
fn a_registry_has_what_its_crate_declares() {
    let registry = declared::registry();
    assert_eq!(registry.cleanups().iter().map(Cleanup::name).collect::<Vec<_>>(), ["invitations"]);
}

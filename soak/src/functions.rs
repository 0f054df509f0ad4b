//! Host functions that do what a function should not.

use diesel::{RunQueryDsl, connection::SimpleConnection, result::QueryResult, sql_query};
use hostfn::{DbConnection, HostError, db::Backend, host_fn, on_backend};

use crate::keeper::Keeper;

/// The name that a user has while a function is in the middle of something.
pub(crate) const HALF: &str = "half done";

/// SQLite counts for ever, or for some milliseconds.
const ENDLESS_ON_SQLITE: &str =
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) AS number FROM c";
const SHORT_ON_SQLITE: &str = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 20000) \
                               SELECT max(n) AS number FROM c";

fn write_half(db: &mut DbConnection) -> QueryResult<()> {
    let sql = format!("UPDATE users SET name = '{HALF}'");
    on_backend!(db, |connection| sql_query(sql).execute(connection))?;
    Ok(())
}

/// Writes, and then runs a statement that never ends.
#[host_fn(permission = "soak")]
pub(crate) fn soak_endless_statement(db: &mut DbConnection) -> Result<(), HostError> {
    write_half(db)?;
    let endless = match db.backend() {
        Backend::Sqlite => ENDLESS_ON_SQLITE,
        _ => "SELECT pg_sleep(3600)",
    };
    Ok(on_backend!(db, |connection| connection.batch_execute(endless))?)
}

/// Writes, and then runs short statements until one fails.
#[host_fn(permission = "soak")]
pub(crate) fn soak_short_statements(db: &mut DbConnection) -> Result<(), HostError> {
    write_half(db)?;
    let short = match db.backend() {
        Backend::Sqlite => SHORT_ON_SQLITE,
        _ => "SELECT pg_sleep(0.01)",
    };
    loop {
        on_backend!(db, |connection| connection.batch_execute(short))?;
    }
}

/// Writes, and then panics.
#[host_fn(permission = "soak")]
pub(crate) fn soak_write_and_panic(db: &mut DbConnection) -> Result<(), HostError> {
    write_half(db)?;
    panic!("{}", crate::faults::panics::PANIC)
}

/// Keeps its connection until the keeper of this name has enough, and does nothing with it.
#[host_fn(permission = "soak")]
pub(crate) fn soak_keep_connection(_db: &mut DbConnection, keeper: String) {
    Keeper::named(&keeper).keep();
}

/// Lets the database have so many pages, and no more than it has when there are fewer. SQLite only.
#[host_fn(permission = "soak")]
pub(crate) fn soak_limit_pages(db: &mut DbConnection, pages: u32) -> Result<(), HostError> {
    Ok(on_backend!(db, |connection| connection.batch_execute(&format!("PRAGMA max_page_count = {pages}")))?)
}

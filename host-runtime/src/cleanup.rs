use std::fmt;

use diesel::{RunQueryDsl, sql_query, sql_types::BigInt};
use hostfn_contract::HostError;

use crate::{Database, DbConnection, Timestamp, db::Backend, on_backend, sql_types};

/// What expires in the tables of a crate, and how it is removed.
///
/// A crate declares its own with `hostfn::registry!(cleanup = [...])`, and `hostfn cleanup` removes what has expired, a
/// batch at a time. A record that has expired must be gone for the functions whether it was removed or not: this only
/// gives back its place on the disk.
#[derive(Clone, Copy)]
pub struct Cleanup {
    name: &'static str,
    how: How,
}

#[derive(Clone, Copy)]
enum How {
    Rows { key: &'static str, expiry: &'static str },
    Function(Remove),
}

/// Removes at most so many of the records that have expired at a time, and answers how many there were.
type Remove = fn(&mut DbConnection, Timestamp, u32) -> Result<usize, HostError>;

impl Cleanup {
    /// The rows of a table whose time in the column `expiry` has come. `key` is its primary key, of one column; an
    /// index by `expiry` keeps a batch short.
    ///
    /// ```
    /// # use hostfn_runtime::Cleanup;
    /// let sessions = Cleanup::rows("sessions", "id_sha256", "expires_at");
    /// assert_eq!(sessions.name(), "sessions");
    /// ```
    pub const fn rows(table: &'static str, key: &'static str, expiry: &'static str) -> Self {
        Self { name: table, how: How::Rows { key, expiry } }
    }

    /// What a function removes that is given the time and how many at most, and answers how many there were. It runs
    /// until it answers fewer.
    pub const fn by(name: &'static str, remove: Remove) -> Self {
        Self { name, how: How::Function(remove) }
    }

    /// What is removed, in the plural: the name of a table, say.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Removes at most `limit` records that have expired by `now`, in a transaction, and answers how many there were:
    /// fewer than `limit` when none is left.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn run_batch(&self, database: &Database, now: Timestamp, limit: u32) -> Result<usize, HostError> {
        database.write(|db| match self.how {
            How::Rows { key, expiry } => remove_oldest(db, Rows { table: self.name, key, column: expiry }, now, limit),
            How::Function(remove) => remove(db, now, limit),
        })
    }
}

impl fmt::Debug for Cleanup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cleanup").field(&self.name).finish()
    }
}

/// Rows that have a time.
pub(crate) struct Rows {
    pub(crate) table: &'static str,
    pub(crate) key: &'static str,
    pub(crate) column: &'static str,
}

/// Removes the oldest rows whose time is `until` or before, at most so many.
pub(crate) fn remove_oldest(
    db: &mut DbConnection,
    rows: Rows,
    until: Timestamp,
    limit: u32,
) -> Result<usize, HostError> {
    let Rows { table, key, column } = rows;
    Ok(match db.backend() {
        Backend::Sqlite => {
            let sql = format!(
                "DELETE FROM \"{table}\" WHERE \"{key}\" IN (SELECT \"{key}\" FROM \"{table}\" WHERE \"{column}\" <= ? \
                 ORDER BY \"{column}\" LIMIT ?)"
            );
            delete(db, sql, until, limit)
        }
        // Rows that somebody else holds are left: he may be removing them as well, or hold them in another order,
        // and two that wait for each other are a deadlock. An array, since a subselect behind `IN` may be run more
        // than once, and each run would find others.
        Backend::Postgres => {
            let sql = format!(
                "DELETE FROM \"{table}\" WHERE \"{key}\" = ANY (ARRAY(SELECT \"{key}\" FROM \"{table}\" \
                 WHERE \"{column}\" <= $1 ORDER BY \"{column}\" LIMIT $2 FOR UPDATE SKIP LOCKED))"
            );
            delete(db, sql, until, limit)
        }
    }?)
}

fn delete(db: &mut DbConnection, sql: String, until: Timestamp, limit: u32) -> diesel::QueryResult<usize> {
    on_backend!(db, |connection| {
        sql_query(sql).bind::<sql_types::Timestamp, _>(until).bind::<BigInt, _>(i64::from(limit)).execute(connection)
    })
}

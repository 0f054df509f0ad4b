use std::{sync::Arc, time::Instant};

use diesel::{
    ConnectionError, SqliteConnection,
    connection::SimpleConnection,
    result::{DatabaseErrorKind, Error, QueryResult},
};
use hostfn_sqlite::Bounds;

use super::{Access, Durability, connection::Purpose, pool::Opening, sqlite_transaction};

/// A connection to SQLite, and how long it may wait and run.
pub struct SqliteSession {
    connection: SqliteConnection,
    bounds: Arc<Bounds>,
    /// Whether its file could not be written when it was opened, which stays so as long as it is open.
    is_read_only: bool,
    /// Whether it was last told that it may write.
    may_write: bool,
}

impl SqliteSession {
    /// Diesel's connection.
    pub fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    pub(super) fn open(
        file: &str,
        access: Access,
        durability: Durability,
        opening: Opening,
    ) -> Result<Self, ConnectionError> {
        let (mut connection, bounds) = hostfn_sqlite::open(file)?;
        let synchronous = match durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        };
        // The first reads the file, and so finds out whether that can be done. The journal is the one setting that is the
        // file's and not the connection's.
        let first = match opening {
            Opening::Ready => "PRAGMA journal_mode = WAL;",
            Opening::Unchanged => "PRAGMA schema_version;",
        };
        // A reader that changed data would do so beside the one writer, hence `query_only`.
        connection
            .batch_execute(&format!(
                "{first}
                 PRAGMA synchronous = {synchronous};
                 PRAGMA foreign_keys = ON;
                 PRAGMA trusted_schema = OFF;
                 PRAGMA query_only = {};",
                if access == Access::Read { "ON" } else { "OFF" }
            ))
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        let is_read_only =
            (access, opening) == (Access::Write, Opening::Ready) && is_read_only(&mut connection, &bounds);
        Ok(Self { connection, bounds, is_read_only, may_write: access == Access::Write })
    }

    pub(super) fn set_deadline(&self, deadline: Option<Instant>) {
        self.bounds.set_deadline(deadline);
    }

    /// A deferred transaction that reads and then writes fails at once when another wrote in
    /// between, however long it would wait: hence the lock is taken at the start.
    pub(super) fn begin(&mut self, purpose: Purpose) -> QueryResult<()> {
        if self.is_read_only && purpose != Purpose::Read {
            return Err(Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(READ_ONLY.to_owned())));
        }
        match purpose {
            Purpose::Read => {
                self.set_access(Access::Read)?;
                sqlite_transaction::begin(&mut self.connection, &sqlite_transaction::BeginDeferred)
            }
            Purpose::Write | Purpose::PluginCall => {
                self.set_access(Access::Write)?;
                sqlite_transaction::begin(&mut self.connection, &sqlite_transaction::BeginImmediate)
            }
        }
    }

    pub(super) fn begin_savepoint(&mut self, access: Access) -> QueryResult<()> {
        self.set_access(access)?;
        sqlite_transaction::begin_savepoint(&mut self.connection)
    }

    pub(super) fn commit(&mut self) -> QueryResult<()> {
        sqlite_transaction::commit(&mut self.connection)
    }

    /// Lets the connection refuse to write, or not any more.
    ///
    /// Only when it changes, and not around each function that reads: with this pragma SQLite compiles all statements of
    /// the connection anew when they are next used.
    pub(super) fn set_access(&mut self, access: Access) -> QueryResult<()> {
        let may_write = access == Access::Write;
        if self.may_write != may_write {
            let query_only = if may_write { "OFF" } else { "ON" };
            self.connection.batch_execute(&format!("PRAGMA query_only = {query_only}"))?;
            self.may_write = may_write;
        }
        Ok(())
    }
}

/// Whether its file cannot be written. SQLite opens such a one for reading, begins transactions that write on it, and
/// says so in the middle of a function.
fn is_read_only(connection: &mut SqliteConnection, bounds: &Bounds) -> bool {
    // What needs to write, and is undone. Whoever else writes at this moment is not waited for: that he does says it all.
    bounds.set_deadline(Some(Instant::now()));
    let written = connection.batch_execute("BEGIN; PRAGMA user_version = 1;");
    bounds.set_deadline(None);
    // It fails where there was nothing to undo.
    let _ = connection.batch_execute("ROLLBACK");
    written.is_err_and(|error| error.to_string().starts_with(READ_ONLY))
}

/// What SQLite says of a write to a file that it cannot write.
const READ_ONLY: &str = "attempt to write a readonly database";

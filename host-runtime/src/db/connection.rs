use std::{any::Any, fmt};

use diesel::{
    Connection, ConnectionError, RunQueryDsl, SqliteConnection,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    declare_sql_function,
    r2d2::R2D2Connection,
    result::QueryResult,
};
use hostfn_contract::HostConnection;

use super::{Access, Durability};

/// A connection to whichever database the host was given.
///
/// A plain enum, and not diesel's `MultiConnection`, which cannot say `RETURNING` and is slower.
/// [`on_backend!`](crate::on_backend) runs one diesel expression on the connection that it holds.
pub enum DbConnection {
    /// SQLite.
    Sqlite(SqliteConnection),
}

/// Runs one diesel expression against whichever connection a [`DbConnection`] holds.
///
/// The expression is compiled once for each backend, so that it is as quick as with diesel's own
/// connection, and uses `RETURNING` where it likes.
///
/// ```
/// use diesel::prelude::*;
/// # use hostfn_runtime as hostfn;
/// use hostfn::{DbConnection, on_backend};
///
/// diesel::table! { notes (id) { id -> Integer, text -> Text } }
///
/// fn count(db: &mut DbConnection) -> QueryResult<i64> {
///     on_backend!(db, |connection| notes::table.count().get_result(connection))
/// }
/// ```
#[macro_export]
macro_rules! on_backend {
    ($connection:expr, |$held:ident| $query:expr) => {
        match $connection {
            $crate::DbConnection::Sqlite($held) => $query,
        }
    };
}

/// The database management systems that a host can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// SQLite, embedded in the host.
    Sqlite,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
        })
    }
}

impl HostConnection for DbConnection {}

impl DbConnection {
    /// Which backend it is connected to.
    pub fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(_) => Backend::Sqlite,
        }
    }

    /// The version of the database management system, as it says itself.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn version(&mut self) -> QueryResult<String> {
        match self {
            Self::Sqlite(connection) => diesel::select(sqlite_version()).get_result(connection),
        }
    }

    /// This connection as a host function asked for it: as it is, or diesel's own inside it.
    pub(super) fn as_connection<C: HostConnection>(&mut self) -> Option<&mut C> {
        if (self as &dyn Any).is::<C>() {
            return (self as &mut dyn Any).downcast_mut();
        }
        on_backend!(self, |connection| (connection as &mut dyn Any).downcast_mut())
    }

    /// Opens a SQLite database by file name or `file:` URI, with every setting that a connection
    /// keeps for itself.
    pub(super) fn open_sqlite(file: &str, access: Access, durability: Durability) -> Result<Self, ConnectionError> {
        let mut connection = SqliteConnection::establish(file)?;
        let synchronous = match durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        };
        // The busy timeout first: even opening a WAL database can meet a lock. A reader that
        // changed data would do so beside the one writer, hence `query_only`.
        connection
            .batch_execute(&format!(
                "PRAGMA busy_timeout = {BUSY_TIMEOUT_MILLISECONDS};
                 PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = {synchronous};
                 PRAGMA foreign_keys = ON;
                 PRAGMA trusted_schema = OFF;
                 PRAGMA query_only = {};",
                if access == Access::Read { "ON" } else { "OFF" }
            ))
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(Self::Sqlite(connection))
    }

    /// Begins a transaction that holds the write lock from its start, or reads one state to its
    /// end. A deferred transaction that reads and then writes fails at once when another wrote in
    /// between, whatever the busy timeout.
    pub(super) fn begin(&mut self, access: Access) -> QueryResult<()> {
        match self {
            Self::Sqlite(connection) => AnsiTransactionManager::begin_transaction_sql(
                connection,
                match access {
                    Access::Read => "BEGIN DEFERRED",
                    Access::Write => "BEGIN IMMEDIATE",
                },
            ),
        }
    }

    pub(super) fn commit(&mut self) -> QueryResult<()> {
        on_backend!(self, |connection| AnsiTransactionManager::commit_transaction(connection))
    }

    pub(super) fn roll_back(&mut self) -> QueryResult<()> {
        on_backend!(self, |connection| AnsiTransactionManager::rollback_transaction(connection))
    }

    /// Whether a transaction is still open, or can be neither committed nor rolled back.
    pub(super) fn is_in_transaction(&mut self) -> bool {
        on_backend!(self, |connection| connection.is_broken())
    }

    pub(super) fn ping(&mut self) -> QueryResult<()> {
        on_backend!(self, |connection| connection.batch_execute("SELECT 1"))
    }

    /// Lets a connection that also writes refuse to, while it is lent to a reader.
    pub(super) fn set_query_only(&mut self, on: bool) -> QueryResult<()> {
        match self {
            Self::Sqlite(connection) => {
                connection.batch_execute(if on { "PRAGMA query_only = ON" } else { "PRAGMA query_only = OFF" })
            }
        }
    }
}

#[declare_sql_function]
extern "SQL" {
    fn sqlite_version() -> diesel::sql_types::Text;
}

/// How long a connection waits for another process's lock.
const BUSY_TIMEOUT_MILLISECONDS: u32 = 5_000;

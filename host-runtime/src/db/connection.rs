use std::{any::Any, fmt, time::Instant};

use diesel::{
    ConnectionError, RunQueryDsl,
    connection::{AnsiTransactionManager, Connection, SimpleConnection, TransactionManager},
    declare_sql_function,
    r2d2::R2D2Connection,
    result::QueryResult,
};
use hostfn_contract::HostConnection;

#[cfg(feature = "postgres")]
use super::postgres::PostgresSession;
use super::{Access, Durability, pool::Opening, sqlite::SqliteSession};

/// A connection to whichever database the host was given.
///
/// A plain enum, and not diesel's `MultiConnection`, which cannot say `RETURNING` and is slower.
/// [`on_backend!`](crate::on_backend) runs one diesel expression on the connection that it holds.
///
/// ```
/// # use hostfn_runtime as hostfn;
/// use diesel::{dsl::sql, prelude::*, sql_types::Integer};
/// use hostfn::{Database, DbConnection, HostError, db::Backend, on_backend};
///
/// /// As a host function would have it, or a test.
/// fn seven(db: &mut DbConnection) -> Result<i32, HostError> {
///     let statement = match db.backend() {
///         Backend::Sqlite => "SELECT max(3, 7)",
///         _ => "SELECT greatest(3, 7)",
///     };
///     Ok(on_backend!(db, |connection| sql::<Integer>(statement).get_result(connection))?)
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let database = Database::open("sqlite::memory:")?;
/// assert_eq!(database.read(seven)?, 7);
/// # Ok(())
/// # }
/// ```
pub enum DbConnection {
    /// SQLite.
    Sqlite(SqliteSession),
    /// PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(PostgresSession),
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
#[cfg(feature = "postgres")]
#[macro_export]
macro_rules! on_backend {
    ($connection:expr, |$held:ident| $query:expr) => {
        match $connection {
            $crate::DbConnection::Sqlite(session) => {
                let $held = session.connection();
                $query
            }
            $crate::DbConnection::Postgres(session) => {
                let $held = session.connection();
                $query
            }
        }
    };
}

/// Runs one diesel expression against whichever connection a [`DbConnection`] holds: SQLite, since the
/// feature `postgres` is off.
// Twice, and not with a `cfg` inside: that would ask for the features of whoever uses it.
#[cfg(not(feature = "postgres"))]
#[macro_export]
macro_rules! on_backend {
    ($connection:expr, |$held:ident| $query:expr) => {
        match $connection {
            $crate::DbConnection::Sqlite(session) => {
                let $held = session.connection();
                $query
            }
        }
    };
}

/// As [`on_backend!`], for what must not be kept from being done because the time is over.
macro_rules! unbounded {
    ($connection:expr, |$held:ident| $query:expr) => {
        match $connection {
            Self::Sqlite(session) => {
                let $held = session.connection();
                $query
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(session) => {
                let $held = session.unbounded();
                $query
            }
        }
    };
}

/// The database management systems that a host can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// SQLite, embedded in the host.
    Sqlite,
    /// PostgreSQL, a server that many hosts share.
    Postgres,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

impl HostConnection for DbConnection {}

/// What a transaction is for, which decides how it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// One host function that only reads.
    Read,
    /// One host function.
    Write,
    /// All host functions of one plugin call.
    PluginCall,
}

impl From<Access> for Purpose {
    fn from(access: Access) -> Self {
        match access {
            Access::Read => Self::Read,
            Access::Write => Self::Write,
        }
    }
}

impl DbConnection {
    /// Which backend it is connected to.
    pub fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(_) => Backend::Sqlite,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Backend::Postgres,
        }
    }

    /// The version of the database management system, as it says itself.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn version(&mut self) -> QueryResult<String> {
        match self {
            Self::Sqlite(session) => diesel::select(sqlite_version()).get_result(session.connection()),
            #[cfg(feature = "postgres")]
            Self::Postgres(session) => session.version(),
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
    pub(super) fn open_sqlite(
        file: &str,
        access: Access,
        durability: Durability,
        opening: Opening,
    ) -> Result<Self, ConnectionError> {
        SqliteSession::open(file, access, durability, opening).map(Self::Sqlite)
    }

    /// Connects to a PostgreSQL server.
    pub(super) fn open_postgres(url: &str, durability: Durability) -> Result<Self, ConnectionError> {
        #[cfg(feature = "postgres")]
        return PostgresSession::open(url, durability).map(Self::Postgres);
        #[cfg(not(feature = "postgres"))]
        {
            let _ = (url, durability);
            // Refused when the URL was read.
            Err(ConnectionError::BadConnection("this build has no PostgreSQL".to_owned()))
        }
    }

    /// From now on nothing on this connection runs or waits beyond `deadline`.
    pub(super) fn set_deadline(&mut self, deadline: Option<Instant>) {
        match self {
            Self::Sqlite(session) => session.set_deadline(deadline),
            #[cfg(feature = "postgres")]
            Self::Postgres(session) => session.set_deadline(deadline),
        }
    }

    /// Begins a transaction that holds the write lock from its start, or reads one state to its
    /// end and cannot write.
    pub(super) fn begin(&mut self, purpose: Purpose) -> QueryResult<()> {
        match self {
            Self::Sqlite(session) => session.begin(purpose),
            #[cfg(feature = "postgres")]
            Self::Postgres(session) => session.begin(purpose),
        }
    }

    /// Begins a transaction within the one that is open, in which nothing is written where access is for reading.
    pub(super) fn begin_savepoint(&mut self, access: Access) -> QueryResult<()> {
        match self {
            Self::Sqlite(session) => session.begin_savepoint(access),
            #[cfg(feature = "postgres")]
            Self::Postgres(session) => session.begin_savepoint(access),
        }
    }

    /// Commits the innermost transaction.
    pub(super) fn commit(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(session) => session.commit(),
            #[cfg(feature = "postgres")]
            Self::Postgres(session) => session.commit(),
        }
    }

    /// Undoes the innermost transaction.
    pub(super) fn roll_back(&mut self) -> QueryResult<()> {
        let outcome = unbounded!(self, |connection| AnsiTransactionManager::rollback_transaction(connection));
        #[cfg(feature = "postgres")]
        if let Self::Postgres(session) = self {
            session.was_rolled_back();
        }
        outcome
    }

    /// How many transactions are open, each within the one before, or nothing where they can be neither
    /// committed nor rolled back.
    pub(super) fn depth(&mut self) -> Option<u32> {
        fn depth<C: Connection<TransactionManager = AnsiTransactionManager>>(connection: &mut C) -> Option<u32> {
            let status = AnsiTransactionManager::transaction_manager_status_mut(connection);
            status.transaction_depth().ok().map(|depth| depth.map_or(0, u32::from))
        }
        unbounded!(self, |connection| depth(connection))
    }

    /// Lets its pool close it instead of keeping it.
    pub(super) fn condemn(&mut self) {
        unbounded!(self, |connection| AnsiTransactionManager::transaction_manager_status_mut(connection)
            .set_in_error());
    }

    /// Whether a transaction is still open, or can be neither committed nor rolled back.
    pub(super) fn is_in_transaction(&mut self) -> bool {
        unbounded!(self, |connection| connection.is_broken())
    }

    pub(super) fn ping(&mut self) -> QueryResult<()> {
        on_backend!(self, |connection| connection.batch_execute("SELECT 1"))
    }
}

#[declare_sql_function]
extern "SQL" {
    fn sqlite_version() -> diesel::sql_types::Text;
}

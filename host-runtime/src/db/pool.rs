use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use diesel::ConnectionError;
use scheduled_thread_pool::ScheduledThreadPool;

use super::{Access, DbConnection, Durability};

pub(super) type Pool = r2d2::Pool<Manager>;
pub(super) type PooledConnection = r2d2::PooledConnection<Manager>;

/// How long a host call waits for a connection, where its deadline is not sooner. r2d2's own default is
/// half a minute.
pub(super) const CHECKOUT_WAIT: Duration = Duration::from_secs(5);

/// Opens the connections of one pool.
#[derive(Clone, Debug)]
pub(super) struct Manager {
    pub(super) target: Target,
    pub(super) access: Access,
    pub(super) durability: Durability,
    pub(super) opening: Opening,
}

/// What opening a database does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// It is made where it is a file that is not there, and made ready for many readers beside a writer.
    Ready,
    /// Nothing.
    Unchanged,
}

/// Where connections lead.
#[derive(Clone)]
pub(super) enum Target {
    /// A file name or a `file:` URI.
    Sqlite(String),
    /// libpq's own URL, with its password.
    Postgres(String),
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sqlite(file) => file,
            Self::Postgres(_) => "postgres",
        })
    }
}

impl Manager {
    pub(super) fn open(&self) -> Result<DbConnection, ConnectionError> {
        match &self.target {
            Target::Sqlite(file) => DbConnection::open_sqlite(file, self.access, self.durability, self.opening),
            Target::Postgres(url) => DbConnection::open_postgres(url, self.durability),
        }
    }

    /// A pool of at most `size` connections, none opened yet.
    pub(super) fn into_pool(self, size: u32) -> Pool {
        // One set of threads opens connections for all databases of the process; r2d2's default
        // is three threads a pool.
        static OPENERS: OnceLock<Arc<ScheduledThreadPool>> = OnceLock::new();
        let openers = OPENERS.get_or_init(|| {
            Arc::new({
                ScheduledThreadPool::builder().num_threads(2).thread_name_pattern("hostfn-database-{}").build()
            })
        });
        r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .max_lifetime(None)
            .idle_timeout(None)
            // A server goes away and comes back, and takes its connections with it: the transaction that begins on one
            // notices, and takes another.
            .test_on_check_out(false)
            .connection_timeout(CHECKOUT_WAIT)
            .thread_pool(openers.clone())
            .error_handler(Box::new(LogErrors))
            .build_unchecked(self)
    }
}

/// Says in the host's log why no connection can be had; r2d2 tries again by itself.
#[derive(Debug)]
struct LogErrors;

impl r2d2::HandleError<ConnectionError> for LogErrors {
    fn handle_error(&self, error: ConnectionError) {
        tracing::warn!(
            error = ?error.to_string(),
            "cannot connect to the database, and trying again: check that its server runs, is reachable, and takes \
             this user, and that it has connections left"
        );
    }
}

impl r2d2::ManageConnection for Manager {
    // It is moved a dozen times a call, from the pool to the function and back.
    type Connection = Box<DbConnection>;
    type Error = ConnectionError;

    fn connect(&self) -> Result<Box<DbConnection>, ConnectionError> {
        self.open().map(Box::new)
    }

    fn is_valid(&self, connection: &mut Box<DbConnection>) -> Result<(), ConnectionError> {
        connection.ping().map_err(ConnectionError::CouldntSetupConfiguration)
    }

    /// Discards what a panic or a function that meddled with its transaction left behind: on such
    /// a connection the next write would be acknowledged and never committed.
    fn has_broken(&self, connection: &mut Box<DbConnection>) -> bool {
        std::thread::panicking() || connection.is_in_transaction()
    }
}

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use diesel::ConnectionError;
use scheduled_thread_pool::ScheduledThreadPool;

use super::{Access, DbConnection, Durability};

pub(super) type Pool = r2d2::Pool<Manager>;
pub(super) type PooledConnection = r2d2::PooledConnection<Manager>;

/// How long a host call waits for a connection. r2d2's own default is half a minute.
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens the connections of one pool.
#[derive(Debug)]
pub(super) struct Manager {
    /// A file name or a `file:` URI.
    pub(super) file: String,
    pub(super) access: Access,
    pub(super) durability: Durability,
}

impl Manager {
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
            // A file does not go away as a server does; a broken connection shows in its next call.
            .test_on_check_out(false)
            .connection_timeout(CHECKOUT_TIMEOUT)
            .thread_pool(openers.clone())
            .build_unchecked(self)
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = DbConnection;
    type Error = ConnectionError;

    fn connect(&self) -> Result<DbConnection, ConnectionError> {
        DbConnection::open_sqlite(&self.file, self.access, self.durability)
    }

    fn is_valid(&self, connection: &mut DbConnection) -> Result<(), ConnectionError> {
        connection.ping().map_err(ConnectionError::CouldntSetupConfiguration)
    }

    /// Discards what a panic or a function that meddled with its transaction left behind: on such
    /// a connection the next write would be acknowledged and never committed.
    fn has_broken(&self, connection: &mut DbConnection) -> bool {
        std::thread::panicking() || connection.is_in_transaction()
    }
}

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use diesel::{
    Connection, ConnectionError, PgConnection, RunQueryDsl,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionDepthChange, TransactionManager},
    dsl::sql,
    result::QueryResult,
    sql_types::Text,
};

use super::{Access, Durability, KeepPrepared, connection::Purpose, url::with_default_options};

/// A connection to PostgreSQL, and how long it may wait and run.
pub struct PostgresSession {
    connection: PgConnection,
    deadline: Option<Instant>,
    /// When the server was last told how long is left; nothing where it does not hold any more.
    told: Option<Instant>,
}

/// The longest that a statement waits for another transaction's lock, as on SQLite.
const LOCK_WAIT: Duration = hostfn_sqlite::BUSY_WAIT;

/// After so long the server is told again how long is left. It bounds each statement by itself: a function of
/// many short ones would have as long for its last as it had for its first.
const TELL_AGAIN_AFTER: Duration = Duration::from_millis(5);

impl PostgresSession {
    /// Diesel's connection. A function that has used up some of its time is held to the rest from here on.
    pub fn connection(&mut self) -> &mut PgConnection {
        if self.deadline.is_some() && self.told.is_none_or(|told| told.elapsed() >= TELL_AGAIN_AFTER) {
            let bounds = self.bounds();
            // In a transaction that failed already nothing can be set, and nothing else can be done either.
            if let Err(error) = self.connection.batch_execute(&bounds) {
                tracing::debug!(%error, "the server cannot be told how long is left");
            }
        }
        &mut self.connection
    }

    /// Diesel's connection, for what ends a transaction.
    pub(super) fn unbounded(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// What the server was told since the innermost transaction began is undone with it.
    pub(super) fn was_rolled_back(&mut self) {
        self.told = None;
    }

    pub(super) fn open(url: &str, durability: Durability) -> Result<Self, ConnectionError> {
        let mut connection = PgConnection::establish(&with_default_options(url))?;
        let durability = match durability {
            Durability::Normal => "SET synchronous_commit = off",
            // A server or a role that is set to less than what was asked for would lose writes silently; one that
            // waits for its replicas as well is left at that.
            Durability::Full => {
                "SELECT set_config('synchronous_commit', 'on', false) \
                 WHERE current_setting('synchronous_commit') = 'off'"
            }
        };
        // Errors are told apart by their messages, since diesel hands on no code for most. Not every role may ask for
        // English ones; what a server in another language says is `internal` where it could be told better.
        let english = "SELECT set_config('lc_messages', 'C', false) WHERE current_setting('is_superuser') = 'on'";
        connection
            .batch_execute(&format!("{durability}; {english}"))
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(Self { connection, deadline: None, told: None })
    }

    pub(super) fn version(&mut self) -> QueryResult<String> {
        let full = sql::<Text>("SELECT current_setting('server_version')").keep_prepared();
        let full: String = full.get_result(&mut self.connection)?;
        // `15.18 (Debian 15.18-0+deb12u1)`: how it was packaged is nothing to a plugin.
        Ok(full.split(' ').next().unwrap_or_default().to_owned())
    }

    pub(super) fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    /// Says what the transaction may do itself: a server or a role may have other defaults. Begin and bounds are one
    /// message to the server.
    pub(super) fn begin(&mut self, purpose: Purpose) -> QueryResult<()> {
        let begin = match purpose {
            Purpose::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            Purpose::Write => "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE",
            Purpose::PluginCall => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ WRITE",
        };
        let sql = format!("{begin}; {}", self.bounds());
        AnsiTransactionManager::begin_transaction_sql(&mut self.connection, &sql)
    }

    /// Begins a transaction within the one that is open. That nothing is written in it is said in the same message to the
    /// server, and ends with it.
    pub(super) fn begin_savepoint(&mut self, access: Access) -> QueryResult<()> {
        let depth = AnsiTransactionManager::transaction_manager_status_mut(&mut self.connection).transaction_depth()?;
        let Some(depth) = depth.filter(|_| access == Access::Read) else {
            return AnsiTransactionManager::begin_transaction(&mut self.connection);
        };
        // Named as diesel names it, which commits and undoes it.
        self.connection.batch_execute(&format!("SAVEPOINT diesel_savepoint_{depth}; SET TRANSACTION READ ONLY"))?;
        let status = AnsiTransactionManager::transaction_manager_status_mut(&mut self.connection);
        status.transaction_state()?.change_transaction_depth(TransactionDepthChange::IncreaseDepth)
    }

    /// Commits the innermost transaction.
    ///
    /// In one in which a statement failed PostgreSQL takes a `COMMIT`, rolls back, and calls it a success, to which a
    /// function may come that caught the error and went on. Any other statement fails there: hence one before it, in
    /// the same message.
    pub(super) fn commit(&mut self) -> QueryResult<()> {
        let status = AnsiTransactionManager::transaction_manager_status_mut(&mut self.connection);
        match status.transaction_depth()?.map(u32::from) {
            // Diesel sees by itself that no transaction is open any more.
            Some(1) => self.connection.batch_execute("SELECT 1; COMMIT"),
            _ => AnsiTransactionManager::commit_transaction(&mut self.connection),
        }
    }

    /// What tells the server how long is left, until the end of the transaction.
    fn bounds(&mut self) -> String {
        let now = Instant::now();
        self.told = Some(now);
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(now));
        // Zero would be for ever.
        let milliseconds = |time: Duration| time.as_millis().clamp(1, 1 << 30);
        let mut sql = String::new();
        let lock_wait = left.map_or(LOCK_WAIT, |left| left.min(LOCK_WAIT));
        let _ = write!(sql, "SET LOCAL lock_timeout = {};", milliseconds(lock_wait));
        if let Some(left) = left {
            let _ = write!(sql, "SET LOCAL statement_timeout = {};", milliseconds(left));
        }
        sql
    }
}

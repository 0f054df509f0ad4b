use std::{sync::Arc, time::Instant};

use diesel::{
    ConnectionError, SqliteConnection,
    connection::{AnsiTransactionManager, SimpleConnection},
    result::QueryResult,
};
use hostfn_sqlite::Bounds;

use super::{Access, Durability, connection::Purpose, pool::Opening};

/// A connection to SQLite, and how long it may wait and run.
pub struct SqliteSession {
    connection: SqliteConnection,
    bounds: Arc<Bounds>,
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
        // The one setting that is the file's and not the connection's.
        let journal = if opening == Opening::Ready { "PRAGMA journal_mode = WAL;" } else { "" };
        // A reader that changed data would do so beside the one writer, hence `query_only`.
        connection
            .batch_execute(&format!(
                "{journal}
                 PRAGMA synchronous = {synchronous};
                 PRAGMA foreign_keys = ON;
                 PRAGMA trusted_schema = OFF;
                 PRAGMA query_only = {};",
                if access == Access::Read { "ON" } else { "OFF" }
            ))
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(Self { connection, bounds })
    }

    pub(super) fn set_deadline(&self, deadline: Option<Instant>) {
        self.bounds.set_deadline(deadline);
    }

    /// A deferred transaction that reads and then writes fails at once when another wrote in
    /// between, however long it would wait: hence the lock is taken at the start.
    pub(super) fn begin(&mut self, purpose: Purpose) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction_sql(
            &mut self.connection,
            match purpose {
                Purpose::Read => "BEGIN DEFERRED",
                Purpose::Write | Purpose::PluginCall => "BEGIN IMMEDIATE",
            },
        )
    }
}

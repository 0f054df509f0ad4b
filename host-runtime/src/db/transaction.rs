use hostfn_contract::{HostConnection, HostError};

use super::{DbConnection, pool::PooledConnection};

/// What a host function does with its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// A connection that is lent to one host function, inside a transaction.
///
/// Dropped without [`commit`](Self::commit), it rolls back. Dropped by a panic, its connection is
/// discarded.
pub(crate) struct Transaction {
    connection: PooledConnection,
    // The one connection of a database in memory also writes, and is told not to meanwhile.
    restore_writing: bool,
    open: bool,
}

impl Transaction {
    pub(super) fn begin(mut connection: PooledConnection, access: Access, shared: bool) -> Result<Self, HostError> {
        let restore_writing = shared && access == Access::Read;
        if restore_writing {
            connection.set_query_only(true)?;
        }
        let mut transaction = Self { connection, restore_writing, open: false };
        transaction.connection.begin(access)?;
        transaction.open = true;
        Ok(transaction)
    }

    pub(crate) fn connection(&mut self) -> &mut DbConnection {
        &mut self.connection
    }

    /// The connection as a host function asked for it.
    pub(crate) fn connection_as<C: HostConnection>(&mut self) -> Result<&mut C, HostError> {
        // Refused when the host was built, so that this is never met by a call.
        self.connection
            .as_connection()
            .ok_or_else(|| HostError::internal(format!("the database has no {}", std::any::type_name::<C>())))
    }

    /// Makes the function's changes last.
    ///
    /// # Errors
    /// When the database refuses, or when the function left its own transaction open or ended
    /// this one. Nothing was changed then, except what a function that ended it with a `COMMIT` of
    /// its own had changed by then.
    pub(crate) fn commit(mut self) -> Result<(), HostError> {
        self.connection.commit()?;
        if self.connection.is_in_transaction() {
            return Err(HostError::internal("the function left a transaction open that it began itself"));
        }
        self.open = false;
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        if self.open {
            // A function may have left transactions of its own open; closing the connection would
            // undo them as well, but closes it.
            while self.connection.is_in_transaction() {
                if let Err(error) = self.connection.roll_back() {
                    tracing::warn!(%error, "a transaction cannot be rolled back: its connection is closed");
                    return;
                }
            }
        }
        if self.restore_writing
            && let Err(error) = self.connection.set_query_only(false)
        {
            tracing::warn!(%error, "a reader's connection cannot be made a writer's again");
        }
    }
}

use std::rc::Rc;

use diesel::result::{DatabaseErrorKind, Error};
use hostfn_contract::{ErrorCode, HostConnection, HostError};

use super::{DbConnection, pool::PooledConnection, scope::Scope};

/// What a host function does with its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// A connection that is lent to one host function, inside a transaction: one of its own, or a savepoint in
/// that of an atomic plugin call.
///
/// Dropped without [`commit`](Self::commit), it rolls back. Dropped by a panic, its connection is
/// discarded.
pub(crate) struct Transaction {
    // Nothing only while it is dropped.
    connection: Option<PooledConnection>,
    /// The plugin call whose transaction it is in, and which gets the connection back.
    plugin_call: Option<Rc<Scope>>,
    access: Access,
    open: bool,
}

impl Transaction {
    /// A transaction of its own, which has begun, on a connection that goes back to its pool.
    pub(super) fn own(connection: PooledConnection, access: Access) -> Self {
        Self { connection: Some(connection), plugin_call: None, access, open: true }
    }

    /// A savepoint in the transaction of a plugin call.
    pub(super) fn within(
        connection: PooledConnection,
        access: Access,
        plugin_call: Rc<Scope>,
    ) -> Result<Self, HostError> {
        let mut transaction =
            Self { connection: Some(connection), plugin_call: Some(plugin_call), access, open: false };
        transaction.connection().begin_savepoint(access)?;
        transaction.open = true;
        Ok(transaction)
    }

    pub(crate) fn connection(&mut self) -> &mut DbConnection {
        self.connection.as_mut().expect("the connection is there until this is dropped")
    }

    /// The connection as a host function asked for it.
    pub(crate) fn connection_as<C: HostConnection>(&mut self) -> Result<&mut C, HostError> {
        // Refused when the host was built, so that this is never met by a call.
        self.connection()
            .as_connection()
            .ok_or_else(|| HostError::internal(format!("the database has no {}", std::any::type_name::<C>())))
    }

    /// How deep the connection is in transactions while the function has it.
    fn own_depth(&self) -> u32 {
        if self.plugin_call.is_some() { 2 } else { 1 }
    }

    /// Makes the function's changes last; those of an atomic plugin call until that is committed.
    ///
    /// # Errors
    /// When the database refuses, when the function left its own transaction open or ended this one, or when
    /// the time is over. Nothing was changed then, except what a function that ended it with a `COMMIT` of
    /// its own had changed by then.
    pub(crate) fn commit(mut self) -> Result<(), HostError> {
        let depth = self.connection().depth();
        if depth != Some(self.own_depth()) {
            // Or the connection broke after the function's last statement, which is not the function's fault.
            if depth.is_none() {
                self.connection().ping()?;
            }
            return Err(HostError::internal("the function left a transaction open that it began, or ended its own"));
        }
        if self.plugin_call.is_none() {
            // What has started to be committed is committed: from here on there is no deadline.
            Scope::check_deadline()?;
            self.connection().set_deadline(None);
        }
        commit(self.connection())?;
        self.open = false;
        if self.plugin_call.is_none() && self.access == Access::Write {
            Scope::note_commit();
        }
        Ok(())
    }
}

/// Commits the innermost transaction of a connection.
pub(super) fn commit(connection: &mut DbConnection) -> Result<(), HostError> {
    let outermost = connection.depth() == Some(1);
    connection.commit().map_err(|error| match error {
        // The server may have done it before it went away.
        error if outermost && went_away(&error) => outcome_unknown().because(error),
        error => error.into(),
    })
}

/// Whether the connection was closed, by the network or by a server that says so: one that stops while a commit
/// waits for a replica has done it already.
pub(super) fn went_away(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, _) => true,
        Error::DatabaseError(_, information) => information.message().starts_with("terminating connection due to"),
        Error::RollbackErrorOnCommit { commit_error, .. } => went_away(commit_error),
        _ => false,
    }
}

/// Not `unavailable`, which says that calling again does no harm.
fn outcome_unknown() -> HostError {
    HostError::new(
        ErrorCode::Internal,
        "the database went away while this was being saved: look whether it was, before you call again",
    )
}

/// Rolls back until no more than `depth` transactions are open. Says whether just so many are, and the
/// connection is as good as before.
fn roll_back_to(connection: &mut DbConnection, depth: u32) -> bool {
    connection.set_deadline(None);
    loop {
        match connection.depth() {
            Some(open) if open <= depth => return open == depth,
            Some(_) => {
                if let Err(error) = connection.roll_back() {
                    tracing::warn!(?error, "a transaction cannot be rolled back: its connection is closed");
                    return false;
                }
            }
            None => return false,
        }
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        let below = self.own_depth() - 1;
        // Closed when it is dropped, and what was not committed undone with it.
        let mut usable = !std::thread::panicking();
        if usable && self.open {
            usable = roll_back_to(&mut connection, below);
        }
        match &self.plugin_call {
            Some(plugin_call) if usable => plugin_call.take_back(connection),
            Some(plugin_call) => plugin_call.lose(connection),
            None => {
                connection.set_deadline(None);
                if !usable {
                    discard(connection);
                }
            }
        }
    }
}

/// Closes a connection instead of giving it back to its pool.
pub(super) fn discard(mut connection: PooledConnection) {
    connection.condemn();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_closed_the_connection_of_a_commit_is_told_apart_from_what_refused_it() {
        let error = |kind, message: &str| Error::DatabaseError(kind, Box::new(message.to_owned()));
        let unknown = "terminating connection due to administrator command";
        for error in [
            error(DatabaseErrorKind::ClosedConnection, "server closed the connection unexpectedly"),
            error(DatabaseErrorKind::UnableToSendCommand, "no connection to the server"),
            error(DatabaseErrorKind::Unknown, unknown),
            Error::RollbackErrorOnCommit {
                rollback_error: Box::new(Error::BrokenTransactionManager),
                commit_error: Box::new(error(DatabaseErrorKind::Unknown, unknown)),
            },
        ] {
            assert!(went_away(&error), "{error:?}");
        }
        for error in [
            error(DatabaseErrorKind::SerializationFailure, "could not serialize access due to concurrent update"),
            error(DatabaseErrorKind::Unknown, "database or disk is full"),
            Error::BrokenTransactionManager,
        ] {
            assert!(!went_away(&error), "{error:?}");
        }
    }
}

//! What stands around every function on SQLite, `BEGIN` and its like, as statements that stay prepared.
//!
//! Diesel runs these as text, which SQLite compiles anew each time, and which took as long as to run them. Prepared they
//! take a few hundred nanoseconds together: the read between them takes its snapshot and its locks either way. So a function
//! that reads has a transaction from its start, and nobody guesses how many statements it will run: one that began with the
//! second would not see what the first saw.

use std::num::NonZeroU32;

use diesel::{
    Connection, SqliteConnection,
    connection::{AnsiTransactionManager, InstrumentationEvent, TransactionDepthChange, TransactionManager},
    query_builder::{AstPass, QueryFragment, QueryId},
    result::{Error, QueryResult},
    sqlite::Sqlite,
};

/// Statements, each a type of its own: by it diesel finds the one that it prepared, without looking at the text.
macro_rules! statements {
    ($($name:ident = $sql:literal;)*) => {$(
        pub(super) struct $name;

        impl QueryId for $name {
            type QueryId = Self;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl QueryFragment<Sqlite> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
                out.push_sql($sql);
                Ok(())
            }
        }
    )*};
}

statements! {
    BeginDeferred = "BEGIN DEFERRED";
    BeginImmediate = "BEGIN IMMEDIATE";
    Commit = "COMMIT";
    // Named as diesel names them, which undoes them.
    FirstSavepoint = "SAVEPOINT diesel_savepoint_1";
    ReleaseFirstSavepoint = "RELEASE SAVEPOINT diesel_savepoint_1";
}

/// Begins a transaction where none is open.
pub(super) fn begin<S>(connection: &mut SqliteConnection, statement: &S) -> QueryResult<()>
where
    S: QueryFragment<Sqlite> + QueryId,
{
    match depth(connection)? {
        0 => deeper(connection, statement, NonZeroU32::MIN),
        _ => Err(Error::AlreadyInTransaction),
    }
}

/// Begins a transaction within the one that is open.
pub(super) fn begin_savepoint(connection: &mut SqliteConnection) -> QueryResult<()> {
    match depth(connection)? {
        1 => deeper(connection, &FirstSavepoint, NonZeroU32::MIN.saturating_add(1)),
        _ => AnsiTransactionManager::begin_transaction(connection),
    }
}

/// Commits the innermost transaction. When that fails, the outermost is rolled back, as by diesel.
pub(super) fn commit(connection: &mut SqliteConnection) -> QueryResult<()> {
    let depth = depth(connection)?;
    let Some(shown) = NonZeroU32::new(depth).filter(|depth| depth.get() <= 2) else {
        return AnsiTransactionManager::commit_transaction(connection);
    };
    connection.instrumentation().on_connection_event(InstrumentationEvent::commit_transaction(shown));
    let outcome = match depth {
        1 => connection.execute_returning_count(&Commit),
        _ => connection.execute_returning_count(&ReleaseFirstSavepoint),
    };
    match outcome {
        Ok(_) => change_depth(connection, TransactionDepthChange::DecreaseDepth),
        Err(error) if depth == 1 => Err(rolled_back(connection, error)),
        Err(error) => Err(error),
    }
}

fn deeper<S>(connection: &mut SqliteConnection, statement: &S, depth: NonZeroU32) -> QueryResult<()>
where
    S: QueryFragment<Sqlite> + QueryId,
{
    connection.instrumentation().on_connection_event(InstrumentationEvent::begin_transaction(depth));
    connection.execute_returning_count(statement)?;
    change_depth(connection, TransactionDepthChange::IncreaseDepth)
}

/// Undoes a transaction that could not be committed. SQLite may have done so by itself, and then refuses to again.
fn rolled_back(connection: &mut SqliteConnection, commit_error: Error) -> Error {
    match AnsiTransactionManager::rollback_transaction(connection) {
        Err(rollback_error) if !matches!(depth(connection), Ok(0)) => {
            AnsiTransactionManager::transaction_manager_status_mut(connection).set_in_error();
            Error::RollbackErrorOnCommit {
                rollback_error: Box::new(rollback_error),
                commit_error: Box::new(commit_error),
            }
        }
        _ => commit_error,
    }
}

fn depth(connection: &mut SqliteConnection) -> QueryResult<u32> {
    let status = AnsiTransactionManager::transaction_manager_status_mut(connection);
    Ok(status.transaction_depth()?.map_or(0, NonZeroU32::get))
}

fn change_depth(connection: &mut SqliteConnection, change: TransactionDepthChange) -> QueryResult<()> {
    let status = AnsiTransactionManager::transaction_manager_status_mut(connection);
    status.transaction_state()?.change_transaction_depth(change)
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::*;

    fn connection() -> SqliteConnection {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection
            .batch_execute(
                "PRAGMA foreign_keys = ON; CREATE TABLE a (id INTEGER PRIMARY KEY) STRICT;
                 CREATE TABLE b (a INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED) STRICT;",
            )
            .unwrap();
        connection
    }

    #[test]
    fn diesel_knows_how_deep_it_is() {
        let mut connection = connection();
        begin(&mut connection, &BeginImmediate).unwrap();
        assert!(matches!(begin(&mut connection, &BeginDeferred), Err(Error::AlreadyInTransaction)));
        for depth_before in 1..4 {
            assert_eq!(depth(&mut connection).unwrap(), depth_before);
            begin_savepoint(&mut connection).unwrap();
        }
        connection.batch_execute("INSERT INTO a VALUES (1)").unwrap();
        AnsiTransactionManager::rollback_transaction(&mut connection).unwrap();
        connection.batch_execute("INSERT INTO a VALUES (1)").unwrap();
        for depth_before in (1..4).rev() {
            assert_eq!(depth(&mut connection).unwrap(), depth_before);
            commit(&mut connection).unwrap();
        }
        assert!(matches!(commit(&mut connection), Err(Error::NotInTransaction)));
        begin(&mut connection, &BeginDeferred).unwrap();
        connection.batch_execute("ROLLBACK").unwrap();
    }

    #[test]
    fn what_cannot_be_committed_is_undone() {
        let mut connection = connection();
        begin(&mut connection, &BeginImmediate).unwrap();
        connection.batch_execute("INSERT INTO b VALUES (1)").unwrap();
        assert_eq!(commit(&mut connection).unwrap_err().to_string(), "FOREIGN KEY constraint failed");
        assert_eq!(depth(&mut connection).unwrap(), 0);
        begin(&mut connection, &BeginImmediate).unwrap();
        commit(&mut connection).unwrap();
    }

    #[test]
    fn what_sqlite_ended_by_itself_is_not_said_to_be_committed() {
        let mut connection = connection();
        begin(&mut connection, &BeginImmediate).unwrap();
        connection.batch_execute("INSERT INTO a VALUES (1); ROLLBACK;").unwrap();
        let error = commit(&mut connection).unwrap_err();
        assert!(error.to_string().contains("no transaction is active"), "{error}");
        assert_eq!(depth(&mut connection).unwrap(), 0);
    }
}

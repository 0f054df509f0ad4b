//! This crate's traits for diesel's types; the orphan rule allows them nowhere else.

#[cfg(feature = "postgres")]
use diesel::PgConnection;
use diesel::{
    SqliteConnection,
    result::{DatabaseErrorKind, Error},
};

use crate::{HostConnection, HostError};

impl HostConnection for SqliteConnection {}

#[cfg(feature = "postgres")]
impl HostConnection for PgConnection {}

/// What is the matter with a database that did not do what it was asked.
#[derive(Clone, Copy)]
enum Trouble {
    /// It cannot be used right now.
    Unavailable,
    /// Others changed the same at the same time.
    Contended,
    /// It was told to stop when the call's time was over.
    Late,
    /// It is not as the function needs it.
    Unfit,
}

use Trouble::{Contended, Late, Unavailable, Unfit};

/// What databases say when they cannot do something, what it means, and what the log says to do about it.
///
/// Diesel keeps SQLite's result code and most of PostgreSQL's SQLSTATE to itself and hands on the message, so
/// this is the one place that reads messages. SQLite's are those of `sqlite3_errstr`, PostgreSQL's the English ones
/// of its sources.
const TROUBLES: &[(&str, Trouble, &str)] = &[
    // SQLite
    ("database is locked", Unavailable, "another process held the write lock for longer than is waited for"),
    ("database table is locked", Unavailable, "another connection of this process held the table for too long"),
    ("database or disk is full", Unavailable, "free some space on the disk of the database"),
    (
        "attempt to write a readonly database",
        Unavailable,
        "make the database's file and its folder writable; or, if the function is `read_only`, it tried to write",
    ),
    ("unable to open database file", Unavailable, "check that the database's folder exists and is writable"),
    ("disk I/O error", Unavailable, "check the disk of the database"),
    ("file is not a database", Unavailable, "name a SQLite database, or restore it from a backup"),
    ("database disk image is malformed", Unavailable, "restore the database from a backup"),
    ("no such table", Unfit, "apply the migrations, with the host's command `migrate`"),
    ("interrupted", Late, "the statement took longer than the plugin call may take: see its `timeout`"),
    // PostgreSQL
    (
        "canceling statement due to statement timeout",
        Late,
        "the statement took longer than the plugin call may take: see its `timeout`",
    ),
    (
        "canceling statement due to lock timeout",
        Unavailable,
        "another transaction held a lock for longer than is waited for",
    ),
    ("canceling statement due to user request", Unavailable, "somebody cancelled the statement on the server"),
    (
        "canceling statement due to conflict with recovery",
        Unavailable,
        "a replica cannot serve this: connect to the primary",
    ),
    ("relation \"", Unfit, "apply the migrations, with the host's command `migrate`"),
    ("permission denied for", Unfit, "grant the role of the hosts SELECT, INSERT, UPDATE and DELETE on the tables"),
    ("deadlock detected", Contended, "two transactions waited for each other, and this one gave way"),
    ("terminating connection due to", Unavailable, "the server was stopped or restarted; connections are made anew"),
    ("the database system is", Unavailable, "the server is starting or stopping"),
    ("server closed the connection unexpectedly", Unavailable, "look into the server's log; connections are made anew"),
    (
        "cannot set transaction read-write mode during recovery",
        Unavailable,
        "this is a replica: connect to the primary",
    ),
    ("could not extend file", Unavailable, "free some space on the disk of the database's server"),
    ("could not write to file", Unavailable, "free some space on the disk of the database's server"),
    ("out of memory", Unavailable, "the database's server has no memory left"),
    ("out of shared memory", Unavailable, "the database's server has no memory left for locks"),
];

/// A database error that a function did not answer itself.
///
/// A missing row, a unique or a foreign key come out as what they mean to a guest. The text of the
/// database, which names tables and columns, is for the log only.
impl From<Error> for HostError {
    fn from(error: Error) -> Self {
        let answer = match &error {
            Error::NotFound => Self::not_found("there is no such record"),
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
                Self::conflict("a record with the same key is there already")
            }
            // Of an insert it would be `not_found`. Which it was the database does not say, and the
            // function knows: it should say so itself.
            Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => {
                Self::conflict("a record is missing that this one refers to, or is there that refers to it")
            }
            Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => contended(),
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, _) => {
                let advice = "the connection is made anew; if this goes on, check the server and the way to it";
                return unavailable().because(format!("{error}: {advice}"));
            }
            // A statement before it met the broken connection, and nothing of its transaction was done.
            Error::BrokenTransactionManager => {
                return unavailable().because(format!("{error}: the connection broke, and is made anew"));
            }
            Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _) => {
                let advice = "connect to the primary server; or, if the function is `read_only`, it tried to write";
                return unavailable().because(format!("{error}: {advice}"));
            }
            Error::DatabaseError(_, information) => {
                let message = information.message();
                let Some((_, trouble, advice)) = TROUBLES.iter().find(|(said, ..)| message.starts_with(said)) else {
                    return Self::internal(error);
                };
                let answer = match trouble {
                    Unavailable => unavailable(),
                    Contended => contended(),
                    Late => Self::deadline_exceeded(),
                    Unfit => Self::internal(message),
                };
                return answer.because(format!("{message}: {advice}"));
            }
            _ => return Self::internal(error),
        };
        answer.because(error)
    }
}

fn unavailable() -> HostError {
    HostError::unavailable("the database cannot be used right now: call again later")
}

fn contended() -> HostError {
    HostError::unavailable("another call changed the same records at the same time: call again")
}

#[cfg(test)]
mod tests {
    use diesel::{Connection, RunQueryDsl, connection::SimpleConnection, sql_query};

    use super::*;
    use crate::ErrorCode;

    fn answer(set_up: &str, statement: &str) -> HostError {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection.batch_execute(set_up).unwrap();
        sql_query(statement).execute(&mut connection).unwrap_err().into()
    }

    #[test]
    fn constraints_become_what_they_mean_to_a_guest() {
        let tables =
            "PRAGMA foreign_keys = ON; CREATE TABLE a (id INTEGER PRIMARY KEY) STRICT; INSERT INTO a VALUES (1);
                      CREATE TABLE b (a INTEGER REFERENCES a (id)) STRICT;";
        assert_eq!(answer(tables, "INSERT INTO a VALUES (1)").code(), ErrorCode::Conflict);
        assert_eq!(answer(tables, "INSERT INTO b VALUES (2)").code(), ErrorCode::Conflict);
        assert_eq!(answer(tables, "INSERT INTO c VALUES (2)").code(), ErrorCode::Internal);
        assert_eq!(HostError::from(Error::NotFound).code(), ErrorCode::NotFound);
    }

    #[test]
    fn a_database_that_cannot_be_used_is_unavailable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("busy.db");
        let url = path.to_str().unwrap();
        let mut holder = SqliteConnection::establish(url).unwrap();
        holder.batch_execute("CREATE TABLE a (id INTEGER) STRICT; BEGIN IMMEDIATE;").unwrap();
        let mut connection = SqliteConnection::establish(url).unwrap();
        let busy: HostError = sql_query("INSERT INTO a VALUES (1)").execute(&mut connection).unwrap_err().into();
        assert_eq!(busy.code(), ErrorCode::Unavailable);

        let full = answer(
            "PRAGMA page_size = 512; PRAGMA max_page_count = 2; CREATE TABLE a (text TEXT) STRICT;",
            "INSERT INTO a VALUES (printf('%.*c', 5000, 'x'))",
        );
        assert_eq!(full.code(), ErrorCode::Unavailable, "{full:?}");
        assert_eq!(
            answer("CREATE TABLE a (id INTEGER) STRICT; PRAGMA query_only = ON;", "INSERT INTO a VALUES (1)").code(),
            ErrorCode::Unavailable
        );
    }

    #[test]
    fn every_trouble_is_told_apart_by_what_the_database_says() {
        for (message, code) in [
            ("interrupted", ErrorCode::DeadlineExceeded),
            ("canceling statement due to statement timeout", ErrorCode::DeadlineExceeded),
            ("canceling statement due to lock timeout", ErrorCode::Unavailable),
            ("deadlock detected", ErrorCode::Unavailable),
            ("terminating connection due to administrator command", ErrorCode::Unavailable),
            ("the database system is in recovery mode", ErrorCode::Unavailable),
            ("could not extend file \"base/16384/2619\": No space left on device", ErrorCode::Unavailable),
            ("relation \"users\" does not exist", ErrorCode::Internal),
        ] {
            let error: HostError =
                Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned())).into();
            assert_eq!(error.code(), code, "{message}");
            let detail = std::error::Error::source(&error).expect("the log has the reason").to_string();
            assert!(detail.starts_with(message), "{detail}");
        }
        for kind in [
            DatabaseErrorKind::ClosedConnection,
            DatabaseErrorKind::UnableToSendCommand,
            DatabaseErrorKind::ReadOnlyTransaction,
            DatabaseErrorKind::SerializationFailure,
        ] {
            let error: HostError = Error::DatabaseError(kind, Box::new("what it says".to_owned())).into();
            assert_eq!(error.code(), ErrorCode::Unavailable);
        }
        assert_eq!(HostError::from(Error::BrokenTransactionManager).code(), ErrorCode::Unavailable);
    }

    #[test]
    fn the_guest_is_not_told_the_names_of_tables() {
        let taken = answer(
            "CREATE TABLE hidden (id INTEGER UNIQUE) STRICT; INSERT INTO hidden VALUES (1);",
            "INSERT INTO hidden VALUES (1)",
        );
        assert!(!taken.to_string().contains("hidden"), "{taken}");
    }
}

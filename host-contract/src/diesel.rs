//! This crate's traits for diesel's types; the orphan rule allows them nowhere else.

use diesel::{
    SqliteConnection,
    result::{DatabaseErrorKind, Error},
};

use crate::{ErrorCode, HostConnection, HostError};

impl HostConnection for SqliteConnection {}

/// What SQLite says when it cannot be used right now, and what the log says to do about it.
///
/// Diesel keeps SQLite's result code to itself and hands on the message only, so this is the one
/// place that reads messages. They are those of `sqlite3_errstr`.
const UNAVAILABLE: [(&str, &str); 8] = [
    ("database is locked", "another connection held the write lock for longer than the busy timeout"),
    ("database table is locked", "another connection of this process held the table for longer than the busy timeout"),
    ("database or disk is full", "free some space on the disk of the database"),
    (
        "attempt to write a readonly database",
        "make the database's file and its folder writable; or, if the function is `read_only`, it tried to write",
    ),
    ("unable to open database file", "check that the database's folder exists and is writable"),
    ("disk I/O error", "check the disk of the database"),
    ("file is not a database", "name a SQLite database, or restore it from a backup"),
    ("database disk image is malformed", "restore the database from a backup"),
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
            Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => {
                Self::unavailable("another call changed the same records at the same time: call again")
            }
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => unavailable(),
            Error::DatabaseError(_, information) => {
                let message = information.message();
                return match UNAVAILABLE.iter().find(|(said, _)| message.starts_with(said)) {
                    Some((_, advice)) => unavailable().because(format!("{message}: {advice}")),
                    None => Self::internal(error),
                };
            }
            _ => return Self::internal(error),
        };
        answer.because(error)
    }
}

fn unavailable() -> HostError {
    HostError::new(ErrorCode::Unavailable, "the database cannot be used right now: call again later")
}

#[cfg(test)]
mod tests {
    use diesel::{Connection, RunQueryDsl, connection::SimpleConnection, sql_query};

    use super::*;

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
    fn the_guest_is_not_told_the_names_of_tables() {
        let taken = answer(
            "CREATE TABLE hidden (id INTEGER UNIQUE) STRICT; INSERT INTO hidden VALUES (1);",
            "INSERT INTO hidden VALUES (1)",
        );
        assert!(!taken.to_string().contains("hidden"), "{taken}");
    }
}

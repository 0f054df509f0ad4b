//! What an operator does with a database: clean it up, copy it, have it examined.

mod backup;
mod cleanup;
mod doctor;
mod postgres;
#[cfg(unix)]
mod processes;

use std::{
    fs,
    path::{Path, PathBuf},
};

use diesel::{Connection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, dsl::sql, sql_types::BigInt};
use hostfn::{Database, on_backend};
use tempfile::TempDir;

use crate::command::{run, stderr};

/// A migrated SQLite database in a folder of its own.
struct Sqlite {
    folder: TempDir,
}

impl Sqlite {
    fn new() -> Self {
        let database = Self { folder: tempfile::tempdir().expect("a folder can be made") };
        let migrated = run(&["migrate", "--database", &database.url()]);
        assert!(migrated.status.success(), "{}", stderr(&migrated));
        database
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("app.db")
    }

    fn url(&self) -> String {
        url_of(&self.path())
    }

    fn copy(&self) -> PathBuf {
        self.folder.path().join("copy.db")
    }

    /// What is in the folder beside the database.
    fn others(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path())
            .expect("the folder can be read")
            .map(|entry| entry.expect("the folder can be read").file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().expect("names are text")).collect();
        names.retain(|name| !name.starts_with("app.db"));
        names
    }
}

fn url_of(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

pub(crate) fn execute(url: &str, statements: &str) {
    let database = Database::open(url).expect("the database can be opened");
    database
        .write(|db| Ok(on_backend!(db, |connection| connection.batch_execute(statements))?))
        .expect("the statements are good");
}

pub(crate) fn count(url: &str, query: &str) -> i64 {
    let database = Database::open(url).expect("the database can be opened");
    let query = format!("SELECT {query}");
    database
        .read(|db| Ok(on_backend!(db, |connection| sql::<BigInt>(&query).get_result(connection))?))
        .expect("the query is good")
}

pub(crate) fn rows_of(url: &str, table: &str) -> i64 {
    count(url, &format!("count(*) FROM {table}"))
}

/// A user, and of each kind of record five that have expired and two that have not.
pub(crate) fn fill(url: &str) {
    let (blob, uuid, expired, later) = if url.starts_with("sqlite") {
        let uuid = "'00000000-0000-4000-8000-000000000001'";
        (("x'", "'"), uuid, "1000000", "4000000000000000")
    } else {
        (("'\\x", "'::bytea"), "'00000000-0000-4000-8000-000000000001'", "to_timestamp(1)", "to_timestamp(4000000000)")
    };
    let is_verified = if url.starts_with("sqlite") { "0" } else { "false" };
    let mut statements = format!(
        "INSERT INTO users (uuid, name, email, email_key, email_verified, password_hash, created_at, updated_at) \
         VALUES ({uuid}, 'Ada', 'ada@example.com', 'ada@example.com', {is_verified}, '$2b$', {expired}, {expired});"
    );
    let bytes = |number: usize, length: usize| format!("{}{number:0width$}{}", blob.0, blob.1, width = 2 * length);
    for number in 0..7 {
        let time = if number < 5 { expired } else { later };
        let key = bytes(number, 32);
        for table in ["sessions", "email_verification_tokens", "password_reset_tokens"] {
            statements += &format!("INSERT INTO {table} VALUES ({key}, {uuid}, {expired}, {time});");
        }
        let nonce = bytes(0, 24);
        statements += &format!("INSERT INTO hostfn_answers VALUES ({key}, {key}, {nonce}, {key}, {time});");
    }
    execute(url, &statements);
}

/// A connection with none of a host's settings.
fn plain(path: &Path) -> SqliteConnection {
    SqliteConnection::establish(path.to_str().expect("the file can be opened")).expect("the file can be opened")
}

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use diesel::{RunQueryDsl, connection::SimpleConnection, dsl::sql, sql_types::BigInt};
use hostfn::{Clock, Database, on_backend};
use serde_json::Value;

use super::{Sqlite, execute, fill, plain, rows_of, url_of};
use crate::command::{hostfn, run, stderr, stdout};

const CLEANED: [&str; 4] = ["sessions", "email_verification_tokens", "password_reset_tokens", "hostfn_answers"];

pub(super) fn cleanup_removes_exactly_what_has_expired(url: &str) {
    fill(url);
    let cleaned = run(&["cleanup", "--database", url, "--batch", "2"]);
    assert!(cleaned.status.success(), "{}", stderr(&cleaned));
    for what in ["sessions", "email_verification_tokens", "password_reset_tokens", "answers"] {
        let line = stdout(&cleaned).lines().find(|line| line.starts_with(what)).map(str::to_owned);
        assert!(line.as_ref().is_some_and(|line| line.ends_with(" 5 removed")), "{what}: {line:?}");
    }
    assert_eq!(stderr(&cleaned), "", "no progress where there is no terminal");
    let latest = if url.starts_with("sqlite") { "2000000000000000" } else { "to_timestamp(2000000000)" };
    for table in CLEANED {
        let column = if table == "hostfn_answers" { "created_at" } else { "expires_at" };
        assert_eq!(rows_of(url, table), 2, "{table}");
        assert_eq!(rows_of(url, &format!("{table} WHERE {column} < {latest}")), 0, "{table}");
    }
    assert_eq!(rows_of(url, "users"), 1);
    let again = run(&["cleanup", "--database", url, "--json"]);
    let again: Value = serde_json::from_slice(&again.stdout).expect("it is JSON");
    let rows = again["removed"].as_object().expect("an object").values();
    assert_eq!(rows.map(|rows| rows.as_u64()).collect::<Vec<_>>(), [Some(0); 4]);
}

#[test]
fn cleanup_on_sqlite_removes_exactly_what_has_expired() {
    cleanup_removes_exactly_what_has_expired(&Sqlite::new().url());
}

#[test]
fn a_batch_is_a_transaction() {
    let sqlite = Sqlite::new();
    fill(&sqlite.url());
    let database = Database::open(&sqlite.url()).unwrap();
    let registry = hostfn::functions::registry();
    let sessions = registry.cleanups().iter().find(|cleanup| cleanup.name() == "sessions").unwrap();
    let batch = || sessions.run_batch(&database, Clock::system().now(), 2).unwrap();
    assert_eq!(batch(), 2);
    assert_eq!(rows_of(&sqlite.url(), "sessions"), 5);
    assert_eq!((batch(), batch(), batch()), (2, 1, 0));
}

#[test]
fn answers_are_kept_as_long_as_it_is_said() {
    let sqlite = Sqlite::new();
    fill(&sqlite.url());
    let cleaned = run(&["cleanup", "--database", &sqlite.url(), "--keep-answers", "100years"]);
    assert!(cleaned.status.success(), "{}", stderr(&cleaned));
    assert_eq!(rows_of(&sqlite.url(), "hostfn_answers"), 7);
}

#[test]
fn cleanup_changes_nothing_but_what_has_expired() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let missing = run(&["cleanup", "--database", &url_of(&path)]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stderr(&missing).contains("there is no such file"), "{}", stderr(&missing));
    assert!(!path.exists());
    execute(&url_of(&path), "CREATE TABLE other (id INTEGER) STRICT");
    let unmigrated = run(&["cleanup", "--database", &url_of(&path)]);
    assert_eq!(unmigrated.status.code(), Some(1));
    assert!(stderr(&unmigrated).contains("run `hostfn migrate` first"), "{}", stderr(&unmigrated));
}

#[test]
fn what_expires_is_found_by_an_index() {
    let sqlite = Sqlite::new();
    let database = Database::open(&sqlite.url()).unwrap();
    for table in ["sessions", "email_verification_tokens", "password_reset_tokens"] {
        let query = format!(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = '{table}' \
             AND sql LIKE '%(expires_at)'"
        );
        let found: i64 = database
            .read(|db| Ok(on_backend!(db, |connection| sql::<BigInt>(&query).get_result(connection))?))
            .unwrap();
        assert_eq!(found, 1, "{table}");
    }
}

fn wait_until_clean(url: &str) {
    let started = Instant::now();
    while CLEANED.iter().any(|table| rows_of(url, table) > 2) {
        assert!(started.elapsed() < Duration::from_secs(120), "nothing is cleaned up");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Until it is told to end, which it does with success.
#[cfg(unix)]
#[test]
fn cleanup_every_second_ends_when_it_is_told_to() {
    let sqlite = Sqlite::new();
    let child =
        hostfn(&["cleanup", "--database", &sqlite.url(), "--every", "1s"]).stdout(Stdio::piped()).spawn().unwrap();
    fill(&sqlite.url());
    wait_until_clean(&sqlite.url());
    let told = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(told.success());
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", ended.status);
    let shown = stdout(&ended);
    let removed =
        shown.lines().filter(|line| line.starts_with("sessions")).filter_map(|line| line.split(' ').rev().nth(1));
    assert_eq!(removed.map(|rows| rows.parse::<u32>().unwrap()).sum::<u32>(), 5, "{shown}");
}

/// Somebody holds the write lock for longer than is waited for.
#[cfg(unix)]
#[test]
fn cleanup_every_second_goes_on_after_a_fault_that_is_temporary() {
    let sqlite = Sqlite::new();
    fill(&sqlite.url());
    let mut holder = plain(&sqlite.path());
    holder.batch_execute("BEGIN IMMEDIATE").unwrap();
    let mut child = hostfn(&["cleanup", "--database", &sqlite.url(), "--every", "1s"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut logged = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut logged).unwrap();
    assert!(logged.contains("could not clean up") && logged.contains("database is locked"), "{logged}");
    assert_eq!(rows_of(&sqlite.url(), "sessions"), 7);
    holder.batch_execute("COMMIT").unwrap();
    wait_until_clean(&sqlite.url());
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(child.wait().unwrap().success());
}

use std::fs;

use diesel::connection::SimpleConnection;
use serde_json::Value;

use super::{Sqlite, execute, fill, plain, url_of};
use crate::command::{run, stderr, stdout};

/// The statuses by the names of the checks, and what was found.
pub(super) fn examine(url: &str) -> (bool, Vec<(String, String, String)>) {
    let output = run(&["doctor", "--database", url, "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let text = |check: &Value, member: &str| check[member].as_str().unwrap_or_default().to_owned();
    let checks = report["checks"].as_array().expect("there are checks").iter();
    let checks = checks.map(|check| (text(check, "name"), text(check, "status"), text(check, "found"))).collect();
    assert_eq!(report["ok"], output.status.success(), "{report}");
    (output.status.success(), checks)
}

/// What a check found, which must have had this status.
pub(super) fn found<'a>(checks: &'a [(String, String, String)], name: &str, status: &str) -> &'a str {
    let check = checks.iter().find(|(of, ..)| of == name).unwrap_or_else(|| panic!("no check {name}: {checks:?}"));
    assert_eq!(check.1, status, "{checks:?}");
    &check.2
}

#[test]
fn the_doctor_finds_nothing_wrong_with_a_good_database_and_changes_nothing() {
    let sqlite = Sqlite::new();
    let before = fs::read(sqlite.path()).unwrap();
    let (is_good, checks) = examine(&sqlite.url());
    assert!(is_good && checks.iter().all(|(_, status, _)| status == "ok"), "{checks:?}");
    let names: Vec<_> = checks.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["file", "folder", "connection", "journal", "settings", "integrity", "migrations"]);
    assert!(found(&checks, "settings", "ok").contains("durability is full"));
    assert!(found(&examine(&format!("{}?durability=normal", sqlite.url())).1, "settings", "ok").contains("normal"));
    assert!(before == fs::read(sqlite.path()).unwrap(), "the file was changed");
}

#[test]
fn the_doctor_names_migrations_that_are_missing_and_those_that_it_does_not_know() {
    let sqlite = Sqlite::new();
    let applied = "DELETE FROM __diesel_schema_migrations WHERE version = 'hostfn-functions/0002'";
    execute(&sqlite.url(), applied);
    let (is_good, checks) = examine(&sqlite.url());
    assert!(!is_good);
    assert_eq!(found(&checks, "migrations", "failed"), "not applied: hostfn-functions/0002_token_expiry");

    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('hostfn-functions/0099'), ('other-app/7')";
    execute(&sqlite.url(), newer);
    let (_, checks) = examine(&sqlite.url());
    assert_eq!(found(&checks, "migrations", "failed"), "this program does not know hostfn-functions/0099");
}

#[test]
fn the_doctor_changes_no_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plain.db");
    plain(&path).batch_execute("CREATE TABLE other (id INTEGER) STRICT").unwrap();
    let before = fs::read(&path).unwrap();
    let (_, checks) = examine(&url_of(&path));
    assert!(found(&checks, "journal", "warning").starts_with("delete"));
    assert!(found(&checks, "migrations", "failed").contains("hostfn-functions/0001_accounts"));
    assert!(before == fs::read(&path).unwrap(), "the file was changed");
}

#[test]
fn the_doctor_finds_a_damaged_page() {
    let sqlite = Sqlite::new();
    fill(&sqlite.url());
    let mut bytes = fs::read(sqlite.path()).unwrap();
    let page = 4096;
    // Not the first, which has the header; the second is the root of a table.
    bytes[page + 8..2 * page].fill(0xff);
    fs::write(sqlite.path(), bytes).unwrap();
    let (is_good, checks) = examine(&sqlite.url());
    assert!(!is_good);
    assert_ne!(found(&checks, "integrity", "failed"), "");
}

#[test]
fn the_doctor_says_what_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.db");
    let (is_good, checks) = examine(&url_of(&missing));
    assert!(!is_good && !missing.exists());
    assert!(found(&checks, "file", "failed").contains("No such file"));

    let text = folder.path().join("text.db");
    fs::write(&text, "not a database, and long enough to have a header. ".repeat(50)).unwrap();
    let (is_good, checks) = examine(&url_of(&text));
    assert!(!is_good);
    assert!(found(&checks, "connection", "failed").contains("file is not a database"));

    let (is_good, checks) = examine(&url_of(folder.path()));
    assert!(!is_good);
    assert!(found(&checks, "file", "failed").contains("is not a file"));
}

#[test]
fn the_doctor_sees_that_a_file_is_read_only() {
    let sqlite = Sqlite::new();
    let mut permissions = fs::metadata(sqlite.path()).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(sqlite.path(), permissions).unwrap();
    // The superuser writes to every file, and is told who does not.
    let is_superuser = fs::OpenOptions::new().append(true).open(sqlite.path()).is_ok();
    let (is_good, checks) = examine(&sqlite.url());
    assert_eq!(is_good, is_superuser);
    let said = found(&checks, "file", if is_superuser { "warning" } else { "failed" });
    assert!(said.contains(if is_superuser { "read-only" } else { "cannot be written" }), "{said}");
}

#[test]
fn the_doctor_shows_no_password() {
    for url in ["postgres://app:hunter2@127.0.0.1:1/app", "postgres://127.0.0.1:1/app?user=app&password=hunter2"] {
        let output = run(&["doctor", "--database", url]);
        assert_eq!(output.status.code(), Some(1));
        let said = stdout(&output) + &stderr(&output);
        assert!(said.contains("Connection refused") && said.contains("***") && !said.contains("hunter2"), "{said}");
    }
    // libpq would take a part of these for a port, and say so.
    for password in ["hun/ter2", "hun?ter2", "hun%zzter2", "hun@ter2"] {
        let output = run(&["doctor", "--database", &format!("postgres://app:{password}@127.0.0.1:1/app")]);
        let said = stdout(&output) + &stderr(&output);
        assert!(said.contains("percent-encoded") && !said.contains("hun") && !said.contains("ter2"), "{said}");
    }
}

//! What an operator does with a database: clean it up, copy it, have it examined.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
    sync::atomic::{AtomicBool, Ordering},
};

use diesel::{RunQueryDsl, connection::SimpleConnection, dsl::sql, sql_types::BigInt};
use hostfn::{Database, on_backend};
use serde_json::Value;
use tempfile::TempDir;

use crate::command::{run, stderr, stdout};

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

const CLEANED: [&str; 4] = ["sessions", "email_verification_tokens", "password_reset_tokens", "hostfn_answers"];

pub(crate) fn cleanup_removes_exactly_what_has_expired(url: &str) {
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
    use hostfn::Clock;
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

/// Until it is told to end, which it does with success.
#[cfg(unix)]
#[test]
fn cleanup_every_second_ends_when_it_is_told_to() {
    use std::{
        process::{Command, Stdio},
        thread,
        time::{Duration, Instant},
    };
    let sqlite = Sqlite::new();
    let child = crate::command::hostfn(&["cleanup", "--database", &sqlite.url(), "--every", "1s"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    fill(&sqlite.url());
    let started = Instant::now();
    while rows_of(&sqlite.url(), "hostfn_answers") > 2 && started.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(50));
    }
    let told = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(told.success());
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", ended.status);
    assert_eq!(rows_of(&sqlite.url(), "sessions"), 2);
    // Whether the first round or a later one found them: rounds with nothing to do say nothing.
    assert_eq!(stdout(&ended).lines().filter(|line| line.starts_with("sessions")).count(), 1, "{}", stdout(&ended));
}

/// Somebody holds the write lock for longer than is waited for.
#[cfg(unix)]
#[test]
fn cleanup_every_second_goes_on_after_a_fault_that_is_temporary() {
    use std::{
        io::{BufRead, BufReader},
        process::{Command, Stdio},
        time::{Duration, Instant},
    };
    let sqlite = Sqlite::new();
    fill(&sqlite.url());
    let mut holder = plain(&sqlite.path());
    holder.batch_execute("BEGIN IMMEDIATE").unwrap();
    let mut child = crate::command::hostfn(&["cleanup", "--database", &sqlite.url(), "--every", "1s"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut logged = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut logged).unwrap();
    assert!(logged.contains("could not clean up") && logged.contains("database is locked"), "{logged}");
    assert_eq!(rows_of(&sqlite.url(), "sessions"), 7);
    holder.batch_execute("COMMIT").unwrap();
    let started = Instant::now();
    while rows_of(&sqlite.url(), "hostfn_answers") > 2 && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    assert_eq!(rows_of(&sqlite.url(), "hostfn_answers"), 2);
}

fn back_up(from: &str, to: &Path) -> Output {
    run(&["backup", "--database", from, to.to_str().expect("paths are text")])
}

#[test]
fn a_backup_is_taken_while_somebody_writes() {
    let sqlite = Sqlite::new();
    execute(&sqlite.url(), "CREATE TABLE pairs (one INTEGER, other INTEGER) STRICT");
    let done = AtomicBool::new(false);
    let output = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let database = Database::open(&sqlite.url()).unwrap();
            let mut written = 0;
            while !done.load(Ordering::Relaxed) {
                let pair = format!("INSERT INTO pairs VALUES ({written}, 0); UPDATE pairs SET other = one;");
                database.write(|db| Ok(on_backend!(db, |connection| connection.batch_execute(&pair))?)).unwrap();
                written += 1;
            }
            written
        });
        while rows_of(&sqlite.url(), "pairs") < 5 {
            std::thread::yield_now();
        }
        let output = back_up(&sqlite.url(), &sqlite.copy());
        done.store(true, Ordering::Relaxed);
        assert!(writer.join().unwrap() > 5);
        output
    });
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("without damage"), "{}", stdout(&output));
    let copy = url_of(&sqlite.copy());
    let pairs = rows_of(&copy, "pairs");
    assert!(pairs >= 5 && pairs <= rows_of(&sqlite.url(), "pairs"), "{pairs}");
    assert_eq!(rows_of(&copy, "pairs WHERE one <> other"), 0, "half of a transaction is in the copy");
    // What was restored is a database like the first.
    assert!(run(&["doctor", "--database", &copy]).status.success());
}

#[test]
fn a_backup_that_cannot_be_made_says_why_and_leaves_nothing() {
    let sqlite = Sqlite::new();
    let taken = sqlite.folder.path().join("taken.db");
    fs::write(&taken, "somebody's").unwrap();
    let not_a_database = sqlite.folder.path().join("text.db");
    fs::write(&not_a_database, "not a database, and long enough to have a header. ".repeat(50)).unwrap();
    for (from, to, said) in [
        (sqlite.url(), taken.clone(), "is there already"),
        (sqlite.url(), sqlite.folder.path().join("no/copy.db"), "create it first"),
        ("sqlite::memory:".to_owned(), sqlite.copy(), "there is nothing in sqlite::memory:"),
        (url_of(&sqlite.folder.path().join("missing.db")), sqlite.copy(), "there is no such file"),
        ("postgres://app@localhost/app".to_owned(), sqlite.copy(), "pg_dump --format=custom"),
        (url_of(&not_a_database), sqlite.copy(), "file is not a database"),
    ] {
        let output = back_up(&from, &to);
        assert_eq!(output.status.code(), Some(1), "{from}");
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
    assert_eq!(fs::read_to_string(&taken).unwrap(), "somebody's");
    let mut left = sqlite.others();
    left.sort();
    assert_eq!(left, ["taken.db", "text.db"]);
}

#[test]
fn a_damaged_database_makes_no_backup() {
    let sqlite = Sqlite::new();
    // A row whose parent is not there, as a program leaves it that turns the foreign keys off.
    let orphan = "INSERT INTO sessions VALUES (zeroblob(32), 'nobody', 1, 4000000000000000)";
    plain(&sqlite.path()).batch_execute(&format!("PRAGMA foreign_keys = OFF; {orphan}")).unwrap();
    let output = back_up(&sqlite.url(), &sqlite.copy());
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("rows of sessions refer to rows of users"), "{}", stderr(&output));
    assert_eq!(sqlite.others(), Vec::<String>::new());
}

/// A connection with none of a host's settings.
fn plain(path: &Path) -> diesel::SqliteConnection {
    use diesel::Connection;
    diesel::SqliteConnection::establish(path.to_str().expect("the file can be opened")).expect("the file can be opened")
}

/// The statuses by the names of the checks, and what was found.
pub(crate) fn examine(url: &str) -> (bool, Vec<(String, String, String)>) {
    let output = run(&["doctor", "--database", url, "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let text = |check: &Value, member: &str| check[member].as_str().unwrap_or_default().to_owned();
    let checks = report["checks"].as_array().expect("there are checks").iter();
    let checks = checks.map(|check| (text(check, "name"), text(check, "status"), text(check, "found"))).collect();
    assert_eq!(report["ok"], output.status.success(), "{report}");
    (output.status.success(), checks)
}

/// What a check found, which must have had this status.
pub(crate) fn found<'a>(checks: &'a [(String, String, String)], name: &str, status: &str) -> &'a str {
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

//! A file that one process has for itself, and the tools beside it. Each command is a process of its own.

use std::{process::Output, thread};

use diesel::{RunQueryDsl, dsl::sql, sql_types::BigInt};
use hostfn::{Clock, Database, on_backend};

use super::{
    Sqlite,
    doctor::{examine, found},
    fill, rows_of, url_of,
};
use crate::command::{run, stderr, stdout};

impl Sqlite {
    fn url_for_one(&self) -> String {
        format!("{}?processes=one", self.url())
    }
}

fn rows(database: &Database) -> i64 {
    let query = sql::<BigInt>("SELECT count(*) FROM sessions");
    let count = database.read(|db| Ok(on_backend!(db, |connection| query.get_result(connection))?));
    count.expect("the database answers")
}

fn assert_refused(output: &Output, expected: &str) {
    assert!(!output.status.success(), "{}", stdout(output));
    let said = format!("{}{}", stdout(output), stderr(output));
    assert!(said.contains(expected) && said.contains("stop that one, or leave `processes=one` out"), "{said}");
}

#[test]
fn nobody_else_opens_a_file_that_a_process_has_for_itself() {
    let sqlite = Sqlite::new();
    fill(&sqlite.url());
    let database = Database::open(&sqlite.url_for_one()).unwrap();
    let (url, for_one, copy) = (sqlite.url(), sqlite.url_for_one(), sqlite.copy().display().to_string());
    // Each waits for a while: side by side they wait together.
    thread::scope(|scope| {
        for (url, expected) in [
            (&url, "another process has locked it: a host whose URL says `processes=one` has it for itself"),
            (&for_one, "another process has"),
        ] {
            let copy = &copy;
            scope.spawn(move || assert_refused(&run(&["doctor", "--database", url]), expected));
            scope.spawn(move || assert_refused(&run(&["backup", "--database", url, copy]), expected));
            scope.spawn(move || assert_refused(&run(&["cleanup", "--database", url]), expected));
            scope.spawn(move || assert_refused(&run(&["migrate", "--database", url]), expected));
        }
    });
    assert!(sqlite.others().is_empty(), "{:?}", sqlite.others());

    // The process itself can do what they do.
    assert_eq!(rows(&database), 7);
    database.copy_into(&sqlite.copy()).unwrap();
    let registry = hostfn::functions::registry();
    let now = Clock::system().now();
    let cleanup = registry.cleanups().iter().find(|cleanup| cleanup.name() == "sessions").unwrap();
    assert_eq!(cleanup.run_batch(&database, now, 10).unwrap(), 5);
    assert_eq!(rows(&database), 2);

    // It can also open it again, in whichever way.
    for again in [&url, &for_one] {
        let again = Database::open(again).unwrap();
        assert_eq!(rows(&again), 2);
    }
    assert_eq!(rows(&database), 2);
    // What was opened and closed beside it took no lock along.
    assert_refused(&run(&["migrate", "--database", &for_one]), "another process has it open");

    drop(database);
    assert_eq!(rows_of(&url_of(&sqlite.copy()), "sessions"), 7);
    assert!(run(&["migrate", "--database", &for_one]).status.success());
    assert_eq!(rows_of(&url, "sessions"), 2);
}

#[test]
fn no_process_has_a_file_for_itself_that_another_has_open() {
    let sqlite = Sqlite::new();
    fill(&sqlite.url());
    let database = Database::open(&sqlite.url()).unwrap();
    assert_eq!(rows(&database), 7);
    assert_refused(&run(&["migrate", "--database", &sqlite.url_for_one()]), "another process has it open");
    // Looking takes nothing for itself.
    let (is_good, checks) = examine(&sqlite.url_for_one());
    assert!(is_good, "{checks:?}");
    assert_eq!(rows(&database), 7);
}

#[test]
fn tools_take_the_url_of_a_host_that_does_not_run() {
    let sqlite = Sqlite::new();
    fill(&sqlite.url());
    let url = sqlite.url_for_one();
    let (is_good, checks) = examine(&url);
    assert!(is_good, "{checks:?}");
    assert!(found(&checks, "journal", "ok").starts_with("wal"));
    let copied = run(&["backup", "--database", &url, sqlite.copy().to_str().unwrap()]);
    assert!(copied.status.success(), "{}", stderr(&copied));
    let cleaned = run(&["cleanup", "--database", &url]);
    assert!(cleaned.status.success(), "{}", stderr(&cleaned));
    assert_eq!((rows_of(&sqlite.url(), "sessions"), rows_of(&url_of(&sqlite.copy()), "sessions")), (2, 7));
}

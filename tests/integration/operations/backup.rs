use std::{
    fs,
    path::Path,
    process::Output,
    sync::atomic::{AtomicBool, Ordering},
};

use diesel::connection::SimpleConnection;
use hostfn::{Database, on_backend};

use super::{Sqlite, execute, plain, rows_of, url_of};
use crate::command::{run, stderr, stdout};

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
        let wait_for = |pairs| {
            while rows_of(&sqlite.url(), "pairs") < pairs && !writer.is_finished() {
                std::thread::yield_now();
            }
        };
        wait_for(5);
        let output = back_up(&sqlite.url(), &sqlite.copy());
        // It still writes.
        wait_for(6);
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

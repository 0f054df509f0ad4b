//! What becomes of a database when host functions do what they should not.

use diesel::{QueryDsl, RunQueryDsl, connection::SimpleConnection, result::QueryResult};
use hostfn_runtime::{Database, DbConnection, Limits, Plugin, db::Backend, host_fn, on_backend};

use crate::{
    databases::{Empty, every_kind},
    functions::{answer, builder, forwarding, notes},
};

/// Runs SQL as it is told, and then fails if it is told so.
#[host_fn(permission = "sql")]
fn run_sql(db: &mut DbConnection, sql: String, fail: Option<bool>) -> QueryResult<()> {
    on_backend!(db, |connection| connection.batch_execute(&sql))?;
    if fail == Some(true) { Err(diesel::result::Error::NotFound) } else { Ok(()) }
}

/// A plugin, and how many notes are there for somebody else who looks.
struct Host {
    plugin: Plugin,
    database: Database,
    empty: Empty,
}

impl Host {
    fn new(empty: Empty) -> Self {
        let database = empty.database.clone();
        let limits = Limits { response_bytes: 1000, ..Limits::default() };
        let manager = builder().database(database.clone()).limits(limits).build().unwrap();
        Self { plugin: forwarding(&manager), database, empty }
    }

    fn every_kind() -> impl Iterator<Item = Self> {
        every_kind().map(Self::new)
    }

    /// The code of the error, or none for a success.
    fn call(&self, function: &str, request: &serde_json::Value) -> Option<String> {
        let answer = answer(&self.plugin, function, request.to_string());
        answer["error"]["code"].as_str().map(str::to_owned)
    }

    fn add(&self) {
        assert_eq!(self.call("add_note", &serde_json::json!({"text": "kept"})), None, "{:?}", self.database);
    }

    /// What is committed. The one connection of a database in memory would also show what is not:
    /// there, a panic closes it first, and with it goes what was not committed.
    fn committed(&self) -> i64 {
        let count = match &self.empty.place {
            Some(place) => {
                let count =
                    |db: &mut DbConnection| on_backend!(db, |connection| notes::table.count().get_result(connection));
                place.open().read(|db| Ok(count(db)?)).unwrap()
            }
            None => {
                assert_eq!(self.call("add_note_and_panic", &serde_json::json!({"text": "lost"})).unwrap(), "internal");
                answer(&self.plugin, "count_notes", "")["data"].as_i64().unwrap()
            }
        };
        let through_the_host = answer(&self.plugin, "count_notes", "")["data"].as_i64().unwrap();
        assert_eq!(count, through_the_host, "{:?}", self.database);
        count
    }
}

#[test]
fn nothing_of_a_failed_function_stays_and_the_next_write_does() {
    for host in Host::every_kind() {
        host.add();
        for (written, (function, request, code)) in (1..).zip([
            ("add_note_and_panic", serde_json::json!({"text": "lost"}), "internal"),
            ("add_note_and_fail", serde_json::json!({"text": "lost"}), "conflict"),
            ("add_note_and_answer_much", serde_json::json!({"text": "lost", "bytes": 1000}), "limit_exceeded"),
            ("add_note_and_leave_open", serde_json::json!({"text": "lost"}), "internal"),
            ("roll_back", serde_json::json!({"text": "lost"}), "internal"),
            ("count_notes_and_panic", serde_json::json!({}), "internal"),
            ("add_note_while_reading", serde_json::json!({"text": "lost"}), "unavailable"),
        ]) {
            assert_eq!(host.call(function, &request).as_deref(), Some(code), "{function}");
            assert_eq!(host.committed(), written, "{function} on {:?}", host.database);
            host.add();
            assert_eq!(host.committed(), written + 1, "the write after {function} on {:?}", host.database);
        }
    }
}

#[test]
fn a_transaction_in_sql_within_the_one_that_it_is_lent_spoils_nothing() {
    for host in Host::every_kind() {
        let sql = "INSERT INTO notes (text) VALUES ('lost'); BEGIN;";
        // PostgreSQL takes no notice of it, but for a warning.
        let (refused, notes) = match host.database.backend() {
            Backend::Postgres => (None, 1),
            _ => (Some("internal"), 0),
        };
        assert_eq!(host.call("run_sql", &serde_json::json!({"sql": sql})).as_deref(), refused);
        assert_eq!(host.committed(), notes);
        let sql = "SAVEPOINT mine; INSERT INTO notes (text) VALUES ('lost'); ROLLBACK TO mine;
                   INSERT INTO notes (text) VALUES ('kept');";
        assert_eq!(host.call("run_sql", &serde_json::json!({"sql": sql})), None);
        assert_eq!(host.committed(), notes + 1);
    }
}

#[test]
fn a_function_that_commits_by_itself_is_not_a_success_and_spoils_nothing_for_the_next() {
    for host in Host::every_kind() {
        let sql = "INSERT INTO notes (text) VALUES ('committed'); COMMIT;";
        assert_eq!(host.call("run_sql", &serde_json::json!({"sql": sql})).unwrap(), "internal");
        // No host can undo what the function itself made last.
        assert_eq!(host.committed(), 1);
        assert_eq!(host.call("run_sql", &serde_json::json!({"sql": sql, "fail": true})).unwrap(), "not_found");
        assert_eq!(host.committed(), 2);
        host.add();
        assert_eq!(host.call("add_note_and_fail", &serde_json::json!({"text": "lost"})).unwrap(), "conflict");
        assert_eq!(host.committed(), 3);
    }
}

#[test]
fn writers_of_a_database_in_memory_queue_as_well() {
    let host = Host::new(Empty::in_memory());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    host.add();
                    assert_eq!(host.call("count_notes", &serde_json::json!({})), None);
                }
            });
        }
    });
    assert_eq!(host.committed(), 160);
}

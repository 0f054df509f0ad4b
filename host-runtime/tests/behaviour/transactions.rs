use hostfn_runtime::{BuildProblem, Limits, Plugin, db::Backend};
use hostfn_test::{TestDatabase, TestHost};
use serde_json::json;

use crate::{
    databases::{Empty, every_kind},
    functions::{answer, builder, forwarding, of_one_backend},
};

fn plugin(empty: &Empty) -> Plugin {
    forwarding(&builder().database(empty.database.clone()).build().unwrap())
}

fn count(plugin: &Plugin) -> i64 {
    answer(plugin, "count_notes", "")["data"].as_i64().unwrap()
}

#[test]
fn a_function_that_fails_changes_nothing() {
    for database in TestDatabase::available() {
        let host = TestHost::on(database, builder());
        let effect = host.record(|| {
            assert_eq!(host.call("add_note_and_fail", json!({"text": "lost"})).error().code.as_str(), "conflict");
        });
        assert!(effect.effect().is_empty(), "{effect}");
    }
}

#[test]
fn an_answer_that_is_too_large_undoes_what_was_done_for_it() {
    for empty in every_kind() {
        let limits = Limits { response_bytes: 1000, ..Limits::default() };
        let plugin = forwarding(&builder().database(empty.database.clone()).limits(limits).build().unwrap());
        let much = answer(&plugin, "add_note_and_answer_much", r#"{"text": "lost", "bytes": 1000}"#);
        assert_eq!(much["error"]["code"], "limit_exceeded");
        assert_eq!(count(&plugin), 0);
        assert_eq!(answer(&plugin, "add_note_and_answer_much", r#"{"text": "kept", "bytes": 900}"#)["success"], true);
        assert_eq!(count(&plugin), 1);
    }
}

#[test]
fn a_function_has_transactions_of_its_own_within_the_one_that_it_is_lent() {
    for empty in every_kind() {
        let plugin = plugin(&empty);
        assert_eq!(answer(&plugin, "add_notes_nested", r#"{"text": "kept"}"#)["data"], 1);
        assert_eq!(count(&plugin), 1);
    }
}

#[test]
fn a_function_that_meddles_with_its_transaction_has_done_nothing() {
    for empty in every_kind() {
        let plugin = plugin(&empty);
        for function in ["add_note_and_leave_open", "roll_back"] {
            assert_eq!(answer(&plugin, function, r#"{"text": "lost"}"#)["error"]["code"], "internal", "{function}");
            assert_eq!(count(&plugin), 0, "{function}");
            assert_eq!(answer(&plugin, "add_note_and_fail", r#"{"text": "lost"}"#)["error"]["code"], "conflict");
        }
        assert_eq!(answer(&plugin, "add_note", r#"{"text": "kept"}"#)["success"], true);
        assert_eq!(count(&plugin), 1);
    }
}

#[test]
fn a_function_that_goes_on_after_a_failed_statement_is_told_of_as_it_came_out() {
    for empty in every_kind() {
        let plugin = plugin(&empty);
        let swallowed = answer(&plugin, "add_note_twice", r#"{"text": "perhaps"}"#);
        let kept = if empty.database.backend() == Backend::Postgres {
            // It undoes all that a function did when one of its statements fails, and says so only if it is asked.
            assert_eq!(swallowed["error"]["code"], "internal", "{swallowed}");
            0
        } else {
            assert_eq!(swallowed["success"], true, "{swallowed}");
            1
        };
        assert_eq!(count(&plugin), kept, "{:?}", empty.database);
        // In a transaction of its own it can fail alone.
        let nested = answer(&plugin, "add_note_twice_nested", r#"{"text": "kept"}"#);
        assert_eq!(nested["success"], true, "{nested}");
        assert_eq!(count(&plugin), kept + 1, "{:?}", empty.database);
    }
}

#[test]
fn a_function_may_take_diesels_own_connection_where_the_host_has_it() {
    let functions = [(Backend::Sqlite, "count_notes_in_sqlite"), (Backend::Postgres, "count_notes_in_postgres")];
    for empty in every_kind() {
        for (backend, function) in functions {
            let built = builder().functions(of_one_backend(function)).database(empty.database.clone()).build();
            if backend == empty.database.backend() {
                assert_eq!(answer(&forwarding(&built.unwrap()), function, "")["data"], 0);
            } else {
                let error = built.unwrap_err();
                assert!(matches!(error.problems(), [BuildProblem::OtherDatabase { .. }]), "{error}");
            }
        }
    }
}

#[test]
fn a_function_that_only_reads_cannot_write() {
    for empty in every_kind() {
        let (plugin, url) = (plugin(&empty), empty.database.url());
        assert_eq!(answer(&plugin, "add_note_while_reading", r#"{"text": "lost"}"#)["success"], false, "{url}");
        assert_eq!(answer(&plugin, "add_note", r#"{"text": "kept"}"#)["success"], true, "{url}");
        assert_eq!(count(&plugin), 1, "{url}");
    }
}

#[test]
fn writers_queue_and_readers_do_not_wait_for_them() {
    const THREADS: usize = 8;
    const WRITES: usize = 10;
    for database in TestDatabase::available() {
        let empty = Empty::on(database);
        let plugin = plugin(&empty);
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for _ in 0..WRITES {
                        let written = answer(&plugin, "add_note", r#"{"text": "kept"}"#);
                        assert_eq!(written["success"], true, "{written}");
                        let read = answer(&plugin, "count_notes", "");
                        assert_eq!(read["success"], true, "{read}");
                    }
                });
            }
        });
        assert_eq!(count(&plugin), (THREADS * WRITES) as i64);
    }
}

#[test]
fn every_connection_to_sqlite_has_every_setting() {
    let host = TestHost::new(builder());
    let settings = |query_only: &str| {
        json!(["journal_mode wal", "synchronous 1", "foreign_keys 1", "trusted_schema 0", query_only])
    };
    assert_eq!(host.call("pragmas_of_reader", json!({})).data(), settings("query_only 1"));
    assert_eq!(host.call("pragmas_of_writer", json!({})).data(), settings("query_only 0"));
}

use hostfn_runtime::{Database, Limits, Plugin};
use serde_json::json;

use crate::functions::{answer, builder, forwarding, host, in_memory};

fn count(plugin: &Plugin) -> i64 {
    answer(plugin, "count_notes", "")["data"].as_i64().unwrap()
}

#[test]
fn a_function_that_fails_changes_nothing() {
    let host = host();
    let effect = host.record(|| {
        assert_eq!(host.call("add_note_and_fail", json!({"text": "lost"})).error().code.as_str(), "conflict");
    });
    assert!(effect.effect().is_empty(), "{effect}");
}

#[test]
fn an_answer_that_is_too_large_undoes_what_was_done_for_it() {
    let limits = Limits { response_bytes: 1000, ..Limits::default() };
    let manager = builder().database(Database::open("sqlite::memory:").unwrap()).limits(limits).build().unwrap();
    let plugin = forwarding(&manager);
    let much = answer(&plugin, "add_note_and_answer_much", r#"{"text": "lost", "bytes": 1000}"#);
    assert_eq!(much["error"]["code"], "limit_exceeded");
    assert_eq!(count(&plugin), 0);
    assert_eq!(answer(&plugin, "add_note_and_answer_much", r#"{"text": "kept", "bytes": 900}"#)["success"], true);
    assert_eq!(count(&plugin), 1);
}

#[test]
fn a_function_has_transactions_of_its_own_within_the_one_that_it_is_lent() {
    let plugin = forwarding(&in_memory());
    assert_eq!(answer(&plugin, "add_notes_nested", r#"{"text": "kept"}"#)["data"], 1);
    assert_eq!(count(&plugin), 1);
}

#[test]
fn a_function_that_meddles_with_its_transaction_has_done_nothing() {
    let plugin = forwarding(&in_memory());
    for function in ["add_note_and_leave_open", "roll_back"] {
        assert_eq!(answer(&plugin, function, r#"{"text": "lost"}"#)["error"]["code"], "internal", "{function}");
        assert_eq!(count(&plugin), 0, "{function}");
        assert_eq!(answer(&plugin, "add_note_and_fail", r#"{"text": "lost"}"#)["error"]["code"], "conflict");
    }
    assert_eq!(answer(&plugin, "add_note", r#"{"text": "kept"}"#)["success"], true);
    assert_eq!(count(&plugin), 1);
}

#[test]
fn a_function_that_only_reads_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    for url in ["sqlite::memory:", &url] {
        let manager = builder().database(Database::open(url).unwrap()).build().unwrap();
        let plugin = forwarding(&manager);
        assert_eq!(answer(&plugin, "add_note_while_reading", r#"{"text": "lost"}"#)["success"], false, "{url}");
        assert_eq!(answer(&plugin, "add_note", r#"{"text": "kept"}"#)["success"], true, "{url}");
        assert_eq!(count(&plugin), 1, "{url}");
    }
}

#[test]
fn writers_queue_and_readers_do_not_wait_for_them() {
    const THREADS: usize = 8;
    const WRITES: usize = 10;
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?durability=normal", folder.path().join("test.db").display());
    let manager = builder().database(Database::open(&url).unwrap()).build().unwrap();
    let plugin = forwarding(&manager);
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

#[test]
fn every_connection_has_every_setting() {
    let host = host();
    let settings = |query_only: &str| {
        json!(["journal_mode wal", "synchronous 1", "foreign_keys 1", "trusted_schema 0", query_only])
    };
    assert_eq!(host.call("pragmas_of_reader", json!({})).data(), settings("query_only 1"));
    assert_eq!(host.call("pragmas_of_writer", json!({})).data(), settings("query_only 0"));
}

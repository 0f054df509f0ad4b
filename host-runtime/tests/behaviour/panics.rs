use hostfn_runtime::{Database, PluginManager};
use serde_json::json;

use crate::{
    databases,
    functions::{answer, builder, forwarding, host, in_memory},
};

fn on_every_kind(test: impl Fn(&PluginManager)) {
    for empty in databases::every_kind() {
        test(&builder().database(empty.database.clone()).build().unwrap());
    }
}

#[test]
fn the_guest_is_told_that_something_broke_and_not_what() {
    let error = host().call("panic_now", json!({})).error();
    assert_eq!(error.code.as_str(), "internal");
    assert!(!error.message.contains("text of the panic"), "{}", error.message);
    assert!(error.call_id.ends_with("/1"), "{}", error.call_id);
}

#[test]
fn the_plugin_and_every_other_plugin_go_on() {
    let manager = in_memory();
    let (first, second) = (forwarding(&manager), forwarding(&manager));
    assert_eq!(answer(&first, "panic_now", "")["error"]["code"], "internal");
    for plugin in [&first, &second] {
        assert_eq!(answer(plugin, "echo_text", r#"{"text": "still here"}"#)["data"], "still here");
    }
}

#[test]
fn what_was_written_before_the_panic_is_undone_and_the_next_write_stays() {
    on_every_kind(|manager| {
        let plugin = forwarding(manager);
        assert_eq!(answer(&plugin, "add_note", r#"{"text": "before"}"#)["data"], 1);
        for function in ["add_note_and_panic", "add_note_nested_and_panic"] {
            assert_eq!(answer(&plugin, function, r#"{"text": "lost"}"#)["error"]["code"], "internal");
            assert_eq!(answer(&plugin, "count_notes", "")["data"], 1);
        }
        // On a connection that was still in the transaction this would say that all is well.
        assert_eq!(answer(&plugin, "add_note", r#"{"text": "after"}"#)["success"], true);
        let elsewhere = Database::clone(manager.database().unwrap());
        assert_eq!(answer(&forwarding(&builder().database(elsewhere).build().unwrap()), "count_notes", "")["data"], 2);
    });
}

#[test]
fn a_reader_that_panics_takes_nothing_with_it() {
    on_every_kind(|manager| {
        let plugin = forwarding(manager);
        answer(&plugin, "add_note", r#"{"text": "before"}"#);
        // More often than there are readers.
        for _ in 0..10 {
            assert_eq!(answer(&plugin, "count_notes_and_panic", "")["error"]["code"], "internal");
        }
        assert_eq!(answer(&plugin, "count_notes", "")["data"], 1);
        assert_eq!(answer(&plugin, "add_note", r#"{"text": "after"}"#)["success"], true);
    });
}

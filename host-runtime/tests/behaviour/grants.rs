use std::sync::atomic::Ordering;

use hostfn_runtime::{Database, Grants};
use hostfn_test::forwarding_guest;
use serde_json::json;

use crate::functions::{Counter, answer, host};

#[test]
fn nothing_is_granted_unless_it_is() {
    let host = host();
    let plugin = host.as_plugin("stranger", Grants::none());
    let denied = plugin.call("add_note", json!({"text": "lost"})).error();
    assert_eq!(denied.code.as_str(), "permission_denied");
    assert!(denied.message.contains("`stranger` was not granted `notes:write`"), "{}", denied.message);
    assert_eq!(host.rows().count("notes"), 0);
}

#[test]
fn a_grant_is_for_what_it_names() {
    let host = host();
    let reader = host.as_plugin("reader", Grants::of(["notes:read"]).unwrap());
    assert_eq!(reader.call("count_notes", json!({})).data(), 0);
    assert_eq!(reader.call("add_note", json!({"text": "lost"})).error().code.as_str(), "permission_denied");
    // A name is no beginning of names: that is what `*` is for.
    let beginning = host.as_plugin("beginning", Grants::of(["notes", "notes:rea"]).unwrap());
    assert_eq!(beginning.call("count_notes", json!({})).error().code.as_str(), "permission_denied");
    let writer = host.as_plugin("writer", Grants::of(["notes:*"]).unwrap());
    assert_eq!(writer.call("add_note", json!({"text": "kept"})).data(), 1);
}

#[test]
fn a_denied_call_is_not_even_read() {
    let host = host();
    let stranger = host.as_plugin("stranger", Grants::none());
    assert_eq!(stranger.call("add_note", json!("no object")).error().code.as_str(), "permission_denied");
}

#[test]
fn a_denied_function_does_not_run() {
    let counter = Counter::default();
    let host = hostfn_runtime::PluginManager::builder()
        .functions(crate::functions::registry())
        .provide(counter.clone())
        .database(Database::open("sqlite::memory:").unwrap())
        .build()
        .unwrap();
    let module = forwarding_guest(host.functions(), true);
    let (stranger, friend) =
        (host.load("s", &module, Grants::none()).unwrap(), host.load("f", &module, Grants::all()).unwrap());
    answer(&stranger, "echo_text", "");
    assert_eq!(counter.0.load(Ordering::SeqCst), 0);
    answer(&friend, "echo_text", "");
    assert_eq!(counter.0.load(Ordering::SeqCst), 1);
}

use std::sync::{Arc, Mutex, atomic::Ordering};

use hostfn_runtime::{Grants, HostCall, HostError, LimitChanges, Observer, PluginOptions, host_fn};
use hostfn_test::forwarding_guest;
use serde_json::{Value, json};

use crate::functions::{Counter, answer, forwarding, host};

#[test]
fn a_function_is_lent_who_calls_what_time_it_is_randomness_and_state() {
    let lent = || {
        let host = host();
        host.clock().advance_seconds(60);
        host.as_plugin("reader", Grants::of(["lent"]).unwrap()).call("lent", json!({})).data()
    };
    let first = lent();
    assert_eq!((&first[0], &first[1], &first[3]), (&json!("reader"), &json!("2026-01-02T03:05:05.000000Z"), &json!(0)));
    assert_eq!(first, lent(), "of another host with the same seed");
}

#[test]
fn a_call_draws_the_same_whatever_was_called_before_it() {
    let drawn = |before: usize| {
        let host = host();
        (0..before).for_each(|_| drop(host.call("echo_text", json!({}))));
        host.call("lent", json!({})).data()[2].take()
    };
    assert_eq!(drawn(0), drawn(3));
    let host = host();
    let draw = || host.call("lent", json!({})).data()[2].take();
    assert_ne!(draw(), draw(), "the second such call");
}

/// Refuses what it read, as a function does that has a limit of its own.
#[host_fn(permission = "echo_text")]
fn too_many(text: String) -> Result<(), HostError> {
    Err(HostError::limit_exceeded(format!("{} bytes are too many", text.len())))
}

#[derive(Default)]
struct Watcher {
    seen: Mutex<Vec<(String, String)>>,
}

impl Observer for Watcher {
    fn host_call(&self, call: &HostCall<'_>) {
        self.seen.lock().unwrap().push((call.request.to_owned(), call.response.to_owned()));
        assert!(!format!("{call:?}").contains("hello"), "a call is shown without its texts");
        if call.request.contains("panic") {
            panic!("an observer that panics");
        }
    }
}

#[test]
fn an_observer_sees_every_call_and_cannot_spoil_one() {
    let watcher = Arc::new(Watcher::default());
    let counter = Counter::default();
    let manager = hostfn_runtime::PluginManager::builder()
        .functions(crate::functions::registry())
        .provide(counter.clone())
        .database(hostfn_runtime::Database::open("sqlite::memory:").unwrap())
        .observer(watcher.clone())
        .build()
        .unwrap();
    let plugin = forwarding(&manager);
    for request in [r#"{"text":"hello"}"#, r#"{"text":"panic"}"#, r#"{"txt":""}"#] {
        let response: Value = answer(&plugin, "echo_text", request);
        let seen = watcher.seen.lock().map_or_else(|poisoned| poisoned.into_inner().clone(), |seen| seen.clone());
        watcher.seen.clear_poison();
        let (seen_request, seen_response) = seen.last().unwrap();
        assert_eq!(seen_request, request);
        assert_eq!(serde_json::from_str::<Value>(seen_response).unwrap(), response);
    }
    assert_eq!(counter.0.load(Ordering::SeqCst), 2);
}

#[test]
fn an_observer_is_shown_a_request_that_was_read_and_no_other() {
    let watcher = Arc::new(Watcher::default());
    let manager = hostfn_runtime::PluginManager::builder()
        .functions(crate::functions::registry())
        .provide(Counter::default())
        .database(hostfn_runtime::Database::open("sqlite::memory:").unwrap())
        .observer(watcher.clone())
        .build()
        .unwrap();
    let module = forwarding_guest(manager.functions(), true);
    let seen = |grants: Grants, limits: LimitChanges, function: &str, request: &str| {
        let plugin = manager.load("seen", &module, PluginOptions::from(grants).limits(limits)).unwrap();
        let response: Value = answer(&plugin, function, request);
        let seen = watcher.seen.lock().unwrap().last().unwrap().0.clone();
        (seen, response["error"]["code"].as_str().unwrap_or("success").to_owned())
    };
    let text = r#"{"text":"hello"}"#;
    let none = LimitChanges::default;
    let small = LimitChanges { request_bytes: Some(5), ..none() };
    let few = LimitChanges { host_call_bytes: Some(5), ..none() };
    let no_calls = LimitChanges { host_calls: Some(0), ..none() };
    let shown = |request: &str, code: &str| (request.to_owned(), code.to_owned());
    assert_eq!(seen(Grants::all(), none(), "echo_text", text), shown(text, "success"));
    assert_eq!(seen(Grants::all(), none(), "too_many", "{}"), shown("{}", "invalid_request"));
    assert_eq!(seen(Grants::none(), none(), "echo_text", text), shown("", "permission_denied"));
    assert_eq!(seen(Grants::all(), small, "echo_text", text), shown("", "limit_exceeded"));
    assert_eq!(seen(Grants::all(), few, "echo_text", text), shown("", "limit_exceeded"));
    assert_eq!(seen(Grants::all(), no_calls, "echo_text", text), shown("", "limit_exceeded"));
    // The function's own error: it read its request.
    assert_eq!(seen(Grants::all(), none(), "too_many", text), shown(text, "limit_exceeded"));
}

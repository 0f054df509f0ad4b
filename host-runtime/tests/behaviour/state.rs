use std::sync::{Arc, Mutex, atomic::Ordering};

use hostfn_runtime::{Grants, HostCall, Observer};
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

#[derive(Default)]
struct Watcher {
    seen: Mutex<Vec<(Option<String>, String)>>,
}

impl Observer for Watcher {
    fn host_call(&self, call: &HostCall<'_>) {
        let request = call.request.map(str::to_owned);
        self.seen.lock().unwrap().push((request, call.response.to_owned()));
        assert!(!format!("{call:?}").contains("hello"), "a call is shown without its texts");
        if call.request.is_some_and(|request| request.contains("panic")) {
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
        assert_eq!(seen_request.as_deref(), Some(request));
        assert_eq!(serde_json::from_str::<Value>(seen_response).unwrap(), response);
    }
    assert_eq!(counter.0.load(Ordering::SeqCst), 2);
}

/// A fact, and not inferred from how the call ended: what a plugin may not send is not kept for it, however often it
/// sends it.
#[test]
fn an_observer_sees_a_request_only_if_it_was_read() {
    let watcher = Arc::new(Watcher::default());
    let manager = hostfn_runtime::PluginManager::builder()
        .functions(crate::functions::registry())
        .provide(Counter::default())
        .database(hostfn_runtime::Database::open("sqlite::memory:").unwrap())
        .observer(watcher.clone())
        .build()
        .unwrap();
    let module = hostfn_test::forwarding_guest(manager.functions(), true);
    let load = |grants: &[&str]| {
        let mut limits = hostfn_runtime::LimitChanges::default();
        (limits.request_bytes, limits.host_call_bytes) = (Some(60), Some(50));
        let grants = hostfn_runtime::Grants::of(grants.iter().copied()).unwrap();
        manager.load("guest", &module, hostfn_runtime::PluginOptions::from(grants).limits(limits)).unwrap()
    };
    let (denied, granted) = (load(&[]), load(&["at_most_three"]));
    let of_bytes = |bytes: usize| format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes - 11));
    for (plugin, request, code, is_seen) in [
        (&denied, of_bytes(20), "permission_denied", false),
        (&granted, of_bytes(20), "limit_exceeded", true),
        (&granted, r#"{"txt": ""}"#.to_owned(), "invalid_request", true),
        // More than one request may have, and more than a plugin call may exchange.
        (&granted, of_bytes(61), "limit_exceeded", false),
        (&granted, of_bytes(51), "limit_exceeded", false),
    ] {
        let response = answer(plugin, "at_most_three", &request);
        assert_eq!(response["error"]["code"], code, "{response}");
        let seen = watcher.seen.lock().unwrap().pop().unwrap();
        assert_eq!(seen.0, is_seen.then(|| request.clone()), "{request}: {response}");
    }
}

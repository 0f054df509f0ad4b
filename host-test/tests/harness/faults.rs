//! What goes wrong on demand, and that nothing of it stays.

use std::time::Duration;

use hostfn::{CallError, ErrorCode, Grants, PluginOptions};
use hostfn_test::{Fault, TestDatabase, TestHost};
use serde_json::json;

use crate::{failure, functions_in};

fn host() -> TestHost {
    TestHost::new(functions_in("extism:host/user"))
}

/// Meets a fault once, and stores the same note at the next try.
fn meets(fault: Fault, expected: ErrorCode) {
    for database in TestDatabase::available() {
        let host = TestHost::on(database, functions_in("extism:host/user"));
        let note = json!({"title": "a", "text": "b"});
        host.fault(fault.clone());
        let transcript = host.record(|| assert_eq!(host.call("add_note", &note).error().code, expected));
        assert!(transcript.effect().is_empty(), "{transcript}");
        host.call("add_note", &note).data();
        assert_eq!(host.rows().count("notes"), 1);
    }
}

#[test]
fn a_database_that_is_busy() {
    meets(Fault::DatabaseBusy, ErrorCode::Unavailable);
}

#[test]
fn a_disk_that_is_full() {
    meets(Fault::DatabaseFull, ErrorCode::Unavailable);
}

#[test]
fn a_connection_that_is_lost() {
    meets(Fault::DatabaseDisconnected, ErrorCode::Unavailable);
}

#[test]
fn a_function_that_panics() {
    meets(Fault::FunctionPanics, ErrorCode::Internal);
}

#[test]
fn a_clock_that_jumps_back() {
    let host = host();
    let before = host.clock().now();
    host.fault_in("what_time", Fault::ClockJumps("2025-12-31T23:59:59Z".parse().unwrap()));
    assert_eq!(host.call("what_time", json!({})).data(), "2025-12-31T23:59:59.000000Z");
    assert!(host.clock().now() < before);
}

#[test]
fn a_deadline_that_passes() {
    let host = host();
    let timeout = Duration::from_millis(50);
    host.fault_in("get_note", Fault::FunctionTakes(2 * timeout));
    let hurried = host.as_plugin("hurried", PluginOptions::from(Grants::all()).timeout(timeout));
    match hurried.try_call("get_note", json!({"id": 1})) {
        Err(failure) => assert!(matches!(failure, CallError::TimedOut { .. }), "{failure}"),
        // On a busy machine the guest may hand on that its time is over before it is ended itself.
        Ok(answer) => assert_eq!(answer.error().code, ErrorCode::DeadlineExceeded),
    }
    // By a plugin that has the time. On a busy machine the hurried one ended before it came to the function, and the
    // fault, which then meets this call, does it no harm.
    assert_eq!(host.call("get_note", json!({"id": 1})).data(), json!(null));
}

#[test]
fn a_fault_of_the_database_passes_by_a_function_without_one() {
    let host = host();
    host.fault(Fault::DatabaseBusy);
    host.call("what_time", json!({})).data();
    assert_eq!(host.call("get_note", json!({"id": 1})).error().code, ErrorCode::Unavailable);
}

#[test]
fn a_fault_that_never_happened_fails_the_test() {
    let said = failure(|| host().fault_in("add_note", Fault::DatabaseFull));
    assert_eq!(
        said,
        "what the test planned did not come to pass:\n  the fault DatabaseFull of `add_note` never happened"
    );
}

//! Every function by everything that can be granted: who may call it, and that a call of anybody else does nothing.

use hostfn::Timestamp;
use hostfn_test::{Fault, TestDatabase, TestHost, TestPlugin};
use serde_json::Value;

use crate::{
    operations::{Operation, operations},
    permissions::{self, Granted},
    seed::{call, host, plugin, seed},
};

/// Each grant by each function.
const COMBINATIONS: usize = 134 * 21;

pub(crate) fn run(database: TestDatabase) -> String {
    let host = host(database);
    let plugins: Vec<_> = permissions::all()
        .into_iter()
        .map(|granted| {
            let names: Vec<_> = granted.grants.iter().map(String::as_str).collect();
            (plugin(&host, &names), granted)
        })
        .collect();
    let (mut granted, mut denied) = (0, 0);
    for operation in operations() {
        let (may, may_not): (Vec<_>, Vec<_>) =
            plugins.iter().partition(|(_, granted)| granted.permissions.contains(&operation.needs));
        seed(&host);
        must_all_be_denied(&host, &operation, &may_not);
        must_all_be_answered(&host, &operation, &may);
        granted += may.len();
        denied += may_not.len();
    }
    assert_eq!(
        granted + denied,
        COMBINATIONS,
        "a permission or a function is new, or was left out: put right `COMBINATIONS`"
    );
    format!("{COMBINATIONS} combinations of function and grants, {granted} granted and {denied} denied")
}

fn must_all_be_denied(host: &TestHost, operation: &Operation, plugins: &[&(TestPlugin<'_>, Granted)]) {
    let name = operation.name;
    let (before, clock) = (host.rows(), host.clock().now());
    // It goes off where a function is entered.
    let trap: Timestamp = "2027-01-01T00:00:00Z".parse().expect("it is a time");
    host.fault_in(name, Fault::ClockJumps(trap));
    for (plugin, granted) in plugins {
        // What is no request is not even looked at.
        for request in [operation.request.to_string().as_str(), "", "{", "[]", r#"{"nickname": 7}"#] {
            let answer = call(plugin, name, request);
            let error = &answer["error"];
            let context = format!("{name} of {:?} with {request}: {answer}", granted.grants);
            assert_eq!(answer["success"], false, "{context}");
            assert_eq!(answer["data"], Value::Null, "{context}");
            assert_eq!(error["code"], "permission_denied", "{context}");
            assert_eq!(error["field"], Value::Null, "{context}");
            let message =
                format!("plugin `guest` was not granted `{}`: grant it when the plugin is loaded", operation.needs);
            assert_eq!(error["message"], message.as_str(), "{context}");
        }
        assert_eq!(host.rows(), before, "{name} of {:?} was denied and changed the database", granted.grants);
        assert_eq!(host.clock().now(), clock, "{name} of {:?} was denied and entered", granted.grants);
    }
    host.call(name, &operation.request).data();
    assert_eq!(host.clock().now(), trap, "{name} was entered and nobody noticed");
}

fn must_all_be_answered(host: &TestHost, operation: &Operation, plugins: &[&(TestPlugin<'_>, Granted)]) {
    let name = operation.name;
    assert!(!plugins.is_empty(), "nobody may call {name}");
    for (plugin, granted) in plugins {
        seed(host);
        let before = host.rows();
        let answer = call(plugin, name, &operation.request.to_string());
        assert_eq!(answer["success"], true, "{name} of {:?}: {answer}", granted.grants);
        assert_ne!(answer["data"], Value::Null, "{name} of {:?}: {answer}", granted.grants);
        assert_eq!(host.rows() != before, operation.changes, "{name} of {:?} and the database", granted.grants);
        if operation.answers_user {
            let is_shown = granted.permissions.contains(&"credentials:read");
            assert_eq!(answer["data"]["password_hash"] != Value::Null, is_shown, "{name} of {:?}", granted.grants);
        }
    }
}

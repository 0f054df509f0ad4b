//! A function is linked by the arity that the guest imports.

use hostfn::{Grants, LoadError, PluginManager};
use hostfn_test::forwarding_guest;
use serde_json::json;

use crate::support::host;

const HASH: &str = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";

#[test]
fn a_function_without_a_request_is_imported_either_way() {
    let host = host();
    let user = json!({"name": "Ada", "email": "ada@example.com", "password_hash": HASH});
    let user = host.call("db_create_user", user).data()["uuid"].take();
    let session = json!({"user_uuid": user, "ttl_seconds": 60});
    host.call("db_create_session", &session).data();
    host.clock().advance_seconds(60);
    assert_eq!(host.call_without_request("db_cleanup_expired_sessions").data(), json!({"deleted": 1}));
    host.call("db_create_session", &session).data();
    host.clock().advance_seconds(60);
    assert_eq!(host.call("db_cleanup_expired_sessions", json!({})).data(), json!({"deleted": 1}));
}

#[test]
fn a_function_that_needs_a_request_cannot_be_imported_without() {
    let host = host();
    let functions = host.manager().functions().filter(|function| function.name() == "db_get_session");
    let error = host.manager().load("old", &forwarding_guest(functions, false), Grants::all()).unwrap_err();
    assert!(error.to_string().contains("`db_get_session` from `extism:host/user`: it takes a request"), "{error}");
}

#[test]
fn a_host_without_functions_lists_all_that_a_guest_lacks() {
    let host = host();
    let module = forwarding_guest(host.manager().functions(), true);
    let error = PluginManager::new().load("auth", &module, Grants::all()).unwrap_err();
    let LoadError::Refused { findings, .. } = &error else { panic!("{error}") };
    assert_eq!(findings.0.len(), host.manager().functions().count());
}

//! `test-plugins/auth`, a plugin that a product could start from, on the built-in functions.

use hostfn::{CallError, Grants};
use hostfn_test::{TestHost, TestPlugin, assert_transcript};
use serde_json::{Value, json};

use crate::support::{host, root};

/// What the plugin needs. `credentials:read` is not among it.
const GRANTS: [&str; 5] = ["users:*", "sessions:*", "email_verification:*", "password_reset:*", "credentials:verify"];

const EMAIL: &str = "Ada@example.com";
const PASSWORD: &str = "correct horse";

fn auth<'a>(host: &'a TestHost, grants: &[&str]) -> TestPlugin<'a> {
    let guest = xtask::guests::GUESTS.iter().find(|guest| guest.name == "auth").expect("auth is one of the guests");
    let module = std::fs::read(guest.module(root())).expect("the prebuilt module can be read");
    host.load("auth", &module, Grants::of(grants.iter().copied()).expect("the grants are permissions"))
}

/// The code of a failure, of which the plugin says why in JSON.
fn failure(outcome: Result<Value, CallError>) -> Value {
    let CallError::Failed { message, .. } = outcome.expect_err("this was to fail") else {
        panic!("not a failure of the plugin")
    };
    let failure: Value = serde_json::from_str(&message).expect("a failure is JSON");
    failure["code"].clone()
}

fn succeed(plugin: &TestPlugin<'_>, export: &str, input: Value) -> Value {
    plugin.call_export(export, input).unwrap_or_else(|error| panic!("{error}"))
}

fn sign_up(plugin: &TestPlugin<'_>) -> Value {
    succeed(plugin, "sign_up", json!({"name": "Ada Lovelace", "email": EMAIL, "password": PASSWORD}))
}

fn sign_up_and_in(plugin: &TestPlugin<'_>) -> Value {
    let signed_up = sign_up(plugin);
    succeed(plugin, "verify_email", json!({"token": signed_up["verification_token"]}));
    succeed(plugin, "sign_in", json!({"email": EMAIL, "password": PASSWORD}))["session_id"].take()
}

#[test]
fn the_whole_flow() {
    let host = host();
    let plugin = auth(&host, &GRANTS);
    let call = |export: &str, input: Value| plugin.call_export(export, input);
    let transcript = host.record(|| {
        let signed_up = sign_up(&plugin);
        succeed(&plugin, "verify_email", json!({"token": signed_up["verification_token"]}));
        let signed_in = succeed(&plugin, "sign_in", json!({"email": "ADA@example.com", "password": PASSWORD}));
        let session = json!({"session_id": signed_in["session_id"]});
        succeed(&plugin, "check_session", session.clone());
        let bio = "Notes on the Analytical Engine";
        succeed(&plugin, "update_profile", json!({"session_id": signed_in["session_id"], "bio": bio}));
        let requested = succeed(&plugin, "request_password_reset", json!({"email": EMAIL}));
        succeed(&plugin, "reset_password", json!({"token": requested["reset_token"], "password": "battery staple"}));
        assert_eq!(failure(call("check_session", session)), "invalid_session");
        let signed_in = succeed(&plugin, "sign_in", json!({"email": EMAIL, "password": "battery staple"}));
        succeed(&plugin, "sign_out", json!({"session_id": signed_in["session_id"]}));
    });
    assert_transcript!(transcript, folder = root().join("snapshots/auth"), name = "flow.success");
}

#[test]
fn failures() {
    let host = host();
    let plugin = auth(&host, &GRANTS);
    let call = |export: &str, input: Value| failure(plugin.call_export(export, input));
    let transcript = host.record(|| {
        sign_up(&plugin);
        assert_eq!(call("sign_up", json!({"name": "Ada", "email": EMAIL, "password": PASSWORD})), "conflict");
        assert_eq!(
            call("sign_up", json!({"name": "Bob", "email": "bob@example.com", "password": "short"})),
            "invalid_request"
        );
        assert_eq!(call("sign_up", json!({"name": "Bob"})), "invalid_input");
        assert_eq!(call("sign_in", json!({"email": EMAIL, "password": PASSWORD})), "email_not_verified");
        assert_eq!(call("sign_in", json!({"email": EMAIL, "password": "wrong horse"})), "invalid_credentials");
        assert_eq!(
            call("sign_in", json!({"email": "nobody@example.com", "password": PASSWORD})),
            "invalid_credentials"
        );
        let unknown = "a-token-that-nobody-was-sent";
        assert_eq!(call("verify_email", json!({"token": unknown})), "invalid_token");
        assert_eq!(call("reset_password", json!({"token": unknown, "password": "battery staple"})), "invalid_token");
        assert_eq!(call("check_session", json!({"session_id": unknown})), "invalid_session");
    });
    assert_transcript!(transcript, folder = root().join("snapshots/auth"), name = "flow.failures");
}

#[test]
fn a_token_is_used_once_and_not_used_up_by_a_refused_password() {
    let host = host();
    let plugin = auth(&host, &GRANTS);
    let token = json!({"token": sign_up(&plugin)["verification_token"]});
    succeed(&plugin, "verify_email", token.clone());
    assert_eq!(failure(plugin.call_export("verify_email", token)), "invalid_token");

    let token = succeed(&plugin, "request_password_reset", json!({"email": EMAIL}))["reset_token"].take();
    let reset = |password: &str| plugin.call_export("reset_password", json!({"token": token, "password": password}));
    assert_eq!(failure(reset("short")), "invalid_request");
    reset("battery staple").unwrap();
    assert_eq!(failure(reset("battery staple")), "invalid_token");
}

#[test]
fn a_session_and_a_token_expire_by_the_hosts_clock() {
    let host = host();
    let plugin = auth(&host, &GRANTS);
    let session = json!({"session_id": sign_up_and_in(&plugin)});
    let token = succeed(&plugin, "request_password_reset", json!({"email": EMAIL}))["reset_token"].take();
    host.clock().advance_seconds(60 * 60);
    let reset = plugin.call_export("reset_password", json!({"token": token, "password": "battery staple"}));
    assert_eq!(failure(reset), "invalid_token");
    succeed(&plugin, "check_session", session.clone());
    host.clock().advance_seconds(30 * 24 * 60 * 60);
    assert_eq!(failure(plugin.call_export("check_session", session)), "invalid_session");
}

#[test]
fn a_token_for_a_former_address_verifies_nothing() {
    let host = host();
    let plugin = auth(&host, &GRANTS);
    let session = sign_up_and_in(&plugin);
    let change = |email: &str| {
        let changed = succeed(&plugin, "update_profile", json!({"session_id": session, "email": email}));
        assert_eq!(changed["user"]["email_verified"], false);
        json!({"token": changed["verification_token"]})
    };
    let (for_own, for_other) = (change("ada@example.org"), change("victim@example.com"));
    assert_eq!(failure(plugin.call_export("verify_email", for_own)), "invalid_token");
    succeed(&plugin, "verify_email", for_other);
}

#[test]
fn without_a_grant_the_plugin_is_told_what_it_lacks() {
    let host = host();
    let plugin = auth(&host, &["users:*"]);
    let outcome = plugin.call_export("sign_up", json!({"name": "Ada", "email": EMAIL, "password": PASSWORD}));
    let CallError::Failed { message, .. } = outcome.unwrap_err() else { panic!("not a failure of the plugin") };
    assert!(message.contains("permission_denied") && message.contains("`credentials:verify`"), "{message}");
    assert_eq!(host.rows().count("users"), 0);
}

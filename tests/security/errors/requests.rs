//! Requests that are refused.

use hostfn::{Grants, LimitChanges, Plugin, PluginOptions};
use serde_json::{Value, json};

use super::world::World;
use crate::{
    operations::operations,
    seed::{ADA, HASH, OTHER, OTHER_EMAIL, OTHER_NAME, OTHER_RESET, OTHER_SESSION, OTHER_VERIFICATION},
};

/// The UUID of nobody.
const NOBODY: &str = "ffffffff-ffff-4fff-bfff-ffffffffffff";

pub(super) fn denied(world: &World) {
    let outsider = world.load(Grants::none());
    for operation in operations() {
        let code = world.fails(&outsider, operation.name, &operation.request.to_string());
        assert_eq!(code, "permission_denied");
    }
}

/// Each request with each member left out, twice there, and of every type, one member too many, and no JSON at all.
/// What stands in it is somebody's secret.
pub(super) fn malformed(world: &World) {
    let secret = json!(OTHER_SESSION);
    for operation in operations() {
        let refused = |request: &str| {
            let code = world.call(&world.plugin, operation.name, request);
            assert!(code.is_none_or(|code| ["invalid_request", "not_found"].contains(&code.as_str())), "{request}");
        };
        let mut with = operation.request.clone();
        with["nickname"] = secret.clone();
        refused(&with.to_string());
        for text in [
            format!("{{\"{OTHER_NAME}"),
            format!("[{secret}]"),
            secret.to_string(),
            format!("{{\"uuid\": {secret}, \"uuid\": {secret}}}"),
            "7".to_owned(),
            "\u{0}".to_owned(),
        ] {
            refused(&text);
        }
        let members: Vec<String> = operation.request.as_object().expect("it is an object").keys().cloned().collect();
        for member in members {
            let mut without = operation.request.clone();
            without.as_object_mut().expect("it is an object").remove(&member);
            refused(&without.to_string());
            for value in
                [json!(7), json!(-1), json!(1.5), json!(true), Value::Null, json!([secret]), json!({"of": secret})]
            {
                refused(&with_member(&operation.request, &member, value));
            }
            for text in ["", "zebulon\u{0}", "a b", &"zebulon".repeat(1000)] {
                refused(&with_member(&operation.request, &member, json!(text)));
            }
        }
    }
}

fn with_member(request: &Value, member: &str, value: Value) -> String {
    let mut request = request.clone();
    request[member] = value;
    request.to_string()
}

/// Everything that has a limit.
pub(super) fn too_much(world: &World) {
    let limited = |limits| world.load(PluginOptions::from(Grants::all()).limits(limits));
    let none = LimitChanges::default();
    for plugin in [
        limited(LimitChanges { request_bytes: Some(1), ..none }),
        limited(LimitChanges { response_bytes: Some(20), ..none }),
        limited(LimitChanges { host_call_bytes: Some(1), ..none }),
        limited(LimitChanges { host_calls: Some(0), ..none }),
    ] {
        for operation in operations() {
            let code = world.fails(&plugin, operation.name, &operation.request.to_string());
            assert_eq!(code, "limit_exceeded", "{}", operation.name);
        }
    }
    let deep = format!("{{\"bio\": {}1{}}}", "[".repeat(200), "]".repeat(200));
    for operation in operations() {
        world.fails(&world.plugin, operation.name, &deep);
    }
}

/// Requests that contradict what is stored.
pub(super) fn refused(world: &World) {
    let lasting =
        |user: &str, member: &str, secret: &str| json!({"user_uuid": user, "ttl_seconds": 60, member: secret});
    let user = |email: &str, uuid: &str| json!({"name": "Carol", "email": email, "password_hash": HASH, "uuid": uuid});
    let fails = |plugin: &Plugin, function: &str, request: Value, code: &str| {
        assert_eq!(world.fails(plugin, function, &request.to_string()), code, "{function} with {request}");
    };
    for (function, request, code) in [
        ("db_create_user", user(OTHER_EMAIL, NOBODY), "conflict"),
        ("db_create_user", user("carol@example.com", OTHER), "conflict"),
        ("db_create_user", user("carol@example.com", "00000000-0000-0000-0000-000000000000"), "invalid_request"),
        ("db_update_user_profile", json!({"uuid": ADA, "email": OTHER_EMAIL}), "conflict"),
        ("db_update_user_profile", json!({"uuid": NOBODY, "bio": "Notes"}), "not_found"),
        ("db_update_user_profile", json!({"uuid": NOBODY}), "not_found"),
        ("db_update_user_password", json!({"uuid": NOBODY, "password_hash": HASH}), "not_found"),
        ("db_update_user_email_verified", json!({"uuid": NOBODY, "verified": true}), "not_found"),
        ("db_create_session", lasting(ADA, "id", OTHER_SESSION), "conflict"),
        ("db_create_session", json!({"user_uuid": NOBODY, "ttl_seconds": 60}), "not_found"),
        ("db_create_email_verification_token", lasting(ADA, "token", OTHER_VERIFICATION), "conflict"),
        ("db_create_email_verification_token", json!({"user_uuid": NOBODY, "ttl_seconds": 60}), "not_found"),
        ("db_create_password_reset_token", lasting(ADA, "token", OTHER_RESET), "conflict"),
        ("db_create_password_reset_token", json!({"user_uuid": NOBODY, "ttl_seconds": 60}), "not_found"),
    ] {
        fails(&world.plugin, function, request, code);
    }
}

use hostfn_test::TestHost;
use serde_json::{Value, json};

use crate::{
    guest::Guest,
    support::{Case, NOBODY, Operation, ada, bob, cases},
};

pub(crate) const CASES: &[Case] = cases![
    db_create_password_reset_token,
    db_get_password_reset_token,
    db_delete_password_reset_token,
    db_delete_user_password_reset_tokens,
];

fn operation<'a>(guest: &Guest, host: &'a TestHost, name: &'static str) -> Operation<'a> {
    Operation { typed: guest.typed, host, entity: "password_reset", name }
}

fn token(host: &TestHost, user: &Value, ttl_seconds: u32) -> Value {
    let request = json!({"user_uuid": user, "ttl_seconds": ttl_seconds});
    host.call("db_create_password_reset_token", request).data()["token"].take()
}

fn db_create_password_reset_token(guest: &Guest) {
    let host = guest.host();
    let operation = operation(guest, &host, "db_create_password_reset_token");
    let user = ada(&host);
    let good = json!({"user_uuid": user, "ttl_seconds": 3600});
    operation.refuses_what_all_refuse(&good, "user_uuid", json!(null));
    operation.refuses("ttl_too_short", json!({"user_uuid": user, "ttl_seconds": 0}));
    operation.refuses("not_found", json!({"user_uuid": NOBODY, "ttl_seconds": 3600}));
    operation.succeeds("success", good);
    let own = json!({"user_uuid": user, "ttl_seconds": 3600, "token": "a-token-of-the-guests-own"});
    operation.succeeds("success_with_token", own.clone());
    operation.refuses("conflict", own);
}

fn db_get_password_reset_token(guest: &Guest) {
    let host = guest.host();
    let operation = operation(guest, &host, "db_get_password_reset_token");
    let user = ada(&host);
    let good = json!({"token": token(&host, &user, 3600)});
    token(&host, &user, 7200);
    operation.refuses_what_all_refuse(&good, "token", json!(12345));
    operation.succeeds("success", good.clone());
    operation.succeeds("success_none", json!({"token": "a-token-that-nobody-has"}));
    host.clock().advance_seconds(3600);
    operation.succeeds("success_expired", good);
}

fn db_delete_password_reset_token(guest: &Guest) {
    let host = guest.host();
    let operation = operation(guest, &host, "db_delete_password_reset_token");
    let user = ada(&host);
    let good = json!({"token": token(&host, &user, 3600)});
    token(&host, &user, 7200);
    operation.refuses_what_all_refuse(&good, "token", json!(true));
    operation.succeeds("success", good.clone());
    operation.succeeds("success_none", good);
}

fn db_delete_user_password_reset_tokens(guest: &Guest) {
    let host = guest.host();
    let operation = operation(guest, &host, "db_delete_user_password_reset_tokens");
    let (user, other) = (ada(&host), bob(&host));
    token(&host, &user, 3600);
    token(&host, &user, 7200);
    token(&host, &other, 3600);
    let good = json!({"user_uuid": user});
    operation.refuses_what_all_refuse(&good, "user_uuid", json!("ada"));
    operation.succeeds("success", good);
    operation.succeeds("success_none", json!({"user_uuid": NOBODY}));
}

use hostfn_test::TestHost;
use serde_json::{Value, json};

use crate::{
    guest::Guest,
    support::{Case, NOBODY, Operation, ada, bob, cases},
};

pub(crate) const CASES: &[Case] =
    cases![db_create_session, db_get_session, db_delete_session, db_delete_user_sessions, db_cleanup_expired_sessions];

fn operation<'a>(guest: &Guest, host: &'a TestHost, name: &'static str) -> Operation<'a> {
    Operation { typed: guest.typed, host, entity: "sessions", name }
}

fn session(host: &TestHost, user: &Value, ttl_seconds: u32) -> Value {
    host.call("db_create_session", json!({"user_uuid": user, "ttl_seconds": ttl_seconds})).data()["id"].take()
}

fn db_create_session(guest: &Guest) {
    let host = guest.host();
    let operation = operation(guest, &host, "db_create_session");
    let user = ada(&host);
    let good = json!({"user_uuid": user, "ttl_seconds": 3600});
    operation.refuses_what_all_refuse(&good, "ttl_seconds", json!("an hour"));
    operation.refuses("ttl_too_long", json!({"user_uuid": user, "ttl_seconds": 34_560_001}));
    operation.refuses("id_too_short", json!({"user_uuid": user, "ttl_seconds": 3600, "id": "guessable"}));
    operation.refuses("not_found", json!({"user_uuid": NOBODY, "ttl_seconds": 3600}));
    operation.succeeds("success", good);
    let own = json!({"user_uuid": user, "ttl_seconds": 3600, "id": "an-id-of-the-guests-own"});
    operation.succeeds("success_with_id", own.clone());
    operation.refuses("conflict", own);
}

fn db_get_session(guest: &Guest) {
    let host = guest.host();
    let operation = operation(guest, &host, "db_get_session");
    let user = ada(&host);
    let good = json!({"id": session(&host, &user, 3600)});
    session(&host, &user, 7200);
    operation.refuses_what_all_refuse(&good, "id", json!({}));
    operation.succeeds("success", good.clone());
    operation.succeeds("success_none", json!({"id": "an-id-of-nobodys-session"}));
    host.clock().advance_seconds(3600);
    operation.succeeds("success_expired", good);
}

fn db_delete_session(guest: &Guest) {
    let host = guest.host();
    let operation = operation(guest, &host, "db_delete_session");
    let user = ada(&host);
    let good = json!({"id": session(&host, &user, 3600)});
    session(&host, &user, 7200);
    operation.refuses_what_all_refuse(&good, "id", json!(["an-id-of-the-guests-own"]));
    operation.succeeds("success", good.clone());
    operation.succeeds("success_none", good);
}

fn db_delete_user_sessions(guest: &Guest) {
    let host = guest.host();
    let operation = operation(guest, &host, "db_delete_user_sessions");
    let (user, other) = (ada(&host), bob(&host));
    session(&host, &user, 3600);
    session(&host, &user, 7200);
    session(&host, &other, 3600);
    let good = json!({"user_uuid": user});
    operation.refuses_what_all_refuse(&good, "user_uuid", json!(7));
    operation.succeeds("success", good);
    operation.succeeds("success_none", json!({"user_uuid": NOBODY}));
}

fn db_cleanup_expired_sessions(guest: &Guest) {
    let host = guest.host();
    let operation = operation(guest, &host, "db_cleanup_expired_sessions");
    let user = ada(&host);
    for ttl_seconds in [60, 61] {
        session(&host, &user, ttl_seconds);
    }
    operation.refuses_what_all_refuse(&json!({}), "older_than", json!(3));
    operation.refuses_malformed("not_an_object", json!([3]));
    host.clock().advance_seconds(60);
    operation.succeeds("success", json!({}));
    operation.succeeds("success_none", json!({}));
}

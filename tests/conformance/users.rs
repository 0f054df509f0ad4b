use hostfn::Grants;
use hostfn_test::TestHost;
use serde_json::json;

use crate::{
    guest::Guest,
    support::{Case, HASH, NOBODY, Operation, ada, assert_transcript, bob, cases},
};

pub(crate) const CASES: &[Case] = cases![
    db_create_user,
    db_get_user_by_email,
    db_get_user_by_uuid,
    a_password_hash_is_for_those_who_may_read_credentials,
    db_update_user_password,
    db_update_user_email_verified,
    db_update_user_profile,
];

fn operation<'a>(guest: &Guest, host: &'a TestHost, name: &'static str) -> Operation<'a> {
    Operation { typed: guest.typed, host, entity: "users", name }
}

fn db_create_user(guest: &Guest) {
    let host = guest.host();
    let operation = operation(guest, &host, "db_create_user");
    let good = json!({"name": "Ada Lovelace", "email": "Ada@example.com", "password_hash": HASH});
    operation.refuses_what_all_refuse(&good, "name", json!(["Ada"]));
    operation.refuses_malformed("missing_field", json!({"name": "Ada Lovelace", "password_hash": HASH}));
    operation.refuses(
        "plain_password",
        json!({"name": "Ada Lovelace", "email": "ada@example.com", "password_hash": "correct horse"}),
    );
    operation.refuses("not_an_email", json!({"name": "Ada Lovelace", "email": "ada", "password_hash": HASH}));
    let nil = "00000000-0000-0000-0000-000000000000";
    operation.refuses(
        "nil_uuid",
        json!({"name": "Nobody", "email": "nobody@example.com", "password_hash": HASH, "uuid": nil}),
    );
    operation.succeeds("success", good);
    let uuid = json!("67e55044-10b1-426f-9247-bb680e5fe0c8");
    operation.succeeds(
        "success_with_uuid",
        json!({"name": "Bob", "email": "bob@example.com", "password_hash": HASH, "uuid": uuid}),
    );
    operation
        .refuses("conflict_email", json!({"name": "Another Ada", "email": "aDA@EXAMPLE.com", "password_hash": HASH}));
    operation.refuses(
        "conflict_uuid",
        json!({"name": "Carol", "email": "carol@example.com", "password_hash": HASH, "uuid": uuid}),
    );
}

fn db_get_user_by_email(guest: &Guest) {
    let host = guest.host();
    let operation = operation(guest, &host, "db_get_user_by_email");
    ada(&host);
    bob(&host);
    let good = json!({"email": "ADA@example.com"});
    operation.refuses_what_all_refuse(&good, "email", json!(5));
    operation.succeeds("success", good);
    operation.succeeds("success_none", json!({"email": "carol@example.com"}));
}

fn db_get_user_by_uuid(guest: &Guest) {
    let host = guest.host();
    let operation = operation(guest, &host, "db_get_user_by_uuid");
    let uuid = ada(&host);
    bob(&host);
    let good = json!({"uuid": uuid});
    operation.refuses_what_all_refuse(&good, "uuid", json!("not a UUID"));
    operation.succeeds("success", good);
    operation.succeeds("success_none", json!({"uuid": NOBODY}));
}

fn a_password_hash_is_for_those_who_may_read_credentials(guest: &Guest) {
    let host = guest.host();
    let uuid = ada(&host);
    let plugin = host.as_plugin("reader", Grants::of(["users:read"]).expect("it is a permission"));
    let transcript = host.record(|| drop(plugin.call("db_get_user_by_uuid", json!({"uuid": uuid})).data()));
    assert_transcript("users", "db_get_user_by_uuid", "success_without_credentials", &transcript);
}

fn db_update_user_password(guest: &Guest) {
    let host = guest.host();
    let operation = operation(guest, &host, "db_update_user_password");
    let uuid = ada(&host);
    bob(&host);
    host.clock().advance_seconds(60);
    let hash = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";
    let good = json!({"uuid": uuid, "password_hash": hash});
    operation.refuses_what_all_refuse(&good, "password_hash", json!(null));
    operation.refuses("plain_password", json!({"uuid": uuid, "password_hash": "correct horse"}));
    operation.refuses("not_found", json!({"uuid": NOBODY, "password_hash": hash}));
    operation.succeeds("success", good);
}

fn db_update_user_email_verified(guest: &Guest) {
    let host = guest.host();
    let operation = operation(guest, &host, "db_update_user_email_verified");
    let uuid = ada(&host);
    bob(&host);
    host.clock().advance_seconds(60);
    let good = json!({"uuid": uuid, "verified": true});
    operation.refuses_what_all_refuse(&good, "verified", json!("yes"));
    operation.refuses("not_found", json!({"uuid": NOBODY, "verified": true}));
    operation.succeeds("success", good);
    operation.succeeds("success_unverified", json!({"uuid": uuid, "verified": false}));
}

fn db_update_user_profile(guest: &Guest) {
    let host = guest.host();
    let operation = operation(guest, &host, "db_update_user_profile");
    let uuid = ada(&host);
    bob(&host);
    host.call("db_update_user_email_verified", json!({"uuid": uuid, "verified": true})).data();
    host.clock().advance_seconds(60);
    let good = json!({
        "uuid": uuid,
        "name": "Ada, Countess of Lovelace",
        "email": "countess@example.com",
        "avatar": "https://example.com/ada.png",
        "bio": "Notes on the Analytical Engine.\nÄ é 漢字 🎉",
    });
    operation.refuses_what_all_refuse(&good, "bio", json!({"text": "Notes"}));
    operation.refuses_malformed("null_name", json!({"uuid": uuid, "name": null}));
    operation.refuses_malformed("null_email", json!({"uuid": uuid, "email": null}));
    operation.refuses("not_found", json!({"uuid": NOBODY, "name": "Nobody"}));
    operation.refuses("conflict", json!({"uuid": uuid, "email": "BOB@example.com"}));
    operation.succeeds("success", good);
    host.clock().advance_seconds(60);
    operation.succeeds("success_cleared", json!({"uuid": uuid, "avatar": null, "bio": null}));
    operation.succeeds("success_nothing_to_change", json!({"uuid": uuid}));
}

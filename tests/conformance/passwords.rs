use hostfn_test::TestHost;
use serde_json::json;

use crate::{
    guest::Guest,
    support::{Case, NOBODY, Operation, cases},
};

pub(crate) const CASES: &[Case] = cases![hash_password, verify_password];

fn operation<'a>(guest: &Guest, host: &'a TestHost, name: &'static str) -> Operation<'a> {
    Operation { typed: guest.typed, host, entity: "passwords", name }
}

fn hash_password(guest: &Guest) {
    let host = guest.host();
    let operation = operation(guest, &host, "hash_password");
    let good = json!({"password": "correct horse"});
    operation.refuses_what_all_refuse(&good, "password", json!(12_345_678));
    operation.refuses("too_short", json!({"password": "horse"}));
    operation.succeeds("success", good);
}

fn verify_password(guest: &Guest) {
    let host = guest.host();
    let operation = operation(guest, &host, "verify_password");
    let hash = host.call("hash_password", json!({"password": "correct horse"})).data();
    let user = json!({"name": "Ada", "email": "ada@example.com", "password_hash": hash});
    let uuid = host.call("db_create_user", user).data()["uuid"].take();
    let good = json!({"user_uuid": uuid, "password": "correct horse"});
    operation.refuses_what_all_refuse(&good, "password", json!(null));
    operation.succeeds("success", good);
    operation.succeeds("success_wrong_password", json!({"user_uuid": uuid, "password": "correct house"}));
    operation.succeeds("success_nobody", json!({"user_uuid": NOBODY, "password": "correct horse"}));
}

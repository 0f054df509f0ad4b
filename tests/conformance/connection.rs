use serde_json::json;

use crate::{
    guest::Guest,
    support::{Case, cases},
};

pub(crate) const CASES: &[Case] = cases![db_test_connection];

// Not a snapshot: the version of the bundled SQLite is not a part of the contract.
fn db_test_connection(guest: &Guest) {
    let status = guest.host().call("db_test_connection", json!({})).data();
    assert_eq!((&status["backend"], &status["migration"]), (&json!("sqlite"), &json!("0002")));
    assert!(status["version"].as_str().is_some_and(|version| version.starts_with("3.")), "{status}");
}

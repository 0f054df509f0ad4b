use hostfn_test::TestDatabase;
use serde_json::json;

use crate::{
    guest::Guest,
    support::{Case, cases},
};

pub(crate) const CASES: &[Case] = cases![db_test_connection];

// Not a snapshot: which database a host has, and of which version, is not a part of the contract.
fn db_test_connection(guest: &Guest) {
    let status = guest.host().call("db_test_connection", json!({})).data();
    assert_eq!((&status["backend"], &status["migration"]), (&json!(guest.database.to_string()), &json!("0002")));
    // SQLite is bundled, and PostgreSQL is whichever the machine has.
    let version = status["version"].as_str().expect("it has a version");
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match guest.database {
        TestDatabase::Sqlite => assert_eq!(major, Some(3), "{version}"),
        TestDatabase::Postgres => assert!(major.is_some_and(|major| major >= 13), "{version}"),
    }
}

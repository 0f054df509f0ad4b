//! The hash of a password is for those who were granted to read credentials, whatever the function.

use hostfn_test::TestDatabase;
use serde_json::{Value, json};

use crate::{
    operations::operations,
    seed::{HASH, call, host, plugin, seed},
};

/// What is granted beside what the function needs, and whether the hash is shown then.
const BESIDE: [(&str, bool); 8] = [
    ("credentials:read", true),
    ("credentials:*", true),
    ("*", true),
    ("credentials:verify", false),
    ("credentials", false),
    ("credentials:rea", false),
    ("credentials:read:own", false),
    ("users:*", false),
];

pub(crate) fn run(database: TestDatabase) -> String {
    let host = host(database);
    let mut answers = 0;
    let with_user: Vec<_> = operations().into_iter().filter(|operation| operation.answers_user).collect();
    for operation in &with_user {
        for (beside, is_shown) in BESIDE {
            seed(&host);
            let plugin = plugin(&host, &[operation.needs, beside]);
            let answer = call(&plugin, operation.name, &operation.request.to_string());
            let expected = if is_shown { json!(HASH) } else { Value::Null };
            assert_eq!(answer["data"]["password_hash"], expected, "{} with {beside}: {answer}", operation.name);
            assert_eq!(answer.to_string().contains("argon2"), is_shown, "{} with {beside}: {answer}", operation.name);
            answers += 1;
        }
    }
    assert_eq!((with_user.len(), answers), (6, 48));
    format!("{answers} answers with a user, whose hash is shown only to those who may read credentials")
}

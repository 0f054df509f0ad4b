//! What a function declares, and what snapshots show of it.

use std::fs;

use hostfn_test::{Coverage, TestHost};
use serde_json::json;

use crate::{failure, functions_in};

const NAMESPACE: &str = "extism:host/user";

#[test]
fn an_error_that_was_not_declared_fails_the_test_that_met_it() {
    let host = TestHost::new(functions_in(NAMESPACE));
    let said = failure(|| drop(host.call("undeclared", json!({}))));
    assert!(
        said.starts_with(
            "`undeclared` answered `not_found`, which its contract does not declare: add `errors(not_found)`"
        ),
        "{said}"
    );
}

#[test]
fn what_no_snapshot_shows_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let coverage = || Coverage::of(&functions_in(NAMESPACE), folder.path());
    let missing = |coverage: &Coverage| -> Vec<_> {
        coverage.missing().iter().map(|missing| (missing.function, missing.outcome)).collect()
    };
    let all = [
        ("add_note", "conflict"),
        ("add_note", "success"),
        ("get_note", "success"),
        ("undeclared", "success"),
        ("what_time", "success"),
    ];
    assert_eq!(missing(&coverage()), all);
    let nowhere = Coverage::of(&functions_in(NAMESPACE), folder.path().join("nowhere"));
    assert_eq!(missing(&nowhere), all);

    let host = TestHost::new(functions_in(NAMESPACE));
    host.mock("get_note").returns(json!(null));
    host.call("add_note", json!({"title": "a", "text": "b"}));
    host.call("get_note", json!({"id": 1}));
    host.call("what_time", json!({}));
    fs::create_dir(folder.path().join("notes")).unwrap();
    fs::write(folder.path().join("notes/one.snap"), format!("---\nsource: x\n---\n{}\n", host.transcript())).unwrap();
    let coverage = coverage();
    // A mock shows nothing of a function.
    let left = [("add_note", "conflict"), ("get_note", "success"), ("undeclared", "success")];
    assert_eq!(missing(&coverage), left);
    let said = failure(|| coverage.assert_complete());
    assert!(said.contains(" show 2 of 5 answers; call these"), "{said}");
    assert!(said.ends_with("\n  `undeclared`: success"), "{said}");
    assert_eq!(missing(&coverage.except("undeclared")), left[..2]);
}

//! Mocks: the function is the test's, and everything around it production's.

use hostfn::{ErrorCode, Grants, HostError};
use hostfn_test::TestHost;
use serde_json::json;

use crate::{failure, functions::Note, functions_in};

fn host() -> TestHost {
    TestHost::new(functions_in("extism:host/user"))
}

#[test]
fn a_mock_answers_in_place_of_the_function() {
    let host = host();
    let note = Note { id: 7, title: "a".to_owned(), text: "b".to_owned() };
    let mock = host.mock("get_note").returns(&note);
    assert_eq!(host.call("get_note", json!({"id": 1})).data_as::<Note>(), note);
    assert_eq!(mock.calls(), 1);
}

#[test]
fn permission_and_decoding_stay_those_of_production() {
    let host = host();
    let mock = host.mock("get_note").returns(json!(null));
    let outsider = host.as_plugin("outsider", Grants::none());
    assert_eq!(outsider.call("get_note", json!({"id": 1})).error().code, ErrorCode::PermissionDenied);
    assert_eq!(host.call("get_note", json!({"id": "one"})).error().code, ErrorCode::InvalidRequest);
    assert_eq!(mock.calls(), 0);
}

#[test]
fn after_so_many_calls_the_next_mock_answers_and_then_the_function() {
    let host = host();
    host.mock("add_note").fails(HostError::conflict("the title is taken").in_field("title")).times(1);
    host.mock("add_note").fails(HostError::unavailable("later")).times(1);
    let note = json!({"title": "a", "text": "b"});
    let first = host.call("add_note", &note).error();
    assert_eq!((first.code, first.field.as_deref()), (ErrorCode::Conflict, Some("title")));
    assert_eq!(host.call("add_note", &note).error().code, ErrorCode::Unavailable);
    host.call("add_note", &note).data();
}

#[test]
fn a_mock_that_the_function_could_not_answer_is_refused() {
    let wrong = json!({"id": "one", "title": "a", "text": "b"});
    let said = failure(|| _ = host().mock("get_note").returns(wrong));
    assert!(said.starts_with("the mock of `get_note` answers what the function never does:"), "{said}");
    let said = failure(|| _ = host().mock("get_note").fails(HostError::conflict("taken")));
    assert!(said.contains("`get_note` fails with `conflict`, which the function does not declare"), "{said}");
}

#[test]
fn a_mock_that_answered_too_few_calls_fails_the_test() {
    let said = failure(|| {
        let host = host();
        host.mock("get_note").returns(json!(null)).times(2);
        host.call("get_note", json!({"id": 1}));
    });
    assert_eq!(said, "what the test planned did not come to pass:\n  the mock of `get_note` answered 1 of 2 calls");
}

#[test]
fn a_function_that_is_not_there_cannot_be_mocked() {
    let said = failure(|| _ = host().mock("get_notes").returns(json!(null)));
    assert_eq!(said, "the host has no function `get_notes`");
}

//! Transcripts: what they show, and what they hide.

use hostfn_test::{TestDatabase, TestHost, assert_transcript};
use serde_json::json;

use crate::{failure, functions_in};

#[test]
fn a_test_is_its_transcript() {
    let host = TestHost::new(functions_in("extism:host/user"));
    keep_notes(&host);
    assert_transcript!(host);
}

#[test]
fn a_transcript_is_the_same_on_every_database() {
    let text = |database| {
        let host = TestHost::on(database, functions_in("extism:host/user"));
        keep_notes(&host);
        host.transcript().to_string()
    };
    let expected = text(TestDatabase::Sqlite);
    assert!(expected.contains("added to notes"), "{expected}");
    TestDatabase::available().for_each(|database| assert_eq!(text(database), expected, "{database}"));
}

fn keep_notes(host: &TestHost) {
    host.mock("get_note").returns(json!(null)).times(1);
    host.call("add_note", json!({"title": "first", "text": "Met Charles.", "pin": "4711-0815"}));
    host.call("get_note", json!({"id": 1}));
    host.clock().advance_seconds(60);
    host.call("add_note", json!({"title": "first", "text": "Met Mary.", "pin": "0815-4711"}));
    host.call("add_note", json!({"title": "second", "text": "Met Mary.", "pin": "4711-0815"}));
}

#[test]
fn a_failing_test_tells_no_secret() {
    let host = TestHost::new(functions_in("extism:host/user"));
    let note = json!({"title": "4711-0815", "text": "Met Charles.", "pin": "4711-0815"});
    let answer = host.call("add_note", note);
    let expected = r#"add_note answered {"id":1,"title":"<secret 1>","text":"Met Charles."}"#;
    assert_eq!(format!("{answer:?}"), expected);
    let said = failure(|| _ = answer.error());
    assert_eq!(said, expected.replace("answered", "succeeded with"));
}

#[test]
fn parallel_tests_share_no_database() {
    for database in TestDatabase::available() {
        let hosts = [(); 4].map(|()| TestHost::on(database, functions_in("extism:host/user")));
        std::thread::scope(|scope| {
            for host in &hosts {
                scope.spawn(|| host.call("add_note", json!({"title": "only", "text": "one"})).data());
            }
        });
        hosts.iter().for_each(|host| assert_eq!(host.rows().count("notes"), 1));
    }
}

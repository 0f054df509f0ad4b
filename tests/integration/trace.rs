//! `hostfn trace`, as a person and as a viewer of traces read it.

use std::process::Stdio;

use serde_json::Value;

use crate::{
    command::{hostfn, run, stderr, stdout},
    support::root,
};

fn traced(arguments: &[&str]) -> std::process::Output {
    let auth = root().join("test-plugins/prebuilt/auth.wasm").display().to_string();
    let input = r#"{"name": "Ada", "email": "ada@example.com", "password": "correct horse"}"#;
    run(&[&["trace", &auth, "sign_up", "--input", input, "--grant", "*"], arguments].concat())
}

/// The figures are another each time, and so are identifiers, times and tokens of the host.
fn without_figures(text: &str) -> String {
    let words = text.split_inclusive([' ', ',', '\n', '}']);
    let word = |word: &str| match word.trim_end_matches([',', ' ', '\n', '}']) {
        number if number.parse::<f64>().is_ok_and(|_| number.contains('.')) => word.replace(number, "0.00"),
        _ => word.to_owned(),
    };
    let text: String = words.map(word).collect();
    let (mut out, mut rest) = (String::new(), &*text);
    let mark =
        |rest: &str| ["uuid\":\"", "_at\":\""].iter().filter_map(|mark| Some(rest.find(mark)? + mark.len())).min();
    while let Some(start) = mark(rest) {
        out = out + &rest[..start] + "…";
        rest = &rest[start..];
        rest = &rest[rest.find('"').unwrap_or(rest.len())..];
    }
    out + rest
}

#[test]
fn a_plugin_call_is_a_tree_of_host_calls() {
    let output = traced(&[]);
    assert!(output.status.success(), "{}", stderr(&output));
    insta::assert_snapshot!(without_figures(&stdout(&output)), @r#"
    sign_up 0.00 ms, of which 0.00 ms in 3 host calls
    │  → {"name":"Ada","email":"ada@example.com","password":"<secret 1>"}
    ├─ hash_password 0.00 ms
    │  → {"password":"<secret 1>"}
    │  ← "<secret 2>"
    ├─ db_create_user 0.00 ms
    │  → {"email":"ada@example.com","name":"Ada","password_hash":"<secret 2>"}
    │  ← {"uuid":"…","name":"Ada","email":"ada@example.com","email_verified":false,"avatar":null,"bio":null,"created_at":"…","updated_at":"…","password_hash":"<secret 2>"}
    ├─ db_create_email_verification_token 0.00 ms
    │  → {"ttl_seconds":86400,"user_uuid":"…"}
    │  ← {"token":"<secret 3>","user_uuid":"…","created_at":"…","expires_at":"…"}
    └─ ← {"user_uuid":"…","verification_token":"<secret 3>"}
    "#);
    assert_eq!(stderr(&output), "");
}

#[test]
fn what_fails_is_in_the_tree_and_exits_with_1() {
    let output = traced(&["--atomic", "--limit", "host_calls=1"]);
    assert_eq!(output.status.code(), Some(1));
    let tree = stdout(&output);
    assert!(tree.contains("in a host call, undone") || tree.contains("host calls, undone"), "{tree}");
    assert!(tree.contains("limit_exceeded"), "{tree}");
    assert!(stderr(&output).contains("limit_exceeded"), "{}", stderr(&output));
}

/// It goes where the trace goes, such as into a ticket.
#[test]
fn no_secret_is_in_the_reason_of_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("app.db").display());
    let signed_up = traced(&["--database", &database]);
    assert!(signed_up.status.success(), "{}", stderr(&signed_up));
    let again = traced(&["--database", &database]);
    assert_eq!(again.status.code(), Some(1));
    let said = stderr(&again);
    assert!(said.contains("conflict") && !said.contains("correct horse"), "{said}");
    // Its verdict is reached by whoever reads no more, too.
    let auth = root().join("test-plugins/prebuilt/auth.wasm").display().to_string();
    let mut child = hostfn(&["trace", &auth, "sign_up", "--grant", "*", "--input", "{}"]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn json_has_every_host_call_in_its_place() {
    let output = traced(&["--json"]);
    let call: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&call["plugin"], &call["export"], &call["error"]), (&"auth".into(), &"sign_up".into(), &Value::Null));
    let host_calls = call["host_calls"].as_array().expect("a list");
    let names: Vec<_> = host_calls.iter().filter_map(|call| call["function"].as_str()).collect();
    assert_eq!(names, ["hash_password", "db_create_user", "db_create_email_verification_token"]);
    let mut end = 0.0;
    for host_call in host_calls {
        let (started, duration) =
            (host_call["started_ms"].as_f64().unwrap(), host_call["duration_ms"].as_f64().unwrap());
        assert!(started >= end && duration > 0.0, "one after the other: {call:#}");
        end = started + duration;
    }
    assert!(end <= call["duration_ms"].as_f64().unwrap(), "{call:#}");
    assert!(!stdout(&output).contains("correct horse"), "{call:#}");
    assert_eq!(call["input"]["password"], "<secret 1>", "numbered in the order in which they were said");
}

/// What the format's description asks of each event, and that a host call lies within its plugin call, by which a viewer
/// nests them.
#[test]
fn a_viewer_of_traces_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.json");
    let output = traced(&["--format", "chrome", "--out", &file.display().to_string()]);
    assert!(output.status.success() && output.stdout.is_empty(), "{}", stderr(&output));
    let text = std::fs::read_to_string(file).unwrap();
    assert!(!text.contains("correct horse"));
    let trace: Value = serde_json::from_str(&text).expect("it is JSON");
    let events = trace["traceEvents"].as_array().expect("a list of events");
    let complete: Vec<_> = events.iter().filter(|event| event["ph"] == "X").collect();
    assert_eq!(complete.len(), 4);
    assert_eq!(complete.len() + 2, events.len(), "and two names");
    let span = |event: &Value| {
        let start = event["ts"].as_f64().expect("a beginning");
        (start, start + event["dur"].as_f64().expect("a duration"))
    };
    let (start, end) = span(complete[0]);
    assert_eq!(complete[0]["cat"], "plugin call");
    for event in complete {
        assert!(event["name"].is_string() && event["pid"].is_u64() && event["tid"].is_u64(), "{event}");
        let (from, to) = span(event);
        assert!(start <= from && from <= to && to <= end, "{event}");
    }
}

#[test]
fn a_guest_that_did_not_run_has_no_trace() {
    let auth = root().join("test-plugins/prebuilt/auth.wasm").display().to_string();
    let output = run(&["trace", &auth, "sign_off"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "");
    assert!(stderr(&output).contains("no export `sign_off`"), "{}", stderr(&output));
}

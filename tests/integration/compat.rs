//! `hostfn compat`, as CI runs it.

use std::{
    io::Write,
    process::{Output, Stdio},
};

use serde_json::{Value, json};

use crate::command::{hostfn, run, stderr, stdout};

/// Runs the command with a contract as its standard input.
fn compat(arguments: &[&str], input: &str) -> Output {
    let mut child = hostfn(&[&["compat"], arguments].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command can be started");
    // A command that refuses its arguments does not read.
    let _ = child.stdin.take().expect("its input is a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("the command ends")
}

fn contract() -> String {
    let output = run(&["schema"]);
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

/// The contract before a field of every `User` was renamed to what it is called now.
fn before_the_renaming() -> String {
    let mut contract: Value = serde_json::from_str(&contract()).expect("the contract is JSON");
    let user = &mut contract["$defs"]["User"];
    let fields = user["properties"].as_object_mut().expect("a user has fields");
    let email = fields.shift_remove("email").expect("a user has an e-mail address");
    fields.insert("mail".to_owned(), email);
    let required = user["required"].as_array_mut().expect("fields are required");
    required.retain(|name| name != "email");
    required.push(json!("mail"));
    contract.to_string()
}

#[test]
fn the_contract_is_compatible_with_itself() {
    for arguments in [&["-"][..], &["-", "--format", "github"]] {
        let output = compat(arguments, &contract());
        assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    }
    let output = compat(&["-"], &contract());
    assert_eq!(stdout(&output), "unchanged: the contracts are the same\n");
    let report: Value = serde_json::from_str(&stdout(&compat(&["-", "--format", "json"], &contract()))).unwrap();
    assert_eq!(report, json!({"verdict": "unchanged", "bump": null, "findings": [], "crates": []}));
}

#[test]
fn a_renamed_field_of_an_answer_breaks_until_it_is_acknowledged() {
    let old = before_the_renaming();
    let output = compat(&["-"], &old);
    assert_eq!(output.status.code(), Some(1));
    let shown = stdout(&output);
    assert!(shown.contains("major  response-field-removed  db_get_user_by_uuid.response.mail\n"), "{shown}");
    assert!(
        shown.contains("hostfn-functions: 0.1.0 -> 0.1.0 does not say so; release it as 0.2.0 or later"),
        "{shown}"
    );
    assert!(!shown.contains('\u{1b}'), "colours, and this is no terminal\n{shown}");
    assert!(stderr(&output).contains("6 changes break plugins"), "{}", stderr(&output));

    let some = compat(&["-", "--allow", "response-field-removed:db_get_*"], &old);
    assert_eq!(some.status.code(), Some(1));
    assert!(stderr(&some).contains("4 changes break plugins"), "{}", stderr(&some));
    let all = compat(&["-", "--allow", "response-field-removed:*"], &old);
    assert_eq!(all.status.code(), Some(0), "{}", stderr(&all));
    assert!(stdout(&all).contains("db_create_user.response.mail (acknowledged)\n"), "{}", stdout(&all));
    assert!(stdout(&all).contains("acknowledged: 6 breaking, 6 compatible"), "{}", stdout(&all));
}

#[test]
fn machines_read_it_too() {
    let old = before_the_renaming();
    let report: Value = serde_json::from_str(&stdout(&compat(&["-", "--format", "json"], &old))).unwrap();
    assert_eq!((&report["verdict"], &report["bump"]), (&json!("breaking"), &json!("major")));
    assert_eq!(
        report["findings"][0],
        json!({
            "rule": "response-field-removed", "path": "db_create_user.response.mail", "function": "db_create_user",
            "crate": "hostfn-functions", "bump": "major", "why": "An old plugin reads it and does not find it.",
            "old": null, "new": null, "acknowledged": false,
        })
    );
    assert_eq!(report["crates"][0]["asks_for"], "0.2.0");

    let shown =
        stdout(&compat(&["-", "--format", "github", "--allow", "response-field-removed:db_create_user.*"], &old));
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(
        lines[..2],
        [
            "::warning title=response-field-removed (acknowledged)::db_create_user.response.mail: An old plugin reads \
             it and does not find it.",
            "::notice title=response-field-added::db_create_user.response.email: It breaks nobody: bindings accept \
             fields that they do not know.",
        ]
    );
    assert!(lines.iter().any(|line| line.starts_with("::error title=response-field-removed::db_get_user_by_email.")));
}

#[test]
fn two_contracts_are_compared_in_the_order_in_which_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("old.json");
    std::fs::write(&file, before_the_renaming()).unwrap();
    let file = file.display().to_string();
    let forth = compat(&[&file, "-"], &contract());
    assert!(stdout(&forth).contains("response-field-removed  db_create_user.response.mail"), "{}", stdout(&forth));
    let back = compat(&["-", &file], &contract());
    assert!(stdout(&back).contains("response-field-removed  db_create_user.response.email"), "{}", stdout(&back));
    let own = run(&["compat", &file]);
    assert_eq!(stdout(&own), stdout(&forth));
}

#[test]
fn what_cannot_be_judged_is_not_called_a_break() {
    let contract = contract();
    for (arguments, input, said) in [
        (&["-"][..], "{", "standard input: it is no contract, as `hostfn schema` writes it"),
        (&["-"], r#"{"hostfn": 99}"#, "it is of form 99, and this program reads form 1"),
        (&["missing.json"], "", "cannot read missing.json"),
        (&["-", "-"], &contract, "name a file for one of them"),
        (&["-", "--allow", "function-removed:greet"], &contract, "`function-removed:greet` acknowledges: leave it out"),
        (&["-", "--allow", "function-removd:greet"], &contract, "did you mean `function-removed`?"),
        (&["-", "--allow", "function-removed"], &contract, "it names no path"),
        (&["--explain", "function-gone"], "", "there is no rule `function-gone`"),
        (&[], "", "<OLD.json>"),
    ] {
        let output = compat(arguments, input);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}\n{}", stderr(&output));
        assert!(stderr(&output).contains(said), "{arguments:?}\n{}", stderr(&output));
    }
}

#[test]
fn a_rule_is_explained() {
    let explained = stdout(&run(&["compat", "--explain", "request-field-removed"]));
    assert!(explained.starts_with("request-field-removed (major)\nAn old plugin that sends it"), "{explained}");
    assert!(explained.contains("Go on taking it, make it optional, and ignore it."), "{explained}");
}

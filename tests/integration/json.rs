//! What a script reads of each command: one JSON document on standard output, and nothing else there.

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};

use crate::command::{run, stderr, stdout};
use crate::support::root;

/// The one document that a command prints.
fn document(arguments: &[&str]) -> Value {
    let output = run(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", stdout(&output)))
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn what_is_written_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let out = text(folder.path());
    for (arguments, file) in [
        (vec!["docs", "--out", &out], "index.html"),
        (vec!["bindings", "--language", "rust", "--out", &out], "hostfn.rs"),
    ] {
        let files = document(&arguments);
        let path = folder.path().join(file);
        assert_eq!(files, json!({"files": [text(&path)]}));
        assert!(path.is_file(), "{file}");
    }
}

#[test]
fn databases_are_migrated_and_copied() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", text(&folder.path().join("app.db")));
    let pending = document(&["migrate", "--database", &url, "--dry-run"]);
    assert_eq!(pending["applied"], false);
    let applied = document(&["migrate", "--database", &url]);
    assert_eq!((&applied["applied"], &applied["migrations"]), (&json!(true), &pending["migrations"]));
    assert!(applied["migrations"][0].as_str().is_some_and(|name| name.starts_with("hostfn")), "{applied}");
    assert_eq!(document(&["migrate", "--database", &url])["migrations"], json!([]));

    let to = folder.path().join("copy.db");
    let copy = document(&["backup", "--database", &url, &text(&to)]);
    assert_eq!(copy["bytes"].as_u64(), Some(to.metadata().unwrap().len()));
    assert_eq!(document(&["cleanup", "--database", &url])["complete"], true);
    assert_eq!(document(&["doctor", "--database", &url])["ok"], true);
}

#[test]
fn a_plugin_is_described_called_and_tested() {
    let auth = text(&root().join("test-plugins/prebuilt/auth.wasm"));
    let manifest = document(&["manifest", &auth]);
    assert_eq!((&manifest["name"], &manifest["module"]), (&json!("auth"), &json!("auth.wasm")));
    assert!(manifest["grants"].as_array().is_some_and(|grants| grants.contains(&json!("users:write"))), "{manifest}");

    let input = r#"{"name": "Ada", "email": "ada@example.com", "password": "correct horse"}"#;
    let called = document(&["call", &auth, "sign_up", "--input", input, "--grant", "*"]);
    assert_eq!((&called["success"], &called["error"]), (&json!(true), &Value::Null));
    assert!(called["output"]["user_uuid"].is_string(), "{called}");

    let scenarios = text(&root().join("test-plugins/auth/scenarios"));
    let tested = document(&["test", &scenarios, "--plugin", &auth]);
    let count = tested["scenarios"].as_array().expect("a list").len();
    assert_eq!((&tested["passed"], &tested["failed"]), (&json!(count), &json!(0)));
    assert!(count > 3 && tested["scenarios"][0]["success"] == true, "{tested}");
}

/// A verdict is told in JSON as well, and by the exit code.
#[test]
fn what_fails_is_a_document_too() {
    let auth = text(&root().join("test-plugins/prebuilt/auth.wasm"));
    let output = run(&["call", &auth, "sign_in", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let called: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&called["success"], &called["error"]["code"]), (&json!(false), &json!("failed")), "{called}");
    assert!(called["error"]["message"]["code"].is_string(), "the plugin's own JSON: {called}");
    assert!(!stderr(&output).is_empty());

    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.yaml");
    std::fs::write(&wrong, "steps: 7\n").unwrap();
    let output = run(&["test", &text(&wrong), "--plugin", &auth, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let tested: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&tested["failed"], &tested["scenarios"][0]["success"]), (&json!(1), &json!(false)), "{tested}");
    assert!(tested["scenarios"][0]["message"].as_str().is_some_and(|said| said.contains("steps")), "{tested}");
}

#[test]
fn completions_know_the_commands_and_their_options() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = run(&["completions", shell]);
        assert!(output.status.success(), "{shell}: {}", stderr(&output));
        let script = stdout(&output);
        for word in ["hostfn", "watch", "idempotency-key"] {
            assert!(script.contains(word), "{shell} does not know `{word}`");
        }
    }
    // Whoever reads no more is no reason to fail.
    let mut child = crate::command::hostfn(&["completions", "bash"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    let output = crate::command::hostfn(&["completions"]).env_remove("SHELL").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("say for which shell"), "{}", stderr(&output));
}

#[test]
fn each_plugin_of_a_folder_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let auth = root().join("test-plugins/prebuilt/auth.wasm");
    std::fs::copy(&auth, folder.path().join("auth.wasm")).unwrap();
    let manifest = stdout(&run(&["manifest", &text(&auth)]));
    std::fs::write(folder.path().join("auth.toml"), &manifest).unwrap();
    let path = text(folder.path());
    let checked = document(&["check", &path, "--grant", "*"]);
    assert_eq!((&checked["plugins"][0]["plugin"], &checked["plugins"][0]["findings"]), (&json!("auth"), &json!([])));

    std::fs::write(folder.path().join("again.toml"), &manifest).unwrap();
    std::fs::write(folder.path().join("broken.toml"), "name = 7").unwrap();
    let output = run(&["check", &path, "--grant", "*"]);
    assert_eq!(output.status.code(), Some(1));
    let shown = stdout(&output);
    for said in ["already that of", "again.toml", "ok  plugin `auth`", "broken.toml"] {
        assert!(shown.contains(said), "`{said}` is not in {shown}");
    }
    assert!(stderr(&output).contains("2 of 3 plugins would not work"), "{}", stderr(&output));
    let output = run(&["check", &path, "--grant", "*", "--json"]);
    let checked: Value = serde_json::from_slice(&output.stdout).unwrap();
    let codes = checked["plugins"].as_array().unwrap().iter().map(|checked| &checked["error"]["code"]);
    assert_eq!(codes.collect::<Vec<_>>(), [&Value::Null, &json!("name-taken"), &json!("manifest-invalid")]);

    // What an editor keeps is none; a module that nobody reviewed is told.
    for manifest in ["again.toml", "broken.toml"] {
        std::fs::remove_file(folder.path().join(manifest)).unwrap();
    }
    std::fs::write(folder.path().join(".auth.toml"), "name = 7").unwrap();
    std::fs::copy(&auth, folder.path().join("forgotten.wasm")).unwrap();
    let output = run(&["check", &path, "--grant", "*", "--json"]);
    let checked: Value = serde_json::from_slice(&output.stdout).unwrap();
    let plugins = checked["plugins"].as_array().unwrap();
    assert_eq!(plugins.len(), 2, "{checked}");
    assert_eq!(plugins[1]["file"], json!(folder.path().join("forgotten.wasm")));
    assert_eq!(plugins[1]["error"]["code"], "no-manifest");

    let empty = tempfile::tempdir().unwrap();
    let output = run(&["check", &text(empty.path())]);
    assert!(stderr(&output).contains("`hostfn manifest` writes"), "{}", stderr(&output));
}

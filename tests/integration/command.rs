//! The `hostfn` command, as a script sees it.

use std::{
    fs,
    io::Write,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::{operations::rows_of, support::root};

pub(crate) fn hostfn(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hostfn"));
    command.args(arguments).env_remove("HOSTFN_LOG").env_remove("RUST_BACKTRACE");
    command
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    hostfn(arguments).output().expect("the command can be started")
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("the output is text")
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("the messages are text")
}

pub(crate) fn auth() -> String {
    root().join("test-plugins/prebuilt/auth.wasm").display().to_string()
}

#[test]
fn demo_completes_and_shows_no_secret() {
    let output = run(&["demo"]);
    let shown = stdout(&output);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(shown.contains("The flow is complete: 12 plugin calls"), "{shown}");
    for secret in ["correct horse", "wrong horse", "$argon2id"] {
        assert!(!shown.contains(secret), "`{secret}` is in\n{shown}");
    }
    // What the host makes are 43 URL-safe characters.
    let token = shown.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').find(|word| word.len() == 43);
    assert_eq!(token, None, "a token is in\n{shown}");
    assert!(shown.contains("\nreset_password (atomic) {"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "colours, and this is no terminal\n{shown}");
}

/// On a terminal of 80 columns each command is a line.
#[test]
fn help_tells_the_story_at_one_look() {
    let help = stdout(&run(&["--help"]));
    let (commands, _) = help.split_once("\nOptions:").expect("the options come after the commands");
    for line in commands.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let headings: Vec<_> = commands.lines().filter(|line| line.ends_with(':')).collect();
    assert_eq!(headings, ["Start:", "Write host functions:", "Write plugins:", "Run a host:"]);
    assert!(commands.contains("\nStart:\n  demo "), "{commands}");
}

#[test]
fn list_has_the_operations() {
    let output = run(&["list", "--json"]);
    let listed: Vec<Value> = serde_json::from_slice(&output.stdout).expect("the list is JSON");
    let mut names: Vec<_> = listed.iter().filter_map(|function| function["name"].as_str()).collect();
    names.retain(|name| name.starts_with("db_"));
    let mut expected = xtask::mutants::OPERATIONS.to_vec();
    expected.push("db_test_connection");
    expected.sort_unstable();
    assert_eq!(names, expected);

    let table = stdout(&run(&["list"]));
    assert!(names.iter().all(|name| table.contains(name)), "{table}");
}

#[test]
fn call_runs_an_export_on_a_database_that_stays() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("app.db").display());
    let call = |export: &str, input: &str, grants: &[&str]| {
        let auth = auth();
        let mut arguments = vec!["call", &auth, export, "--input", input, "--database", &database];
        grants.iter().for_each(|grant| arguments.extend(["--grant", grant]));
        run(&arguments)
    };
    let input = r#"{"name": "Ada", "email": "ada@example.com", "password": "correct horse"}"#;
    let grants = ["users:*", "email_verification:write", "credentials:verify"];

    let denied = call("sign_up", input, &[]);
    assert_eq!(denied.status.code(), Some(1));
    assert!(stderr(&denied).contains("permission_denied"), "{}", stderr(&denied));

    let signed_up = call("sign_up", input, &grants);
    assert!(signed_up.status.success(), "{}", stderr(&signed_up));
    let output: Value = serde_json::from_slice(&signed_up.stdout).expect("the output is JSON");
    assert!(output["verification_token"].is_string());

    let again = call("sign_up", input, &grants);
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("conflict"), "{}", stderr(&again));
}

/// Signing up makes a user and then a token, which it may not here.
#[test]
fn an_atomic_call_that_fails_did_nothing() {
    for (flags, left) in [(&[][..], 1), (&["--atomic"], 0), (&["--idempotency-key", "a-key-nobody-can-guess"], 0)] {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}", folder.path().join("app.db").display());
        let auth = auth();
        let input = r#"{"name": "Ada", "email": "ada@example.com", "password": "correct horse"}"#;
        let grants = "users:*,credentials:verify";
        let arguments = ["call", &auth, "sign_up", "--input", input, "--database", &database, "--grant", grants];
        let output = run(&[&arguments, flags].concat());
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("permission_denied"), "{}", stderr(&output));
        assert!(!stderr(&output).contains("called again"), "{}", stderr(&output));
        assert_eq!(rows_of(&database, "users"), left, "{flags:?}");
    }
}

#[test]
fn a_call_with_a_key_is_done_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("app.db").display());
    let sign_up = |email: &str, key: &str| {
        let input = format!(r#"{{"name": "Ada", "email": "{email}", "password": "correct horse"}}"#);
        let arguments = ["call", &auth(), "sign_up", "--input", &input, "--database", &database, "--grant", "*"];
        run(&[&arguments[..], &["--idempotency-key", key]].concat())
    };
    let first = sign_up("ada@example.com", "0c4a9e6e-3f1b-4d0e-9f0a-1f2d3c4b5a69");
    assert!(first.status.success(), "{}", stderr(&first));
    let again = sign_up("ada@example.com", "0c4a9e6e-3f1b-4d0e-9f0a-1f2d3c4b5a69");
    assert_eq!((again.status, &again.stdout), (first.status, &first.stdout), "{}", stderr(&again));
    assert_eq!(rows_of(&database, "users"), 1);

    let reused = sign_up("bob@example.com", "0c4a9e6e-3f1b-4d0e-9f0a-1f2d3c4b5a69");
    assert_eq!(reused.status.code(), Some(1));
    assert!(stderr(&reused).contains("draw a new key"), "{}", stderr(&reused));
    let other = sign_up("ada@example.com", "7c4a9e6e-3f1b-4d0e-9f0a-1f2d3c4b5a60");
    assert!(stderr(&other).contains("conflict"), "{}", stderr(&other));
    let short = sign_up("bob@example.com", "short");
    assert_eq!(short.status.code(), Some(2));
    assert!(stderr(&short).contains("draw a random UUID"), "{}", stderr(&short));
}

#[test]
fn call_reads_its_input_and_masks_secrets_in_the_trace() {
    let auth = auth();
    let mut child = hostfn(&["call", &auth, "sign_up", "--input", "-", "--grant", "*", "--trace"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let input = br#"{"name": "Ada", "email": "ada@example.com", "password": "correct horse"}"#;
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let trace = stderr(&output);
    assert!(trace.contains("hash_password") && trace.contains("<secret 1>"), "{trace}");
    assert!(!trace.contains("correct horse") && !trace.contains("$argon2id"), "{trace}");
}

#[test]
fn what_cannot_be_done_says_what_to_do() {
    let auth = auth();
    for (arguments, code, said) in [
        (&["call", &auth, "sign_op"][..], 1, "has no export `sign_op`"),
        (&["call", &auth, "sign_up", "--database", "app.db"], 1, "for a SQLite file write sqlite://app.db"),
        (&["call", &auth, "sign_up", "--grant", "Users"], 2, "is not a permission"),
        (&["call", &auth, "sign_up", "--input", "@missing.json"], 1, "cannot read the input missing.json"),
        (&["migrate", "--database", "sqlite://no/such/folder/app.db"], 1, "create it first"),
        (&["call", &auth, "sign_up", "--timeout", "x"], 2, "expected a whole number from 1 to 86400"),
        (
            &["cleanup", "--database", "sqlite::memory:", "--every", "x"],
            2,
            "expected a duration, such as 90s, 15m or 24h",
        ),
        (&["cleanup", "--database", "sqlite::memory:", "--batch", "0"], 2, "expected a whole number from 1 to 1000000"),
        (&["migrate"], 2, "--database <URL>"),
        (&[], 2, "Usage"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{}", stderr(&output));
        assert!(stderr(&output).contains(said), "{arguments:?}\n{}", stderr(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn migrate_applies_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("app.db").display());
    let migrate = |more: &[&str]| stdout(&run(&[&["migrate", "--database", &database], more].concat()));
    // The last is the table of kept answers, for calls with an idempotency key.
    let all = ["hostfn-functions/0001_accounts", "hostfn-functions/0002_token_expiry", "hostfn/0001_answers"];
    let lines = |word: &str| all.map(|name| format!("{word} {name}\n")).concat();
    assert_eq!(migrate(&["--dry-run"]), lines("pending"));
    assert!(!folder.path().join("app.db").exists());
    assert_eq!(migrate(&[]), lines("applied"));
    assert_eq!(migrate(&[]), format!("{database} is up to date\n"));
}

#[test]
fn check_says_what_a_plugin_lacks() {
    let auth = auth();
    let lacking = run(&["check", &auth, "--grant", "users:*,sessions:*"]);
    assert_eq!(lacking.status.code(), Some(1));
    let shown = stdout(&lacking);
    assert!(shown.contains("denied   not-granted `hash_password` from `extism:host/user`: it needs"), "{shown}");
    let grant =
        "credentials:verify,email_verification:read,email_verification:write,password_reset:read,password_reset:write";
    assert!(shown.ends_with(&format!("to grant what is missing, add: --grant '{grant}'\n")), "{shown}");

    let fine = run(&["check", &auth, "--grant", "users:*,sessions:*", "--grant", grant]);
    assert!(fine.status.success(), "{}", stderr(&fine));
    assert_eq!(stdout(&fine), "ok  plugin `auth` can be loaded, with all that it imports\n");

    let json = run(&["check", &auth, "--json"]);
    let checked: Value = serde_json::from_slice(&json.stdout).expect("the findings are JSON");
    let kinds = checked["findings"].as_array().expect("there are findings").iter().map(|finding| &finding["kind"]);
    assert!(kinds.clone().all(|kind| kind == "not-granted") && kinds.count() > 10, "{checked}");
}

#[test]
fn a_manifest_asks_and_the_command_line_grants() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let module = folder.path().join("auth.wasm");
    fs::copy(auth(), &module).expect("the plugin is copied");
    let written = run(&["manifest", &module.to_string_lossy()]);
    assert!(written.status.success(), "{}", stderr(&written));
    let manifest = stdout(&written);
    assert!(manifest.contains("\nname = \"auth\"\nmodule = \"auth.wasm\"\nsha256 = \""), "{manifest}");
    let path = folder.path().join("auth.toml");
    let path = path.to_string_lossy();
    fs::write(&*path, format!("{manifest}\n[limits]\nfuel = 1_000_000_000\n")).expect("the manifest is written");

    // What a plugin was made to ask for is what it needs.
    let fine = run(&["check", &path, "--grant", "*"]);
    assert_eq!(stdout(&fine), "ok  plugin `auth` can be loaded, with all that it imports\n");

    let differing =
        manifest.replace("\"credentials:verify\"", "\"notes:*\"").replace("\"sessions:read\"", "\"sessions:*\"");
    fs::write(&*path, format!("{differing}\n[limits]\nfuel = 99_000_000_000\n")).expect("the manifest is written");
    let checked = run(&["check", &path, "--grant", "sessions:read,users:*,email_verification:*,password_reset:*"]);
    assert_eq!(checked.status.code(), Some(1));
    let shown = stdout(&checked);
    for line in [
        "denied   not-asked `hash_password` from `extism:host/user`: it needs `credentials:verify`, which the manifest \
         does not ask for: add it to `grants`",
        "denied   not-granted `db_create_session` from `extism:host/user`: it needs `sessions:write`, which is not granted, \
         and will answer `permission_denied`: grant it, or import it no more",
        "warning  unused-grant the manifest asks for `notes:*`, which no function of this host needs; `hostfn list` shows \
         what the functions need",
        "warning  limit-not-granted the manifest asks for 99000000000 of `fuel`, and the host grants 20000000000: ask for \
         no more, or grant more",
        "to ask for what is missing, add to the manifest's grants: \"credentials:verify\"",
        "to grant what is missing, add: --grant 'sessions:write'",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\nis not in\n{shown}");
    }
    assert!(!shown.contains("asked-not-granted"), "each is told once:\n{shown}");
    let sessions = manifest.replace("grants = [", "grants = [\"sessions:*\", ").replace("\"sessions:read\", ", "");
    let sessions = sessions.replace("\"credentials:verify\"", "\"credentials:*\"");
    fs::write(&*path, sessions).expect("the manifest is written");
    let shown = stdout(&run(&["check", &path, "--grant", "users:*,email_verification:*,password_reset:*,sessions:*"]));
    assert_eq!(shown.matches("credentials:").count(), 3, "the two imports, and what to add:\n{shown}");

    fs::write(&module, b"another").expect("the module is replaced");
    let replaced = run(&["call", &path, "sign_in", "--grant", "*"]);
    assert_eq!(replaced.status.code(), Some(1));
    let said = stderr(&replaced);
    assert!(said.contains("not the module that the manifest of `auth` is for"), "{said}");
    assert!(said.contains(&format!("; review it, and run `hostfn manifest --update {path}`\n")), "{said}");
    let updated = run(&["manifest", "--update", &path]);
    assert!(stdout(&updated).starts_with("updated  "), "{}", stderr(&updated));
    assert!(stderr(&run(&["check", &path])).contains("is not a WebAssembly module"));
}

#[test]
fn a_call_has_the_limits_that_are_said_and_is_recorded() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let audit = folder.path().join("audit.jsonl");
    let sign_up = |more: &[&str]| {
        let input = r#"{"name": "Ada", "email": "ada@example.com", "password": "correct horse"}"#;
        let (auth, audit) = (auth(), audit.to_string_lossy().into_owned());
        run(&[&["call", &auth, "sign_up", "--grant", "*", "--audit", &audit, "--input", input], more].concat())
    };
    let refused = sign_up(&["--limit", "host_calls=1"]);
    assert_eq!(refused.status.code(), Some(1));
    let done = sign_up(&[]);
    assert!(done.status.success(), "{}", stderr(&done));
    let text = fs::read_to_string(&audit).expect("there is an audit log");
    let told: Vec<_> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"))
        .map(|line| format!("{} {}", line["function"].as_str().unwrap_or("?"), line["outcome"].as_str().unwrap_or("?")))
        .collect();
    assert_eq!(told[0], "db_create_user limit_exceeded", "{text}");
    assert_eq!(told[1], "db_create_user success", "{text}");
    assert!(!text.contains("ada@example.com") && !text.contains("argon2"), "{text}");
    for (limit, said) in [
        ("host_call=1", "there is no limit `host_call`; did you mean `host_calls`? The limits are `module_bytes`, "),
        ("host_calls", "`host_calls` has no `=`; write its name and a number, such as `host_calls=100`"),
        ("host_calls=x", "`host_calls`: expected an integer from 0 to 4294967295, and not `x`"),
    ] {
        let wrong = sign_up(&["--limit", limit]);
        assert_eq!(wrong.status.code(), Some(2));
        assert!(stderr(&wrong).contains(said), "{}", stderr(&wrong));
    }
    let strict = run(&["call", &auth(), "sign_up", "--strict"]);
    assert!(stderr(&strict).contains("which is not granted, so that it is not loaded"), "{}", stderr(&strict));
}

#[test]
fn explain_tells_what_a_code_means() {
    let all = stdout(&run(&["explain"]));
    for said in ["Rules of `hostfn compat`\n", "  not_found ", "  response-field-removed ", "  module-not-reviewed "] {
        assert!(all.contains(said), "{said} is not in\n{all}");
    }
    let one = stdout(&run(&["explain", "not-granted"]));
    assert!(
        one.starts_with("not-granted  Findings of `hostfn check`, before a plugin is loaded\n\nThe plugin"),
        "{one}"
    );
    assert!(one.contains("\nOperator. Grant it"), "{one}");
    let json: Value =
        serde_json::from_str(&stdout(&run(&["explain", "permission-denied", "--json"]))).expect("it is JSON");
    assert_eq!((&json["code"], &json["kind"]), (&"permission_denied".into(), &"answer".into()));
    assert!(json["text"].as_str().is_some_and(|text| text.contains("**Operator.** `hostfn check")), "{json}");
    let listed: Value = serde_json::from_str(&stdout(&run(&["explain", "--json"]))).expect("it is JSON");
    assert!(listed.as_array().is_some_and(|texts| texts.contains(&json)), "{listed}");
    let unknown = run(&["explain", "not-grantd"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert_eq!(stderr(&unknown), "error: there is no code `not-grantd`; did you mean `not-granted`?\n");
}

#[test]
fn the_log_shows_every_call_to_whoever_asks_for_it() {
    let input = r#"{"name": "Ada", "email": "ada@example.com", "password": "correct horse"}"#;
    let auth = auth();
    let call = |log: Option<&str>| {
        let mut command = hostfn(&["call", &auth, "sign_up", "--grant", "*", "--input", input]);
        log.map(|log| command.env("HOSTFN_LOG", log));
        stderr(&command.output().unwrap())
    };
    let log = call(Some("debug"));
    assert!(log.lines().all(|line| !line.contains("wasmtime")), "{log}");
    for said in ["host_call{", "function=\"db_create_user\"", "outcome=\"success\"", "microseconds="] {
        assert!(log.contains(said), "`{said}` is not in\n{log}");
    }
    assert!(!log.contains("correct horse"), "{log}");
    assert_eq!(call(None), "", "nothing of it unless it is asked for");
    assert!(call(Some("hostfn=loud")).contains("HOSTFN_LOG=hostfn=loud says no level"));
}

#[test]
fn what_has_a_code_points_to_its_explanation() {
    let auth = auth();
    for (arguments, pointer) in [
        (&["call", &auth, "sign_op"][..], "`hostfn explain unknown-export` tells more\n"),
        (&["call", &auth, "sign_up", "--strict"], "`hostfn explain not-granted` tells more\n"),
        (&["check", &auth], "`hostfn explain not-granted` tells more\n"),
        (&["check", "Cargo.toml"], "`hostfn explain manifest-invalid` tells more\n"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(stderr(&output).contains(pointer), "{arguments:?}\n{}", stderr(&output));
    }
    // What a plugin says of itself is all that is said, and a script reads a report without any advice.
    let denied =
        run(&["call", &auth, "sign_up", "--input", r#"{"name": "A", "email": "a@b.c", "password": "correct horse"}"#]);
    assert!(!stderr(&denied).contains("hostfn explain"), "{}", stderr(&denied));
    let json = run(&["check", &auth, "--json"]);
    assert!(!stderr(&json).contains("hostfn explain"), "{}", stderr(&json));
}

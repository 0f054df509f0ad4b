//! Scenarios: tests of a plugin without Rust.

use hostfn_test::{Scenario, forwarding_guest};

use crate::functions_in;

/// Forwards to every function, under its name.
fn module() -> Vec<u8> {
    forwarding_guest(functions_in("extism:host/user").functions(), true)
}

pub(crate) fn scenario(text: &str) -> Scenario {
    Scenario::parse("notes.yaml", text).unwrap_or_else(|error| panic!("{error}"))
}

/// How a scenario comes out, or why it does not.
pub(crate) fn run(text: &str) -> String {
    match scenario(text).run(functions_in("extism:host/user").into(), "notes", &module()) {
        Ok(outcome) => outcome.to_string(),
        Err(error) => error.to_string(),
    }
}

fn updated(text: &str) -> Option<String> {
    let updated = scenario(text).updated(functions_in("extism:host/user").into(), "notes", &module());
    updated.unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_scenario_passes() {
    let outcome = run("
grants: ['*']
clock: 2026-05-06T07:08:09Z
database:
  notes: [{id: 7, title: before, text: there, pin: null, changed_at: 2026-01-01T00:00:00Z}]
steps:
  - export: get_note
    input: {id: 7}
    output: {success: true, data: {id: 7, title: $title, ...: }, error: null}
    calls: [{function: get_note, request: {id: 7}, data: {title: $title, ...: }}]
  - export: add_note
    advance: 1m
    input: {title: after, text: $title, pin: '12345678'}
    output: {success: true, data: {id: 8, ...: }, error: null}
    database:
      notes:
        - {id: 7, changed_at: 2026-01-01T00:00:00.000000Z, ...: }
        - {id: 8, title: after, text: before, pin: '12345678', changed_at: 2026-05-06T07:09:09.000000Z}
  - export: get_note
    mocks: [{function: get_note, returns: null, times: 1}]
    input: {id: 8}
    output: {data: null, ...: }
");
    assert_eq!(outcome, "3 steps, 3 host calls");
}

/// Adds a note, and fails.
const ADD_AND_FAIL: &str = r#"(module
    (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
    (import "extism:host/user" "add_note" (func $add_note (param i64) (result i64)))
    (func (export "add_and_fail") (result i32) (drop (call $add_note (call $input_offset))) (i32.const 1)))"#;

#[test]
fn an_atomic_call_that_fails_leaves_nothing() {
    let module = wat::parse_str(ADD_AND_FAIL).unwrap();
    let text = |atomic: &str| {
        format!(
            "grants: ['*']\nsteps:\n  - export: add_and_fail\n{atomic}    input: {{title: a, text: b}}\n    \
             error: $_\n    database:\n      notes: []\n"
        )
    };
    let host = || functions_in("extism:host/user").into();
    let run = |atomic| scenario(&text(atomic)).run(host(), "notes", &module).unwrap().to_string();
    for atomic in ["    atomic: true\n", "    atomic: true # all or nothing\n"] {
        assert_eq!(run(atomic), "1 step, 1 host call");
    }
    for by_itself in ["", "    atomic: false\n"] {
        assert!(run(by_itself).contains("database.notes[0]"), "{}", run(by_itself));
    }
    // What it says of the call stays when its expectations are written.
    let atomic = text("    atomic: true\n");
    let updated = scenario(&atomic.replace("[]", "")).updated(host(), "notes", &module).unwrap();
    assert_eq!(updated.as_deref(), Some(atomic.as_str()));
}

#[test]
fn what_is_not_as_expected_is_shown_and_secrets_are_not() {
    let outcome = run("
grants: ['*']
steps:
  - name: a note is kept
    export: add_note
    input: {title: a, text: b, pin: '4711-0815'}
    output: {success: true, data: {id: 2, title: a, text: b}, error: null}
    calls: [get_note, add_note]
    database:
      notes: [{id: 1, title: a, text: b, pin: null, changed_at: $_}]
  - export: get_note
    input: {id: 1}
");
    let expected = r#"step 1 on line 4, a note is kept:
  output.data.id
    - 2
    + 1
  calls[0].function
    - "get_note"
    + "add_note"
  calls[1]
    - {"function":"add_note","...":null}
  database.notes[0].pin
    - null
    + "<secret 1>"
  the step after it was not run"#;
    assert_eq!(outcome, expected);
}

#[test]
fn a_mock_must_answer_as_often_as_it_says() {
    let outcome = run("
grants: ['*']
mocks: [{function: get_note, fails: {code: unavailable, message: later}, times: 2}]
steps:
  - export: get_note
    input: {id: 1}
    output: {error: {code: unavailable, message: later, ...: }, ...: }
");
    assert_eq!(outcome, "step 1 on line 5, `get_note`:\n  mocks: the mock of `get_note` answered 1 of 2 calls");
}

#[test]
fn an_error_that_is_not_declared_fails_a_step() {
    let outcome = run("{grants: ['*'], steps: [{export: undeclared}]}");
    assert!(
        outcome.contains("contract: `undeclared` answered `not_found`, which its contract does not declare"),
        "{outcome}"
    );
}

#[test]
fn what_came_is_written_and_the_rest_stays() {
    let text = "\
# Notes.
grants: ['*']
steps:
  # The first.
  - export: add_note   # in
    input: {title: a, text: $$5, pin: 4711-0815}
    output: {data: {id: 5, ...: }, ...: }   # out
    calls:
    database:
      notes:

  - export: add_note
    input: {title: a, text: b}
    error: old
    calls: [get_note]
";
    let expected = "\
# Notes.
grants: ['*']
steps:
  # The first.
  - export: add_note   # in
    input: {title: a, text: $$5, pin: 4711-0815}
    output: {data: {id: 1, ...: }, ...: }   # out
    calls:
      - function: add_note
        request:
          title: a
          text: $5
          pin: $pin
        data:
          id: 1
          title: a
          text: $5
    database:
      notes:
        - id: 1
          title: a
          text: $5
          pin: $pin
          changed_at: \"2026-01-02T03:04:05.000000Z\"

  - export: add_note
    input: {title: a, text: b}
    calls: [add_note]
    output:
      success: false
      data: null
      error:
        code: conflict
        message: the title is taken
        field: title
        ...:
";
    let written = updated(text).expect("there is something to write");
    assert_eq!(written, expected, "the id of the call is left open");
    assert!(run(&written).starts_with("2 steps"), "{}", run(&written));
    assert_eq!(updated(&written), None);
}

#[test]
fn the_mock_of_a_step_takes_the_place_of_an_earlier_one() {
    let outcome = run("
grants: ['*']
mocks: [{function: get_note, returns: null}]
steps:
  - export: get_note
    input: {id: 1}
    output: {data: null, ...: }
  - export: get_note
    mocks: [{function: get_note, fails: {code: unavailable, message: later}}]
    input: {id: 1}
    output: {error: {code: unavailable, ...: }, ...: }
");
    assert_eq!(outcome, "2 steps, 2 host calls");
}

#[test]
fn an_error_tells_no_secret_either() {
    let outcome = run("
grants: ['*']
steps:
  - export: add_note
    input: {title: a, text: b, pin: '4711-0815'}
    calls: [{function: add_note, request: {pin: $pin, ...: }}]
  - export: get_note
    mocks: [{function: get_note, returns: $pin}]
    input: {id: 1}
");
    assert!(outcome.contains("the mock of `get_note` answers what the function never does"), "{outcome}");
    assert!(outcome.contains("<secret 1>") && !outcome.contains("4711-0815"), "{outcome}");
}

#[test]
fn what_is_written_never_takes_a_name_that_stands_elsewhere() {
    let text = "\
grants: ['*']
steps:
  - export: add_note
    input: {title: a, text: b, pin: 4711-0815}
    calls:
  - export: add_note
    input: {title: b, text: b, pin: 0815-4711}
    output: {data: {id: $second, ...: }, ...: }
    calls: [{function: add_note, request: {pin: $pin, ...: }}]
";
    let written = updated(text).expect("there is something to write");
    assert!(written.contains("pin: $pin_2\n"), "{written}");
    assert!(written.ends_with(text.rsplit_once("  - export").unwrap().1), "{written}");
}

#[test]
fn what_would_fail_as_it_is_written_is_not_written() {
    let text = "\
grants: ['*']
mocks: [{function: get_note, returns: null, times: 2}]
steps: [{export: get_note, input: {id: 1}}]
";
    let error = scenario(text).updated(functions_in("extism:host/user").into(), "notes", &module()).unwrap_err();
    let said = "notes.yaml: mocks: the mock of `get_note` answered 1 of 2 calls; nothing was written";
    assert_eq!(error.to_string(), said);
}

/// Answers eight letters, by chance of the machine's own.
const BY_CHANCE: &str = r#"(module
    (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
    (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
    (memory (export "memory") 1)
    (func (export "draw") (result i32) (local $block i64) (local $at i32)
        (drop (call $random_get (i32.const 0) (i32.const 8)))
        (local.set $block (call $alloc (i64.const 8)))
        (loop $next
            (call $store
                (i64.add (local.get $block) (i64.extend_i32_u (local.get $at)))
                (i32.add (i32.const 97) (i32.and (i32.load8_u (local.get $at)) (i32.const 15))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $at) (i32.const 8))))
        (call $output_set (local.get $block) (i64.const 8))
        (i32.const 0)))"#;

#[test]
fn what_is_another_in_each_run_is_told_with_what_to_write_instead() {
    let text = "steps: [{export: draw}]\n";
    let module = wat::parse_str(BY_CHANCE).unwrap();
    let updated = scenario(text).updated(functions_in("extism:host/user").into(), "chance", &module);
    let error = updated.unwrap_err().to_string();
    let said = "notes.yaml: as it would be written it fails; nothing was written; `output` is another in each run: expect a name \
                in its place, such as `$output`, or `$_` for anything: step 1 on line 1";
    assert!(error.starts_with(said), "{error}");
    let named = "steps: [{export: draw, output: $output}]\n";
    let outcome = scenario(named).run(functions_in("extism:host/user").into(), "chance", &module);
    assert!(outcome.unwrap().is_success());
}

#[test]
fn an_error_where_data_was_expected_is_written() {
    let text = "\
grants: ['*']
mocks: [{function: get_note, fails: {code: unavailable, message: later}}]
steps:
  - export: get_note
    input: {id: 1}
    output: $_
    calls: [{function: get_note, data: null}]
";
    let written = updated(text).expect("there is something to write");
    assert!(written.contains("code: unavailable"), "{written}");
}

#[test]
fn rows_stand_in_the_order_of_their_keys_and_none_is_lost() {
    let rows: Vec<_> = [10, 9, 1]
        .iter()
        .map(|id| format!("{{id: {id}, title: t{id}, text: x, changed_at: 2026-01-01T00:00:00Z}}"))
        .collect();
    let outcome = run(&format!(
        "
grants: ['*']
database: {{notes: [{}]}}
steps:
  - export: what_time
    database: {{notes: [{{id: 1, ...: }}, {{id: 9, ...: }}, {{id: 10, ...: }}]}}
",
        rows.join(", ")
    ));
    assert_eq!(outcome, "1 step, 1 host call");
}

#[test]
fn an_output_that_is_no_text_is_compared_by_its_bytes() {
    let guest = |bytes: &str| {
        let text = format!(
            r#"(module
                (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
                (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
                (import "extism:host/env" "output_set" (func $output (param i64 i64)))
                (func (export "run") (result i32) (local $at i64)
                    (local.set $at (call $alloc (i64.const 2)))
                    (call $store (local.get $at) (i32.const {}))
                    (call $store (i64.add (local.get $at) (i64.const 1)) (i32.const 0xfe))
                    (call $output (local.get $at) (i64.const 2))
                    (i32.const 0)))"#,
            bytes
        );
        wat::parse_str(text).unwrap()
    };
    let text = "steps: [{export: run, output: {$base64: gP4=}}]";
    let run = |module: &[u8]| {
        scenario(text).run(functions_in("extism:host/user").into(), "notes", module).unwrap().to_string()
    };
    assert_eq!(run(&guest("0x80")), "1 step, 0 host calls");
    // As text both would be two replacement characters.
    let other = run(&guest("0x81"));
    assert!(other.contains(r#"output.$base64"#) && other.contains(r#"+ "gf4=""#), "{other}");
}

//! Errors and lines of the log that a guest writes as if they were somebody else's.

use hostfn_runtime::defence::Defence::{EscapeLogs, HideReasons, PluginLogs, TellEndings};
use serde_json::json;

use crate::harness::{
    case::{
        Case,
        Must::{AnswerSaying, FailSaying},
        Outcome, defended, ensure,
    },
    guest::{run, with_text},
    world::World,
};

pub(crate) fn cases() -> Vec<Case> {
    let endings = [
        ("timeout", "says what the engine says of a call that is late", "timeout"),
        ("trap", "says what the engine says of a trap", "wasm trap: wasm `unreachable` instruction executed"),
        ("interrupt", "says what the engine says of an interrupted call", "wasm trap: interrupt"),
        ("fuel", "says what the engine says when fuel is used up", "wasm trap: all fuel consumed by WebAssembly"),
        ("memory", "says what the engine says when it reaches too far", "wasm trap: out of bounds memory access"),
    ];
    let endings = endings.map(|(name, what, text)| {
        let fails = with_text(text.as_bytes(), "(call $error (local.get $h)) (return (i32.const 1))");
        defended(name, what, TellEndings).guest(fails).runs(FailSaying("failed", text))
    });
    let reasons = [
        ("reason", "makes a function fail for a reason", "fail_because", r#"{"reason": "the key is hunter2"}"#),
        ("reason_of_a_panic", "makes a function panic for a reason", "panic_with", r#"{"what": "text"}"#),
        ("reason_of_an_index", "makes a function panic with a number", "panic_with", r#"{"what": "index"}"#),
        ("reason_after_writing", "makes a function panic after it wrote", "deface", r#"{"then": "panic"}"#),
    ];
    let reasons = reasons.map(|(name, what, function, request)| {
        defended(name, what, HideReasons).call(function, request, AnswerSaying("internal", "its log has the reason"))
    });
    let reasons_in_the_log = [
        ("line_by_a_reason", "writes a line into a reason", "it failed\n2026-01-01T00:00:00Z ERROR forged"),
        ("return_by_a_reason", "writes over the line from its start", "it failed\r2026-01-01T00:00:00Z ERROR forged"),
        ("separator_by_a_reason", "writes a separator of lines", "it failed\u{2028}2026-01-01T00:00:00Z ERROR forged"),
        ("direction_by_a_reason", "turns the direction of the text", "it failed\u{202e}degrof"),
        ("quote_by_a_reason", "ends a field", "it failed\" plugin=\"bystander"),
    ];
    let reasons_in_the_log = reasons_in_the_log.map(|(name, what, text)| {
        defended(name, what, EscapeLogs).does(move |world| {
            let request = json!({"reason": text}).to_string();
            world.attacker()?.call("fail_because", request).map_err(|error| error.to_string())?;
            is_one_line(world, "a host call failed", text)
        })
    });
    const FORGED: &str = "all is well\n2026-01-01T00:00:00Z ERROR forged\u{1b}[2K";
    let in_errors = [
        defended("line_by_an_import", "imports what writes a line into the reason that it is not loaded", EscapeLogs)
            .text(format!(r#"(module (import "extism:host/user" "{}" (func)))"#, escaped_for_wat(FORGED)))
            .does(|world| match world.load() {
                Ok(_) => Err("it was loaded".to_owned()),
                Err(error) => is_shown(&error.to_string(), FORGED),
            }),
        defended("line_by_an_error", "fails with two lines", EscapeLogs)
            .guest(with_text(FORGED.as_bytes(), "(call $error (local.get $h)) (return (i32.const 1))"))
            .does(|world| fails_and_is_shown(world, "run", FORGED)),
        defended("line_by_an_error_and_a_trap", "sets an error of two lines, and traps", EscapeLogs)
            .guest(with_text(FORGED.as_bytes(), "(call $error (local.get $h)) unreachable"))
            .does(|world| fails_and_is_shown(world, "run", FORGED)),
        defended("line_by_an_export", "exports what writes a line into the list of exports", EscapeLogs)
            .guest(format!(r#"(func (export "{}")) {}"#, escaped_for_wat(FORGED), run("")))
            .does(|world| fails_and_is_shown(world, "not_there", FORGED)),
    ];
    let lines = [
        ("line", "logs two lines at once", "all is well\n2026-01-01T00:00:00Z ERROR forged"),
        ("return", "logs a line that is written over", "all is well\r2026-01-01T00:00:00Z ERROR forged"),
        ("separator", "logs a separator of lines", "all is well\u{2028}2026-01-01T00:00:00Z ERROR forged"),
        ("direction", "logs text of the other direction", "all is well\u{202e}degrof"),
        ("colours", "logs what colours a terminal", "all is well\u{1b}[31mforged"),
        ("other_plugin", "logs as another plugin", "all is well\" plugin=\"bystander\" call=\"1"),
        ("nul", "logs a NUL", "all is well\0forged"),
    ];
    let lines = lines.map(|(name, what, text)| {
        defended(name, what, PluginLogs).guest(with_text(text.as_bytes(), "(call $log_error (local.get $h))")).does(
            move |world| {
                world.attacker()?.call("run", "").map_err(|error| error.to_string())?;
                is_one_line(world, "all is well", text)
            },
        )
    });
    endings.into_iter().chain(reasons).chain(reasons_in_the_log).chain(in_errors).chain(lines).collect()
}

/// A text within a string of WebAssembly's text format.
fn escaped_for_wat(text: &str) -> String {
    text.bytes().map(|byte| format!("\\{byte:02x}")).collect()
}

fn fails_and_is_shown(world: &World<'_>, export: &str, text: &str) -> Outcome {
    match world.attacker()?.call(export, "") {
        Ok(_) => Err("it succeeded".to_owned()),
        Err(error) => is_shown(&error.to_string(), text),
    }
}

/// That a message has what a guest said, and not as it was said.
fn is_shown(message: &str, text: &str) -> Outcome {
    ensure(!message.contains(text), || format!("the guest's words are in the message as they are: {message:?}"))?;
    ensure(!message.lines().any(|line| line.starts_with("2026-01-01")), || format!("a line was forged: {message:?}"))?;
    ensure(message.contains("all is well"), || format!("nothing of it is shown: {message:?}"))
}

/// That what a guest said is in the log, in one line that says whose it is, and not as it was said.
fn is_one_line(world: &World<'_>, marked: &str, text: &str) -> Outcome {
    let log = world.log.text();
    let line = log.lines().find(|line| line.contains(marked)).unwrap_or_default();
    ensure(!log.contains(text), || format!("the guest's words are in the log as they are: {log:?}"))?;
    ensure(!log.lines().any(|line| line.starts_with("2026-01-01")), || format!("a line was forged: {log:?}"))?;
    ensure(line.contains("plugin=\"attacker\""), || format!("it is not told whose this is: {log:?}"))
}

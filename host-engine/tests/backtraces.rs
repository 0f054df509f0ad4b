//! Where in its source a guest failed.
#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails, as it should")]

mod common;

use hostfn_engine::{Ending, TrapCode};

#[test]
fn a_backtrace_has_functions_files_and_lines() {
    let error = common::run(include_bytes!("data/lines.wasm"), b"").unwrap_err();
    let Ending::Trap { code: TrapCode::IntegerDivisionByZero, backtrace } = &error.ending else { panic!("{error}") };
    let functions: Vec<_> = backtrace.frames.iter().map(|frame| frame.function.as_deref()).collect();
    assert_eq!(functions, [Some("divide"), Some("run")]);
    let lines = |frame: usize| {
        let source = &backtrace.frames[frame].source;
        source.iter().map(|line| (line.file.as_deref().unwrap(), line.line.unwrap())).collect::<Vec<_>>()
    };
    assert_eq!((lines(0), lines(1)), (vec![("./lines.c", 4)], vec![("./lines.c", 9)]));
    assert_eq!(
        backtrace.to_string(),
        "   0: divide\n        at ./lines.c:4:14\n   1: run\n        at ./lines.c:9:12\n"
    );
}

#[test]
fn names_are_shown_as_they_stand_in_the_source() {
    for (name, shown) in [
        ("_ZN5guest4oops17h0123456789abcdefE", "guest::oops"),
        ("_RNvCs1234_7mycrate3foo", "mycrate::foo"),
        ("_ZN5guest4oopsEi", "guest::oops(int)"),
        ("_Zwhat", "_Zwhat"),
    ] {
        let text = format!("(module (func ${name} (unreachable)) (func (export \"run\") (call ${name})))");
        let error = common::run(&wat::parse_str(text).unwrap(), b"").unwrap_err();
        let frames = &error.ending.backtrace().unwrap().frames;
        assert_eq!(frames[0].function.as_deref(), Some(shown));
        assert_eq!((frames[1].function.as_deref(), frames[1].index), (None, 1));
        assert_eq!(error.to_string(), "the guest trapped: unreachable");
    }
}

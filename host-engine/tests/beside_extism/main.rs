//! The same guests through this engine and through Extism: the same outputs and endings, export by export.
#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails, as it should")]

mod both;
#[path = "../common/mod.rs"]
mod common;
mod guests;
mod random;

use std::path::Path;

use both::{Both, Outcome};
use common::guest;

/// Calls each export with each input, one after the other, of the same instances.
#[track_caller]
fn same(both: &mut Both, exports: &[&str], inputs: &[&[u8]]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for export in exports {
        for input in inputs {
            outcomes.push(both.call(export, input));
        }
    }
    outcomes
}

/// What `run` with this body gives, of both.
#[track_caller]
fn same_body(body: &str) -> Outcome {
    let module = common::running(body);
    Both::new(&module).call("run", b"some input")
}

#[test]
fn every_prebuilt_guest_does_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut calls = 0;
    for folder in ["test-plugins/prebuilt", "examples/no-database", "examples/stock"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "wasm") {
                continue;
            }
            let module = std::fs::read(&path).unwrap();
            let mut both = Both::new(&module);
            let exports = both.exports();
            assert!(!exports.is_empty(), "{}", path.display());
            let exports: Vec<_> = exports.iter().map(String::as_str).collect();
            let account =
                r#"{"uuid":"7f3c","email":"ada@example.org","name":"x","password":"correct horse","note":"üüü"}"#;
            let inputs = [&b""[..], b"{}", b"hello world", account.as_bytes(), br#"{"times":3,"count":3}"#];
            calls += same(&mut both, &exports, &inputs).len();
        }
    }
    assert!(calls > 800, "{calls}");
}

#[test]
fn blocks_do_the_same() {
    for body in [
        "(call $number (call $alloc (i64.const 0)))",
        "(call $number (call $length (call $alloc (i64.const 1))))",
        "(call $number (call $length (call $alloc (i64.const 70000))))",
        "(call $number (call $length_unsafe (call $alloc (i64.const 12))))",
        "(call $number (call $length (i64.const 0)))",
        // The block that follows a freed one is not the one that was freed.
        "(local.set $a (call $alloc (i64.const 10))) (call $free (local.get $a)) (call $free (i64.const 0))
         (call $number (i64.extend_i32_u (i64.ne (call $alloc (i64.const 5)) (i64.const 0))))",
        "(call $number (call $input_length))",
        "(call $number (call $length (call $input_offset)))",
        "(call $number (call $load_u64 (call $input_offset)))",
        "(call $number (i64.extend_i32_u (call $load_u8 (call $input_offset))))",
        // The input, within, at its end, and behind.
        "(call $number (call $input_load_u64 (i64.const 0)))",
        "(call $number (call $input_load_u64 (i64.const 2)))",
        "(call $number (call $input_load_u64 (i64.const 3)))",
        "(call $number (i64.extend_i32_u (call $input_load_u8 (i64.const 9))))",
        "(call $number (i64.extend_i32_u (call $input_load_u8 (i64.const 10))))",
        "(call $number (i64.extend_i32_u (call $input_load_u8 (i64.const -1))))",
        // A freed input is gone.
        "(call $free (call $input_offset)) (call $number (call $input_length))",
        "(call $free (call $input_offset)) (call $number (call $input_load_u64 (i64.const 0)))",
        // Addresses that are in no memory.
        "(call $number (call $load_u64 (i64.const 0x100000000)))",
        "(call $number (i64.extend_i32_u (call $load_u8 (i64.const 0x7fffffffffffffff))))",
        "(call $store_u64 (i64.const 0x100000000) (i64.const 1)) (call $number (i64.const 1))",
        "(call $store_u8 (i64.const 0x7fffffffffffffff) (i32.const 1)) (call $number (i64.const 1))",
        "(call $number (call $load_u64 (i64.const 60000000)))",
        "(call $store_u64 (i64.const 60000000) (i64.const 1)) (call $number (i64.const 1))",
    ] {
        let outcome = same_body(body);
        assert!(matches!(outcome, Outcome::Output(_)), "{body}: {outcome:?}");
    }
}

#[test]
fn outputs_and_errors_do_the_same() {
    let text = "(call $text (i32.const 0) (i32.const 10))";
    let cases = [
        ("", "nothing at all"),
        ("(call $out TEXT)", "a block"),
        ("(local.set $a TEXT) (call $output_set (i64.add (local.get $a) (i64.const 3)) (i64.const 4))", "a part of it"),
        ("(local.set $a TEXT) (call $output_set (local.get $a) (i64.const 0))", "none of it"),
        ("(call $out TEXT) (call $output_set (i64.const 0) (i64.const 0))", "no output any more"),
        ("(call $out TEXT) (call $output_set (i64.const 0x200000000) (i64.const 4))", "in no memory"),
        (
            "(local.set $a TEXT) (call $out (local.get $a)) (call $store_u8 (local.get $a) (i32.const 65))",
            "changed later",
        ),
        ("(call $out (call $input))", "a copy of the input"),
        ("(call $output_set (call $input_offset) (call $input_length))", "the input itself"),
        ("(call $error_set TEXT)", "an error"),
        ("(call $error_set TEXT) (call $error_set (i64.const 0))", "no error any more"),
        ("(call $error_set TEXT) (call $out TEXT)", "an error and an output"),
        ("(call $error_set (i64.const 0))", "no error"),
        (
            "(local.set $a TEXT) (call $error_set (local.get $a)) (call $store_u8 (local.get $a) (i32.const 65))",
            "changed",
        ),
        ("(call $error_set TEXT) (unreachable)", "an error and a trap"),
        ("(local.set $a TEXT) (call $error_set (local.get $a)) (call $free (local.get $a))", "an error that is freed"),
        (
            "(local.set $a TEXT) (call $error_set TEXT) (call $error_set (i64.add (local.get $a) (i64.const 1)))",
            "an error inside of a block",
        ),
        ("(call $error_set TEXT) (call $error_set (i64.const 0x100000000))", "an error in no memory"),
    ];
    for (body, what) in cases {
        let body = body.replace("TEXT", text);
        let run = format!("(func (export \"run\") (result i32) (local $a i64) {body} (i32.const 0))");
        let coded = format!("(func (export \"coded\") (result i32) (local $a i64) {body} (i32.const 7))");
        let module = guest("", "0123456789", &format!("{run}{coded}"));
        let outcomes = same(&mut Both::new(&module), &["run", "coded"], &[b"some input"]);
        assert_eq!(outcomes.len(), 2, "{what}");
    }
}

#[test]
fn variables_and_configuration_do_the_same() {
    let key = "(call $text (i32.const 0) (i32.const 3))";
    let exports = [
        ("set", format!("(call $var_set {key} (call $input))")),
        (
            "get",
            format!(
                "(local.set $a (call $var_get {key}))
                (if (i64.ne (local.get $a) (i64.const 0)) (then (call $out (local.get $a))))"
            ),
        ),
        ("remove", format!("(call $var_set {key} (i64.const 0))")),
        ("config", format!("(call $out (call $config_get {key}))")),
        ("unset", "(call $out (call $config_get (call $text (i32.const 1) (i32.const 2))))".to_owned()),
        // The key is freed by the host.
        (
            "taken",
            "(local.set $a (call $text (i32.const 1) (i32.const 2))) (drop (call $var_get (local.get $a)))
            (call $number (call $length (local.get $a)))"
                .to_owned(),
        ),
        ("no_key", "(call $number (call $var_get (i64.const 0)))".to_owned()),
        ("bad_key", "(drop (call $var_get (i64.const 7)))".to_owned()),
        ("bad_config", "(drop (call $config_get (i64.const 7)))".to_owned()),
        ("status", "(call $number (i64.extend_i32_u (call $http_status_code)))".to_owned()),
        ("headers", "(call $number (call $http_headers))".to_owned()),
        ("request", "(drop (call $http_request (call $text (i32.const 16) (i32.const 18)) (i64.const 0)))".to_owned()),
        ("log", format!("(call $log_info {key}) (call $log_error {key}) (call $number (i64.const 1))")),
        ("level", "(call $number (i64.extend_i32_u (call $get_log_level)))".to_owned()),
    ];
    let fields: String = exports
        .iter()
        .map(|(name, body)| format!("(func (export \"{name}\") (result i32) (local $a i64) {body} (i32.const 0))"))
        .collect();
    let mut both = Both::new(&guest("", r"key and more    {\22url\22:\22http://a\22}", &fields));
    let big = vec![b'x'; 900_000];
    for (export, input) in [
        ("get", &b""[..]),
        ("set", b"first"),
        ("get", b""),
        ("set", &big),
        ("get", b""),
        // Together with the one before it is too much.
        ("set", &big),
        ("get", b""),
        ("remove", b""),
        ("get", b""),
        ("set", &[b'x'; 1_100_000]),
        ("set", b"again"),
        ("get", b""),
    ] {
        both.call(export, input);
    }
    let others: Vec<_> = exports.iter().map(|(name, _)| *name).skip(3).collect();
    same(&mut both, &others, &[b""]);
}

#[test]
fn host_functions_do_the_same() {
    let import = r#"(import "extism:host/user" "echo" (func $echo (param i64) (result i64)))
        (import "other" "none" (func $none (result i64)))"#;
    let fields = r#"
        (func (export "echo") (call $out (call $echo (call $input))))
        (func (export "none") (call $out (call $none)))
        (func (export "empty") (call $out (call $echo (i64.const 0))))
        (func (export "many") (local $i i32)
            (loop $next
                (drop (call $echo (call $text (i32.const 0) (i32.const 8))))
                (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 500))))
            (call $out (call $echo (call $text (i32.const 0) (i32.const 8)))))"#;
    let mut both = Both::new(&guest(import, "a request", fields));
    let inputs = [&b"x"[..], b"0123456789", &[b'x'; 100], &[b'y'; 300_000]];
    for outcome in same(&mut both, &["echo", "none", "empty", "many"], &inputs) {
        assert!(matches!(outcome, Outcome::Output(_)), "{outcome:?}");
    }
}

#[test]
fn signatures_do_the_same() {
    let fields = r#"(func (export "nothing")) (func (export "zero") (result i32) (i32.const 0))
        (func (export "code") (result i32) (i32.const -3)) (func (export "long") (result i64) (i64.const 0))
        (func (export "float") (result f64) (f64.const 0))
        (func (export "takes") (param i32) (result i32) (i32.const 0))
        (func (export "two") (result i32 i32) (i32.const 0) (i32.const 0))"#;
    let mut both = Both::new(&guest("", "", fields));
    let outcomes =
        same(&mut both, &["nothing", "zero", "code", "long", "float", "takes", "two", "no such export"], &[b""]);
    assert_eq!(
        outcomes[2..],
        [
            Outcome::Code(-3),
            Outcome::Code(-1),
            Outcome::Code(-1),
            Outcome::NotCallable,
            Outcome::NotCallable,
            Outcome::NoSuchExport
        ]
    );
}

#[test]
fn traps_do_the_same() {
    for body in [
        "(unreachable)",
        "(drop (i32.load (i32.const -1)))",
        "(drop (i64.div_u (i64.const 1) (local.get $a)))",
        "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
        "(drop (i32.trunc_f64_s (f64.const nan)))",
    ] {
        assert!(matches!(same_body(body), Outcome::Trap(_)), "{body}");
    }
    let deep =
        wat::parse_str("(module (func $d (export \"run\") (result i32) (i32.add (i32.const 1) (call $d))))").unwrap();
    assert!(matches!(Both::new(&deep).call("run", b""), Outcome::Trap(_)));
}

#[test]
fn limits_do_the_same() {
    let forever = common::running("(loop $again (br $again))");
    assert_eq!(Both::new(&forever).with_fuel(100_000).call("run", b""), Outcome::OutOfFuel);
    assert_eq!(Both::new(&forever).with_timeout(50).call("run", b""), Outcome::Deadline);
    let large = common::running("(drop (memory.grow (i32.const 5000)))");
    assert_eq!(Both::new(&large).call("run", b""), Outcome::OutOfMemory);
    let blocks = common::running("(drop (call $alloc (i64.const 200000000)))");
    assert_eq!(Both::new(&blocks).call("run", b""), Outcome::OutOfMemory);
}

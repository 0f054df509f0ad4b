//! Lines of calls, through WebAssembly, of a host with a database in memory.
//!
//! A line is the name of a host function, a space, and the request as it is passed. Where that is `@` and a number, the
//! guest passes the number instead of a handle; after `@+` or `@-` it is counted from a handle that is good.

use std::{fmt::Write, sync::LazyLock};

use diesel::connection::SimpleConnection;
use hostfn::{
    CallError, Database, ErrorCode, Grants, HostError, HostResponse, Plugin, PluginManager,
    intercept::{InterceptedCall, Interceptor, Step},
    on_backend,
};

/// More would make an execution slow, and find nothing that fewer do not.
const MOST_CALLS: usize = 8;

static HOST: LazyLock<Host> = LazyLock::new(Host::new);

struct Host {
    manager: PluginManager,
    plugin: Plugin,
}

/// Calls the host line by line, and empties the database.
///
/// Each call is answered as the contract says, with a code that the function declares, and never with `internal`; or the
/// guest is trapped.
pub fn run(data: &[u8]) {
    for line in data.split(|byte| *byte == b'\n').take(MOST_CALLS) {
        HOST.call(line);
    }
    HOST.forget();
}

impl Host {
    fn new() -> Self {
        let database = Database::open("sqlite::memory:").expect("a database in memory can be opened");
        let builder = PluginManager::builder().functions(hostfn_functions::registry()).database(database);
        let manager = builder.interceptor(std::sync::Arc::new(NoHashing)).build().expect("nothing is missing");
        let module = wat::parse_str(guest(manager.functions())).expect("the guest is WebAssembly");
        let plugin = manager.load("guest", &module, Grants::all()).expect("the guest can be loaded");
        Self { manager, plugin }
    }

    fn call(&self, line: &[u8]) {
        let (name, request) = match line.iter().position(|byte| *byte == b' ') {
            Some(space) => (&line[..space], &line[space + 1..]),
            None => (line, &[][..]),
        };
        // A name that is none is some function's all the same, so that no line is wasted.
        let sum = name.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
        let named = self.manager.functions().position(|function| function.name().as_bytes() == name);
        let count = self.manager.functions().count();
        let function = self.manager.functions().nth(named.unwrap_or(sum % count)).expect("it is less than the count");
        let output = match made_up(request) {
            Some((from, offset)) => {
                let export = format!("{from} {}", function.name());
                self.plugin.call(&export, offset.to_le_bytes())
            }
            None => self.plugin.call(function.name(), request),
        };
        match output {
            Ok(output) => check(function, &output),
            Err(CallError::Trapped { .. }) => {}
            Err(error) => panic!("{}: {error}", function.name()),
        }
    }

    fn forget(&self) {
        let database = self.manager.database().expect("it has one");
        // What belongs to users goes with them.
        let deleted =
            database.write(|db| Ok(on_backend!(db, |connection| connection.batch_execute("DELETE FROM users"))?));
        deleted.expect("the database can be written");
    }
}

/// What stands behind an `@`: whether it counts from a good handle, and the number.
fn made_up(request: &[u8]) -> Option<(&'static str, i64)> {
    let number = std::str::from_utf8(request.strip_prefix(b"@")?).ok()?;
    let from = if number.starts_with(['+', '-']) { "beside" } else { "at" };
    let number = number.parse::<i64>().or_else(|_| number.parse::<u64>().map(|number| number as i64));
    Some((from, number.ok()?))
}

fn check(function: &HostFunction, output: &[u8]) {
    let answer: Value = serde_json::from_slice(output).expect("an answer is JSON");
    let members: Vec<_> = answer.as_object().expect("an answer is an object").keys().collect();
    assert_eq!(members, ["success", "data", "error"], "{answer}");
    let Ok(response) = serde_json::from_value::<HostResponse<Value>>(answer.clone()) else {
        panic!("{} answered {answer}", function.name());
    };
    if let Err(error) = response.into_result() {
        assert!(error.code != ErrorCode::Internal, "{}: {error}", function.name());
        assert!(!error.code.is_domain() || function.errors().contains(&error.code), "{}: {error}", function.name());
        assert!(answer["data"].is_null(), "{answer}");
    }
}

/// A guest that exports each function as it is, and with a number instead of a handle or beside one.
fn guest<'a>(functions: impl Iterator<Item = &'a HostFunction>) -> String {
    let (mut imports, mut exports) = (String::new(), String::new());
    for function in functions {
        let (name, namespace) = (function.name(), function.namespace());
        let _ = writeln!(imports, r#"(import "{namespace}" "{name}" (func ${name} (param i64) (result i64)))"#);
        for (export, handle) in [
            (name.to_owned(), "(call $input_offset)"),
            (format!("at {name}"), "(call $input_load_u64 (i64.const 0))"),
            (format!("beside {name}"), "(i64.add (call $input_offset) (call $input_load_u64 (i64.const 0)))"),
        ] {
            let _ = writeln!(
                exports,
                r#"(func (export "{export}") (result i32) (local $answer i64)
                    (local.set $answer (call ${name} {handle}))
                    (call $output_set (local.get $answer) (call $length (local.get $answer)))
                    (i32.const 0))"#
            );
        }
    }
    format!(
        r#"(module
            (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
            (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
            (import "extism:host/env" "length" (func $length (param i64) (result i64)))
            (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
            {imports} {exports})"#
    )
}

/// Answers for what takes tens of milliseconds by design, after its request is decoded.
struct NoHashing;

impl Interceptor for NoHashing {
    fn intercept(&self, step: Step, call: &mut InterceptedCall<'_>) -> Result<(), HostError> {
        if step == Step::Respond {
            call.response = match call.function.name() {
                "hash_password" => Some("$argon2id$".into()),
                "verify_password" => Some(false.into()),
                _ => None,
            };
        }
        Ok(())
    }
}

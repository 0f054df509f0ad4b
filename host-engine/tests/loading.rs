//! Modules that cannot be loaded, and what an engine has.
#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails, as it should")]

mod common;

use common::{ENGINE, functions};
use hostfn_engine::{
    CallOptions, Compiled, Ending, Engine, EngineOptions, ImportFaultKind, InstanceOptions, LoadError, Proposal,
    TrapCode,
};

fn load(text: &str, linked: &[(&str, &str)]) -> Result<Compiled<()>, LoadError> {
    let main = wat::parse_str(text).unwrap();
    let linked: Vec<_> = linked.iter().map(|(name, text)| (*name, wat::parse_str(text).unwrap())).collect();
    let builder = Compiled::builder(&ENGINE, &main).functions(functions());
    linked.iter().fold(builder, |builder, (name, module)| builder.link(name, module)).build()
}

#[track_caller]
fn refused(text: &str, linked: &[(&str, &str)]) -> LoadError {
    load(text, linked).map(|_| ()).unwrap_err()
}

#[test]
fn invalid_bytes_are_not_a_module() {
    for bytes in [&b""[..], b"no module", b"\0asm", b"\0asm\x01\0\0\0\xff"] {
        let error = Compiled::<()>::builder(&ENGINE, bytes).build().map(|_| ()).unwrap_err();
        assert!(matches!(&error, LoadError::NotAModule { module, .. } if module == "main"), "{error}");
    }
    // The engine does not accept the text format.
    assert!(matches!(Compiled::<()>::builder(&ENGINE, b"(module)").build(), Err(LoadError::NotAModule { .. })));
}

#[test]
fn the_proposal_that_a_module_uses_is_named() {
    let error = refused("(module (memory i64 1) (tag $e) (func (throw $e)))", &[]);
    assert!(
        matches!(&error, LoadError::Proposals { proposals, .. } if *proposals == [Proposal::Memory64, Proposal::Exceptions]),
        "{error}"
    );
    assert_eq!(
        error.to_string(),
        "`main` uses memory64, exceptions, which the engine does not accept: turn that off in its compiler"
    );
    let error = refused("(module)", &[("library", "(module (memory 1 1 shared))")]);
    assert!(matches!(&error, LoadError::Proposals { module, .. } if module == "library"), "{error}");
}

#[test]
fn a_module_of_the_abi_before_1_0_gets_one_finding() {
    let error = refused(
        r#"(module (import "env" "extism_alloc" (func (param i64) (result i64)))
            (import "env" "extism_output_set" (func (param i64 i64))) (import "env" "other" (func)))"#,
        &[],
    );
    assert!(matches!(&error, LoadError::OldAbi { import, .. } if import == "extism_alloc"), "{error}");
    assert!(error.to_string().contains("update its Extism PDK to 1.0 or later"), "{error}");
}

#[test]
fn all_faulty_imports_are_reported_at_once() {
    let error = refused(
        r#"(module
            (import "extism:host/user" "uper" (func (param i64) (result i64)))
            (import "extism:host/users" "upper" (func (param i64) (result i64)))
            (import "extism:host/user" "upper" (func (param i32) (result i64)))
            (import "extism:host/user" "upper" (func (param i64 i64) (result i64)))
            (import "extism:host/user" "upper" (func (param i64)))
            (import "extism:host/user" "upper" (memory 1))
            (import "extism:host/env" "alloc" (func (param i32) (result i32)))
            (import "extism:host/env" "memory" (memory 1))
            (import "extism:host/env" "input_bytes" (global i64))
            (import "extism:host/env" "unknown" (func))
            (import "wasi_snapshot_preview1" "fd_write" (func (param i64) (result i32)))
            (import "wasi_snapshot_preview1" "system" (func))
            (import "wasi_unstable" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
            (import "extism:host/user" "upper without" (func (result i64)))
            (import "extism:host/user" "upper" (func (param i64) (result i64)))
            (import "extism:host/user" "upper" (func (result i64))))"#,
        &[],
    );
    let LoadError::Imports(faults) = error else { panic!("{error}") };
    let unknown = ImportFaultKind::Unknown;
    let other = |expected: &str, found: &str| ImportFaultKind::OtherType {
        expected: expected.to_owned(),
        found: found.to_owned(),
    };
    let expected = [
        ("extism:host/user", "uper", unknown.clone()),
        ("extism:host/users", "upper", ImportFaultKind::OtherNamespace("extism:host/user".to_owned())),
        ("extism:host/user", "upper", other("(i64) -> i64", "(i32) -> i64")),
        ("extism:host/user", "upper", other("(i64) -> i64", "(i64, i64) -> i64")),
        ("extism:host/user", "upper", other("(i64) -> i64", "(i64) -> ()")),
        ("extism:host/user", "upper", other("(i64) -> i64", "a memory of 1 pages or more")),
        ("extism:host/env", "alloc", other("(i64) -> i64", "(i32) -> i32")),
        ("extism:host/env", "memory", unknown.clone()),
        ("extism:host/env", "input_bytes", unknown.clone()),
        ("extism:host/env", "unknown", unknown.clone()),
        ("wasi_snapshot_preview1", "fd_write", other("(i32, i32, i32, i32) -> i32", "(i64) -> i32")),
        ("wasi_snapshot_preview1", "system", unknown.clone()),
        ("wasi_unstable", "fd_write", unknown.clone()),
        ("extism:host/user", "upper without", unknown),
    ];
    let found: Vec<_> = faults.iter().map(|fault| (&*fault.namespace, &*fault.name, fault.kind.clone())).collect();
    assert_eq!(found, expected);
    assert_eq!(
        faults[1].to_string(),
        "`main` imports `upper` from `extism:host/users`, but it is in `extism:host/user`: import it from there"
    );
}

#[test]
fn no_host_function_takes_the_place_of_the_engines() {
    let mut functions = functions();
    functions.add("extism:host/env", "alloc", |_| panic!("the kernel has it"));
    functions.add("extism:host/env", "more", |_| panic!("it cannot be imported"));
    functions.add("wasi_snapshot_preview1", "sched_yield", |_| panic!("the engine has it"));
    let module = common::guest(
        r#"(import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))"#,
        "",
        r#"(func (export "run") (result i32) (call $number (i64.const 1)) (call $yield))"#,
    );
    let compiled = Compiled::builder(&ENGINE, &module).functions(functions.clone()).build().unwrap();
    assert!(compiled.host_functions().is_empty());
    let mut instance = compiled.instance((), InstanceOptions::new()).unwrap();
    assert!(instance.call("run", b"", &CallOptions::new()).is_ok());
    let more = wat::parse_str(r#"(module (import "extism:host/env" "more" (func (result i64))))"#).unwrap();
    assert!(matches!(
        Compiled::builder(&ENGINE, &more).functions(functions).build(),
        Err(LoadError::Imports(faults)) if faults.len() == 1
    ));
}

#[test]
fn linked_modules_are_checked_too() {
    let library = r#"(module (func (export "f") (result i32) (i32.const 1)) (global (export "g") i32 (i32.const 1))
        (memory (export "m") 1 2) (table (export "t") 1 2 funcref) (func $start) (start $start))"#;
    let fine = r#"(module (import "library" "f" (func (result i32))) (import "library" "g" (global i32))
        (import "library" "m" (memory 1 3)) (import "library" "t" (table 1 funcref)))"#;
    assert!(load(fine, &[("library", library)]).is_ok());
    for import in [
        r#""f" (func)"#,
        r#""f" (global i32)"#,
        r#""g" (global i64)"#,
        r#""g" (global (mut i32))"#,
        r#""m" (memory 2)"#,
        r#""m" (memory 1 1)"#,
        r#""t" (table 2 funcref)"#,
        r#""none" (func)"#,
    ] {
        let text = format!("(module (import \"library\" {import}))");
        assert!(
            matches!(refused(&text, &[("library", library)]), LoadError::Imports(faults) if faults.len() == 1),
            "{import}"
        );
    }
    let circle = [
        ("a", r#"(module (import "b" "f" (func)) (func (export "f")))"#),
        ("b", r#"(module (import "a" "f" (func)) (func (export "f")))"#),
    ];
    assert!(matches!(refused("(module)", &circle), LoadError::Circle(_)));
    let command = [("a", r#"(module (func (export "_start")))"#)];
    assert!(matches!(refused("(module)", &command), LoadError::LinkedCommand(name) if name == "a"));
    for name in ["main", "extism:host/env", "wasi_snapshot_preview1"] {
        assert!(matches!(refused("(module)", &[(name, "(module)")]), LoadError::ModuleName(taken) if taken == name));
    }
    assert!(matches!(refused("(module)", &[("a", "(module)"), ("a", "(module)")]), LoadError::ModuleName(_)));
}

#[test]
fn what_cannot_be_instantiated_is_reported() {
    let memories = format!("(module {})", "(memory 1)".repeat(40));
    let error = refused(&memories, &[]);
    assert!(matches!(&error, LoadError::Instantiation { module, .. } if module == "main"), "{error}");
    // Data outside of the memory traps when the guest starts.
    let outside = load(r#"(module (memory 1) (data (i32.const 65536) "x") (func (export "run")))"#, &[]).unwrap();
    let mut instance = outside.instance((), InstanceOptions::new()).unwrap();
    let error = instance.call("run", b"", &CallOptions::new()).unwrap_err();
    assert!(matches!(error.ending, Ending::Trap { code: TrapCode::MemoryOutOfBounds, .. }), "{error}");
}

#[test]
fn exports_and_imports_are_listed() {
    let compiled = load(
        r#"(module (import "extism:host/user" "upper" (func (param i64) (result i64)))
            (import "extism:host/env" "alloc" (func (param i64) (result i64)))
            (memory (export "memory") 1) (func (export "b")) (func (export "a") (param i32) (result i64) (i64.const 0)))"#,
        &[],
    )
    .unwrap();
    let exports: Vec<_> = compiled
        .exports()
        .iter()
        .map(|export| (export.name.clone(), export.signature.clone(), export.is_callable))
        .collect();
    assert_eq!(exports, [("a".into(), "(i32) -> i64".into(), false), ("b".into(), "() -> ()".into(), true)]);
    assert_eq!(compiled.host_functions(), [("extism:host/user", "upper")]);
}

#[test]
fn an_engine_has_so_many_instances_at_most() {
    let engine = Engine::new(EngineOptions::new().max_instances(2)).unwrap();
    let compiled = Compiled::<()>::builder(&engine, &wat::parse_str("(module)").unwrap()).build().unwrap();
    let make = || compiled.instance((), InstanceOptions::new());
    let (one, _two) = (make().unwrap(), make().unwrap());
    let error = make().map(|_| ()).unwrap_err();
    assert_eq!((error.max, engine.instances()), (2, 2));
    drop(one);
    assert!(make().is_ok());
    assert_eq!(engine.instances(), 1);
}

#[test]
fn an_engine_keeps_compiled_modules() {
    let folder = tempfile::tempdir().unwrap();
    let files = || walk(folder.path()).len();
    let module = wat::parse_str("(module (func (export \"run\")))").unwrap();
    let load = || {
        let engine = Engine::new(EngineOptions::new().cache(folder.path())).unwrap();
        Compiled::<()>::builder(&engine, &module).build().unwrap();
    };
    load();
    let first = files();
    assert!(first >= 2, "the kernel and the guest are kept: {first}");
    load();
    assert_eq!(files(), first);
}

/// The compiled modules below a folder, without the cache's statistics.
fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let all = entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] });
    all.filter(|path| path.extension().is_none()).collect()
}

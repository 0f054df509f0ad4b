//! Bytes as a module that is looked at before it is loaded.
//!
//! Bytes that begin as a module does are taken as they are. Others say what a module is made of, which is then valid.

use std::sync::LazyLock;

use arbitrary::Unstructured;
use hostfn::{Database, FindingKind, Grants, PluginManager};
use wasm_smith::{Config, Module};

static MANAGER: LazyLock<PluginManager> = LazyLock::new(|| {
    let database = Database::open("sqlite::memory:").expect("a database in memory can be opened");
    PluginManager::with_database(database, hostfn_functions::registry()).expect("nothing is missing")
});

/// Looks at a module. Whatever it is, it is told what it lacks, or that it is none; one that is valid is never none.
pub fn run(data: &[u8]) {
    if data.starts_with(b"\0asm") {
        return check(data, false);
    }
    let config = Config {
        available_imports: Some(IMPORTS.clone()),
        // What the host takes: the others it calls broken, and would be right.
        custom_descriptors_enabled: false,
        custom_page_sizes_enabled: false,
        exceptions_enabled: false,
        memory64_enabled: false,
        shared_everything_threads_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        max_memories: 1,
        max_imports: 20,
        ..Config::default()
    };
    if let Ok(module) = Module::new(config, &mut Unstructured::new(data)) {
        check(&module.to_bytes(), true);
    }
}

fn check(module: &[u8], is_valid: bool) {
    match MANAGER.check("guest", module, Grants::none()) {
        Ok(findings) => {
            for finding in &findings {
                assert!(!finding.message.is_empty() && !finding.to_string().contains('\n'), "{finding}");
                // Nothing is granted here, which is said of what can be granted alone.
                assert!(finding.kind != FindingKind::NotGranted || finding.import.is_some(), "{finding}");
            }
            assert!(findings.is_sorted_by_key(|finding| finding.kind.severity()), "{findings:?}");
        }
        Err(error) => assert!(!is_valid, "a valid module is refused: {error}"),
    }
}

/// A module that imports what a valid one may be made to import: good, misspelt, with another signature, and of another
/// kind.
static IMPORTS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    wat::parse_str(
        r#"(module
            (import "extism:host/user" "db_create_user" (func (param i64) (result i64)))
            (import "extism:host/user" "db_cleanup_expired_sessions" (func (result i64)))
            (import "extism:host/user" "db_get_session" (func (result i64)))
            (import "extism:host/user" "db_get_sesion" (func (param i64) (result i64)))
            (import "extism:host/user" "hash_password" (func (param i32 i32) (result i32)))
            (import "extism:host/user" "verify_password" (global i64))
            (import "elsewhere" "db_get_user_by_uuid" (func (param i64) (result i64)))
            (import "extism:host/env" "alloc" (func (param i64) (result i64)))
            (import "extism:host/env" "length" (func (param i32)))
            (import "extism:host/env" "memory" (memory 1))
            (import "extism:host/env" "reset" (func))
            (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "system" (func (param i32)))
            (import "env" "table" (table 1 funcref)))"#,
    )
    .expect("it is WebAssembly")
});

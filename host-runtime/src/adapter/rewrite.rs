//! The guest as it is loaded: with its imports from the adapter, and nothing that runs by itself.

use std::borrow::Cow;

use wasm_encoder::{Encode, ExportKind, ExportSection, Module, RawSection, SectionId};
use wasmparser::{BinaryReader, BinaryReaderError, ExternalKind, ImportSectionReader, Parser, Payload};

use super::{ADAPTER, joined};
use crate::kernel::WASI;

/// What the names of exports begin with that are given here. No guest may have any.
pub(crate) const RESERVED: &str = "hostfn:";
/// The guest's start function, as the front imports it.
pub(super) const START: &str = "hostfn:start";

/// An export's name in the guest as it is loaded: what an engine would call by itself has another.
pub(super) fn renamed(name: &str) -> Cow<'_, str> {
    match name {
        // The one makes every call of a module that is linked one of a new instance; the other is called when it is.
        "_start" | "_initialize" => format!("{RESERVED}{name}").into(),
        _ => name.into(),
    }
}

/// The same module, with other names: no index in it changes, and no instruction. What it imports of modules that are
/// linked with it stays between them.
pub(super) fn guest(bytes: &[u8], linked: &[&str]) -> Result<Vec<u8>, BinaryReaderError> {
    let (mut exports, mut sections) = (ExportSection::new(), Vec::new());
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    exports.export(&renamed(export.name), kind(export.kind), export.index);
                }
                sections.push(Section::Exports);
            }
            // It stands just after the exports, where there are any.
            Payload::StartSection { func, .. } => {
                if exports.is_empty() {
                    sections.push(Section::Exports);
                }
                exports.export(START, ExportKind::Func, func);
            }
            Payload::ImportSection(section) => sections.push(Section::Imports(imports(bytes, section, linked)?)),
            payload => sections.extend(payload.as_section().map(|(id, range)| Section::AsItIs(id, range))),
        }
    }
    let mut module = Module::new();
    for section in sections {
        match section {
            Section::AsItIs(id, range) => module.section(&RawSection { id, data: &bytes[range] }),
            Section::Imports(data) => module.section(&RawSection { id: SectionId::Import.into(), data: &data }),
            Section::Exports => module.section(&exports),
        };
    }
    Ok(module.finish())
}

enum Section {
    AsItIs(u8, std::ops::Range<usize>),
    Imports(Vec<u8>),
    Exports,
}

/// An import section with the names that the adapter has. What is imported by them is copied as it stands.
fn imports(bytes: &[u8], section: ImportSectionReader<'_>, linked: &[&str]) -> Result<Vec<u8>, BinaryReaderError> {
    let (count, end) = (section.count(), section.range().end);
    let imports: Vec<_> = section.into_imports_with_offsets().collect::<Result<_, _>>()?;
    let mut data = Vec::new();
    count.encode(&mut data);
    for (number, (start, import)) in imports.iter().enumerate() {
        let next = imports.get(number + 1).map_or(end, |(next, _)| *next);
        let mut names = BinaryReader::new(&bytes[*start..next], *start);
        names.read_string()?;
        names.read_string()?;
        let (namespace, name) = match (import.module, import.name) {
            // The rest of WASI reads and writes the guest's own memory, and is called by it.
            (WASI, name) if name != "proc_exit" => (WASI.into(), Cow::from(name)),
            (namespace, name) if linked.contains(&namespace) => (namespace.into(), renamed(name)),
            (namespace, name) => (Cow::from(ADAPTER), joined(namespace, name).into()),
        };
        namespace.encode(&mut data);
        name.encode(&mut data);
        data.extend(&bytes[names.original_position()..next]);
    }
    Ok(data)
}

fn kind(kind: ExternalKind) -> ExportKind {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => ExportKind::Func,
        ExternalKind::Table => ExportKind::Table,
        ExternalKind::Memory => ExportKind::Memory,
        ExternalKind::Global => ExportKind::Global,
        ExternalKind::Tag => ExportKind::Tag,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str, expected: &str) {
        let module = guest(&wat::parse_str(text).unwrap(), &["library"]).unwrap();
        wasmparser::Validator::new().validate_all(&module).unwrap();
        assert_eq!(module, wat::parse_str(expected).unwrap(), "{text}");
    }

    #[test]
    fn only_names_change() {
        rewritten(
            r#"(module $named
                (import "extism:host/env" "alloc" (func (param i64) (result i64)))
                (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
                (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
                (import "extism:host/user" "alloc" (func $alloc (param i64) (result i64)))
                (import "library" "_initialize" (func)) (import "library" "table" (table 1 funcref))
                (memory (export "memory") 1) (global (export "_start") i32 (i32.const 1))
                (func (export "run") (result i32) (drop (call $alloc (i64.const 1))) (i32.const 0))
                (func (export "_initialize"))
                (data (i32.const 0) "text"))"#,
            r#"(module $named
                (import "hostfn:adapter" "extism:host/env alloc" (func (param i64) (result i64)))
                (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
                (import "hostfn:adapter" "wasi_snapshot_preview1 proc_exit" (func (param i32)))
                (import "hostfn:adapter" "extism:host/user alloc" (func $alloc (param i64) (result i64)))
                (import "library" "hostfn:_initialize" (func)) (import "library" "table" (table 1 funcref))
                (memory (export "memory") 1) (global (export "hostfn:_start") i32 (i32.const 1))
                (func (export "run") (result i32) (drop (call $alloc (i64.const 1))) (i32.const 0))
                (func (export "hostfn:_initialize"))
                (data (i32.const 0) "text"))"#,
        );
    }

    #[test]
    fn a_start_function_is_exported_and_not_run() {
        rewritten(
            r#"(module (func $first) (func (export "run")) (start $first))"#,
            r#"(module (func $first) (func (export "run")) (export "hostfn:start" (func $first)))"#,
        );
        rewritten(
            "(module (memory 1) (func $first) (start $first) (data (i32.const 0) \"text\"))",
            "(module (memory 1) (func $first) (export \"hostfn:start\" (func $first)) (data (i32.const 0) \"text\"))",
        );
        rewritten(
            r#"(module (import "a" "b" (func $first)) (start $first))"#,
            r#"(module (import "hostfn:adapter" "a b" (func $first)) (export "hostfn:start" (func $first)))"#,
        );
    }
}

//! Types of imports and exports: whether they match, and how to write them.

use wasmtime_48::{ExternType, FuncType, GlobalType, MemoryType, TableType, ValType};

/// Whether an export of the first type can be imported as the second.
pub(crate) fn fits(export: &ExternType, import: &ExternType) -> bool {
    match (export, import) {
        (ExternType::Func(export), ExternType::Func(import)) => FuncType::eq(export, import),
        (ExternType::Global(export), ExternType::Global(import)) => global_fits(export, import),
        (ExternType::Memory(export), ExternType::Memory(import)) => memory_fits(export, import),
        (ExternType::Table(export), ExternType::Table(import)) => table_fits(export, import),
        _ => false,
    }
}

fn global_fits(export: &GlobalType, import: &GlobalType) -> bool {
    ValType::eq(export.content(), import.content()) && export.mutability() == import.mutability()
}

fn memory_fits(export: &MemoryType, import: &MemoryType) -> bool {
    range_fits((export.minimum(), export.maximum()), (import.minimum(), import.maximum()))
}

fn table_fits(export: &TableType, import: &TableType) -> bool {
    export.element().matches(import.element())
        && import.element().matches(export.element())
        && range_fits((export.minimum(), export.maximum()), (import.minimum(), import.maximum()))
}

fn range_fits(export: (u64, Option<u64>), import: (u64, Option<u64>)) -> bool {
    let maximum_fits = import.1.is_none_or(|most| export.1.is_some_and(|maximum| maximum <= most));
    export.0 >= import.0 && maximum_fits
}

/// A type for messages, such as `(i64) -> i64`.
pub(crate) fn describe(ty: &ExternType) -> String {
    match ty {
        ExternType::Func(function) => describe_function(function),
        ExternType::Global(global) => format!("a global of {}", global.content()),
        ExternType::Memory(memory) => format!("a memory of {} pages or more", memory.minimum()),
        ExternType::Table(table) => format!("a table of {}", table.element()),
        ExternType::Tag(_) => "a tag".to_owned(),
    }
}

pub(crate) fn describe_function(function: &FuncType) -> String {
    let list = |types: Vec<String>| types.join(", ");
    let parameters = list(function.params().map(|ty| ty.to_string()).collect());
    let results: Vec<_> = function.results().map(|ty| ty.to_string()).collect();
    match results.len() {
        1 => format!("({parameters}) -> {}", results[0]),
        _ => format!("({parameters}) -> ({})", list(results)),
    }
}

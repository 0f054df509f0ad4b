//! Which proposals of WebAssembly a guest can use, and which ones a refused module uses.

use std::fmt;

use wasmparser_48::{Parser, Validator, WasmFeatures};
use wasmtime_48::Config;

/// What PDKs and their compilers emit.
const SUPPORTED: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::EXTENDED_CONST);

/// A proposal of WebAssembly that the engine refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Proposal {
    /// Garbage collection, with `externref` and the other types of references that need a collector.
    GarbageCollection,
    /// Typed references to functions.
    FunctionReferences,
    /// Exceptions.
    Exceptions,
    /// Exceptions as they were before their standardization.
    LegacyExceptions,
    /// Threads: shared memories and atomic instructions.
    Threads,
    /// Memories and tables with 64-bit addresses.
    Memory64,
    /// Pages of sizes other than 64 KiB.
    CustomPageSizes,
    /// 128-bit arithmetic.
    WideArithmetic,
    /// Stack switching.
    StackSwitching,
    /// The component model: the module is a component.
    ComponentModel,
}

/// Each proposal with its features of the validator.
const REFUSED: [(Proposal, WasmFeatures); 9] = [
    (Proposal::StackSwitching, WasmFeatures::STACK_SWITCHING),
    (Proposal::WideArithmetic, WasmFeatures::WIDE_ARITHMETIC),
    (Proposal::CustomPageSizes, WasmFeatures::CUSTOM_PAGE_SIZES),
    (Proposal::Memory64, WasmFeatures::MEMORY64),
    (Proposal::Threads, WasmFeatures::THREADS.union(WasmFeatures::SHARED_EVERYTHING_THREADS)),
    (Proposal::LegacyExceptions, WasmFeatures::LEGACY_EXCEPTIONS),
    (Proposal::Exceptions, WasmFeatures::EXCEPTIONS),
    (Proposal::FunctionReferences, WasmFeatures::FUNCTION_REFERENCES),
    (Proposal::GarbageCollection, WasmFeatures::GC.union(WasmFeatures::GC_TYPES)),
];

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GarbageCollection => "garbage collection",
            Self::FunctionReferences => "function references",
            Self::Exceptions => "exceptions",
            Self::LegacyExceptions => "legacy exceptions",
            Self::Threads => "threads",
            Self::Memory64 => "memory64",
            Self::CustomPageSizes => "custom page sizes",
            Self::WideArithmetic => "wide arithmetic",
            Self::StackSwitching => "stack switching",
            Self::ComponentModel => "the component model",
        })
    }
}

/// Turns off everything else in wasmtime.
pub(crate) fn restrict(config: &mut Config) {
    config.wasm_features(SUPPORTED.complement(), false);
}

/// Whether these bytes are a module that uses nothing else.
pub(crate) fn is_supported(module: &[u8]) -> bool {
    Validator::new_with_features(SUPPORTED).validate_all(module).is_ok()
}

/// The refused proposals that a module needs. None if the module is invalid even with all of them.
pub(crate) fn refused(module: &[u8]) -> Vec<Proposal> {
    if Parser::is_component(module) {
        return vec![Proposal::ComponentModel];
    }
    let is_valid = |features| Validator::new_with_features(features).validate_all(module).is_ok();
    let mut features = REFUSED.iter().fold(SUPPORTED, |all, (_, one)| all | *one);
    if !is_valid(features) {
        return Vec::new();
    }
    let mut needed = Vec::new();
    for (proposal, flags) in REFUSED {
        let without = features - flags;
        if is_valid(without) {
            features = without;
        } else {
            needed.push(proposal);
        }
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proposal_that_a_module_uses_is_named() {
        let cases = [
            ("(module (type (struct (field i32))))", Proposal::GarbageCollection),
            ("(module (func (param externref)))", Proposal::GarbageCollection),
            (
                "(module (type $f (func)) (func (param (ref $f)) (call_ref $f (local.get 0))))",
                Proposal::FunctionReferences,
            ),
            ("(module (tag $e) (func (throw $e)))", Proposal::Exceptions),
            ("(module (memory 1 1 shared))", Proposal::Threads),
            ("(module (memory i64 1))", Proposal::Memory64),
            ("(module (memory 1 (pagesize 1)))", Proposal::CustomPageSizes),
            (
                "(module (func (param i64 i64) (result i64 i64)
                    (i64.mul_wide_s (local.get 0) (local.get 1))))",
                Proposal::WideArithmetic,
            ),
            ("(component)", Proposal::ComponentModel),
        ];
        for (text, proposal) in cases {
            assert_eq!(refused(&wat::parse_str(text).unwrap()), [proposal], "{text}");
        }
        let two = "(module (memory i64 1) (tag $e) (func (throw $e)))";
        assert_eq!(refused(&wat::parse_str(two).unwrap()), [Proposal::Memory64, Proposal::Exceptions]);
    }

    #[test]
    fn what_is_no_module_uses_no_proposal() {
        assert_eq!(refused(b"no module"), []);
        assert_eq!(refused(&wat::parse_str("(module (func (result i32)))").unwrap()), []);
    }

    #[test]
    fn what_compilers_emit_is_supported() {
        for text in [
            "(module (memory 1) (memory 1))",
            "(module (func (result i32 i32) i32.const 1 i32.const 2))",
            "(module (func $f (return_call $f)))",
            "(module (func (result v128) (i8x16.splat (i32.const 1))))",
            "(module (func (param v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))",
            "(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 1))))",
            "(module (table 1 funcref) (func (param funcref)))",
            "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))",
        ] {
            let module = wat::parse_str(text).unwrap();
            assert!(is_supported(&module), "{text}");
        }
    }
}

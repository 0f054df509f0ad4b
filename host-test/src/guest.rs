//! A guest that imports host functions and hands them what it is handed.

use std::collections::HashMap;

use hostfn_runtime::HostFunction;
use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection, Module, TypeSection,
    ValType,
};

/// Extism's own functions that the guest needs.
const KERNEL: &str = "extism:host/env";

/// How many kernel functions are imported before the host functions.
const KERNEL_IMPORTS: u32 = 3;

// The types of the module, by their indices.
const REQUEST_TO_ANSWER: u32 = 0;
const NOTHING_TO_ANSWER: u32 = 1;
const OUTPUT_SET: u32 = 2;
const EXPORT: u32 = 3;

/// A WebAssembly module that exports each of `functions` under its name: the input of the export
/// is the request, its output the answer, byte for byte.
///
/// With `passes_request` false it imports them without a parameter, as guests do that have nothing
/// to say.
///
/// Two functions of one name, in two namespaces, are exported as `namespace/name`.
pub fn forwarding_guest<'a>(functions: impl IntoIterator<Item = &'a HostFunction>, passes_request: bool) -> Vec<u8> {
    let functions: Vec<_> = functions.into_iter().collect();
    let mut of_name = HashMap::new();
    for function in &functions {
        *of_name.entry(function.name()).or_insert(0) += 1;
    }

    let mut types = TypeSection::new();
    types.ty().function([ValType::I64], [ValType::I64]);
    types.ty().function([], [ValType::I64]);
    types.ty().function([ValType::I64, ValType::I64], []);
    types.ty().function([], [ValType::I32]);

    let mut imports = ImportSection::new();
    imports.import(KERNEL, "input_offset", EntityType::Function(NOTHING_TO_ANSWER));
    imports.import(KERNEL, "length", EntityType::Function(REQUEST_TO_ANSWER));
    imports.import(KERNEL, "output_set", EntityType::Function(OUTPUT_SET));
    let host_function_type = if passes_request { REQUEST_TO_ANSWER } else { NOTHING_TO_ANSWER };

    let mut own = FunctionSection::new();
    let mut exports = ExportSection::new();
    let mut code = CodeSection::new();
    let first_own = KERNEL_IMPORTS + u32::try_from(functions.len()).expect("a registry has fewer functions than 2^32");
    for (position, function) in (0..).zip(&functions) {
        imports.import(function.namespace(), function.name(), EntityType::Function(host_function_type));
        own.function(EXPORT);
        let name = match of_name[function.name()] {
            1 => function.name().to_owned(),
            _ => format!("{}/{}", function.namespace(), function.name()),
        };
        exports.export(&name, ExportKind::Func, first_own + position);
        code.function(&forward(KERNEL_IMPORTS + position, passes_request));
    }

    let mut module = Module::new();
    module.section(&types).section(&imports).section(&own).section(&exports).section(&code);
    module.finish()
}

/// `output_set(answer, length(answer))`, where the answer is the host function's to the input.
fn forward(import: u32, passes_request: bool) -> Function {
    const INPUT_OFFSET: u32 = 0;
    const LENGTH: u32 = 1;
    const OUTPUT_SET: u32 = 2;
    const ANSWER: u32 = 0;

    let mut body = Function::new([(1, ValType::I64)]);
    let mut instructions = body.instructions();
    if passes_request {
        instructions.call(INPUT_OFFSET);
    }
    instructions.call(import).local_tee(ANSWER);
    instructions.local_get(ANSWER).call(LENGTH);
    instructions.call(OUTPUT_SET);
    instructions.i32_const(0).end();
    body
}

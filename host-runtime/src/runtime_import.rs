//! Imports that are no host functions: what the runtimes of languages expect of a host that they were made for, such as
//! a browser.
//!
//! Whoever meets one did not write it. So it is not enough to say that there is no such function: the switch or the
//! dependency that brings it in must be named.

use hostfn_contract::DEFAULT_NAMESPACE;

/// What brings an import in that no host of plugins provides, and what to do about it, if it is known.
pub(crate) fn cure(namespace: &str, name: &str, is_function: bool) -> Option<String> {
    let cure = match (namespace, name) {
        ("env", "memory") => {
            "the module imports its memory, and a plugin brings its own: build without `--import-memory` (AssemblyScript: \
             `--importMemory`; Emscripten: `IMPORTED_MEMORY`)"
        }
        ("env", "__memory_base" | "__table_base" | "__stack_pointer" | "__indirect_function_table")
        | ("GOT.mem" | "GOT.func", _) => {
            "the module is built as a shared library, which needs a dynamic linker: link it statically, without \
             `-shared`, `-fPIC` and `-sSIDE_MODULE`"
        }
        _ if !is_function => return None,
        ("env", name) => return of_env(name),
        ("__wbindgen_placeholder__" | "__wbindgen_externref_xform__" | "wbg", _) => {
            "it comes from wasm-bindgen, which is for JavaScript hosts such as browsers: `cargo tree -i wasm-bindgen` \
             names the dependency that brings it in; turn its feature off, often `js`, `wasm_js` or `wasmbind`"
        }
        ("gojs" | "go", _) => {
            "it comes from Go for `js`, which needs a browser: build with `GOOS=wasip1 GOARCH=wasm go build \
             -buildmode=c-shared`, or with TinyGo's `-target wasip1 -buildmode=c-shared`"
        }
        ("wasi_unstable", _) => {
            "WASI before preview 1 is not supported: build for `wasm32-wasip1` with a newer compiler (Rust, wasi-sdk or \
             Zig)"
        }
        ("wasi", "thread-spawn") => {
            "plugins have no threads: build for `wasm32-wasip1`, and not for `wasm32-wasip1-threads`"
        }
        (namespace, _) if namespace.starts_with("wasi:") => {
            "WASI preview 2 is for WebAssembly components: build a core module for `wasm32-wasip1` or \
             `wasm32-unknown-unknown`, and not for `wasm32-wasip2`"
        }
        (namespace, _) if namespace.starts_with("wbg") || namespace.ends_with("_bg.js") => {
            return cure("wbg", name, true);
        }
        (namespace, _) if namespace.contains('/') && namespace.contains('@') => {
            "a namespace with a version is an interface of the component model: import host functions by their own \
             namespace, which the host's command `list` shows"
        }
        _ => return None,
    };
    Some(cure.to_owned())
}

/// Functions of `env`, where linkers put whatever was declared and is not there.
fn of_env(name: &str) -> Option<String> {
    let cure = match name {
        "abort" => {
            "AssemblyScript's runtime calls it when the plugin fails: build with `--use abort=FILE/NAME`, which names a \
             function of yours, such as `--use abort=assembly/index/abort`; in C and C++ define `abort` yourself"
        }
        "seed" | "Math.random" | "crypto.getRandomValuesN" => {
            "AssemblyScript's `Math.random` asks for it, and plugins get no randomness this way: call a host function \
             that draws what you need, or build with `--use seed=FILE/NAME`, which names a function of yours"
        }
        "Date.now" | "performance.now" => {
            "AssemblyScript's clock asks for it, and plugins get no clock this way: take the time from the input or from a \
             host function"
        }
        "trace" => {
            "AssemblyScript's `trace` asks for it: log with the PDK, as `log_info`, or build with `--use \
             trace=FILE/NAME`"
        }
        "process.exit" => {
            "AssemblyScript's `process.exit` asks for it: return a code other than 0 from the export instead"
        }
        _ if name.starts_with("console.") => {
            "AssemblyScript's `console` asks for it: log with the PDK, as `log_info`, or remove the call"
        }
        _ if name.starts_with("emscripten_")
            || name.starts_with("__syscall_")
            || name.starts_with("invoke_")
            || ["_emscripten", "__cxa_", "__assert_fail", "_abort_js"].iter().any(|part| name.starts_with(part)) =>
        {
            "it comes from Emscripten, whose JavaScript would provide it: build with `-sSTANDALONE_WASM --no-entry`, \
             without C++ exceptions, or with wasi-sdk"
        }
        _ if name.starts_with("runtime.") || name.starts_with("syscall/js.") => {
            "it comes from TinyGo for a browser: build with `-target wasip1 -buildmode=c-shared`"
        }
        _ if name.starts_with("__wbindgen") => return cure("wbg", name, true),
        _ => return None,
    };
    Some(cure.to_owned())
}

/// What a linker makes of a function that was declared and is nowhere, as C's, C++'s and Zig's do.
pub(crate) fn undefined() -> String {
    format!(
        "the host has no such function; `env` is where linkers put what is declared and not defined: link the library that \
         defines it; a host function is imported from `{DEFAULT_NAMESPACE}`, in C by `import_module` and in Zig by \
         `extern \"{DEFAULT_NAMESPACE}\" fn`"
    )
}

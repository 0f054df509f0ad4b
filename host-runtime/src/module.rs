//! What a WebAssembly module asks for, read without running it.

use wasmparser::{CompositeInnerType, ExternalKind, Parser, Payload, TypeRef, ValType, Validator};

use crate::{
    HostFunction,
    host::Host,
    preflight::{Finding, FindingKind},
};

/// Extism's own functions, which every guest may import.
const KERNEL: &str = "extism:host/env";
const WASI: &str = "wasi_snapshot_preview1";

/// A module's imports and exports, and what it wants before it runs.
pub(crate) struct Module {
    pub(crate) needs_wasi: bool,
    pub(crate) exports: Vec<String>,
    /// Whether something of it runs as soon as it is loaded.
    pub(crate) has_start: bool,
    /// The memory that it starts with, in WebAssembly's pages of 64 KiB.
    pub(crate) first_pages: u64,
    imports: Vec<Import>,
}

struct Import {
    namespace: String,
    name: String,
    /// Its parameters and results, where it is a function.
    signature: Option<(Vec<ValType>, Vec<ValType>)>,
}

/// A host function that a guest imports, as it is to be linked.
pub(crate) struct Link<'a> {
    pub(crate) function: &'a HostFunction,
    pub(crate) takes_request: bool,
}

impl Module {
    /// Reads a module, or says why the bytes are none.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        if !bytes.starts_with(b"\0asm") {
            return Err("it does not start as a WebAssembly module does; pass the compiled .wasm file".to_owned());
        }
        if Parser::is_component(bytes) {
            return Err("it is a WebAssembly component; build a core module, for instance for wasm32-unknown-unknown"
                .to_owned());
        }
        // All of it, and not only what is read here: what cannot be compiled should be told before it is tried.
        Validator::new().validate_all(bytes).map_err(|error| format!("it is broken: {error}"))?;
        read(bytes).map_err(|error| format!("it is broken: {error}"))
    }

    /// How each import of a host function is to be linked, or why it cannot be.
    pub(crate) fn links<'a>(&self, host: &'a Host) -> impl Iterator<Item = Result<Link<'a>, Finding>> {
        let imports = self.imports.iter().filter(|import| ![KERNEL, WASI].contains(&import.namespace.as_str()));
        imports.map(|import| import.link(host))
    }
}

impl Import {
    fn link<'a>(&self, host: &'a Host) -> Result<Link<'a>, Finding> {
        let refused = |kind, message: String| Finding {
            kind,
            import: Some((self.namespace.clone(), self.name.clone())),
            message,
        };
        let Some(function) = host.function(&self.namespace, &self.name) else {
            let (kind, advice) = self.advice(host);
            return Err(refused(kind, advice));
        };
        let function = function.description();
        let wrong = |message: &str| Err(refused(FindingKind::WrongSignature, message.to_owned()));
        let takes_request = match &self.signature {
            None => return wrong("it is a function, and the module imports something else by this name"),
            Some((parameters, results)) => match (parameters.as_slice(), results.as_slice()) {
                ([ValType::I64], [ValType::I64]) => true,
                ([], [ValType::I64]) if function.can_be_called_with_nothing() => false,
                ([], [ValType::I64]) => return wrong("it takes a request: import it as (i64) -> i64"),
                _ => {
                    return wrong(&format!(
                        "the module imports it as {}; import it as (i64) -> i64: the handle of a JSON object in, the \
                         handle of the answer out",
                        signature(parameters, results)
                    ));
                }
            },
        };
        Ok(Link { function, takes_request })
    }

    /// What the author may have meant by a name that the host does not have.
    fn advice(&self, host: &Host) -> (FindingKind, String) {
        if let Some(elsewhere) = host.descriptions().find(|function| function.name() == self.name) {
            let namespace = elsewhere.namespace();
            let advice = format!("the host has it in another namespace: import it from `{namespace}`");
            return (FindingKind::WrongNamespace, advice);
        }
        let advice = if host.functions.is_empty() {
            "the host has no functions; build it with `.functions(…)`".to_owned()
        } else {
            let nearest = host
                .descriptions()
                .map(|function| (strsim::jaro_winkler(function.name(), &self.name), function.name()));
            match nearest.max_by(|(left, _), (right, _)| left.total_cmp(right)) {
                Some((likeness, name)) if likeness > 0.85 => {
                    format!("the host has no such function; did you mean `{name}`?")
                }
                _ => "the host has no such function".to_owned(),
            }
        };
        (FindingKind::UnknownFunction, advice)
    }
}

fn signature(parameters: &[ValType], results: &[ValType]) -> String {
    let list = |types: &[ValType]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!("({}) -> ({})", list(parameters), list(results))
}

fn read(bytes: &[u8]) -> Result<Module, wasmparser::BinaryReaderError> {
    let mut module =
        Module { needs_wasi: false, exports: Vec::new(), has_start: false, first_pages: 0, imports: Vec::new() };
    let mut types = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::TypeSection(section) => {
                for group in section {
                    for defined in group?.into_types() {
                        types.push(match defined.composite_type.inner {
                            CompositeInnerType::Func(function) => {
                                Some((function.params().to_vec(), function.results().to_vec()))
                            }
                            _ => None,
                        });
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    let signature = match import.ty {
                        TypeRef::Func(index) => types.get(index as usize).cloned().flatten(),
                        _ => None,
                    };
                    module.needs_wasi |= import.module == WASI;
                    module.imports.push(Import {
                        namespace: import.module.to_owned(),
                        name: import.name.to_owned(),
                        signature,
                    });
                }
            }
            Payload::StartSection { .. } => module.has_start = true,
            Payload::MemorySection(section) => {
                for memory in section {
                    module.first_pages = module.first_pages.saturating_add(memory?.initial);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        // A reactor's constructors, which Extism calls as it calls a start function.
                        module.has_start |= ["_initialize", "__wasm_call_ctors"].contains(&export.name);
                        module.exports.push(export.name.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    Ok(module)
}

//! What a WebAssembly module asks for, read without running it.

use std::fmt;

use wasmparser::{CompositeInnerType, ExternalKind, Parser, Payload, TypeRef, ValType};

use crate::host::Host;

/// Extism's own functions, which every guest may import.
const KERNEL: &str = "extism:host/env";
const WASI: &str = "wasi_snapshot_preview1";

/// A module's imports and exports.
pub(crate) struct Module {
    pub(crate) needs_wasi: bool,
    pub(crate) exports: Vec<String>,
    imports: Vec<Import>,
}

struct Import {
    namespace: String,
    name: String,
    /// Its parameters and results, where it is a function.
    signature: Option<(Vec<ValType>, Vec<ValType>)>,
}

/// A host function that a guest imports, as it is to be linked.
pub(crate) struct Link {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) takes_request: bool,
}

/// Why a module cannot be a guest of this host: one import of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportProblem {
    /// The import, as `namespace` and `name`.
    pub import: (String, String),
    /// What is wrong with it, and what to do.
    pub problem: String,
}

impl fmt::Display for ImportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (namespace, name) = &self.import;
        write!(f, "`{name}` from `{namespace}`: {}", self.problem)
    }
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
        read(bytes).map_err(|error| format!("it is broken: {error}"))
    }

    /// How each import is to be linked, or everything that is wrong with them.
    pub(crate) fn link(&self, host: &Host) -> Result<Vec<Link>, Vec<ImportProblem>> {
        let mut links = Vec::new();
        let mut problems = Vec::new();
        for import in self.imports.iter().filter(|import| ![KERNEL, WASI].contains(&import.namespace.as_str())) {
            match import.takes_request(host) {
                Ok(takes_request) => {
                    let (namespace, name) = (import.namespace.clone(), import.name.clone());
                    links.push(Link { namespace, name, takes_request });
                }
                Err(problem) => {
                    let import = (import.namespace.clone(), import.name.clone());
                    problems.push(ImportProblem { import, problem });
                }
            }
        }
        if problems.is_empty() { Ok(links) } else { Err(problems) }
    }
}

impl Import {
    fn takes_request(&self, host: &Host) -> Result<bool, String> {
        let Some(function) = host.function(&self.namespace, &self.name) else {
            return Err(self.advice(host));
        };
        let function = function.description();
        match &self.signature {
            None => Err("it is a function, and the module imports something else by this name".to_owned()),
            Some((parameters, results)) => match (parameters.as_slice(), results.as_slice()) {
                ([ValType::I64], [ValType::I64]) => Ok(true),
                ([], [ValType::I64]) if function.can_be_called_with_nothing() => Ok(false),
                ([], [ValType::I64]) => Err("it takes a request: import it as (i64) -> i64".to_owned()),
                _ => Err(format!(
                    "the module imports it as {}; import it as (i64) -> i64: the handle of a JSON object in, the handle \
                     of the answer out",
                    signature(parameters, results)
                )),
            },
        }
    }

    /// What the author may have meant by a name that the host does not have.
    fn advice(&self, host: &Host) -> String {
        if let Some(elsewhere) = host.descriptions().find(|function| function.name() == self.name) {
            return format!("the host has it in another namespace: import it from `{}`", elsewhere.namespace());
        }
        if host.functions.is_empty() {
            return "the host has no functions; build it with `.functions(…)`".to_owned();
        }
        let nearest =
            host.descriptions().map(|function| (strsim::jaro_winkler(function.name(), &self.name), function.name()));
        match nearest.max_by(|(left, _), (right, _)| left.total_cmp(right)) {
            Some((likeness, name)) if likeness > 0.85 => {
                format!("the host has no such function; did you mean `{name}`?")
            }
            _ => "the host has no such function".to_owned(),
        }
    }
}

fn signature(parameters: &[ValType], results: &[ValType]) -> String {
    let list = |types: &[ValType]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!("({}) -> ({})", list(parameters), list(results))
}

fn read(bytes: &[u8]) -> Result<Module, wasmparser::BinaryReaderError> {
    let mut module = Module { needs_wasi: false, exports: Vec::new(), imports: Vec::new() };
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
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        module.exports.push(export.name.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    Ok(module)
}

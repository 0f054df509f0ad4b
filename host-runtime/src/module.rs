//! What a WebAssembly module asks for, read without running it.

use wasmparser::{
    CompositeInnerType, ExternalKind, Operator, Parser, Payload, TableType, TypeRef, ValType, Validator, WasmFeatures,
};

use crate::{
    HostFunction, adapter,
    defence::{self, Defence},
    host::Host,
    kernel::{self, WASI},
    likeness::nearest,
    limits::Limits,
    preflight::{Finding, FindingKind},
    runtime_import,
};

/// A module's imports and exports, and what it wants before it runs.
pub(crate) struct Module {
    pub(crate) needs_wasi: bool,
    /// The functions that a host may call: not those that run by themselves, and none that takes or gives what only
    /// WebAssembly has.
    pub(crate) exports: Vec<Export>,
    /// The functions that it exports and that cannot be called, since a call passes nothing and gets a code at most.
    pub(crate) not_callable: Vec<NotCallable>,
    /// An export by a name that no guest may have.
    pub(crate) reserved_export: Option<String>,
    /// What runs by itself.
    initialisers: Vec<Initialiser>,
    /// The memory that it starts with, in WebAssembly's pages of 64 KiB.
    pub(crate) first_pages: u64,
    /// How many elements its tables may come to have, or nothing where it does not say.
    pub(crate) table_elements: Option<u64>,
    imports: Vec<Import>,
    /// Whether it is a reactor, whose beginning is called when it is linked.
    has_initialize: bool,
    /// The modules that are linked with it from which it imports.
    linked_modules: Vec<String>,
}

/// A function that the module exports.
pub(crate) struct Export {
    pub(crate) name: String,
    pub(crate) parameters: Vec<ValType>,
    pub(crate) results: Vec<ValType>,
}

/// A function that the module exports and that no plugin call can call.
#[derive(Clone, Debug)]
pub(crate) struct NotCallable {
    pub(crate) name: String,
    /// Its parameters and results, for people.
    pub(crate) signature: String,
}

/// What of a module runs by itself, before its first export is called.
pub(crate) enum Initialiser {
    /// The function of its start section.
    Start,
    /// What compilers export for it.
    Export(Export),
}

/// How large a module is, which is seen without reading its code.
#[derive(Default)]
pub(crate) struct Size {
    pub(crate) functions: u32,
    pub(crate) largest_function: usize,
    /// The local variables of all functions, of which a few bytes declare thousands.
    pub(crate) locals: u64,
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

impl Size {
    /// Whether any of it is more than it may be.
    pub(crate) fn is_over(&self, limits: &Limits) -> bool {
        self.functions > limits.module_functions
            || self.locals > limits.module_locals
            || self.largest_function > limits.function_bytes
    }

    /// Looks at the heads of a module's sections and functions, or says why the bytes are no module.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self, String> {
        if !bytes.starts_with(b"\0asm") {
            return Err("it does not start as a WebAssembly module does; pass the compiled .wasm file".to_owned());
        }
        if Parser::is_component(bytes) {
            return Err("it is a WebAssembly component; build a core module, for instance for wasm32-unknown-unknown"
                .to_owned());
        }
        let mut size = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(broken)? {
                Payload::CodeSectionStart { count, .. } => size.functions = count,
                Payload::CodeSectionEntry(body) => {
                    size.largest_function = size.largest_function.max(body.range().len());
                    for group in body.get_locals_reader().map_err(broken)? {
                        size.locals += u64::from(group.map_err(broken)?.0);
                    }
                }
                _ => {}
            }
        }
        Ok(size)
    }
}

/// What a plugin may be written with: what compilers use for one that runs on its own. No threads: a guest that waits on
/// shared memory waits in the engine, where nothing ends it.
const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::FUNCTION_REFERENCES)
    .union(WasmFeatures::GC);

impl Module {
    /// Reads a module, or says why the bytes are none.
    ///
    /// What it imports of the modules that are linked with it, by these names, is between them.
    pub(crate) fn parse(bytes: &[u8], linked: &[&str]) -> Result<Self, String> {
        let features = if defence::is_on(Defence::WebAssemblyFeatures) { FEATURES } else { WasmFeatures::default() };
        // All of it, and not only what is read here: what cannot be compiled should be told before it is tried.
        Validator::new_with_features(features).validate_all(bytes).map_err(broken)?;
        read(bytes, linked).map_err(broken)
    }

    /// What of it runs by itself, in the order in which Extism runs it.
    pub(crate) fn initialisers(&self) -> &[Initialiser] {
        &self.initialisers
    }

    /// What of it runs by itself when it is linked: whether it has a start function, and whether it is a reactor.
    pub(crate) fn begins_when_linked(&self) -> (bool, bool) {
        let has_start = self.initialisers.iter().any(|initialiser| matches!(initialiser, Initialiser::Start));
        (has_start, self.has_initialize)
    }

    /// The modules that are linked with it from which it imports.
    pub(crate) fn linked_modules(&self) -> impl Iterator<Item = &str> {
        self.linked_modules.iter().map(String::as_str)
    }

    /// Whether it imports WASI's way to end itself.
    pub(crate) fn imports_exit(&self) -> bool {
        self.imports.iter().any(|import| import.namespace == WASI && import.name == "proc_exit")
    }

    /// The imports of Extism and of WASI that are not for plugins, or not as the module has them.
    pub(crate) fn wrong_imports(&self) -> impl Iterator<Item = Finding> {
        self.imports.iter().filter_map(|import| {
            let fault = match import.namespace.as_str() {
                kernel::NAMESPACE => {
                    let signature = import.signature.as_ref();
                    let signature = signature.map(|(parameters, results)| (parameters.as_slice(), results.as_slice()));
                    kernel::fault_of_kernel_import(&import.name, signature)?
                }
                WASI => kernel::fault_of_wasi_import(&import.name, import.signature.is_some())?,
                _ => return None,
            };
            Some(import.refused(FindingKind::NotForPlugins, fault))
        })
    }

    /// Sorts out those exports that are not for a host to call: what compilers make for a runtime to call before anything
    /// else, and what could not be called.
    ///
    /// Source: [what Extism calls](https://github.com/extism/extism/blob/main/runtime/src/plugin.rs), of which it calls
    /// one or two.
    fn take_initialisers(&mut self) {
        const INITIALISERS: [&str; 3] = ["hs_init", "_initialize", "__wasm_call_ctors"];
        let is_initialiser = |export: &mut Export| INITIALISERS.contains(&export.name.as_str());
        let mut found: Vec<_> = self.exports.extract_if(.., is_initialiser).collect();
        self.has_initialize = found.iter().any(|export| export.name == "_initialize" && export.parameters.is_empty());
        self.not_callable = self.exports.iter().filter(|export| !export.is_callable()).map(NotCallable::from).collect();
        self.exports.retain(|export| export.parameters.iter().chain(&export.results).all(is_number));
        let mut take = |name: &str, parameters: &[ValType]| {
            let is_it = |export: &Export| export.name == name && export.parameters == parameters;
            found.iter().position(is_it).map(|position| Initialiser::Export(found.swap_remove(position)))
        };
        // Haskell's, after the reactor's own; otherwise constructors, or else what calls them.
        let haskell = take("hs_init", &[ValType::I32, ValType::I32]);
        let constructors = if haskell.is_none() { take("__wasm_call_ctors", &[]) } else { None };
        let own = constructors.or_else(|| take("_initialize", &[]));
        self.initialisers.extend(own.into_iter().chain(haskell));
    }

    /// How each import of a host function is to be linked, or why it cannot be.
    pub(crate) fn links<'a>(&self, host: &'a Host) -> impl Iterator<Item = Result<Link<'a>, Finding>> {
        let imports =
            self.imports.iter().filter(|import| ![kernel::NAMESPACE, WASI].contains(&import.namespace.as_str()));
        imports.map(|import| import.link(host))
    }
}

impl Export {
    /// Whether a plugin call can call it: Extism passes nothing, and reads an `i32` as a code and anything else as a failure.
    fn is_callable(&self) -> bool {
        self.parameters.is_empty() && matches!(self.results.as_slice(), [] | [ValType::I32])
    }
}

impl From<&Export> for NotCallable {
    fn from(export: &Export) -> Self {
        Self { name: export.name.clone(), signature: kernel::describe(&export.parameters, &export.results) }
    }
}

impl NotCallable {
    /// Whether compilers export it for a host that manages the guest's memory or stack, and no author does.
    pub(crate) fn is_of_the_compiler(&self) -> bool {
        const HELPERS: [&str; 5] = ["calloc", "cabi_realloc", "free", "malloc", "realloc"];
        self.name.starts_with('_') || self.name.starts_with("asyncify_") || HELPERS.contains(&self.name.as_str())
    }
}

fn broken(error: wasmparser::BinaryReaderError) -> String {
    format!("it is broken: {error}")
}

impl Import {
    fn refused(&self, kind: FindingKind, message: String) -> Finding {
        Finding { kind, import: Some((self.namespace.clone(), self.name.clone())), message }
    }

    fn link<'a>(&self, host: &'a Host) -> Result<Link<'a>, Finding> {
        let refused = |kind, message: String| self.refused(kind, message);
        let Some(function) = host.function(&self.namespace, &self.name) else {
            let (kind, advice) = self.advice(host);
            return Err(refused(kind, advice));
        };
        let function = function.description();
        let wrong = |message: &str| Err(refused(FindingKind::WrongSignature, message.to_owned()));
        let takes_request = match &self.signature {
            None => {
                return wrong(
                    "it is a function, and the module imports something else by this name: import it as (i64) -> i64",
                );
            }
            Some((parameters, results)) => match (parameters.as_slice(), results.as_slice()) {
                ([ValType::I64], [ValType::I64]) => true,
                ([], [ValType::I64]) if function.can_be_called_with_nothing() => false,
                ([], [ValType::I64]) => return wrong("it takes a request: import it as (i64) -> i64"),
                _ => {
                    return wrong(&format!(
                        "the module imports it as {}; import it as (i64) -> i64: the handle of a JSON object in, the \
                         handle of the answer out",
                        kernel::describe(parameters, results)
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
        if let Some(cure) = runtime_import::cure(&self.namespace, &self.name, self.signature.is_some()) {
            return (FindingKind::RuntimeImport, cure);
        }
        let advice = match nearest(&self.name, host.descriptions().map(HostFunction::name)) {
            Some(name) => format!("the host has no such function; did you mean `{name}`?"),
            None if self.namespace == "env" => return (FindingKind::RuntimeImport, runtime_import::undefined()),
            None if host.functions.is_empty() => "the host has no functions; build it with `.functions(…)`".to_owned(),
            None => "the host has no such function; the host's command `list` shows those that it has".to_owned(),
        };
        (FindingKind::UnknownFunction, advice)
    }
}

fn read(bytes: &[u8], linked: &[&str]) -> Result<Module, wasmparser::BinaryReaderError> {
    let mut module = Module {
        needs_wasi: false,
        exports: Vec::new(),
        not_callable: Vec::new(),
        reserved_export: None,
        initialisers: Vec::new(),
        first_pages: 0,
        table_elements: Some(0),
        imports: Vec::new(),
        has_initialize: false,
        linked_modules: Vec::new(),
    };
    let mut types: Vec<Option<Signature>> = Vec::new();
    let mut functions: Vec<Option<Signature>> = Vec::new();
    let mut tables = Vec::new();
    let mut grows_tables = false;
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
                        TypeRef::Func(index) => {
                            let signature = types.get(index as usize).cloned().flatten();
                            functions.push(signature.clone());
                            signature
                        }
                        _ => None,
                    };
                    if linked.contains(&import.module) {
                        if module.linked_modules.iter().all(|known| known != import.module) {
                            module.linked_modules.push(import.module.to_owned());
                        }
                        continue;
                    }
                    module.needs_wasi |= import.module == WASI;
                    module.imports.push(Import {
                        namespace: import.module.to_owned(),
                        name: import.name.to_owned(),
                        signature,
                    });
                }
            }
            Payload::FunctionSection(section) => {
                for index in section {
                    functions.push(types.get(index? as usize).cloned().flatten());
                }
            }
            Payload::StartSection { .. } => module.initialisers.push(Initialiser::Start),
            Payload::MemorySection(section) => {
                for memory in section {
                    module.first_pages = module.first_pages.saturating_add(memory?.initial);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    tables.push(table?.ty);
                }
            }
            // A table that may grow as it likes does no harm in a module that never makes it.
            Payload::CodeSectionEntry(body) if !grows_tables && tables.iter().any(may_grow) => {
                for operator in body.get_operators_reader()? {
                    grows_tables |= matches!(operator?, Operator::TableGrow { .. });
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.name.starts_with(adapter::RESERVED) {
                        module.reserved_export.get_or_insert_with(|| export.name.to_owned());
                    }
                    let signature = functions.get(export.index as usize).cloned().flatten();
                    if let (ExternalKind::Func, Some((parameters, results))) = (export.kind, signature) {
                        module.exports.push(Export { name: export.name.to_owned(), parameters, results });
                    }
                }
            }
            _ => {}
        }
    }
    for table in &tables {
        let most = if grows_tables { table.maximum } else { Some(table.initial) };
        module.table_elements = module.table_elements.zip(most).map(|(sum, most)| sum.saturating_add(most));
    }
    module.take_initialisers();
    Ok(module)
}

/// A function's parameters and results.
type Signature = (Vec<ValType>, Vec<ValType>);

fn is_number(value: &ValType) -> bool {
    !matches!(value, ValType::Ref(_))
}

fn may_grow(table: &TableType) -> bool {
    table.maximum != Some(table.initial)
}

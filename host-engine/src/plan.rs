//! Where each import of a module comes from: found once, when the module is loaded.

use wasmtime_48::{ExternType, ImportType, Linker, Module, ModuleExport, Result, Store};

use crate::{
    engine::Engine,
    env,
    functions::HostFunctions,
    load_error::{ImportFault, ImportFaultKind, LoadError},
    state::State,
    types::{describe, fits},
    wasi,
};

/// Where an import comes from.
pub(crate) enum Source {
    /// From the kernel's module.
    Kernel(ModuleExport),
    /// From the linker, under this namespace and name.
    Linker(String, String),
    /// From the linked module of this number.
    Part(usize, ModuleExport),
}

/// A module with the sources of its imports.
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) module: Module,
    pub(crate) sources: Vec<Source>,
}

/// Finds the sources of imports.
pub(crate) struct Planner<'a, T: Send + 'static> {
    pub(crate) engine: &'a Engine,
    pub(crate) functions: &'a HostFunctions<T>,
    /// Extism's functions, WASI's, and each host function that is imported.
    pub(crate) linker: Linker<State<T>>,
    pub(crate) store: Store<State<T>>,
    /// The finished modules. Each imports only from those before it.
    pub(crate) parts: Vec<Part>,
    pub(crate) faults: Vec<ImportFault>,
}

/// Imports of modules for Extism before 1.0.
const OLD_NAMESPACE: &str = "env";
const OLD_PREFIX: &str = "extism_";
impl<T: Send + 'static> Planner<'_, T> {
    /// Adds a module, and collects the faults of its imports.
    pub(crate) fn add(&mut self, name: &str, module: Module) -> Result<(), LoadError> {
        if let Some(old) = module.imports().find(|import| self.is_of_the_old_abi(import)) {
            return Err(LoadError::OldAbi { module: name.to_owned(), import: old.name().to_owned() });
        }
        let mut sources = Vec::new();
        for import in module.imports() {
            match self.source(&import) {
                Ok(source) => sources.push(source),
                Err(kind) => self.faults.push(ImportFault {
                    module: name.to_owned(),
                    namespace: import.module().to_owned(),
                    name: import.name().to_owned(),
                    kind,
                }),
            }
        }
        self.parts.push(Part { name: name.to_owned(), module, sources });
        Ok(())
    }

    fn is_of_the_old_abi(&self, import: &ImportType<'_>) -> bool {
        let looks_old = import.module() == OLD_NAMESPACE && import.name().starts_with(OLD_PREFIX);
        looks_old
            && self.functions.find(import.module(), import.name()).is_none()
            && self.parts.iter().all(|part| part.name != OLD_NAMESPACE)
    }

    fn source(&mut self, import: &ImportType<'_>) -> Result<Source, ImportFaultKind> {
        let (namespace, name, wanted) = (import.module(), import.name(), import.ty());
        if let Some(at) = self.parts.iter().position(|part| part.name == namespace) {
            let module = &self.parts[at].module;
            let export = module.get_export(name).ok_or(ImportFaultKind::Unknown)?;
            check(&export, &wanted)?;
            let index = module.get_export_index(name).ok_or(ImportFaultKind::Unknown)?;
            return Ok(Source::Part(at, index));
        }
        if namespace == env::NAMESPACE
            && let Some(export) = self.engine.kernel().function(name)
        {
            check(&self.engine.kernel().type_of(name).ok_or(ImportFaultKind::Unknown)?, &wanted)?;
            return Ok(Source::Kernel(export));
        }
        if namespace == env::NAMESPACE || namespace == wasi::NAMESPACE {
            return self.linked(namespace, name, &wanted);
        }
        let Some(function) = self.functions.find(namespace, name) else {
            let other = self.functions.namespace_of(name);
            return Err(
                other.map_or(ImportFaultKind::Unknown, |other| ImportFaultKind::OtherNamespace(other.to_owned()))
            );
        };
        let with_request = wanted.func().is_none_or(|function| function.params().len() > 0);
        // One function may be imported in both ways.
        let as_name = format!("{name} {}", if with_request { "with" } else { "without" });
        if self.linker.get(&mut self.store, namespace, &as_name).is_err() {
            function.link(&mut self.linker, &as_name, with_request).expect("the name is not taken");
        }
        self.linked(namespace, &as_name, &wanted)
    }

    fn linked(&mut self, namespace: &str, as_name: &str, wanted: &ExternType) -> Result<Source, ImportFaultKind> {
        let found = self.linker.get(&mut self.store, namespace, as_name).map_err(|_| ImportFaultKind::Unknown)?;
        check(&found.ty(&self.store), wanted)?;
        Ok(Source::Linker(namespace.to_owned(), as_name.to_owned()))
    }
}

fn check(found: &ExternType, wanted: &ExternType) -> Result<(), ImportFaultKind> {
    match fits(found, wanted) {
        true => Ok(()),
        false => Err(ImportFaultKind::OtherType { expected: describe(found), found: describe(wanted) }),
    }
}

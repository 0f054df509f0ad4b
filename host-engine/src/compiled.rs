//! A guest that is compiled, checked and linked, and creates instances.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::Instant,
};

use wasmtime_48::{Linker, Module, Store};

use crate::{
    engine::{Engine, TooManyInstances},
    env,
    functions::HostFunctions,
    instance::{Instance, InstanceOptions},
    limits::Limits,
    linked::{Export, Linked},
    load_error::LoadError,
    plan::{Planner, Source},
    proposals, start,
    state::{Guest, State, Surroundings},
    wasi,
};

/// The name of the guest among modules that are linked with it.
const MAIN: &str = "main";

/// A guest that is compiled and whose imports are linked. Clones share everything.
///
/// ```
/// use hostfn_engine::{CallOptions, Compiled, Engine, EngineOptions, HostFunctions, InstanceOptions};
///
/// let guest = wat::parse_str(r#"(module
///     (import "extism:host/user" "answer" (func $answer (result i64)))
///     (import "extism:host/env" "length" (func $length (param i64) (result i64)))
///     (import "extism:host/env" "output_set" (func $output (param i64 i64)))
///     (func (export "ask") (result i32) (local $handle i64)
///         (local.set $handle (call $answer))
///         (call $output (local.get $handle) (call $length (local.get $handle)))
///         (i32.const 0)))"#)?;
///
/// let mut functions = HostFunctions::new();
/// functions.add("extism:host/user", "answer", |call| Ok(call.respond(b"forty-two")?));
///
/// let engine = Engine::new(EngineOptions::new())?;
/// let compiled = Compiled::builder(&engine, &guest).functions(functions).build()?;
/// let mut instance = compiled.instance((), InstanceOptions::new())?;
/// let output = instance.call("ask", b"", &CallOptions::new())?;
/// assert_eq!(output.bytes, b"forty-two");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Compiled<T: Send + 'static> {
    linked: Arc<Linked<T>>,
}

/// Builds a [`Compiled`].
#[must_use]
pub struct CompiledBuilder<'a, T: Send + 'static> {
    engine: &'a Engine,
    main: &'a [u8],
    modules: Vec<(String, &'a [u8])>,
    functions: HostFunctions<T>,
    limits: Limits,
}

impl<T: Send + 'static> Compiled<T> {
    /// Builds a guest from the bytes of its module.
    pub fn builder<'a>(engine: &'a Engine, module: &'a [u8]) -> CompiledBuilder<'a, T> {
        let (functions, limits) = (HostFunctions::new(), Limits::default());
        CompiledBuilder { engine, main: module, modules: Vec::new(), functions, limits }
    }

    /// Creates an instance with the data for its host functions. No guest code runs before the first call.
    ///
    /// # Errors
    /// Fails if the engine has reached [`EngineOptions::max_instances`](crate::EngineOptions::max_instances).
    pub fn instance(&self, data: T, options: InstanceOptions) -> Result<Instance<T>, TooManyInstances> {
        Instance::new(self.linked.clone(), data, options)
    }

    /// The functions that the guest exports, sorted by name.
    pub fn exports(&self) -> Vec<&Export> {
        self.linked.exports.values().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The host functions that the guest and its linked modules import, as namespace and name, sorted.
    pub fn host_functions(&self) -> Vec<(&str, &str)> {
        let imports = self.linked.parts.iter().flat_map(|part| part.module.imports().zip(&part.sources));
        let of_host = imports.filter(|(import, source)| {
            matches!(source, Source::Linker(..)) && ![env::NAMESPACE, wasi::NAMESPACE].contains(&import.module())
        });
        let names: BTreeSet<_> = of_host.map(|(import, _)| (import.module(), import.name())).collect();
        names.into_iter().collect()
    }
}

impl<T: Send + 'static> Clone for Compiled<T> {
    fn clone(&self) -> Self {
        Self { linked: self.linked.clone() }
    }
}

impl<T: Send + 'static> fmt::Debug for Compiled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiled").field("exports", &self.exports()).finish_non_exhaustive()
    }
}

impl<'a, T: Send + 'static> CompiledBuilder<'a, T> {
    /// Sets the host functions that the guest can import.
    pub fn functions(mut self, functions: HostFunctions<T>) -> Self {
        self.functions = functions;
        self
    }

    /// Sets the limits of each instance.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Links another module under this name. The guest and other linked modules can import its exports.
    pub fn link(mut self, name: &str, module: &'a [u8]) -> Self {
        self.modules.push((name.to_owned(), module));
        self
    }

    /// Compiles the modules and checks that they can be linked. No guest code runs.
    ///
    /// # Errors
    /// Fails if a module is invalid, uses a refused proposal, or cannot be linked.
    pub fn build(self) -> Result<Compiled<T>, LoadError> {
        let mut modules = BTreeMap::new();
        for (name, bytes) in &self.modules {
            let is_taken = [MAIN, env::NAMESPACE, wasi::NAMESPACE].contains(&&**name);
            if is_taken || modules.insert(name.clone(), compile(self.engine, name, bytes)?).is_some() {
                return Err(LoadError::ModuleName(name.clone()));
            }
        }
        if let Some((name, _)) = modules.iter().find(|(_, module)| module.get_export("_start").is_some()) {
            return Err(LoadError::LinkedCommand(name.clone()));
        }
        let main = compile(self.engine, MAIN, self.main)?;
        let mut planner = self.planner();
        for name in in_order(&modules)? {
            planner.add(&name, modules[&name].clone())?;
        }
        let exports = main.exports().filter_map(|export| Export::of(export.name(), &export.ty()));
        let exports = exports.map(|export| (export.name.clone(), export)).collect();
        planner.add(MAIN, main)?;
        if !planner.faults.is_empty() {
            return Err(LoadError::Imports(planner.faults));
        }
        let Planner { linker, mut store, parts, .. } = planner;
        let linked = Linked { engine: self.engine.clone(), linker, parts, limits: self.limits, exports };
        start::check(&linked, &mut store)?;
        Ok(Compiled { linked: Arc::new(linked) })
    }

    fn planner(&self) -> Planner<'_, T> {
        let mut linker = Linker::new(self.engine.wasmtime());
        let linked = env::link(&mut linker).and_then(|()| wasi::link(&mut linker));
        linked.expect("no name is linked twice");
        let mut guest = Guest::new(&self.limits, Surroundings::default());
        guest.begin(Some(Instant::now()), None);
        let mut store = Store::new(self.engine.wasmtime(), State { data: None, guest });
        start::prepare(&mut store);
        Planner {
            engine: self.engine,
            functions: &self.functions,
            linker,
            store,
            parts: Vec::new(),
            faults: Vec::new(),
        }
    }
}

fn compile(engine: &Engine, name: &str, bytes: &[u8]) -> Result<Module, LoadError> {
    Module::from_binary(engine.wasmtime(), bytes).map_err(|error| {
        let (module, reason) = (name.to_owned(), format!("{error:#}"));
        // For example, its memory may not fit into a slot of the pool.
        if proposals::is_supported(bytes) {
            return LoadError::Instantiation { module, reason };
        }
        match proposals::refused(bytes) {
            proposals if proposals.is_empty() => LoadError::NotAModule { module, reason },
            proposals => LoadError::Proposals { module, proposals },
        }
    })
}

/// The names of the linked modules, each after those that it imports from.
fn in_order(linked: &BTreeMap<String, Module>) -> Result<Vec<String>, LoadError> {
    let (mut order, mut open) = (Vec::new(), BTreeSet::new());
    for name in linked.keys() {
        visit(name, linked, &mut order, &mut open)?;
    }
    Ok(order)
}

fn visit(
    name: &str,
    linked: &BTreeMap<String, Module>,
    order: &mut Vec<String>,
    open: &mut BTreeSet<String>,
) -> Result<(), LoadError> {
    if order.iter().any(|done| done == name) {
        return Ok(());
    }
    if !open.insert(name.to_owned()) {
        return Err(LoadError::Circle(name.to_owned()));
    }
    let needs: BTreeSet<_> = linked[name].imports().map(|import| import.module().to_owned()).collect();
    for needed in needs.iter().filter(|needed| linked.contains_key(*needed)) {
        visit(needed, linked, order, open)?;
    }
    order.push(name.to_owned());
    Ok(())
}

//! Starts a guest: instantiates its modules and runs their start-up code, in Extism's order.

use wasmtime_48::{AsContextMut, Extern, Instance, Result, Store, UpdateDeadline, Val};

use crate::{
    ending::Ending,
    linked::Linked,
    load_error::LoadError,
    plan::{Part, Source},
    state::State,
};

/// Sets the limits that must hold before any guest code runs.
pub(crate) fn prepare<T: Send + 'static>(store: &mut Store<State<T>>) {
    store.limiter(|state| &mut state.guest.limiter);
    store.epoch_deadline_callback(|context| match context.data().guest.overdue() {
        Some(stop) => Err(stop.into()),
        None => Ok(UpdateDeadline::Continue(1)),
    });
    store.set_epoch_deadline(1);
}

/// Instantiates everything without fuel: this shows what cannot be linked, and runs no guest code.
pub(crate) fn check<T: Send + 'static>(linked: &Linked<T>, store: &mut Store<State<T>>) -> Result<(), LoadError> {
    let mut part = "the kernel";
    let Err(error) = try_all(linked, store, &mut part) else { return Ok(()) };
    let (module, reason) = (part.to_owned(), format!("{error:#}"));
    match Ending::of(error) {
        // Linking succeeded and start-up code began. The modules that import from this one cannot be tried.
        Ending::OutOfFuel => Ok(()),
        // Imports were checked before, and there may be a slot when it is needed.
        Ending::PoolFull => Ok(()),
        Ending::OutOfMemory => Err(LoadError::TooLarge(module)),
        _ => Err(LoadError::Instantiation { module, reason }),
    }
}

fn try_all<'a, T: Send + 'static>(
    linked: &'a Linked<T>,
    store: &mut Store<State<T>>,
    current: &mut &'a str,
) -> Result<()> {
    store.set_fuel(0)?;
    let kernel = linked.engine.kernel().instantiate(store)?;
    let mut instances = Vec::with_capacity(linked.parts.len());
    for part in &linked.parts {
        *current = &part.name;
        instances.push(instantiate(linked, store, kernel, &instances, part)?);
    }
    Ok(())
}

/// Instantiates everything and runs the start-up code, with the fuel and the deadline of a call.
pub(crate) fn begin<T: Send + 'static>(linked: &Linked<T>, store: &mut Store<State<T>>) -> Result<Instance> {
    let kernel = linked.engine.kernel().instantiate(store)?;
    let mut instances = Vec::with_capacity(linked.parts.len());
    let (main, others) = linked.parts.split_last().expect("there is a guest");
    for part in others {
        let instance = instantiate(linked, store, kernel, &instances, part)?;
        run_if_there(&mut *store, instance, "_initialize")?;
        instances.push(instance);
    }
    let main = instantiate(linked, store, kernel, &instances, main)?;
    initialize(store, main)?;
    Ok(main)
}

fn instantiate<T: Send + 'static>(
    linked: &Linked<T>,
    store: &mut Store<State<T>>,
    kernel: Instance,
    instances: &[Instance],
    part: &Part,
) -> Result<Instance> {
    let mut imports = Vec::with_capacity(part.sources.len());
    for source in &part.sources {
        let import: Option<Extern> = match source {
            Source::Kernel(export) => kernel.get_module_export(&mut *store, export),
            Source::Linker(namespace, name) => linked.linker.get(&mut *store, namespace, name).ok(),
            Source::Part(at, export) => instances[*at].get_module_export(&mut *store, export),
        };
        imports.push(import.expect("it was there when the module was loaded"));
    }
    Instance::new(store, &part.module, &imports)
}

/// Runs the start-up code that compilers export: `_initialize` and `hs_init` of Haskell; otherwise `__wasm_call_ctors`,
/// or else `_initialize`. As in Extism, a function of another type is skipped, and still takes precedence.
fn initialize<T: Send + 'static>(store: &mut Store<State<T>>, main: Instance) -> Result<()> {
    if let Some(haskell) = main.get_func(&mut *store, "hs_init") {
        run_if_there(&mut *store, main, "_initialize")?;
        let mut results = vec![Val::I32(0); haskell.ty(&*store).results().len()];
        return haskell.call(store, &[Val::I32(0), Val::I32(0)], &mut results);
    }
    if main.get_func(&mut *store, "__wasm_call_ctors").is_some() {
        return run_if_there(store, main, "__wasm_call_ctors");
    }
    run_if_there(store, main, "_initialize")
}

fn run_if_there(mut store: impl AsContextMut, instance: Instance, name: &str) -> Result<()> {
    match instance.get_typed_func::<(), ()>(&mut store, name) {
        Ok(function) => function.call(store, ()),
        Err(_) => Ok(()),
    }
}

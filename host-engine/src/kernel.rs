//! The host's side of the kernel: the memory through which a host and its guest exchange blocks.

use wasmtime_48::{AsContextMut, Engine, Extern, ExternType, Instance, Module, ModuleExport, Result, Store, Val};

use crate::{
    blocks::{Blocks, GRANULE, Missing},
    ending::Stop,
    state::State,
};

const TEXT: &str = include_str!("kernel.wat");

/// The compiled kernel of an engine.
pub(crate) struct KernelModule {
    module: Module,
    memory: ModuleExport,
    input_bytes: ModuleExport,
}

impl KernelModule {
    pub(crate) fn new(engine: &Engine) -> Result<Self> {
        let module = Module::new(engine, wat::parse_str(TEXT).expect("the kernel is WebAssembly"))?;
        let export = |name| module.get_export_index(name).expect("the kernel exports it");
        Ok(Self { memory: export("memory"), input_bytes: export("input_bytes"), module })
    }

    /// The export of a function for guests, if the kernel has it.
    pub(crate) fn function(&self, name: &str) -> Option<ModuleExport> {
        self.module.get_export(name)?.func()?;
        self.module.get_export_index(name)
    }

    /// The type of one of its functions.
    pub(crate) fn type_of(&self, name: &str) -> Option<ExternType> {
        self.module.get_export(name)
    }

    /// Instantiates the kernel in a store. This uses no fuel.
    pub(crate) fn instantiate<T: 'static>(&self, store: &mut Store<State<T>>) -> Result<Instance> {
        let instance = Instance::new(&mut *store, &self.module, &[])?;
        let memory = instance.get_module_export(&mut *store, &self.memory).and_then(Extern::into_memory);
        let input_bytes = instance.get_module_export(&mut *store, &self.input_bytes).and_then(Extern::into_global);
        let guest = &mut store.data_mut().guest;
        (guest.memory, guest.input_bytes) = (memory, input_bytes);
        Ok(instance)
    }
}

/// All bytes of the kernel's memory, and the rest of the store's data.
pub(crate) fn bytes<T: 'static>(store: &mut impl AsContextMut<Data = State<T>>) -> (&mut [u8], &mut State<T>) {
    let context = store.as_context_mut();
    let memory = context.data().guest.memory.expect("the kernel comes before every guest");
    memory.data_and_store_mut(context)
}

/// A part of the memory, or nothing if it is not entirely in it.
pub(crate) fn part(bytes: &[u8], at: u64, length: u64) -> Option<&[u8]> {
    let end = at.checked_add(length)?;
    bytes.get(usize::try_from(at).ok()?..usize::try_from(end).ok()?)
}

/// The bytes of a block, or nothing if the handle is invalid. Handle zero is the empty block.
pub(crate) fn block<'a>(bytes: &'a [u8], blocks: &Blocks, handle: u64) -> Option<&'a [u8]> {
    match blocks.length(handle) {
        0 if handle != 0 => None,
        length => part(bytes, handle, length),
    }
}

/// Allocates a block. The memory and the marks grow within the limits.
pub(crate) fn allocate<T: 'static>(store: &mut impl AsContextMut<Data = State<T>>, length: u64) -> Result<u64, Stop> {
    loop {
        let mut context = store.as_context_mut();
        let memory = context.data().guest.memory.expect("the kernel comes before every guest");
        let room = memory.data_size(&context) as u64;
        let guest = &mut context.data_mut().guest;
        match guest.blocks.allocate(length, room) {
            Ok(handle) => return Ok(handle),
            Err(Missing::Memory(needed)) => {
                let pages = (needed - room).div_ceil(1 << 16);
                memory.grow(&mut context, pages).map_err(|_| Stop::OutOfMemory)?;
            }
            Err(Missing::Marks(bytes)) => {
                guest.limiter.take(bytes - guest.blocks.bytes_of_marks())?;
                guest.blocks.grow_marks(bytes);
            }
            Err(Missing::TooLong) => return Err(Stop::OutOfMemory),
        }
    }
}

/// Allocates a block with this content.
pub(crate) fn write<T: 'static>(store: &mut impl AsContextMut<Data = State<T>>, content: &[u8]) -> Result<u64, Stop> {
    let handle = allocate(store, content.len() as u64)?;
    if handle != 0 {
        let (bytes, _) = bytes(store);
        bytes[handle as usize..][..content.len()].copy_from_slice(content);
    }
    Ok(handle)
}

/// Frees a block. If it is the input's, the input becomes empty.
pub(crate) fn free<T: 'static>(store: &mut impl AsContextMut<Data = State<T>>, handle: u64) {
    let mut context = store.as_context_mut();
    let guest = &mut context.data_mut().guest;
    if guest.blocks.free(handle) && handle == GRANULE && guest.has_input {
        guest.has_input = false;
        set_input_bytes(store, 0);
    }
}

/// Forgets every block, the input, the output and the error.
pub(crate) fn reset<T: 'static>(store: &mut impl AsContextMut<Data = State<T>>) {
    let (bytes, state) = bytes(store);
    let used = bytes.len().min(state.guest.blocks.used() as usize);
    if used > GRANULE as usize {
        bytes[..used].fill(0);
    }
    state.guest.blocks.clear();
    (state.guest.output, state.guest.error) = ((0, 0), 0);
    if std::mem::take(&mut state.guest.has_input) {
        set_input_bytes(store, 0);
    }
}

/// Puts the input into the first block.
pub(crate) fn set_input<T: 'static>(store: &mut impl AsContextMut<Data = State<T>>, input: &[u8]) -> Result<(), Stop> {
    if input.is_empty() {
        return Ok(());
    }
    let handle = write(store, input)?;
    debug_assert_eq!(handle, GRANULE);
    store.as_context_mut().data_mut().guest.has_input = true;
    set_input_bytes(store, input.len() as i64);
    Ok(())
}

fn set_input_bytes<T: 'static>(store: &mut impl AsContextMut<Data = State<T>>, bytes: i64) {
    let mut context = store.as_context_mut();
    let global = context.data().guest.input_bytes.expect("the kernel comes before every guest");
    global.set(&mut context, Val::I64(bytes)).expect("it is a mutable global of this type");
}

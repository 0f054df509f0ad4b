//! The parts that a process has once: wasmtime's engine, the compiled kernel, the ticker, the budget of instances.

use std::{
    fmt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use wasmtime_48::{
    Cache, CacheConfig, Config, InstanceAllocationStrategy, PoolingAllocationConfig, WasmBacktraceDetails,
};

use crate::{kernel::KernelModule, proposals, ticker::Ticker};

/// The maximum number of frames in a backtrace.
const FRAMES: usize = 32;
/// The native stack that a guest may use.
const STACK: usize = 512 << 10;

/// Runs guests. Create one for the process and clone it: clones share everything.
///
/// ```
/// use hostfn_engine::{Engine, EngineOptions};
///
/// let engine = Engine::new(EngineOptions::new().max_instances(100))?;
/// assert_eq!(engine.instances(), 0);
/// # Ok::<(), hostfn_engine::EngineError>(())
/// ```
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    wasmtime: wasmtime_48::Engine,
    kernel: KernelModule,
    ticker: Ticker,
    instances: Arc<AtomicUsize>,
    max_instances: usize,
}

/// Options of an [`Engine`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct EngineOptions {
    cache: Option<PathBuf>,
    max_instances: Option<usize>,
    pooling: Option<Pooling>,
}

/// Slots that are reserved for instances, so that creating one takes fewer system calls.
#[derive(Clone, Copy, Debug)]
pub struct Pooling {
    /// The maximum number of WebAssembly instances. A guest needs one for itself, one for its kernel, and one for each
    /// linked module.
    pub instances: u32,
    /// The maximum size of each memory, in bytes. The address space for all of them is reserved at once.
    pub memory_bytes: usize,
    /// The maximum number of elements of each table. The memory for all of them is reserved at once.
    pub table_elements: usize,
}

impl EngineOptions {
    /// Instances on demand, no limit on their number, no cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// Caches compiled modules in this directory, and creates it if it is missing. Give only the host write
    /// access: the files contain native code.
    pub fn cache(mut self, directory: impl Into<PathBuf>) -> Self {
        self.cache = Some(directory.into());
        self
    }

    /// Limits the number of [`Instance`](crate::Instance)s that exist at the same time.
    pub fn max_instances(mut self, instances: usize) -> Self {
        self.max_instances = Some(instances);
        self
    }

    /// Uses slots that are reserved in advance. It is faster for hosts that create many instances, and needs the
    /// address space for all of them.
    pub fn pooling(mut self, pooling: Pooling) -> Self {
        self.pooling = Some(pooling);
        self
    }

    fn config(&self) -> Result<Config, wasmtime_48::Error> {
        let mut config = Config::new();
        config
            .consume_fuel(true)
            .epoch_interruption(true)
            .max_wasm_stack(STACK)
            .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(FRAMES))
            .wasm_backtrace_details(WasmBacktraceDetails::Enable)
            .relaxed_simd_deterministic(true);
        proposals::restrict(&mut config);
        if let Some(pooling) = self.pooling {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pooling.config()));
        }
        if let Some(directory) = &self.cache {
            let mut cache = CacheConfig::new();
            cache.with_directory(directory);
            config.cache(Some(Cache::new(cache)?));
        }
        Ok(config)
    }
}

impl Pooling {
    fn config(self) -> PoolingAllocationConfig {
        let mut config = PoolingAllocationConfig::new();
        config
            .total_core_instances(self.instances)
            .total_memories(self.instances)
            .total_tables(self.instances)
            .max_memories_per_module(16)
            .max_tables_per_module(16)
            .max_core_instance_size(4 << 20)
            .max_memory_size(self.memory_bytes)
            .table_elements(self.table_elements)
            // Up to here, used memory is cleared and kept; the rest is returned to the system.
            .linear_memory_keep_resident(128 << 10)
            .table_keep_resident(16 << 10);
        config
    }
}

impl Engine {
    /// Creates an engine and starts its thread.
    ///
    /// # Errors
    /// Fails if the cache directory cannot be created, the pool cannot be reserved, or the thread cannot be started.
    pub fn new(options: EngineOptions) -> Result<Self, EngineError> {
        let wasmtime =
            options.config().and_then(|config| wasmtime_48::Engine::new(&config)).map_err(EngineError::new)?;
        let kernel = KernelModule::new(&wasmtime).map_err(EngineError::new)?;
        let ticker = Ticker::start(wasmtime.weak()).map_err(|error| EngineError::new(error.into()))?;
        let max_instances = options.max_instances.unwrap_or(usize::MAX);
        let shared = Shared { wasmtime, kernel, ticker, instances: Arc::default(), max_instances };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The current number of instances.
    pub fn instances(&self) -> usize {
        self.shared.instances.load(Relaxed)
    }

    pub(crate) fn wasmtime(&self) -> &wasmtime_48::Engine {
        &self.shared.wasmtime
    }

    pub(crate) fn kernel(&self) -> &KernelModule {
        &self.shared.kernel
    }

    pub(crate) fn ticker(&self) -> &Ticker {
        &self.shared.ticker
    }

    /// Counts one more instance, if the limit allows it.
    pub(crate) fn place(&self) -> Result<Place, TooManyInstances> {
        let max = self.shared.max_instances;
        let instances = &self.shared.instances;
        let more = |now: usize| (now < max).then_some(now + 1);
        instances.fetch_update(Relaxed, Relaxed, more).map_err(|_| TooManyInstances { max })?;
        Ok(Place { instances: instances.clone() })
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("instances", &self.instances()).finish_non_exhaustive()
    }
}

/// An instance that counts until this is dropped.
pub(crate) struct Place {
    instances: Arc<AtomicUsize>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.instances.fetch_sub(1, Relaxed);
    }
}

/// The engine has as many instances as [`EngineOptions::max_instances`] allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyInstances {
    /// The limit.
    pub max: usize,
}

impl fmt::Display for TooManyInstances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the engine has {} instances, the most that `EngineOptions::max_instances` allows", self.max)
    }
}

impl std::error::Error for TooManyInstances {}

/// An [`Engine`] could not be created.
#[derive(Debug)]
pub struct EngineError {
    source: wasmtime_48::Error,
}

impl EngineError {
    fn new(source: wasmtime_48::Error) -> Self {
        Self { source }
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not create an engine: {:#}", self.source)
    }
}

impl std::error::Error for EngineError {}

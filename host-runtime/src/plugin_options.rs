use std::{fmt, time::Duration};

use hostfn_contract::Grants;

/// How a plugin is loaded: its grants and its bounds.
///
/// [`Grants`] alone will do: the rest has defaults.
///
/// ```
/// # use hostfn_runtime::{Grants, PluginOptions};
/// use std::time::Duration;
///
/// let options = PluginOptions::from(Grants::of(["users:read"])?).timeout(Duration::from_secs(2));
/// # Ok::<(), hostfn_runtime::InvalidPermission>(())
/// ```
#[derive(Clone)]
pub struct PluginOptions {
    pub(crate) grants: Grants,
    pub(crate) timeout: Duration,
    pub(crate) memory_bytes: usize,
    pub(crate) module_bytes: usize,
    pub(crate) instances: usize,
    pub(crate) config: Vec<(String, String)>,
    pub(crate) compile_cache: bool,
}

impl From<Grants> for PluginOptions {
    fn from(grants: Grants) -> Self {
        Self {
            grants,
            timeout: Duration::from_secs(30),
            memory_bytes: 64 << 20,
            module_bytes: 32 << 20,
            instances: std::thread::available_parallelism().map_or(4, usize::from),
            config: Vec::new(),
            compile_cache: true,
        }
    }
}

impl PluginOptions {
    /// How long one call may run; 30 seconds unless told otherwise, and ten milliseconds at least. It
    /// may wait as long again for an instance that is free. A host function that runs is not
    /// interrupted.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How much memory one instance may have, in bytes; 64 MiB unless told otherwise. It is rounded
    /// up to WebAssembly's pages of 64 KiB.
    #[must_use]
    pub fn memory_bytes(mut self, bytes: usize) -> Self {
        self.memory_bytes = bytes;
        self
    }

    /// How large the compiled module may be, in bytes; 32 MiB unless told otherwise. It is looked at
    /// before it is compiled, which takes time and memory in proportion.
    #[must_use]
    pub fn module_bytes(mut self, bytes: usize) -> Self {
        self.module_bytes = bytes;
        self
    }

    /// How many calls may run at once, each in an instance of its own; as many as the machine has
    /// processors unless told otherwise. A further call waits.
    #[must_use]
    pub fn instances(mut self, instances: usize) -> Self {
        self.instances = instances.max(1);
        self
    }

    /// A value that the guest reads with its PDK's `config`.
    #[must_use]
    pub fn config(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.push((key.into(), value.into()));
        self
    }

    /// How long a call really may run.
    pub(crate) fn call_timeout(&self) -> Duration {
        self.timeout.max(SHORTEST_TIMEOUT)
    }

    /// The memory of one instance, in WebAssembly's pages.
    pub(crate) fn memory_pages(&self) -> u32 {
        u32::try_from(self.memory_bytes.div_ceil(64 << 10)).unwrap_or(u32::MAX)
    }

    /// Compiles the module anew each time instead of keeping it in the cache on disk.
    #[must_use]
    pub fn without_compile_cache(mut self) -> Self {
        self.compile_cache = false;
        self
    }
}

/// Extism starts its timer a little before it arms the guest. A timer that fires in between is lost,
/// and the guest runs for ever.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(10);

impl fmt::Debug for PluginOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of the configuration only the keys: its values are where an API key is kept.
        let config: Vec<_> = self.config.iter().map(|(key, _)| key).collect();
        f.debug_struct("PluginOptions")
            .field("grants", &self.grants)
            .field("timeout", &self.timeout)
            .field("memory_bytes", &self.memory_bytes)
            .field("module_bytes", &self.module_bytes)
            .field("instances", &self.instances)
            .field("config", &config)
            .field("compile_cache", &self.compile_cache)
            .finish()
    }
}

use std::{fmt, time::Duration};

use hostfn_contract::Grants;

use crate::limits::LimitChanges;

/// How a plugin is loaded: its grants and its bounds.
///
/// [`Grants`] alone will do: the rest is as the host has it.
///
/// ```
/// # use hostfn_runtime::{Grants, PluginOptions};
/// use std::time::Duration;
///
/// let options = PluginOptions::from(Grants::of(["users:read"])?).timeout(Duration::from_secs(2));
/// # Ok::<(), hostfn_runtime::InvalidPermission>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PluginOptions {
    pub(crate) grants: Grants,
    pub(crate) limits: LimitChanges,
    pub(crate) is_strict: bool,
    pub(crate) config: Vec<(String, String)>,
    pub(crate) compile_cache: bool,
    pub(crate) with_adapter: bool,
    pub(crate) linked: Vec<(String, Vec<u8>)>,
}

impl From<Grants> for PluginOptions {
    fn from(grants: Grants) -> Self {
        Self {
            grants,
            limits: LimitChanges::default(),
            is_strict: false,
            config: Vec::new(),
            compile_cache: true,
            with_adapter: true,
            linked: Vec::new(),
        }
    }
}

impl PluginOptions {
    /// Other limits than the host's, those that are `Some`.
    ///
    /// ```
    /// # use hostfn_runtime::{Grants, LimitChanges, PluginOptions};
    /// let limits = LimitChanges { host_calls: Some(100), ..LimitChanges::default() };
    /// let options = PluginOptions::from(Grants::none()).limits(limits);
    /// ```
    #[must_use]
    pub fn limits(mut self, limits: LimitChanges) -> Self {
        self.limits = limits;
        self
    }

    /// [`Limits::timeout`](crate::Limits::timeout) of this plugin.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = Some(timeout);
        self
    }

    /// [`Limits::memory_bytes`](crate::Limits::memory_bytes) of this plugin.
    #[must_use]
    pub fn memory_bytes(mut self, bytes: usize) -> Self {
        self.limits.memory_bytes = Some(bytes);
        self
    }

    /// [`Limits::instances`](crate::Limits::instances) of this plugin.
    #[must_use]
    pub fn instances(mut self, instances: usize) -> Self {
        self.limits.instances = Some(instances);
        self
    }

    /// Refuses to load a plugin that imports what it is not granted, where otherwise such a function answers
    /// `permission_denied` when it is called.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.is_strict = true;
        self
    }

    /// A value that the guest reads with its PDK's `config`.
    #[must_use]
    pub fn config(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.push((key.into(), value.into()));
        self
    }

    /// Compiles the module anew each time instead of keeping it in the cache on disk.
    #[must_use]
    pub fn without_compile_cache(mut self) -> Self {
        self.compile_cache = false;
        self
    }

    /// Another compiled module, from which the plugin's imports by this name, and those of other linked modules: a library
    /// that several plugins share, as the modules of an Extism manifest are. Each instance has it anew.
    ///
    /// It has the plugin's grants and limits. No name may be one of the host's own, such as `main`.
    #[must_use]
    pub fn link(mut self, name: impl Into<String>, module: impl Into<Vec<u8>>) -> Self {
        self.linked.push((name.into(), module.into()));
        self
    }

    /// Loads the plugin as Extism alone would, without the adapter between it and Extism's kernel: for comparing the
    /// two. Never for a plugin of a stranger, who could then end the process of the host.
    #[must_use]
    pub fn without_adapter(mut self) -> Self {
        self.with_adapter = false;
        self
    }
}

impl fmt::Debug for PluginOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of the configuration only the keys: its values are where an API key is kept.
        let config: Vec<_> = self.config.iter().map(|(key, _)| key).collect();
        f.debug_struct("PluginOptions")
            .field("grants", &self.grants)
            .field("limits", &self.limits)
            .field("is_strict", &self.is_strict)
            .field("config", &config)
            .field("compile_cache", &self.compile_cache)
            .field("with_adapter", &self.with_adapter)
            .field("linked", &self.linked.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .finish()
    }
}

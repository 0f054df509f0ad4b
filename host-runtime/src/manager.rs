use std::{fmt, sync::Arc};

use crate::{
    Database, HostFunction, PluginManagerBuilder, Registry,
    build_error::BuildError,
    host::Host,
    manifest::PluginManifest,
    plugin::Plugin,
    plugin_error::LoadError,
    plugin_options::PluginOptions,
    preflight::{Examined, Finding},
    unused_grants::unused,
};
use crate::{
    function::Mode,
    plugin_call::{LoadedPlugin, PluginCall},
};

/// A host: the functions, the database and the state that its plugins share.
///
/// It is `Send + Sync` and cheap to clone, so that one of it serves all threads of a program.
///
/// ```
/// # extern crate hostfn_runtime as hostfn;
/// use hostfn::{Database, Grants, PluginManager};
/// # hostfn::registry!();
/// #
/// # /// Answers what it is sent.
/// # #[hostfn::host_fn(permission = "echo")]
/// # pub fn echo(text: String) -> String { text }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
///
/// let manager = PluginManager::with_database(Database::open("sqlite::memory:")?, registry())?;
/// # let wasm = wat::parse_str(r#"(module (import "extism:host/user" "echo" (func (param i64) (result i64)))
/// #     (func (export "run") (result i32) i32.const 0))"#)?;
/// let plugin = manager.load("example", &wasm, Grants::of(["echo"])?)?;
/// let output = plugin.call("run", "input")?;
/// # Ok(())
/// # }
/// ```
///
/// # Async programs
/// A plugin call blocks its thread. In an async program run it where blocking is allowed, with
/// tokio `tokio::task::spawn_blocking(move || plugin.call("run", input))`. A guest needs about a
/// mebibyte of native stack; on a thread with less left, the call gets a stack of its own, of
/// [`GUEST_STACK_BYTES`](crate::GUEST_STACK_BYTES).
#[derive(Clone)]
pub struct PluginManager {
    host: Arc<Host>,
}

impl PluginManager {
    /// A host with no functions and no database: for plugins that only compute.
    pub fn new() -> Self {
        Self::builder().build().expect("a host of nothing lacks nothing")
    }

    /// A host with a database and one crate's functions, whose migrations are applied.
    ///
    /// # Errors
    /// Everything that the functions need and the host lacks.
    pub fn with_database(database: Database, functions: Registry) -> Result<Self, BuildError> {
        Self::builder().database(database).functions(functions).build()
    }

    /// A host of several crates' functions, with state, or with limits of its own.
    pub fn builder() -> PluginManagerBuilder {
        PluginManagerBuilder::default()
    }

    pub(crate) fn of(host: Host) -> Self {
        Self { host: Arc::new(host) }
    }

    /// Loads a plugin: a name that logs and functions know it by, its compiled module, and what it
    /// is granted, which is nothing unless it is said ([`Grants::none`](crate::Grants::none)).
    ///
    /// It is unloaded when the last clone of it is dropped, and calls that are running have ended. Plugins that come, go
    /// and are replaced while the host runs are kept in a folder: [`load_folder`](Self::load_folder).
    ///
    /// # Errors
    /// When the bytes are no module, and with the list of all that it imports and the host lacks.
    pub fn load(&self, name: &str, module: &[u8], options: impl Into<PluginOptions>) -> Result<Plugin, LoadError> {
        Plugin::load(self.host.clone(), name, module, options.into())
    }

    /// The functions as the adapter of a plugin imports them: for the benchmarks, which show what they cost alone. A
    /// plugin call that never ends is said to have begun.
    #[doc(hidden)]
    pub fn host_side(&self, name: &str, options: impl Into<PluginOptions>) -> Vec<extism::Function> {
        let options = options.into();
        let caller = hostfn_contract::Caller::new(name, options.grants.clone(), hostfn_contract::CallId::default());
        let limits = options.limits.over(self.host.limits);
        let plugin_call = Arc::new(PluginCall::new(Arc::new(LoadedPlugin::new(self.host.clone(), caller, limits))));
        plugin_call.start("run", &[]);
        let functions = self.host.functions.iter();
        functions.map(|function| function.clone().link(plugin_call.clone(), Mode::WithAdapter)).collect()
    }

    /// Loads the plugin that a manifest asks for, with what it asks for as far as `granted` and the host's limits allow:
    /// grants and limits are the lesser of the two, and of a configuration that both have, the host's stands.
    ///
    /// `Grants::all()` grants whatever it asks for, which is right when somebody reviewed the manifest.
    ///
    /// # Errors
    /// Those of [`load`](Self::load), and [`LoadError::Manifest`] when the module is not there or another one than was
    /// reviewed.
    pub fn load_manifest(
        &self,
        manifest: &PluginManifest,
        granted: impl Into<PluginOptions>,
    ) -> Result<Plugin, LoadError> {
        let module = manifest.module().map_err(LoadError::Manifest)?;
        let granted = granted.into();
        // What the manifest does not ask for as well is not looked at later.
        let unused = unused(&granted.grants, self.functions().map(HostFunction::permission));
        for (grant, message) in unused.into_iter().filter(|(grant, _)| !manifest.grants().includes(grant)) {
            tracing::warn!(plugin = manifest.name(), "`{grant}` is granted, which {message}");
        }
        let (mut options, _) = manifest.options(granted, self.host.limits);
        options.linked.extend(manifest.linked().map_err(LoadError::Manifest)?);
        Plugin::load(self.host.clone(), manifest.name(), &module, options)
    }

    /// As [`check`](Self::check), of what a manifest asks for: also what it asks for and is not granted or does not need.
    ///
    /// # Errors
    /// [`LoadError::Manifest`] when the module is not there or another one than was reviewed, and
    /// [`LoadError::NotAModule`].
    pub fn check_manifest(
        &self,
        manifest: &PluginManifest,
        granted: impl Into<PluginOptions>,
    ) -> Result<Vec<Finding>, LoadError> {
        let module = manifest.module().map_err(LoadError::Manifest)?;
        let granted = granted.into();
        let (mut options, cut) = manifest.options(granted.clone(), self.host.limits);
        options.linked.extend(manifest.linked().map_err(LoadError::Manifest)?);
        let mut examined = Examined::new(manifest.name(), &module, &self.host, &options)?;
        examined.compare(manifest, &granted.grants, &cut, &self.host);
        Ok(examined.findings)
    }

    /// Everything that there is to say of a plugin before it is loaded, the gravest first: what the host
    /// lacks, what is not granted, what should be changed. It is read, and not run.
    ///
    /// # Errors
    /// [`LoadError::NotAModule`].
    pub fn check(
        &self,
        name: &str,
        module: &[u8],
        options: impl Into<PluginOptions>,
    ) -> Result<Vec<Finding>, LoadError> {
        Ok(Examined::new(name, module, &self.host, &options.into())?.findings)
    }

    /// The functions of this host, sorted by namespace and name.
    pub fn functions(&self) -> impl Iterator<Item = &HostFunction> {
        self.host.descriptions()
    }

    /// Its database, if it has one.
    pub fn database(&self) -> Option<&Database> {
        self.host.database.as_ref()
    }
}

impl Default for PluginManager {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for PluginManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PluginManager").field("database", &self.host.database).finish_non_exhaustive()
    }
}

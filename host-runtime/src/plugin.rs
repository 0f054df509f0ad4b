use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use hostfn_contract::{CallId, Caller, Grants};

use crate::{
    function::AnyBound,
    host::Host,
    instance::{Instance, Pool},
    module::Module,
    plugin_error::{CallError, Ending, Findings, LoadError},
    plugin_options::PluginOptions,
    preflight::{self, Severity},
};

/// The native stack that a plugin call gets where its thread has less than half of it left: two
/// mebibytes. A guest that recurses on a smaller one would take the process with it.
pub const GUEST_STACK_BYTES: usize = 2 << 20;

/// A plugin that is loaded. Cheap to clone; calls from several threads run at once.
///
/// Each call runs in one of its instances. An instance keeps its memory from one call to its next, and
/// the next call may meet another: a guest keeps its state in the host.
#[derive(Clone)]
pub struct Plugin {
    inner: Arc<Inner>,
}

struct Inner {
    host: Arc<Host>,
    /// The plugin as its host functions see it, outside of any call.
    caller: Caller,
    options: PluginOptions,
    exports: Vec<String>,
    recipe: Recipe,
    pool: Pool,
}

/// What every instance of a plugin is made from.
pub(crate) struct Recipe {
    manifest: extism::Manifest,
    /// The functions to link, each with whether the guest passes it a request.
    links: Vec<(Arc<dyn AnyBound>, bool)>,
    needs_wasi: bool,
    compile_cache: bool,
}

impl Plugin {
    pub(crate) fn load(host: Arc<Host>, name: &str, module: &[u8], options: PluginOptions) -> Result<Self, LoadError> {
        let plugin = name.to_owned();
        let parsed =
            Module::parse(module).map_err(|reason| LoadError::NotAModule { plugin: plugin.clone(), reason })?;
        let mut findings = preflight::findings(module, &parsed, &host, &options);
        findings.retain(|finding| finding.kind.severity() == Severity::Refused);
        if !findings.is_empty() {
            return Err(LoadError::Refused { plugin, findings: Findings(findings) });
        }
        let links = parsed.links(&host).flatten().filter_map(|link| {
            let (namespace, name) = link.function.import();
            Some((host.function(namespace, name)?.clone(), link.takes_request))
        });
        let links = links.collect();
        let manifest = extism::Manifest::new([extism::Wasm::data(module)])
            .with_timeout(options.timeout.max(SHORTEST_TIMEOUT))
            .with_memory_max(options.memory_pages())
            .with_config(options.config.iter().cloned());
        let mut recipe =
            Recipe { manifest, links, needs_wasi: parsed.needs_wasi, compile_cache: options.compile_cache };
        let caller = Caller::new(name, options.grants.clone(), CallId::default());
        // The first instance is made now, so that a module that cannot run is refused here.
        let first = on_guest_stack(|| recipe.first_instance(&host, &caller))
            .map_err(|error| LoadError::Compile { plugin, reason: format!("{error:#}") })?;
        let pool = Pool::new(options.instances);
        pool.put(first);
        tracing::debug!(plugin = name, grants = ?caller.grants(), "plugin loaded");
        let inner = Inner { host, caller, exports: parsed.exports, pool, options, recipe };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The name that it was loaded with.
    pub fn name(&self) -> &str {
        self.inner.caller.plugin()
    }

    /// What it was granted.
    pub fn grants(&self) -> &Grants {
        self.inner.caller.grants()
    }

    /// The functions that it exports.
    pub fn exports(&self) -> &[String] {
        &self.inner.exports
    }

    /// Calls an export with an input and answers its output.
    ///
    /// # Errors
    /// When there is no such export, when the guest says that it failed, traps, or takes too long.
    /// Host calls that it made until then are done.
    pub fn call(&self, export: &str, input: impl AsRef<[u8]>) -> Result<Vec<u8>, CallError> {
        let input = input.as_ref();
        let span = tracing::debug_span!(
            "plugin_call",
            plugin = self.name(),
            export,
            id = tracing::field::Empty,
            outcome = tracing::field::Empty,
            microseconds = tracing::field::Empty,
        );
        let _entered = span.enter();
        let started = Instant::now();
        let outcome = on_guest_stack(|| self.call_here(export, input, &span));
        if !span.is_disabled() {
            span.record("outcome", outcome.as_ref().map_or_else(|error| error.kind_name(), |_| "success"));
            span.record("microseconds", u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX));
        }
        outcome
    }

    fn call_here(&self, export: &str, input: &[u8], span: &tracing::Span) -> Result<Vec<u8>, CallError> {
        let inner = &*self.inner;
        let names = || (self.name().to_owned(), export.to_owned());
        if !inner.exports.iter().any(|name| name == export) {
            let (plugin, export) = names();
            return Err(CallError::UnknownExport { plugin, export, exports: inner.exports.join("`, `") });
        }
        let mut slot = inner.pool.take(inner.options.timeout).ok_or_else(|| {
            let (plugin, export) = names();
            CallError::Busy { plugin, export, instances: inner.options.instances }
        })?;
        let mut instance = match slot.take_instance() {
            Some(instance) => instance,
            None => self.new_instance().map_err(|error| {
                let (plugin, export) = names();
                CallError::Start { plugin, export, reason: format!("{error:#}") }
            })?,
        };
        let id = instance.plugin_call.start(export, input);
        span.record("id", tracing::field::display(id));

        match instance.plugin.call::<&[u8], Vec<u8>>(export, input) {
            Ok(output) => {
                slot.put_back(instance);
                Ok(output)
            }
            Err(error) => {
                let ending = Ending::of(&error);
                if matches!(ending, Ending::Failed(_)) {
                    slot.put_back(instance);
                }
                let (plugin, export) = names();
                Err(match ending {
                    Ending::Failed(message) => CallError::Failed { plugin, export, message },
                    Ending::Trapped(reason) => CallError::Trapped { plugin, export, reason },
                    Ending::TimedOut => CallError::TimedOut { plugin, export, after: inner.options.timeout },
                })
            }
        }
    }

    fn new_instance(&self) -> Result<Instance, extism::Error> {
        let inner = &*self.inner;
        Instance::new(&inner.recipe, inner.host.clone(), inner.caller.clone())
    }
}

impl Recipe {
    /// The first instance; for it the module is compiled.
    ///
    /// The cache is a folder of the user's, which a service may not have. A module that compiles
    /// without it is compiled without it from then on.
    fn first_instance(&mut self, host: &Arc<Host>, caller: &Caller) -> Result<Instance, extism::Error> {
        let error = match Instance::new(self, host.clone(), caller.clone()) {
            Err(error) if self.compile_cache => error,
            outcome => return outcome,
        };
        self.compile_cache = false;
        let first = Instance::new(self, host.clone(), caller.clone())?;
        tracing::warn!(
            plugin = caller.plugin(), error = ?format!("{error:#}"),
            "compiled modules cannot be cached, and every instance is compiled anew: make the cache folder writable, or \
             load with `without_compile_cache`"
        );
        Ok(first)
    }

    pub(crate) fn builder(&self) -> extism::PluginBuilder<'_> {
        let builder = extism::PluginBuilder::new(self.manifest.clone()).with_wasi(self.needs_wasi);
        if self.compile_cache { builder } else { builder.with_cache_disabled() }
    }

    pub(crate) fn links(&self) -> &[(Arc<dyn AnyBound>, bool)] {
        &self.links
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin").field("name", &self.name()).field("grants", self.grants()).finish_non_exhaustive()
    }
}

/// Extism starts its timer a little before it arms the guest. A timer that fires in between is lost,
/// and the guest runs for ever.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(10);

fn on_guest_stack<T>(body: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(GUEST_STACK_BYTES / 2, GUEST_STACK_BYTES, body)
}

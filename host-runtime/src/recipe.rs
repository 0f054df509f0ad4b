//! What every instance of a plugin is made from.

use std::sync::Arc;

#[cfg(hostfn_attacks)]
use crate::defence::{self, Defence};
use crate::{
    adapter,
    function::{AnyBound, Mode},
    instance::{Instance, Seat},
    kernel,
    limits::Limits,
    memory_maximum::with_memory_maximum,
    parts::Parts,
    plugin_call::{LoadedPlugin, PluginCall},
    plugin_options::PluginOptions,
};

pub(crate) struct Recipe {
    manifest: extism::Manifest,
    /// The functions to link, each with who calls it.
    links: Vec<(Arc<dyn AnyBound>, Mode)>,
    with_adapter: bool,
    needs_wasi: bool,
    compile_cache: bool,
    fuel: u64,
    /// One engine for all instances, which a test wants that shows why there is not.
    #[cfg(hostfn_attacks)]
    shared: std::sync::OnceLock<(extism::CompiledPlugin, Arc<PluginCall>)>,
}

impl Recipe {
    /// # Errors
    /// When what is loaded beside the guest cannot be made for it.
    pub(crate) fn new(
        bytes: &[u8],
        parts: &Parts,
        plugin: &LoadedPlugin,
        options: &PluginOptions,
    ) -> Result<Self, extism::Error> {
        let limits: &Limits = &plugin.limits;
        let with_adapter = plugin.host.loads_with_adapter(options);
        let imports = parts.links(&plugin.host);
        let mut links = Vec::new();
        for link in &imports {
            let (namespace, name) = link.function.import();
            let Some(function) = plugin.host.function(namespace, name) else { continue };
            let plain = Mode::Plain { takes_request: link.takes_request };
            links.push((function.clone(), if with_adapter { Mode::WithAdapter } else { plain }));
        }
        let pages = limits.memory_pages();
        // A module that was parsed before can be read here too; what cannot would be refused by the engine.
        let bounded = |bytes| with_memory_maximum(bytes, pages).unwrap_or(bytes.into());
        let modules = match with_adapter {
            true => adapter::modules(&bounded(bytes), parts, bounded, &imports, limits)?,
            false => {
                let linked = parts.linked.iter();
                let linked = linked.map(|linked| extism::Wasm::data(bounded(&linked.bytes)).with_name(&linked.name));
                linked.chain([extism::Wasm::data(bounded(bytes)).with_name("main")]).collect()
            }
        };
        Ok(Self {
            manifest: extism::Manifest::new(modules)
                .with_timeout(limits.call_timeout())
                .with_memory_max(pages)
                .with_config(options.config.iter().cloned()),
            links,
            with_adapter,
            needs_wasi: parts.needs_wasi(),
            compile_cache: options.compile_cache,
            fuel: limits.fuel,
            #[cfg(hostfn_attacks)]
            shared: std::sync::OnceLock::new(),
        })
    }

    /// The first instance; for it the module is compiled.
    ///
    /// The cache is a folder of the user's, which a service may not have. A module that compiles
    /// without it is compiled without it from then on.
    pub(crate) fn first_instance(
        &mut self,
        plugin: &Arc<LoadedPlugin>,
        seat: impl Fn() -> Option<Seat>,
    ) -> Option<Result<Box<Instance>, extism::Error>> {
        let error = match Instance::new(self, plugin, seat()?) {
            Err(error) if self.compile_cache => error,
            outcome => return Some(outcome),
        };
        self.compile_cache = false;
        let first = match Instance::new(self, plugin, seat()?) {
            Ok(first) => first,
            // What the second attempt says is what the module itself is to blame for.
            outcome => return Some(outcome),
        };
        tracing::warn!(
            plugin = plugin.caller.plugin(), error = ?format!("{error:#}"),
            "compiled modules cannot be cached, and every instance is compiled anew: make the cache folder writable, or \
             load with `without_compile_cache`"
        );
        Some(Ok(first))
    }

    /// An instance as Extism knows it, and the plugin calls that its host functions serve.
    ///
    /// Each has an engine of its own, which the compile cache makes cheap: Extism ends an overdue call by the engine's
    /// epoch, and would end every other call on the same engine with it.
    pub(crate) fn make(&self, plugin: &Arc<LoadedPlugin>) -> Result<(extism::Plugin, Arc<PluginCall>), extism::Error> {
        #[cfg(hostfn_attacks)]
        if !defence::is_on(Defence::EngineOfItsOwn) {
            return self.make_on_shared_engine(plugin);
        }
        let plugin_call = Arc::new(PluginCall::new(plugin.clone()));
        Ok((self.builder(&plugin_call).build()?, plugin_call))
    }

    #[cfg(hostfn_attacks)]
    fn make_on_shared_engine(
        &self,
        plugin: &Arc<LoadedPlugin>,
    ) -> Result<(extism::Plugin, Arc<PluginCall>), extism::Error> {
        if self.shared.get().is_none() {
            let plugin_call = Arc::new(PluginCall::new(plugin.clone()));
            let compiled = extism::CompiledPlugin::new(self.builder(&plugin_call))?;
            let _ = self.shared.set((compiled, plugin_call));
        }
        let (compiled, plugin_call) = self.shared.get().expect("it was set above");
        Ok((extism::Plugin::new_from_compiled(compiled)?, plugin_call.clone()))
    }

    fn builder(&self, plugin_call: &Arc<PluginCall>) -> extism::PluginBuilder<'_> {
        let links = self.links.iter();
        let functions = links.map(|(function, mode)| function.clone().link(plugin_call.clone(), *mode));
        let own = kernel::functions(plugin_call, self.needs_wasi, self.with_adapter);
        let builder = extism::PluginBuilder::new(self.manifest.clone())
            .with_wasi(self.needs_wasi)
            .with_fuel_limit(self.fuel)
            .with_functions(functions.chain(own));
        if self.compile_cache { builder } else { builder.with_cache_disabled() }
    }
}

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use hostfn_contract::{EntropySource, HostState, Resolver, States};

use crate::{
    Clock, Database, HostFunction, Registry, RegistryError, answers,
    build_error::{BuildError, BuildProblem},
    function::AnyBound,
    host::Host,
    intercept::Interceptor,
    limits::Limits,
    manifest::PluginManifest,
    observe::Observer,
    plugin::Plugin,
    plugin_error::LoadError,
    plugin_options::PluginOptions,
    preflight::{Examined, Finding},
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

    /// Loads a plugin: a name that logs and functions know it by, its compiled module, and what it
    /// is granted, which is nothing unless it is said ([`Grants::none`](crate::Grants::none)).
    ///
    /// # Errors
    /// When the bytes are no module, and with the list of all that it imports and the host lacks.
    pub fn load(&self, name: &str, module: &[u8], options: impl Into<PluginOptions>) -> Result<Plugin, LoadError> {
        Plugin::load(self.host.clone(), name, module, options.into())
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
        let (options, _) = manifest.options(granted.into(), self.host.limits);
        Plugin::load(self.host.clone(), manifest.name(), &module, options)
    }

    /// As [`check`](Self::check), of what a manifest asks for: also what it asks for and is not granted or does not need.
    ///
    /// # Errors
    /// With a sentence, when the module is not there, is another one than was reviewed, or is none.
    pub fn check_manifest(
        &self,
        manifest: &PluginManifest,
        granted: impl Into<PluginOptions>,
    ) -> Result<Vec<Finding>, String> {
        let module = manifest.module().map_err(|error| error.to_string())?;
        let granted = granted.into();
        let (options, cut) = manifest.options(granted.clone(), self.host.limits);
        let mut examined = Examined::new(&module, &self.host, &options)?;
        examined.compare(manifest, &granted.grants, &cut, &self.host);
        Ok(examined.findings)
    }

    /// Everything that there is to say of a plugin before it is loaded, the gravest first: what the host
    /// lacks, what is not granted, what should be changed. It is read, and not run.
    ///
    /// # Errors
    /// With a sentence, when the bytes are no module.
    pub fn check(&self, module: &[u8], options: impl Into<PluginOptions>) -> Result<Vec<Finding>, String> {
        Ok(Examined::new(module, &self.host, &options.into())?.findings)
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

/// Builds a [`PluginManager`] from what it is given. A clone builds another one of the same, whose
/// functions share its state.
#[derive(Clone)]
pub struct PluginManagerBuilder {
    registries: Vec<Registry>,
    database: Option<Database>,
    clock: Option<Clock>,
    entropy: Option<Arc<EntropySource>>,
    states: States,
    provided_twice: Vec<&'static str>,
    limits: Limits,
    process_instances: usize,
    observers: Vec<Arc<dyn Observer>>,
    interceptor: Option<Arc<dyn Interceptor>>,
    leave_migrations: bool,
    keeps_answers: bool,
}

impl PluginManagerBuilder {
    /// Exposes the functions of a crate. Only the crates that are named here are exposed.
    #[must_use]
    pub fn functions(mut self, registry: Registry) -> Self {
        self.registries.push(registry);
        self
    }

    /// The database that the functions reach.
    #[must_use]
    pub fn database(mut self, database: Database) -> Self {
        self.database = Some(database);
        self
    }

    /// State that functions borrow as `&T`.
    #[must_use]
    pub fn provide<T: HostState>(mut self, state: T) -> Self {
        if !self.states.insert(Arc::new(state)) {
            self.provided_twice.push(std::any::type_name::<T>());
        }
        self
    }

    /// Another clock than the operating system's: a fixed one in tests.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Other randomness than the operating system's: a seeded one in tests.
    #[must_use]
    pub fn entropy(mut self, entropy: EntropySource) -> Self {
        self.entropy = Some(Arc::new(entropy));
        self
    }

    /// What each plugin may use that is loaded without limits of its own, and the most that the manifest of one gets
    /// ([`PluginManager::load_manifest`]).
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How many instances of plugins there may be in the process, of all its hosts; 512 unless told otherwise. At the
    /// last, instances of this host that are idle give way to those that are wanted.
    #[must_use]
    pub fn process_instances(mut self, instances: usize) -> Self {
        self.process_instances = instances;
        self
    }

    /// Somebody who watches all host calls.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observers.push(observer);
        self
    }

    /// Somebody who may answer host calls in place of their functions, or make them fail: a test
    /// harness.
    #[must_use]
    pub fn interceptor(mut self, interceptor: Arc<dyn Interceptor>) -> Self {
        self.interceptor = Some(interceptor);
        self
    }

    /// Refuses a database with migrations that were not applied, instead of applying them: for
    /// databases that many hosts share and that are migrated as a step of their own.
    #[must_use]
    pub fn without_migrating(mut self) -> Self {
        self.leave_migrations = true;
        self
    }

    /// Makes the table in which the answers of idempotent calls are kept: see
    /// [`Plugin::call_idempotent`](crate::Plugin::call_idempotent).
    #[must_use]
    pub fn keep_answers(mut self) -> Self {
        if !std::mem::replace(&mut self.keeps_answers, true) {
            self.registries.push(answers::registry());
        }
        self
    }

    /// The crates' functions that were given so far.
    pub fn registries(&self) -> &[Registry] {
        &self.registries
    }

    /// Builds the host.
    ///
    /// # Errors
    /// Everything that the functions need and the host lacks, at once and not at the first call.
    pub fn build(mut self) -> Result<PluginManager, BuildError> {
        let mut problems: Vec<_> =
            self.provided_twice.iter().map(|type_name| BuildProblem::ProvidedTwice { type_name }).collect();
        let clock = self.clock.unwrap_or_else(Clock::system);
        if !self.states.insert(Arc::new(clock.clone())) {
            problems.push(BuildProblem::ProvidedOtherwise { type_name: "Clock", method: "clock" });
        }
        if self.states.get::<Database>().is_some() {
            problems.push(BuildProblem::ProvidedOtherwise { type_name: "Database", method: "database" });
        } else if let Some(database) = &self.database {
            self.states.insert(Arc::new(database.clone()));
        }

        let mut functions: Vec<Arc<dyn AnyBound>> = Vec::new();
        for registry in &self.registries {
            problems.extend(registry.errors().into_iter().map(BuildProblem::Registry));
            for function in registry.functions() {
                match bind(function, self.database.as_ref(), &self.states) {
                    Ok(bound) => functions.push(bound),
                    Err(found) => problems.extend(found),
                }
            }
        }
        functions.sort_by_key(|function| function.description().import());
        let doubles =
            functions.windows(2).filter(|pair| pair[0].description().import() == pair[1].description().import());
        problems.extend(
            doubles.map(|pair| {
                BuildProblem::Registry(RegistryError::Duplicate { function: pair[0].description().name() })
            }),
        );
        // A database is changed only for a host that will run.
        if problems.is_empty()
            && let Some(database) = &self.database
        {
            problems.extend(migrate(database, &self.registries, self.leave_migrations));
        }
        if !problems.is_empty() {
            return Err(BuildError { problems });
        }
        Ok(PluginManager {
            host: Arc::new(Host {
                functions,
                keeps_answers: self.keeps_answers && self.database.is_some(),
                database: self.database,
                clock,
                entropy: self.entropy.unwrap_or_else(|| Arc::new(EntropySource::system())),
                limits: self.limits,
                process_instances: self.process_instances,
                pools: Mutex::default(),
                observers: self.observers,
                interceptor: self.interceptor,
            }),
        })
    }
}

impl Default for PluginManagerBuilder {
    fn default() -> Self {
        Self {
            registries: Vec::new(),
            database: None,
            clock: None,
            entropy: None,
            states: States::default(),
            provided_twice: Vec::new(),
            limits: Limits::default(),
            process_instances: 512,
            observers: Vec::new(),
            interceptor: None,
            leave_migrations: false,
            keeps_answers: false,
        }
    }
}

impl From<Registry> for PluginManagerBuilder {
    fn from(registry: Registry) -> Self {
        Self::default().functions(registry)
    }
}

fn bind(
    function: &HostFunction,
    database: Option<&Database>,
    states: &States,
) -> Result<Arc<dyn AnyBound>, Vec<BuildProblem>> {
    let mut resolver = Resolver::new(states);
    let bound = function.bind(&mut resolver);
    let missing = resolver.into_missing().into_iter();
    let mut problems: Vec<_> =
        missing.map(|state| BuildProblem::MissingState { function: function.name(), state }).collect();
    let connection = function.connection();
    match database {
        None if connection.is_needed => problems.push(BuildProblem::NoDatabase { function: function.name() }),
        Some(database) if !(connection.is_offered_by)(database) => problems.push(BuildProblem::OtherDatabase {
            function: function.name(),
            connection: connection.type_name,
            backend: database.backend().to_string(),
        }),
        _ => {}
    }
    match bound {
        Some(bound) if problems.is_empty() => Ok(bound),
        Some(_) => Err(problems),
        None => {
            // An `Inject` of somebody's own may fail to say what it lacks.
            if problems.is_empty() {
                problems.push(BuildProblem::Unresolved { function: function.name() });
            }
            Err(problems)
        }
    }
}

fn migrate(database: &Database, registries: &[Registry], leave: bool) -> Vec<BuildProblem> {
    let mut problems = Vec::new();
    for registry in registries {
        let Some(migrations) = registry.migrations() else { continue };
        let outcome = if leave {
            database.pending_migrations(registry.owner(), migrations)
        } else {
            database.migrate(registry.owner(), migrations).map(|_| Vec::new())
        };
        match outcome {
            Ok(pending) if pending.is_empty() => {}
            Ok(pending) => problems.push(BuildProblem::NotMigrated { owner: registry.owner(), pending }),
            Err(error) => problems.push(BuildProblem::Migration(error)),
        }
    }
    problems
}

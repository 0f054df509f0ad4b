use std::sync::{Arc, Mutex};

use hostfn_contract::{EntropySource, HostState, Resolver, States};

use crate::{
    Clock, Database, HostFunction, PluginManager, Registry, RegistryError, answers,
    build_error::{BuildError, BuildProblem},
    function::AnyBound,
    host::Host,
    intercept::Interceptor,
    limits::Limits,
    observe::Observer,
};

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
    without_adapter: bool,
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

    /// Loads all plugins as [`PluginOptions::without_adapter`](crate::PluginOptions::without_adapter) does one: for tests
    /// of both modes.
    #[must_use]
    pub fn without_adapter(mut self) -> Self {
        self.without_adapter = true;
        self
    }

    /// Somebody who watches all host calls.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observers.push(observer);
        self
    }

    /// What may respond to host calls in place of their functions, or make them fail: a test harness.
    #[doc(hidden)]
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
        Ok(PluginManager::of(Host {
            functions,
            keeps_answers: self.keeps_answers && self.database.is_some(),
            database: self.database,
            clock,
            entropy: self.entropy.unwrap_or_else(|| Arc::new(EntropySource::system())),
            limits: self.limits,
            process_instances: self.process_instances,
            with_adapter: !self.without_adapter,
            pools: Mutex::default(),
            observers: self.observers,
            interceptor: self.interceptor,
        }))
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
            without_adapter: false,
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
        Ok(Some(bound)) if problems.is_empty() => Ok(bound),
        Ok(Some(_)) => Err(problems),
        Err(reason) => {
            problems.push(BuildProblem::Registry(RegistryError::NoSchema { function: function.name(), reason }));
            Err(problems)
        }
        Ok(None) => {
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

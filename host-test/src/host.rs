use std::{fmt, sync::Arc};

use hostfn_runtime::{
    Clock, Database, EntropySource, Grants, HostFunction, Plugin, PluginManager, PluginManagerBuilder, PluginOptions,
};
use serde::Serialize;
use tempfile::TempDir;

use crate::{
    database::{TableRows, assert_sound},
    fault::{Fault, Planned},
    guest::forwarding_guest,
    mock::MockedFunction,
    plugin::{Answer, TestPlugin},
    recorder::Recorder,
    script::Script,
    template,
    transcript::Transcript,
};

/// When a test host's clock stands, until the test advances it.
const START: &str = "2026-01-02T03:04:05Z";

/// The name of the plugin that [`TestHost::call`] calls as.
const TEST: &str = "test";

/// A host for one test: its own database, a clock that stands still, randomness that is the same in
/// every run, and a guest that calls every function of the registry.
///
/// When it is dropped its database is checked and removed, and the test fails when a mock or a fault
/// that it planned did not come to pass.
pub struct TestHost {
    manager: PluginManager,
    clock: Clock,
    script: Arc<Script>,
    pub(crate) recorder: Arc<Recorder>,
    /// What [`TestHost::as_plugin`] loads, and it loaded as the test's own plugin.
    module: Vec<u8>,
    test: Plugin,
    empty: TableRows,
    // Dropped last: the database's file is in it.
    _folder: TempDir,
}

impl TestHost {
    /// A host with an empty database that has the tables of its functions: of one crate's, with
    /// `TestHost::new(registry())`, or of a builder's, which also gives state:
    /// `TestHost::new(PluginManager::builder().functions(registry()).provide(state))`. Database, clock
    /// and entropy are the test's own.
    ///
    /// # Panics
    /// When the host cannot be built.
    pub fn new(host: impl Into<PluginManagerBuilder>) -> Self {
        Self::build(host.into(), |manager| forwarding_guest(manager.functions(), true))
    }

    /// A host whose calls go through this guest, and not through the generated one: a compiled module
    /// that exports each function that the test calls under its name, and hands on its input and the
    /// answer. So the same test tries the bindings of another language.
    ///
    /// # Panics
    /// When the host cannot be built.
    pub fn with_guest(host: impl Into<PluginManagerBuilder>, module: impl Into<Vec<u8>>) -> Self {
        Self::build(host.into(), |_| module.into())
    }

    fn build(host: PluginManagerBuilder, guest: impl FnOnce(&PluginManager) -> Vec<u8>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = template::database_in(folder.path(), host.registries());
        let database = Database::open(&template::url(&file)).unwrap_or_else(|error| panic!("{error}"));
        let clock = Clock::fixed(START.parse().expect("the start is a time"));
        let script = Arc::new(Script::new(clock.clone()));
        let recorder = Arc::new(Recorder::new(script.clone()));
        let manager = host
            .database(database)
            .clock(clock.clone())
            .entropy(EntropySource::seeded(1))
            .observer(recorder.clone())
            .interceptor(script.clone())
            .build()
            .unwrap_or_else(|error| panic!("{error}"));
        let module = guest(&manager);
        let test = load(&manager, TEST, &module, Grants::all());
        let empty = rows(&manager);
        Self { manager, clock, script, recorder, module, test, empty, _folder: folder }
    }

    /// Calls a host function with a request, as a plugin that is granted everything.
    ///
    /// # Panics
    /// When there is no such function, and when it answers what its contract does not declare.
    pub fn call(&self, function: &str, request: impl Serialize) -> Answer {
        TestPlugin::new(self.test.clone(), self).call(function, request)
    }

    /// Calls a host function that takes no request, through a guest that imports it without a
    /// parameter.
    ///
    /// # Panics
    /// When there is no such function, or it takes a request.
    pub fn call_without_request(&self, function: &str) -> Answer {
        let optional = self.manager.functions().filter(|function| function.can_be_called_with_nothing());
        self.load(TEST, &forwarding_guest(optional, false), Grants::all()).call(function, "")
    }

    /// A plugin that forwards calls like the test's own, by another name and with other grants, or
    /// with a shorter timeout.
    ///
    /// # Panics
    /// When it cannot be loaded.
    pub fn as_plugin(&self, name: &str, options: impl Into<PluginOptions>) -> TestPlugin<'_> {
        self.load(name, &self.module, options)
    }

    /// Loads a plugin of one's own.
    ///
    /// # Panics
    /// When it cannot be loaded.
    pub fn load(&self, name: &str, module: &[u8], options: impl Into<PluginOptions>) -> TestPlugin<'_> {
        TestPlugin::new(load(&self.manager, name, module, options), self)
    }

    /// Makes a function answer what the test says, from the next call on. Permission, decoding and
    /// encoding stay those of production, and what it answers must be as its contract says.
    ///
    /// # Panics
    /// When there is no such function.
    pub fn mock(&self, function: &str) -> MockedFunction<'_> {
        MockedFunction { script: &self.script, function: self.function(function) }
    }

    /// Makes something go wrong in the next host call that it can go wrong in.
    pub fn fault(&self, fault: Fault) {
        self.script.add_fault(Planned { fault, function: None });
    }

    /// Makes something go wrong in the next call of this function.
    ///
    /// # Panics
    /// When there is no such function.
    pub fn fault_in(&self, function: &str, fault: Fault) {
        let function = Some(self.function(function).name().to_owned());
        self.script.add_fault(Planned { fault, function });
    }

    /// What is said and done in `body`: the calls, and what they change in the database.
    pub fn record(&self, body: impl FnOnce()) -> Transcript {
        let (position, before) = (self.recorder.position(), self.rows());
        body();
        self.transcript_since(position, &before)
    }

    /// All that was said and done since the host was made.
    pub fn transcript(&self) -> Transcript {
        self.transcript_since(0, &self.empty)
    }

    fn transcript_since(&self, position: usize, before: &TableRows) -> Transcript {
        let effect = before.effect(&self.rows());
        Transcript::new(self.recorder.since(position), effect, self.recorder.redactor.renumbered())
    }

    /// All rows of all tables, as they stand now.
    ///
    /// # Panics
    /// When the database cannot be read.
    pub fn rows(&self) -> TableRows {
        rows(&self.manager)
    }

    /// The host itself.
    pub fn manager(&self) -> &PluginManager {
        &self.manager
    }

    /// Its database.
    ///
    /// # Panics
    /// Never: a test host has one.
    pub fn database(&self) -> &Database {
        database(&self.manager)
    }

    /// Its clock, which stands at 2026-01-02 03:04:05 UTC until it is advanced.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    fn function(&self, name: &str) -> &HostFunction {
        self.manager
            .functions()
            .find(|function| function.name() == name)
            .unwrap_or_else(|| panic!("the host has no function `{name}`"))
    }

    /// Fails when a function answered what its contract does not declare.
    pub(crate) fn check_contracts(&self) {
        let breaches = self.recorder.take_breaches();
        assert!(breaches.is_empty(), "{}", breaches.join("\n"));
    }
}

fn load(manager: &PluginManager, name: &str, module: &[u8], options: impl Into<PluginOptions>) -> Plugin {
    manager.load(name, module, options).unwrap_or_else(|error| panic!("{error}"))
}

fn database(manager: &PluginManager) -> &Database {
    manager.database().expect("a test host has a database")
}

fn rows(manager: &PluginManager) -> TableRows {
    TableRows::read(database(manager)).unwrap_or_else(|error| panic!("{error:?}"))
}

impl Drop for TestHost {
    fn drop(&mut self) {
        // A second panic would abort the process and hide the first.
        if !std::thread::panicking() {
            self.check_contracts();
            let unmet = self.script.unmet();
            assert!(unmet.is_empty(), "what the test planned did not come to pass:\n  {}", unmet.join("\n  "));
            assert_sound(self.database());
        }
    }
}

impl fmt::Debug for TestHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestHost").field("manager", &self.manager).finish_non_exhaustive()
    }
}

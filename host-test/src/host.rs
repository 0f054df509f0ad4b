use std::fmt;

use hostfn_runtime::{
    Clock, Database, Grants, HostFunction, Plugin, PluginManager, PluginManagerBuilder, PluginOptions,
};
use serde::Serialize;

use crate::{
    database::{TableRows, check},
    fault::{Fault, Planned},
    fixture::{Failure, Fixture},
    guest::forwarding_guest,
    mock::MockedFunction,
    plugin::{Answer, TestPlugin},
    recorder::Recorder,
    test_database::TestDatabase,
    transcript::Transcript,
};

/// The name of the plugin that [`TestHost::call`] calls as.
const TEST: &str = "test";

/// A host for one test: its own database, a clock that stands still, randomness that is the same in
/// every run, and a guest that calls every function of the registry.
///
/// When it is dropped its database is checked and removed, and the test fails when a mock or a fault
/// that it planned did not come to pass.
///
/// ```
/// # extern crate hostfn_runtime as hostfn;
/// use hostfn::{Caller, Clock, Grants};
/// use hostfn_test::TestHost;
/// use serde_json::json;
/// # hostfn::registry!();
///
/// /// Says who calls, and when.
/// #[hostfn::host_fn(permission = "clock:read", read_only)]
/// fn who_and_when(caller: &Caller, clock: &Clock) -> String {
///     format!("{} at {}", caller.plugin(), clock.now())
/// }
///
/// # fn main() {
/// let host = TestHost::new(registry());
/// assert_eq!(host.call("who_and_when", json!({})).data(), "test at 2026-01-02T03:04:05.000000Z");
///
/// host.clock().advance_seconds(60);
/// let cuckoo = host.as_plugin("cuckoo", Grants::all());
/// assert_eq!(cuckoo.call("who_and_when", json!({})).data(), "cuckoo at 2026-01-02T03:05:05.000000Z");
/// assert_eq!(host.as_plugin("mute", Grants::none()).call("who_and_when", json!({})).error().field, None);
/// # }
/// ```
pub struct TestHost {
    test: Plugin,
    /// What [`TestHost::as_plugin`] loads, and it loaded as the test's own plugin.
    module: Vec<u8>,
    fixture: Fixture,
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
        Self::on(TestDatabase::Sqlite, host)
    }

    /// As [`new`](Self::new), on another database management system.
    ///
    /// # Panics
    /// When the host cannot be built, and when the database is [unavailable](TestDatabase::unavailable).
    pub fn on(database: TestDatabase, host: impl Into<PluginManagerBuilder>) -> Self {
        Self::build(database, host.into(), |manager| forwarding_guest(manager.functions(), true))
    }

    /// A host whose calls go through this guest, and not through the generated one: a compiled module
    /// that exports each function that the test calls under its name, and hands on its input and the
    /// answer. So the same test tries the bindings of another language.
    ///
    /// # Panics
    /// When the host cannot be built.
    pub fn with_guest(host: impl Into<PluginManagerBuilder>, module: impl Into<Vec<u8>>) -> Self {
        Self::with_guest_on(TestDatabase::Sqlite, host, module)
    }

    /// As [`with_guest`](Self::with_guest), on another database management system.
    ///
    /// # Panics
    /// When the host cannot be built, and when the database is [unavailable](TestDatabase::unavailable).
    pub fn with_guest_on(
        database: TestDatabase,
        host: impl Into<PluginManagerBuilder>,
        module: impl Into<Vec<u8>>,
    ) -> Self {
        Self::build(database, host.into(), |_| module.into())
    }

    fn build(
        database: TestDatabase,
        host: PluginManagerBuilder,
        guest: impl FnOnce(&PluginManager) -> Vec<u8>,
    ) -> Self {
        let fixture = expected(Fixture::new(database, host));
        let module = guest(&fixture.manager);
        let test = load(&fixture.manager, TEST, &module, Grants::all());
        Self { test, module, fixture }
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
        let optional = self.manager().functions().filter(|function| function.can_be_called_with_nothing());
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
        TestPlugin::new(load(self.manager(), name, module, options), self)
    }

    /// Makes a function answer what the test says, from the next call on. Permission, decoding and
    /// encoding stay those of production, and what it answers must be as its contract says.
    ///
    /// # Panics
    /// When there is no such function.
    pub fn mock(&self, function: &str) -> MockedFunction<'_> {
        MockedFunction {
            script: &self.fixture.script,
            schemas: &self.fixture.recorder.schemas,
            function: self.function(function),
        }
    }

    /// Makes something go wrong in the next host call that it can go wrong in.
    pub fn fault(&self, fault: Fault) {
        self.fixture.script.add_fault(Planned { fault, function: None });
    }

    /// Makes something go wrong in the next call of this function.
    ///
    /// # Panics
    /// When there is no such function.
    pub fn fault_in(&self, function: &str, fault: Fault) {
        let function = Some(self.function(function).name().to_owned());
        self.fixture.script.add_fault(Planned { fault, function });
    }

    /// What is said and done in `body`: the calls, and what they change in the database.
    pub fn record(&self, body: impl FnOnce()) -> Transcript {
        let (position, before) = (self.recorder().position(), self.rows());
        body();
        expected(self.fixture.transcript_since(position, &before))
    }

    /// All that was said and done since the host was made.
    pub fn transcript(&self) -> Transcript {
        expected(self.fixture.transcript())
    }

    /// All rows of all tables, as they stand now.
    ///
    /// # Panics
    /// When the database cannot be read.
    pub fn rows(&self) -> TableRows {
        expected(self.fixture.rows())
    }

    /// The host itself.
    pub fn manager(&self) -> &PluginManager {
        &self.fixture.manager
    }

    /// Its database.
    pub fn database(&self) -> &Database {
        self.fixture.database()
    }

    /// Its clock, which stands at 2026-01-02 03:04:05 UTC until it is advanced.
    pub fn clock(&self) -> &Clock {
        &self.fixture.clock
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.fixture.recorder
    }

    fn function(&self, name: &str) -> &HostFunction {
        self.manager()
            .functions()
            .find(|function| function.name() == name)
            .unwrap_or_else(|| panic!("the host has no function `{name}`"))
    }

    /// Fails when a function answered what its contract does not declare.
    pub(crate) fn check_contracts(&self) {
        let breaches = self.recorder().take_breaches();
        assert!(breaches.is_empty(), "{}", breaches.join("\n"));
    }
}

fn load(manager: &PluginManager, name: &str, module: &[u8], options: impl Into<PluginOptions>) -> Plugin {
    manager.load(name, module, options).unwrap_or_else(|error| panic!("{error}"))
}

fn expected<T>(outcome: Result<T, Failure>) -> T {
    outcome.unwrap_or_else(|error| panic!("{error}"))
}

impl Drop for TestHost {
    fn drop(&mut self) {
        // A second panic would abort the process and hide the first.
        if !std::thread::panicking() {
            self.check_contracts();
            let unmet = self.fixture.script.unmet();
            assert!(unmet.is_empty(), "what the test planned did not come to pass:\n  {}", unmet.join("\n  "));
            expected(check(self.database()));
        }
    }
}

impl fmt::Debug for TestHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestHost").field("manager", self.manager()).finish_non_exhaustive()
    }
}

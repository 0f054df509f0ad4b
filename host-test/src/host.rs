use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hostfn_runtime::{
    CallError, Clock, Database, EntropySource, ErrorBody, Grants, HostCall, HostFunction, HostResponse, Observer,
    Plugin, PluginManager, PluginManagerBuilder, Redactor,
};
use serde::Serialize;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    database::{TableRows, assert_sound},
    guest::forwarding_guest,
    transcript::{Event, Transcript},
};

/// When a test host's clock stands, until the test advances it.
const START: &str = "2026-01-02T03:04:05Z";

/// A host for one test: its own database, a clock that stands still, randomness that is the same in
/// every run, and a guest that calls every function of the registry.
///
/// When it is dropped its database is checked and removed.
pub struct TestHost {
    manager: PluginManager,
    clock: Clock,
    recorder: Arc<Recorder>,
    guest: Plugin,
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
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        // Nothing outlives a test, so that nothing need survive a loss of power.
        let url = format!("sqlite://{}?durability=normal", folder.path().join("test.db").display());
        let database = Database::open(&url).unwrap_or_else(|error| panic!("{error}"));
        let clock = Clock::fixed(START.parse().expect("the start is a time"));
        let recorder = Arc::new(Recorder::default());
        let manager = host
            .into()
            .database(database)
            .clock(clock.clone())
            .entropy(EntropySource::seeded(1))
            .observer(recorder.clone())
            .build()
            .unwrap_or_else(|error| panic!("{error}"));
        let guest = load_forwarding(&manager, "test", Grants::all(), true);
        Self { manager, clock, recorder, guest, _folder: folder }
    }

    /// Calls a host function with a request, as a plugin that is granted everything.
    ///
    /// # Panics
    /// When there is no such function.
    pub fn call(&self, function: &str, request: impl Serialize) -> Answer {
        forward(&self.guest, function, &to_json(request))
    }

    /// Calls a host function that takes no request, through a guest that imports it without a
    /// parameter.
    ///
    /// # Panics
    /// When there is no such function, or it takes a request.
    pub fn call_without_request(&self, function: &str) -> Answer {
        let optional = self.manager.functions().filter(|function| function.can_be_called_with_nothing());
        let guest = self
            .manager
            .load("test", &forwarding_guest(optional, false), Grants::all())
            .unwrap_or_else(|error| panic!("{error}"));
        forward(&guest, function, "")
    }

    /// A plugin that forwards calls like the test's own, by another name and with other grants.
    ///
    /// # Panics
    /// When it cannot be loaded.
    pub fn as_plugin(&self, name: &str, grants: Grants) -> TestPlugin<'_> {
        TestPlugin { plugin: load_forwarding(&self.manager, name, grants, true), host: self, is_forwarding: true }
    }

    /// Loads a plugin of one's own.
    ///
    /// # Panics
    /// When it cannot be loaded.
    pub fn load(&self, name: &str, module: &[u8], grants: Grants) -> TestPlugin<'_> {
        let plugin = self.manager.load(name, module, grants).unwrap_or_else(|error| panic!("{error}"));
        TestPlugin { plugin, host: self, is_forwarding: false }
    }

    /// What is said and done in `body`: the calls, and what they change in the database.
    pub fn record(&self, body: impl FnOnce()) -> Transcript {
        self.recorder.lock().clear();
        let before = self.rows();
        body();
        let events = std::mem::take(&mut *self.recorder.lock());
        Transcript::new(events, before.effect(&self.rows()), self.recorder.redactor.renumbered())
    }

    /// All rows of all tables, as they stand now.
    ///
    /// # Panics
    /// When the database cannot be read.
    pub fn rows(&self) -> TableRows {
        TableRows::read(self.database()).unwrap_or_else(|error| panic!("{error:?}"))
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
        self.manager.database().expect("a test host has a database")
    }

    /// Its clock, which stands at 2026-01-02 03:04:05 UTC until it is advanced.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}

impl Drop for TestHost {
    fn drop(&mut self) {
        // A second panic would abort the process and hide the first.
        if !std::thread::panicking() {
            assert_sound(self.database());
        }
    }
}

/// A plugin of a [`TestHost`].
pub struct TestPlugin<'a> {
    plugin: Plugin,
    host: &'a TestHost,
    is_forwarding: bool,
}

impl TestPlugin<'_> {
    /// Calls a host function with a request, as this plugin.
    ///
    /// # Panics
    /// When the plugin does not forward, or there is no such function.
    pub fn call(&self, function: &str, request: impl Serialize) -> Answer {
        assert!(self.is_forwarding, "plugin `{}` has exports of its own: use `call_export`", self.plugin.name());
        forward(&self.plugin, function, &to_json(request))
    }

    /// Calls an export, with JSON in and JSON out.
    ///
    /// # Errors
    /// What the plugin answered when it failed.
    ///
    /// # Panics
    /// When what it answered is not JSON.
    pub fn call_export(&self, export: &str, input: impl Serialize) -> Result<Value, CallError> {
        let input = to_json(input);
        self.host.recorder.lock().push(Event::start(self.plugin.name(), export, &input));
        let output = self.plugin.call(export, &input);
        let text = match &output {
            Ok(output) => String::from_utf8_lossy(output).into_owned(),
            Err(CallError::Failed { message, .. }) => message.clone(),
            Err(error) => error.to_string(),
        };
        self.host.recorder.lock().push(Event::end(output.is_ok(), &text));
        output
            .map(|_| serde_json::from_str(&text).unwrap_or_else(|error| panic!("`{export}` answered no JSON: {error}")))
    }
}

/// The answer to a host call.
#[derive(Debug)]
pub struct Answer {
    function: String,
    response: HostResponse<Value>,
}

impl Answer {
    /// The data.
    ///
    /// # Panics
    /// When the function answered an error.
    pub fn data(self) -> Value {
        match self.response {
            HostResponse::Success(data) => data,
            HostResponse::Failure(error) => panic!("{} answered {error}", self.function),
        }
    }

    /// The error.
    ///
    /// # Panics
    /// When the function succeeded.
    pub fn error(self) -> ErrorBody {
        match self.response {
            HostResponse::Success(data) => panic!("{} succeeded with {data}", self.function),
            HostResponse::Failure(error) => error,
        }
    }
}

fn load_forwarding(manager: &PluginManager, name: &str, grants: Grants, passes_request: bool) -> Plugin {
    let module = forwarding_guest(manager.functions(), passes_request);
    manager.load(name, &module, grants).unwrap_or_else(|error| panic!("{error}"))
}

fn forward(guest: &Plugin, function: &str, request: &str) -> Answer {
    let output = guest.call(function, request).unwrap_or_else(|error| panic!("{error}"));
    let response =
        serde_json::from_slice(&output).unwrap_or_else(|error| panic!("`{function}` answered no JSON: {error}"));
    Answer { function: function.to_owned(), response }
}

fn to_json(value: impl Serialize) -> String {
    serde_json::to_string(&value).unwrap_or_else(|error| panic!("a request that is not JSON: {error}"))
}

/// Keeps what is said, and learns which of it is secret.
#[derive(Default)]
struct Recorder {
    events: Mutex<Vec<Event>>,
    redactor: Redactor,
}

impl Recorder {
    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, function: &HostFunction, request: &str, response: &str) {
        if let Ok(request) = serde_json::from_str(request) {
            self.redactor.learn(function.request_schema().as_value(), &request);
        }
        if let Ok(HostResponse::Success(data)) = serde_json::from_str(response) {
            self.redactor.learn(function.response_schema().as_value(), &data);
        }
    }
}

impl Observer for Recorder {
    fn host_call(&self, call: &HostCall<'_>) {
        self.learn(call.function, call.request, call.response);
        self.lock().push(Event::host_call(call));
    }
}

impl fmt::Debug for TestHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestHost").field("manager", &self.manager).finish_non_exhaustive()
    }
}

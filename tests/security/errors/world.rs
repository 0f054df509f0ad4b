use std::sync::{Arc, Mutex, PoisonError};

use hostfn::{
    CallError, Clock, Database, EntropySource, Grants, HostError, Plugin, PluginManager, PluginManagerBuilder,
    PluginOptions,
    intercept::{InterceptedCall, Interceptor, Step},
};
use hostfn_test::{TemporaryDatabase, TestDatabase, forwarding_guest};
use serde_json::Value;

use super::{
    forbidden::{Forbidden, SECRETS},
    log::Log,
};
use crate::seed;

/// What happens in place of a function.
type Sabotage = Box<dyn Fn() -> Result<(), HostError> + Send + Sync>;

#[derive(Default)]
pub(super) struct Saboteur(Mutex<Option<Sabotage>>);

impl Interceptor for Saboteur {
    fn intercept(&self, step: Step, _: &mut InterceptedCall<'_>) -> Result<(), HostError> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(sabotage) if step == Step::Function => sabotage(),
            _ => Ok(()),
        }
    }
}

/// How much was looked at.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) errors: usize,
    pub(super) searches: usize,
}

/// A host of the built-in functions, in whose database there are two users, and what is looked for in its errors.
pub(super) struct World {
    pub(super) database: Database,
    pub(super) url: String,
    /// May do everything.
    pub(super) plugin: Plugin,
    manager: PluginManager,
    saboteur: Arc<Saboteur>,
    forbidden: Forbidden,
    log: Log,
    tally: Mutex<Tally>,
    // Dropped last, when nothing here is connected to it any more.
    _temporary: TemporaryDatabase,
}

impl World {
    pub(super) fn new(on: TestDatabase) -> Self {
        let temporary = on.temporary();
        let (database, clock, saboteur) = (temporary.open(), Clock::system(), Arc::new(Saboteur::default()));
        let clock_of_seed = Clock::fixed(clock.now());
        let manager = builder(&database).clock(clock_of_seed.clone()).interceptor(saboteur.clone()).build();
        let manager = manager.unwrap_or_else(|error| panic!("{error}"));
        let plugin = load(&manager, Grants::all());
        seed::fill(&database, &clock_of_seed, |function, request| {
            let answer = plugin.call(function, request.to_string()).unwrap_or_else(|error| panic!("{error}"));
            assert!(answer.starts_with(br#"{"success":true"#), "{function}");
        });
        let forbidden = Forbidden::new(&manager, &database, temporary.url());
        let (log, tally, url) = (Log::default(), Mutex::default(), temporary.url().to_owned());
        Self { database, url, plugin, manager, saboteur, forbidden, log, tally, _temporary: temporary }
    }

    pub(super) fn execute(&self, sql: &str) {
        seed::execute(&self.database, sql);
    }

    /// The same guest, with other grants or limits.
    pub(super) fn load(&self, options: impl Into<PluginOptions>) -> Plugin {
        load(&self.manager, options)
    }

    /// From now on this happens in place of every function.
    pub(super) fn sabotage(&self, sabotage: impl Fn() -> Result<(), HostError> + Send + Sync + 'static) {
        *self.saboteur.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(sabotage));
    }

    /// Calls a function, and looks at what is answered and logged when it fails. Says with which code it does.
    pub(super) fn call(&self, plugin: &Plugin, function: &str, request: &str) -> Option<String> {
        self.look_at(function, request, || plugin.call(function, request))
    }

    /// As [`call`](Self::call), in a plugin call that is one transaction.
    pub(super) fn call_atomic(&self, plugin: &Plugin, function: &str, request: &str) -> Option<String> {
        self.look_at(function, request, || plugin.call_atomic(function, request))
    }

    /// As [`call`](Self::call), and the answer is an error.
    pub(super) fn fails(&self, plugin: &Plugin, function: &str, request: &str) -> String {
        self.call(plugin, function, request).unwrap_or_else(|| panic!("{function} succeeded with {request}"))
    }

    fn look_at(
        &self,
        function: &str,
        request: &str,
        call: impl FnOnce() -> Result<Vec<u8>, CallError>,
    ) -> Option<String> {
        let output = self.log.during(call);
        let log = self.log.take();
        for secret in SECRETS {
            assert!(!log.contains(secret), "{function} with {request}: {secret} is in the log\n{log}");
        }
        let answer = match output {
            Ok(output) => String::from_utf8(output).expect("an answer is text"),
            Err(error) => {
                self.search(function, request, &error.to_string());
                return Some("not answered".to_owned());
            }
        };
        let parsed: Value = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
        if parsed["success"] == true {
            return None;
        }
        let text = |member: &str| parsed["error"][member].as_str().unwrap_or_default().to_owned();
        let (code, call_id) = (text("code"), text("call_id"));
        self.search(function, request, &answer.replace(&call_id, ""));
        let line = log.lines().find(|line| line.contains(&format!("call={call_id} ")) && line.contains("detail="));
        let line = line.unwrap_or_else(|| panic!("{function} with {request}: {call_id} is not in the log\n{log}"));
        if ["internal", "unavailable"].contains(&code.as_str()) {
            assert!(!line.contains("detail=\"\""), "{function} with {request}: the log has no reason\n{line}");
        }
        Some(code)
    }

    fn search(&self, function: &str, request: &str, text: &str) {
        let found = self.forbidden.found_in(text);
        assert!(found.is_empty(), "{function} with {request} told {found:?}: {text}");
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.errors += 1;
        tally.searches += self.forbidden.len();
    }

    pub(super) fn finish(self) -> Tally {
        *self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A host of the built-in functions on a database.
pub(super) fn builder(database: &Database) -> PluginManagerBuilder {
    PluginManager::builder()
        .functions(hostfn::functions::registry())
        .database(database.clone())
        .entropy(EntropySource::seeded(1))
}

/// A plugin that forwards to every function of a host.
pub(super) fn load(manager: &PluginManager, options: impl Into<PluginOptions>) -> Plugin {
    let module = forwarding_guest(manager.functions(), true);
    manager.load("guest", &module, options).unwrap_or_else(|error| panic!("{error}"))
}

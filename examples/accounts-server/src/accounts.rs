//! The plugin, called from async code.

use std::{error::Error, time::Duration};

use hostfn::{
    CallError, CallId, Caller, Database, Grants, HostError, Plugin, PluginManager, PluginOptions,
    functions::{users::db_get_user_by_email, values::Email},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// The plugin as it was compiled from `test-plugins/auth`. A product reads it from a file, whose hash it knows
/// (`PluginManager::load_manifest`).
const PLUGIN: &[u8] = include_bytes!("../../../test-plugins/prebuilt/auth.wasm");

/// What it may do, and no more: it does without `credentials:read`, and so never sees a password hash that is stored.
const GRANTS: [&str; 9] = [
    "users:read",
    "users:write",
    "sessions:read",
    "sessions:write",
    "email_verification:read",
    "email_verification:write",
    "password_reset:read",
    "password_reset:write",
    "credentials:verify",
];

/// How long a call may take.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);

/// How often a call is made at most that the database keeps from succeeding.
const ATTEMPTS: usize = 3;

/// What a visitor sends, and what the plugin takes: an object.
pub(crate) type Input = Map<String, Value>;

/// The plugin, whose exports are what one can do with an account. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Accounts {
    plugin: Plugin,
    database: Database,
}

impl Accounts {
    /// Loads the plugin, strictly: one that lacks a grant is found now, and not by the first visitor. A call of it may take
    /// so long.
    pub(crate) fn load(manager: &PluginManager, timeout: Duration) -> Result<Self, Box<dyn Error>> {
        let database = manager.database().ok_or("accounts are kept in a database")?.clone();
        // Far less than a plugin of a stranger may use by default: signing in takes milliseconds and kilobytes.
        let options = PluginOptions::from(Grants::of(GRANTS)?).timeout(timeout).memory_bytes(8 << 20).strict();
        let plugin = manager.load("auth", PLUGIN, options)?;
        plugin.warm_up(plugin.limits().instances)?;
        Ok(Self { plugin, database })
    }

    /// Calls an export that reads, or that writes one thing.
    pub(crate) async fn call<O: DeserializeOwned>(&self, export: &'static str, input: Input) -> Result<O, Failure> {
        self.blocking(export, input, |plugin, input| plugin.call(export, input)).await
    }

    /// Calls an export of which all that it writes shall be done, or nothing: an account is never left without its
    /// token, nor a token used up by a password that was not changed.
    pub(crate) async fn call_atomic<O: DeserializeOwned>(
        &self,
        export: &'static str,
        input: Input,
    ) -> Result<O, Failure> {
        self.blocking(export, input, |plugin, input| plugin.call_atomic(export, input)).await
    }

    /// The address of the account that is found by this one, as it was given when the account was made.
    pub(crate) async fn address_of(&self, email: Email) -> Result<String, Failure> {
        let database = self.database.clone();
        // A host function is a function, and can be called by the host.
        let find = move || {
            let caller = Caller::new("accounts-server", Grants::none(), CallId::default());
            let user = database.read(|db| db_get_user_by_email(db, &caller, email))?;
            user.map(|user| user.email.to_string()).ok_or_else(|| HostError::not_found("the account is gone"))
        };
        let found = tokio::task::spawn_blocking(find).await.map_err(|_| Failure::internal())?;
        found.map_err(|error| {
            tracing::error!(%error, "the address of an account could not be read");
            Failure::internal()
        })
    }

    /// A call blocks its thread, for the database and for hashing passwords: never one of those that serve connections.
    async fn blocking<O: DeserializeOwned>(
        &self,
        export: &'static str,
        input: Input,
        call: impl Fn(&Plugin, &str) -> Result<Vec<u8>, CallError> + Send + 'static,
    ) -> Result<O, Failure> {
        let plugin = self.plugin.clone();
        let calls = move || {
            let input = Value::Object(input).to_string();
            let mut attempts = 1;
            loop {
                match call(&plugin, &input) {
                    // Two writers met, and this one was undone. That all instances are busy is not mended by asking
                    // again; and what may have been saved is not done twice.
                    Err(error @ (CallError::Failed { .. } | CallError::NotSaved { .. }))
                        if error.is_retryable() && attempts < ATTEMPTS =>
                    {
                        attempts += 1;
                    }
                    outcome => return outcome,
                }
            }
        };
        let outcome = tokio::task::spawn_blocking(calls).await.map_err(|error| {
            tracing::error!(export, %error, "a plugin call panicked in the host");
            Failure::internal()
        })?;
        let output = outcome.map_err(|error| Failure::of_call(export, &error))?;
        serde_json::from_slice(&output).map_err(|_| {
            // Serde's message quotes what it stumbled on, and that may be a secret.
            tracing::error!(export, "the plugin answered something else than this server was built for");
            Failure::internal()
        })
    }
}

/// An object with one field.
pub(crate) fn input(field: &str, value: impl Into<Value>) -> Input {
    Map::from_iter([(field.to_owned(), value.into())])
}

use std::{error::Error, fmt, sync::Arc, time::Instant};

use hostfn_contract::{CallId, Caller, ErrorCode, Grants, HostError};
use tracing::{Level, Span};

use crate::{
    answers::{Failure, IdempotencyKey, IdempotentCall, Known},
    db::{Entered, Scope},
    defence::{self, Defence},
    host::Host,
    instance::{Instance, Pool},
    limits::Limits,
    module::NotCallable,
    observe::{PluginCallEnd, TransactionEnd},
    plugin_call::LoadedPlugin,
    plugin_error::{CallError, Ending, Findings, LoadError},
    plugin_options::PluginOptions,
    preflight::{Examined, Finding, FindingKind},
    recipe::Recipe,
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
    plugin: Arc<LoadedPlugin>,
    exports: Vec<String>,
    not_callable: Vec<NotCallable>,
    recipe: Recipe,
    pool: Arc<Pool>,
}

impl Plugin {
    pub(crate) fn load(host: Arc<Host>, name: &str, module: &[u8], options: PluginOptions) -> Result<Self, LoadError> {
        let examined = Examined::new(name, module, &host, &options)?;
        let plugin = name.to_owned();
        let refusals = examined.refusals(&options);
        let Some(parsed) = examined.parts.filter(|_| refusals.is_empty()) else {
            return Err(LoadError::Refused { plugin, findings: Findings(refusals) });
        };
        let caller = Caller::new(name, options.grants.clone(), CallId::default());
        let loaded = Arc::new(LoadedPlugin::new(host.clone(), caller, examined.limits));
        let cannot_run = |error| LoadError::Compile { plugin: name.to_owned(), reason: format!("{error:#}") };
        let mut recipe = Recipe::new(module, &parsed, &loaded, &options).map_err(cannot_run)?;
        // The first instance is made now, so that a module that cannot run is refused here.
        let first = on_guest_stack(|| recipe.first_instance(&loaded, || host.seat()));
        let first = first
            .ok_or_else(|| LoadError::TooManyInstances { plugin: plugin.clone(), instances: host.process_instances })?
            .map_err(cannot_run)?;
        let is_told =
            |finding: &&Finding| matches!(finding.kind, FindingKind::ExportNotCallable | FindingKind::UnusedGrant);
        for finding in examined.findings.iter().filter(is_told) {
            tracing::warn!(plugin = name, "{finding}");
        }
        let not_callable = parsed.main.not_callable;
        let exports = parsed.main.exports.into_iter().map(|export| export.name).collect();
        let pool = Arc::new(Pool::new(loaded.limits.instances.max(1)));
        pool.put(first);
        host.keep(&pool);
        tracing::debug!(plugin = name, grants = ?loaded.caller.grants(), "plugin loaded");
        Ok(Self { inner: Arc::new(Inner { plugin: loaded, exports, not_callable, recipe, pool }) })
    }

    /// The name that it was loaded with.
    pub fn name(&self) -> &str {
        self.inner.plugin.caller.plugin()
    }

    /// What it was granted.
    pub fn grants(&self) -> &Grants {
        self.inner.plugin.caller.grants()
    }

    /// What it may use.
    pub fn limits(&self) -> &Limits {
        &self.inner.plugin.limits
    }

    /// The functions that it exports.
    pub fn exports(&self) -> &[String] {
        &self.inner.exports
    }

    /// Makes instances ahead, until there are as many as this or as [`Limits::instances`] allows: a call that comes while
    /// others run then waits for none to be made. Loading makes the first. Where the process has as many as it may have,
    /// idle ones give way, as they do to a call.
    ///
    /// # Errors
    /// When one cannot be made, or the process has as many as it may have. Those that were made stay.
    pub fn warm_up(&self, instances: usize) -> Result<(), CallError> {
        // Bounded: where the process has as many as it may have, an idle one of this plugin may give way to the next.
        for _ in 0..instances {
            if !self.inner.pool.has_fewer_than(instances) {
                break;
            }
            self.inner.pool.put(on_guest_stack(|| self.new_instance(""))?);
        }
        Ok(())
    }

    /// Calls an export with an input and answers its output. Each host call that it makes is a transaction of its
    /// own.
    ///
    /// ```
    /// use hostfn_runtime::{CallError, Grants, PluginManager};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let module = wat::parse_str(r#"(module (func (export "run") (result i32) i32.const 0)
    /// #     (func (export "fail") unreachable))"#)?;
    /// let plugin = PluginManager::new().load("example", &module, Grants::none())?;
    /// let output: Vec<u8> = plugin.call("run", r#"{"any": "bytes"}"#)?;
    /// assert!(matches!(plugin.call("fail", ""), Err(CallError::Trapped { .. })));
    /// assert!(matches!(plugin.call("fly", ""), Err(CallError::UnknownExport { .. })));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When there is no such export, when the guest says that it failed, traps, or takes too long.
    /// Host calls that it made until then are done.
    pub fn call(&self, export: &str, input: impl AsRef<[u8]>) -> Result<Vec<u8>, CallError> {
        self.traced(export, input.as_ref(), Kind::Plain)
    }

    /// As [`call`](Self::call), with all that it does to the host's database as one transaction, which is
    /// committed when the export succeeds. When it does not, nothing was done.
    ///
    /// The transaction begins with the first host call that reaches the database, which waits for other writers no
    /// longer than the call may take; what the plugin reads from then on is of one state. Each function runs in a
    /// savepoint, so that one which answers an error undoes only what it did itself. On SQLite nobody else writes
    /// meanwhile. On PostgreSQL others do, and a call that would overwrite what they changed is answered
    /// `unavailable` and may be made again: see [`CallError::is_retryable`].
    ///
    /// ```
    /// # extern crate hostfn_runtime as hostfn;
    /// # use hostfn::{CallError, Database, Grants, PluginManager};
    /// # hostfn::registry!();
    /// #
    /// # /// Answers what it is sent.
    /// # #[hostfn::host_fn(permission = "echo")]
    /// # pub fn echo(text: String) -> String { text }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let manager = PluginManager::with_database(Database::open("sqlite::memory:")?, registry())?;
    /// # let wasm = wat::parse_str(r#"(module (func (export "transfer") (result i32) i32.const 0))"#)?;
    /// let plugin = manager.load("bank", &wasm, Grants::none())?;
    /// let mut attempts = 0;
    /// let output = loop {
    ///     attempts += 1;
    ///     match plugin.call_atomic("transfer", r#"{"from": 1, "to": 2}"#) {
    ///         Err(error) if error.is_retryable() && attempts < 3 => {}
    ///         outcome => break outcome?,
    ///     }
    /// };
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`call`](Self::call), and [`CallError::NotSaved`] when the transaction cannot be committed.
    pub fn call_atomic(&self, export: &str, input: impl AsRef<[u8]>) -> Result<Vec<u8>, CallError> {
        self.traced(export, input.as_ref(), Kind::Atomic)
    }

    /// As [`call_atomic`](Self::call_atomic), once: when a call of this plugin and export was made with the same
    /// key before and succeeded, its answer comes back, and the guest does not run. So a call of which it is not
    /// known whether it was done, because a connection broke, can be made again. Calls that fail are not kept.
    ///
    /// The answer is kept in the same transaction as what the call did, encrypted with the key, until
    /// [`Database::remove_answers_before`](crate::Database::remove_answers_before). Whoever has the key gets it,
    /// whatever the plugin of this name was granted since.
    ///
    /// # Errors
    /// Those of [`call_atomic`](Self::call_atomic), [`CallError::KeyReused`] when the key was used with another
    /// input, and [`CallError::KeepsNoAnswers`] unless the host was built with
    /// [`keep_answers`](crate::PluginManagerBuilder::keep_answers).
    pub fn call_idempotent(
        &self,
        key: &IdempotencyKey,
        export: &str,
        input: impl AsRef<[u8]>,
    ) -> Result<Vec<u8>, CallError> {
        self.traced(export, input.as_ref(), Kind::Idempotent(key))
    }

    fn traced(&self, export: &str, input: &[u8], kind: Kind<'_>) -> Result<Vec<u8>, CallError> {
        if !tracing::level_enabled!(Level::DEBUG) {
            return on_guest_stack(|| self.call_here(export, input, kind, &Span::none()));
        }
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
        let outcome = on_guest_stack(|| self.call_here(export, input, kind, &span));
        span.record("outcome", outcome.as_ref().map_or_else(|error| error.code(), |_| "success"));
        span.record("microseconds", u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX));
        outcome
    }

    fn call_here(&self, export: &str, input: &[u8], kind: Kind<'_>, span: &Span) -> Result<Vec<u8>, CallError> {
        let inner = &*self.inner;
        if let Some(NotCallable { signature, .. }) = inner.not_callable.iter().find(|other| other.name == export) {
            let (plugin, export) = self.names(export);
            return Err(CallError::NotCallable { plugin, export, signature: signature.clone() });
        }
        if !inner.exports.iter().any(|name| name == export) {
            let (plugin, export) = self.names(export);
            return Err(CallError::UnknownExport { plugin, export, exports: inner.exports.join("`, `") });
        }
        let limits = self.limits();
        let mut slot = inner.pool.take(limits.timeout).ok_or_else(|| {
            let (plugin, export) = self.names(export);
            CallError::Busy { plugin, export, instances: limits.instances }
        })?;
        let mut instance = match slot.take_instance() {
            Some(instance) => instance,
            None => self.new_instance(export)?,
        };
        let deadline = Instant::now().checked_add(limits.call_timeout());
        let deadline = deadline.filter(|_| defence::is_on(Defence::DatabaseDeadlines));
        let (outcome, is_reusable) = match kind {
            Kind::Plain => self.run(&mut instance, export, input, Entered::new(deadline, None), span),
            Kind::Atomic => {
                let scope = Entered::new(deadline, inner.plugin.host.database.clone());
                self.run(&mut instance, export, input, scope, span)
            }
            Kind::Idempotent(key) => self.run_once(&mut instance, key, export, input, deadline, span),
        };
        if is_reusable {
            slot.put_back(instance);
        }
        outcome
    }

    /// Runs the guest, and commits what it did where that is one transaction. Also says whether the instance is as
    /// good as before.
    fn run(&self, instance: &mut Instance, export: &str, input: &[u8], scope: Entered, span: &Span) -> Run {
        self.run_and(instance, export, input, scope, span, |_| Ok(()))
    }

    /// As [`run`](Self::run), and before it is committed does what else belongs to it.
    fn run_and(
        &self,
        instance: &mut Instance,
        export: &str,
        input: &[u8],
        scope: Entered,
        span: &Span,
        before_commit: impl FnOnce(&[u8]) -> Result<(), HostError>,
    ) -> Run {
        let id = instance.plugin_call.start(export, input);
        span.record("id", tracing::field::display(id));
        let host = &*self.inner.plugin.host;
        let (is_atomic, mut may_be_committed) = (Scope::is_atomic(), false);
        let started = host.is_observed().then(Instant::now);
        let (outcome, is_reusable) = match instance.plugin.call::<&[u8], Vec<u8>>(export, input) {
            Ok(output) => {
                let was_late = scope.is_lost_for_being_late();
                let committed = before_commit(&output).and_then(|()| {
                    may_be_committed = !scope.is_lost();
                    scope.commit()
                });
                match committed {
                    Ok(()) => (Ok(output), true),
                    Err(_) if was_late => (Err(self.ended(export, Ending::TimedOut, false)), true),
                    Err(error) => {
                        may_be_committed &= error.code() != ErrorCode::Unavailable;
                        (Err(self.not_saved(export, error)), true)
                    }
                }
            }
            Err(error) => {
                let has_fuel_left = instance.plugin.fuel_consumed().is_none_or(|used| used < self.limits().fuel);
                let ending = if has_fuel_left { Ending::of(&error, scope.is_over()) } else { Ending::OutOfFuel };
                let is_reusable = ending.is_harmless() || !defence::is_on(Defence::DiscardInstances);
                let retryable = scope.may_be_made_again();
                // What it did is undone before anybody is told so.
                drop(scope);
                (Err(self.ended(export, ending, retryable)), is_reusable)
            }
        };
        if let Some(started) = started {
            let (plugin, error) = (self.name(), outcome.as_ref().err());
            let (time, duration) = (host.clock.now(), started.elapsed());
            let transaction = is_atomic.then_some(match error {
                None => TransactionEnd::Committed,
                Some(_) if may_be_committed => TransactionEnd::Unknown,
                Some(_) => TransactionEnd::Undone,
            });
            let call = PluginCallEnd { plugin, export, id, transaction, error, time, duration };
            host.show(|observer| observer.plugin_call(&call));
        }
        // Extism makes the instance anew after a call of this export, and what runs then would not be in a call.
        (outcome, is_reusable && export != "_start")
    }

    fn ended(&self, export: &str, ending: Ending, retryable: bool) -> CallError {
        let (plugin, export) = self.names(export);
        ending.into_error(plugin, export, self.limits(), retryable)
    }

    /// Runs the guest, unless the key's first answer is there already.
    fn run_once(
        &self,
        instance: &mut Instance,
        key: &IdempotencyKey,
        export: &str,
        input: &[u8],
        deadline: Option<Instant>,
        span: &Span,
    ) -> Run {
        let host = &*self.inner.plugin.host;
        let database = match &host.database {
            Some(database) if host.keeps_answers => database,
            _ => {
                let (plugin, export) = self.names(export);
                return (Err(CallError::KeepsNoAnswers { plugin, export }), true);
            }
        };
        let call = IdempotentCall::new(key, self.name(), export, input, &host.entropy);
        let scope = Entered::new(deadline, Some(database.clone()));
        let known = match call.begin(database, &host.clock) {
            Err(Failure::JustDone) => {
                // This transaction began before the first call's was committed, and cannot see it.
                drop(scope);
                let _scope = Entered::new(deadline, None);
                call.find(database)
            }
            Err(Failure::Database(error)) => Err(error),
            Ok(Known::Nothing) => {
                let keep = |output: &[u8]| call.keep(database, output);
                return self.run_and(instance, export, input, scope, span, keep);
            }
            Ok(known) => Ok(known),
        };
        let outcome = match known {
            Ok(Known::Answer(output)) => Ok(output),
            Ok(Known::OtherInput) => {
                let (plugin, export) = self.names(export);
                Err(CallError::KeyReused { plugin, export })
            }
            // The first call's answer was removed between the two looks.
            Ok(Known::Nothing) => Err(self.not_saved(export, HostError::unavailable("call again"))),
            Err(error) => Err(self.not_saved(export, error)),
        };
        (outcome, true)
    }

    fn not_saved(&self, export: &str, error: HostError) -> CallError {
        let (plugin, export) = self.names(export);
        let reason = error.source().map(ToString::to_string).unwrap_or_default();
        tracing::error!(plugin, export, code = %error.code(), ?reason, "what a plugin call did was not saved");
        CallError::NotSaved { plugin, export, error }
    }

    fn names(&self, export: &str) -> (String, String) {
        (self.name().to_owned(), export.to_owned())
    }

    fn new_instance(&self, export: &str) -> Result<Box<Instance>, CallError> {
        let (inner, host) = (&*self.inner, &self.inner.plugin.host);
        let seat = host.seat().ok_or_else(|| {
            let (plugin, export) = self.names(export);
            CallError::TooManyInstances { plugin, export, instances: host.process_instances }
        })?;
        Instance::new(&inner.recipe, &inner.plugin, seat).map_err(|error| {
            let (plugin, export) = self.names(export);
            CallError::Start { plugin, export, reason: format!("{error:#}") }
        })
    }
}

/// How a plugin call stands to the database.
enum Kind<'a> {
    Plain,
    Atomic,
    Idempotent(&'a IdempotencyKey),
}

/// How a guest ran, and whether its instance is as good as before.
type Run = (Result<Vec<u8>, CallError>, bool);

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin").field("name", &self.name()).field("grants", self.grants()).finish_non_exhaustive()
    }
}

fn on_guest_stack<T>(body: impl FnOnce() -> T) -> T {
    if !defence::is_on(Defence::NativeStack) {
        return body();
    }
    stacker::maybe_grow(GUEST_STACK_BYTES / 2, GUEST_STACK_BYTES, body)
}

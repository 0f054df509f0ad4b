use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use governor::{DefaultDirectRateLimiter, Quota};
use hostfn_contract::{CallId, Caller, HostError};

use crate::{
    defence::{self, Defence},
    host::Host,
    limits::Limits,
    memory::Scratch,
};

/// What all instances of a plugin share.
pub(crate) struct LoadedPlugin {
    pub(crate) host: Arc<Host>,
    /// The plugin as its host functions see it, outside of any call.
    pub(crate) caller: Caller,
    pub(crate) limits: Limits,
    /// Nothing where there is no such limit.
    rate: Option<DefaultDirectRateLimiter>,
}

impl LoadedPlugin {
    pub(crate) fn new(host: Arc<Host>, caller: Caller, limits: Limits) -> Self {
        // More a second than there are nanoseconds is no limit.
        let is_bounded = limits.host_calls_per_second < 1_000_000_000;
        let a_second = std::num::NonZeroU32::new(limits.host_calls_per_second.max(1)).filter(|_| is_bounded);
        let rate = a_second.map(|a_second| DefaultDirectRateLimiter::direct(Quota::per_second(a_second)));
        Self { host, caller, limits, rate }
    }
}

/// The plugin call that an instance is in, as its host functions see it.
pub(crate) struct PluginCall {
    plugin: Arc<LoadedPlugin>,
    // One plugin call at a time writes them and its host calls read them, on one thread: a lock would
    // keep nobody out and cost as much as the rest of this.
    id: [AtomicU64; 2],
    has_begun: AtomicBool,
    host_calls: AtomicU32,
    exchanged: AtomicU64,
    logged: AtomicUsize,
    /// What its instance exchanges with the host through, beside the adapter.
    pub(crate) scratch: Scratch,
}

impl PluginCall {
    pub(crate) fn new(plugin: Arc<LoadedPlugin>) -> Self {
        Self {
            plugin,
            id: Default::default(),
            has_begun: AtomicBool::new(false),
            host_calls: AtomicU32::new(0),
            exchanged: AtomicU64::new(0),
            logged: AtomicUsize::new(0),
            scratch: Scratch::default(),
        }
    }

    /// Starts the next plugin call of this instance, which is in one at a time. Its id is drawn
    /// from the host's entropy, so that answers with an id in them can be compared in tests.
    pub(crate) fn start(&self, export: &str, input: &[u8]) -> uuid::Uuid {
        let plugin_call = self.host().entropy.call_id(self.plugin.caller.plugin(), export, input);
        let (high, low) = plugin_call.as_u64_pair();
        self.id[0].store(high, Relaxed);
        self.id[1].store(low, Relaxed);
        self.has_begun.store(true, Relaxed);
        self.host_calls.store(0, Relaxed);
        self.exchanged.store(0, Relaxed);
        self.logged.store(0, Relaxed);
        plugin_call
    }

    /// Traps a guest that calls the host while its instance is made: before any call, and before its memory is there.
    pub(crate) fn check_has_begun(&self) -> Result<(), extism::Error> {
        if self.has_begun.load(Relaxed) || !defence::is_on(Defence::Starting) {
            return Ok(());
        }
        Err(extism::Error::msg("what runs when a plugin is loaded cannot call its host: do that in an export"))
    }

    /// Who makes the next host call of this plugin call.
    pub(crate) fn next_caller(&self) -> Caller {
        let sequence = self.host_calls.load(Relaxed).saturating_add(1);
        self.host_calls.store(sequence, Relaxed);
        self.plugin.caller.in_call(CallId { plugin_call: self.id(), sequence })
    }

    /// The id of the plugin call.
    pub(crate) fn id(&self) -> uuid::Uuid {
        uuid::Uuid::from_u64_pair(self.id[0].load(Relaxed), self.id[1].load(Relaxed))
    }

    /// Traps a guest that goes on calling the host after it was told that it may make no more calls.
    pub(crate) fn check_goes_on(&self) -> Result<(), extism::Error> {
        if self.host_calls.load(Relaxed) <= self.limits().host_calls.saturating_add(1) {
            return Ok(());
        }
        Err(extism::Error::msg("it went on calling its host after it was told to make no more calls"))
    }

    /// Refuses a host call that is one too many, for the plugin call or for a second.
    pub(crate) fn admit(&self) -> Result<(), HostError> {
        let most = self.limits().host_calls;
        if self.host_calls.load(Relaxed) > most {
            return Err(HostError::limit_exceeded(format!(
                "the plugin call made {most} host calls, and may make no more: ask for more at once, or allow more with \
                 `host_calls`"
            )));
        }
        match &self.plugin.rate {
            Some(rate) if rate.check().is_err() => Err(HostError::limit_exceeded(format!(
                "the plugin makes more than {} host calls a second: wait, or allow more with `host_calls_per_second`",
                self.limits().host_calls_per_second
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses to exchange more bytes than a plugin call may.
    pub(crate) fn exchange(&self, bytes: usize) -> Result<(), HostError> {
        let most = self.limits().host_call_bytes;
        let exchanged = self.exchanged.load(Relaxed).saturating_add(bytes as u64);
        if exchanged > most {
            return Err(HostError::limit_exceeded(format!(
                "the plugin call has exchanged as many bytes with its host as it may, {most}: ask for less, or allow \
                 more with `host_call_bytes`"
            )));
        }
        self.exchanged.store(exchanged, Relaxed);
        Ok(())
    }

    /// How many bytes this plugin call may still log, or nothing once it was told that it may no more.
    pub(crate) fn may_log(&self) -> Option<usize> {
        self.limits().log_bytes.checked_sub(self.logged.load(Relaxed))
    }

    /// Notes that the plugin call logs so many bytes. Answers whether they are more than it may.
    pub(crate) fn is_logging_too_much(&self, bytes: usize) -> bool {
        let logged = self.logged.load(Relaxed).saturating_add(bytes);
        self.logged.store(logged, Relaxed);
        logged > self.limits().log_bytes
    }

    pub(crate) fn plugin_name(&self) -> &str {
        self.plugin.caller.plugin()
    }

    pub(crate) fn host(&self) -> &Host {
        &self.plugin.host
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.plugin.limits
    }
}

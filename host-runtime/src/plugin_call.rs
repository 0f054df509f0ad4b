use std::sync::{
    Arc,
    atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
};

use hostfn_contract::{CallId, Caller};

use crate::host::Host;

/// Who an instance is, and the plugin call that it is in, as its host functions see it.
pub(crate) struct PluginCall {
    host: Arc<Host>,
    plugin: Caller,
    // One plugin call at a time writes them and its host calls read them, on one thread: a lock would
    // keep nobody out and cost as much as the rest of this.
    id: [AtomicU64; 2],
    host_calls: AtomicU32,
}

impl PluginCall {
    pub(crate) fn new(host: Arc<Host>, plugin: Caller) -> Self {
        Self { host, plugin, id: Default::default(), host_calls: AtomicU32::new(0) }
    }

    /// Starts the next plugin call of this instance, which is in one at a time. Its id is drawn
    /// from the host's entropy, so that answers with an id in them can be compared in tests.
    pub(crate) fn start(&self, export: &str, input: &[u8]) -> uuid::Uuid {
        let plugin_call = self.host.entropy.call_id(self.plugin.plugin(), export, input);
        let (high, low) = plugin_call.as_u64_pair();
        self.id[0].store(high, Relaxed);
        self.id[1].store(low, Relaxed);
        self.host_calls.store(0, Relaxed);
        plugin_call
    }

    /// Who makes the next host call of this plugin call.
    pub(crate) fn next_caller(&self) -> Caller {
        let plugin_call = uuid::Uuid::from_u64_pair(self.id[0].load(Relaxed), self.id[1].load(Relaxed));
        let sequence = self.host_calls.load(Relaxed) + 1;
        self.host_calls.store(sequence, Relaxed);
        self.plugin.in_call(CallId { plugin_call, sequence })
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }
}

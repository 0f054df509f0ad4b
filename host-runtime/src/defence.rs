//! What keeps a plugin from doing harm, each by a name, so that a test can show that it is needed.
//!
//! `cargo xtask attacks` runs each case of the suite of attacks (`tests/hostile`) twice: as the host is, and with the
//! defence that the case is about switched off, which the case must notice. Limits need no switch: a host without one is
//! a host with a very high one ([`Limits`](crate::Limits)). The switches are compiled only where the compiler is given
//! `--cfg hostfn_attacks`, which no feature of any crate can do; otherwise `is_on` is the constant `true`.

/// A defence that is no number, and so cannot be switched off by a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defence {
    /// Only the functions that PDKs import of Extism's kernel, as they import them, are linked.
    KernelImports,
    /// Imports that the host does not have, or has otherwise, are refused before anything is compiled.
    HostImports,
    /// Only the features of WebAssembly that a plugin needs: no shared memory, on which a guest could wait for ever.
    WebAssemblyFeatures,
    /// The memories of a module have a maximum, which holds before the first call too.
    MemoryMaximum,
    /// A plugin's log lines are written by the host, escaped, counted, and under the plugin's name.
    PluginLogs,
    /// What runs while an instance is made cannot call the host, whose way to its memory is not there yet.
    Starting,
    /// WASI's clock does not put the thread of a host to sleep.
    WasiSleep,
    /// What was not granted is answered `permission_denied`, and not run.
    Authorise,
    /// A handle that names no block of memory is told, and not followed.
    Handles,
    /// A request must be UTF-8.
    Utf8,
    /// A request must be a JSON object.
    JsonObject,
    /// A request that cannot be read is told, and not taken for an empty one.
    TellUnreadable,
    /// A panic in a host function is an answer, and one of an observer is nothing.
    ContainPanics,
    /// The reason of an error goes to the log, and not to the guest.
    HideReasons,
    /// What a plugin's author chose is escaped in the log and in errors.
    EscapeLogs,
    /// A guest that trapped or was stopped is never called again.
    DiscardInstances,
    /// Each instance has an engine of its own, so that ending one call ends no other.
    EngineOfItsOwn,
    /// How a call ended is told by how its error was made, and not by a text that the guest may choose.
    TellEndings,
    /// The database ends what a plugin call waits for when the call's time is over.
    DatabaseDeadlines,
    /// A call runs on a native stack that its guest cannot overflow.
    NativeStack,
}

#[cfg(hostfn_attacks)]
mod switches {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use super::Defence;

    static OFF: AtomicU64 = AtomicU64::new(0);

    impl Defence {
        /// Switches it off for the rest of the process, which is then fit for nothing but a test.
        pub fn switch_off(self) {
            OFF.fetch_or(1 << self as u32, Relaxed);
        }
    }

    pub(crate) fn is_on(defence: Defence) -> bool {
        OFF.load(Relaxed) & (1 << defence as u32) == 0
    }
}

#[cfg(hostfn_attacks)]
pub(crate) use switches::is_on;

/// Whether a defence stands, which it always does but in the suite of attacks.
#[cfg(not(hostfn_attacks))]
#[inline(always)]
pub(crate) const fn is_on(_: Defence) -> bool {
    true
}

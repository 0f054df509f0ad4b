use std::{
    error::Error,
    fmt,
    time::{Duration, Instant},
};

use hostfn_contract::{Caller, ErrorCode, HostError, HostFn};
use tracing::Span;

use crate::{
    CallError, HostFunction, Timestamp,
    defence::{self, Defence},
};

/// One host call, as it was answered.
///
/// The texts hold secrets as they went over the wire: see [`Redactor`](crate::Redactor) before
/// showing them to anybody.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct HostCall<'a> {
    /// The function that was called.
    pub function: &'a HostFunction,
    /// Who called it.
    pub caller: &'a Caller,
    /// The request. It is empty where the guest passed none, and where the call was refused before its request was read:
    /// by a missing permission, by a limit, or because it is not UTF-8.
    pub request: &'a str,
    /// The answer, a [`HostResponse`](crate::HostResponse).
    pub response: &'a str,
    /// The error that it was answered with, if it was one.
    pub error: Option<ErrorCode>,
    /// Whether it is a part of an atomic plugin call, which may yet be undone.
    pub is_atomic: bool,
    /// When it was answered, by the host's clock.
    pub time: Timestamp,
    /// How long the host took, all told.
    pub duration: Duration,
}

impl fmt::Debug for HostCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostCall").field("function", self.function).field("caller", self.caller).finish_non_exhaustive()
    }
}

/// Watches the host calls of all plugins of a manager: for tests, traces and audits.
///
/// It runs before the guest gets its answer, on the guest's thread.
pub trait Observer: Send + Sync {
    /// Called once for each host call.
    fn host_call(&self, call: &HostCall<'_>);

    /// Called once at the end of each plugin call whose guest ran.
    fn plugin_call(&self, call: &PluginCallEnd<'_>) {
        let _ = call;
    }
}

/// What became of the transaction of an atomic plugin call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransactionEnd {
    /// All that the plugin call did was done.
    Committed,
    /// Nothing was.
    Undone,
    /// The connection broke while it was committed, and all of it was done or nothing.
    Unknown,
}

impl TransactionEnd {
    /// As records have it: `committed`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Undone => "undone",
            Self::Unknown => "unknown",
        }
    }
}

/// How a plugin call ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PluginCallEnd<'a> {
    /// The plugin.
    pub plugin: &'a str,
    /// The export that was called.
    pub export: &'a str,
    /// The id of the call, which that of each of its host calls begins with.
    pub id: uuid::Uuid,
    /// What became of its transaction, where all that it did to the database was one.
    pub transaction: Option<TransactionEnd>,
    /// Why it did not succeed, if it did not.
    pub error: Option<&'a CallError>,
    /// When it ended, by the host's clock.
    pub time: Timestamp,
    /// How long it took, without waiting for an instance.
    pub duration: Duration,
}

/// Records in the call's span how it ended, and logs what the guest is not told.
///
/// The detail is written with its control characters escaped, so that a guest cannot forge lines.
pub(crate) fn outcome<F: HostFn>(
    span: Option<&Span>,
    caller: &Caller,
    outcome: &Result<(), HostError>,
    started: Option<Instant>,
) {
    if let Some((started, span)) = started.zip(span) {
        let name = outcome.as_ref().map_or_else(|error| error.code().as_str(), |_| "success");
        span.record("outcome", name);
        span.record("microseconds", u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    let Err(error) = outcome else { return };
    let (plugin, function, call, code) = (caller.plugin(), F::NAME, caller.call_id(), error.code());
    let detail = error.source().map(ToString::to_string).unwrap_or_default();
    let detail = if defence::is_on(Defence::EscapeLogs) { format!("{detail:?}") } else { detail };
    match code {
        ErrorCode::Internal => {
            tracing::error!(plugin, function, %call, %code, %detail, "a host call failed in the host");
        }
        ErrorCode::Unavailable | ErrorCode::DeadlineExceeded => {
            tracing::warn!(plugin, function, %call, %code, %detail, "a host call could not be served");
        }
        _ => {
            tracing::debug!(plugin, function, %call, %code, message = ?error.message(), %detail, "a host call was refused")
        }
    }
}

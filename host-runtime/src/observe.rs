use std::{
    error::Error,
    fmt,
    time::{Duration, Instant},
};

use hostfn_contract::{Caller, ErrorCode, HostError, HostFn};
use tracing::Span;

use crate::{
    HostFunction,
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
    /// The request, or nothing where the guest passed none that could be read.
    pub request: &'a str,
    /// The answer, a [`HostResponse`](crate::HostResponse).
    pub response: &'a str,
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
}

/// Records in the call's span how it ended, and logs what the guest is not told.
///
/// The detail is written with its control characters escaped, so that a guest cannot forge lines.
pub(crate) fn outcome<F: HostFn>(
    span: &Span,
    caller: &Caller,
    outcome: &Result<Vec<u8>, HostError>,
    started: Option<Instant>,
) {
    if let Some(started) = started {
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

//! The path of every host call, from top to bottom. There is no other.
//!
//! It is written once, generic over [`HostFn`], so that an annotation expands to data: what a new
//! function must not forget, it cannot forget. The order matters. Nothing is read of a plugin that
//! may not call. The answer is encoded before the commit, so that what cannot be told is not
//! done. The guest gets the answer after the commit, so that what it was told is done.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use hostfn_contract::{Call, HostError, HostFn, InjectAll};
use tracing::{Level, Span};

use crate::{
    codec::{self, Answer},
    db::Scope,
    defence::{self, Defence},
    function::Bound,
    intercept::{InterceptedCall, Step},
    memory::Request,
    observe::{self, HostCall},
    plugin_call::PluginCall,
};

/// Answers one host call, into a buffer that is used for one after the other. A guest is always answered, except when it
/// has no memory for it.
pub(crate) fn dispatch<F: HostFn>(
    function: &Bound<F>,
    plugin_call: &PluginCall,
    request: &mut dyn Request,
    answer: &mut Answer,
) -> Result<(), extism::Error> {
    plugin_call.check_has_begun()?;
    let caller = plugin_call.next_caller();
    plugin_call.check_goes_on()?;
    Scope::begin_host_call();
    let call_id = caller.call_id();
    // Nobody waits for a span, or for the time, of a call that nobody watches.
    let span = tracing::level_enabled!(Level::DEBUG).then(|| {
        tracing::debug_span!(
            "host_call", plugin = caller.plugin(), function = F::NAME, call = %call_id,
            outcome = tracing::field::Empty, microseconds = tracing::field::Empty,
        )
    });
    let _entered = span.as_ref().map(Span::enter);
    let host = plugin_call.host();
    let started = (host.is_observed() || span.as_ref().is_some_and(|span| !span.is_disabled())).then(Instant::now);
    // A fact, and not inferred from the error: of a call that is not allowed, nothing is read, and no observer sees it.
    let mut was_read = false;
    let call = || -> Result<(), HostError> {
        plugin_call.admit()?;
        if defence::is_on(Defence::Authorise) {
            caller.authorise(F::PERMISSION)?;
        }
        let text = request.read(plugin_call.limits().request_bytes)?;
        plugin_call.exchange(text.len())?;
        was_read = true;
        let entropy = host.entropy.for_call(caller.plugin(), F::NAME, text.as_bytes());
        let call = Call { caller: &caller, entropy };
        run(function, plugin_call, &call, text, answer)
    };
    let outcome = contain_panic(call).map_err(Scope::as_told);
    observe::outcome::<F>(span.as_ref(), &caller, &outcome, started);
    let error = outcome.as_ref().err().map(HostError::code);
    if let Err(error) = outcome {
        codec::encode_error(&error, call_id, answer);
    }
    if host.is_observed() {
        // Read again rather than kept: a call without observers copies nothing.
        let request = if was_read { request.read(plugin_call.limits().request_bytes).ok() } else { None };
        let response = std::str::from_utf8(answer.as_bytes()).unwrap_or_default();
        let duration = started.map(|started| started.elapsed()).unwrap_or_default();
        let (time, is_atomic) = (host.clock.now(), Scope::is_atomic());
        let function = &function.description;
        let call = HostCall { function, caller: &caller, request, response, error, is_atomic, time, duration };
        host.show(|observer| observer.host_call(&call));
    }
    Ok(())
}

/// What lies between the guest's memory and the guest's memory.
fn run<F: HostFn>(
    function: &Bound<F>,
    plugin_call: &PluginCall,
    call: &Call<'_>,
    text: &str,
    answer: &mut Answer,
) -> Result<(), HostError> {
    let (host, limits) = (plugin_call.host(), plugin_call.limits());
    let request = codec::decode::<F::Request>(text, limits.json_depth)?;
    function.request_terms.check_request(text)?;
    let mut intercepted =
        InterceptedCall { function: &function.description, caller: call.caller, request: text, response: None };
    host.intercept(Step::Respond, &mut intercepted)?;
    if let Some(data) = intercepted.response {
        return codec::encode(&data, limits.response_bytes, answer);
    }
    host.intercept(Step::Begin, &mut intercepted)?;
    let mut lease = host.begin::<F>()?;
    let state = F::State::borrow(&function.state, call);
    host.intercept(Step::Function, &mut intercepted)?;
    let response = F::call(lease.connection()?, state, request)?;
    codec::encode(&response, limits.response_bytes, answer)?;
    function.response_terms.check_response(answer.data())?;
    plugin_call.exchange(answer.as_bytes().len())?;
    host.intercept(Step::Commit, &mut intercepted)?;
    lease.commit()
}

/// Makes a panic an answer. Unwinding through Extism would poison the plugin for ever. What the
/// function held is dropped while it unwinds, its connection with it, which is discarded then.
fn contain_panic<T>(call: impl FnOnce() -> Result<T, HostError>) -> Result<T, HostError> {
    if !defence::is_on(Defence::ContainPanics) {
        return call();
    }
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().copied().map(str::to_owned);
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(HostError::internal(format!("the host function panicked: {said}")))
    })
}

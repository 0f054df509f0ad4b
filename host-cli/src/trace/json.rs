use serde_json::{Value, json};

use super::{Outcome, PluginCall, Trace, TracedCall};
use crate::plugin_call::as_value;

/// A plugin call and its host calls, with times in milliseconds, those of beginnings from that of the plugin call.
pub(super) fn of(trace: &Trace, call: &PluginCall, input: &str, outcome: &Outcome<'_>) -> Value {
    let masked = |text: &str| as_value(trace.mask(text).as_bytes());
    // Secrets are numbered as they are met: in the order in which they were said.
    let input = masked(input);
    let host_call = |host_call: &TracedCall| {
        json!({
            "function": host_call.function,
            "started_ms": milliseconds(host_call.started.saturating_duration_since(call.started)),
            "duration_ms": milliseconds(host_call.duration),
            "request": trace.redactor.redact(&host_call.request),
            "response": trace.masked_response(host_call),
        })
    };
    let host_calls: Vec<_> = call.host_calls.iter().map(host_call).collect();
    let (output, error) = match outcome {
        Ok(output) => (masked(output), Value::Null),
        Err(error) => (Value::Null, json!({"code": error.code(), "message": trace.mask(&error.to_string())})),
    };
    json!({
        "plugin": call.plugin,
        "export": call.export,
        "duration_ms": milliseconds(call.duration),
        "transaction": call.transaction,
        "input": input,
        "output": output,
        "error": error,
        "host_calls": host_calls,
    })
}

fn milliseconds(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

//! A trace as browsers' viewers read it: the [Trace Event Format][1] of Chromium's `about:tracing`, which
//! [Perfetto](https://ui.perfetto.dev) and [Speedscope](https://www.speedscope.app) read too.
//!
//! [1]: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Outcome, PluginCall, Trace, TracedCall};

/// One thread, on which the plugin call is a bar, and each host call one beneath it.
pub(super) fn of(trace: &Trace, call: &PluginCall, input: &str, outcome: &Outcome<'_>) -> Value {
    let event = |name: &str, category: &str, started: Instant, duration: Duration, arguments: Value| {
        // A complete event, in microseconds from the beginning of the plugin call.
        json!({
            "name": name,
            "cat": category,
            "ph": "X",
            "ts": microseconds(started.saturating_duration_since(call.started)),
            "dur": microseconds(duration),
            "pid": 1,
            "tid": 1,
            "args": arguments,
        })
    };
    let label = |kind: &str, name: &str| json!({"name": kind, "ph": "M", "pid": 1, "tid": 1, "args": {"name": name}});
    // Secrets are numbered as they are met: in the order in which they were said.
    let input = trace.mask(input);
    let host_call = |host_call: &TracedCall| {
        let arguments = json!({
            "request": trace.redactor.redact(&host_call.request),
            "response": trace.masked_response(host_call),
        });
        event(host_call.function, "host call", host_call.started, host_call.duration, arguments)
    };
    let host_calls: Vec<_> = call.host_calls.iter().map(host_call).collect();
    let ended = match outcome {
        Ok(output) => json!({"input": input, "output": trace.mask(output)}),
        Err(error) => json!({"input": input, "error": trace.mask(&error.to_string())}),
    };
    let mut events = vec![
        label("process_name", "hostfn"),
        label("thread_name", &call.plugin),
        event(&call.export, "plugin call", call.started, call.duration, ended),
    ];
    events.extend(host_calls);
    json!({"traceEvents": events, "displayTimeUnit": "ms"})
}

fn microseconds(duration: Duration) -> f64 {
    // Divided, for the number that is nearest: a product would be written with digits that nobody measured.
    duration.as_nanos() as f64 / 1_000.0
}

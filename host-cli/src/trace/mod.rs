//! What a plugin did: its calls of host functions, as a list, as a tree, or for a viewer.

mod chrome;
mod command;
mod json;
mod tree;

use std::{
    io::{self, Write},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anstyle::{AnsiColor, Style};
use hostfn_runtime::{CallError, HostCall, HostResponse, Observer, PluginCallEnd, Redactor};
use serde_json::Value;

pub use command::TraceArguments;
pub(crate) use command::run;

/// Watches a host and shows, to people, the calls that plugins make: requests, answers and times,
/// with secrets masked.
#[derive(Default)]
pub struct Trace {
    calls: Mutex<Calls>,
    redactor: Redactor,
}

#[derive(Default)]
struct Calls {
    /// Of a plugin call that has not ended.
    host_calls: Vec<TracedCall>,
    ended: Vec<PluginCall>,
}

/// A plugin call whose guest ran to its end, whatever that was.
struct PluginCall {
    plugin: String,
    export: String,
    started: Instant,
    duration: Duration,
    /// What became of its transaction, where it was one.
    transaction: Option<&'static str>,
    host_calls: Vec<TracedCall>,
}

struct TracedCall {
    function: &'static str,
    request: Value,
    response: HostResponse<Value>,
    started: Instant,
    duration: Duration,
}

/// How a plugin call ended, in texts.
type Outcome<'a> = Result<String, &'a CallError>;

const FUNCTION: Style = AnsiColor::Cyan.on_default();
const FAILURE: Style = AnsiColor::Red.on_default();
const ASIDE: Style = Style::new().dimmed();

impl Trace {
    /// Writes the host calls since the last time, and forgets them. Answers how many there were.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn print_host_calls(&self, out: &mut impl Write) -> io::Result<usize> {
        let Calls { host_calls, ended } = std::mem::take(&mut *self.lock());
        let calls: Vec<_> = ended.into_iter().flat_map(|call| call.host_calls).chain(host_calls).collect();
        for call in &calls {
            write!(out, "    {FUNCTION}{}{FUNCTION:#}", call.function)?;
            if call.request != Value::Null {
                write!(out, " {}", self.redactor.redact(&call.request))?;
            }
            let (style, answer) = self.answer(call);
            let took = milliseconds(call.duration);
            writeln!(out, "\n      {style}{answer}{style:#} {ASIDE}{took}{ASIDE:#}")?;
        }
        Ok(calls.len())
    }

    /// Writes each plugin call since the last time as a tree of its host calls, and forgets them.
    pub(crate) fn print_calls(&self, out: &mut impl Write, input: &str, outcome: Outcome<'_>) -> io::Result<()> {
        for call in self.take() {
            tree::write(out, self, &call, input, &outcome, tree::Size::of_stderr())?;
        }
        Ok(())
    }

    /// A text, or the JSON in it, with the secrets hidden that went through host calls so far.
    pub fn mask(&self, text: &str) -> String {
        match serde_json::from_str(text) {
            Ok(value) => self.redactor.redact(&value).to_string(),
            Err(_) => escaped(&self.redactor.redact_text(text)),
        }
    }

    /// The plugin calls that have ended since the last time.
    fn take(&self) -> Vec<PluginCall> {
        std::mem::take(&mut self.lock().ended)
    }

    /// What a host call was answered, in the colour for it.
    fn answer(&self, call: &TracedCall) -> (Style, String) {
        match &call.response {
            HostResponse::Success(data) => (Style::new(), self.redactor.redact(data).to_string()),
            HostResponse::Failure(error) => {
                (FAILURE, format!("{}: {}", error.code, escaped(&self.redactor.redact_text(&error.message))))
            }
        }
    }

    /// What a host call was answered, as it went over the wire but for secrets.
    fn masked_response(&self, call: &TracedCall) -> Value {
        // It was read from JSON, and is written as it was.
        let response = serde_json::to_value(&call.response).unwrap_or_default();
        self.redactor.redact(&response)
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Trace {
    fn host_call(&self, call: &HostCall<'_>) {
        let started = started(call.duration);
        let request = serde_json::from_str(call.request.unwrap_or_default()).unwrap_or_default();
        self.redactor.learn(call.function.request_schema().as_value(), &request);
        // The host wrote it itself.
        let response = serde_json::from_str(call.response).unwrap_or(HostResponse::Success(Value::Null));
        if let HostResponse::Success(data) = &response {
            self.redactor.learn(call.function.response_schema().as_value(), data);
        }
        let (function, duration) = (call.function.name(), call.duration);
        self.lock().host_calls.push(TracedCall { function, request, response, started, duration });
    }

    fn plugin_call(&self, call: &PluginCallEnd<'_>) {
        let mut calls = self.lock();
        let host_calls = std::mem::take(&mut calls.host_calls);
        calls.ended.push(PluginCall {
            plugin: call.plugin.to_owned(),
            export: call.export.to_owned(),
            started: started(call.duration),
            duration: call.duration,
            transaction: call.transaction.map(|end| end.as_str()),
            host_calls,
        });
    }
}

/// When something began that has just ended.
fn started(duration: Duration) -> Instant {
    let now = Instant::now();
    now.checked_sub(duration).unwrap_or(now)
}

/// A text that a plugin chose, without what a terminal would obey.
pub(crate) fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\n' { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

/// A duration to a hundredth of a millisecond.
fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}

use std::{
    io::{self, Write},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anstyle::{AnsiColor, Style};
use hostfn_runtime::{HostCall, HostResponse, Observer, Redactor};
use serde_json::Value;

/// Watches a host and shows, to people, the calls that plugins make: requests, answers and times,
/// with secrets masked.
#[derive(Default)]
pub struct Trace {
    calls: Mutex<Vec<TracedCall>>,
    redactor: Redactor,
}

struct TracedCall {
    function: &'static str,
    request: Value,
    response: HostResponse<Value>,
    duration: Duration,
}

const FUNCTION: Style = AnsiColor::Cyan.on_default();
const FAILURE: Style = AnsiColor::Red.on_default();
const ASIDE: Style = Style::new().dimmed();

impl Trace {
    /// Writes the calls since the last time, and forgets them. Answers how many there were.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn print_host_calls(&self, out: &mut impl Write) -> io::Result<usize> {
        let calls = std::mem::take(&mut *self.lock());
        for call in &calls {
            write!(out, "    {FUNCTION}{}{FUNCTION:#}", call.function)?;
            if call.request != Value::Null {
                write!(out, " {}", self.redactor.redact(&call.request))?;
            }
            writeln!(out)?;
            let took = milliseconds(call.duration);
            match &call.response {
                HostResponse::Success(data) => {
                    writeln!(out, "      {} {ASIDE}{took}{ASIDE:#}", self.redactor.redact(data))?
                }
                HostResponse::Failure(error) => writeln!(
                    out,
                    "      {FAILURE}{}{FAILURE:#} {} {ASIDE}{took}{ASIDE:#}",
                    error.code,
                    escaped(&self.redactor.redact_text(&error.message))
                )?,
            }
        }
        Ok(calls.len())
    }

    /// A text, or the JSON in it, with the secrets hidden that went through host calls so far.
    pub fn mask(&self, text: &str) -> String {
        match serde_json::from_str(text) {
            Ok(value) => self.redactor.redact(&value).to_string(),
            Err(_) => escaped(&self.redactor.redact_text(text)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<TracedCall>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Trace {
    fn host_call(&self, call: &HostCall<'_>) {
        let request = serde_json::from_str(call.request).unwrap_or_default();
        self.redactor.learn(call.function.request_schema().as_value(), &request);
        // The host wrote it itself.
        let response = serde_json::from_str(call.response).unwrap_or(HostResponse::Success(Value::Null));
        if let HostResponse::Success(data) = &response {
            self.redactor.learn(call.function.response_schema().as_value(), data);
        }
        self.lock().push(TracedCall { function: call.function.name(), request, response, duration: call.duration });
    }
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

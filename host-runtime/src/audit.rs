//! Who changed what, when, and what came of it.

use std::{
    collections::HashSet,
    fmt,
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{HostCall, Observer, Redactor, Timestamp, observe::PluginCallEnd};

/// A record of every call of a function that writes, as lines of JSON: for whoever must tell later who did what.
///
/// It is an [`Observer`]: give it to the host with
/// [`PluginManagerBuilder::observer`](crate::PluginManagerBuilder::observer). Calls that were refused are in it too. A
/// line is written whole, before the guest gets its answer and after what it tells of was committed; the lines of an
/// atomic plugin call are followed by one that says whether it was `committed` or `undone`, or that
/// the connection broke meanwhile and it is `unknown`. A line that cannot be
/// written is an error in the log and undoes nothing.
///
/// No value of a request or an answer is in it, unless it is [told](Self::with_requests) to.
///
/// ```json
/// {"time":"2026-01-02T03:04:05.000000Z","plugin":"auth","function":"db_create_user","permission":"users:write",
///  "call_id":"a2f0…/1","atomic":false,"outcome":"conflict","microseconds":412}
/// ```
///
/// ```no_run
/// # use std::sync::Arc;
/// # use hostfn_runtime::{AuditLog, PluginManager};
/// let audit = AuditLog::append_to("audit.jsonl")?;
/// let manager = PluginManager::builder().observer(Arc::new(audit)).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct AuditLog {
    state: Mutex<State>,
    has_requests: bool,
}

struct State {
    out: Box<dyn Write + Send>,
    /// The atomic plugin calls that called a function that writes, and did not end yet.
    atomic: HashSet<Uuid>,
}

#[derive(Serialize)]
struct Line<'a> {
    time: Timestamp,
    plugin: &'a str,
    #[serde(flatten)]
    what: What<'a>,
    outcome: &'a str,
    microseconds: u64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum What<'a> {
    HostCall {
        function: &'a str,
        permission: &'a str,
        call_id: String,
        atomic: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        request: Option<Value>,
    },
    PluginCall {
        export: &'a str,
        plugin_call: Uuid,
    },
}

impl AuditLog {
    /// A log that is written to `out`, one write for each line.
    pub fn new(out: impl Write + Send + 'static) -> Self {
        Self { state: Mutex::new(State { out: Box::new(out), atomic: HashSet::new() }), has_requests: false }
    }

    /// A log at the end of a file, which is made if there is none, on Unix for its owner alone.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn append_to(path: impl AsRef<Path>) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map(Self::new)
    }

    /// Also records the request of each call, with what its schema says is secret left out. What is personal, such as
    /// an e-mail address, is in it.
    #[must_use]
    pub fn with_requests(mut self) -> Self {
        self.has_requests = true;
        self
    }

    fn write(&self, state: &mut State, line: &Line<'_>) {
        let written = serde_json::to_vec(line).map_err(io::Error::from).and_then(|mut text| {
            text.push(b'\n');
            state.out.write_all(&text)?;
            state.out.flush()
        });
        if let Err(error) = written {
            tracing::error!(plugin = line.plugin, %error, "a line of the audit log cannot be written");
        }
    }
}

impl Observer for AuditLog {
    fn host_call(&self, call: &HostCall<'_>) {
        if call.function.is_read_only() {
            return;
        }
        let request = self.has_requests.then(|| without_secrets(call));
        let line = Line {
            time: call.time,
            plugin: call.caller.plugin(),
            what: What::HostCall {
                function: call.function.name(),
                permission: call.function.permission(),
                call_id: call.caller.call_id().to_string(),
                atomic: call.is_atomic,
                request,
            },
            outcome: call.error.map_or("success", |code| code.as_str()),
            microseconds: microseconds(call.duration),
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if call.is_atomic {
            state.atomic.insert(call.caller.call_id().plugin_call);
        }
        self.write(&mut state, &line);
    }

    fn plugin_call(&self, call: &PluginCallEnd<'_>) {
        let Some(transaction) = call.transaction else { return };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.atomic.remove(&call.id) {
            return;
        }
        let line = Line {
            time: call.time,
            plugin: call.plugin,
            what: What::PluginCall { export: call.export, plugin_call: call.id },
            outcome: transaction.as_str(),
            microseconds: microseconds(call.duration),
        };
        self.write(&mut state, &line);
    }
}

/// The request with its secrets hidden, or null where it was not read, or is not JSON and so cannot be searched for them.
fn without_secrets(call: &HostCall<'_>) -> Value {
    let Some(Ok(request)) = call.request.map(serde_json::from_str) else { return Value::Null };
    let redactor = Redactor::new();
    redactor.learn(call.function.request_schema().as_value(), &request);
    redactor.redact(&request)
}

fn microseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLog").field("has_requests", &self.has_requests).finish_non_exhaustive()
    }
}

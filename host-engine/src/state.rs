//! The data of a store: everything that belongs to one instance.

use std::{
    collections::BTreeMap,
    mem,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Instant,
};

use wasmtime_48::{Global, Memory};

use crate::{
    blocks::Blocks,
    ending::Stop,
    limits::{Limiter, Limits},
    sources::{Clock, Entropy, Log, LogLevel, LogLine, LogSource, NoLog, SystemClock, SystemEntropy},
    variables::Variables,
};

/// The data of a store.
pub(crate) struct State<T> {
    /// The embedder's data. `None` while a module is being loaded, when no guest code runs.
    pub(crate) data: Option<T>,
    pub(crate) guest: Guest,
}

/// The state of Extism's functions and of WASI.
pub(crate) struct Guest {
    pub(crate) memory: Option<Memory>,
    pub(crate) input_bytes: Option<Global>,
    pub(crate) has_input: bool,
    pub(crate) blocks: Blocks,
    /// The address and the length of the output.
    pub(crate) output: (u64, u64),
    /// The handle of the error, or zero.
    pub(crate) error: u64,
    pub(crate) variables: Variables,
    pub(crate) limiter: Limiter,
    pub(crate) surroundings: Surroundings,
    deadline: Option<Instant>,
    cancel: Option<CancelHandle>,
    log_bytes: usize,
    log_left: usize,
    /// The unfinished lines of standard output and standard error.
    unfinished: [Vec<u8>; 2],
}

/// What the host gives to an instance.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) config: Arc<BTreeMap<String, String>>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            log: Arc::new(NoLog),
            config: Arc::default(),
        }
    }
}

/// Cancels calls from another thread. Pass it to the calls in [`CallOptions`](crate::CallOptions).
///
/// ```
/// let cancel = hostfn_engine::CancelHandle::new();
/// cancel.clone().cancel();
/// assert!(cancel.is_cancelled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct CancelHandle {
    is_cancelled: Arc<AtomicBool>,
}

impl CancelHandle {
    /// Creates a handle.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the calls that have this handle within milliseconds. Later calls with it end at once.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Relaxed);
    }

    /// Whether [`cancel`](Self::cancel) was called.
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Relaxed)
    }
}

/// What a log line costs in addition to its text: many short lines are a flood too.
const LINE_OVERHEAD: usize = 128;

impl Guest {
    pub(crate) fn new(limits: &Limits, surroundings: Surroundings) -> Self {
        Self {
            memory: None,
            input_bytes: None,
            has_input: false,
            blocks: Blocks::new(),
            output: (0, 0),
            error: 0,
            variables: Variables::new(limits.variable_bytes),
            limiter: Limiter::new(limits),
            surroundings,
            deadline: None,
            cancel: None,
            log_bytes: limits.log_bytes,
            log_left: limits.log_bytes,
            unfinished: Default::default(),
        }
    }

    /// Prepares for the next call.
    pub(crate) fn begin(&mut self, deadline: Option<Instant>, cancel: Option<CancelHandle>) {
        (self.deadline, self.cancel) = (deadline, cancel);
        (self.output, self.error) = ((0, 0), 0);
        self.log_left = self.log_bytes;
        self.unfinished.iter_mut().for_each(Vec::clear);
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The reason to end the call now, if there is one.
    pub(crate) fn overdue(&self) -> Option<Stop> {
        if self.cancel.as_ref().is_some_and(CancelHandle::is_cancelled) {
            return Some(Stop::Cancelled);
        }
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline).then_some(Stop::Deadline)
    }

    /// Whether lines of this level are logged.
    pub(crate) fn logs(&self, level: LogLevel) -> bool {
        self.surroundings.log.level().is_some_and(|least| level >= least)
    }

    pub(crate) fn log(&mut self, level: LogLevel, source: LogSource, text: &[u8]) {
        if !self.logs(level) || self.log_left == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&text[..text.len().min(self.log_left)]);
        let most = self.log_left.saturating_sub(LINE_OVERHEAD);
        let is_cut = text.len() > most;
        let text = if is_cut { &text[..text.floor_char_boundary(most)] } else { &text[..] };
        self.log_left = if is_cut { 0 } else { most - text.len() };
        self.surroundings.log.line(LogLine { level, source, text, is_cut });
    }

    /// Logs bytes that are written to a standard stream, line by line.
    pub(crate) fn write(&mut self, source: LogSource, bytes: &[u8]) {
        let (level, stream) = of_stream(source);
        if !self.logs(level) {
            return;
        }
        let mut rest = bytes;
        while self.log_left > 0 && !rest.is_empty() {
            let line = rest.iter().position(|byte| *byte == b'\n');
            let (head, tail) = rest.split_at(line.unwrap_or(rest.len()));
            let unfinished = &mut self.unfinished[stream];
            unfinished.extend_from_slice(&head[..head.len().min(self.log_left.saturating_sub(unfinished.len()))]);
            if line.is_some() || unfinished.len() >= self.log_left {
                let text = mem::take(unfinished);
                self.log(level, source, &text);
            }
            rest = tail.get(1..).unwrap_or_default();
        }
    }

    /// Logs the unfinished line of each stream.
    pub(crate) fn finish_streams(&mut self) {
        for source in [LogSource::Stdout, LogSource::Stderr] {
            let (level, stream) = of_stream(source);
            let text = mem::take(&mut self.unfinished[stream]);
            if !text.is_empty() {
                self.log(level, source, &text);
            }
        }
    }
}

fn of_stream(source: LogSource) -> (LogLevel, usize) {
    match source {
        LogSource::Stderr => (LogLevel::Warn, 1),
        LogSource::Stdout | LogSource::Function => (LogLevel::Info, 0),
    }
}

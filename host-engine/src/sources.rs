//! The clock, the randomness and the log of a guest.

use std::{
    sync::OnceLock,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// The clock of a guest, which it reads through WASI.
///
/// ```
/// use std::{sync::Mutex, time::Duration};
/// use hostfn_engine::Clock;
///
/// /// A clock for tests, which moves on only while a guest waits.
/// struct TestClock(Mutex<Duration>);
///
/// impl Clock for TestClock {
///     fn now(&self) -> Duration {
///         *self.0.lock().unwrap()
///     }
///     fn wait(&self, duration: Duration, _is_over: &dyn Fn() -> bool) {
///         *self.0.lock().unwrap() += duration;
///     }
/// }
///
/// let clock = TestClock(Mutex::default());
/// clock.wait(Duration::from_secs(3600), &|| false);
/// assert_eq!(clock.now(), Duration::from_secs(3600));
/// ```
pub trait Clock: Send + Sync {
    /// The time since the Unix epoch.
    fn now(&self) -> Duration;

    /// The time since an arbitrary moment. It must never go back. Defaults to [`now`](Self::now).
    fn monotonic(&self) -> Duration {
        self.now()
    }

    /// Waits. It must call `is_over` every few milliseconds and return early when that returns `true`: the call
    /// exceeded its deadline, or was cancelled.
    fn wait(&self, duration: Duration, is_over: &dyn Fn() -> bool);
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// How often a wait checks whether it is over.
const SLICE: Duration = Duration::from_millis(5);

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn monotonic(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }

    fn wait(&self, duration: Duration, is_over: &dyn Fn() -> bool) {
        let started = Instant::now();
        while !is_over() {
            match duration.checked_sub(started.elapsed()) {
                Some(left) if !left.is_zero() => std::thread::sleep(left.min(SLICE)),
                _ => return,
            }
        }
    }
}

/// The randomness of a guest, which it reads through WASI.
pub trait Entropy: Send + Sync {
    /// Fills the buffer with random bytes.
    ///
    /// # Errors
    /// Fails if there is no randomness. The guest gets an I/O error.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy>;
}

/// There is no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoEntropy;

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(bytes).map_err(|_| NoEntropy)
    }
}

/// The level of a log line, with the numbers that Extism uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub enum LogLevel {
    /// `log_trace`
    Trace = 0,
    /// `log_debug`
    Debug = 1,
    /// `log_info`, and standard output
    Info = 2,
    /// `log_warn`, and standard error
    Warn = 3,
    /// `log_error`
    Error = 4,
}

/// Where a log line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogSource {
    /// One of Extism's log functions.
    Function,
    /// Standard output, through WASI.
    Stdout,
    /// Standard error, through WASI.
    Stderr,
}

/// A line that a guest logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLine<'a> {
    /// Its level.
    pub level: LogLevel,
    /// Its origin.
    pub source: LogSource,
    /// The text. Escape it: the guest chooses it, line breaks and control characters included.
    pub text: &'a str,
    /// Whether the text is truncated because of [`Limits::log_bytes`](crate::Limits::log_bytes). All further lines of
    /// this call are dropped.
    pub is_cut: bool,
}

/// Receives the lines that a guest logs.
pub trait Log: Send + Sync {
    /// The minimum level, or `None` for no log at all. Guests can read it.
    fn level(&self) -> Option<LogLevel>;

    /// Receives a line.
    fn line(&self, line: LogLine<'_>);
}

/// A log that drops everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLog;

impl Log for NoLog {
    fn level(&self) -> Option<LogLevel> {
        None
    }

    fn line(&self, _: LogLine<'_>) {}
}

//! How a call ends if it does not return an output.

use std::{error::Error, fmt};

use wasmtime_48::WasmBacktrace;

use crate::backtrace::{Backtrace, TrapCode};

/// Any error of a host function.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// A call that ended without an output.
#[derive(Debug)]
pub struct CallError {
    /// How it ended.
    pub ending: Ending,
    /// The error that the guest set, if the call then ended in another way than by returning.
    pub guest_error: Option<String>,
    /// How much fuel the call used.
    pub fuel_used: u64,
}

/// How a call ended without an output.
#[derive(Debug)]
#[non_exhaustive]
pub enum Ending {
    /// The guest set this error and returned.
    GuestError {
        /// The error's text.
        message: String,
        /// The export's return code, zero if it has none.
        code: i32,
    },
    /// The export returned a code other than zero.
    ReturnCode(i32),
    /// The guest called WASI's `proc_exit` with a code other than zero, or in its start-up code.
    Exit(i32),
    /// The call used up its fuel.
    OutOfFuel,
    /// The deadline of the call passed.
    Deadline,
    /// The call was cancelled by its [`CancelHandle`](crate::CancelHandle).
    Cancelled,
    /// The guest exceeded the memory or table elements of its [`Limits`](crate::Limits).
    OutOfMemory,
    /// The guest exceeded its stack.
    StackOverflow(Backtrace),
    /// An instruction of the guest trapped.
    Trap {
        /// The kind of trap.
        code: TrapCode,
        /// Where in the guest.
        backtrace: Backtrace,
    },
    /// The guest called a function of Extism's ABI with invalid arguments.
    Misuse {
        /// What is wrong.
        misuse: Misuse,
        /// Where it was.
        backtrace: Backtrace,
    },
    /// A host function failed.
    HostFunction {
        /// Its namespace and name, with a space between them.
        function: String,
        /// The error that it returned.
        error: BoxError,
        /// Where in the guest it was called.
        backtrace: Backtrace,
    },
    /// The engine's pool has no slot for the guest: raise [`Pooling::instances`](crate::Pooling::instances), or drop
    /// instances.
    PoolFull,
    /// The module exports no function of this name.
    NoSuchExport,
    /// The export takes parameters, or has more than one result.
    NotCallable {
        /// Its parameters and results: `(i32) -> i32`.
        signature: String,
    },
}

/// Invalid calls of Extism's functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// It passed an invalid handle to this function.
    NoSuchBlock(&'static str),
    /// It passed a key that is not UTF-8 to this function.
    NotUtf8(&'static str),
    /// Its variables exceed [`Limits::variable_bytes`](crate::Limits::variable_bytes).
    VariablesFull,
    /// It called `http_request`; guests have no network.
    NoNetwork,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ending.fmt(f)?;
        match &self.guest_error {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

impl Error for CallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.ending {
            Ending::HostFunction { error, .. } => Some(&**error),
            _ => None,
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GuestError { message, .. } => f.write_str(message),
            Self::ReturnCode(code) => write!(f, "the export returned the code {code}"),
            Self::Exit(code) => write!(f, "the guest exited with the code {code}"),
            Self::OutOfFuel => f.write_str("the call ran out of fuel"),
            Self::Deadline => f.write_str("the call exceeded its deadline"),
            Self::Cancelled => f.write_str("the call was cancelled"),
            Self::OutOfMemory => f.write_str("the guest exceeded its memory limit"),
            Self::StackOverflow(_) => f.write_str("the guest's stack overflowed"),
            Self::Trap { code, .. } => write!(f, "the guest trapped: {code}"),
            Self::Misuse { misuse, .. } => misuse.fmt(f),
            Self::HostFunction { function, error, .. } => write!(f, "host function `{function}` failed: {error}"),
            Self::PoolFull => f.write_str("the engine's pool of instances is full"),
            Self::NoSuchExport => f.write_str("the module has no such export"),
            Self::NotCallable { signature } => {
                write!(f, "the export has the signature {signature}; export a function as () -> i32")
            }
        }
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchBlock(function) => write!(f, "`{function}` got an invalid handle"),
            Self::NotUtf8(function) => write!(f, "`{function}` got a key that is not UTF-8"),
            Self::VariablesFull => f.write_str("the variables exceed their limit"),
            Self::NoNetwork => f.write_str("guests have no network: call a host function instead"),
        }
    }
}

impl Error for Misuse {}

/// A response does not fit into the guest's limits. Return it from the host function, and the call ends with
/// [`Ending::OutOfMemory`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the guest has no memory for the response")
    }
}

impl Error for OutOfMemory {}

/// The host's reason to end a call, which wasmtime passes on to the caller.
#[derive(Debug)]
pub(crate) enum Stop {
    Deadline,
    Cancelled,
    OutOfMemory,
    /// The module is only being loaded: no guest code runs.
    Loading,
    Exit(i32),
    Misuse(Misuse),
    HostFunction {
        function: String,
        error: BoxError,
    },
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Error for Stop {}

impl From<Misuse> for Stop {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}

impl Stop {
    /// The error of a host function.
    pub(crate) fn of_host_function(function: &str, error: BoxError) -> Self {
        match error.downcast::<OutOfMemory>() {
            Ok(_) => Self::OutOfMemory,
            Err(error) => Self::HostFunction { function: function.to_owned(), error },
        }
    }
}

impl Ending {
    /// The ending that an error of wasmtime stands for.
    pub(crate) fn of(error: wasmtime_48::Error) -> Self {
        let backtrace = error.downcast_ref::<WasmBacktrace>().map(Backtrace::of).unwrap_or_default();
        if let Some(trap) = error.downcast_ref::<wasmtime_48::Trap>() {
            return match trap {
                wasmtime_48::Trap::OutOfFuel => Self::OutOfFuel,
                wasmtime_48::Trap::StackOverflow => Self::StackOverflow(backtrace),
                wasmtime_48::Trap::Interrupt => Self::Deadline,
                trap => Self::Trap { code: TrapCode::of(*trap), backtrace },
            };
        }
        if error.is::<wasmtime_48::PoolConcurrencyLimitError>() {
            return Self::PoolFull;
        }
        match error.downcast::<Stop>() {
            Ok(Stop::Deadline) => Self::Deadline,
            Ok(Stop::Cancelled) => Self::Cancelled,
            Ok(Stop::OutOfMemory) => Self::OutOfMemory,
            Ok(Stop::Loading) => Self::OutOfFuel,
            Ok(Stop::Exit(code)) => Self::Exit(code),
            Ok(Stop::Misuse(misuse)) => Self::Misuse { misuse, backtrace },
            Ok(Stop::HostFunction { function, error }) => Self::HostFunction { function, error, backtrace },
            Err(_) => Self::Trap { code: TrapCode::Other, backtrace },
        }
    }

    /// The guest's backtrace, if the ending has one.
    pub fn backtrace(&self) -> Option<&Backtrace> {
        match self {
            Self::StackOverflow(backtrace)
            | Self::Trap { backtrace, .. }
            | Self::Misuse { backtrace, .. }
            | Self::HostFunction { backtrace, .. } => Some(backtrace),
            _ => None,
        }
    }
}

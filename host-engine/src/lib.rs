#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod backtrace;
mod blocks;
mod compiled;
mod ending;
mod engine;
mod env;
mod functions;
mod instance;
mod kernel;
mod limits;
mod linked;
mod load_error;
mod plan;
mod proposals;
mod sources;
mod start;
mod state;
mod ticker;
mod types;
mod variables;
mod wasi;

pub use backtrace::{Backtrace, Frame, SourceLine, TrapCode};
pub use compiled::{Compiled, CompiledBuilder};
pub use ending::{BoxError, CallError, Ending, Misuse, OutOfMemory};
pub use engine::{Engine, EngineError, EngineOptions, Pooling, TooManyInstances};
pub use functions::{DEFAULT_NAMESPACE, HostCall, HostFunctions};
pub use instance::{CallOptions, Instance, InstanceOptions, Output};
pub use limits::Limits;
pub use linked::Export;
pub use load_error::{ImportFault, ImportFaultKind, LoadError};
pub use proposals::Proposal;
pub use sources::{Clock, Entropy, Log, LogLevel, LogLine, LogSource, NoEntropy, NoLog, SystemClock, SystemEntropy};
pub use state::CancelHandle;

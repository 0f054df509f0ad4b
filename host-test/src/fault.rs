//! Failures on demand.

use std::{fmt, thread, time::Duration};

use diesel::result::{DatabaseErrorKind, Error};
use hostfn_runtime::{Clock, HostError, Timestamp, intercept::Step};

/// Something that goes wrong in a host call.
///
/// The errors of the database are those that it would give, and become answers as in production.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Another process holds the database: no transaction can begin.
    DatabaseBusy,
    /// The disk is full when what the function wrote is committed.
    DatabaseFull,
    /// The connection to the database is lost when a transaction begins.
    DatabaseDisconnected,
    /// The function panics, inside its transaction.
    FunctionPanics,
    /// The clock is set just before the function is called, forward or back.
    ClockJumps(Timestamp),
    /// The function takes so long. Where that is longer than the plugin may take
    /// ([`PluginOptions::timeout`](hostfn_runtime::PluginOptions::timeout)), its deadline passes.
    FunctionTakes(Duration),
}

impl Fault {
    fn step(&self) -> Step {
        match self {
            Self::DatabaseBusy | Self::DatabaseDisconnected => Step::Begin,
            Self::FunctionPanics | Self::ClockJumps(_) | Self::FunctionTakes(_) => Step::Function,
            Self::DatabaseFull => Step::Commit,
        }
    }

    pub(crate) fn happen(self, clock: &Clock) -> Result<(), HostError> {
        let database = |kind, message: &str| Err(Error::DatabaseError(kind, Box::new(message.to_owned())).into());
        match self {
            Self::DatabaseBusy => database(DatabaseErrorKind::Unknown, "database is locked"),
            Self::DatabaseFull => database(DatabaseErrorKind::Unknown, "database or disk is full"),
            Self::DatabaseDisconnected => database(DatabaseErrorKind::ClosedConnection, "the connection was closed"),
            Self::FunctionPanics => panic!("a test made the function panic"),
            Self::ClockJumps(time) => {
                clock.set(time);
                Ok(())
            }
            Self::FunctionTakes(time) => {
                thread::sleep(time);
                Ok(())
            }
        }
    }
}

/// A fault that waits for its call.
pub(crate) struct Planned {
    pub(crate) fault: Fault,
    /// The function whose next call it meets; without one, whichever is called next.
    pub(crate) function: Option<String>,
}

impl Planned {
    pub(crate) fn meets(&self, step: Step, function: &str) -> bool {
        self.fault.step() == step && self.function.as_ref().is_none_or(|name| name == function)
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the fault {:?}", self.fault)?;
        self.function.as_ref().map_or(Ok(()), |function| write!(f, " of `{function}`"))
    }
}

use hostfn_contract::{Caller, HostError};
use serde_json::Value;

use crate::HostFunction;

/// Stands between the path of a host call and its function: for test harnesses, which mock functions
/// and make them fail where it is hard to make them fail for real.
///
/// Everything around the function stays as it is in production: the permission is checked and the
/// request decoded before, and the answer is encoded, committed and written after.
pub trait Interceptor: Send + Sync {
    /// Answers in place of the function, which is then not called and takes no connection.
    fn answer(&self, function: &HostFunction, caller: &Caller, request: &str) -> Option<Result<Value, HostError>>;

    /// Called before each step of a call that is not answered otherwise.
    ///
    /// # Errors
    /// As if the step had failed: what follows it is not done, and what was written is undone.
    fn before(&self, step: Step, function: &HostFunction) -> Result<(), HostError>;
}

/// What can fail in a host call around and in its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A connection is taken and a transaction begun, where the function takes one.
    Begin,
    /// The function is called.
    Function,
    /// What it wrote is committed.
    Commit,
}

//! The one seam for test harnesses: mocks and faults on the path that every call takes in production.

use hostfn_contract::{Caller, HostError};
use serde_json::Value;

use crate::HostFunction;

/// Stands between the path of a host call and its function: for test harnesses, which mock functions
/// and make them fail where it is hard to make them fail for real.
///
/// Everything around the function stays as it is in production: the permission is checked and the
/// request decoded before, and the response is encoded, committed and written after.
pub trait Interceptor: Send + Sync {
    /// Called before each step of a call.
    ///
    /// # Errors
    /// As if the step had failed: what follows it is not done, and what was written is undone.
    fn intercept(&self, step: Step, call: &mut InterceptedCall<'_>) -> Result<(), HostError>;
}

/// The steps of a host call that can be mocked or can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The request was read and decoded, and nothing else is done yet: here a mock responds.
    Respond,
    /// A connection is taken and a transaction begun, where the function takes a connection.
    Begin,
    /// The function is called.
    Function,
    /// What it wrote is committed, where the function takes a connection.
    Commit,
}

/// A host call on its way.
#[derive(Debug)]
pub struct InterceptedCall<'a> {
    /// The function that is called.
    pub function: &'a HostFunction,
    /// The plugin that calls.
    pub caller: &'a Caller,
    /// The request, as it was sent.
    pub request: &'a str,
    /// What is put here at [`Step::Respond`] is the data of the response. The function is then not called, and takes no
    /// connection.
    pub response: Option<Value>,
}

//! Answers of a test in place of a function's.

use hostfn_runtime::{HostError, HostFunction};
use serde::Serialize;
use serde_json::Value;

use crate::{
    schema::Schemas,
    script::{PlannedMock, Script},
};

/// A function whose answer a test is about to say; [`TestHost::mock`](crate::TestHost::mock) makes it.
#[must_use = "say what it answers, with `returns` or `fails`"]
pub struct MockedFunction<'a> {
    pub(crate) script: &'a Script,
    pub(crate) schemas: &'a Schemas,
    pub(crate) function: &'a HostFunction,
}

impl<'a> MockedFunction<'a> {
    /// Answers this data, which must be as the function's contract says.
    ///
    /// # Panics
    /// When the function could not have answered it: with what is wrong, by its JSON path.
    pub fn returns(self, data: impl Serialize) -> Mock<'a> {
        let name = self.function.name();
        let data = serde_json::to_value(data)
            .unwrap_or_else(|error| panic!("the mock of `{name}` answers what is not JSON: {error}"));
        self.try_returns(data).unwrap_or_else(|problem| panic!("{problem}"))
    }

    pub(crate) fn try_returns(self, data: Value) -> Result<Mock<'a>, String> {
        let problems = self.schemas.response_problems(self.function.namespace(), self.function.name(), &data);
        if problems.is_empty() {
            return Ok(self.plan(Ok(data)));
        }
        let (name, problems) = (self.function.name(), problems.join("\n  "));
        Err(format!("the mock of `{name}` answers what the function never does:\n  {problems}\n{data:#}"))
    }

    /// Answers this error. A domain error must be one that the function declares.
    ///
    /// # Panics
    /// When the function does not declare it.
    pub fn fails(self, error: HostError) -> Mock<'a> {
        self.try_fails(error).unwrap_or_else(|problem| panic!("{problem}"))
    }

    pub(crate) fn try_fails(self, error: HostError) -> Result<Mock<'a>, String> {
        let (name, code) = (self.function.name(), error.code());
        if !code.is_domain() || self.function.errors().contains(&code) {
            return Ok(self.plan(Err(error)));
        }
        Err(format!(
            "the mock of `{name}` fails with `{code}`, which the function does not declare: add `errors({code})` to its \
             `#[host_fn]`, or fail with another"
        ))
    }

    fn plan(self, answer: Result<Value, HostError>) -> Mock<'a> {
        let (function, namespace) = (self.function.name(), self.function.namespace());
        let position = self.script.add_mock(PlannedMock { function, namespace, answer, times: None, calls: 0 });
        Mock { script: self.script, position }
    }
}

/// A mock in use. It answers every call until the test ends, or until the function is mocked again.
pub struct Mock<'a> {
    script: &'a Script,
    position: usize,
}

impl Mock<'_> {
    /// It must answer so many calls, no less by the end of the test. What is called after them is
    /// the next mock of the function, or the function itself.
    pub fn times(self, times: usize) -> Self {
        self.script.with_mock(self.position, |mock| mock.times = Some(times));
        self
    }

    /// How many calls it has answered.
    pub fn calls(&self) -> usize {
        self.script.with_mock(self.position, |mock| mock.calls)
    }
}

//! What a test says beforehand about calls to come: mocks and faults.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use hostfn_runtime::{
    CallId, Clock, HostError, HostFunction,
    intercept::{InterceptedCall, Interceptor, Step},
};
use serde_json::Value;

use crate::fault::{Fault, Planned};

/// All that a test planned, and what became of it.
pub(crate) struct Script {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    mocks: Vec<PlannedMock>,
    faults: VecDeque<Planned>,
    /// Calls that a mock answered and that are not recorded yet.
    mocked: Vec<CallId>,
}

/// The answer in place of one function's.
pub(crate) struct PlannedMock {
    pub(crate) function: &'static str,
    pub(crate) namespace: &'static str,
    pub(crate) answer: Result<Value, HostError>,
    /// How many calls it answers, and must; without it any number.
    pub(crate) times: Option<usize>,
    pub(crate) calls: usize,
}

impl Script {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Adds a mock, and says which it is. One of the same function that would answer for ever ends here:
    /// otherwise the new one never would.
    pub(crate) fn add_mock(&self, mock: PlannedMock) -> usize {
        let mocks = &mut self.lock().mocks;
        let same = |other: &&mut PlannedMock| (other.namespace, other.function) == (mock.namespace, mock.function);
        for endless in mocks.iter_mut().filter(same).filter(|other| other.times.is_none()) {
            endless.times = Some(endless.calls);
        }
        mocks.push(mock);
        mocks.len() - 1
    }

    /// Looks at a mock, or changes it.
    pub(crate) fn with_mock<T>(&self, position: usize, body: impl FnOnce(&mut PlannedMock) -> T) -> T {
        body(&mut self.lock().mocks[position])
    }

    pub(crate) fn add_fault(&self, planned: Planned) {
        self.lock().faults.push_back(planned);
    }

    /// Whether a mock answered this call. It is asked once.
    pub(crate) fn take_mocked(&self, call: CallId) -> bool {
        let mocked = &mut self.lock().mocked;
        let position = mocked.iter().position(|id| *id == call);
        position.map(|position| mocked.swap_remove(position)).is_some()
    }

    /// What was planned and did not happen.
    pub(crate) fn unmet(&self) -> Vec<String> {
        let state = self.lock();
        let mocks = state.mocks.iter().filter_map(|mock| match mock.times {
            Some(times) if mock.calls != times => {
                Some(format!("the mock of `{}` answered {} of {times} calls", mock.function, mock.calls))
            }
            _ => None,
        });
        let faults = state.faults.iter().map(|planned| format!("{planned} never happened"));
        mocks.chain(faults).collect()
    }

    /// The first fault that this step of this function meets.
    fn take_fault(&self, step: Step, function: &HostFunction) -> Option<Fault> {
        let faults = &mut self.lock().faults;
        let position = faults.iter().position(|planned| planned.meets(step, function.name()))?;
        faults.remove(position).map(|planned| planned.fault)
    }

    /// Responds, or fails, where the next call of this function is mocked.
    fn mock(&self, call: &mut InterceptedCall<'_>) -> Result<(), HostError> {
        let mut state = self.lock();
        let mock = state.mocks.iter_mut().find(|mock| {
            (mock.namespace, mock.function) == (call.function.namespace(), call.function.name())
                && mock.times.is_none_or(|times| mock.calls < times)
        });
        let Some(mock) = mock else { return Ok(()) };
        mock.calls += 1;
        let answer = match &mock.answer {
            Ok(data) => Ok(data.clone()),
            Err(error) => Err(copy(error)),
        };
        state.mocked.push(call.caller.call_id());
        call.response = Some(answer?);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Interceptor for Script {
    fn intercept(&self, step: Step, call: &mut InterceptedCall<'_>) -> Result<(), HostError> {
        if step == Step::Respond {
            self.mock(call)?;
        }
        self.take_fault(step, call.function).map_or(Ok(()), |fault| fault.happen(&self.clock))
    }
}

/// What the guest is told of an error. The source, which it is not told, is not copied.
fn copy(error: &HostError) -> HostError {
    let copy = HostError::new(error.code(), error.message().to_owned());
    match error.field() {
        Some(field) => copy.in_field(field.to_owned()),
        None => copy,
    }
}

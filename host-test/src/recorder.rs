use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hostfn_runtime::{HostCall, HostFunction, HostResponse, Observer, Redactor};
use serde_json::Value;

use crate::{schema::Schemas, script::Script, transcript::Event};

/// Keeps what is said, learns which of it is secret, and notices what no contract allows.
pub(crate) struct Recorder {
    script: Arc<Script>,
    pub(crate) schemas: Arc<Schemas>,
    events: Mutex<Vec<Event>>,
    breaches: Mutex<Vec<String>>,
    pub(crate) redactor: Redactor,
}

impl Recorder {
    pub(crate) fn new(script: Arc<Script>, schemas: Arc<Schemas>) -> Self {
        Self { script, schemas, events: Mutex::default(), breaches: Mutex::default(), redactor: Redactor::new() }
    }

    pub(crate) fn push(&self, event: Event) {
        lock(&self.events).push(event);
    }

    /// How much was said until now.
    pub(crate) fn position(&self) -> usize {
        lock(&self.events).len()
    }

    /// What was said from there on.
    pub(crate) fn since(&self, position: usize) -> Vec<Event> {
        lock(&self.events)[position..].to_vec()
    }

    /// Answers that the contracts of their functions do not allow. Each is told once.
    pub(crate) fn take_breaches(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.breaches))
    }

    fn learn(&self, function: &HostFunction, request: &str, response: &HostResponse<Value>) {
        if let Ok(request) = serde_json::from_str(request) {
            self.redactor.learn(function.request_schema().as_value(), &request);
        }
        if let HostResponse::Success(data) = response {
            self.redactor.learn(function.response_schema().as_value(), data);
        }
    }
}

impl Recorder {
    /// Says when what was said is not as the contract says: bindings made from it would not understand it.
    fn misshapen(&self, call: &HostCall<'_>, response: &HostResponse<Value>) -> Option<String> {
        let (namespace, name) = (call.function.namespace(), call.function.name());
        let answer = serde_json::from_str(call.response).unwrap_or_default();
        let mut problems = self.schemas.answer_problems(namespace, name, &answer);
        // One that was refused need not be as it should, and one that could not be read is not there.
        let text = call.request.unwrap_or_default();
        let was_taken = !text.is_empty()
            && match response {
                HostResponse::Success(_) => true,
                HostResponse::Failure(error) => error.code.is_domain(),
            };
        if was_taken {
            let request = serde_json::from_str(text).unwrap_or_default();
            let of_request = self.schemas.request_problems(namespace, name, &request).into_iter();
            problems.extend(of_request.map(|problem| format!("the request was taken, and {problem}")));
        }
        (!problems.is_empty()).then(|| {
            let problems = problems.iter().map(|problem| self.redactor.redact_text(problem)).collect::<Vec<_>>();
            format!("`{name}` is not as its schema says:\n  {}", problems.join("\n  "))
        })
    }
}

impl Observer for Recorder {
    fn host_call(&self, call: &HostCall<'_>) {
        if let Ok(response) = serde_json::from_str(call.response) {
            self.learn(call.function, call.request.unwrap_or_default(), &response);
            let mut breaches = lock(&self.breaches);
            breaches.extend(undeclared(call.function, &response));
            breaches.extend(self.misshapen(call, &response));
        }
        self.push(Event::host_call(call, self.script.take_mocked(call.caller.call_id())));
    }
}

fn undeclared(function: &HostFunction, response: &HostResponse<Value>) -> Option<String> {
    let HostResponse::Failure(error) = response else { return None };
    let name = function.name();
    (error.code.is_domain() && !function.errors().contains(&error.code)).then(|| {
        format!(
            "`{name}` answered `{code}`, which its contract does not declare: add `errors({code})` to its `#[host_fn]`, \
             or answer otherwise\n  {error}",
            code = error.code
        )
    })
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

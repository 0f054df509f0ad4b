use std::fmt;

use hostfn_runtime::{CallError, ErrorBody, HostResponse, Plugin, Redactor};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{TestHost, transcript::Event};

/// A plugin of a [`TestHost`].
pub struct TestPlugin<'a> {
    plugin: Plugin,
    host: &'a TestHost,
}

impl<'a> TestPlugin<'a> {
    pub(crate) fn new(plugin: Plugin, host: &'a TestHost) -> Self {
        Self { plugin, host }
    }

    /// Calls a host function with a request, as this plugin: through its export of the function's name,
    /// which hands on its input and the answer, as those of the generated guest do.
    ///
    /// # Panics
    /// When the plugin has no such export, or fails, and when the function answers what its contract does
    /// not declare.
    pub fn call(&self, function: &str, request: impl Serialize) -> Answer {
        self.try_call(function, request).unwrap_or_else(|error| panic!("{error}"))
    }

    /// As [`call`](Self::call), for a plugin that may fail: one whose deadline passes.
    ///
    /// # Errors
    /// When the plugin fails.
    ///
    /// # Panics
    /// When the function answers what its contract does not declare.
    pub fn try_call(&self, function: &str, request: impl Serialize) -> Result<Answer, CallError> {
        let output = self.plugin.call(function, to_json(request));
        self.host.check_contracts();
        let response =
            serde_json::from_slice(&output?).unwrap_or_else(|error| panic!("`{function}` answered no JSON: {error}"));
        let redactor = self.host.recorder().redactor.renumbered();
        Ok(Answer { function: function.to_owned(), response, redactor })
    }

    /// Calls an export, with JSON in and JSON out.
    ///
    /// # Errors
    /// What the plugin answered when it failed.
    ///
    /// # Panics
    /// When what it answered is not JSON, and when a function that it called answered what its contract
    /// does not declare.
    pub fn call_export(&self, export: &str, input: impl Serialize) -> Result<Value, CallError> {
        let input = to_json(input);
        let recorder = self.host.recorder();
        recorder.push(Event::start(self.plugin.name(), export, &input));
        let output = self.plugin.call(export, &input);
        let text = match &output {
            Ok(output) => String::from_utf8_lossy(output).into_owned(),
            Err(CallError::Failed { message, .. }) => message.clone(),
            Err(error) => error.to_string(),
        };
        recorder.push(Event::end(output.is_ok(), &text));
        self.host.check_contracts();
        output
            .map(|_| serde_json::from_str(&text).unwrap_or_else(|error| panic!("`{export}` answered no JSON: {error}")))
    }

    /// The plugin itself.
    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }
}

/// The answer to a host call. Its `Debug`, and what it panics with, hide secrets.
pub struct Answer {
    function: String,
    response: HostResponse<Value>,
    redactor: Redactor,
}

impl Answer {
    /// The data.
    ///
    /// # Panics
    /// When the function answered an error.
    pub fn data(self) -> Value {
        match self.response {
            HostResponse::Success(data) => data,
            HostResponse::Failure(error) => panic!("{} answered {error}", self.function),
        }
    }

    /// The data as a type, as a guest reads it.
    ///
    /// # Panics
    /// When the function answered an error, or data of another type.
    pub fn data_as<T: DeserializeOwned>(self) -> T {
        let function = self.function.clone();
        serde_json::from_value(self.data())
            .unwrap_or_else(|error| panic!("{function} answered no {}: {error}", std::any::type_name::<T>()))
    }

    /// The error.
    ///
    /// # Panics
    /// When the function succeeded.
    pub fn error(self) -> ErrorBody {
        match self.response {
            HostResponse::Success(data) => {
                panic!("{} succeeded with {}", self.function, self.redactor.redact(&data))
            }
            HostResponse::Failure(error) => error,
        }
    }

    /// Data or error.
    pub fn response(self) -> HostResponse<Value> {
        self.response
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.response {
            HostResponse::Success(data) => {
                write!(f, "{} answered {}", self.function, self.redactor.redact(data))
            }
            HostResponse::Failure(error) => {
                write!(f, "{} answered {}", self.function, self.redactor.redact_text(&error.to_string()))
            }
        }
    }
}

fn to_json(value: impl Serialize) -> String {
    serde_json::to_string(&value).unwrap_or_else(|error| panic!("a request that is not JSON: {error}"))
}

//! Choosing examples.

use serde::Serialize;
use serde_json::Value;

use super::model::pretty;
use crate::FunctionContract;

/// A call that was made, as an example.
///
/// Take it from an accepted transcript, so that it is real and secrets are hidden in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The name of the function.
    pub function: String,
    /// What the plugin passed.
    pub request: Value,
    /// All that it was answered: `{"success": true, …}`.
    pub answer: Value,
}

/// The examples of one function.
#[derive(Debug, Default)]
pub(super) struct Examples {
    pub(super) success: Option<Shown>,
    pub(super) failure: Option<Shown>,
}

/// An example as text.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    /// Nothing, where the function takes none.
    request: Option<String>,
    answer: String,
    /// The error code, where it is one.
    code: Option<String>,
}

impl Examples {
    /// The first success, and the first failure of those that tell most: the function's own errors before
    /// a request that it refuses, and that before what happens to every function alike.
    pub(super) fn of(function: &FunctionContract, examples: &[Example]) -> Self {
        let own = || examples.iter().filter(|example| example.function == function.name);
        let rank = |example: &&Example| match example.code() {
            Some(code) if function.errors.iter().any(|declared| declared == code) => 0,
            Some("invalid_request") => 1,
            _ => 2,
        };
        let shown = |example: &Example| Shown {
            request: function.request.as_ref().map(|_| pretty(&example.request)),
            answer: pretty(&example.answer),
            code: example.code().map(str::to_owned),
        };
        Self {
            success: own().find(|example| example.answer["success"] == true).map(shown),
            failure: own().filter(|example| example.code().is_some()).min_by_key(rank).map(shown),
        }
    }
}

impl Example {
    fn code(&self) -> Option<&str> {
        self.answer["error"]["code"].as_str()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_failure_that_tells_most_is_shown() {
        let failure = |function: &str, code: &str| Example {
            function: function.to_owned(),
            request: json!({}),
            answer: json!({"success": false, "data": null, "error": {"code": code}}),
        };
        let function = json!({
            "name": "get", "namespace": "x", "crate": "x", "documentation": "", "permission": "x", "read_only": true,
            "deprecated": null, "errors": ["not_found"], "request": {}, "response": {}, "answer": {},
        });
        let function: FunctionContract = serde_json::from_value(function).unwrap();
        let code = |examples: &[Example]| Examples::of(&function, examples).failure.and_then(|shown| shown.code);
        let mut examples = vec![failure("set", "conflict"), failure("get", "permission_denied")];
        assert_eq!(code(&examples).as_deref(), Some("permission_denied"));
        examples.push(failure("get", "invalid_request"));
        assert_eq!(code(&examples).as_deref(), Some("invalid_request"));
        examples.push(failure("get", "not_found"));
        assert_eq!(code(&examples).as_deref(), Some("not_found"));
        assert!(Examples::of(&function, &examples).success.is_none());
    }
}

//! Expectations as they came out.

use hostfn_runtime::{Redactor, Uuid};
use serde_json::{Map, Value};

use super::{
    compare::{Comparison, written_name},
    variables::{ESCAPED_MORE, MORE, Variables, escaped},
};

/// Writes what happened as an expectation: what was met stays as it is written, a value that has a name is
/// written by it, and a secret gets a name.
pub(super) struct Update<'a> {
    pub(super) variables: &'a mut Variables,
    pub(super) redactor: &'a Redactor,
    /// The plugin's name. What is written with it would be true of no other plugin.
    pub(super) plugin: &'a str,
    pub(super) numbers_are_booleans: bool,
}

impl Update<'_> {
    /// The expectation, if it is another than it was.
    pub(super) fn changed(&mut self, member: &str, expected: Option<&Value>, actual: &Value) -> Option<Value> {
        let updated = self.updated(member, expected, actual);
        (Some(&updated) != expected).then_some(updated)
    }

    fn comparison(&mut self) -> Comparison<'_> {
        Comparison {
            variables: self.variables,
            numbers_are_booleans: self.numbers_are_booleans,
            // What differs is written and not shown.
            shown: &Value::to_string,
            found: Vec::new(),
        }
    }

    fn updated(&mut self, member: &str, expected: Option<&Value>, actual: &Value) -> Value {
        let Some(expected) = expected else { return self.written(member, actual) };
        if self.comparison().is_met(expected, actual) {
            return expected.clone();
        }
        match (expected, actual) {
            // As it was meant, where the database knows numbers alone.
            (Value::Bool(_), Value::Number(number)) if self.numbers_are_booleans && number.as_u64() <= Some(1) => {
                (number.as_u64() == Some(1)).into()
            }
            (Value::Object(expected), Value::Object(actual)) => self.updated_object(expected, actual).into(),
            (Value::Array(expected), Value::Array(actual)) => self.updated_list(member, expected, actual).into(),
            _ => self.written(member, actual),
        }
    }

    fn updated_object(&mut self, expected: &Map<String, Value>, actual: &Map<String, Value>) -> Map<String, Value> {
        // In the order in which they were written, and what is new behind.
        let meant = |name: &str| if name == ESCAPED_MORE { MORE.to_owned() } else { name.to_owned() };
        let kept = expected.keys().filter(|name| *name == MORE || actual.contains_key(&meant(name))).cloned();
        let new = actual.keys().map(|name| written_name(name)).filter(|name| !expected.contains_key(name));
        let new = new.filter(|_| !expected.contains_key(MORE));
        let names: Vec<_> = kept.chain(new).collect();
        let members = names.into_iter().map(|name| match actual.get(&meant(&name)).filter(|_| name != MORE) {
            Some(actual) => {
                let updated = self.updated(&name, expected.get(&name), actual);
                (name, updated)
            }
            None => (name, Value::Null),
        });
        members.collect()
    }

    fn updated_list(&mut self, member: &str, expected: &[Value], actual: &[Value]) -> Vec<Value> {
        let (expected, more) = match expected.split_last() {
            Some((last, before)) if last == MORE => (before, Some(last)),
            _ => (expected, None),
        };
        let wanted = if more.is_some() { expected.len().min(actual.len()) } else { actual.len() };
        let items = (0..wanted).map(|at| self.updated(member, expected.get(at), &actual[at]));
        let mut items: Vec<_> = items.collect();
        items.extend(more.cloned());
        items
    }

    fn written(&mut self, member: &str, actual: &Value) -> Value {
        match actual {
            Value::String(text) => match self.variables.name_of(text) {
                Some(name) => format!("${name}").into(),
                None if self.redactor.knows(text) => format!("${}", self.variables.bind_like(member, actual)).into(),
                None if self.is_of_this_run(text) => ANYTHING.into(),
                None => escaped(text).into(),
            },
            Value::Array(items) => items.iter().map(|item| self.written(member, item)).collect(),
            Value::Object(members) => {
                // What a function answers is named after the function.
                let function = members.get("function").and_then(Value::as_str);
                let written = members.iter().map(|(name, value)| {
                    let wanted = function.filter(|_| name == "data").unwrap_or(name);
                    (written_name(name), self.written(wanted, value))
                });
                let written: Map<_, _> = written.collect();
                if is_error(members) { without_what_is_open(written) } else { written }.into()
            }
            other => other.clone(),
        }
    }

    /// Whether a text names the plugin or the call, so that it is another for the next plugin or in the next run.
    fn is_of_this_run(&self, text: &str) -> bool {
        text.contains(&format!("plugin `{}`", self.plugin)) || has_call_id(text)
    }
}

/// What stands for any value.
const ANYTHING: &str = "$_";

/// Whether the id of a host call is in a text: a UUID, a slash and a number.
fn has_call_id(text: &str) -> bool {
    let before_slashes = text.match_indices('/').filter_map(|(at, _)| {
        let is_counted = text[at + 1..].starts_with(|c: char| c.is_ascii_digit());
        text.get(at.checked_sub(36)?..at).filter(|_| is_counted)
    });
    before_slashes.into_iter().any(|id| id.parse::<Uuid>().is_ok())
}

/// Whether it is an error as a host answers it, which plugins pass on.
fn is_error(members: &Map<String, Value>) -> bool {
    ["code", "message"].iter().all(|name| members.get(*name).is_some_and(Value::is_string))
}

/// An error of which nothing is said that is of one plugin or one call: `{code: not_found, ...: }`.
fn without_what_is_open(mut error: Map<String, Value>) -> Map<String, Value> {
    let before = error.len();
    error.retain(|_, value| value != ANYTHING);
    if error.len() < before {
        // A plugin that does not pass all of it on passes on less, or nulls.
        error.retain(|_, value| !value.is_null());
        error.insert(MORE.to_owned(), Value::Null);
    }
    error
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn updated(expected: Option<&Value>, actual: &Value) -> Value {
        let redactor = Redactor::new();
        redactor.learn_text("hunter22");
        let mut variables = Variables::default();
        variables.bind("user", &json!("0123-4567"));
        Update { variables: &mut variables, redactor: &redactor, plugin: "notes", numbers_are_booleans: false }
            .updated("output", expected, actual)
    }

    #[test]
    fn what_is_not_there_yet_is_written_with_names_for_secrets() {
        let actual = json!({"id": "0123-4567", "tokens": ["hunter22", "hunter22"], "price": "$price"});
        let written = json!({"id": "$user", "tokens": ["$tokens", "$tokens"], "price": "$$price"});
        assert_eq!(updated(None, &actual), written);
        let call = json!({"function": "hash_password", "data": "hunter22"});
        assert_eq!(updated(None, &call), json!({"function": "hash_password", "data": "$hash_password"}));
    }

    #[test]
    fn what_is_of_one_plugin_or_one_call_is_left_open() {
        let call = "0190b2c4-8f3a-7d21-9c55-1f2e3d4c5b6a/3";
        let error = json!({"code": "conflict", "message": "taken", "field": null, "call_id": call});
        assert_eq!(updated(None, &error), json!({"code": "conflict", "message": "taken", "...": null}));
        let error =
            json!({"code": "permission_denied", "message": "plugin `notes` was not granted `a`", "call_id": call});
        assert_eq!(updated(None, &json!([error])), json!([{"code": "permission_denied", "...": null}]));
        let said = "plugin `notes`, export `run`: the guest trapped: wasm trap";
        assert_eq!(updated(None, &said.into()), "$_");
        assert_eq!(updated(None, &json!({"id": call, "name": "notes"})), json!({"id": "$_", "name": "notes"}));
        let plain = json!({"code": "conflict", "message": "taken", "field": null});
        assert_eq!(updated(None, &plain), plain);
        for text in ["plugin `other` is there", "a/1", "0190b2c4-8f3a-7d21-9c55-1f2e3d4c5b6a"] {
            assert_eq!(updated(None, &text.into()), text);
        }
    }

    #[test]
    fn what_was_met_stays_and_so_does_what_may_be_more() {
        let expected = json!({"b": "$b", "a": {"x": 1, "...": null}, "gone": 1, "list": ["$_", 5, "..."]});
        let actual = json!({"a": {"x": 2, "y": 3}, "b": 4, "new": "n", "list": [1, 2, 3]});
        let written = json!({"b": "$b", "a": {"x": 2, "...": null}, "list": ["$_", 2, "..."], "new": "n"});
        assert_eq!(updated(Some(&expected), &actual), written);
    }
}

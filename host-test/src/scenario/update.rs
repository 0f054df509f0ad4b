//! Expectations as they came out.

use hostfn_runtime::Redactor;
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
                None => escaped(text).into(),
            },
            Value::Array(items) => items.iter().map(|item| self.written(member, item)).collect(),
            Value::Object(members) => {
                // What a function answers is named after the function.
                let function = members.get("function").and_then(Value::as_str);
                let members = members.iter().map(|(name, value)| {
                    let wanted = function.filter(|_| name == "data").unwrap_or(name);
                    (written_name(name), self.written(wanted, value))
                });
                members.collect()
            }
            other => other.clone(),
        }
    }
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
        Update { variables: &mut variables, redactor: &redactor, numbers_are_booleans: false }
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
    fn what_was_met_stays_and_so_does_what_may_be_more() {
        let expected = json!({"b": "$b", "a": {"x": 1, "...": null}, "gone": 1, "list": ["$_", 5, "..."]});
        let actual = json!({"a": {"x": 2, "y": 3}, "b": 4, "new": "n", "list": [1, 2, 3]});
        let written = json!({"b": "$b", "a": {"x": 2, "...": null}, "list": ["$_", 2, "..."], "new": "n"});
        assert_eq!(updated(Some(&expected), &actual), written);
    }
}

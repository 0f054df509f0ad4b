//! What happened, beside what was expected.

use std::fmt;

use serde_json::{Map, Number, Value};

use super::variables::{ESCAPED_MORE, MORE, Meaning, Variables};

/// One thing that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Where: `output.user.name`, `calls[2].request`, `database.users[0]`.
    pub path: String,
    /// What was expected there, as JSON; nothing where nothing was.
    pub expected: Option<String>,
    /// What was there, as JSON; nothing where nothing was.
    pub actual: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {}", self.path)?;
        let line = |f: &mut fmt::Formatter<'_>, sign, value: &Option<String>| match value {
            Some(value) => write!(f, "\n    {sign} {value}"),
            None => Ok(()),
        };
        line(f, '-', &self.expected)?;
        line(f, '+', &self.actual)
    }
}

impl Difference {
    /// Something to say that is no comparison.
    pub(super) fn remark(path: impl Into<String>, remark: impl Into<String>) -> Self {
        Self { path: format!("{}: {}", path.into(), remark.into()), expected: None, actual: None }
    }
}

/// Finds what differs, and learns what the names stand for that are met for the first time.
pub(super) struct Comparison<'a> {
    pub(super) variables: &'a mut Variables,
    /// Whether `true` and 1 are the same: not every database knows the difference.
    pub(super) numbers_are_booleans: bool,
    /// Shows a value to people.
    pub(super) shown: &'a dyn Fn(&Value) -> String,
    pub(super) found: Vec<Difference>,
}

impl Comparison<'_> {
    /// Whether there is nothing to find.
    pub(super) fn is_met(&mut self, expected: &Value, actual: &Value) -> bool {
        let (variables, found) = (self.variables.clone(), self.found.len());
        self.compare("", expected, actual);
        let is_met = self.found.len() == found;
        if !is_met {
            self.found.truncate(found);
            *self.variables = variables;
        }
        is_met
    }

    pub(super) fn compare(&mut self, path: &str, expected: &Value, actual: &Value) {
        match (expected, actual) {
            (Value::String(text), _) => self.compare_text(path, text, actual),
            (Value::Object(expected), Value::Object(actual)) => self.compare_objects(path, expected, actual),
            (Value::Array(expected), Value::Array(actual)) => self.compare_lists(path, expected, actual),
            (Value::Bool(expected), Value::Number(actual)) if self.numbers_are_booleans => {
                if actual.as_i64() != Some(i64::from(*expected)) {
                    self.differs(path, Some(&Value::from(*expected)), Some(&actual.clone().into()));
                }
            }
            (Value::Number(left), Value::Number(right)) if are_equal(left, right) => {}
            _ if expected == actual => {}
            _ => self.differs(path, Some(expected), Some(actual)),
        }
    }

    fn compare_text(&mut self, path: &str, expected: &str, actual: &Value) {
        match Meaning::of(expected) {
            Meaning::Anything => {}
            Meaning::Name(name) => match self.variables.get(name) {
                None => self.variables.bind(name, actual),
                Some(value) if value == actual => {}
                Some(value) => {
                    let expected = format!("{} (${name})", (self.shown)(value));
                    let actual = Some((self.shown)(actual));
                    self.found.push(Difference { path: path.to_owned(), expected: Some(expected), actual });
                }
            },
            Meaning::Text => match self.variables.fill_text(expected) {
                Ok(text) if actual.as_str() == Some(&text) => {}
                Ok(text) => self.differs(path, Some(&text.into()), Some(actual)),
                Err(problem) => self.found.push(Difference::remark(path, problem)),
            },
        }
    }

    fn compare_objects(&mut self, path: &str, expected: &Map<String, Value>, actual: &Map<String, Value>) {
        for (name, expected) in expected.iter().filter(|(name, _)| *name != MORE) {
            let name = if name == ESCAPED_MORE { MORE } else { name };
            match actual.get(name) {
                Some(actual) => self.compare(&member(path, name), expected, actual),
                None => self.differs(&member(path, name), Some(expected), None),
            }
        }
        if !expected.contains_key(MORE) {
            for (name, actual) in actual.iter().filter(|(name, _)| !expected.contains_key(&written_name(name))) {
                self.differs(&member(path, name), None, Some(actual));
            }
        }
    }

    fn compare_lists(&mut self, path: &str, expected: &[Value], actual: &[Value]) {
        let (expected, may_have_more) = match expected.split_last() {
            Some((last, before)) if last == MORE => (before, true),
            _ => (expected, false),
        };
        for at in 0..expected.len().max(actual.len()) {
            let path = format!("{path}[{at}]");
            match (expected.get(at), actual.get(at)) {
                (Some(expected), Some(actual)) => self.compare(&path, expected, actual),
                (None, Some(_)) if may_have_more => break,
                (expected, actual) => self.differs(&path, expected, actual),
            }
        }
    }

    fn differs(&mut self, path: &str, expected: Option<&Value>, actual: Option<&Value>) {
        let [expected, actual] = [expected, actual].map(|value| value.map(self.shown));
        self.found.push(Difference { path: path.to_owned(), expected, actual });
    }
}

/// A member's name as it is written in a scenario.
pub(super) fn written_name(name: &str) -> String {
    if name == MORE { ESCAPED_MORE.to_owned() } else { name.to_owned() }
}

/// Whole numbers to the last digit, others as far as they go.
fn are_equal(left: &Number, right: &Number) -> bool {
    let is_whole = |number: &Number| number.is_i64() || number.is_u64();
    if is_whole(left) && is_whole(right) { left == right } else { left.as_f64() == right.as_f64() }
}

fn member(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differences(expected: &Value, actual: &Value) -> Vec<String> {
        let mut variables = Variables::default();
        let shown = Value::to_string;
        let mut comparison =
            Comparison { variables: &mut variables, numbers_are_booleans: false, shown: &shown, found: Vec::new() };
        comparison.compare("output", expected, actual);
        comparison.found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn everything_is_compared() {
        assert_eq!(
            differences(&json!({"a": 1, "b": [1], "c": null}), &json!({"a": 2, "b": [1, 2], "d": "x"})),
            [
                "  output.a\n    - 1\n    + 2",
                "  output.b[1]\n    + 2",
                "  output.c\n    - null",
                "  output.d\n    + \"x\""
            ]
        );
        assert!(differences(&json!({"a": 1.0}), &json!({"a": 1})).is_empty());
        assert_eq!(differences(&json!(true), &json!(1)).len(), 1);
        assert_eq!(differences(&json!(9_007_199_254_740_993_i64), &json!(9_007_199_254_740_992_i64)).len(), 1);
    }

    #[test]
    fn there_may_be_more_where_it_says_so() {
        assert!(differences(&json!({"a": 1, "...": null}), &json!({"a": 1, "b": 2})).is_empty());
        assert!(differences(&json!([1, "..."]), &json!([1, 2, 3])).is_empty());
        assert_eq!(differences(&json!([1, "..."]), &json!([])), ["  output[0]\n    - 1"]);
        assert_eq!(differences(&json!({"a": 1, "...": null}), &json!({"b": 2})), ["  output.a\n    - 1"]);
        assert!(differences(&json!(["$...", {"$...": 1}]), &json!(["...", {"...": 1}])).is_empty());
        assert_eq!(differences(&json!([1, "$..."]), &json!([1, 2])).len(), 1);
    }

    #[test]
    fn a_name_is_the_same_wherever_it_stands() {
        assert!(differences(&json!(["$a", "$a", "$_", "<${a}>"]), &json!(["x", "x", {}, "<x>"])).is_empty());
        assert_eq!(differences(&json!(["$a", "$a"]), &json!([1, 2])), ["  output[1]\n    - 1 ($a)\n    + 2"]);
        assert_eq!(differences(&json!(["<${a}>"]), &json!(["<x>"])).len(), 1);
    }
}

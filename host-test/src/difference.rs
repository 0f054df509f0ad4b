//! Which call of a transcript is not as accepted, and how.

use std::fmt::Write;

use serde_json::Value;
use similar::{Algorithm, ChangeTag, DiffOp, TextDiff, capture_diff_slices};

use crate::accepted::{Accepted, AcceptedCall};

/// A sentence for each thing that differs, in the order of the calls.
pub(crate) fn differences(old: &Accepted, new: &Accepted) -> Vec<String> {
    let mut found = Vec::new();
    // A call more or less moves the others and changes none of them.
    for operation in capture_diff_slices(Algorithm::Myers, &identities(&old.calls), &identities(&new.calls)) {
        match operation {
            DiffOp::Equal { old_index, new_index, len } => {
                (0..len).for_each(|at| compare(&old.calls[old_index + at], &new.calls, new_index + at, &mut found));
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } if old_len == new_len => {
                (0..old_len).for_each(|at| compare(&old.calls[old_index + at], &new.calls, new_index + at, &mut found));
            }
            operation => {
                let (_, was, is) = operation.as_tag_tuple();
                found.extend(old.calls[was].iter().map(|call| format!("{} is no longer made", described(call))));
                found.extend(is.map(|at| format!("call {}: {} is new", at + 1, described(&new.calls[at]))));
            }
        }
    }
    if old.database != new.database {
        found.push(format!("the database:{}", lines(&old.database, &new.database)));
    }
    found
}

/// The lines that are not the same, as a patch has them.
fn lines(old: &str, new: &str) -> String {
    let difference = TextDiff::from_lines(old, new);
    let changes = difference.iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal);
    changes.map(|change| format!("\n    {} {}", change.tag(), change.value().trim())).collect()
}

/// What makes a call the same call: who makes it, and with what.
fn identities(calls: &[AcceptedCall]) -> Vec<String> {
    calls.iter().map(|call| format!("{} {} {}", call.plugin, call.function, call.request)).collect()
}

fn compare(old: &AcceptedCall, calls: &[AcceptedCall], at: usize, found: &mut Vec<String>) {
    let new = &calls[at];
    let mut differ = |what: &str| found.push(format!("call {}, {}: {what}", at + 1, described(new)));
    if (&old.plugin, &old.function) != (&new.plugin, &new.function) {
        return differ(&format!("it was {}", described(old)));
    }
    if old.is_mocked != new.is_mocked {
        differ(if new.is_mocked { "a mock answers now" } else { "no mock answers any more" });
    }
    for (part, old, new) in [("request", &old.request, &new.request), ("answer", &old.response, &new.response)] {
        let mut paths = String::new();
        members("", Some(old), Some(new), &mut paths);
        if !paths.is_empty() {
            differ(&format!("the {part} differs{paths}"));
        }
    }
}

fn described(call: &AcceptedCall) -> String {
    format!("`{}` by `{}`", call.function, call.plugin)
}

/// Writes each member that differs, by its path, with both values.
fn members(path: &str, old: Option<&Value>, new: Option<&Value>, out: &mut String) {
    match (old, new) {
        (Some(Value::Object(was)), Some(Value::Object(is))) => {
            let names = was.keys().chain(is.keys().filter(|name| !was.contains_key(*name)));
            for name in names {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                members(&path, was.get(name), is.get(name), out);
            }
        }
        (Some(Value::Array(was)), Some(Value::Array(is))) if was.len() == is.len() => {
            was.iter()
                .zip(is)
                .enumerate()
                .for_each(|(at, (was, is))| members(&format!("{path}[{at}]"), Some(was), Some(is), out));
        }
        _ if old == new => {}
        _ => {
            let space = if path.is_empty() { "" } else { " " };
            // Writing to a text never fails.
            let _ = write!(out, ",{space}{path} {} -> {}", shown(old), shown(new));
        }
    }
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "absent".to_owned(), Value::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A transcript of calls, each a function with a request and an answer.
    fn transcript(calls: &[(&str, &str, &str)], database: &str) -> Accepted {
        let mut text = String::new();
        for (function, request, answer) in calls {
            let _ = write!(text, "`test` calls `{function}` with\n  {request}\n\nand is answered\n  {answer}\n\n");
        }
        Accepted::parse(&format!("{text}database\n  {database}"))
    }

    const GET: (&str, &str, &str) = ("get", "{}", r#"{"success": true, "data": {"bio": null, "tags": [1, 2]}}"#);
    const PUT: (&str, &str, &str) = ("put", r#"{"id": 1}"#, r#"{"success": true}"#);

    #[test]
    fn what_is_the_same_differs_in_nothing() {
        assert_eq!(differences(&transcript(&[GET, PUT], "unchanged"), &transcript(&[GET, PUT], "unchanged")), [""; 0]);
    }

    #[test]
    fn an_answer_differs_by_its_members() {
        let now = ("get", "{}", r#"{"success": true, "data": {"tags": [1, 3], "hash": "x"}}"#);
        assert_eq!(
            differences(&transcript(&[PUT, GET], "unchanged"), &transcript(&[PUT, now], "added to users")),
            [
                "call 2, `get` by `test`: the answer differs, data.bio null -> absent, data.tags[1] 2 -> 3, data.hash \
                 absent -> \"x\"",
                "the database:\n    - unchanged\n    + added to users"
            ]
        );
    }

    #[test]
    fn one_more_call_changes_no_other() {
        let more = transcript(&[PUT, GET, PUT], "unchanged");
        let less = transcript(&[GET, PUT], "unchanged");
        assert_eq!(differences(&less, &more), ["call 1: `put` by `test` is new"]);
        assert_eq!(differences(&more, &less), ["`put` by `test` is no longer made"]);
    }

    #[test]
    fn a_call_with_another_request_is_told_by_it() {
        let other = ("put", r#"{"id": 2}"#, r#"{"success": true}"#);
        assert_eq!(
            differences(&transcript(&[PUT], "unchanged"), &transcript(&[other], "unchanged")),
            ["call 1, `put` by `test`: the request differs, id 1 -> 2"]
        );
        assert_eq!(
            differences(&transcript(&[PUT], "unchanged"), &transcript(&[GET], "unchanged")),
            ["call 1, `get` by `test`: it was `put` by `test`"]
        );
    }
}

//! Changes to the text of a scenario that keep its comments and its layout.

use serde_json::{Map, Value};
use yaml_edit::{Document, path::YamlPath};

use super::{variables::MORE, yaml};
use crate::fixture::Failure;

/// An expectation of a step that is to be set, or, without a value, taken out.
#[derive(Debug)]
pub(super) struct Edit {
    /// Which step, from 0.
    pub(super) step: usize,
    pub(super) member: &'static str,
    pub(super) value: Option<Value>,
}

/// The text with the edits made, each in as little of the text as it can be: what is beside it keeps its comments.
///
/// # Errors
/// When the text afterwards would not say what it shall, and nothing else.
pub(super) fn edited(text: &str, edits: &[Edit]) -> Result<String, Failure> {
    let before = yaml::parse::<Value>(text)?;
    let mut after = before.clone();
    for Edit { step, member, value } in edits {
        let members = after.get_mut("steps").and_then(|steps| steps.get_mut(step)).and_then(Value::as_object_mut);
        let members = members.ok_or("has no such step")?;
        match value {
            Some(value) => members.insert((*member).to_owned(), value.clone()),
            None => members.shift_remove(*member),
        };
    }
    let mut small = Vec::new();
    let mut whole = Vec::new();
    for Edit { step, member, value } in edits {
        let path = format!("steps[{step}].{member}");
        match (before["steps"][step].get(member), value) {
            (Some(old), Some(new)) => changes(&path, old, new, &mut small),
            (None, None) => {}
            (_, new) => small.push((path.clone(), new.clone())),
        }
        whole.push((path, value.clone()));
    }
    let says_it = |text: &String| yaml::parse::<Value>(text).is_ok_and(|value| value == after);
    [small, whole].iter().find_map(|changes| made(text, changes).ok().filter(says_it)).ok_or_else(|| {
        "its layout is beyond what `--update` can change; nothing was written: write the steps in block style, each \
         member on a line of its own, in one document"
            .into()
    })
}

/// The places where a value differs, each with what shall be there.
fn changes(path: &str, old: &Value, new: &Value, out: &mut Vec<(String, Option<Value>)>) {
    match (old, new) {
        _ if old == new => {}
        (Value::Object(was), Value::Object(is)) if was.keys().chain(is.keys()).all(|name| is_plain(name)) => {
            for (name, old) in was {
                let path = format!("{path}.{name}");
                match is.get(name) {
                    Some(new) => changes(&path, old, new, out),
                    None => out.push((path, None)),
                }
            }
            for (name, new) in is.iter().filter(|(name, _)| !was.contains_key(*name)) {
                out.push((format!("{path}.{name}"), Some(new.clone())));
            }
        }
        (Value::Array(was), Value::Array(is)) if was.len() == is.len() => {
            for (at, (old, new)) in was.iter().zip(is).enumerate() {
                changes(&format!("{path}[{at}]"), old, new, out);
            }
        }
        _ => out.push((path.to_owned(), Some(new.clone()))),
    }
}

/// Whether a name can stand in a path as it is. Three dots cannot, and need not: they are never changed.
fn is_plain(name: &str) -> bool {
    name == MORE || (!name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_'))
}

fn made(text: &str, changes: &[(String, Option<Value>)]) -> Result<String, Failure> {
    let document: Document = text.parse().map_err(|error| format!("{error}"))?;
    for (path, value) in changes {
        match value {
            Some(value) => {
                let rendered: Document = rendered(value)?.parse().map_err(|error| format!("{error}"))?;
                let node = rendered.as_mapping().and_then(|mapping| mapping.get("value")).ok_or("cannot be written")?;
                document.try_set_path(path, &node).map_err(|error| format!("{error}"))?;
            }
            None => {
                document.try_remove_path(path).map_err(|error| format!("{error}"))?;
            }
        }
    }
    Ok(document.to_string())
}

/// A value as people write it.
fn rendered(value: &Value) -> Result<String, Failure> {
    let holder = Value::Object(Map::from_iter([("value".to_owned(), value.clone())]));
    let text = serde_saphyr::to_string(&holder)?;
    let more = format!("\"{MORE}\": null");
    let lines = text.lines().map(|line| match line.strip_suffix(more.as_str()) {
        Some(indent) if indent.trim().is_empty() => format!("{indent}{MORE}:"),
        _ => line.to_owned(),
    });
    Ok(lines.map(|line| line + "\n").collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "\
# What it is about.
steps:
  - export: one   # the first
    output: {a: 1}   # short

  # The second.
  - export: two
    output: old
    database:
      users: []
";

    fn set(step: usize, member: &'static str, value: Value) -> Edit {
        Edit { step, member, value: Some(value) }
    }

    #[test]
    fn only_what_is_edited_changes() {
        let edits = [
            set(0, "output", json!({"a": 2})),
            Edit { step: 1, member: "output", value: None },
            set(1, "error", json!("it: failed")),
            set(1, "database", json!({"users": [{"name": "Ada", "bio": null}]})),
        ];
        let expected = "\
# What it is about.
steps:
  - export: one   # the first
    output: {a: 2}   # short

  # The second.
  - export: two
    database:
      users:
        - name: Ada
          bio: null
    error: \"it: failed\"
";
        assert_eq!(edited(TEXT, &edits).unwrap(), expected);
    }

    #[test]
    fn what_is_beside_a_change_keeps_its_comments() {
        let text = "\
steps:
  - export: one
    output:
      # Who it is.
      user: {name: Ada, bio: null}  # both
      # What it costs.
      price: 1
    calls:
      # First this.
      - hash
      # Then that.
      - function: store   # into the database
        request: {id: 1}
";
        let edits = [
            set(0, "output", json!({"user": {"name": "Bob", "bio": null}, "price": 1})),
            set(0, "calls", json!(["hash", {"function": "store", "request": {"id": 2}}])),
        ];
        let expected = text.replace("Ada", "Bob").replace("{id: 1}", "{id: 2}");
        assert_eq!(edited(text, &edits).unwrap(), expected);
    }

    #[test]
    fn what_cannot_be_edited_is_refused() {
        let edits = [set(7, "output", json!(1))];
        assert_eq!(edited(TEXT, &edits).unwrap_err().to_string(), "has no such step");
    }
}

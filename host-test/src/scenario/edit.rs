//! Changes to the text of a scenario that keep its comments and its layout.

use serde_json::{Map, Value};
use yaml_edit::{Document, path::YamlPath};

use super::{compare::MORE, file::parse_value};
use crate::fixture::Failure;

/// An expectation of a step that is to be set, or, without a value, taken out.
#[derive(Debug)]
pub(super) struct Edit {
    /// Which step, from 0.
    pub(super) step: usize,
    pub(super) member: &'static str,
    pub(super) value: Option<Value>,
}

/// The text with the edits made.
///
/// # Errors
/// When the text afterwards would not say what it shall, and nothing else.
pub(super) fn edited(text: &str, edits: &[Edit]) -> Result<String, Failure> {
    let document: Document = text.parse().map_err(|error| format!("cannot be changed: {error}"))?;
    let mut expected = parse_value(text)?;
    for Edit { step, member, value } in edits {
        let path = format!("steps[{step}].{member}");
        let members = expected.get_mut("steps").and_then(|steps| steps.get_mut(step)).and_then(Value::as_object_mut);
        let members = members.ok_or("has no such step")?;
        match value {
            Some(value) => {
                let rendered: Document =
                    rendered(value)?.parse().map_err(|error| format!("cannot be written: {error}"))?;
                let node = rendered.as_mapping().and_then(|mapping| mapping.get("value")).ok_or("cannot be written")?;
                document.try_set_path(&path, &node).map_err(|error| format!("`{path}` cannot be changed: {error}"))?;
                members.insert((*member).to_owned(), value.clone());
            }
            None => {
                document.try_remove_path(&path).map_err(|error| format!("`{path}` cannot be taken out: {error}"))?;
                members.shift_remove(*member);
            }
        }
    }
    let edited = document.to_string();
    match parse_value(&edited) {
        Ok(value) if value == expected => Ok(edited),
        _ => Err(
            "its layout is beyond what `--update` can change; nothing was written: write the steps in block style, \
                  each member on a line of its own"
                .into(),
        ),
    }
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
            set(0, "output", json!({"a": 2, "...": null})),
            Edit { step: 1, member: "output", value: None },
            set(1, "error", json!("it: failed")),
            set(1, "database", json!({"users": [{"name": "Ada", "bio": null}]})),
        ];
        let expected = "\
# What it is about.
steps:
  - export: one   # the first
    output:   # short
      a: 2
      ...:

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
    fn what_cannot_be_edited_is_refused() {
        let edits = [set(7, "output", json!(1))];
        assert_eq!(edited(TEXT, &edits).unwrap_err().to_string(), "has no such step");
    }
}

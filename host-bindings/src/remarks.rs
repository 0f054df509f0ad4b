//! What a field may be, where no language's types can say it: in words, beside its documentation.

use hostfn_runtime::{ANY_STRING_PATTERN, NO_NUL_PATTERN};
use serde_json::Value;

/// A text of a schema, or none.
pub(crate) fn text(schema: &Value, word: &str) -> String {
    schema.get(word).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}

/// The documentation of a field, with its limits, and a warning where it is a secret.
pub(crate) fn remarks(schema: &Value, secret: bool) -> String {
    let mut remarks: Vec<_> =
        [limits(schema, "Length", "minLength", "maxLength"), limits(schema, "Range", "minimum", "maximum")]
            .into_iter()
            .chain([limits(schema, "Entries", "minItems", "maxItems")])
            .flatten()
            .collect();
    if let Some(pattern) = own_pattern(schema) {
        remarks.push(format!("Pattern: `{pattern}`."));
    }
    if secret {
        remarks.push("A secret: keep it out of logs and messages.".to_owned());
    }
    let paragraphs = [text(schema, "description"), remarks.join(" ")];
    paragraphs.into_iter().filter(|paragraph| !paragraph.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// The pattern that a type has of its own: what is so of every string is no remark.
pub(crate) fn own_pattern(schema: &Value) -> Option<&str> {
    let pattern = schema.get("pattern").and_then(Value::as_str);
    pattern.filter(|pattern| ![NO_NUL_PATTERN, ANY_STRING_PATTERN].contains(pattern))
}

/// `Length: 1 to 200.`; the whole range of a type is no limit.
fn limits(schema: &Value, what: &str, smallest: &str, largest: &str) -> Option<String> {
    let bound = |word: &str| schema.get(word).filter(|bound| !is_a_types_own(bound));
    match (bound(smallest), bound(largest)) {
        (Some(smallest), Some(largest)) => Some(format!("{what}: {smallest} to {largest}.")),
        (Some(smallest), None) => Some(format!("{what}: {smallest} or more.")),
        (None, Some(largest)) => Some(format!("{what}: up to {largest}.")),
        (None, None) => None,
    }
}

fn is_a_types_own(bound: &Value) -> bool {
    const JSON: i64 = (1 << 53) - 1;
    let own = [i64::from(i32::MIN), i64::from(i32::MAX), JSON, -JSON];
    bound.as_i64().is_some_and(|bound| own.contains(&bound))
}

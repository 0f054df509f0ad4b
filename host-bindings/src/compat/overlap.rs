//! Whether a value can be of two variants. `oneOf` refuses it then, so that a variant which takes more makes
//! the union take less, and which of the two it does cannot be told.

use serde_json::Value;

use super::form::Form;

/// Whether some value may be of two variants of a union that wants it to be of one.
pub(super) fn may_match_twice(union: &Form) -> bool {
    let all = &union.variants;
    union.union == Some("oneOf")
        && all.iter().enumerate().any(|(place, left)| all[place + 1..].iter().any(|right| !are_apart(left, right)))
}

/// Whether it is plain that no value is of both.
fn are_apart(left: &Form, right: &Form) -> bool {
    let (Some(left_kinds), Some(right_kinds)) = (&left.kinds, &right.kinds) else { return false };
    let is_number = |kind: &String| kind == "integer" || kind == "number";
    let are_numbers = left_kinds.iter().any(is_number) && right_kinds.iter().any(is_number);
    if left_kinds.is_disjoint(right_kinds) && !are_numbers {
        return true;
    }
    let are_objects = [left_kinds, right_kinds].into_iter().all(|kinds| kinds.iter().eq(["object"]));
    are_objects && (have_other_tags(left, right) || refuses(left, right) || refuses(right, left))
}

/// Whether a field that one of them needs has another constant in the other.
fn have_other_tags(left: &Form, right: &Form) -> bool {
    fields(left).any(|(name, schema)| {
        let tags = (schema.get("const"), property(right, name).and_then(|schema| schema.get("const")));
        matches!(tags, (Some(left), Some(right)) if left != right) && (needs(left, name) || needs(right, name))
    })
}

/// Whether one needs a field that the other does not take.
fn refuses(closed: &Form, other: &Form) -> bool {
    closed.members.get("additionalProperties") == Some(&Value::Bool(false))
        && fields(other).any(|(name, _)| needs(other, name) && property(closed, name).is_none())
}

fn fields(form: &Form) -> impl Iterator<Item = (&String, &Value)> {
    form.members.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn property<'a>(form: &'a Form, name: &str) -> Option<&'a Value> {
    form.members.get("properties")?.get(name)
}

fn needs(form: &Form, name: &str) -> bool {
    let required = form.members.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|other| other == name))
}

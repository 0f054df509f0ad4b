//! What a validator of JSON Schema finds, in the words of this host.

use jsonschema::{
    JsonType, ValidationError, Validator,
    error::{TypeKind, ValidationErrorKind},
    paths::Location,
};
use serde_json::Value;

use super::{Breach, within};

/// A validator for a schema, which keeps to its formats too.
///
/// # Errors
/// What is wrong with the schema, such as a pattern that is none.
pub(super) fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::options().should_validate_formats(true).build(schema).map_err(|error| error.to_string())
}

/// The first thing in a value that its schema forbids. Nothing of the value is told, for it may be a secret.
pub(super) fn breach(validator: &Validator, value: &Value) -> Option<Breach> {
    // Finding out what is wrong costs more than that nothing is.
    if validator.is_valid(value) {
        return None;
    }
    validator.validate(value).err().map(|error| told(most_telling(&error), value))
}

/// Of what is wrong with each of some alternatives, the one that comes closest to what was meant: it goes deepest, and it
/// is not merely another type.
fn most_telling<'a>(error: &'a ValidationError<'a>) -> &'a ValidationError<'a> {
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) = error.kind() else {
        return error;
    };
    // Each alternative is as far from what was meant as the worst that is wrong with it.
    let of_alternatives = context.iter().filter_map(|errors| errors.iter().map(most_telling).min_by_key(closeness));
    of_alternatives.max_by_key(closeness).unwrap_or(error)
}

fn closeness(error: &&ValidationError<'_>) -> (usize, bool) {
    let is_another = matches!(
        error.kind(),
        ValidationErrorKind::Type { .. } | ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. }
    );
    (error.instance_path().iter().count(), !is_another)
}

fn told(error: &ValidationError<'_>, value: &Value) -> Breach {
    let path = path(error.instance_path(), value);
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            Breach { path: within(&path, name), problem: "the field is missing".to_owned() }
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let name = unexpected.first().map(String::as_str).unwrap_or_default();
            Breach { path: within(&path, name), problem: "unknown field".to_owned() }
        }
        kind => Breach { path, problem: problem(kind) },
    }
}

/// Where something is. A location does not tell an item from a member whose name is a number; the value does.
fn path(location: &Location, value: &Value) -> String {
    let mut value = Some(value);
    let mut path = String::new();
    for segment in location {
        let name = segment.to_string();
        match value {
            Some(Value::Array(items)) => {
                value = name.parse::<usize>().ok().and_then(|position| items.get(position));
                path = format!("{path}[{name}]");
            }
            _ => {
                value = value.and_then(|value| value.get(&name));
                path = within(&path, &name);
            }
        }
    }
    path
}

fn problem(kind: &ValidationErrorKind) -> String {
    let counted = |count: u64, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    match kind {
        ValidationErrorKind::Minimum { limit } => format!("expected {limit} or more"),
        ValidationErrorKind::Maximum { limit } => format!("expected {limit} or less"),
        ValidationErrorKind::ExclusiveMinimum { limit } => format!("expected more than {limit}"),
        ValidationErrorKind::ExclusiveMaximum { limit } => format!("expected less than {limit}"),
        ValidationErrorKind::MultipleOf { multiple_of } => format!("expected a multiple of {multiple_of}"),
        ValidationErrorKind::MinLength { limit } => format!("expected at least {}", counted(*limit, "character")),
        ValidationErrorKind::MaxLength { limit } => format!("expected at most {}", counted(*limit, "character")),
        ValidationErrorKind::MinItems { limit } => format!("expected at least {}", counted(*limit, "item")),
        ValidationErrorKind::MaxItems { limit } => format!("expected at most {}", counted(*limit, "item")),
        ValidationErrorKind::MinProperties { limit } => format!("expected at least {}", counted(*limit, "member")),
        ValidationErrorKind::MaxProperties { limit } => format!("expected at most {}", counted(*limit, "member")),
        ValidationErrorKind::UniqueItems => "expected each item once".to_owned(),
        ValidationErrorKind::Pattern { pattern } => format!("expected a string that matches `{pattern}`"),
        ValidationErrorKind::Format { format } => format!("expected a string of the format `{format}`"),
        ValidationErrorKind::Enum { options } => {
            let options: Vec<_> =
                options.as_array().into_iter().flatten().map(|option| format!("`{option}`")).collect();
            format!("expected one of {}", options.join(", "))
        }
        ValidationErrorKind::Constant { expected_value } => format!("expected `{expected_value}`"),
        ValidationErrorKind::Type { kind } => {
            let kinds: Vec<_> = match kind {
                TypeKind::Single(kind) => vec![in_words(*kind)],
                TypeKind::Multiple(kinds) => kinds.iter().map(in_words).collect(),
            };
            format!("expected {}", kinds.join(" or "))
        }
        ValidationErrorKind::PropertyNames { error } => format!("a key of it: {}", problem(error.kind())),
        kind => format!("expected what `{}` in the schema says", kind.keyword()),
    }
}

fn in_words(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "an array",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "an integer",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::String => "a string",
    }
}

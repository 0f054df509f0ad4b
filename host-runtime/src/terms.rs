//! What a type's schema promises and its Rust type cannot see to.
//!
//! A `u64` is larger than what every language can read exactly, a float may be no number, serde lets a variant without
//! fields have some, and a length that an attribute of schemars says is said and not checked. Of a type that can do none
//! of this nothing is looked at. Of the others the text is searched for what could be one, and only then is it compared
//! with the schema, member by member; a validator sees to what attributes say.

mod gaps;
mod text;
mod validate;

use hostfn_contract::{
    ANY_STRING_PATTERN, HostError, NO_NUL_PATTERN,
    subschemas::{of_item, of_member, of_same_value},
};
use jsonschema::Validator;
use serde_json::{Number, Value};

use self::{
    gaps::{Gaps, bare_variants, is_of},
    text::{has_escaped_nul, has_large_float, has_long_number},
};
use crate::foreign::shortened;

pub(crate) use self::text::with_plain_integers;

/// The largest integer that a contract promises: 2^53 - 1, which every language with only doubles has exactly.
pub(crate) const LARGEST_INTEGER: i64 = (1 << 53) - 1;

/// The terms that a request or a response must keep, beyond what its Rust type sees to.
pub(crate) struct Terms {
    schema: Value,
    gaps: Gaps,
    validator: Option<Validator>,
}

/// A value that leaves its terms.
#[derive(Debug, PartialEq, Eq)]
struct Breach {
    /// Where it is: `lines[0].count`.
    path: String,
    problem: String,
}

impl Terms {
    /// The terms of a schema.
    ///
    /// # Errors
    /// What is wrong with it, where it is no schema: a type may bring a pattern that is none.
    pub(crate) fn of(schema: Value) -> Result<Self, String> {
        let gaps = Gaps::of(&schema);
        let validator = gaps.assertions.then(|| validate::validator(&schema)).transpose()?;
        Ok(Self { schema, gaps, validator })
    }

    /// Whether every value is compared with the schema, because no type checks what the schema says.
    pub(crate) fn always_compares(&self) -> bool {
        self.validator.is_some()
    }

    /// Whether a request keeps them.
    ///
    /// # Errors
    /// `invalid_request` with the field that does not.
    pub(crate) fn check_request(&self, text: &str) -> Result<(), HostError> {
        let text = if text.is_empty() { b"{}" } else { text.as_bytes() };
        match self.may_break_request(text).then(|| self.breach(text)).flatten() {
            Some(Breach { path, problem }) if path.is_empty() => {
                Err(HostError::invalid_request(format!("the request: {problem}")))
            }
            Some(Breach { path, problem }) => {
                Err(HostError::invalid_request(format!("{path}: {problem}")).in_field(path))
            }
            None => Ok(()),
        }
    }

    /// Whether the data of a response keeps them.
    ///
    /// # Errors
    /// `internal`, whose reason names the field.
    pub(crate) fn check_response(&self, data: &[u8]) -> Result<(), HostError> {
        match self.may_break_response(data).then(|| self.breach(data)).flatten() {
            Some(Breach { path, problem }) => {
                let path = if path.is_empty() { "data" } else { path.as_str() };
                Err(HostError::internal(format!("the response breaks its contract: {path}: {problem}")))
            }
            None => Ok(()),
        }
    }

    fn may_break_request(&self, text: &[u8]) -> bool {
        let Gaps { bare_variants, arrays, variant_objects, singles, .. } = self.gaps;
        bare_variants
            || (arrays && memchr::memchr(b'[', text).is_some())
            // The first is the request itself.
            || (variant_objects && memchr::memchr_iter(b'{', text).nth(1).is_some())
            || (singles && has_large_float(text))
            || self.may_break(text)
    }

    fn may_break_response(&self, data: &[u8]) -> bool {
        // What is no number is written as null.
        (self.gaps.numbers && memchr::memmem::find(data, b"null").is_some()) || self.may_break(data)
    }

    /// Whether there is what could be an integer that is not exact, or U+0000, which is always escaped, or whatever it is
    /// that a validator finds.
    fn may_break(&self, text: &[u8]) -> bool {
        self.validator.is_some()
            || (self.gaps.wide_integers && has_long_number(text))
            || (self.gaps.strings && has_escaped_nul(text))
    }

    fn breach(&self, text: &[u8]) -> Option<Breach> {
        let value = serde_json::from_slice(text).ok()?;
        let found = self.breach_of(vec![&self.schema], &value, String::new());
        found.or_else(|| validate::breach(self.validator.as_ref()?, &value))
    }

    fn breach_of<'a>(&'a self, schemas: Vec<&'a Value>, value: &Value, path: String) -> Option<Breach> {
        let schemas = of_same_value(&self.schema, schemas);
        let may_be = |kind: &str| schemas.iter().any(|schema| is_of(schema, kind));
        // A value of which nothing is said may be any.
        let must_be = |kind: &str| may_be(kind) && !schemas.iter().any(|schema| is_open(schema));
        match value {
            Value::Null if may_be("number") && !may_be("null") => {
                Some(Breach { path, problem: "expected a number, and it is NaN or infinite".to_owned() })
            }
            Value::Number(number) if may_be("integer") && !may_be("number") && !is_exact(number) => {
                let least = if schemas.iter().any(|schema| schema["minimum"] == 0) { 0 } else { -LARGEST_INTEGER };
                Some(Breach { path, problem: format!("expected an integer from {least} to {LARGEST_INTEGER}") })
            }
            Value::Number(number) if is_infinite_single(number, &schemas) => {
                let largest = f32::MAX;
                Some(Breach { path, problem: format!("expected a number from -{largest:e} to {largest:e}") })
            }
            Value::String(text) if text.contains('\0') && may_be("string") && !may_hold_nul(&schemas) => {
                Some(Breach { path, problem: NUL.to_owned() })
            }
            Value::Array(_) if must_be("object") && !may_be("array") => {
                Some(Breach { path, problem: "expected an object".to_owned() })
            }
            Value::Array(items) => items.iter().enumerate().find_map(|(position, item)| {
                let below = schemas.iter().flat_map(|schema| of_item(schema, position)).collect();
                self.breach_of(below, item, format!("{path}[{position}]"))
            }),
            Value::Object(members) => {
                let only = members.iter().next().filter(|_| members.len() == 1);
                if let Some((name, _)) = only.filter(|(_, value)| value.is_null())
                    && schemas.iter().any(|schema| names_variant(schema, name))
                {
                    return Some(Breach { path, problem: format!("expected the string \"{}\"", shortened(name)) });
                }
                let variants = schemas.iter().flat_map(|schema| bare_variants(schema));
                for (tag, _) in variants.filter(|(tag, name)| members.get(*tag) == Some(*name)) {
                    if let Some(unknown) = members.keys().find(|member| *member != tag) {
                        let problem = format!("unknown field, expected `{tag}` and no other");
                        return Some(Breach { path: within(&path, unknown), problem });
                    }
                }
                if members.keys().any(|name| name.contains('\0'))
                    && schemas.iter().any(|schema| forbids_nul_in_keys(schema))
                {
                    return Some(Breach { problem: NUL.replace("the string", "a key"), path });
                }
                members.iter().find_map(|(name, member)| {
                    let below = schemas.iter().flat_map(|schema| of_member(schema, name)).collect();
                    self.breach_of(below, member, within(&path, name))
                })
            }
            _ => None,
        }
    }
}

/// Where a member of an object is.
fn within(path: &str, member: &str) -> String {
    match path {
        "" => shortened(member),
        path => format!("{path}.{}", shortened(member)),
    }
}

/// The message about U+0000.
const NUL: &str = "U+0000 is not allowed in the string: leave it out";

fn may_hold_nul(schemas: &[&Value]) -> bool {
    schemas.iter().any(|schema| schema.get("pattern").and_then(Value::as_str) == Some(ANY_STRING_PATTERN))
}

fn forbids_nul_in_keys(schema: &Value) -> bool {
    schema.pointer("/propertyNames/pattern").and_then(Value::as_str) == Some(NO_NUL_PATTERN)
}

/// Whether a schema says nothing of what kind its values are.
fn is_open(schema: &Value) -> bool {
    *schema != Value::Bool(false)
        && !["type", "$ref", "allOf", "anyOf", "oneOf", "const", "enum"].iter().any(|word| schema.get(word).is_some())
}

/// Whether a schema has a variant without fields of this name.
fn names_variant(schema: &Value, name: &str) -> bool {
    let is_name = |value: &Value| value.as_str() == Some(name);
    is_of(schema, "string")
        && (schema.get("const").is_some_and(is_name)
            || schema.get("enum").and_then(Value::as_array).is_some_and(|names| names.iter().any(is_name)))
}

fn is_exact(number: &Number) -> bool {
    match (number.as_i64(), number.as_f64()) {
        (Some(integer), _) => (-LARGEST_INTEGER..=LARGEST_INTEGER).contains(&integer),
        (None, float) => float.is_some_and(|float| float.abs() <= LARGEST_INTEGER as f64),
    }
}

/// Whether a number is more than what a single holds, where it is to be one. What serde reads twice, for the sake of a
/// flattened field or of an enum without tags, becomes infinite then.
fn is_infinite_single(number: &Number, schemas: &[&Value]) -> bool {
    let formats = || schemas.iter().filter(|schema| is_of(schema, "number")).map(|schema| schema.get("format"));
    let is_single = |format: Option<&Value>| format.is_some_and(|format| format == "float");
    number.as_f64().is_some_and(|number| (number as f32).is_infinite())
        && formats().any(is_single)
        && formats().all(is_single)
}

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod tests;

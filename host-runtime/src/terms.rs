//! What a type's schema promises and its Rust type cannot see to.
//!
//! A `u64` is larger than what every language can read exactly, a float may be no number, and serde lets a variant
//! without fields have some. Of a type that can do none of this nothing is looked at. Of the others the text is searched
//! for what could be one, and only then is it compared with the schema, member by member.

use hostfn_contract::{
    ANY_STRING_PATTERN, HostError,
    subschemas::{each_schema, of_item, of_member, of_same_value},
};
use serde_json::{Number, Value};

use crate::foreign::shortened;

/// The largest integer that a contract promises: 2^53 - 1, which every language with only doubles has exactly.
pub(crate) const LARGEST_INTEGER: i64 = (1 << 53) - 1;

/// The terms that a request or a response must keep, beyond what its Rust type sees to.
pub(crate) struct Terms {
    schema: Value,
    has_wide_integers: bool,
    has_numbers: bool,
    has_bare_variants: bool,
    has_strings: bool,
}

/// A value that leaves its terms.
#[derive(Debug, PartialEq, Eq)]
struct Breach {
    /// Where it is: `lines[0].count`.
    path: String,
    problem: String,
}

impl Terms {
    pub(crate) fn of(schema: Value) -> Self {
        let (mut has_wide_integers, mut has_numbers) = (false, false);
        let (mut has_bare_variants, mut has_strings) = (false, false);
        each_schema(&schema, &mut |schema| {
            has_wide_integers |= is_of(schema, "integer") && is_wide(schema);
            has_numbers |= is_of(schema, "number");
            has_bare_variants |= bare_variants(schema).next().is_some();
            has_strings |= is_of(schema, "string");
        });
        Self { schema, has_wide_integers, has_numbers, has_bare_variants, has_strings }
    }

    /// Whether a request keeps them.
    ///
    /// # Errors
    /// `invalid_request` with the field that does not.
    pub(crate) fn check_request(&self, text: &str) -> Result<(), HostError> {
        let is_suspect = self.has_bare_variants || self.is_suspect(text.as_bytes());
        match is_suspect.then(|| self.breach(text.as_bytes())).flatten() {
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
        // What is no number is written as null.
        let is_suspect = (self.has_numbers && memchr::memmem::find(data, b"null").is_some()) || self.is_suspect(data);
        match is_suspect.then(|| self.breach(data)).flatten() {
            Some(Breach { path, problem }) => {
                let path = if path.is_empty() { "data" } else { path.as_str() };
                Err(HostError::internal(format!("the response breaks its contract: {path}: {problem}")))
            }
            None => Ok(()),
        }
    }

    /// Whether there is what could be an integer that is not exact, or U+0000, which is always escaped.
    fn is_suspect(&self, text: &[u8]) -> bool {
        (self.has_wide_integers && has_long_number(text)) || (self.has_strings && has_escaped_nul(text))
    }

    fn breach(&self, text: &[u8]) -> Option<Breach> {
        let value = serde_json::from_slice(text).ok()?;
        self.breach_of(vec![&self.schema], &value, String::new())
    }

    fn breach_of<'a>(&'a self, schemas: Vec<&'a Value>, value: &Value, path: String) -> Option<Breach> {
        let schemas = of_same_value(&self.schema, schemas);
        let may_be = |kind: &str| schemas.iter().any(|schema| is_of(schema, kind));
        match value {
            Value::Null if may_be("number") && !may_be("null") => {
                Some(Breach { path, problem: "expected a number, and it is NaN or infinite".to_owned() })
            }
            Value::Number(number) if may_be("integer") && !may_be("number") && !is_exact(number) => {
                let least = if schemas.iter().any(|schema| schema["minimum"] == 0) { 0 } else { -LARGEST_INTEGER };
                Some(Breach { path, problem: format!("expected an integer from {least} to {LARGEST_INTEGER}") })
            }
            Value::String(text) if text.contains('\0') && may_be("string") && !may_hold_nul(&schemas) => {
                Some(Breach { path, problem: NUL.to_owned() })
            }
            Value::Array(items) => items.iter().enumerate().find_map(|(position, item)| {
                let below = schemas.iter().flat_map(|schema| of_item(schema, position)).collect();
                self.breach_of(below, item, format!("{path}[{position}]"))
            }),
            Value::Object(members) => {
                let within = |name: &str| match path.as_str() {
                    "" => shortened(name),
                    path => format!("{path}.{}", shortened(name)),
                };
                let variants = schemas.iter().flat_map(|schema| bare_variants(schema));
                for (tag, _) in variants.filter(|(tag, name)| members.get(*tag) == Some(*name)) {
                    if let Some(unknown) = members.keys().find(|member| *member != tag) {
                        let problem = format!("unknown field, expected `{tag}` and no other");
                        return Some(Breach { path: within(unknown), problem });
                    }
                }
                // The keys of a map are stored as strings are.
                if members.keys().any(|name| name.contains('\0')) {
                    return Some(Breach { problem: NUL.replace("the string", "a key"), path });
                }
                members.iter().find_map(|(name, member)| {
                    let below = schemas.iter().flat_map(|schema| of_member(schema, name)).collect();
                    self.breach_of(below, member, within(name))
                })
            }
            _ => None,
        }
    }
}

/// The message about U+0000.
const NUL: &str = "U+0000 is not allowed in the string: leave it out";

fn may_hold_nul(schemas: &[&Value]) -> bool {
    schemas.iter().any(|schema| schema.get("pattern").and_then(Value::as_str) == Some(ANY_STRING_PATTERN))
}

/// Whether a schema is of a type, among others.
fn is_of(schema: &Value, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(only)) => only == kind,
        Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
        _ => false,
    }
}

/// Whether an integer can be larger than what its contract promises.
fn is_wide(schema: &Value) -> bool {
    let is_narrow = |format: &str| ["int8", "int16", "int32", "uint8", "uint16", "uint32"].contains(&format);
    !schema.get("format").and_then(Value::as_str).is_some_and(is_narrow)
}

fn is_exact(number: &Number) -> bool {
    match (number.as_i64(), number.as_f64()) {
        (Some(integer), _) => (-LARGEST_INTEGER..=LARGEST_INTEGER).contains(&integer),
        (None, float) => float.is_some_and(|float| float.abs() <= LARGEST_INTEGER as f64),
    }
}

/// The variants of an enum with a tag that have nothing but the tag, and take no other field: the tag, and its value.
/// serde reads past whatever else there is.
fn bare_variants(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let variants = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    variants.filter(|variant| variant.get("additionalProperties") == Some(&Value::Bool(false))).filter_map(|variant| {
        let mut members = variant.get("properties")?.as_object()?.iter();
        match (members.next(), members.next()) {
            (Some((tag, only)), None) => Some((tag.as_str(), only.get("const")?)),
            _ => None,
        }
    })
}

/// Whether U+0000 could be in a string of a JSON text, where it is always escaped.
fn has_escaped_nul(text: &[u8]) -> bool {
    // Most texts have no escape at all, which is found out in a tenth of the time.
    memchr::memchr(b'\\', text).is_some() && memchr::memmem::find(text, br"\u0000").is_some()
}

/// How many digits an integer has that may not be exact.
const LONG: usize = 16;

/// Whether there are so many digits in a row. One in so many bytes is looked at, and its neighbours where it is a digit.
fn has_long_number(text: &[u8]) -> bool {
    let mut at = LONG - 1;
    while let Some(byte) = text.get(at) {
        if byte.is_ascii_digit() {
            let before = text[..at].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
            let after = text[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if before + after >= LONG {
                return true;
            }
        }
        at += LONG;
    }
    false
}

/// The text with every number that is an integer written as one: `1` for `1.0` and `1e0`, `0` for `-0`. Nothing where
/// all are.
///
/// JSON Schema says that they are integers, and serde that they are floats.
pub(crate) fn with_plain_integers(text: &str) -> Option<String> {
    let mut plain = String::new();
    let (mut done, mut is_in_string, mut at) = (0, false, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if is_in_string => at += 1,
            b'"' => is_in_string = !is_in_string,
            b'-' | b'0'..=b'9' if !is_in_string => {
                let is_of_number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
                let end = at + bytes[at..].iter().take_while(|byte| is_of_number(byte)).count();
                if let Some(integer) = as_plain_integer(&text[at..end]) {
                    plain.push_str(&text[done..at]);
                    plain.push_str(&integer.to_string());
                    done = end;
                }
                at = end - 1;
            }
            _ => {}
        }
        at += 1;
    }
    (done > 0).then(|| plain + &text[done..])
}

fn as_plain_integer(number: &str) -> Option<i64> {
    if number != "-0" && !number.bytes().any(|byte| b".eE".contains(&byte)) {
        return None;
    }
    // Only what JSON has: Rust also reads `1.` and `.5`.
    let value = serde_json::from_str::<f64>(number).ok()?;
    (value.fract() == 0.0 && value.abs() <= LARGEST_INTEGER as f64).then_some(value as i64)
}

#[cfg(test)]
mod tests;

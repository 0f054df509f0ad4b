//! Integers in terms that every validator and every generator knows.

use hostfn_runtime::subschemas::change_each_schema;
use serde_json::{Map, Value};

/// The largest integer that every language with only doubles has exactly: 2^53 - 1.
/// [RFC 8259](https://www.rfc-editor.org/rfc/rfc8259#section-6) advises no more.
const LARGEST: i64 = (1 << 53) - 1;

/// Says of each integer its range, and `int32` or `int64` for its format.
///
/// `uint32` and others that schemars writes are unknown to ajv's strict mode. A range says as much, and
/// more: a count that is never more than 400 fits 32 bits.
pub(crate) fn plain(schema: &mut Value) {
    change_each_schema(schema, &mut |members| {
        if members.get("type").is_some_and(is_integer) {
            plain_integer(members);
        }
    });
}

fn is_integer(kind: &Value) -> bool {
    kind == "integer" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "integer"))
}

fn plain_integer(members: &mut Map<String, Value>) {
    let (smallest, largest) = match members.get("format").and_then(Value::as_str) {
        Some("int8") => (i64::from(i8::MIN), i64::from(i8::MAX)),
        Some("int16") => (i64::from(i16::MIN), i64::from(i16::MAX)),
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        Some("uint8") => (0, i64::from(u8::MAX)),
        Some("uint16") => (0, i64::from(u16::MAX)),
        Some("uint32") => (0, i64::from(u32::MAX)),
        Some(format) if format.starts_with('u') => (0, LARGEST),
        _ => (-LARGEST, LARGEST),
    };
    let bound = |word: &str, otherwise: i64| members.get(word).and_then(as_integer).unwrap_or(otherwise);
    let (smallest, largest) = (bound("minimum", smallest).max(smallest), bound("maximum", largest).min(largest));
    let is_small = i32::try_from(smallest).is_ok() && i32::try_from(largest).is_ok();
    members.insert("format".to_owned(), if is_small { "int32" } else { "int64" }.into());
    members.insert("minimum".to_owned(), smallest.into());
    members.insert("maximum".to_owned(), largest.into());
}

/// schemars writes bounds as floats where they are given as such.
fn as_integer(bound: &Value) -> Option<i64> {
    bound.as_i64().or_else(|| bound.as_f64().filter(|bound| bound.fract() == 0.0).map(|bound| bound as i64))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_integer_says_its_range() {
        for (mut schema, expected) in [
            (
                json!({"type": "integer", "format": "uint32", "minimum": 1, "maximum": 400}),
                json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": 400}),
            ),
            (
                json!({"type": ["integer", "null"], "format": "uint32", "minimum": 0}),
                json!({"type": ["integer", "null"], "format": "int64", "minimum": 0, "maximum": 4_294_967_295_u32}),
            ),
            (
                json!({"properties": {"id": {"type": "integer", "format": "uint64", "minimum": 0}}}),
                json!({"properties": {"id": {
                    "type": "integer", "format": "int64", "minimum": 0, "maximum": 9_007_199_254_740_991_i64,
                }}}),
            ),
            (json!({"type": "number", "format": "double"}), json!({"type": "number", "format": "double"})),
        ] {
            plain(&mut schema);
            assert_eq!(schema, expected);
        }
    }

    #[test]
    fn a_member_named_like_a_keyword_says_its_range_and_a_value_is_none() {
        for name in ["default", "examples", "enum", "const", "properties", "$ref", "items"] {
            let integer = json!({"type": "integer", "format": "uint16"});
            let mut schema = json!({"properties": {name: integer}, "default": integer});
            plain(&mut schema);
            let plain = json!({"type": "integer", "format": "int32", "minimum": 0, "maximum": 65535});
            assert_eq!(schema, json!({"properties": {name: plain}, "default": integer}));
        }
    }
}

//! What a schema says that serde does not see to.

use hostfn_contract::{
    ANY_STRING_PATTERN, CHECKED_MARK, NO_NUL_PATTERN,
    subschemas::{Place, of_same_value, subschemas},
};
use serde_json::{Map, Value, json};

use super::LARGEST_INTEGER;

/// What a value may say that its schema forbids, although the Rust type takes it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Gaps {
    /// An integer that is larger than what every language can read exactly.
    pub(super) wide_integers: bool,
    /// A float that is no number.
    pub(super) numbers: bool,
    /// A float that is infinite as a single.
    pub(super) singles: bool,
    /// A field of a variant that has none.
    pub(super) bare_variants: bool,
    /// A string with U+0000.
    pub(super) strings: bool,
    /// An array for an object: serde takes the fields of a struct in their order.
    pub(super) arrays: bool,
    /// `{"Bug": null}` for `"Bug"`.
    pub(super) variant_objects: bool,
    /// What an attribute of schemars says, such as a length, and the type does not check.
    pub(super) assertions: bool,
}

impl Gaps {
    pub(super) fn of(schema: &Value) -> Self {
        let mut gaps = Self::default();
        // What is the same value as the root is an object: the host takes no other request.
        let roots: Vec<_> = of_same_value(schema, [schema]).into_iter().map(std::ptr::from_ref).collect();
        gaps.add(schema, Place::Same, &mut |schema| roots.contains(&std::ptr::from_ref(schema)));
        gaps
    }

    fn add(&mut self, schema: &Value, place: Place<'_>, is_root: &mut impl FnMut(&Value) -> bool) {
        self.wide_integers |= is_of(schema, "integer") && is_wide(schema);
        self.numbers |= is_of(schema, "number");
        self.singles |= schema.get("format").is_some_and(|format| format == "float");
        self.bare_variants |= bare_variants(schema).next().is_some();
        self.strings |= is_of(schema, "string") || schema.get("propertyNames").is_some();
        self.arrays |= schema.get("properties").is_some() && !is_root(schema);
        self.variant_objects |= has_variants(schema);
        self.assertions |= schema.as_object().is_some_and(|keywords| has_assertion(keywords, place));
        subschemas(schema).for_each(|(place, below)| self.add(below, place, is_root));
    }
}

/// Whether a schema is of a type, among others.
pub(super) fn is_of(schema: &Value, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(only)) => only == kind,
        Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
        _ => false,
    }
}

/// Whether an integer can be larger than what its contract promises.
fn is_wide(schema: &Value) -> bool {
    schema.get("format").and_then(Value::as_str).is_none_or(|format| range_of(format).is_none())
}

/// The integers of a type whose range is narrow enough for every language.
fn range_of(format: &str) -> Option<(i64, i64)> {
    Some(match format {
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        _ => return None,
    })
}

/// Whether a value may be a string that names a variant without fields.
fn has_variants(schema: &Value) -> bool {
    is_of(schema, "string") && (schema.get("enum").is_some() || schema.get("const").is_some())
}

/// The variants of an enum with a tag that have nothing but the tag, and take no other field: the tag, and its value.
/// serde reads past whatever else there is.
pub(super) fn bare_variants(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let variants = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    variants.filter(|variant| variant.get("additionalProperties") == Some(&Value::Bool(false))).filter_map(|variant| {
        let mut members = variant.get("properties")?.as_object()?.iter();
        match (members.next(), members.next()) {
            (Some((tag, only)), None) => Some((tag.as_str(), only.get("const")?)),
            _ => None,
        }
    })
}

/// Whether a schema says of its value what no derived type sees to.
fn has_assertion(keywords: &Map<String, Value>, place: Place<'_>) -> bool {
    keywords.get(CHECKED_MARK) != Some(&Value::Bool(true))
        && keywords.iter().any(|(keyword, said)| is_assertion(keyword, said, keywords, place))
}

fn is_assertion(keyword: &str, said: &Value, beside: &Map<String, Value>, place: Place<'_>) -> bool {
    let format = beside.get("format").and_then(Value::as_str).unwrap_or_default();
    match keyword {
        "multipleOf"
        | "exclusiveMinimum"
        | "exclusiveMaximum"
        | "minLength"
        | "maxLength"
        | "uniqueItems"
        | "contains"
        | "minProperties"
        | "maxProperties"
        | "dependentRequired"
        | "dependentSchemas"
        | "dependencies"
        | "not"
        | "if"
        | "unevaluatedItems"
        | "unevaluatedProperties" => true,
        "minimum" | "maximum" => !is_range_of_type(format, keyword, said),
        "pattern" => ![NO_NUL_PATTERN, ANY_STRING_PATTERN].iter().any(|pattern| said == pattern),
        // An array of Rust has its length, and so has a tuple, whose schema lists its items.
        "minItems" | "maxItems" => !beside.contains_key("prefixItems"),
        "propertyNames" => *said != json!({"pattern": NO_NUL_PATTERN}),
        // Those are the keys of maps by integers.
        "patternProperties" => !said
            .as_object()
            .is_some_and(|patterns| patterns.keys().all(|key| [r"^\d+$", r"^-?\d+$"].contains(&&**key))),
        "format" => FORMATS.contains(&format),
        // A type of its own has the variants that it names; a string that is said to be one of some may be any.
        "enum" => matches!(place, Place::Property(_) | Place::Items | Place::Item(_) | Place::OtherProperties),
        // Of an enum without tags, serde takes the first variant that anything can be made of.
        "anyOf" => said.as_array().is_some_and(|parts| parts.iter().filter(|part| !is_of(part, "null")).count() > 1),
        _ => false,
    }
}

/// The formats of which a `String` may be, by an attribute. Others have types of their own, which check them.
const FORMATS: [&str; 12] = [
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "uri",
    "uri-reference",
    "uri-template",
];

/// Whether a bound is no narrower than that of the Rust type.
fn is_range_of_type(format: &str, keyword: &str, bound: &Value) -> bool {
    let is_unsigned = format.starts_with("uint");
    let wide = (if is_unsigned { 0 } else { -LARGEST_INTEGER }, LARGEST_INTEGER);
    let (least, most) = match range_of(format) {
        Some(range) => range,
        None if is_unsigned || format.starts_with("int") => wide,
        None => return false,
    };
    match (keyword, bound.as_f64()) {
        ("minimum", Some(bound)) => bound <= least as f64,
        ("maximum", Some(bound)) => bound >= most as f64,
        _ => false,
    }
}

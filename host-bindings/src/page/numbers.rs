//! Ranges and counts in words.

use serde_json::Value;

/// The largest integer that a contract has, 2^53 - 1.
const LARGEST: i64 = (1 << 53) - 1;

/// A whole number and its range. The end of what its size can hold is no limit that somebody chose.
pub(super) fn integer(schema: &Value) -> String {
    let (smallest, largest) = (schema["minimum"].as_i64(), schema["maximum"].as_i64());
    let chosen = |bound: i64| !matches!(bound.abs(), LARGEST | 0x7FFF_FFFF | 0x8000_0000);
    let words = match (smallest.filter(|bound| chosen(*bound)), largest.filter(|bound| chosen(*bound))) {
        (Some(smallest), Some(largest)) => {
            return format!("whole number, {} to {}", grouped(smallest), grouped(largest));
        }
        (Some(smallest), None) => format!(", {} or more", grouped(smallest)),
        (None, Some(largest)) => format!(", {} or less", grouped(largest)),
        (None, None) => String::new(),
    };
    let size = match schema["format"].as_str() {
        Some("int32") => " (32 bits)",
        Some("int64") => " (53 bits)",
        _ => "",
    };
    format!("whole number{size}{words}")
}

/// A number that need not be whole, and its range.
pub(super) fn number(schema: &Value) -> String {
    let bounds = [
        ("minimum", "at least"),
        ("exclusiveMinimum", "more than"),
        ("maximum", "at most"),
        ("exclusiveMaximum", "less than"),
    ];
    let said = bounds.iter().filter_map(|(word, said)| Some(format!(", {said} {}", schema[word].as_number()?)));
    std::iter::once("number".to_owned()).chain(said).collect()
}

/// How long or how many: `, 1 to 200 characters`.
pub(super) fn count(schema: &Value, least: &str, most: &str, unit: &str) -> String {
    let bound = |word: &str| schema[word].as_i64();
    let units = |count: i64| if count == 1 { unit.to_owned() } else { format!("{unit}s") };
    match (bound(least).filter(|least| *least > 0), bound(most)) {
        (Some(least), Some(most)) if least == most => format!(", exactly {} {}", grouped(most), units(most)),
        (Some(least), Some(most)) => format!(", {} to {} {}", grouped(least), grouped(most), units(most)),
        (Some(least), None) => format!(", at least {} {}", grouped(least), units(least)),
        (None, Some(most)) => format!(", up to {} {}", grouped(most), units(most)),
        (None, None) => String::new(),
    }
}

/// `34,560,000`
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_limit_is_told_where_somebody_chose_one() {
        for (schema, expected) in [
            (json!({}), "whole number"),
            (json!({"minimum": 1, "maximum": 34_560_000, "format": "int32"}), "whole number, 1 to 34,560,000"),
            (json!({"minimum": 0, "maximum": i32::MAX, "format": "int32"}), "whole number (32 bits), 0 or more"),
            (json!({"minimum": i32::MIN, "maximum": i32::MAX, "format": "int32"}), "whole number (32 bits)"),
            (json!({"minimum": -LARGEST, "maximum": LARGEST, "format": "int64"}), "whole number (53 bits)"),
            (
                json!({"minimum": -LARGEST, "maximum": -1000, "format": "int64"}),
                "whole number (53 bits), -1,000 or less",
            ),
        ] {
            assert_eq!(integer(&schema), expected, "{schema}");
        }
        assert_eq!(number(&json!({"minimum": 0.5, "exclusiveMaximum": 1.5})), "number, at least 0.5, less than 1.5");
    }

    #[test]
    fn a_count_has_its_unit() {
        let items = |schema: Value| count(&schema, "minItems", "maxItems", "item");
        assert_eq!(items(json!({})), "");
        assert_eq!(items(json!({"minItems": 0, "maxItems": 1})), ", up to 1 item");
        assert_eq!(items(json!({"minItems": 3, "maxItems": 3})), ", exactly 3 items");
        assert_eq!(items(json!({"minItems": 1000})), ", at least 1,000 items");
    }
}

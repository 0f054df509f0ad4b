//! What serde says is wrong with something, in words that may be shown and logged.

use std::borrow::Cow;

/// The message without the value that it is about, in which anything may stand, a secret too: of
/// `invalid type: string "hunter2", expected u32` what was expected.
pub(crate) fn without_value(said: &str) -> Cow<'_, str> {
    match said.rsplit_once(", expected ") {
        Some((found, expected)) if found.starts_with("invalid ") || found.starts_with("unknown variant ") => {
            format!("expected {}", in_words_of_data(expected)).into()
        }
        _ => said.into(),
    }
}

/// What serde expected, for a reader who may not know Rust.
fn in_words_of_data(expected: &str) -> &str {
    match expected {
        "i8" => "an integer from -128 to 127",
        "u8" => "an integer from 0 to 255",
        "i16" => "an integer from -32768 to 32767",
        "u16" => "an integer from 0 to 65535",
        "i32" => "an integer from -2147483648 to 2147483647",
        "u32" => "an integer from 0 to 4294967295",
        "i64" | "i128" | "isize" => "an integer",
        "u64" | "u128" | "usize" => "an integer that is not negative",
        "f32" | "f64" => "a number",
        "a sequence" => "an array",
        "a map" => "an object",
        "unit" => "null",
        _ if expected.starts_with("struct ") => "an object",
        _ if expected.starts_with("tuple ") || expected.starts_with("a tuple ") => "an array",
        _ => expected,
    }
}

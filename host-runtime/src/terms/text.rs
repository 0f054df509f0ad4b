//! What of a JSON text is seen without reading it.

use super::LARGEST_INTEGER;

/// Whether U+0000 could be in a string of a JSON text, where it is always escaped.
pub(super) fn has_escaped_nul(text: &[u8]) -> bool {
    // Most texts have no escape at all, and looking for one byte is faster than for six.
    memchr::memchr(b'\\', text).is_some() && memchr::memmem::find(text, br"\u0000").is_some()
}

/// How many digits an integer has that may not be exact.
pub(super) const LONG: usize = 16;

/// Whether there are so many digits in a row. One in so many bytes is looked at, and its neighbours where it is a digit.
pub(super) fn has_long_number(text: &[u8]) -> bool {
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

/// Whether there could be a number that is too large for a single: one with an exponent, or with many digits.
pub(super) fn has_large_float(text: &[u8]) -> bool {
    let is_behind_digit = |at: usize| at > 0 && text[at - 1].is_ascii_digit();
    memchr::memchr2_iter(b'e', b'E', text).any(is_behind_digit) || has_long_number(text)
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

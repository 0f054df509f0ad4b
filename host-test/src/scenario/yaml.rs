//! YAML as scenarios are written in it: a number is what it looks like, and what is wrong is said in words of ours.
//!
//! YAML has more ways to write numbers than JSON, its versions read some of them differently, and no integer beyond 64
//! bits arrives as it was written. A value of another spelling would be compared as another value, silently.

use std::borrow::Cow;

use granit_parser::{Event, Parser, ScalarStyle};
use serde::de::DeserializeOwned;
use serde_saphyr::{Error, MessageFormatter};

use super::place::at;
use crate::fixture::Failure;

/// Reads YAML, in which `yes` and `no` are words.
///
/// # Errors
/// When it is none, is not what is read, or has a number that would not arrive as it is written: with the place.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    let options = serde_saphyr::options! { strict_booleans: true };
    let parsed = serde_saphyr::from_str_with_options(text, options);
    if let Some(error) = wrong_number(text) {
        return Err(error.into());
    }
    parsed.map_err(|error| told(text, &error).into())
}

/// What is wrong, and where.
fn told(text: &str, error: &Error) -> String {
    let error = error.without_snippet();
    let Some(location) = error.location() else { return Words.format_message(error).into_owned() };
    let [line, column] = [location.line(), location.column()].map(|number| usize::try_from(number).unwrap_or(1));
    if let Error::Eof { .. } = error {
        return Words.format_message(error).into_owned();
    }
    match is_syntax(error).then(|| tab_after(text, line)).flatten() {
        Some((line, column)) => at(text, line, column, "a tab is in the indentation: indent with spaces"),
        None => at(text, line, column, &Words.format_message(error)),
    }
}

/// Whether the text is no YAML, and the formatter has nothing more to say of it.
fn is_syntax(error: &Error) -> bool {
    Words.format_message(error) == NO_YAML
}

/// The first tab in the indentation of the line in which the reader gave up, or of the next: it may stop before it.
fn tab_after(text: &str, line: usize) -> Option<(usize, usize)> {
    let lines = (1..).zip(text.lines()).skip(line.saturating_sub(1)).filter(|(_, text)| !text.trim().is_empty());
    let mut tabs = lines.take(2).filter_map(|(line, text)| {
        let indentation = &text[..text.len() - text.trim_start().len()];
        Some((line, indentation.chars().position(|c| c == '\t')? + 1))
    });
    tabs.next()
}

/// The first number that is not as JSON has it, with its place.
fn wrong_number(text: &str) -> Option<String> {
    // What is no YAML is for the reader to tell.
    let mut events = Parser::new_from_str(text).map_while(Result::ok);
    events.find_map(|(event, span)| match event {
        Event::Scalar(value, ScalarStyle::Plain, _, tag)
            if tag.as_ref().is_none_or(|tag| ["int", "float"].contains(&tag.suffix())) =>
        {
            let problem = problem(&value)?;
            let (line, column) = (span.start.line(), span.start.col() + 1);
            let message = format!("`{value}` {problem}; for the string write '{value}' in quotes");
            Some(at(text, line, column, &message))
        }
        _ => None,
    })
}

/// Why a scalar that looks like a number cannot be one.
fn problem(scalar: &str) -> Option<String> {
    let unsigned = scalar.strip_prefix(['+', '-']).unwrap_or(scalar);
    let lower = unsigned.to_ascii_lowercase();
    if lower == ".inf" || lower == ".nan" {
        return Some("is a number that JSON does not have: write another value".to_owned());
    }
    let digits = |text: &str, radix: u32| !text.is_empty() && text.chars().all(|c| c == '_' || c.is_digit(radix));
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if lower.strip_prefix(prefix).is_some_and(|rest| digits(rest, radix)) {
            return Some("is a number in another base than ten: write it in base ten".to_owned());
        }
    }
    let (mantissa, exponent) = lower.split_once('e').map_or((&*lower, None), |(left, right)| (left, Some(right)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(left, right)| (left, Some(right)));
    let exponent_digits = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    let is_empty_or_digits = |text: &str| text.is_empty() || digits(text, 10);
    let is_number = mantissa.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && mantissa.contains(|c: char| c.is_ascii_digit())
        && is_empty_or_digits(whole)
        && fraction.is_none_or(is_empty_or_digits)
        && exponent_digits.is_none_or(|exponent| digits(exponent, 10));
    if !is_number {
        return None;
    }
    if lower.contains('_') {
        return Some("has `_` between its digits: for the number write it without".to_owned());
    }
    if whole.len() > 1 && whole.starts_with('0') {
        return Some("begins with a zero: for the number write it without".to_owned());
    }
    let plain = scalar.strip_prefix('+').unwrap_or(scalar);
    let is_integer = fraction.is_none() && exponent.is_none();
    if is_integer && plain.parse::<i64>().is_err() && plain.parse::<u64>().is_err() {
        return Some(format!("is beyond the integers from {} to {}", i64::MIN, u64::MAX));
    }
    let is_finite = plain.parse::<f64>().is_ok_and(f64::is_finite);
    (!is_integer && !is_finite).then(|| "is beyond the numbers that JSON readers have".to_owned())
}

/// What is said where nothing better is known.
const NO_YAML: &str = "it is not YAML here: look at the indentation, brackets and quotes";

/// What is wrong, for whoever wrote the file.
struct Words;

impl MessageFormatter for Words {
    fn format_message<'a>(&self, error: &'a Error) -> Cow<'a, str> {
        let owned = Cow::Owned;
        match error {
            // Of ours: what a type of a scenario says of a value.
            Error::Message { msg, .. } => Cow::Borrowed(msg),
            Error::SerdeUnknownField { field, expected, .. } => owned(format!(
                "`{field}` is not known here: {}",
                match expected.is_empty() {
                    true => "leave it out".to_owned(),
                    false => format!("use one of `{}`", expected.join("`, `")),
                }
            )),
            Error::SerdeUnknownVariant { variant, expected, .. } => {
                owned(format!("`{variant}` is not known here: use one of `{}`", expected.join("`, `")))
            }
            Error::SerdeMissingField { field, .. } => owned(format!("`{field}` is missing: add it")),
            Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => {
                owned(format!("write {} here", kind(expected)))
            }
            Error::Unexpected { expected, .. } => owned(format!("write {} here", kind(expected))),
            Error::InvalidScalar { ty, .. } => owned(format!("write {} here", kind(ty))),
            Error::InvalidBooleanStrict { .. } => "write `true` or `false` here".into(),
            Error::NullIntoString { .. } => "write a string here, or '' for an empty one".into(),
            Error::DuplicateMappingKey { key: Some(key), .. } => owned(format!("`{key}` is there twice: keep one")),
            Error::DuplicateMappingKey { key: None, .. } => "a name is there twice: keep one".into(),
            Error::MultipleDocuments { .. } => {
                "there is more than one document: keep one, and no `---` after it".into()
            }
            Error::UnknownAnchor { .. } => "no anchor has this name: write `&name` before what it stands for".into(),
            Error::Eof { .. } => "the file ends too early: close every bracket and quote, and write `steps`".into(),
            Error::Budget { .. }
            | Error::AliasReplayCounterOverflow { .. }
            | Error::AliasReplayLimitExceeded { .. }
            | Error::AliasExpansionLimitExceeded { .. }
            | Error::AliasReplayStackDepthExceeded { .. } => {
                "it is too large or too deep, or uses an anchor too often: split the file into several".into()
            }
            _ => NO_YAML.into(),
        }
    }
}

/// What is expected, in words of a scenario's author.
fn kind(expected: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| expected.contains(word));
    match () {
        () if has(&["struct", "map"]) => "names and values, `name: value`,",
        () if has(&["seq", "array", "tuple"]) => "a list",
        () if has(&["bool"]) => "`true` or `false`",
        () if has(&["usize", "integer", "u64", "i64", "u32", "i32"]) => "a whole number",
        () if has(&["float", "f64", "number"]) => "a number",
        () if has(&["str", "scalar", "char"]) => "a string",
        () => "another value",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_number_arrives_as_it_is_written() {
        for (written, value) in [
            ("7", json!(7)),
            ("0", json!(0)),
            ("-7", json!(-7)),
            ("18446744073709551615", json!(u64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("1.5", json!(1.5)),
            ("1.0", json!(1.0)),
            ("1e2", json!(100.0)),
            ("'007'", json!("007")),
            ("\"1e400\"", json!("1e400")),
            ("~", Value::Null),
            ("null", Value::Null),
            ("yes", json!("yes")),
            ("no", json!("no")),
            ("on", json!("on")),
            ("true", json!(true)),
            ("12:30", json!("12:30")),
            ("2026-01-02", json!("2026-01-02")),
            ("1.2.3", json!("1.2.3")),
            ("_1", json!("_1")),
            ("0xyz", json!("0xyz")),
            ("...x", json!("...x")),
        ] {
            assert_eq!(parse::<Value>(&format!("number: {written}")).ok(), Some(json!({"number": value})), "{written}");
        }
    }

    #[test]
    fn a_number_that_would_be_another_is_to_be_quoted() {
        for written in [
            "007",
            "-007",
            "00",
            "08",
            "+00",
            "01.5",
            "0x1F",
            "-0x1f",
            "0o17",
            "0b101",
            "1_000",
            "0x1_0",
            "1_0.5",
            "18446744073709551616",
            "-9223372036854775809",
            "99999999999999999999999",
            "1e400",
            "-1e400",
            ".inf",
            "-.INF",
            "+.Inf",
            ".nan",
            ".NaN",
        ] {
            for text in [format!("a:\n  number: {written}"), format!("a: [{{number: {written}}}]")] {
                let error = parse::<Value>(&text).unwrap_err().to_string();
                assert!(
                    error.contains(&format!("write '{written}' in quotes")) && error.starts_with("line "),
                    "{error}"
                );
            }
            let quoted = parse::<Value>(&format!("number: '{written}'")).unwrap();
            assert_eq!(quoted, json!({"number": written}));
        }
    }

    #[test]
    fn an_error_says_what_to_write_and_where() {
        for (text, said) in [
            ("a: {", "bracket"),
            ("a: [1, 2", "bracket"),
            ("a: 1\na: 2", "`a` is there twice: keep one"),
            ("a: 1\n---\na: 2", "keep one, and no `---`"),
            ("a: *b", "no anchor has this name"),
            ("a:\n\t- b", "line 2, column 1: a tab is in the indentation: indent with spaces"),
            ("a:\n  - b: 1\n\tc: 2", "line 3, column 1: a tab is in the indentation"),
            ("a:\n  b:\n  \t c: 2", "line 3, column 3: a tab is in the indentation"),
            ("a:\n  b: 1\n   c: 2", "line 3, column 5: it is not YAML here"),
            ("a: 'b", "line 1"),
            ("a: !!binary '*'", "line 1"),
            ("- a\nb: c", "line 2"),
        ] {
            let error = parse::<Value>(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
            for word in [
                "<input>",
                "error:",
                "Options",
                "option",
                "serde",
                "from_multiple",
                "from_str",
                "DuplicateKeyPolicy",
                "parser",
                "scan",
            ] {
                assert!(!error.contains(word), "{text}: {error}");
            }
        }
    }
}

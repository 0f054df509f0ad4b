use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error as _};

/// One line of text: 1 to `MAX` characters, not blank, no control characters.
///
/// NUL is one of those: SQLite would take it and PostgreSQL would not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<const MAX: usize>(String);

/// Text of up to `MAX` characters, which may have line breaks and tabs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prose<const MAX: usize>(String);

impl<const MAX: usize> Line<MAX> {
    /// The text itself.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<const MAX: usize> Prose<MAX> {
    /// The text itself.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Line<MAX> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.chars().count() > MAX || text.trim().is_empty() {
            return Err(format!("expected 1 to {MAX} characters, not all of them blank"));
        }
        if text.contains(char::is_control) {
            return Err("control characters and line breaks are not allowed".to_owned());
        }
        Ok(Self(text))
    }
}

impl<const MAX: usize> TryFrom<String> for Prose<MAX> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.chars().count() > MAX {
            return Err(format!("expected at most {MAX} characters"));
        }
        if text.contains(|c: char| c.is_control() && !['\n', '\r', '\t'].contains(&c)) {
            return Err("control characters are not allowed, but for line breaks and tabs".to_owned());
        }
        Ok(Self(text))
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Line<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Prose<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

impl<const MAX: usize> JsonSchema for Line<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Line_{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "minLength": 1, "maxLength": MAX, hostfn::CHECKED_MARK: true})
    }
}

impl<const MAX: usize> JsonSchema for Prose<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Prose_{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "maxLength": MAX, hostfn::CHECKED_MARK: true})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        for (text, is_ok) in [
            ("Ada", true),
            ("Ä é 漢字 🎉", true),
            ("12345678901", false),
            ("", false),
            (" \u{a0}", false),
            ("a\nb", false),
            ("a\0", false),
        ] {
            assert_eq!(Line::<10>::try_from(text.to_owned()).is_ok(), is_ok, "{text:?}");
        }
        assert!(Line::<3>::try_from("漢字漢".to_owned()).is_ok(), "characters are counted, not bytes");
    }

    #[test]
    fn prose_has_lines() {
        for (text, is_ok) in
            [("", true), ("a\r\n\tb", true), ("a\u{1b}[0m", false), ("a\0", false), ("12345678901", false)]
        {
            assert_eq!(Prose::<10>::try_from(text.to_owned()).is_ok(), is_ok, "{text:?}");
        }
    }
}

//! TOML that people write, and what is wrong with it.

use serde::de::DeserializeOwned;

use crate::codec::without_value;

/// Reads a TOML file. What is wrong is told by its place, and no value of the file is repeated: the parser's own error
/// shows the whole line, and an API key may stand in it.
pub(crate) fn read_toml<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let deserializer = toml::Deserializer::parse(text).map_err(|error| explain(text, "", &error))?;
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = match error.path().to_string() {
            path if path == "." => String::new(),
            path => format!("{path}: "),
        };
        explain(text, &path, error.inner())
    })
}

fn explain(text: &str, path: &str, error: &toml::de::Error) -> String {
    let problem = without_value(error.message().trim_end());
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
            format!("line {line}, column {column}: {path}{problem}")
        }
        None => format!("{path}{problem}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it is read is looked at")]
    struct File {
        number: Option<u8>,
        flag: Option<bool>,
        kind: Option<Kind>,
        list: Option<Vec<u8>>,
        #[serde(default)]
        config: BTreeMap<String, String>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Warm,
        Cold,
    }

    fn refusal(text: &str) -> String {
        read_toml::<File>(text).expect_err(text)
    }

    #[test]
    fn what_is_wrong_is_told_by_its_place() {
        assert_eq!(refusal("number = 1\nflag = 'x'"), "line 2, column 8: flag: expected a boolean");
        assert_eq!(refusal("[config]\nkey = 5"), "line 2, column 7: config.key: expected a string");
        assert!(refusal("kind = 'hot'").ends_with("kind: expected `warm` or `cold`"), "{}", refusal("kind = 'hot'"));
        assert!(refusal("flat = 1").contains("unknown field `flat`, expected one of"), "{}", refusal("flat = 1"));
    }

    #[test]
    fn a_line_that_is_not_toml_is_not_shown() {
        for text in [
            "[config]\nkey = hunter22",
            "[config]\nkey = 'hunter22",
            "[config]\nkey = \"hunter22\\q\"",
            "[config]\nkey = 'hunter22' 'hunter22'",
            "[config]\nkey = 'hunter22'\nkey = 'hunter22'",
            "[config]\nkey 'hunter22'",
        ] {
            let said = refusal(text);
            assert!(!said.contains("hunter22") && said.starts_with("line "), "{said}");
        }
    }

    proptest! {
        #[test]
        fn no_value_of_a_file_is_repeated(
            member in prop::sample::select(vec!["number", "flag", "kind", "list", "config.a", "config"]),
            before in prop::sample::select(vec!["", "'", "\"", "'''", "[", "{a = ", "1", "-", "\"\\"]),
            after in prop::sample::select(vec!["", "'", "\"", "'''", "]", "}", " x", "', expected hunter22", "\u{0}"]),
        ) {
            if let Err(said) = read_toml::<File>(&format!("{member} = {before}hunter22{after}")) {
                prop_assert!(!said.contains("hunter22"), "{}", said);
            }
        }
    }
}

//! What templates can call: names in a language's manner, comments, texts, and lines that fit.

use minijinja::Environment;

use super::{Language, text};
use crate::naming::{Case, TypeNames};

/// Gives the templates of a language their filters and functions.
pub(crate) fn add(environment: &mut Environment<'_>, language: &'static Language, names: &TypeNames) {
    let syntax = language.syntax;
    // What is of the contract has its name in `ident`, or here; the others are for names of a template's own.
    let names = names.clone();
    environment.add_filter("type_name", move |name: &str| names.get(name).map_or(name, String::as_str).to_owned());
    let free = |name: String| if language.is_word(&name) { format!("{name}_") } else { name };
    environment.add_filter("snake", move |name: &str| free(Case::Snake.of(name)));
    environment.add_filter("screaming", |name: &str| Case::Screaming.of(name));
    environment.add_filter("pascal", move |name: &str| free(Case::Pascal.of(name)));
    environment.add_filter("camel", move |name: &str| free(Case::Camel.of(name)));
    environment.add_filter("comment", move |text: &str, mark: &str| text::comment(syntax, text, mark));
    environment.add_filter("apart", apart);
    environment.add_filter("clean", text::clean);
    environment.add_filter("line", move |text: &str| text::line(syntax, text));
    environment.add_filter("quoted", move |text: &str| text::literal(syntax, text));
    environment.add_filter("property", move |name: &str| property(name, |name| text::literal(syntax, name)));
    environment.add_filter("docstring", text::docstring);
    environment.add_filter("is_word", |name: &str| language.is_word(name));
    environment.add_filter("is_attribute", move |name: &str| is_attribute(name, language));
    environment.add_function("fit", fit);
}

/// The name of a member of a JavaScript object, in quotes where it needs them.
fn property(name: &str, quoted: impl Fn(&str) -> String) -> String {
    let is_plain = |name: &str| name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    let begins_well = !name.starts_with(|first: char| first.is_ascii_digit());
    match name {
        // In an object this name is that of its prototype, however it is quoted.
        "__proto__" => "[\"__proto__\"]".to_owned(),
        _ if is_plain(name) && begins_well && !name.is_empty() => name.to_owned(),
        _ => quoted(name),
    }
}

/// Whether a name can be that of a member in the body of a class in Python: there, one that begins with two underscores
/// becomes another, and one of a type means that member to those that come after it.
fn is_attribute(name: &str, language: &Language) -> bool {
    let types = ["bool", "dict", "float", "int", "list", "str"];
    Case::Snake.of(name) == name && !language.is_word(name) && !types.contains(&name)
}

/// The words of a name in camel case, apart: two such names that differ still do.
fn apart(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            words.push('_');
        }
        words.push(character.to_ascii_lowercase());
    }
    words
}

/// The first of two ways to write something if its lines fit, otherwise the second.
fn fit(width: usize, short: &str, long: &str) -> String {
    let fits = short.lines().all(|line| line.chars().count() <= width);
    if fits { short } else { long }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_camel_case_stay_apart() {
        assert_eq!(["noteCount", "note_", "a2B"].map(apart), ["note_count", "note_", "a2_b"]);
    }

    #[test]
    fn what_fits_is_written_in_one_line() {
        assert_eq!(fit(5, "12345", "1\n2"), "12345");
        assert_eq!(fit(4, "12345", "1\n2"), "1\n2");
    }

    #[test]
    fn a_property_is_quoted_where_it_must_be() {
        let quoted = |name: &str| format!("'{name}'");
        for (name, expected) in [
            ("by_name", "by_name"),
            ("with-dash", "'with-dash'"),
            ("2fa", "'2fa'"),
            ("", "''"),
            ("__proto__", "[\"__proto__\"]"),
        ] {
            assert_eq!(property(name, quoted), expected);
        }
    }
}

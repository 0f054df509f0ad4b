//! What templates can call: names in a language's manner, comments, texts, and lines that fit.

use minijinja::Environment;

use super::Language;

/// Gives the templates of a language their filters and functions.
pub(crate) fn add(environment: &mut Environment<'_>, language: &'static Language) {
    let free =
        |name: String| if language.reserved.split(' ').any(|word| word == name) { format!("{name}_") } else { name };
    environment.add_filter("snake", move |name: &str| free(words(name).join("_").to_lowercase()));
    environment.add_filter("screaming", |name: &str| words(name).join("_").to_uppercase());
    environment.add_filter("pascal", |name: &str| pascal(name));
    environment.add_filter("camel", move |name: &str| free(camel(name)));
    environment.add_filter("comment", comment);
    environment.add_filter("quoted", quoted);
    environment.add_filter("property", property);
    environment.add_filter("docstring", docstring);
    environment.add_function("fit", fit);
}

/// The words of a name: `db_get_user`, `dbGetUser`, `kebab-case` and `HostResponse_User` are all understood.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut begins = true;
    let mut after_small = false;
    for character in name.chars() {
        if !character.is_ascii_alphanumeric() {
            begins = true;
            continue;
        }
        if begins || (after_small && character.is_ascii_uppercase()) {
            words.push(String::new());
        }
        begins = false;
        after_small = !character.is_ascii_uppercase();
        if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    // No language lets a name begin with a digit, and none has an empty one.
    if words.first().is_none_or(|word| word.starts_with(|first: char| first.is_ascii_digit())) {
        words.insert(0, "value".to_owned());
    }
    words
}

fn pascal(name: &str) -> String {
    let upper = |word: &String| word[..1].to_uppercase() + &word[1..];
    words(name).iter().map(upper).collect()
}

fn camel(name: &str) -> String {
    let name = pascal(name);
    name[..1].to_lowercase() + &name[1..]
}

/// A comment: each line behind a mark, such as `    /// `. Nothing, where there is nothing to say.
///
/// `*/` would end a block comment, and a control character is nobody's to write.
fn comment(text: &str, mark: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        return String::new();
    }
    let text: String = text.chars().filter(|character| *character == '\n' || !character.is_control()).collect();
    let text = if mark.trim_start().starts_with('*') { text.replace("*/", "*\u{2215}") } else { text };
    text.lines().map(|line| format!("{}\n", format!("{mark}{line}").trim_end())).collect()
}

/// A text as JSON, which all of the languages read.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The name of a member of a JavaScript object, in quotes where it needs them.
fn property(name: &str) -> String {
    let is_plain = |name: &str| name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    let begins_well = !name.starts_with(|first: char| first.is_ascii_digit());
    if is_plain(name) && begins_well && !name.is_empty() { name.to_owned() } else { quoted(name) }
}

/// A text as it stands in a Python string of three quotes, with those that begin it.
fn docstring(text: &str) -> String {
    let text = text.trim().replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"");
    // A quote at the end would join those that end the string.
    let end = if text.ends_with('"') { " " } else { "" };
    format!("\"\"\"{text}{end}")
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
    fn names_are_taken_apart_however_they_are_written() {
        for name in ["db_get_user", "dbGetUser", "DbGetUser", "db-get-user", "db.get_User"] {
            assert_eq!(words(name).join("_").to_lowercase(), "db_get_user", "{name}");
            assert_eq!((pascal(name), camel(name)), ("DbGetUser".to_owned(), "dbGetUser".to_owned()), "{name}");
        }
        assert_eq!(words("2fa").join("_"), "value_2fa");
        assert_eq!(words("Inner_2").join("_"), "Inner_2");
    }

    #[test]
    fn a_comment_cannot_be_left() {
        assert_eq!(comment("one\n\ntwo */ \u{7}", " * "), " * one\n *\n * two *\u{2215}\n");
        assert_eq!(comment("one", "/// "), "/// one\n");
        assert_eq!(comment(" ", "/// "), "");
    }

    #[test]
    fn what_fits_is_written_in_one_line() {
        assert_eq!(fit(5, "12345", "1\n2"), "12345");
        assert_eq!(fit(4, "12345", "1\n2"), "1\n2");
    }
}

//! Names in a language's manner, out of any text.

/// How a language writes a name of several words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// `get_user`
    Snake,
    /// `GET_USER`
    Screaming,
    /// `GetUser`
    Pascal,
    /// `getUser`
    Camel,
}

impl Case {
    /// A name in this manner.
    pub(crate) fn of(self, name: &str) -> String {
        self.join(&words(name))
    }

    /// A name in this manner in which every character counts, for one that would otherwise be another's: `M` beside
    /// `m` is `UpperM`, and `v_1` beside `v1` is `VUnderscore1`.
    pub(super) fn explicitly(self, name: &str) -> String {
        self.join(&explicit_words(name))
    }

    fn join(self, words: &[String]) -> String {
        let upper = |word: &String| word[..1].to_uppercase() + &word[1..];
        match self {
            Self::Snake => words.join("_").to_lowercase(),
            Self::Screaming => words.join("_").to_uppercase(),
            Self::Pascal => words.iter().map(upper).collect(),
            Self::Camel => {
                let name = Self::Pascal.join(words);
                name[..1].to_lowercase() + &name[1..]
            }
        }
    }
}

/// The words of a name: `db_get_user`, `dbGetUser`, `kebab-case` and `HostResponse_User` are all understood.
///
/// What stands between letters separates them. A sign in front (`-1`) and one behind (`C++`) mean something, and are
/// spelled; so is all of a name that has no letters. A letter that not every language lets into a name is written by
/// its number.
fn words(name: &str) -> Vec<String> {
    let is_plain = |character: char| character.is_ascii_alphanumeric();
    let bounds = name.find(is_plain).zip(name.rfind(is_plain));
    let mut words = Words::default();
    let mut after_small = false;
    for (at, character) in name.char_indices() {
        if is_plain(character) {
            if after_small && character.is_ascii_uppercase() {
                words.end();
            }
            words.push(character);
            after_small = !character.is_ascii_uppercase();
            continue;
        }
        after_small = false;
        words.end();
        let is_said = !character.is_ascii()
            || bounds.is_none_or(|(first, last)| {
                (at < first && "+-<>=!~#*%&".contains(character)) || (at > last && "+#*%!?".contains(character))
            });
        if is_said {
            words.spell(character);
        }
    }
    words.finish()
}

fn explicit_words(name: &str) -> Vec<String> {
    let mut words = Words::default();
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            words.end();
            words.say("upper");
            words.push(character.to_ascii_lowercase());
        } else if character.is_ascii_alphanumeric() {
            words.push(character);
        } else {
            words.end();
            words.spell(character);
        }
    }
    words.finish()
}

#[derive(Default)]
struct Words {
    words: Vec<String>,
    is_open: bool,
}

impl Words {
    fn push(&mut self, character: char) {
        if !self.is_open {
            self.words.push(String::new());
            self.is_open = true;
        }
        if let Some(word) = self.words.last_mut() {
            word.push(character);
        }
    }

    fn end(&mut self) {
        self.is_open = false;
    }

    fn say(&mut self, word: &str) {
        self.words.push(word.to_owned());
        self.is_open = false;
    }

    fn spell(&mut self, character: char) {
        match SPELLED.iter().find(|(sign, _)| *sign == character) {
            Some((_, word)) => self.say(word),
            None => self.say(&format!("u{:04x}", u32::from(character))),
        }
    }

    /// No language lets a name begin with a digit, and none has an empty one.
    fn finish(mut self) -> Vec<String> {
        if self.words.first().is_none_or(|word| word.starts_with(|first: char| first.is_ascii_digit())) {
            self.words.insert(0, "value".to_owned());
        }
        self.words
    }
}

const SPELLED: [(char, &str); 33] = [
    (' ', "space"),
    ('!', "not"),
    ('"', "quote"),
    ('#', "sharp"),
    ('$', "dollar"),
    ('%', "percent"),
    ('&', "and"),
    ('\'', "apostrophe"),
    ('(', "open"),
    (')', "close"),
    ('*', "star"),
    ('+', "plus"),
    (',', "comma"),
    ('-', "minus"),
    ('.', "dot"),
    ('/', "slash"),
    (':', "colon"),
    (';', "semicolon"),
    ('<', "less"),
    ('=', "equals"),
    ('>', "greater"),
    ('?', "question"),
    ('@', "at"),
    ('[', "begin"),
    ('\\', "backslash"),
    (']', "end"),
    ('^', "caret"),
    ('_', "underscore"),
    ('`', "backtick"),
    ('{', "left"),
    ('|', "bar"),
    ('}', "right"),
    ('~', "tilde"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_however_they_are_written() {
        for name in
            ["db_get_user", "dbGetUser", "DbGetUser", "db-get-user", "db.get_User", "_db/get_user_", "db<getUser>"]
        {
            assert_eq!(Case::Snake.of(name), "db_get_user", "{name}");
            assert_eq!(Case::Pascal.of(name), "DbGetUser", "{name}");
            assert_eq!(Case::Camel.of(name), "dbGetUser", "{name}");
            assert_eq!(Case::Screaming.of(name), "DB_GET_USER", "{name}");
        }
        assert_eq!(Case::Snake.of("2fa"), "value_2fa");
        assert_eq!(Case::Snake.of("Inner_2"), "inner_2");
        assert_eq!(Case::Pascal.of(""), "Value");
    }

    #[test]
    fn signs_that_mean_something_are_spelled() {
        for (name, expected) in [
            ("+1", "plus_1"),
            ("-1", "minus_1"),
            ("<", "less"),
            (">=", "greater_equals"),
            ("C++", "c_plus_plus"),
            ("C#", "c_sharp"),
            ("größe", "gr_u00f6_u00df_e"),
            ("名", "u540d"),
            ("_", "underscore"),
        ] {
            assert_eq!(Case::Snake.of(name), expected, "{name}");
        }
    }

    #[test]
    fn every_character_counts_where_it_must() {
        assert_eq!(Case::Pascal.explicitly("M"), "UpperM");
        assert_eq!(Case::Pascal.explicitly("v_1"), "VUnderscore1");
        assert_eq!(Case::Snake.explicitly("byName"), "by_upper_name");
    }
}

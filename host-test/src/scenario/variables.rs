use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What the names in a scenario stand for, `$token`.
///
/// A text that is a name and nothing else stands for whatever the name was first met for. Within a longer
/// text a name is in braces: `Bearer ${token}`. `$_` stands for anything each time, and `$$` for `$`.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    values: BTreeMap<String, Value>,
    /// The names that stand anywhere in the file. None of them is made up for something else.
    reserved: BTreeSet<String>,
}

/// That there may be more: the last item of a list, or a member of an object.
pub(super) const MORE: &str = "...";

/// A text, or the name of a member, that is three dots itself.
pub(super) const ESCAPED_MORE: &str = "$...";

/// What a text of a scenario is.
pub(super) enum Meaning<'a> {
    /// Anything at all.
    Anything,
    /// A name.
    Name(&'a str),
    /// The text itself, or one with names in it.
    Text,
}

impl<'a> Meaning<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        match text.strip_prefix('$') {
            Some("_") => Self::Anything,
            Some(name) if is_name(name) => Self::Name(name),
            _ => Self::Text,
        }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') && text.chars().all(is_name_character)
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A shorter text stands for itself even where a name has its value: one letter stands everywhere.
const SHORTEST_TO_NAME: usize = 6;

impl Variables {
    /// Nothing yet, for a scenario of this text.
    pub(super) fn of(text: &str) -> Self {
        let after_dollars = text.split('$').skip(1).map(|rest| rest.trim_start_matches('{'));
        let names = after_dollars.map(|rest| rest.split(|c: char| !is_name_character(c)).next().unwrap_or_default());
        let reserved = names.filter(|name| is_name(name)).map(str::to_owned).collect();
        Self { values: BTreeMap::new(), reserved }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    pub(super) fn bind(&mut self, name: &str, value: &Value) {
        self.values.insert(name.to_owned(), value.clone());
    }

    /// The name of a text, if it has one.
    pub(super) fn name_of(&self, text: &str) -> Option<&str> {
        if text.len() < SHORTEST_TO_NAME {
            return None;
        }
        self.values.iter().find(|(_, value)| value.as_str() == Some(text)).map(|(name, _)| name.as_str())
    }

    /// Gives a value a name like this one that no other has.
    pub(super) fn bind_like(&mut self, wanted: &str, value: &Value) -> String {
        let wanted = if is_name(wanted) && wanted != "_" { wanted } else { "secret" };
        let mut name = wanted.to_owned();
        let mut count = 1;
        while self.values.contains_key(&name) || self.reserved.contains(&name) {
            count += 1;
            name = format!("{wanted}_{count}");
        }
        self.bind(&name, value);
        name
    }

    /// What is meant by a value of the scenario, its names filled in.
    ///
    /// # Errors
    /// With a sentence, when a name stands for nothing yet.
    pub(super) fn fill(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => match Meaning::of(text) {
                Meaning::Anything => return Err("`$_` stands for anything, and something must be said here".to_owned()),
                Meaning::Name(name) => self.get(name).cloned().ok_or_else(|| nothing_yet(name))?,
                Meaning::Text => self.fill_text(text)?.into(),
            },
            Value::Array(items) => Value::Array(items.iter().map(|item| self.fill(item)).collect::<Result<_, _>>()?),
            Value::Object(members) => {
                let filled = members.iter().map(|(name, member)| Ok((name.clone(), self.fill(member)?)));
                Value::Object(filled.collect::<Result<_, String>>()?)
            }
            other => other.clone(),
        })
    }

    /// A text with the names in it filled in.
    pub(super) fn fill_text(&self, text: &str) -> Result<String, String> {
        if text == ESCAPED_MORE {
            return Ok(MORE.to_owned());
        }
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            filled.push_str(before);
            rest = match (after.strip_prefix('$'), name_in_braces(after)) {
                (Some(after), _) => {
                    filled.push('$');
                    after
                }
                (None, Some((name, after))) => {
                    match self.get(name).ok_or_else(|| nothing_yet(name))? {
                        Value::String(text) => filled.push_str(text),
                        other => filled.push_str(&other.to_string()),
                    }
                    after
                }
                (None, None) => {
                    filled.push('$');
                    after
                }
            };
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

/// The name of `{name}`, and what is behind it.
fn name_in_braces(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('{')?.split_once('}').filter(|(name, _)| is_name(name))
}

/// How a text is written in a scenario that shall mean itself.
pub(super) fn escaped(text: &str) -> String {
    if text == MORE {
        return ESCAPED_MORE.to_owned();
    }
    let is_whole = text == ESCAPED_MORE || !matches!(Meaning::of(text), Meaning::Text);
    let mut written = String::new();
    for (position, part) in text.split('$').enumerate() {
        if position > 0 {
            // The dollar before this part is doubled where it would mean something.
            let means_something = (is_whole && position == 1) || name_in_braces(part).is_some();
            written.push_str(if means_something { "$$" } else { "$" });
        }
        written.push_str(part);
    }
    // Two that stand together would be one.
    if text.contains("$$") { text.replace('$', "$$") } else { written }
}

fn nothing_yet(name: &str) -> String {
    format!("`${name}` stands for nothing yet: no step before this one has it where it expects something")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_filled_in() {
        let mut variables = Variables::default();
        variables.bind("token", &json!("t-1"));
        variables.bind("count", &json!(2));
        let filled = |text: &str| variables.fill(&text.into()).unwrap();
        assert_eq!(filled("$token"), "t-1");
        assert_eq!(filled("$count"), 2);
        assert_eq!(filled("Bearer ${token} of ${count}"), "Bearer t-1 of 2");
        for text in
            ["$argon2id$v=19$m=8", "$$", "a$$b", "costs $5", "${", "${no name}", "Hi ${token}", "...", "$...", "$_"]
        {
            assert_eq!(variables.fill(&escaped(text).into()).unwrap(), text, "{}", escaped(text));
        }
        assert_eq!(escaped("$argon2id$v=19$m=8"), "$argon2id$v=19$m=8");
        assert_eq!(filled("$$token"), "$token");
        assert_eq!(escaped("$token"), "$$token");
        assert!(variables.fill(&json!({"a": ["$other"]})).unwrap_err().starts_with("`$other` stands for nothing yet"));
        assert!(variables.fill(&json!("$_")).is_err());
    }

    #[test]
    fn no_two_values_get_one_name() {
        let mut variables = Variables::of("error: {id: $token_2, text: '${user}', price: $5}");
        assert_eq!(variables.bind_like("token", &json!("one")), "token");
        assert_eq!(variables.bind_like("token", &json!("two")), "token_3");
        assert_eq!(variables.bind_like("user", &json!("two")), "user_2");
        assert_eq!(variables.bind_like("not a name", &json!("three")), "secret");
    }
}

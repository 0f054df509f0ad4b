use std::sync::{Mutex, MutexGuard, PoisonError};

use hostfn_contract::{
    SECRET_MARK,
    subschemas::{of_item, of_member, of_same_value},
};
use serde_json::Value;

/// Hides secrets from people, and keeps them comparable: `<secret 1>` is the same wherever it
/// stands.
///
/// Which values are secret is learnt from the schemas of the functions that they went through.
/// They are then hidden wherever they stand: in another call, a plugin's output, a database row.
/// They are numbered in the order in which they are met.
#[derive(Debug, Default)]
pub struct Redactor {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    secrets: Vec<Secret>,
    numbered: usize,
}

struct Secret {
    text: String,
    number: Option<usize>,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.secrets.len())
    }
}

impl Known {
    /// The mark of a secret, which gets its number when it is first met.
    fn mark(&mut self, position: usize) -> String {
        let secret = &mut self.secrets[position];
        let number = *secret.number.get_or_insert_with(|| {
            self.numbered += 1;
            self.numbered
        });
        format!("<secret {number}>")
    }
}

/// A shorter secret is hidden only where it is the whole text: one letter stands everywhere.
const SHORTEST_WITHIN_TEXT: usize = 6;

impl Redactor {
    /// A redactor that knows no secret yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns the secrets that `value` holds where `schema` says so.
    pub fn learn(&self, schema: &Value, value: &Value) {
        self.learn_within(schema, vec![schema], value);
    }

    fn learn_within<'a>(&self, root: &'a Value, schemas: Vec<&'a Value>, value: &Value) {
        // Together, and not one after the other: alternatives that hold each other would be gone through ever more often.
        let schemas = of_same_value(root, schemas);
        if schemas.is_empty() {
            return;
        }
        if schemas.iter().any(|schema| schema.get(SECRET_MARK) == Some(&Value::Bool(true))) {
            return self.learn_all(value);
        }
        match value {
            Value::Object(members) => {
                let names: Vec<_> = schemas.iter().filter_map(|schema| schema.get("propertyNames")).collect();
                for (name, member) in members {
                    self.learn_within(
                        root,
                        schemas.iter().flat_map(|schema| of_member(schema, name)).collect(),
                        member,
                    );
                    self.learn_within(root, names.clone(), &Value::from(name.as_str()));
                }
            }
            Value::Array(items) => {
                for (position, item) in items.iter().enumerate() {
                    self.learn_within(
                        root,
                        schemas.iter().flat_map(|schema| of_item(schema, position)).collect(),
                        item,
                    );
                }
            }
            Value::String(text) => {
                let content: Vec<_> = schemas.iter().filter_map(|schema| schema.get("contentSchema")).collect();
                if !content.is_empty()
                    && let Ok(value) = serde_json::from_str(text)
                {
                    self.learn_within(root, content, &value);
                }
            }
            _ => {}
        }
    }

    /// Learns what stands where a secret belongs. It may be of the wrong type, and is one all the
    /// same: somebody left out the quotes.
    fn learn_all(&self, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => self.learn_text(&number.to_string()),
            Value::String(text) => self.learn_text(text),
            Value::Array(items) => items.iter().for_each(|item| self.learn_all(item)),
            Value::Object(members) => members.values().for_each(|member| self.learn_all(member)),
        }
    }

    /// Learns one secret.
    pub fn learn_text(&self, secret: &str) {
        let secrets = &mut self.lock().secrets;
        if !secret.is_empty() && !secrets.iter().any(|known| known.text == secret) {
            secrets.push(Secret { text: secret.to_owned(), number: None });
            // The longest first: one secret may be a part of another.
            secrets.sort_by_key(|known| std::cmp::Reverse(known.text.len()));
        }
    }

    /// Whether a text is a secret, and nothing else.
    pub fn knows(&self, text: &str) -> bool {
        self.lock().secrets.iter().any(|secret| secret.text == text)
    }

    /// One that knows the same secrets and numbers them anew.
    pub fn renumbered(&self) -> Self {
        let secrets =
            self.lock().secrets.iter().map(|known| Secret { text: known.text.clone(), number: None }).collect();
        Self { known: Mutex::new(Known { secrets, numbered: 0 }) }
    }

    /// The text with the secrets that are known so far hidden.
    pub fn redact_text(&self, text: &str) -> String {
        let mut known = self.lock();
        let mut redacted = text.to_owned();
        for position in 0..known.secrets.len() {
            let secret = known.secrets[position].text.clone();
            if redacted == secret {
                return known.mark(position);
            }
            if secret.len() >= SHORTEST_WITHIN_TEXT && redacted.contains(&secret) {
                redacted = redacted.replace(&secret, &known.mark(position));
            }
        }
        redacted
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value with the secrets that are known so far hidden, in names of members as well.
    pub fn redact(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.redact_text(text).into(),
            Value::Number(number) => match self.redact_text(&number.to_string()) {
                redacted if redacted == number.to_string() => value.clone(),
                redacted => redacted.into(),
            },
            Value::Array(items) => items.iter().map(|item| self.redact(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, member)| (self.redact_text(name), self.redact(member))).collect()
            }
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};

use hostfn_contract::{
    SECRET_MARK,
    subschemas::{Place, of_same_value, subschemas},
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
        self.learn_within(schema, schema, value);
    }

    fn learn_within(&self, root: &Value, schema: &Value, value: &Value) {
        let schemas = of_same_value(root, schema);
        if schemas.iter().any(|schema| schema.get(SECRET_MARK) == Some(&Value::Bool(true))) {
            return self.learn_all(value);
        }
        for schema in schemas {
            for (place, below) in subschemas(schema) {
                self.learn_at(root, place, below, schema, value);
            }
        }
    }

    /// Learns from the part of a value that one subschema describes.
    fn learn_at(&self, root: &Value, place: Place<'_>, below: &Value, schema: &Value, value: &Value) {
        let is_named = |name: &str| schema.get("properties").is_some_and(|named| named.get(name).is_some());
        match (place, value) {
            (Place::Property(name), Value::Object(members)) => {
                members.get(name).into_iter().for_each(|member| self.learn_within(root, below, member));
            }
            (Place::PatternProperty(pattern), Value::Object(members)) => {
                let described = members.iter().filter(|(name, _)| match is_number_of(pattern, name) {
                    Some(is_number) => is_number,
                    // To hide too much is better than to show a secret.
                    None => !is_named(name),
                });
                described.for_each(|(_, member)| self.learn_within(root, below, member));
            }
            (Place::OtherProperties, Value::Object(members)) => {
                let others = members.iter().filter(|(name, _)| !is_named(name));
                others.for_each(|(_, member)| self.learn_within(root, below, member));
            }
            (Place::PropertyNames, Value::Object(members)) => {
                members.keys().for_each(|name| self.learn_within(root, below, &Value::from(name.as_str())));
            }
            (Place::Item(position), Value::Array(items)) => {
                items.get(position).into_iter().for_each(|item| self.learn_within(root, below, item));
            }
            // Also those that have a schema of their own by their position, which `contains` is about as well.
            (Place::Items, Value::Array(items)) => {
                items.iter().for_each(|item| self.learn_within(root, below, item));
            }
            (Place::Content, Value::String(text)) => {
                if let Ok(content) = serde_json::from_str(text) {
                    self.learn_within(root, below, &content);
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

/// Whether a name matches a pattern for the keys of a map by integers, if it is one: those are the only patterns that
/// types have of themselves.
fn is_number_of(pattern: &str, name: &str) -> Option<bool> {
    let digits = match pattern {
        r"^\d+$" => name,
        r"^-?\d+$" => name.strip_prefix('-').unwrap_or(name),
        _ => return None,
    };
    Some(!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use hostfn_contract::Secret;
    use proptest::prelude::*;
    use schemars::JsonSchema;
    use serde_json::json;

    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Request {
        name: String,
        password: Option<Secret>,
        inner: Vec<Inner>,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Inner {
        token: Secret,
    }

    #[test]
    fn the_same_secret_gets_the_same_number_wherever_it_stands() {
        let redactor = Redactor::new();
        let request =
            json!({"name": "Ada", "password": "hunter22", "inner": [{"token": "abcdef"}, {"token": "hunter22"}]});
        redactor.learn(schemars::schema_for!(Request).as_value(), &request);
        assert_eq!(
            redactor.redact(&request),
            json!({"name": "Ada", "password": "<secret 1>", "inner": [{"token": "<secret 2>"}, {"token": "<secret 1>"}]})
        );
        assert_eq!(redactor.redact_text("is it hunter22?"), "is it <secret 1>?");
        assert!(redactor.knows("hunter22") && !redactor.knows("is it hunter22?"));
        assert_eq!(redactor.renumbered().redact_text("abcdef"), "<secret 1>");
        assert!(!format!("{redactor:?}").contains("hunter22"));
    }

    #[test]
    fn a_secret_of_the_wrong_type_is_hidden_too() {
        let redactor = Redactor::new();
        let request =
            json!({"name": 12345678, "password": 12345678, "inner": [{"token": ["abcdef", {"is": "ghijkl"}]}]});
        redactor.learn(schemars::schema_for!(Request).as_value(), &request);
        assert_eq!(
            redactor.redact(&request),
            json!({"name": "<secret 1>", "password": "<secret 1>", "inner": [{"token": ["<secret 2>", {"is": "<secret 3>"}]}]})
        );
    }

    #[test]
    fn a_short_secret_does_not_eat_other_texts() {
        let redactor = Redactor::new();
        redactor.learn_text("a");
        assert_eq!(redactor.redact(&json!({"name": "Ada", "pin": "a"})), json!({"name": "Ada", "pin": "<secret 1>"}));
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Places {
        pair: (String, Secret),
        by_number: std::collections::BTreeMap<u32, Secret>,
        by_name: std::collections::BTreeMap<String, Secret>,
        tagged: Option<Tagged>,
        #[serde(flatten)]
        flattened: Inner,
    }

    #[derive(JsonSchema)]
    #[serde(tag = "kind")]
    #[expect(dead_code, reason = "only its schema is used")]
    enum Tagged {
        With { token: Secret },
        Without,
    }

    #[test]
    fn a_secret_is_found_in_every_place_that_a_type_has_for_one() {
        let redactor = Redactor::new();
        let value = json!({
            "pair": ["Ada", "secret-of-pair"], "by_number": {"7": "secret-by-number"}, "by_name": {"a": "secret-by-name"},
            "tagged": {"kind": "With", "token": "secret-of-tagged"}, "token": "secret-of-flattened",
        });
        redactor.learn(schemars::schema_for!(Places).as_value(), &value);
        let shown = redactor.redact(&value).to_string();
        assert!(!shown.contains("secret-"), "{shown}");
        assert!(shown.contains("Ada"), "{shown}");
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let redactor = Redactor::new();
        let schema = json!({
            "$ref": "#/$defs/Page%3CNote%3E",
            "$defs": {"Page<Note>": {"anyOf": [{"$ref": "#/$defs/Page%3CNote%3E"}, {"$ref": "#"}, {"x-secret": true}]}},
        });
        redactor.learn(&schema, &json!("swordfish"));
        assert!(redactor.knows("swordfish"));
    }

    /// Schemas with a secret somewhere, each with a value of it.
    fn with_a_secret() -> impl Strategy<Value = (Value, Value)> {
        let secret = Just((json!({"type": "string", "x-secret": true}), json!("swordfish")));
        let other = || json!({"type": "integer"});
        let places = secret.prop_recursive(6, 6, 1, move |inner| {
            (inner, 0..17_u8).prop_map(move |((schema, value), place)| match place {
                0 => (
                    json!({"properties": {"default": schema, "other": other()}}),
                    json!({"default": value, "other": 1}),
                ),
                1 => (json!({"additionalProperties": schema}), json!({"a": value})),
                2 => (
                    json!({"properties": {"a": other()}, "unevaluatedProperties": schema}),
                    json!({"a": 1, "b": value}),
                ),
                3 => (json!({"patternProperties": {"^\\d+$": schema}}), json!({"12": value})),
                4 => (json!({"items": schema}), json!([value])),
                5 => (json!({"prefixItems": [other(), schema]}), json!([1, value])),
                6 => (json!({"items": [other(), schema]}), json!([1, value])),
                7 => (json!({"prefixItems": [other()], "items": schema}), json!([1, value])),
                8 => (json!({"contains": schema}), json!([value])),
                9 => (json!({"prefixItems": [other()], "unevaluatedItems": schema}), json!([1, value])),
                10 => (json!({"anyOf": [{"type": "null"}, schema]}), value),
                11 => (json!({"allOf": [{}, schema]}), value),
                12 => (json!({"oneOf": [schema, {"type": "null"}]}), value),
                13 => (json!({"if": {}, "then": schema}), value),
                14 => (json!({"if": false, "else": schema}), value),
                15 => (json!({"dependentSchemas": {"a": {"properties": {"b": schema}}}}), json!({"a": 1, "b": value})),
                _ => (json!({"items": [other()], "additionalItems": schema}), json!([1, value])),
            })
        });
        // A part of a root may be a definition.
        (places, any::<bool>()).prop_map(|((schema, value), is_definition)| match is_definition {
            true => (json!({"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": schema}}), json!({"a": value})),
            false => (schema, value),
        })
    }

    proptest! {
        #[test]
        fn no_secret_is_shown_wherever_its_schema_stands((schema, value) in with_a_secret()) {
            let redactor = Redactor::new();
            redactor.learn(&schema, &value);
            let shown = redactor.redact(&value).to_string();
            prop_assert!(!shown.contains("swordfish"), "{shown} by {schema}");
        }
    }
}

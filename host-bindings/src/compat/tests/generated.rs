//! The check's word against a validator's, for schemas that nobody wrote: what it calls harmless no value contradicts.

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{contract, report};
use crate::{Contract, compat::Finding};

/// Choices, one after the other, from a seed.
struct Choices(u64);

impl Choices {
    fn below(&mut self, count: usize) -> usize {
        // Source: Marsaglia, Xorshift RNGs, 2003.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % count
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// Puts a word into a schema, once in so many times.
    fn sometimes(&mut self, schema: &mut Map<String, Value>, word: &str, values: &[Value]) {
        if self.below(3) == 0 {
            schema.insert(word.to_owned(), self.of(values));
        }
    }

    fn schema(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 5 } else { 12 }) {
            0 => self.number(),
            1 => self.string(),
            2 => self.of(&[
                json!({"type": "boolean"}),
                json!(true),
                json!({"type": "null"}),
                json!({"$ref": "#/$defs/Note"}),
            ]),
            3 => self.of(&[
                json!({"const": "a"}),
                json!({"enum": ["a", "b"]}),
                json!({"enum": [1, 2, null]}),
                json!({"const": 1}),
            ]),
            4 => {
                let mut schema = self.number();
                schema["type"] =
                    self.of(&[json!(["integer", "null"]), json!(["integer", "string"]), json!(["number", "boolean"])]);
                schema
            }
            5 | 6 => self.list(depth - 1),
            7 | 8 => self.object(depth - 1),
            9 => json!({"anyOf": [self.schema(depth - 1), self.schema(depth - 1)]}),
            10 => json!({"oneOf": [self.variant("x", depth - 1), self.variant("y", depth - 1)]}),
            _ => json!({"allOf": [self.schema(depth - 1), self.schema(depth - 1)]}),
        }
    }

    fn number(&mut self) -> Value {
        let mut schema = Map::from_iter([("type".to_owned(), self.of(&[json!("integer"), json!("number")]))]);
        let formats: Vec<_> = FORMATS.iter().map(|(format, ..)| json!(format)).chain([json!("double")]).collect();
        self.sometimes(&mut schema, "format", &formats);
        for word in ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"] {
            let limits = [json!(0), json!(1), json!(1.5), json!(-1), json!(255), json!(3_000_000_000_u32)];
            self.sometimes(&mut schema, word, &limits);
        }
        self.sometimes(&mut schema, "multipleOf", &[json!(1), json!(2), json!(3), json!(0.5), json!(4)]);
        schema.into()
    }

    fn string(&mut self) -> Value {
        let mut schema = Map::from_iter([("type".to_owned(), json!("string"))]);
        self.sometimes(&mut schema, "minLength", &[json!(0), json!(1), json!(2)]);
        self.sometimes(&mut schema, "maxLength", &[json!(1), json!(2), json!(3)]);
        self.sometimes(&mut schema, "pattern", &[json!("^a"), json!("b$")]);
        self.sometimes(&mut schema, "format", &[json!("uuid"), json!("date")]);
        schema.into()
    }

    fn list(&mut self, depth: usize) -> Value {
        let mut schema = Map::from_iter([("type".to_owned(), json!("array"))]);
        let items = [self.schema(depth), json!(false)];
        self.sometimes(&mut schema, "items", &items);
        let places = [json!([self.schema(depth)]), json!([self.schema(depth), self.schema(depth)])];
        self.sometimes(&mut schema, "prefixItems", &places);
        self.sometimes(&mut schema, "uniqueItems", &[json!(true), json!(false)]);
        self.sometimes(&mut schema, "minItems", &[json!(0), json!(1)]);
        self.sometimes(&mut schema, "maxItems", &[json!(1), json!(2)]);
        let contained = [self.schema(0)];
        self.sometimes(&mut schema, "contains", &contained);
        schema.into()
    }

    fn object(&mut self, depth: usize) -> Value {
        let mut schema = Map::from_iter([("type".to_owned(), json!("object"))]);
        let fields = [json!({"a": self.schema(depth)}), json!({"a": self.schema(depth), "b": self.schema(depth)})];
        self.sometimes(&mut schema, "properties", &fields);
        self.sometimes(&mut schema, "required", &[json!(["a"]), json!(["b"]), json!(["a", "b"])]);
        let others = [json!(false), json!(true), self.schema(depth)];
        self.sometimes(&mut schema, "additionalProperties", &others);
        let patterns = [json!({"^a": self.schema(0)}), json!({"^a": self.schema(0), "^b": self.schema(0)})];
        if self.below(3) == 0 {
            self.sometimes(&mut schema, "patternProperties", &patterns);
        }
        self.sometimes(&mut schema, "unevaluatedProperties", &[json!(false)]);
        self.sometimes(&mut schema, "propertyNames", &[json!({"maxLength": 1}), json!({"pattern": "^a"})]);
        self.sometimes(&mut schema, "minProperties", &[json!(1), json!(2)]);
        self.sometimes(&mut schema, "maxProperties", &[json!(1), json!(2)]);
        schema.into()
    }

    fn variant(&mut self, kind: &str, depth: usize) -> Value {
        let properties = json!({"kind": {"const": kind}, "a": self.schema(depth)});
        let mut schema = json!({"type": "object", "properties": properties, "required": ["kind", "a"]});
        if self.below(2) == 0 {
            schema["additionalProperties"] = json!(false);
        }
        schema
    }

    /// The same with something else in one place or two.
    fn changed(&mut self, schema: &Value, depth: usize) -> Value {
        let Value::Object(members) = schema else { return self.schema(depth) };
        match self.below(8) {
            0 => return self.schema(depth),
            1 => return json!({"anyOf": [schema, self.schema(0)]}),
            2 => return json!({"anyOf": [schema, {"type": "null"}]}),
            _ => {}
        }
        let mut members = members.clone();
        let words: Vec<_> = members.keys().cloned().collect();
        let Some(word) = (!words.is_empty()).then(|| self.of(&words)) else { return self.schema(depth) };
        let other = match &members[&word] {
            Value::Array(all)
                if ["oneOf", "anyOf", "allOf", "prefixItems"].contains(&word.as_str()) && self.below(3) > 0 =>
            {
                let mut all = all.clone();
                let place = self.below(all.len());
                all[place] = self.changed(&all[place], depth);
                Some(all.into())
            }
            Value::Object(all) if ["properties", "patternProperties"].contains(&word.as_str()) && self.below(3) > 0 => {
                let mut all = all.clone();
                let names: Vec<_> = all.keys().cloned().collect();
                let name = self.of(&names);
                match self.below(4) {
                    0 => {
                        all.shift_remove(&name);
                    }
                    1 => {
                        let schema = self.schema(0);
                        all.insert("c".to_owned(), schema);
                    }
                    _ => {
                        let schema = self.changed(&all[&name], depth);
                        all.insert(name, schema);
                    }
                }
                Some(all.into())
            }
            below @ Value::Object(_) if !["const", "properties", "patternProperties"].contains(&word.as_str()) => {
                Some(self.changed(below, depth))
            }
            _ => None,
        };
        match other {
            Some(other) => {
                members.insert(word, other);
            }
            // The same word of another schema of this type, or none.
            None => {
                let kind = members.get("type").map(ToString::to_string).unwrap_or_default();
                let like = match () {
                    () if kind.contains("array") => self.list(0),
                    () if kind.contains("object") => self.object(0),
                    () if kind.contains("string") => self.string(),
                    () => self.number(),
                };
                if word != "type" || self.below(2) == 0 {
                    members.shift_remove(&word);
                }
                for (word, value) in like.as_object().into_iter().flatten().filter(|(word, _)| *word != "type") {
                    if self.below(2) == 0 {
                        members.insert(word.clone(), value.clone());
                    }
                }
            }
        }
        members.into()
    }

    /// A value that is likely to be valid, or nearly so.
    fn value(&mut self, schema: &Value, depth: usize) -> Value {
        let pick = self.below(8);
        let Some(members) = schema.as_object().filter(|_| pick > 0 && depth > 0) else { return self.of(&values()) };
        if let Some(value) = members.get("const") {
            return value.clone();
        }
        if let Some(values) = members.get("enum").and_then(Value::as_array) {
            return self.of(values);
        }
        for word in ["anyOf", "oneOf", "allOf"] {
            if let Some(all) = members.get(word).and_then(Value::as_array) {
                let one = self.of(all);
                return self.value(&one, depth - 1);
            }
        }
        if members.contains_key("$ref") {
            return json!({"text": "a", "id": 1});
        }
        let kind = match members.get("type") {
            Some(Value::Array(kinds)) => self.of(kinds),
            Some(kind) => kind.clone(),
            None => json!("any"),
        };
        match kind.as_str() {
            Some("integer" | "number") => {
                let words = ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"];
                let limits: Vec<_> = words.iter().filter_map(|word| members.get(*word)?.as_f64()).collect();
                let near = if limits.is_empty() { 0.0 } else { self.of(&limits) };
                let number = near + self.of(&[0.0, 1.0, -1.0, 0.5, 2.0, 6.0, 12.0]);
                if number.fract() == 0.0 { json!(number as i64) } else { json!(number) }
            }
            Some("string") => self.of(&["a", "ab", "aab", "b", "", "abcd", "2020-01-01"].map(Value::from)),
            Some("boolean") => json!(true),
            Some("null") => Value::Null,
            Some("array") => {
                let places = members.get("prefixItems").and_then(Value::as_array).cloned().unwrap_or_default();
                let rest = members.get("items").cloned().unwrap_or(json!(true));
                let count = self.below(4);
                (0..count).map(|place| self.value(places.get(place).unwrap_or(&rest), depth - 1)).collect()
            }
            Some("object") => {
                let mut value = Map::new();
                for name in ["kind", "a", "b", "c", "ab"] {
                    let of = |word: &str| members.get(word).and_then(|below| below.get(name)).cloned();
                    let own = of("properties");
                    if own.is_some() && self.below(6) > 0 || self.below(5) == 0 {
                        let others = members.get("additionalProperties").cloned().unwrap_or(json!(true));
                        value.insert(name.to_owned(), self.value(&own.unwrap_or(others), depth - 1));
                    }
                }
                value.into()
            }
            _ => self.of(&values()),
        }
    }
}

/// The formats of numbers, which validators do not know, and what they say.
const FORMATS: [(&str, f64, f64); 5] = [
    ("int32", -2_147_483_648.0, 2_147_483_647.0),
    ("int64", -9_223_372_036_854_775_808.0, 9_223_372_036_854_775_807.0),
    ("uint8", 0.0, 255.0),
    ("uint32", 0.0, 4_294_967_295.0),
    ("float", f32::MIN as f64, f32::MAX as f64),
];

fn values() -> Vec<Value> {
    let text = r#"[null, true, 0, 1, 2, 3, -1, 1.5, 0.5, 6, 255, 256, 300, 3000000000, 5000000000, 1e39, "a", "ab", "b", "",
        "2020-01-01", [], [1], [1, 1], ["a"], ["a", "a"], ["a", 1, null], {}, {"a": 1}, {"b": 1}, {"a": "a", "b": 1},
        {"a": null, "c": 1}, {"kind": "x", "a": 1}, {"kind": "y", "a": "a"}, {"kind": "x", "a": 1, "b": 1},
        {"text": "a", "id": 1}, {"text": "a", "id": "1"}, {"ab": 1}, {"c": true}]"#;
    serde_json::from_str(text).expect("it is JSON")
}

/// A schema for a validator: with what formats of numbers say, and, for a reader of answers, with unknown fields.
fn judged(schema: &Value, is_open: bool) -> Value {
    match schema {
        Value::Object(members) => {
            let mut all: Map<String, Value> = members
                .iter()
                .map(|(word, below)| {
                    let values = ["const", "enum", "required"].contains(&word.as_str());
                    (word.clone(), if values { below.clone() } else { judged(below, is_open) })
                })
                .collect();
            let is_map = members.contains_key("patternProperties");
            for word in ["additionalProperties", "unevaluatedProperties"] {
                if is_open && !is_map && all.get(word) == Some(&json!(false)) {
                    all.shift_remove(word);
                }
            }
            let format = members.get("format").and_then(Value::as_str);
            match FORMATS.iter().find(|(name, ..)| Some(*name) == format) {
                Some((_, least, most)) => json!({"allOf": [all, {"minimum": least, "maximum": most}]}),
                None => all.into(),
            }
        }
        Value::Array(all) => all.iter().map(|schema| judged(schema, is_open)).collect(),
        other => other.clone(),
    }
}

fn validator(contract: &Value, schema: &Value, is_open: bool) -> Validator {
    let contract = Contract::from_json(&contract.to_string()).expect("the test's contract is one");
    let schema = judged(&contract.standalone(schema), is_open);
    jsonschema::options().should_validate_formats(true).build(&schema).expect("it is a schema")
}

/// Judges a change in both directions, and says how many verdicts a value could have contradicted.
fn judge(seed: u64) -> Result<usize, TestCaseError> {
    let mut choices = Choices(seed | 1);
    for _ in 0..4 {
        choices.below(2);
    }
    let old = choices.schema(2);
    let new = choices.changed(&old, 1);
    let wrapped = |schema: &Value| json!({"type": "object", "properties": {"v": schema}, "required": ["v"]});
    let (old_root, new_root) = (wrapped(&old), wrapped(&new));
    let of = |schema: &Value| contract(schema.clone(), schema);
    let (before, after) = (of(&old_root), of(&new_root));
    let report = report(&before, &after);
    let mut harmless = 0;
    for direction in ["request", "response"] {
        let breaks =
            |finding: &Finding| finding.is_breaking() && finding.path.starts_with(&format!("get_note.{direction}"));
        if report.findings.iter().any(breaks) {
            continue;
        }
        harmless += 1;
        // What was taken is taken, and what is answered can be read.
        let is_response = direction == "response";
        let (from, to) = match is_response {
            false => (validator(&before, &old_root, false), validator(&after, &new_root, false)),
            true => (validator(&after, &new_root, false), validator(&before, &old_root, true)),
        };
        let guide = if is_response { &new } else { &old };
        for value in values().into_iter().chain((0..60).map(|_| choices.value(guide, 3))) {
            let value = json!({"v": value});
            prop_assert!(
                !from.is_valid(&value) || to.is_valid(&value),
                "{direction}: {value}\nold {old}\nnew {new}\n{:#?}",
                report.findings.iter().map(|finding| (finding.rule, &finding.path)).collect::<Vec<_>>()
            );
        }
    }
    Ok(harmless)
}

proptest! {
    // The same in every run: what another seed would find must not fail somebody else's change.
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(2026),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_value_contradicts_what_is_called_harmless(seed in any::<u64>()) {
        judge(seed)?;
    }

    #[test]
    fn no_schema_has_anything_against_itself(seed in any::<u64>()) {
        let mut choices = Choices(seed | 1);
        let schema = choices.schema(3);
        let contract = contract(schema.clone(), &schema);
        prop_assert_eq!(report(&contract, &contract).findings, Vec::new());
    }
}

#[test]
fn enough_of_what_is_generated_is_called_harmless() {
    let judged: Vec<_> = (1..1000_u64).map(|seed| judge(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect();
    let wrong: Vec<_> = judged.iter().filter_map(|judged| judged.as_ref().err()).take(10).collect();
    assert!(wrong.is_empty(), "{}", wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"));
    let harmless: usize = judged.iter().flatten().sum();
    assert!(harmless > 150, "{harmless}");
}

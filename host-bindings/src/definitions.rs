//! The types of all functions in one place, each once.

use std::{borrow::Cow, collections::BTreeMap};

use hostfn_runtime::subschemas::change_each_schema;
use serde_json::{Map, Value};

use crate::{
    integers,
    references::{name_of, reference_to},
};

/// Types by their names.
#[derive(Default)]
pub(crate) struct Definitions {
    by_name: BTreeMap<String, Value>,
}

/// The name of the type that a schema refers to, if it is a reference.
pub(crate) fn referred(schema: &Value) -> Option<Cow<'_, str>> {
    name_of(schema.get("$ref")?.as_str()?)
}

impl Definitions {
    /// Takes in a root schema with all that it refers to, and answers the schema to use in its place: a
    /// reference, but for what is too small to have a name.
    pub(crate) fn add(&mut self, mut root: Value) -> Value {
        integers::plain(&mut root);
        let Value::Object(members) = &mut root else { return root };
        members.shift_remove("$schema");
        let title = members.shift_remove("title");
        let own = match members.shift_remove("$defs") {
            Some(Value::Object(definitions)) => definitions,
            _ => Map::new(),
        };

        // Two types of one name, of two crates or in two directions, get names of their own.
        let names: BTreeMap<_, _> =
            own.iter().map(|(name, schema)| (name.clone(), self.free_name(name, schema))).collect();
        for (name, mut schema) in own {
            rename(&mut schema, &names);
            self.by_name.insert(names[&name].clone(), schema);
        }
        rename(&mut root, &names);
        match title {
            Some(Value::String(title)) if has_a_name(&root) => {
                let name = self.free_name(&title, &root);
                self.by_name.insert(name.clone(), root);
                reference(&name)
            }
            _ => root,
        }
    }

    /// The schema behind a reference.
    pub(crate) fn resolve(&self, schema: &Value) -> Value {
        referred(schema).and_then(|name| self.by_name.get(name.as_ref())).unwrap_or(schema).clone()
    }

    pub(crate) fn into_sorted(self) -> Map<String, Value> {
        self.by_name.into_iter().collect()
    }

    /// This name, or one like it that no other type has.
    fn free_name(&self, name: &str, schema: &Value) -> String {
        let is_free = |name: &str| self.by_name.get(name).is_none_or(|taken| taken == schema);
        let further = (2..).map(|count| format!("{name}_{count}"));
        std::iter::once(name.to_owned()).chain(further).find(|name| is_free(name)).unwrap_or_default()
    }
}

/// Objects, and unions of them. What else there is is told by where it stands.
fn has_a_name(schema: &Value) -> bool {
    schema.get("properties").is_some() || schema.get("oneOf").is_some() || schema.get("enum").is_some()
}

fn reference(name: &str) -> Value {
    serde_json::json!({"$ref": reference_to(name)})
}

fn rename(schema: &mut Value, names: &BTreeMap<String, String>) {
    change_each_schema(schema, &mut |keywords| {
        if let Some(Value::String(target)) = keywords.get_mut("$ref")
            && let Some(name) = name_of(target).and_then(|name| names.get(name.as_ref()))
        {
            *target = reference_to(name);
        }
    });
}

#[cfg(test)]
mod tests {
    use schemars::{JsonSchema, generate::SchemaSettings};
    use serde_json::json;

    use super::*;

    #[test]
    fn two_types_of_one_name_get_names_of_their_own() {
        let mut definitions = Definitions::default();
        let of = |kind: &str| {
            json!({
                "title": "Outer",
                "properties": {"inner": {"$ref": "#/$defs/Inner"}},
                "$defs": {"Inner": {"type": kind}},
            })
        };
        assert_eq!(definitions.add(of("string")), json!({"$ref": "#/$defs/Outer"}));
        assert_eq!(definitions.add(of("string")), json!({"$ref": "#/$defs/Outer"}));
        assert_eq!(definitions.add(of("boolean")), json!({"$ref": "#/$defs/Outer_2"}));
        let sorted = definitions.into_sorted();
        assert_eq!(sorted.keys().collect::<Vec<_>>(), ["Inner", "Inner_2", "Outer", "Outer_2"]);
        assert_eq!(sorted["Outer_2"]["properties"]["inner"]["$ref"], "#/$defs/Inner_2");
    }

    #[test]
    fn what_is_small_stays_where_it_is() {
        let mut definitions = Definitions::default();
        let text = definitions.add(json!({"title": "Secret", "type": "string", "x-secret": true}));
        assert_eq!(text, json!({"type": "string", "x-secret": true}));
        assert!(definitions.into_sorted().is_empty());
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Price {
        cents: i32,
        remark: Option<String>,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Prices {
        default: Price,
        sale: Price,
    }

    #[test]
    fn a_member_named_like_a_keyword_refers_to_the_type_of_its_own_direction() {
        let mut definitions = Definitions::default();
        let response = SchemaSettings::draft2020_12().for_serialize().into_generator();
        definitions.add(response.into_root_schema_for::<Prices>().to_value());
        let request = SchemaSettings::draft2020_12().for_deserialize().into_generator();
        definitions.add(request.into_root_schema_for::<Prices>().to_value());
        let sorted = definitions.into_sorted();
        assert_eq!(sorted["Price"]["required"], json!(["cents", "remark"]));
        assert_eq!(sorted["Price_2"]["required"], json!(["cents"]));
        for (type_name, price) in [("Prices", "#/$defs/Price"), ("Prices_2", "#/$defs/Price_2")] {
            for member in ["default", "sale"] {
                assert_eq!(sorted[type_name]["properties"][member]["$ref"], price, "{type_name}.{member}");
            }
        }
    }

    #[test]
    fn a_reference_among_values_is_a_text() {
        let mut schema = json!({"default": {"$ref": "#/$defs/A"}, "items": {"$ref": "#/$defs/A"}});
        rename(&mut schema, &BTreeMap::from([("A".to_owned(), "B".to_owned())]));
        assert_eq!(schema, json!({"default": {"$ref": "#/$defs/A"}, "items": {"$ref": "#/$defs/B"}}));
    }
}

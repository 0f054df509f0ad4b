//! Schemas of files that people write, for their editors.

use hostfn_contract::subschemas::change_each_schema;
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

/// Whether a file can say null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// It can, in place of what it could leave out.
    Some,
    /// There is none in its language.
    None,
}

/// The schema of a file, made from the type that reads it.
pub fn file_schema<T: JsonSchema>(url: &str, nulls: Nulls) -> Value {
    let Value::Object(mut schema) = schemars::schema_for!(T).to_value() else { return json!({"$id": url}) };
    let mut ordered = Map::new();
    for (name, value) in [("$schema", schema.shift_remove("$schema")), ("$id", Some(url.into()))] {
        ordered.extend(value.map(|value| (name.to_owned(), value)));
    }
    ordered.extend(schema);
    let mut schema = Value::Object(ordered);
    mend(&mut schema, nulls);
    schema
}

/// Leaves out what is Rust's alone, and what an editor would take for advice.
fn mend(schema: &mut Value, nulls: Nulls) {
    change_each_schema(schema, &mut |members| {
        let is_null = |value: &Value| value == "null";
        if nulls == Nulls::None
            && let Some(Value::Array(types)) = members.get_mut("type")
        {
            types.retain(|kind| !is_null(kind));
            if let [only] = types.as_slice() {
                let only = only.clone();
                members.insert("type".to_owned(), only);
            }
        }
        // The formats of numbers are the names of Rust's types, and what is absent has no value by default.
        members.retain(|name, value| match name.as_str() {
            "format" => !value.as_str().is_some_and(|format| format.starts_with("uint")),
            "default" => !value.is_null(),
            _ => true,
        });
        if let Some(Value::String(description)) = members.get_mut("description") {
            // Lines that are broken for a width, joined again; paragraphs stay.
            let paragraphs: Vec<_> = description.split("\n\n").map(|text| text.replace('\n', " ")).collect();
            *description = paragraphs.join("\n\n");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line that is
    /// broken.
    ///
    /// Another.
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "it is described, and never made")]
    struct Described {
        number: Option<u32>,
    }

    #[test]
    fn it_says_what_the_language_of_the_file_can() {
        let schema = file_schema::<Described>("https://example.com/a.json", Nulls::None);
        let names: Vec<_> = schema.as_object().into_iter().flatten().map(|(name, _)| &**name).collect();
        assert_eq!(names[..2], ["$schema", "$id"]);
        assert_eq!(schema["description"], "A line that is broken.\n\nAnother.");
        assert_eq!(schema["properties"]["number"], json!({"type": "integer", "minimum": 0}));
        let schema = file_schema::<Described>("https://example.com/a.json", Nulls::Some);
        assert_eq!(schema["properties"]["number"], json!({"type": ["integer", "null"], "minimum": 0}));
    }
}

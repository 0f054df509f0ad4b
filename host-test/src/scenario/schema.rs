//! What the schema of a scenario says where its types say less than its reader.

use hostfn_runtime::{Nulls, file_schema};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::{Scenario, file::ScenarioFile};

impl Scenario {
    /// Where the schema of this release's scenarios is kept.
    pub const SCHEMA_URL: &str =
        concat!(env!("CARGO_PKG_REPOSITORY"), "/raw/main/snapshots/schemas/scenario.schema.json");

    /// The JSON Schema of a scenario's file, by which editors complete and check it. It is made from the types that
    /// read one.
    pub fn schema() -> Value {
        file_schema::<ScenarioFile>(Self::SCHEMA_URL, Nulls::Some)
    }
}

/// What `humantime` reads, by its first sign and its last; the rest is for it to say.
pub(super) fn duration(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "pattern": r"^\s*[0-9]([0-9\s.]|[A-Za-z\u00b5])*$"})
}

/// Rows to put into tables.
pub(super) fn rows(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "additionalProperties": {"type": "array", "items": {"type": "object"}}
    })
}

/// Rows that tables shall have.
pub(super) fn tables(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "additionalProperties": {"description": "The rows of the table, in the order of their keys."}
    })
}

/// Host calls that shall be made.
pub(super) fn calls(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["array", "null"],
        "items": {
            "anyOf": [
                {"type": "string", "description": "The name of a host function, or `...` for any number of calls."},
                {
                    "type": "object",
                    "required": ["function"],
                    "properties": {
                        "function": {"type": "string", "description": "The name of the host function."},
                        "request": {"description": "What the plugin passes, as much of it as is said."},
                        "data": {"description": "What the host answers."},
                        "error": {"description": "Or the error that it answers."}
                    }
                }
            ]
        }
    })
}

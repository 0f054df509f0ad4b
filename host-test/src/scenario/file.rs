//! A scenario as it stands in its file.

use std::{collections::BTreeMap, time::Duration};

use hostfn_runtime::{ErrorCode, Grants, HostError, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

use super::{schema, yaml};
use crate::fixture::Failure;

/// The rows of tables, by the tables' names.
pub(super) type Rows = Map<String, Value>;

/// Steps that are taken with a plugin, and what shall come of each.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Scenario")]
pub(super) struct ScenarioFile {
    /// What it shows; else its file is its name.
    pub(super) name: Option<String>,
    /// What the plugin is granted.
    #[serde(default, deserialize_with = "grants")]
    pub(super) grants: Grants,
    /// What the plugin is configured with.
    #[serde(default)]
    pub(super) config: BTreeMap<String, String>,
    /// How long a call of the plugin may take, such as `2s`; 30 seconds where nothing is said.
    #[serde(default, deserialize_with = "duration")]
    #[schemars(schema_with = "schema::duration")]
    pub(super) timeout: Option<Duration>,
    /// The time at which it begins; 2026-01-02T03:04:05Z where nothing is said.
    pub(super) clock: Option<Timestamp>,
    /// The rows that are there before it begins, in the order in which they are put there.
    #[serde(default)]
    #[schemars(schema_with = "schema::rows")]
    pub(super) database: Rows,
    /// Functions that are answered for, from the beginning.
    #[serde(default)]
    pub(super) mocks: Vec<MockedCall>,
    /// The calls of the plugin.
    #[schemars(with = "Vec<Step>", length(min = 1))]
    pub(super) steps: Vec<Spanned<Step>>,
}

/// One call of the plugin, and what shall come of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("not" = {"required": ["output", "error"]}))]
pub(super) struct Step {
    /// What it does; else the export is its name.
    pub(super) name: Option<String>,
    /// The time that it becomes before the call.
    pub(super) clock: Option<Timestamp>,
    /// How much later it becomes before the call, such as `90s` or `1h`.
    #[serde(default, deserialize_with = "duration")]
    #[schemars(schema_with = "schema::duration")]
    pub(super) advance: Option<Duration>,
    /// Functions that are answered for from this step on.
    #[serde(default)]
    pub(super) mocks: Vec<MockedCall>,
    /// The function of the plugin to call.
    pub(super) export: String,
    /// Whether all that its host calls do to the database is one transaction, which is undone when it fails.
    #[serde(default)]
    pub(super) atomic: bool,
    /// What is passed: a text as it stands, nothing, or else JSON.
    #[serde(default)]
    pub(super) input: Value,
    // Of the following, what is not there is not compared, and a null is there.
    /// What the plugin answers.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Value")]
    pub(super) output: Option<Value>,
    /// What the plugin fails with.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Value")]
    pub(super) error: Option<Value>,
    /// The host calls that it makes, in their order.
    #[serde(default, deserialize_with = "present")]
    #[schemars(schema_with = "schema::calls")]
    pub(super) calls: Option<Value>,
    /// The rows of some tables after it, in the order of their keys. With nothing behind a table, `--update` writes them.
    #[serde(default, deserialize_with = "tables")]
    #[schemars(schema_with = "schema::tables")]
    pub(super) database: Option<Rows>,
}

/// A host function that is answered for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["returns"]}, {"required": ["fails"]}]))]
pub(super) struct MockedCall {
    /// The host function.
    pub(super) function: String,
    /// The data that it answers.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Value")]
    pub(super) returns: Option<Value>,
    /// Or its error.
    pub(super) fails: Option<MockedError>,
    /// How many calls it answers, no more and no less; without it all.
    pub(super) times: Option<usize>,
}

/// An error that a mocked function answers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MockedError {
    code: ErrorCode,
    /// What is wrong, as the plugin is told it.
    message: String,
    /// The field of the request that is at fault.
    field: Option<String>,
}

impl MockedError {
    pub(super) fn to_error(&self) -> HostError {
        let error = HostError::new(self.code, self.message.clone());
        match &self.field {
            Some(field) => error.in_field(field.clone()),
            None => error,
        }
    }
}

impl ScenarioFile {
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let file: Self = yaml::parse(text)?;
        if file.steps.is_empty() {
            return Err("`steps` is empty: a scenario calls the plugin at least once".into());
        }
        for (number, step) in (1..).zip(&file.steps) {
            if step.value.output.is_some() && step.value.error.is_some() {
                let line = step.referenced.line();
                let both = "has an `output` and an `error`: a call answers one of them";
                return Err(format!("step {number} on line {line} {both}").into());
            }
        }
        Ok(file)
    }
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn tables<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Rows>, D::Error> {
    let tables = Option::<Rows>::deserialize(deserializer)?;
    let nothing = "`database` is empty: name the tables whose rows shall be compared, such as `users:`";
    tables.map(Some).ok_or_else(|| serde::de::Error::custom(nothing))
}

fn grants<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Grants, D::Error> {
    let permissions = Vec::<String>::deserialize(deserializer)?;
    Grants::of(permissions.iter().map(String::as_str)).map_err(serde::de::Error::custom)
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let parsed = humantime::parse_duration(&text);
    parsed.map(Some).map_err(|_| serde::de::Error::custom(format!("`{text}` is no time, such as 90s or 1h")))
}

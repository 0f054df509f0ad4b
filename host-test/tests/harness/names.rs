//! Types and members whose names mean something in a schema, from a guest to the database and back.

use hostfn::{Json, host_fn};
use hostfn_test::{Scenario, forwarding_guest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::functions_in;

const NAMESPACE: &str = "extism:host/names";

/// Its answer requires what a request may leave out, and so there are two types of the name.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Price {
    cents: i32,
    remark: Option<String>,
}

/// Members that are named like keywords of JSON Schema.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prices {
    default: Price,
    sale: Price,
    examples: u16,
    #[schemars(length(max = 2))]
    properties: Vec<Price>,
}

/// Answers the prices that it takes.
#[host_fn(namespace = "extism:host/names", permission = "prices:write")]
pub(crate) fn set_prices(Json(prices): Json<Prices>) -> Prices {
    prices
}

/// What a scenario says of a plugin that forwards its requests.
fn run(text: &str) -> String {
    let module = forwarding_guest(functions_in(NAMESPACE).functions(), true);
    let scenario = Scenario::parse("prices.yaml", text).unwrap_or_else(|error| panic!("{error}"));
    match scenario.run(functions_in(NAMESPACE).into(), "prices", &module) {
        Ok(outcome) => outcome.to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn members_that_are_named_like_keywords_arrive_and_return() {
    let outcome = run("
grants: ['*']
steps:
  - export: set_prices
    input: {default: {cents: 5}, sale: {cents: 4, remark: soon}, examples: 65535, properties: [{cents: 3}]}
    output:
      data:
        default: {cents: 5, remark: null}
        sale: {cents: 4, remark: soon}
        examples: 65535
        properties: [{cents: 3, remark: null}]
      ...:
");
    assert_eq!(outcome, "1 step, 1 host call");
}

#[test]
fn what_the_schema_forbids_is_refused_with_its_field() {
    for (input, field) in [
        ("{default: [5, null], sale: {cents: 4}, examples: 1, properties: []}", "default"),
        (
            "{default: {cents: 5}, sale: {cents: 4}, examples: 1, properties: [{cents: 1}, {cents: 1}, {cents: 1}]}",
            "properties",
        ),
        ("{default: {cents: 5}, sale: {cents: 4.5}, examples: 1, properties: []}", "sale.cents"),
        ("{default: {cents: 5}, sale: {cents: 4}, examples: 65536, properties: []}", "examples"),
    ] {
        let outcome = run(&format!(
            "
grants: ['*']
steps:
  - export: set_prices
    input: {input}
    output: {{error: {{code: invalid_request, field: '{field}', ...: }}, ...: }}
"
        ));
        assert_eq!(outcome, "1 step, 1 host call", "{field}");
    }
}

/// A text that no pattern can match, since there is none.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Unmatched(#[schemars(regex(pattern = "^[a"))] String);

/// Takes it.
#[host_fn(namespace = "extism:host/no_schema", permission = "never")]
pub(crate) fn take_unmatched(text: Unmatched) -> usize {
    text.0.len()
}

#[test]
fn a_host_is_not_built_of_a_function_whose_schema_is_none() {
    let host = hostfn::PluginManager::builder().functions(functions_in("extism:host/no_schema"));
    let error = host.build().expect_err("it cannot be compared with its schema");
    let codes: Vec<_> = error.problems().iter().map(hostfn::BuildProblem::code).collect();
    assert_eq!(codes, ["no-schema"]);
    let said = error.to_string();
    assert!(said.contains("host function `take_unmatched`: the schema of its request or response is none: "), "{said}");
    assert!(said.contains("^[a") && said.contains("correct the `#[schemars(…)]` that says it"), "{said}");
}

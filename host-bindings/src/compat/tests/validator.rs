//! The check's word against a validator's: where it says that nothing breaks, what was valid is valid.

use jsonschema::Validator;
use serde_json::{Value, json};

use super::{
    mutations::{mutated, mutations, rich},
    report,
};
use crate::{Contract, compat::Finding};

/// Values with something of everything, of which many are wrong in one place.
fn values() -> Vec<Value> {
    let note = json!({"text": "t", "id": 1});
    let right = json!({
        "name": "abc", "uuid": "1b4e28ba-2fa1-41d2-883f-0016d3cca427", "age": 3, "share": 1.0, "role": "admin",
        "state": "on", "tags": ["a"], "place": [1.5, true], "notes": {"x": note}, "last": note,
        "contact": {"kind": "email", "address": "a"}, "both": note,
    });
    let others = [
        json!(null),
        json!(true),
        json!(0),
        json!(9),
        json!(10),
        json!(16),
        json!(-1),
        json!(0.5),
        json!(1.25),
        json!(1.5),
        json!(7.5),
        json!("a"),
        json!("abcdefghij"),
        json!("abcdefghijklmnop"),
        json!("b"),
        json!("zzz"),
        json!("user"),
        json!("off"),
        json!("none"),
        json!([]),
        json!(["a", "b"]),
        json!(["a", "a"]),
        json!(["a", "b", "c"]),
        json!([1]),
        json!([1.5]),
        json!([1.5, true, 1]),
        json!([true, 1.5]),
        json!({}),
        json!({"x": null}),
        json!({"x": {"id": 1}}),
        json!({"x": {"text": 1, "id": 1}}),
        json!({"text": "t", "id": "1"}),
        json!({"text": "t", "id": 1, "more": 1}),
        json!({"text": "t"}),
        json!({"Phone": 3}),
        json!({"Phone": "3"}),
        json!({"kind": "email"}),
        json!({"kind": "emailzzz", "address": "a"}),
        json!({"kind": "email", "address": 1}),
    ];
    let mut all = vec![right.clone()];
    for name in right.as_object().expect("it is an object").keys() {
        let mut value = right.clone();
        value.as_object_mut().expect("it is an object").shift_remove(name);
        all.push(value);
        for other in &others {
            let mut value = right.clone();
            value[name] = other.clone();
            all.push(value);
        }
    }
    all
}

/// The validator of a schema of a contract; none, where a change made it no schema.
fn validator(contract: &Value, schema: &str, takes_unknown_fields: bool) -> Option<Validator> {
    let contract = Contract::from_json(&contract.to_string()).ok()?;
    let function = &contract.functions[0];
    let schema = if schema == "request" { function.request.as_ref()? } else { &function.response };
    let mut schema = contract.standalone(schema);
    if takes_unknown_fields && schema["additionalProperties"] == false {
        schema["additionalProperties"] = json!(true);
    }
    jsonschema::options().should_validate_formats(true).build(&schema).ok()
}

#[test]
fn what_it_calls_harmless_a_validator_accepts() {
    let values = values();
    let mut judged = [0, 0];
    let mut wrong = Vec::new();
    for (place, direction) in ["request", "response"].into_iter().enumerate() {
        let part = format!("/functions/0/{direction}");
        let mut all = Vec::new();
        mutations(rich().pointer(&part).expect("a contract has it"), &part, &mut all);
        mutations(&rich()["$defs"]["Note"], "/$defs/Note", &mut all);
        for (pointer, other) in all {
            let changed = mutated(rich(), &pointer, other.clone());
            for (old, new) in [(rich(), &changed), (&changed, rich())] {
                // A change of a definition is one of both directions.
                let of = |finding: &Finding| finding.is_breaking() && finding.path.contains(direction);
                let is_contract = |contract: &Value| Contract::from_json(&contract.to_string()).is_ok();
                if !is_contract(&changed) || report(old, new).findings.iter().any(of) {
                    continue;
                }
                // A request has to be valid for the new host, an answer for the old plugin.
                let (from, to) = if direction == "request" { (old, new) } else { (new, old) };
                let (Some(from), Some(to)) =
                    (validator(from, direction, false), validator(to, direction, direction == "response"))
                else {
                    continue;
                };
                judged[place] += 1;
                if let Some(value) = values.iter().find(|value| from.is_valid(value) && !to.is_valid(value)) {
                    wrong.push(format!("{direction}: {pointer} {other:?}: {value}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(judged.iter().all(|count| *count > 50), "{judged:?}");
}

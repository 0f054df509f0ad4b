//! Types that refer to each other: the work is bounded by their pairs, and not by the ways between them.

use serde_json::{Map, Value, json};

use super::{contract, found, report};
use crate::{
    Contract,
    compat::{Rule::*, Verdict, direction::Direction, walk::Walk},
};

/// A contract whose function takes and answers the first of so many types, each of which has a field of each kind for
/// each type that `next` says. The last of them has a number of this kind.
fn contract_of(count: usize, next: impl Fn(usize) -> Vec<usize>, kind: &str) -> Value {
    let reference = |number: usize| json!({"$ref": format!("#/$defs/Type{number}")});
    let mut definitions = Map::new();
    for number in 0..count {
        let mut fields = Map::new();
        for (place, other) in next(number).into_iter().enumerate() {
            let other = reference(other);
            let schema = match place % 5 {
                0 => json!({"type": "array", "items": other}),
                1 => json!({"anyOf": [other, {"type": "null"}], "description": format!("Of {number}.")}),
                2 => json!({"type": "object", "additionalProperties": other}),
                3 => json!({"anyOf": [other, {"type": "boolean"}]}),
                _ => json!({"$ref": other["$ref"], "description": format!("Of {number}.")}),
            };
            fields.insert(format!("field_{place}"), schema);
        }
        let own = if number == count - 1 { kind } else { "integer" };
        fields.insert("own".to_owned(), json!({"type": own}));
        let schema =
            json!({"type": "object", "properties": fields, "required": ["own"], "additionalProperties": false});
        definitions.insert(format!("Type{number}"), schema);
    }
    let root = reference(0);
    let mut contract = contract(root.clone(), &root);
    contract["$defs"].as_object_mut().expect("it is an object").extend(definitions);
    contract
}

/// How many pairs of types are compared for the response, and how many differences are found.
fn walked(old: &Value, new: &Value) -> (usize, usize) {
    let read = |contract: &Value| Contract::from_json(&contract.to_string()).expect("the test's contract is one");
    let (old, new) = (read(old), read(new));
    let schemas = (&old.functions[0].response, &new.functions[0].response);
    let walked = Walk::between((&old, &new), Direction::Response, "", schemas);
    (walked.pairs, walked.differences.len())
}

#[test]
fn nine_types_that_hold_lists_of_each_other_are_nine_pairs() {
    let others = |number: usize| (0..9).filter(|other| *other != number).collect();
    let of = |kind: &str| contract_of(9, others, kind);
    assert_eq!(walked(&of("integer"), &of("integer")), (9, 0));
    assert_eq!(walked(&of("integer"), &of("string")), (9, 1));
}

#[test]
fn a_thousand_types_that_refer_to_each_other_are_a_thousand_pairs() {
    // Each refers to the next, so that one chain leads through all, and to others all over.
    let next = |number: usize| (0..10).map(|place| (number * (place * 7 + 1) + 1 + place * 131) % 1000).collect();
    let of = |kind: &str| contract_of(1000, next, kind);
    let (old, new) = (of("integer"), of("string"));
    assert_eq!(walked(&old, &old), (1000, 0));
    assert_eq!(walked(&old, &new), (1000, 1));
    assert_eq!(found(&old, &old), []);
    let rules: Vec<_> = found(&old, &new).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(rules, [RequestTypeChanged, ResponseTypeChanged]);
    // A chain of a thousand is no deeper on the stack than one of two.
    let chain = |number: usize| vec![(number + 1) % 1000];
    let (old, new) = (contract_of(1000, chain, "integer"), contract_of(1000, chain, "string"));
    assert_eq!(walked(&old, &new), (1000, 1));
}

#[test]
fn functions_with_types_that_refer_to_each_other_are_recognised_by_their_types() {
    let others = |number: usize| (0..60).filter(|other| *other != number).collect();
    let old = contract_of(60, others, "integer");
    let mut new = old.clone();
    new["functions"][0]["name"] = json!("read_note");
    assert_eq!(found(&old, &new), [(FunctionRenamed, "get_note".to_owned())]);
    let mut other = contract_of(60, others, "string");
    other["functions"][0]["name"] = json!("read_note");
    let rules: Vec<_> = found(&old, &other).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(rules, [FunctionRemoved, FunctionAdded]);
}

#[test]
fn types_that_meet_out_of_step_come_to_an_end() {
    // One goes round in two steps and the other in three, and neither is a reference where the other is.
    let node = |next: Value| json!({"type": "object", "properties": {"next": next}, "required": ["next"]});
    let old = json!({"Old": node(node(json!({"$ref": "#/$defs/Old"})))});
    let new = json!({"Old": node(node(node(json!({"$ref": "#/$defs/Old"}))))});
    let of = |definitions: &Value| {
        let mut contract = contract(json!(null), &node(json!({"$ref": "#/$defs/Old"})));
        let all = contract["$defs"].as_object_mut().expect("it is an object");
        all.extend(definitions.as_object().expect("it is an object").clone());
        contract
    };
    assert_eq!(report(&of(&old), &of(&new)).verdict(), Verdict::Unchanged);
}

#[test]
fn unions_of_unions_are_not_expanded_without_end() {
    let mut definitions = Map::new();
    for level in 0..40 {
        let next = |kind: &str| json!({"anyOf": [{"$ref": format!("#/$defs/Level{}", level + 1)}, {"type": kind}]});
        definitions.insert(format!("Level{level}"), json!({"anyOf": [next("string"), next("boolean")]}));
    }
    definitions.insert("Level40".to_owned(), json!({"type": "integer"}));
    let mut contract = contract(json!(null), &json!({"$ref": "#/$defs/Level0"}));
    contract["$defs"].as_object_mut().expect("it is an object").extend(definitions);
    // What is too much to be judged is told, and not called harmless.
    assert_eq!(report(&contract, &contract).verdict(), Verdict::Breaking);
}

#[test]
fn a_type_that_changed_is_told_once_and_its_unions_know_of_it() {
    let variant = |reference: &str| json!({"type": "object", "properties": {"of": {"$ref": reference}}});
    let of = |kind: &str| {
        let union = json!({"oneOf": [variant("#/$defs/Leaf"), {"type": "object", "properties": {"of": {}, "b": {}}}]});
        let response = json!({"type": "object", "properties": {"first": {"$ref": "#/$defs/Leaf"}, "then": union}});
        let mut contract = contract(json!(null), &response);
        contract["$defs"]["Leaf"] = json!({"type": kind});
        contract
    };
    let found = found(&of("integer"), &of("string"));
    // It is told where it is first met, and the union, in which a value may be of two variants, changed by it.
    assert_eq!(
        found,
        [
            (ResponseTypeChanged, "get_note.response.first".to_owned()),
            (ResponseSchemaChanged, "get_note.response.then".to_owned())
        ]
    );
}

//! Each rule has a pair of contracts in [`pairs`]; this is what holds for all of them.

mod generated;
mod mutations;
mod numbers;
mod pairs;
mod references;
mod validator;
mod walks;

use serde_json::{Value, json};

use super::{Bump, Report, Rule, Verdict};
use crate::Contract;

/// A contract of one function of everything.
fn contract(request: Value, response: &Value) -> Value {
    json!({
        "hostfn": 1,
        "crates": {"notes": "1.2.3"},
        "functions": [{
            "name": "get_note",
            "namespace": "extism:host/user",
            "crate": "notes",
            "documentation": "Gets a note.",
            "permission": "notes:read",
            "read_only": true,
            "deprecated": null,
            "errors": ["not_found"],
            "request": request,
            "response": response,
            "answer": {"oneOf": [
                {
                    "type": "object",
                    "properties": {"success": {"const": true}, "data": response, "error": {"type": "null"}},
                    "required": ["success", "data", "error"],
                },
                {
                    "type": "object",
                    "properties": {
                        "success": {"const": false}, "data": {"type": "null"}, "error": {"$ref": "#/$defs/HostError"},
                    },
                    "required": ["success", "data", "error"],
                },
            ]},
        }],
        "$defs": {
            "Note": {
                "description": "A note.",
                "type": "object",
                "properties": {"text": {"type": "string", "description": "What it says."}, "id": {"type": "integer"}},
                "required": ["text", "id"],
            },
            "HostError": {
                "type": "object",
                "properties": {"code": {"$ref": "#/$defs/ErrorCode"}, "message": {"type": "string"}},
                "required": ["code", "message"],
            },
            "ErrorCode": {"oneOf": [
                {"type": "string", "const": "not_found", "description": "It is not there."},
                {"type": "string", "const": "internal", "description": "The host broke."},
            ]},
        },
    })
}

/// One that takes a note's id and answers the note.
fn notes() -> Value {
    let request = json!({
        "type": "object",
        "properties": {"id": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 100}},
        "required": ["id"],
        "additionalProperties": false,
    });
    contract(request, &json!({"anyOf": [{"$ref": "#/$defs/Note"}, {"type": "null"}]}))
}

fn report(old: &Value, new: &Value) -> Report {
    let read = |contract: &Value| Contract::from_json(&contract.to_string()).expect("the test's contract is one");
    Report::of(&read(old), &read(new))
}

fn found(old: &Value, new: &Value) -> Vec<(Rule, String)> {
    report(old, new).findings.into_iter().map(|finding| (finding.rule, finding.path)).collect()
}

#[test]
fn a_contract_has_nothing_against_itself() {
    for pair in pairs::all() {
        for contract in [&pair.old, &pair.new] {
            assert_eq!(found(contract, contract), [], "{contract:#}");
            assert_eq!(report(contract, contract).verdict(), Verdict::Unchanged);
        }
    }
}

#[test]
fn each_rule_fires_where_it_should_and_its_reverse_says_otherwise() {
    for pair in pairs::all() {
        let what = format!("{} from {:#} to {:#}", pair.rule, pair.old, pair.new);
        assert_eq!(found(&pair.old, &pair.new), [(pair.rule, pair.path.to_owned())], "{what}");
        assert_eq!(report(&pair.old, &pair.new).bump(), Some(pair.bump), "{what}");
        let reverse: Vec<_> = report(&pair.new, &pair.old).findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(reverse, [pair.reverse], "the reverse of {what}");
    }
}

#[test]
fn each_rule_has_a_pair() {
    let pairs = pairs::all();
    let without: Vec<_> = Rule::ALL.iter().filter(|rule| !pairs.iter().any(|pair| pair.rule == **rule)).collect();
    assert!(without.is_empty(), "no pair in `pairs.rs` shows {without:?}");
}

#[test]
fn each_rule_says_itself_by_its_name() {
    for rule in Rule::ALL {
        let mut id = String::new();
        for letter in format!("{rule:?}").chars() {
            if letter.is_uppercase() && !id.is_empty() {
                id.push('-');
            }
            id.extend(letter.to_lowercase());
        }
        assert_eq!(rule.id(), id);
        assert_eq!(id.parse(), Ok(*rule));
        assert!(rule.explain().starts_with(rule.why()) && rule.explain().len() > rule.why().len() + 10, "{rule}");
        // The text and the bump were written side by side, and must not part.
        let breaks_nobody = rule.why().contains("breaks nobody");
        assert!(!(breaks_nobody && rule.bump() == Bump::Major), "{rule}");
    }
    let error = "response-field-remove".parse::<Rule>().unwrap_err().to_string();
    assert!(error.contains("did you mean `response-field-removed`?"), "{error}");
}

#[test]
fn what_is_acknowledged_breaks_no_more_and_what_is_not_there_is_told() {
    let mut new = notes();
    new["$defs"]["Note"]["properties"]["text"]["type"] = json!("array");
    new["functions"][0]["permission"] = json!("notes");
    let mut report = report(&notes(), &new);
    assert_eq!((report.verdict(), report.breaking().count()), (Verdict::Breaking, 2));

    let allow = |text: &str| text.parse().unwrap();
    report.acknowledge(&[allow("permission-changed:get_note")]).unwrap();
    assert_eq!((report.verdict(), report.breaking().count()), (Verdict::Breaking, 1));
    let stale = report.acknowledge(&[allow("response-type-changed:get_note.response.*"), allow("error-added:*")]);
    assert_eq!(stale.unwrap_err().to_string(), "nothing is found that `error-added:*` acknowledges: leave it out");
    assert_eq!((report.verdict(), report.bump()), (Verdict::Acknowledged, Some(Bump::Major)));
}

#[test]
fn a_version_that_did_not_move_far_enough_is_told() {
    let mut new = notes();
    new["functions"][0]["permission"] = json!("notes");
    for (version, is_enough) in [("1.2.3", false), ("1.3.0", false), ("2.0.0", true), ("2.1.0", true)] {
        new["crates"]["notes"] = json!(version);
        let judged = &report(&notes(), &new).crates[0];
        assert_eq!((judged.asks_for.as_str(), judged.is_enough), ("2.0.0", is_enough), "{version}");
    }
    new["crates"] = json!({"others": "1.0.0"});
    assert_eq!(report(&notes(), &new).crates, []);
}

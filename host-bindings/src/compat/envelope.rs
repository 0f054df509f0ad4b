//! What every answer has in common: the envelope, and the codes of its errors.

use serde_json::Value;

use super::{
    Bump, Finding, Rule,
    direction::Direction,
    functions::{Matched, finding, label},
    same::same,
    walk::Walk,
};
use crate::{Contract, FunctionContract};

/// What changed about the envelope of the functions that are in both contracts, each thing once.
pub(super) fn compare(old: &Contract, new: &Contract) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for (before, after) in Matched::of(old, new).pairs {
        let ((before_envelope, before_data), (after_envelope, after_data)) =
            (without_data(old, before), without_data(new, after));
        let envelopes = (&before_envelope, &after_envelope);
        for difference in Walk::between((old, new), Direction::Response, "answer", envelopes).differences {
            // The arms have no names that people know.
            let path = difference.path.replace("[success=true]", "").replace("[success=false]", "");
            let is_code = path.starts_with("answer.error.code=");
            let rule = match Direction::Response.rule(difference.change) {
                Rule::ResponseEnumValueAdded if is_code => Rule::ErrorCodeAdded,
                Rule::ResponseEnumValueRemoved if is_code => Rule::ErrorCodeRemoved,
                rule if rule.bump() == Bump::Major => Rule::EnvelopeChanged,
                rule => rule,
            };
            let finding = finding(rule, path, None, None, (difference.old, difference.new));
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
        // The data is compared as the response, where it is that.
        let is_response = before_data == before.response && after_data == after.response;
        let is_same = || before_data == after_data && same(&before_data, old, &after_data, new);
        if !is_response && !is_same() {
            let label = label(old, before);
            let path = format!("{label}.answer.data");
            findings.push(finding(Rule::EnvelopeChanged, path, Some(&label), Some(&before.owner), (None, None)));
        }
    }
    findings
}

/// The schema of a function's answer with a hole where its data is, and what was there: the data is
/// compared as the response.
fn without_data(contract: &Contract, function: &FunctionContract) -> (Value, Value) {
    let mut envelope = contract.resolve(&function.answer).clone();
    let arms = envelope.get_mut("oneOf").and_then(Value::as_array_mut);
    let mut success = arms.into_iter().flatten().filter(|arm| arm["properties"]["success"]["const"] == true);
    let data = success.next().and_then(|arm| arm.get_mut("properties")?.get_mut("data"));
    let data = data.map(|data| std::mem::replace(data, Value::Bool(true)));
    (envelope, data.unwrap_or_default())
}

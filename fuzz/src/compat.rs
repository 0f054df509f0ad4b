//! Bytes as two contracts of which one became the other.

use arbitrary::{Result, Unstructured};
use hostfn_bindings::{
    Contract,
    compat::{Finding, Report},
};
use serde_json::Value;

use crate::contracts::{contract, made_up, schema};

/// Compares a contract with itself, and with one that differs in a few places.
///
/// Nothing changed from a contract to itself, and what changed is found from either of two to the other.
pub fn run(data: &[u8]) {
    let Some((old, new)) = pair(data) else { return };
    for contract in [&old, &new] {
        let findings = Report::of(contract, contract).findings;
        let is_unchanged = findings.is_empty() || findings.iter().any(is_unresolved);
        assert!(is_unchanged, "{findings:#?}\n{}", contract.to_json());
    }
    let (there, back) = (Report::of(&old, &new), Report::of(&new, &old));
    let (there, back) = (there.findings.is_empty(), back.findings.is_empty());
    assert_eq!(there, back, "nothing is found in one direction\n{}\n{}", old.to_json(), new.to_json());
}

/// Whether it is about a reference that leads nowhere or in a circle, of which the comparison says that it knows nothing;
/// and then of what is around it as well.
fn is_unresolved(finding: &Finding) -> bool {
    finding.old.as_deref().is_some_and(|old| old.contains("$ref"))
}

/// Two lines, each a contract or a schema; or else one that is made up of the bytes, and what they make of it.
fn pair(data: &[u8]) -> Option<(Contract, Contract)> {
    if data.starts_with(b"{") {
        let mut lines = data.splitn(2, |byte| *byte == b'\n');
        return Some((contract(lines.next()?)?, contract(lines.next()?)?));
    }
    let mut bytes = Unstructured::new(data);
    let old = made_up(&mut bytes).ok()?;
    let mut new = old.clone();
    for _ in 0..bytes.int_in_range(1..=3).ok()? {
        change(&mut new, &mut bytes).ok()?;
    }
    let read = |contract: Value| serde_json::from_value::<Contract>(contract).ok();
    Some((read(old)?, read(new)?))
}

/// Goes down to some place in a value, and takes it away or puts another there.
fn change(value: &mut Value, bytes: &mut Unstructured<'_>) -> Result<()> {
    let deeper = bytes.ratio(7, 8)?;
    match value {
        Value::Object(members) if deeper && !members.is_empty() => {
            let place = bytes.choose_index(members.len())?;
            let name = members.keys().nth(place).cloned().unwrap_or_default();
            if bytes.ratio(1, 10)? {
                members.shift_remove(&name);
                return Ok(());
            }
            change(&mut members[&name], bytes)
        }
        Value::Array(items) if deeper && !items.is_empty() => {
            let place = bytes.choose_index(items.len())?;
            match bytes.int_in_range(0..=12)? {
                0 => drop(items.remove(place)),
                1 => items.push(items[place].clone()),
                _ => return change(&mut items[place], bytes),
            }
            Ok(())
        }
        _ => {
            *value = match bytes.int_in_range(0..=4)? {
                0 => Value::Null,
                1 => bytes.arbitrary::<bool>()?.into(),
                2 => bytes.arbitrary::<i16>()?.into(),
                3 => bytes.arbitrary::<String>()?.into(),
                _ => schema(bytes, 2)?,
            };
            Ok(())
        }
    }
}

//! Which function of one contract is which of the other, and what changed about it.

use serde_json::Value;

use super::{
    Finding, Rule,
    direction::Direction,
    same::same,
    walk::{Difference, Walk},
};
use crate::{Contract, FunctionContract};

/// All findings but those of the envelope.
pub(super) fn compare(old: &Contract, new: &Contract) -> Vec<Finding> {
    let matched = Matched::of(old, new);
    let mut findings = Vec::new();
    for (before, after) in &matched.pairs {
        findings.extend(Pair::new(old, new, before, after).compare());
    }
    for before in &matched.removed {
        findings.push(about(old, before, Rule::FunctionRemoved));
    }
    for after in &matched.added {
        findings.push(about(new, after, Rule::FunctionAdded));
    }
    // The same type may be behind several functions.
    let mut seen = Vec::new();
    findings.retain(|finding| {
        let is_new = finding.rule != Rule::TypeRenamed || !seen.contains(&(finding.path.clone(), finding.new.clone()));
        seen.extend((finding.rule == Rule::TypeRenamed).then(|| (finding.path.clone(), finding.new.clone())));
        is_new
    });
    findings
}

fn about(contract: &Contract, function: &FunctionContract, rule: Rule) -> Finding {
    let label = label(contract, function);
    finding(rule, label.clone(), Some(&label), Some(&function.owner), (None, None))
}

pub(super) fn finding(
    rule: Rule,
    path: String,
    function: Option<&str>,
    owner: Option<&str>,
    (old, new): (Option<String>, Option<String>),
) -> Finding {
    Finding {
        rule,
        path,
        function: function.map(str::to_owned),
        owner: owner.map(str::to_owned),
        bump: rule.bump(),
        why: rule.why(),
        old,
        new,
        acknowledged: false,
    }
}

/// The name of a function, with its namespace where another has the same name.
pub(super) fn label(contract: &Contract, function: &FunctionContract) -> String {
    let same = contract.functions.iter().filter(|other| other.name == function.name).count();
    if same > 1 { format!("{}/{}", function.namespace, function.name) } else { function.name.clone() }
}

/// Functions that are the same one, and those that have no other.
pub(super) struct Matched<'a> {
    pub(super) pairs: Vec<(&'a FunctionContract, &'a FunctionContract)>,
    removed: Vec<&'a FunctionContract>,
    added: Vec<&'a FunctionContract>,
}

impl<'a> Matched<'a> {
    pub(super) fn of(old: &'a Contract, new: &'a Contract) -> Self {
        let mut matched = Self { pairs: Vec::new(), removed: Vec::new(), added: new.functions.iter().collect() };
        let mut rest: Vec<_> = old.functions.iter().collect();
        matched.pair(&mut rest, |before, after| {
            (before.name == after.name && before.namespace == after.namespace).then_some(1.0)
        });
        matched.pair(&mut rest, |before, after| (before.name == after.name).then_some(1.0));
        let same_requests = |before: &Option<Value>, after: &Option<Value>| match (before, after) {
            (Some(before), Some(after)) => same(before, old, after, new),
            (before, after) => before == after,
        };
        matched.pair(&mut rest, |before, after| {
            let is_alike = before.namespace == after.namespace
                && same_requests(&before.request, &after.request)
                && same(&before.response, old, &after.response, new);
            is_alike.then(|| strsim::jaro_winkler(&before.name, &after.name))
        });
        matched.removed = rest;
        let place = |function: &FunctionContract| old.functions.iter().position(|other| other == function);
        matched.pairs.sort_by_key(|(before, _)| place(before));
        matched
    }

    /// Pairs the functions that are left with those that are likest, where any is like them.
    fn pair(
        &mut self,
        rest: &mut Vec<&'a FunctionContract>,
        likeness: impl Fn(&FunctionContract, &FunctionContract) -> Option<f64>,
    ) {
        rest.retain(|before| {
            let likely =
                self.added.iter().enumerate().filter_map(|(place, after)| Some((place, likeness(before, after)?)));
            let Some((place, _)) = likely.max_by(|(_, left), (_, right)| left.total_cmp(right)) else { return true };
            self.pairs.push((before, self.added.remove(place)));
            false
        });
    }
}

/// One function in both contracts.
struct Pair<'a> {
    contracts: (&'a Contract, &'a Contract),
    old: &'a FunctionContract,
    new: &'a FunctionContract,
    label: String,
    findings: Vec<Finding>,
}

impl<'a> Pair<'a> {
    fn new(
        old_contract: &'a Contract,
        new_contract: &'a Contract,
        old: &'a FunctionContract,
        new: &'a FunctionContract,
    ) -> Self {
        let label = label(old_contract, old);
        Self { contracts: (old_contract, new_contract), old, new, label, findings: Vec::new() }
    }

    fn compare(mut self) -> Vec<Finding> {
        let (old, new) = (self.old, self.new);
        self.differ(Rule::FunctionRenamed, &old.name, &new.name);
        self.differ(Rule::FunctionNamespaceChanged, &old.namespace, &new.namespace);
        self.differ(Rule::FunctionMoved, &old.owner, &new.owner);
        self.differ(Rule::PermissionChanged, &old.permission, &new.permission);
        let mode = |function: &FunctionContract| if function.read_only { "reads" } else { "reads and writes" };
        self.differ(Rule::ReadOnlyChanged, mode(old), mode(new));
        match (&old.deprecated, &new.deprecated) {
            (None, Some(now)) => self.say(Rule::DeprecatedAdded, "", None, Some(now.clone())),
            (Some(before), None) => self.say(Rule::DeprecatedRemoved, "", Some(before.clone()), None),
            (Some(before), Some(now)) => self.differ(Rule::DocumentationChanged, before, now),
            (None, None) => {}
        }
        self.differ(Rule::DocumentationChanged, &old.documentation, &new.documentation);
        for code in old.errors.iter().filter(|code| !new.errors.contains(code)) {
            self.say(Rule::ErrorRemoved, &format!(".errors.{code}"), Some(code.clone()), None);
        }
        for code in new.errors.iter().filter(|code| !old.errors.contains(code)) {
            self.say(Rule::ErrorAdded, &format!(".errors.{code}"), None, Some(code.clone()));
        }
        self.requests();
        self.walk(Direction::Response, "response", &old.response, &new.response);
        self.findings
    }

    fn requests(&mut self) {
        match (&self.old.request, &self.new.request) {
            (Some(old), Some(new)) => self.walk(Direction::Request, "request", old, new),
            (Some(_), None) => self.say(Rule::RequestRemoved, ".request", None, None),
            (None, Some(new)) => {
                let required = self.contracts.1.resolve(new).get("required").and_then(Value::as_array);
                let required: Vec<_> = required.into_iter().flatten().filter_map(Value::as_str).collect();
                if required.is_empty() {
                    self.say(Rule::RequestOptionalAdded, ".request", None, None);
                } else {
                    self.say(Rule::RequestRequiredAdded, ".request", None, Some(required.join(", ")));
                }
            }
            (None, None) => {}
        }
    }

    fn walk(&mut self, direction: Direction, below: &str, old: &Value, new: &Value) {
        let path = format!("{}.{below}", self.label);
        let walked = Walk::between(self.contracts, direction, &path, (old, new));
        for Difference { change, path, old, new } in walked.differences {
            let (label, owner) = (self.label.clone(), self.old.owner.clone());
            self.findings.push(finding(direction.rule(change), path, Some(&label), Some(&owner), (old, new)));
        }
    }

    fn differ(&mut self, rule: Rule, old: &str, new: &str) {
        if old != new {
            self.say(rule, "", Some(old.to_owned()), Some(new.to_owned()));
        }
    }

    fn say(&mut self, rule: Rule, below: &str, old: Option<String>, new: Option<String>) {
        let path = format!("{}{below}", self.label);
        self.findings.push(finding(rule, path, Some(&self.label), Some(&self.old.owner), (old, new)));
    }
}

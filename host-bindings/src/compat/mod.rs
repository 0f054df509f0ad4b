//! Whether plugins that work with one contract go on working with another.
//!
//! Who breaks is an old plugin that calls a new host. What it sends has to be taken still, so a request
//! may take more and never less; what it gets it has to be able to read, so an answer may say less and
//! never more. Each direction has rules of its own therefore, which [`Rule`] lists, and what no rule
//! knows is a break: silence would say that all is well.

mod allow;
mod bump;
mod direction;
mod envelope;
mod finding;
mod form;
mod functions;
mod members;
mod numbers;
mod overlap;
mod rule;
mod same;
mod schema;
#[cfg(test)]
mod tests;
mod walk;

use serde::{Serialize, Serializer, ser::SerializeStruct};

pub use allow::{Allow, AllowError, StaleAllow};
pub use bump::{Bump, CrateVersion};
pub use finding::Finding;
pub use rule::{Rule, UnknownRule};

use crate::Contract;

/// All that changed from one contract to another, and what it means for plugins.
///
/// ```
/// # extern crate hostfn_runtime as hostfn;
/// use hostfn_bindings::{Contract, compat::{Report, Rule, Verdict}};
///
/// hostfn::registry!();
///
/// /// Adds two numbers.
/// #[hostfn::host_fn]
/// pub fn add(left: i32, right: i32) -> i32 {
///     left + right
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let contract = Contract::of(&[registry()]);
/// let mut new = contract.clone();
/// new.functions.clear();
///
/// let mut report = Report::of(&contract, &new);
/// assert_eq!(report.findings[0].rule, Rule::FunctionRemoved);
/// assert_eq!(report.verdict(), Verdict::Breaking);
///
/// report.acknowledge(&["function-removed:add".parse()?])?;
/// assert_eq!(report.verdict(), Verdict::Acknowledged);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// What changed, in the order of the functions.
    pub findings: Vec<Finding>,
    /// Whether the version of each crate moved as far as its findings ask.
    pub crates: Vec<CrateVersion>,
}

/// What a comparison comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing changed.
    Unchanged,
    /// What changed breaks nobody.
    Compatible,
    /// What breaks is acknowledged.
    Acknowledged,
    /// An old plugin may not work any more.
    Breaking,
}

impl Report {
    /// Compares two contracts.
    pub fn of(old: &Contract, new: &Contract) -> Self {
        let mut findings = functions::compare(old, new);
        findings.extend(envelope::compare(old, new));
        Self { crates: CrateVersion::judge(old, new, &findings), findings }
    }

    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        match () {
            () if self.breaking().next().is_some() => Verdict::Breaking,
            () if self.findings.iter().any(Finding::is_breaking) => Verdict::Acknowledged,
            () if self.findings.is_empty() => Verdict::Unchanged,
            () => Verdict::Compatible,
        }
    }

    /// What breaks plugins and is not acknowledged.
    pub fn breaking(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.is_breaking() && !finding.acknowledged)
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("Report", 4)?;
        report.serialize_field("verdict", &self.verdict())?;
        report.serialize_field("bump", &self.bump())?;
        report.serialize_field("findings", &self.findings)?;
        report.serialize_field("crates", &self.crates)?;
        report.end()
    }
}

//! What a change asks of a version, and whether the version followed.

use std::{collections::BTreeMap, fmt};

use semver::Version;
use serde::Serialize;

use super::{Finding, Report};
use crate::Contract;

/// How far a version has to move for a change, by [Semantic Versioning](https://semver.org).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Bump {
    /// Nothing changes on the wire.
    Patch,
    /// What there was works as before, and there is more.
    Minor,
    /// A plugin that worked may not work any more.
    Major,
}

impl Bump {
    /// The first version after `version` that says so. Before 1.0 a break moves the second number, and
    /// everything else the third; before 0.1 everything moves the third.
    fn after(self, version: &Version) -> Version {
        if !version.pre.is_empty() {
            // What comes before a release promises nothing; any later version will do.
            return Version { pre: semver::Prerelease::EMPTY, build: semver::BuildMetadata::EMPTY, ..version.clone() };
        }
        let Version { major, minor, patch, .. } = *version;
        match (self, major, minor) {
            (Self::Major, 0, 1..) | (Self::Minor, 1.., _) => Version::new(major, minor + 1, 0),
            (Self::Major, 1.., _) => Version::new(major + 1, 0, 0),
            _ => Version::new(major, minor, patch + 1),
        }
    }
}

impl fmt::Display for Bump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        })
    }
}

/// Whether a crate's version moved as far as its findings ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CrateVersion {
    /// The crate.
    #[serde(rename = "crate")]
    pub name: String,
    /// Its version in the old contract.
    pub old: String,
    /// Its version in the new one.
    pub new: String,
    /// What its findings ask for.
    pub bump: Bump,
    /// The first version that says so.
    pub asks_for: String,
    /// Whether the new version is at least that.
    pub is_enough: bool,
}

impl CrateVersion {
    /// Judges each crate that has findings and is in both contracts.
    pub(super) fn judge(old: &Contract, new: &Contract, findings: &[Finding]) -> Vec<Self> {
        let mut bumps: BTreeMap<&str, Bump> = BTreeMap::new();
        for finding in findings {
            // The envelope is of no crate, and so of each.
            let owners = old.crates.keys().map(String::as_str);
            for owner in owners.filter(|owner| finding.owner.as_deref().is_none_or(|name| name == *owner)) {
                let bump = bumps.entry(owner).or_insert(Bump::Patch);
                *bump = finding.bump.max(*bump);
            }
        }
        let judge = |(name, bump): (&str, Bump)| {
            let (old, new) = (old.crates.get(name)?, new.crates.get(name)?);
            let (before, after) = (Version::parse(old).ok()?, Version::parse(new).ok()?);
            let asks_for = bump.after(&before);
            Some(Self {
                name: name.to_owned(),
                old: old.clone(),
                new: new.clone(),
                bump,
                is_enough: after > before && (after >= asks_for || !before.pre.is_empty()),
                asks_for: asks_for.to_string(),
            })
        };
        bumps.into_iter().filter_map(judge).collect()
    }
}

impl Report {
    /// The largest bump that a finding asks for, acknowledged or not.
    pub fn bump(&self) -> Option<Bump> {
        self.findings.iter().map(|finding| finding.bump).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bump_is_by_semantic_versioning() {
        for (version, patch, minor, major) in [
            ("1.2.3", "1.2.4", "1.3.0", "2.0.0"),
            ("0.2.3", "0.2.4", "0.2.4", "0.3.0"),
            ("0.0.3", "0.0.4", "0.0.4", "0.0.4"),
            ("2.0.0-rc.1", "2.0.0", "2.0.0", "2.0.0"),
        ] {
            let version = Version::parse(version).unwrap();
            let after = [Bump::Patch, Bump::Minor, Bump::Major].map(|bump| bump.after(&version).to_string());
            assert_eq!(after, [patch, minor, major], "{version}");
        }
    }
}

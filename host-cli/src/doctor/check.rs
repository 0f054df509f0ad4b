use std::fmt::Display;

use anstyle::{AnsiColor, Style};
use hostfn_runtime::HostError;
use serde::Serialize;

use crate::{help::in_own_name, in_full};

/// The names of all checks, under which `hostfn explain` has a text about each.
pub(crate) const CHECKS: [&str; 15] = [
    "file",
    "folder",
    "connection",
    "journal",
    "settings",
    "integrity",
    "migrations",
    "primary",
    "role",
    "durability",
    "encoding",
    "messages",
    "connections",
    "encryption",
    "clock",
];

/// What one check found.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) status: Status,
    pub(super) found: String,
    /// What to do about it.
    pub(super) advice: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Ok,
    /// A host works, and may not do so well or for long.
    Warning,
    Failed,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }

    pub(super) fn style(self) -> Style {
        match self {
            Self::Ok => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Failed => AnsiColor::Red.on_default().bold(),
        }
    }
}

impl Check {
    pub(super) fn ok(name: &'static str, found: impl Display) -> Self {
        Self::new(name, Status::Ok, found)
    }

    pub(super) fn warning(name: &'static str, found: impl Display) -> Self {
        Self::new(name, Status::Warning, found)
    }

    pub(super) fn failed(name: &'static str, found: impl Display) -> Self {
        Self::new(name, Status::Failed, found)
    }

    /// What could not be asked, which is a failure of its own.
    pub(super) fn of(name: &'static str, outcome: Result<Self, HostError>) -> Self {
        outcome.unwrap_or_else(|error| Self::failed(name, in_full(&error)))
    }

    fn new(name: &'static str, status: Status, found: impl Display) -> Self {
        debug_assert!(CHECKS.contains(&name), "`{name}` is not among the checks that can be explained");
        // libpq's reasons have several lines.
        let found = found.to_string();
        let found = found.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        Self { name, status, found, advice: None }
    }

    pub(super) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(in_own_name(&advice.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_can_be_explained_is_that_of_a_check() {
        let sources = [include_str!("mod.rs"), include_str!("sqlite.rs"), include_str!("postgres.rs")].concat();
        for name in CHECKS {
            let made = ["ok", "warning", "failed", "of"].map(|how| format!("Check::{how}(\"{name}\""));
            assert!(made.iter().any(|made| sources.contains(made)), "no check has the name `{name}`");
        }
    }
}

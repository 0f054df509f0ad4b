use std::fmt::Display;

use anstyle::{AnsiColor, Style};
use hostfn_runtime::HostError;
use serde::Serialize;

use crate::in_full;

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
        // libpq's reasons have several lines.
        let found = found.to_string();
        let found = found.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        Self { name, status, found, advice: None }
    }

    pub(super) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

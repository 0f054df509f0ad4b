use std::{fmt, str::FromStr};

use super::{Finding, Report, Rule, rule::UnknownRule};

/// A finding that somebody knows of and takes: `response-field-removed:db_create_user.response.bio`.
///
/// ```
/// use hostfn_bindings::compat::{Allow, Rule};
///
/// let allow: Allow = "response-field-removed:db_get_*".parse()?;
/// assert_eq!(allow.rule(), Rule::ResponseFieldRemoved);
/// assert!("response-field-removed".parse::<Allow>().is_err());
/// # Ok::<(), hostfn_bindings::compat::AllowError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    rule: Rule,
    path: String,
}

/// Why a text acknowledges nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AllowError {
    /// It names no path.
    #[error(
        "it names no path: write RULE:PATH as the report shows them, such as function-removed:greet, where PATH may \
         end in `*`"
    )]
    Path,
    /// It names no rule.
    #[error(transparent)]
    Rule(#[from] UnknownRule),
}

/// Acknowledgements of what is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing is found that {} acknowledges: leave it out", list(.0))]
pub struct StaleAllow(pub Vec<Allow>);

fn list(all: &[Allow]) -> String {
    all.iter().map(|allow| format!("`{allow}`")).collect::<Vec<_>>().join(", or ")
}

impl Allow {
    /// The rule whose findings it acknowledges.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    fn matches(&self, finding: &Finding) -> bool {
        finding.rule == self.rule
            && match self.path.strip_suffix('*') {
                Some(beginning) => finding.path.starts_with(beginning),
                None => finding.path == self.path,
            }
    }
}

impl fmt::Display for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.rule, self.path)
    }
}

impl FromStr for Allow {
    type Err = AllowError;

    fn from_str(text: &str) -> Result<Self, AllowError> {
        match text.split_once(':') {
            Some((rule, path)) if !path.is_empty() => Ok(Self { rule: rule.parse()?, path: path.to_owned() }),
            _ => Err(AllowError::Path),
        }
    }
}

impl Report {
    /// Marks what is acknowledged.
    ///
    /// # Errors
    /// When one of them acknowledges nothing, so that none outlives what it was for. Those that do are
    /// marked all the same.
    pub fn acknowledge(&mut self, allowed: &[Allow]) -> Result<(), StaleAllow> {
        let mut stale = Vec::new();
        for allow in allowed {
            let mut found = false;
            for finding in self.findings.iter_mut().filter(|finding| allow.matches(finding)) {
                finding.acknowledged = true;
                found = true;
            }
            if !found {
                stale.push(allow.clone());
            }
        }
        if stale.is_empty() { Ok(()) } else { Err(StaleAllow(stale)) }
    }
}

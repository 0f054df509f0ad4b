//! The line that points from an error to `hostfn explain`.

use std::{collections::BTreeSet, error::Error, fmt};

use anstyle::Style;
use hostfn_runtime::{BuildError, LoadError, ManifestError, db::MigrationError};

use crate::help::in_own_name;

/// A failure in words of the command's own, whose codes are still known.
#[derive(Debug)]
pub(crate) struct Coded {
    codes: Vec<&'static str>,
    message: String,
}

impl Coded {
    pub(crate) fn new(codes: impl IntoIterator<Item = &'static str>, message: impl Into<String>) -> Self {
        Self { codes: codes.into_iter().collect(), message: message.into() }
    }
}

impl fmt::Display for Coded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Coded {}

/// More codes than this are not pointed to: `hostfn explain` lists them all.
const MOST: usize = 3;

/// Prints the pointer of a failure or of findings, if they have one.
///
/// It goes to standard error, where it is in nobody's way who reads the output.
pub(crate) fn note(pointer: Option<String>) {
    if let Some(pointer) = pointer {
        let aside = Style::new().dimmed();
        anstream::eprintln!("{aside}{}{aside:#}", in_own_name(&pointer));
    }
}

/// Where to read more about codes, each once.
pub(crate) fn pointer(codes: impl IntoIterator<Item = &'static str>) -> Option<String> {
    let codes: BTreeSet<_> = codes.into_iter().collect();
    let commands: Vec<_> = codes.iter().take(MOST).map(|code| format!("`hostfn explain {code}`")).collect();
    match &commands[..] {
        [] => None,
        [one] => Some(format!("{one} tells more")),
        [some @ .., last] => Some(format!("{} and {last} tell more", some.join(", "))),
    }
}

/// The codes of a failure, if it has any.
pub(crate) fn codes_of(failure: &(dyn Error + 'static)) -> Vec<&'static str> {
    if let Some(error) = failure.downcast_ref::<Coded>() {
        return error.codes.clone();
    }
    if let Some(error) = failure.downcast_ref::<BuildError>() {
        return error.problems().iter().map(|problem| problem.code()).collect();
    }
    match failure.downcast_ref::<LoadError>() {
        // The findings say more than that there are some.
        Some(LoadError::Refused { findings, .. }) => findings.0.iter().map(|finding| finding.kind.id()).collect(),
        Some(error) => vec![error.code()],
        None => {
            let manifest = failure.downcast_ref::<ManifestError>().map(ManifestError::code);
            manifest
                .or_else(|| failure.downcast_ref::<MigrationError>().map(MigrationError::code))
                .into_iter()
                .collect()
        }
    }
}

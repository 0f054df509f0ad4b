//! Mutants: does a test fail when the code is wrong?
//!
//! A green suite says that the code and the tests agree, not that the tests look. So each operation, and what every call
//! rests on, is broken in a way in which a person could break it, and the tests have to fail.
//!
//! All mutations are compiled into one copy of the repository under the target folder, where an environment variable
//! chooses one of them (`switch.rs`): one build, and for each mutation only the tests that have to notice it. The files
//! that you are editing are never touched.

mod build;
mod copy;
mod mutation;
mod outcome;
mod suite;
mod switch;
mod table;

use std::{collections::BTreeSet, path::Path};

pub use mutation::Mutation;
pub use suite::Suite;
pub use table::{OPERATIONS, all};

use crate::{Error, target_dir};
use outcome::Outcome;

/// Runs the mutations of one subject, or all, and fails unless the tests notice every one.
///
/// # Errors
/// When the table does not fit the files, when the tests fail without a mutation, and when a mutant survives.
pub fn run(root: &Path, only: Option<&str>) -> Result<(), Error> {
    // In the user's files, so that a mistake in the table is reported before anything is copied or built.
    let mutations = select(root, OPERATIONS, &all(), only)?;

    let folder = target_dir(root, "mutants")?;
    let tree = folder.join("tree");
    copy::sync(root, &tree)?;
    switch::install(&tree, &mutations)?;
    let suites: BTreeSet<&Suite> = mutations.iter().map(|mutation| &mutation.tests).collect();
    eprintln!("building {} mutants", mutations.len());
    // Dependencies are built where the user's are, so that none is compiled again.
    let programs = build::programs(&tree, &folder.join("target"), &target_dir(root, "")?, &suites)?;
    for suite in suites {
        programs.passes(suite)?;
    }

    let mut outcomes = Vec::new();
    for (number, mutation) in mutations.iter().enumerate() {
        let outcome = programs.outcome(&mutation.tests, number)?;
        println!("{outcome:<8}  {:<36}  {}", mutation.subject, mutation.what);
        outcomes.push(outcome);
    }
    let noticed = outcomes.iter().filter(|outcome| **outcome != Outcome::Survived).count();
    println!("{noticed} of {} killed", outcomes.len());
    outcome::verdict(&outcomes)
}

/// Fails with every reason why the table of mutations does not fit the operations or the files. It runs nothing, and so
/// takes milliseconds: any test may ask.
///
/// # Errors
/// With all mistakes of the table.
pub fn check(root: &Path) -> Result<(), Error> {
    select(root, OPERATIONS, &all(), None).map(|_| ())
}

/// The mutations of all subjects or of one, if they fit; never none, since nothing killed of nothing would read as a
/// success.
fn select<'a>(
    root: &Path,
    operations: &[&str],
    mutations: &[&'a Mutation],
    only: Option<&str>,
) -> Result<Vec<&'a Mutation>, Error> {
    let subjects: BTreeSet<_> = operations.iter().copied().chain(mutations.iter().map(|m| m.subject)).collect();
    if let Some(name) = only.filter(|name| !subjects.contains(name)) {
        let subjects: Vec<_> = subjects.into_iter().collect();
        return Err(Error::new(format!("nothing is named {name}; choose one of: {}", subjects.join(", "))));
    }
    // Of one subject nothing else has to fit, so that a table can be written entry by entry.
    let wanted = |subject: &str| only.is_none_or(|name| name == subject);
    let operations = operations.iter().copied().filter(|operation| wanted(operation)).collect::<Vec<_>>();
    let mutations = mutations.iter().copied().filter(|mutation| wanted(mutation.subject)).collect::<Vec<_>>();
    let mistakes = mutation::mistakes(root, &operations, &mutations);
    if mistakes.is_empty() {
        return Ok(mutations);
    }
    Err(Error::new(format!("fix the mutations in xtask/src/mutants/table:\n  {}", mistakes.join("\n  "))))
}

#[cfg(test)]
mod tests;

//! Which mutations are run, and what becomes of them in a small project with real tests.

use std::path::Path;

use super::{Mutation, OPERATIONS, Outcome, Suite, select};
use crate::fs::write;

const KILLED: Mutation =
    Mutation { operation: "double", what: "it triples", file: "src/lib.rs", find: "n * 2", replace: "n * 3" };
const SURVIVED: Mutation =
    Mutation { operation: "halve", what: "it rounds up", file: "src/lib.rs", find: "n / 2", replace: "n.div_ceil(2)" };
const BROKEN: Mutation =
    Mutation { operation: "halve", what: "it is no Rust", file: "src/lib.rs", find: "n / 2", replace: "n /" };

fn project() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let manifest = "[package]\nname = \"hostfn\"\nedition = \"2024\"\n[workspace]\n";
    let library = "pub fn double(n: u32) -> u32 { n * 2 }\npub fn halve(n: u32) -> u32 { n / 2 }\n";
    let test =
        |looked_at: &str, expected: &str| format!("#[test]\nfn it() {{ assert_eq!({looked_at}, {expected}) }}\n");
    write(&root.path().join("Cargo.toml"), manifest).unwrap();
    write(&root.path().join("src/lib.rs"), library).unwrap();
    // The second notice what the first do not.
    for (name, looked_at, expected) in
        [("conformance", "hostfn::halve(2)", "1"), ("integration", "hostfn::double(1)", "2")]
    {
        write(&root.path().join(format!("tests/{name}.rs")), test(looked_at, expected)).unwrap();
    }
    root
}

fn selected(only: Option<&str>) -> Result<Vec<&'static str>, String> {
    let (root, table) = (project(), &[KILLED, SURVIVED]);
    let selected = select(root.path(), &["double", "halve"], table, only).map_err(|error| error.to_string())?;
    Ok(selected.iter().map(|mutation| mutation.what).collect())
}

/// So that whoever changes an operation learns of it at once, and not when the mutants are run.
#[test]
fn every_mutation_finds_its_line() {
    super::check(&crate::root()).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn there_are_eighteen_operations_each_named_once() {
    assert_eq!(OPERATIONS.len(), 18);
    assert!(OPERATIONS.is_sorted_by(|a, b| a < b), "sorted, and none twice");
}

#[test]
fn all_are_selected_or_the_one_that_was_asked_for() {
    assert_eq!(selected(None).unwrap(), ["it triples", "it rounds up"]);
    assert_eq!(selected(Some("halve")).unwrap(), ["it rounds up"]);
}

#[test]
fn a_name_that_matches_nothing_is_an_error() {
    assert_eq!(selected(Some("halv")).unwrap_err(), "no operation is named halv; these are: double, halve");
}

#[test]
fn an_empty_table_is_an_error_and_not_a_success() {
    for only in [None, Some("halve")] {
        let error = select(Path::new("."), &["halve"], &[], only).unwrap_err().to_string();
        assert!(error.ends_with("halve: it has no mutation"), "{error}");
    }
}

#[test]
fn one_operation_can_be_tried_while_another_has_no_mutation_yet() {
    let (root, table) = (project(), &[KILLED]);
    assert_eq!(select(root.path(), &["double", "halve"], table, Some("double")).unwrap().len(), 1);
    assert!(select(root.path(), &["double", "halve"], table, None).is_err());
}

#[test]
fn a_suite_kills_what_it_looks_at_and_lets_the_rest_live() {
    let root = project();
    let target = root.path().join("target");
    let suite = Suite { tree: root.path(), target: &target, build: &target };
    suite.passes().unwrap();
    assert_eq!(suite.outcome(&KILLED).unwrap(), Outcome::Killed);
    assert_eq!(suite.outcome(&SURVIVED).unwrap(), Outcome::Survived);
    assert_eq!(suite.outcome(&BROKEN).unwrap(), Outcome::Broken);
    suite.passes().unwrap();
}

#[test]
fn a_suite_that_fails_without_any_mutation_can_judge_none() {
    let root = project();
    let target = root.path().join("target");
    let suite = Suite { tree: root.path(), target: &target, build: &target };
    let _applied = KILLED.apply(root.path()).unwrap();
    let error = suite.passes().unwrap_err().to_string();
    assert!(error.starts_with("the tests fail as they are; mend them first:"), "{error}");
}

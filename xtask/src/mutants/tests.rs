//! Which mutations are run, and what becomes of them in a small project with real tests.

use std::{collections::BTreeSet, path::Path};

use super::{Mutation, OPERATIONS, Outcome, Suite, build, select, switch};
use crate::fs::write;

/// The second notices what the first does not.
const FIRST: Suite = Suite { package: "small", target: "first", filter: "it" };
const SECOND: Suite = Suite { package: "small", target: "second", filter: "it" };

const KILLED: Mutation = Mutation {
    subject: "double",
    what: "it triples",
    file: "src/lib.rs",
    find: "n * 2",
    replace: "n * 3",
    tests: SECOND,
};
const SURVIVED: Mutation = Mutation {
    subject: "halve",
    what: "it rounds up",
    file: "src/lib.rs",
    find: "n / 2",
    replace: "n.div_ceil(2)",
    tests: FIRST,
};

fn project() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let manifest = "[package]\nname = \"small\"\nedition = \"2024\"\n[workspace]\n";
    let library = "pub fn double(n: u32) -> u32 { n * 2 }\npub fn halve(n: u32) -> u32 { n / 2 }\n";
    let test =
        |looked_at: &str, expected: &str| format!("#[test]\nfn it() {{ assert_eq!({looked_at}, {expected}) }}\n");
    write(&root.path().join("Cargo.toml"), manifest).unwrap();
    write(&root.path().join("src/lib.rs"), library).unwrap();
    for (name, looked_at, expected) in [("first", "small::halve(2)", "1"), ("second", "small::double(1)", "2")] {
        write(&root.path().join(format!("tests/{name}.rs")), test(looked_at, expected)).unwrap();
    }
    root
}

fn selected(only: Option<&str>) -> Result<Vec<&'static str>, String> {
    let (root, table) = (project(), &[&KILLED, &SURVIVED]);
    let selected = select(root.path(), &["double", "halve"], table, only).map_err(|error| error.to_string())?;
    Ok(selected.iter().map(|mutation| mutation.what).collect())
}

/// So that whoever changes an operation learns of it at once, and not when the mutants are run.
#[test]
fn every_mutation_finds_its_line() {
    super::check(&crate::root()).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn each_of_the_eighteen_operations_is_named_once() {
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
    assert_eq!(selected(Some("halv")).unwrap_err(), "nothing is named halv; choose one of: double, halve");
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
    let (root, table) = (project(), &[&KILLED]);
    assert_eq!(select(root.path(), &["double", "halve"], table, Some("double")).unwrap().len(), 1);
    assert!(select(root.path(), &["double", "halve"], table, None).is_err());
}

#[test]
fn a_suite_kills_what_it_looks_at_and_lets_the_rest_live() {
    let root = project();
    let (tree, target) = (root.path(), root.path().join("target"));
    switch::install(tree, &[&KILLED, &SURVIVED]).unwrap();
    let programs = build::programs(tree, &target, &target, &BTreeSet::from([&FIRST, &SECOND])).unwrap();
    for suite in [FIRST, SECOND] {
        programs.passes(&suite).unwrap();
    }
    assert_eq!(programs.outcome(&SECOND, 0).unwrap(), Outcome::Killed);
    assert_eq!(programs.outcome(&FIRST, 0).unwrap(), Outcome::Survived);
    assert_eq!(programs.outcome(&FIRST, 1).unwrap(), Outcome::Survived);
}

#[test]
fn tests_that_fail_without_a_mutation_or_are_not_there_can_judge_none() {
    let root = project();
    let (tree, target) = (root.path(), root.path().join("target"));
    write(&tree.join("tests/second.rs"), "#[test] fn it() { panic!() }").unwrap();
    let programs = build::programs(tree, &target, &target, &BTreeSet::from([&FIRST, &SECOND])).unwrap();
    let error = programs.passes(&SECOND).unwrap_err().to_string();
    assert!(error.starts_with("the tests fail without a mutation; fix them first:"), "{error}");
    let error = programs.passes(&Suite { filter: "another", ..FIRST }).unwrap_err().to_string();
    assert!(error.starts_with("no test of"), "{error}");
}

#[test]
fn a_mutant_that_does_not_compile_is_an_error() {
    let root = project();
    let broken = Mutation { replace: "n / true", ..SURVIVED };
    switch::install(root.path(), &[&broken]).unwrap();
    let target = root.path().join("target");
    let error = build::programs(root.path(), &target, &target, &BTreeSet::from([&FIRST])).err().unwrap().to_string();
    assert!(error.starts_with("the mutants do not compile"), "{error}");
}

//! Staleness: what makes a prebuilt module old, in a repository of two small files.

use std::path::Path;

use super::{EXAMPLES, Guest, Language, Record, hash, prebuilt, stale_among, stale_in_examples};
use crate::fs::write;

const GUEST: Guest = Guest { name: "small", language: Language::Rust, forwards: false, typed: false };

fn repository() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let folder = GUEST.folder(root.path());
    write(&folder.join("Cargo.toml"), "[package]\n").unwrap();
    write(&folder.join("Cargo.lock"), "version = 4\n").unwrap();
    write(&folder.join("src/lib.rs"), "fn one() {}\n").unwrap();
    let record = Record {
        sources: GUEST.hash(root.path()).unwrap(),
        module: hash(b"\0asm"),
        toolchain: "rustc 1.95.0".to_owned(),
    };
    write(&GUEST.module(root.path()), b"\0asm").unwrap();
    write(&GUEST.record(root.path()), record.to_string()).unwrap();
    root
}

/// The reasons in a repository after a change was made to it.
fn reasons(change: impl FnOnce(&Path)) -> Vec<String> {
    let root = repository();
    change(root.path());
    stale_among(root.path(), &[GUEST]).unwrap()
}

#[test]
fn a_module_of_the_same_sources_is_not_stale() {
    assert_eq!(reasons(|_| ()), [""; 0]);
}

#[test]
fn a_changed_source_makes_it_stale() {
    let reasons = reasons(|root| write(&GUEST.folder(root).join("src/lib.rs"), "fn two() {}\n").unwrap());
    assert_eq!(reasons, ["small: the sources have changed since the module was built"]);
}

#[test]
fn another_module_than_the_recorded_one_is_stale() {
    let reasons = reasons(|root| write(&GUEST.module(root), b"\0asm other").unwrap());
    assert_eq!(reasons, ["small: the module is not the one that was built from the sources"]);
}

#[test]
fn a_missing_module_and_a_missing_record_are_stale() {
    let module = reasons(|root| std::fs::remove_file(GUEST.module(root)).unwrap());
    assert_eq!(module, ["small: the module is missing"]);
    let record = reasons(|root| std::fs::remove_file(GUEST.record(root)).unwrap());
    assert_eq!(record, ["small: the record is missing"]);
    let record = reasons(|root| write(&GUEST.record(root), "sources").unwrap());
    assert_eq!(record, ["small: the record cannot be read"]);
}

#[test]
fn a_guest_that_the_table_forgot_and_a_module_that_nobody_makes_are_named() {
    let reasons = reasons(|root| {
        write(&root.join("test-plugins/forgotten/src/lib.rs"), "").unwrap();
        write(&prebuilt(root).join("gone.wasm"), "").unwrap();
        write(&root.join("test-plugins/README.md"), "").unwrap();
    });
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons[0].ends_with("forgotten: not in the table of xtask/src/guests/mod.rs"), "{reasons:?}");
    assert!(reasons[1].ends_with("gone.wasm: the module of no guest; delete it"), "{reasons:?}");
}

#[test]
fn the_plugin_of_an_example_stands_in_it_with_its_module() {
    let root = tempfile::tempdir().unwrap();
    let [guest, ..] = EXAMPLES else { panic!("no example has a plugin") };
    let stale = || stale_in_examples(root.path(), &[*guest]).unwrap();
    let example = root.path().join("examples").join(guest.name);
    for file in guest.language.manifests().iter().chain(&["src/plugin.ts"]) {
        write(&example.join("plugin").join(file), "text\n").unwrap();
    }
    assert_eq!(stale(), [format!("{}: the module is missing", guest.name)]);
    write(&example.join("plugin.wasm"), b"\0asm").unwrap();
    let record =
        Record { sources: guest.hash(root.path()).unwrap(), module: hash(b"\0asm"), toolchain: "asc".to_owned() };
    write(&example.join("plugin.sha256"), record.to_string()).unwrap();
    assert_eq!(stale(), [""; 0]);
    write(&root.path().join("examples/forgotten/plugin/src/lib.rs"), "").unwrap();
    let reasons = stale();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(
        reasons[0].ends_with("forgotten: its plugin is not in the table of xtask/src/guests/mod.rs"),
        "{reasons:?}"
    );
}

//! The accepted contract: every change of it is a diff to review.

use hostfn::bindings::{Contract, xtp_problems};

use crate::{
    command::{run, stdout},
    support::root,
};

#[test]
fn the_contract_is_the_accepted_one() {
    let contract = stdout(&run(&["schema"]));
    let registry = hostfn::functions::registry();
    assert_eq!(Contract::from_json(&contract).unwrap(), Contract::of([&registry]));
    accept(|| insta::assert_binary_snapshot!("contract.json", contract.into_bytes()));
}

#[test]
fn no_built_in_function_is_compared_with_its_schema_in_each_call() {
    let registry = hostfn::functions::registry();
    let compared: Vec<_> = registry.functions().iter().filter(|function| function.is_compared_with_schema()).collect();
    assert!(compared.is_empty(), "their types check what their schemas say, and `x-checked` says so: {compared:?}");
}

#[test]
fn the_xtp_schema_is_the_accepted_one() {
    let schema = stdout(&run(&["schema", "--format", "xtp"]));
    assert_eq!(xtp_problems(&serde_json::from_str(&schema).expect("it is JSON")), []);
    accept(|| insta::assert_binary_snapshot!("xtp.json", schema.into_bytes()));
}

fn accept(compare: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join("snapshots/contract"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(compare);
}

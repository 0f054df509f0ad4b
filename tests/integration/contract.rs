//! The accepted contract: every change of it is a diff to review.

use hostfn::bindings::Contract;

use crate::{
    command::{run, stdout},
    support::root,
};

#[test]
fn the_contract_is_the_accepted_one() {
    let contract = stdout(&run(&["schema"]));
    let registry = hostfn::functions::registry();
    assert_eq!(Contract::from_json(&contract).unwrap(), Contract::of([&registry]));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join("snapshots/contract"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_binary_snapshot!("contract.json", contract.into_bytes()));
}

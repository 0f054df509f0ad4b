//! The scenarios that `docs/testing.md` shows run, and pass.

use hostfn_test::Scenario;

use crate::support::root;

#[test]
fn the_scenarios_of_the_guide_pass() {
    let guide = std::fs::read_to_string(root().join("docs/testing.md")).expect("the guide can be read");
    let module = std::fs::read(root().join("test-plugins/prebuilt/auth.wasm")).expect("the module can be read");
    let blocks: Vec<_> = guide.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty(), "the guide shows no scenario");
    for block in blocks {
        let scenario = Scenario::parse("docs/testing.md", block).unwrap_or_else(|error| panic!("{error}\n{block}"));
        let outcome = scenario.run(hostfn::functions::registry().into(), "auth", &module);
        let outcome = outcome.unwrap_or_else(|error| panic!("{error}\n{block}"));
        assert!(outcome.is_success(), "{outcome}\n{block}");
    }
}

//! What the guides show runs, and is what they say it is.

use std::{fs, path::Path};

use hostfn_test::Scenario;

use crate::support::root;

fn guide(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_scenarios_of_the_guide_pass() {
    let guide = guide("testing.md");
    let module = fs::read(root().join("test-plugins/prebuilt/auth.wasm")).expect("the module can be read");
    let blocks: Vec<_> = guide.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty(), "the guide shows no scenario");
    for block in blocks {
        let scenario = Scenario::parse("docs/testing.md", block).unwrap_or_else(|error| panic!("{error}\n{block}"));
        let outcome = scenario.run(hostfn::functions::registry().into(), "auth", &module);
        let outcome = outcome.unwrap_or_else(|error| panic!("{error}\n{block}"));
        assert!(outcome.is_success(), "{outcome}\n{block}");
    }
}

/// Each program is compiled or checked where it stands; the guide shows it to the letter.
#[test]
fn the_programs_of_the_guide_are_those_that_are_compiled() {
    let guide = guide("plugin-guide.md");
    let programs: Vec<_> = guide.split("<!-- ").skip(1).filter_map(|rest| rest.split_once(" -->\n")).collect();
    assert_eq!(programs.len(), hostfn::bindings::LANGUAGES.len(), "one program a language");
    for (path, rest) in programs {
        let shown = rest.split_once('\n').and_then(|(_, rest)| rest.split_once("```")).map(|(shown, _)| shown);
        let program = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(shown, Some(program.as_str()), "{path} is not as the guide shows it");
    }
}

#[test]
fn what_the_guides_link_to_is_there() {
    for name in ["plugin-guide.md", "testing.md"] {
        let guide = guide(name);
        let links = guide.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        for link in links.filter(|link| !link.is_empty() && !link.starts_with("http")) {
            let target = root().join("docs").join(Path::new(link));
            assert!(target.exists(), "docs/{name} links to {link}, which is not there");
        }
    }
}

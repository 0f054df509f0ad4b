//! What the guides show runs, and is what they say it is.

use std::{fs, path::Path, process::Command};

use hostfn::HostResponse;
use hostfn_test::Scenario;
use serde_json::Value;

use crate::{operations::rows_of, support::root};

fn guide(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What stands between the fences of one language. There is some.
fn blocks(guide: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let blocks: Vec<_> = guide.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty(), "the guide shows nothing in {language}");
    blocks.into_iter().map(str::to_owned).collect()
}

#[test]
fn the_scenarios_of_the_guide_pass() {
    let module = fs::read(root().join("test-plugins/prebuilt/auth.wasm")).expect("the module can be read");
    for block in blocks(&guide("testing.md"), "yaml") {
        let scenario = Scenario::parse("docs/testing.md", &*block).unwrap_or_else(|error| panic!("{error}\n{block}"));
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
fn the_answers_of_the_guide_are_answers() {
    for block in blocks(&guide("plugin-guide.md"), "json") {
        serde_json::from_str::<HostResponse<Value>>(&block).unwrap_or_else(|error| panic!("{error}\n{block}"));
    }
}

/// Each in a folder that has what it names.
#[test]
fn the_commands_of_the_guide_are_commands() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(root().join("test-plugins/prebuilt/auth.wasm"), folder.path().join("auth.wasm")).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_hostfn"));
    for line in blocks(&guide("plugin-guide.md"), "sh").iter().flat_map(|block| block.lines()) {
        let line = line.replace("--examples snapshots", &format!("--examples {}", root().join("snapshots").display()));
        let command = line.replacen("hostfn", &program.display().to_string(), 1);
        let output = Command::new("sh").args(["-c", &command]).current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        // The plugin of the guide is not granted all that it needs, and is told so.
        let expected = if line.starts_with("hostfn check") { 1 } else { 0 };
        assert_eq!(output.status.code(), Some(expected), "{line}\n{said}");
    }
    for made in ["site/index.html", "contract.json", "src/hostfn.rs"] {
        assert!(folder.path().join(made).is_file(), "{made}");
    }
}

/// One after the other in one folder, as an operator would.
#[test]
fn the_commands_of_the_operations_guide_do_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(root().join("test-plugins/prebuilt/auth.wasm"), folder.path().join("auth.wasm")).unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_hostfn")).parent().expect("it is in a folder");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    for block in blocks(&guide("operations.md"), "sh") {
        let output =
            Command::new("sh").args(["-euc", &block]).env("PATH", &path).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{block}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let report = fs::read(folder.path().join("report.json")).expect("the doctor wrote it");
    assert_eq!(serde_json::from_slice::<Value>(&report).expect("it is JSON")["ok"], true);
    let restored = format!("sqlite://{}", folder.path().join("app.db").display());
    assert_eq!(rows_of(&restored, "users"), 2, "both who signed up are in what was restored");
}

/// A reader who follows a link within a guide arrives.
#[test]
fn the_sections_that_the_operations_guide_links_to_are_there() {
    let guide = guide("operations.md");
    let is_kept = |c: &char| c.is_alphanumeric() || *c == '-';
    let headings: Vec<String> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| heading.to_lowercase().replace(' ', "-").chars().filter(is_kept).collect())
        .collect();
    let links: Vec<_> = guide.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 5, "{links:?}");
    for link in links {
        assert!(headings.iter().any(|heading| heading == link), "#{link} is not among {headings:?}");
    }
}

#[test]
fn what_the_guides_link_to_is_there() {
    for name in ["operations.md", "plugin-guide.md", "testing.md"] {
        let guide = guide(name);
        let links = guide.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        for link in links.filter(|link| !link.is_empty() && !link.starts_with("http")) {
            let target = root().join("docs").join(Path::new(link));
            assert!(target.exists(), "docs/{name} links to {link}, which is not there");
        }
    }
}

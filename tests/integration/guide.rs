//! What the guides show runs, and is what they say it is.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use hostfn::{HostResponse, PluginManifest};
use hostfn_test::Scenario;
use serde_json::Value;

use crate::{
    command::{run, stdout},
    markdown::Document,
    operations::rows_of,
    support::root,
};

const SCENARIOS: (&str, &str) = ("docs/testing.md", "yaml");
const ANSWERS: (&str, &str) = ("docs/plugin-guide.md", "json");
const PLUGIN_COMMANDS: (&str, &str) = ("docs/plugin-guide.md", "sh");
const OPERATIONS: (&str, &str) = ("docs/operations.md", "sh");
const MANIFESTS: (&str, &str) = ("docs/operations.md", "toml");
const EDITOR_LINE: (&str, &str) = ("docs/plugin-guide.md", "toml");

const README_ANSWERS: (&str, &str) = ("README.md", "json");
const README_COMMANDS: (&str, &str) = ("README.md", "sh");

/// What the tests below have, each a document and a language.
pub(crate) const TESTED: &[(&str, &str)] =
    &[SCENARIOS, ANSWERS, PLUGIN_COMMANDS, OPERATIONS, MANIFESTS, EDITOR_LINE, README_ANSWERS, README_COMMANDS];

/// The blocks of a language in a document, of which there are some.
fn blocks((document, language): (&str, &str)) -> Vec<String> {
    Document::read(document).blocks_in(language)
}

#[test]
fn a_manifest_begins_with_the_line_of_the_guide() {
    let auth = root().join("test-plugins/prebuilt/auth.wasm").display().to_string();
    let manifest = stdout(&run(&["manifest", &auth]));
    let first = format!("{}\n", manifest.lines().next().expect("it has lines"));
    assert_eq!(blocks(EDITOR_LINE), [first]);
}

#[test]
fn the_scenarios_of_the_guide_pass() {
    let module = fs::read(root().join("test-plugins/prebuilt/auth.wasm")).expect("the module can be read");
    for block in blocks(SCENARIOS) {
        let scenario = Scenario::parse("docs/testing.md", &*block).unwrap_or_else(|error| panic!("{error}\n{block}"));
        let outcome = scenario.run(hostfn::functions::registry().into(), "auth", &module);
        let outcome = outcome.unwrap_or_else(|error| panic!("{error}\n{block}"));
        assert!(outcome.is_success(), "{outcome}\n{block}");
    }
}

/// Each program is compiled or checked where it stands; the guide shows it to the letter.
#[test]
fn the_programs_of_the_guide_are_those_that_are_compiled() {
    let guide = Document::read("docs/plugin-guide.md");
    let mut languages = 0;
    for program in guide.blocks.iter().filter(|block| block.file().is_some_and(|file| file.contains("bindings"))) {
        let path = program.file().expect("it has one");
        let whole = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(program.text, whole, "{path} is not as the guide shows it");
        languages += 1;
    }
    assert_eq!(languages, hostfn::bindings::LANGUAGES.len(), "one program a language");
}

#[test]
fn the_manifests_of_the_guide_are_manifests() {
    for block in blocks(MANIFESTS) {
        // A hash is too long to be shown.
        let manifest = block.replace("6b1f…", &"6b".repeat(32)).parse::<PluginManifest>();
        manifest.unwrap_or_else(|error| panic!("{error}\n{block}"));
    }
}

#[test]
fn the_answers_of_the_guide_are_answers() {
    for block in blocks(ANSWERS).into_iter().chain(blocks(README_ANSWERS)) {
        serde_json::from_str::<HostResponse<Value>>(&block).unwrap_or_else(|error| panic!("{error}\n{block}"));
    }
}

/// Each in a folder that has what it names.
#[test]
fn the_commands_of_the_guide_are_commands() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(root().join("test-plugins/prebuilt/auth.wasm"), folder.path().join("auth.wasm")).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_hostfn"));
    for line in blocks(PLUGIN_COMMANDS).iter().flat_map(|block| block.lines()) {
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

/// One after the other in one folder, which has what of the repository they name.
#[test]
fn the_commands_of_the_readme_are_commands() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["test-plugins", "snapshots"] {
        std::os::unix::fs::symlink(root().join(name), folder.path().join(name)).unwrap();
    }
    let request = r#"{"name": "Ada", "email": "ada@example.com", "password": "correct horse"}"#;
    fs::write(folder.path().join("request.json"), request).unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_hostfn")).parent().expect("it is in a folder");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    for line in blocks(README_COMMANDS).iter().flat_map(|block| block.lines()) {
        let mut shell = Command::new("sh");
        // Not under a shell that would be killed in its place.
        let command = if line.starts_with("hostfn watch") { format!("exec {line}") } else { line.to_owned() };
        shell.args(["-ec", &command]).env("PATH", &path).current_dir(folder.path());
        if line.starts_with("hostfn watch") {
            let mut watching = shell.stdout(Stdio::piped()).spawn().unwrap();
            let lines = BufReader::new(watching.stdout.take().expect("it is piped")).lines();
            let shown: Vec<_> = lines.take(2).collect::<Result<_, _>>().unwrap();
            watching.kill().unwrap();
            watching.wait().unwrap();
            assert!(shown[1].starts_with("ok  sign_up"), "{line}\n{shown:?}");
            continue;
        }
        let output = shell.output().unwrap();
        // The plugin is not granted all that it needs, and is told so.
        let expected = if line.starts_with("hostfn check") { 1 } else { 0 };
        assert_eq!(output.status.code(), Some(expected), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    for made in ["site/index.html", "contract.json", "schema.json", "src/hostfn.rs", "auth.toml", "backup.db"] {
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
    for block in blocks(OPERATIONS) {
        let output =
            Command::new("sh").args(["-euc", &block]).env("PATH", &path).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{block}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let report = fs::read(folder.path().join("report.json")).expect("the doctor wrote it");
    assert_eq!(serde_json::from_slice::<Value>(&report).expect("it is JSON")["ok"], true);
    let restored = format!("sqlite://{}", folder.path().join("app.db").display());
    assert_eq!(rows_of(&restored, "users"), 2, "both who signed up are in what was restored");
}

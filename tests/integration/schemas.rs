//! The schemas by which editors complete and check what people write.

use std::{fs, path::Path, process::Command};

use hostfn::PluginManifest;
use hostfn_test::Scenario;
use serde_json::Value;

use crate::{
    command::{run, stderr, stdout},
    support::root,
};

/// What the schemas are of, and where the accepted ones are.
const SCHEMAS: [(&str, &str, &str); 2] = [
    ("manifest", "snapshots/schemas/plugin-manifest.schema.json", PluginManifest::SCHEMA_URL),
    ("scenario", "snapshots/schemas/scenario.schema.json", Scenario::SCHEMA_URL),
];

#[test]
fn the_schemas_are_the_accepted_ones_and_are_where_files_say() {
    for (of, path, url) in SCHEMAS {
        let output = run(&["schema", "--of", of]);
        assert!(output.status.success(), "{}", stderr(&output));
        let written = stdout(&output);
        let accepted = fs::read_to_string(root().join(path)).unwrap_or_default().replace("\r\n", "\n");
        assert!(
            written == accepted,
            "{path} is old; run `cargo run -- schema --of {of} > {path}`, and see what changed"
        );
        let schema: Value = serde_json::from_str(&written).expect("it is JSON");
        assert_eq!(schema["$id"], url);
        assert!(url.ends_with(&format!("/main/{path}")), "{url}");
        assert!(jsonschema::meta::is_valid(&schema), "{of}");
    }
}

#[test]
fn a_schema_of_files_is_no_xtp() {
    let output = run(&["schema", "--of", "scenario", "--format", "xtp"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("leave out `--format`"), "{}", stderr(&output));
}

/// What is wrong with a scenario by the schema, with the place of each.
pub(crate) fn scenario_problems(text: &str) -> Vec<String> {
    let options = serde_saphyr::options! { strict_booleans: true };
    let scenario = serde_saphyr::from_str_with_options(text, options);
    problems(&Scenario::schema(), &scenario.unwrap_or_else(|error| panic!("it is no YAML: {error}\n{text}")))
}

/// The same of a manifest.
pub(crate) fn manifest_problems(text: &str) -> Vec<String> {
    problems(&PluginManifest::schema(), &toml::from_str(text).expect("it is TOML"))
}

fn problems(schema: &Value, value: &Value) -> Vec<String> {
    let validator = jsonschema::options().should_validate_formats(true).build(schema).expect("it is a schema");
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn every_scenario_of_the_repository_is_one_by_the_schema() {
    let mut seen = 0;
    for path in tracked(".yaml").chain(tracked(".yml")).filter(|path| path.contains("/scenarios/")) {
        let text = fs::read_to_string(root().join(&path)).expect("it can be read");
        assert_eq!(scenario_problems(&text), [""; 0], "{path}");
        seen += 1;
    }
    assert!(seen >= 6, "{seen}");
    let guide = fs::read_to_string(root().join("docs/testing.md")).expect("the guide is there");
    let shown: Vec<_> = guide.split("```yaml\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    assert!(!shown.is_empty());
    for text in shown.iter().filter(|text| text.contains("steps:")) {
        assert_eq!(scenario_problems(text), [""; 0], "{text}");
    }
}

/// A manifest that the command writes, and what an administrator adds to it.
#[test]
fn a_manifest_is_one_by_the_schema_and_says_where_that_is() {
    let module = root().join("test-plugins/prebuilt/auth.wasm").display().to_string();
    let output = run(&["manifest", &module]);
    let manifest = stdout(&output);
    assert_eq!(manifest.lines().next(), Some(&*format!("#:schema {}", PluginManifest::SCHEMA_URL)));
    assert_eq!(manifest_problems(&manifest), [""; 0]);
    let with_limits = format!("{manifest}\n[limits]\nfuel = 1_000\ntimeout = 2.5\n[config]\nsender = 'a'\n");
    assert_eq!(manifest_problems(&with_limits), [""; 0]);
    let wrong = format!("{manifest}\n[limits]\nfule = 1_000\n");
    assert!(manifest_problems(&wrong).concat().contains("fule"), "{:?}", manifest_problems(&wrong));
}

/// The files that are kept in the repository, by the end of their names.
fn tracked(end: &'static str) -> impl Iterator<Item = String> {
    let mut files = Vec::new();
    // Without git, as in a package of sources, or where it knows none of them, as in a copy, those that are there.
    let listed = Command::new("git").args(["ls-files"]).current_dir(root()).output();
    match listed.ok().filter(|listed| listed.status.success() && !listed.stdout.is_empty()) {
        Some(listed) => files.extend(stdout(&listed).lines().map(str::to_owned)),
        None => files_under(&root().join("test-plugins"), &mut files),
    }
    files.into_iter().filter(move |path| path.ends_with(end))
}

fn files_under(folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => files_under(&path, files),
            false => files.extend(path.strip_prefix(root()).ok().map(|path| path.display().to_string())),
        }
    }
}

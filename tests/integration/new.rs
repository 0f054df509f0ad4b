//! `hostfn new`, as far as no toolchain is needed for it. `cargo xtask new` builds and tests the projects.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use hostfn::bindings::Contract;
use hostfn_test::{Scenario, forwarding_guest};
use serde_json::Value;

use crate::{
    command::{hostfn, run, stderr, stdout},
    schemas::{manifest_problems, scenario_problems},
    support::root,
};

const LANGUAGES: [&str; 6] = ["assemblyscript", "c", "go", "rust", "typescript", "zig"];

/// Runs `new` in a folder.
fn new(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = hostfn(&["new"]);
    // As if it were installed, and not run by `cargo run`.
    command.args(arguments).current_dir(folder).env_remove("CARGO_MANIFEST_DIR");
    command.output().expect("the command can be started")
}

/// What `new` says that it wrote.
fn made(folder: &Path, arguments: &[&str]) -> Value {
    let output = new(folder, &[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

fn plugin(folder: &Path, language: &str) -> (Value, PathBuf) {
    let name = format!("my-{language}");
    (made(folder, &["plugin", &name, "--language", language]), folder.join(name))
}

/// A list of texts, each in a line of its own.
fn lines(list: &Value) -> String {
    let lines: Vec<_> = list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    lines.join("\n  ")
}

/// All files under a folder but those of git's.
fn tree(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("it is a folder").map(|entry| entry.expect("it can be read").path()) {
            match entry.is_dir() {
                true if entry.ends_with(".git") => {}
                true => folders.push(entry),
                false => {
                    files.push(entry.strip_prefix(folder).expect("it is in it").to_string_lossy().replace('\\', "/"))
                }
            }
        }
    }
    files.sort();
    files
}

#[test]
fn what_is_there_is_what_it_says_it_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let mut shown = String::new();
    for kind in std::iter::once("host").chain(LANGUAGES) {
        let (written, project) = match kind {
            "host" => (made(folder.path(), &["host", "my-app"]), folder.path().join("my-app")),
            language => plugin(folder.path(), language),
        };
        assert_eq!(written["files"], Value::from(tree(&project)), "{kind}");
        let (files, next) = (lines(&written["files"]), lines(&written["next"]));
        shown += &format!("{kind}\n  {files}\nnext\n  {next}\n\n");
        for file in tree(&project) {
            let text = fs::read_to_string(project.join(&file)).unwrap();
            let place = format!("{kind} {file}");
            assert!(text.ends_with('\n') && !text.ends_with("\n\n") && !text.contains('\r'), "{place}");
            assert!(!text.contains("{%") && !text.contains("{{ "), "{place}");
            let is_ours = !file.contains("hostfn.") && !file.starts_with("snapshots/");
            match file.rsplit('.').next() {
                Some("json") => drop(serde_json::from_str::<Value>(&text).expect(&place)),
                Some("toml") => drop(toml::from_str::<Value>(&text).expect(&place)),
                Some("yaml" | "yml") => drop(serde_saphyr::from_str::<Value>(&text).expect(&place)),
                _ => {}
            }
            assert!(!is_ours || text.lines().all(|line| line == line.trim_end()), "{place}");
        }
    }
    insta::with_settings!(
        { snapshot_path => root().join("snapshots/new"), prepend_module_to_snapshot => false, omit_expression => true },
        { insta::assert_snapshot!("projects", shown) }
    );
}

#[test]
fn a_plugin_has_the_bindings_that_the_command_writes() {
    let folder = tempfile::tempdir().unwrap();
    for (language, place) in LANGUAGES.into_iter().zip(["src", "src", "hostfn", "src", "src", "src"]) {
        let (_, project) = plugin(folder.path(), language);
        let out = folder.path().join(language).display().to_string();
        let output = run(&["bindings", "--language", language, "--out", &out]);
        for path in stdout(&output).lines() {
            let name = Path::new(path).file_name().unwrap();
            assert_eq!(fs::read(path).unwrap(), fs::read(project.join(place).join(name)).unwrap(), "{path}");
        }
    }
}

/// A guest that imports the same stands in for the compiled plugin.
#[test]
fn a_plugin_asks_for_just_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let registry = hostfn::functions::registry();
    let called = registry.functions().iter().filter(|function| function.name() == "db_get_user_by_email");
    let module = forwarding_guest(called, true);
    for language in LANGUAGES {
        let (written, project) = plugin(folder.path(), language);
        let manifest = project.join("plugin.toml");
        let text = fs::read_to_string(&manifest).unwrap();
        assert_eq!(manifest_problems(&text), [""; 0], "{language}");
        let path = toml::from_str::<Value>(&text).unwrap()["module"].as_str().unwrap().to_owned();
        assert!(written["next"].to_string().contains(&format!("test scenarios --plugin {path}")), "{written}");

        let update = || run(&["manifest", "--update", &manifest.display().to_string()]);
        let early = update();
        assert_eq!(early.status.code(), Some(1));
        assert!(stderr(&early).contains("there is no such file; build the plugin, or"), "{}", stderr(&early));

        let module_file = project.join(&path);
        fs::create_dir_all(module_file.parent().unwrap()).unwrap();
        fs::write(&module_file, &module).unwrap();
        assert!(stdout(&update()).starts_with("updated "), "{}", stderr(&update()));
        assert!(stdout(&update()).starts_with("unchanged "));
        let updated = fs::read_to_string(&manifest).unwrap();
        let changed: Vec<_> = text.lines().zip(updated.lines()).filter(|(old, new)| old != new).collect();
        assert!(matches!(&changed[..], [(old, _)] if old.starts_with("sha256 = ")), "{changed:?}");

        let checked = run(&["check", &manifest.display().to_string(), "--grant", "users:read"]);
        assert!(checked.status.success(), "{}{}", stdout(&checked), stderr(&checked));
        assert!(!stdout(&checked).contains("warning"), "{}", stdout(&checked));
    }
}

#[test]
fn its_scenarios_are_scenarios() {
    let folder = tempfile::tempdir().unwrap();
    for language in LANGUAGES {
        let (_, project) = plugin(folder.path(), language);
        let scenarios: Vec<_> = fs::read_dir(project.join("scenarios")).unwrap().collect();
        assert_eq!(scenarios.len(), 2);
        for scenario in scenarios {
            let path = scenario.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let first = format!("# yaml-language-server: $schema={}", Scenario::SCHEMA_URL);
            assert_eq!(text.lines().next(), Some(&*first));
            assert_eq!(scenario_problems(&text), [""; 0], "{text}");
            Scenario::read(&path).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

/// Any function will do, of which a request and an answer can be made up.
#[test]
fn a_plugin_calls_the_function_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let contract = Contract::of([&hostfn::functions::registry()]);
    let mut made_up = 0;
    for (function, language) in contract.functions.iter().zip(LANGUAGES.iter().cycle()) {
        let output =
            new(folder.path(), &["plugin", &function.name, "--language", language, "--function", &function.name]);
        let project = folder.path().join(&function.name);
        if !output.status.success() {
            assert!(stderr(&output).contains("choose another function"), "{}", stderr(&output));
            assert!(!project.exists());
            continue;
        }
        made_up += 1;
        let manifest = fs::read_to_string(project.join("plugin.toml")).unwrap();
        assert!(manifest.contains(&format!("grants = [\"{}\"]", function.permission)), "{manifest}");
        let scenario = fs::read_to_string(project.join("scenarios/answered.yaml")).unwrap();
        assert_eq!(scenario_problems(&scenario), [""; 0], "{scenario}");
    }
    assert!(made_up > contract.functions.len() / 2, "{made_up}");
}

#[test]
fn a_host_depends_on_the_repository_or_on_a_checkout() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = |name: &str, more: &[&str]| {
        made(folder.path(), &[&["host", name], more].concat());
        let text = fs::read_to_string(folder.path().join(name).join("Cargo.toml")).unwrap();
        toml::from_str::<Value>(&text).expect("it is TOML")
    };
    let plain = manifest("plain", &[]);
    assert_eq!(plain["package"]["name"], "plain");
    assert_eq!(plain["dependencies"]["hostfn"]["git"], env!("CARGO_PKG_REPOSITORY"));
    assert_eq!(plain["dev-dependencies"]["hostfn-test"]["git"], env!("CARGO_PKG_REPOSITORY"));
    let checkout = root().display().to_string();
    let linked = manifest("linked", &["--hostfn-path", &checkout]);
    assert_eq!(linked["dependencies"]["hostfn"]["path"], checkout);
    let contract = fs::read_to_string(folder.path().join("linked/snapshots/contract.json")).unwrap();
    let contract = Contract::from_json(&contract).unwrap();
    assert_eq!(contract.crates.keys().collect::<Vec<_>>(), ["linked"]);
}

#[test]
fn inside_a_repository_it_is_a_part_of_that() {
    let folder = tempfile::tempdir().unwrap();
    let has = |project: &str, file: &str| folder.path().join(project).join(file).exists();
    let git = made(folder.path(), &["host", "alone"])["repository"] == true;
    // Without git on the machine there is none, and all else is there.
    assert_eq!(git, has("alone", ".git"));
    assert!(has("alone", ".github/workflows/ci.yml"));
    assert_eq!(made(folder.path(), &["host", "bare", "--vcs", "none"])["repository"], false);
    assert!(!has("bare", ".git") && has("bare", ".github/workflows/ci.yml"));
    fs::create_dir(folder.path().join(".git")).unwrap();
    assert_eq!(made(folder.path(), &["plugin", "plugins/a.b", "--language", "c"])["repository"], false);
    assert!(!has("plugins/a.b", ".git") && !has("plugins/a.b", ".github") && has("plugins/a.b", ".gitignore"));
}

#[test]
fn beside_a_repository_it_is_none_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path().join("repository");
    fs::create_dir_all(repository.join(".git")).unwrap();
    for path in ["../beside", "not/there/../../../yet/beside"] {
        made(&repository, &["plugin", path, "--language", "c"]);
    }
    for made in ["beside", "yet/beside"] {
        assert!(folder.path().join(made).join(".github/workflows/ci.yml").is_file(), "{made}");
    }
}

#[test]
fn what_cannot_be_made_leaves_nothing_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("full")).unwrap();
    fs::write(folder.path().join("full/file"), "").unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let before = tree(folder.path());
    for (arguments, code, said) in [
        (&["host", "full"][..], 1, "full is there, and not empty: choose another name, or move it"),
        (&["host", "file"], 1, "file is there, and no folder"),
        (&["host", "file/a"], 1, "cannot write"),
        (&["host", "2fa"], 1, "expected the name of a package"),
        (&["host", "self"], 1, "it is a word of Rust's own"),
        (&["host", "My-app"], 1, "write it in small letters"),
        (&["host", ".."], 1, "expected the name of a package"),
        (&["host", "a", "--hostfn-path", "nowhere"], 1, "nowhere is no checkout of hostfn"),
        (&["plugin", "a b", "--language", "c"], 1, "expected the name of a plugin"),
        (&["plugin", "a.b", "--language", "rust"], 1, "expected the name of a package"),
        (
            &["plugin", "a", "--language", "c", "--function", "db_make"],
            1,
            "there is no host function `db_make`; there are db_",
        ),
        (&["plugin", "a", "--language", "cobol"], 2, "typescript"),
        (&["plugin", "a"], 2, "--language"),
        (&["host"], 2, "NAME"),
    ] {
        let output = new(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{}", stderr(&output));
        assert!(stderr(&output).contains(said), "{arguments:?}\n{}", stderr(&output));
        assert_eq!(tree(folder.path()), before, "{arguments:?}");
    }
    // An empty folder is as good as none.
    fs::create_dir(folder.path().join("empty")).unwrap();
    made(folder.path(), &["host", "empty"]);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".new-")), "{left:?}");
}

/// What is printed is for a person: the files, and then what to type.
#[test]
fn it_says_what_comes_next() {
    let folder = tempfile::tempdir().unwrap();
    let shown = stdout(&new(folder.path(), &["plugin", "plugins/greeter", "--language", "zig"]));
    assert!(shown.contains("plugins/greeter/src/plugin.zig\n"), "{shown}");
    let next = "\nNext:\n  cd plugins/greeter\n  zig build\n  hostfn test scenarios --plugin zig-out/bin/greeter.wasm\n  \
                hostfn manifest --update plugin.toml\n  hostfn check plugin.toml --grant users:read\n";
    assert!(shown.ends_with(next), "{shown}");

    // A program that was just built may be installed nowhere.
    let mut command = hostfn(&["new", "plugin", "other", "--language", "zig"]);
    command.current_dir(folder.path()).env("CARGO_MANIFEST_DIR", folder.path());
    let shown = stdout(&command.output().unwrap());
    assert!(shown.contains("\nNext:\n  cargo install --path .\n  cd other\n"), "{shown}");
}

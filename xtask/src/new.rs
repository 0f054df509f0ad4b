//! The projects that `hostfn new` makes: each is made, built and tested by the commands that it says come next, typed as
//! they are.
//!
//! It takes minutes and a toolchain a language, and so is no test. What needs neither, `tests/integration/new.rs` tests.

mod toolchains;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{Error, fs, process, target_dir};
use toolchains::Toolchain;

/// What is made, besides a host.
const LANGUAGES: [&str; 6] = ["assemblyscript", "c", "go", "rust", "typescript", "zig"];

/// A function of the project of host functions that answers nothing, which languages say in ways of their own.
const SILENT: &str = "delete_note";

/// What each language gives up with: a file of its project, and an export that is added to it.
const GIVES_UP: [(&str, &str, &str); 5] = [
    ("assemblyscript", "src/plugin.ts", "export function give_up(): i32 { assert(false, \"on purpose\"); return 0; }"),
    (
        "c",
        "src/plugin.c",
        "__attribute__((export_name(\"give_up\"))) int32_t give_up(void) { hostfn_panic(HOSTFN_TEXT(\"on purpose\")); }",
    ),
    (
        "go",
        "main.go",
        "//go:wasmexport give_up\nfunc giveUp() int32 {\n\treturn answered(func() ([]byte, error) { panic(\"on purpose\") })\n}",
    ),
    (
        "rust",
        "src/lib.rs",
        "#[plugin_fn]\npub fn give_up(_: ()) -> FnResult<()> {\n    tell_panics();\n    panic!(\"on purpose\")\n}",
    ),
    ("zig", "src/plugin.zig", "export fn give_up() i32 {\n    @panic(\"on purpose\");\n}"),
];

/// Makes the projects, or some of them: `host` with plugins of its own functions, `plugins`, the one of a language, or
/// `values`, plugins of a function with a value of every type, which are called with good and bad ones.
pub fn run(root: &Path, only: Option<&str>) -> Result<(), Error> {
    if let Some(only) = only
        && !["host", "plugins", "values"].contains(&only)
        && !LANGUAGES.contains(&only)
    {
        let languages = LANGUAGES.join(", ");
        return Err(Error::new(format!("there is no project {only}; there are host, plugins, values, {languages}")));
    }
    let folder = target_dir(root, "new")?;
    fs::remove_all(&folder)?;
    let built = target_dir(root, "debug")?;
    let target = ("CARGO_TARGET_DIR".to_owned(), target_dir(root, "")?.display().to_string());
    shell(root, "cargo build --quiet --bin hostfn", std::slice::from_ref(&target))?;
    let mut skipped = Vec::new();
    for language in
        LANGUAGES.into_iter().filter(|language| only.is_none_or(|only| only == "plugins" || only == *language))
    {
        let project = Project { root, folder: &folder, hostfn: built.join("hostfn"), language };
        skipped.extend(project.plugin(&format!("my-{language}"), &[])?);
    }
    if only.is_none_or(|only| ["plugins", "values"].contains(&only)) {
        shell(root, "cargo build --quiet --workspace --example values", std::slice::from_ref(&target))?;
        for language in LANGUAGES {
            let project = Project { root, folder: &folder, hostfn: built.join("examples/values"), language };
            skipped.extend(project.plugin(&format!("values-{language}"), &[])?);
        }
    }
    if only.is_none_or(|only| ["plugins", "values"].contains(&only)) {
        one_set_for_two(&folder, &built.join("examples/values"))?;
    }
    if only.is_none_or(|only| only == "host") {
        host(root, &folder, &built, target)?;
        // A plugin of a host of one's own, whose functions answer otherwise.
        for language in LANGUAGES {
            let project = Project { root, folder: &folder, hostfn: built.join("my-app"), language };
            skipped.extend(project.plugin(&format!("own-{language}"), &["--function", SILENT])?);
        }
    }
    skipped.sort();
    skipped.dedup();
    for skipped in &skipped {
        println!("skipped {}: {}", skipped.what, skipped.reason);
    }
    match skipped.iter().find(|skipped| skipped.can_be_installed && is_ci()) {
        Some(skipped) => Err(Error::new(format!("{} was skipped, and this is CI: {}", skipped.what, skipped.reason))),
        None => Ok(()),
    }
}

fn is_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty())
}

/// What could not be done here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Skipped {
    what: String,
    reason: String,
    /// Whether a package registry has what is missing.
    can_be_installed: bool,
}

/// A plugin's project that is to be made.
struct Project<'a> {
    root: &'a Path,
    folder: &'a Path,
    /// The command that makes it.
    hostfn: PathBuf,
    language: &'static str,
}

impl Project<'_> {
    /// Makes, builds and tests it; answers what could not be done.
    fn plugin(&self, name: &str, more: &[&str]) -> Result<Option<Skipped>, Error> {
        let made = new(&self.hostfn, self.folder, &[&["plugin", name, "--language", self.language], more].concat())?;
        let project = self.folder.join(name);
        let skipped = |reason: &str, can_be_installed| Skipped {
            what: self.language.to_owned(),
            reason: reason.to_owned(),
            can_be_installed,
        };
        let toolchain = match toolchains::find(self.root, self.folder, &project, self.language)? {
            Ok(toolchain) => toolchain,
            Err(reason) => return Ok(Some(skipped(&reason, true))),
        };
        let takes_values = self.hostfn.ends_with("values");
        if let Some((_, file, export)) =
            GIVES_UP.iter().find(|(language, ..)| takes_values && *language == self.language)
        {
            let file = project.join(file);
            fs::write(&file, format!("{}\n{export}\n", fs::read_text(&file)?))?;
        }
        let commands = toolchain.commands(made.next);
        self.type_in(&toolchain, &commands)?;
        if let Some(reason) = toolchain.incomplete {
            return Ok(Some(skipped(reason, false)));
        }
        // It changed what it had to, and asks for no more and no less than it needs.
        let manifest = fs::read_text(&project.join("plugin.toml"))?;
        if manifest.contains(&"0".repeat(64)) {
            return Err(Error::new(format!("{name}: the manifest has no hash yet")));
        }
        println!("{name}: {} files, {} commands", made.files, commands.len());
        if takes_values {
            let module = commands.iter().find_map(|line| line.split_once(" --plugin ")).map(|(_, module)| module);
            let module = module.ok_or_else(|| Error::new(format!("{name}: no command names its module")))?;
            self.type_in(&toolchain, &[format!("cd {name}"), format!("values rows {module}")])
                .map_err(|error| Error::new(format!("{name}: {error}")))?;
        }
        Ok(None)
    }

    fn type_in(&self, toolchain: &Toolchain, commands: &[String]) -> Result<(), Error> {
        let mut environment = toolchain.environment.clone();
        let paths = toolchain.path.iter().cloned().chain(self.hostfn.parent().map(Path::to_path_buf));
        environment.push(("PATH".to_owned(), with_path(paths)?));
        shell(self.folder, &commands.join("\n"), &environment)
    }
}

/// Writes the expectations of scenarios by what a plugin in one language does, and runs them with one in another.
fn one_set_for_two(folder: &Path, command: &Path) -> Result<(), Error> {
    let module = |language: &str, built: &str| folder.join(format!("values-{language}/{built}values-{language}.wasm"));
    let (one, other) = (module("assemblyscript", ""), module("zig", "zig-out/bin/"));
    if !one.is_file() || !other.is_file() {
        return Ok(());
    }
    let good = r#"{flag: true, small: 1, byte: 2, wide: 3, ratio: 0.5, text: a, kind: bug, secret: hush, list: [1],
      grid: [[2]], by_name: {a: 3}, inner: {type: 4}, inners: [{type: 5}], nothing_or_number: [null]"#;
    let inputs = ["}", ", patch: 1.5}", ", unknown: 1}", ", change: null}", ", optional: many}"];
    let steps = inputs.map(|end| format!("  - export: run\n    input: {good}{end}\n")).concat();
    let broken = "  - export: run\n    input: no JSON\n";
    let set = folder.join("set/values.yaml");
    fs::make_folder_of(&set)?;
    fs::write(&set, format!("grants: ['*']\nsteps:\n{steps}{broken}"))?;
    fs::write(&folder.join("set/denied.yaml"), format!("steps:\n  - export: run\n    input: {good}}}\n"))?;
    let values = command.display();
    let lines = [
        format!("{values} test set --update --plugin {}", one.display()),
        format!("{values} test set --plugin {}", one.display()),
        format!("{values} test set --plugin {}", other.display()),
    ];
    shell(folder, &lines.join("\n"), &[])?;
    println!("set: written with AssemblyScript, and the same for Zig");
    Ok(())
}

/// A project of host functions, built where the rest of the workspace is, from what that is built from.
fn host(root: &Path, folder: &Path, built: &Path, target: (String, String)) -> Result<(), Error> {
    let checkout = root.display().to_string();
    let made = new(&built.join("hostfn"), folder, &["host", "my-app", "--hostfn-path", &checkout])?;
    let project = folder.join("my-app");
    fs::write(&project.join("Cargo.lock"), fs::read(&root.join("Cargo.lock"))?)?;
    let environment = [target, ("INSTA_UPDATE".to_owned(), "no".to_owned())];
    let mut commands = made.next;
    commands.extend(["cargo fmt --check".to_owned(), "cargo clippy --quiet --all-targets -- -D warnings".to_owned()]);
    shell(folder, &commands.join("\n"), &environment)?;
    if !project.join("plugins/my-plugin/src/lib.rs").is_file() {
        return Err(Error::new("my-app: its own command made no plugin".to_owned()));
    }
    println!("my-app: {} files, {} commands", made.files, commands.len());
    Ok(())
}

/// What `hostfn new` made.
struct Made {
    files: usize,
    /// What it says comes next.
    next: Vec<String>,
}

fn new(hostfn: &Path, folder: &Path, arguments: &[&str]) -> Result<Made, Error> {
    fs::make_folder_of(&folder.join("project"))?;
    let mut command = process::command(hostfn, folder);
    command.arg("new").args(arguments).args(["--vcs", "none", "--json"]).stderr(Stdio::inherit());
    let output = command.output().map_err(Error::io("start", hostfn))?;
    let broken = || Error::new(format!("`hostfn new {}` failed; its messages are above", arguments.join(" ")));
    if !output.status.success() {
        return Err(broken());
    }
    let made: Value = serde_json::from_slice(&output.stdout).map_err(|_| broken())?;
    let next = made["next"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let made = Made { files: made["files"].as_array().map_or(0, Vec::len), next: next.map(str::to_owned).collect() };
    if made.files == 0 || made.next.is_empty() { Err(broken()) } else { Ok(made) }
}

/// Types lines into a shell, which stops at the first that fails. What they say is shown only then.
fn shell(folder: &Path, lines: &str, environment: &[(String, String)]) -> Result<(), Error> {
    let mut command: Command = process::command("bash", folder);
    command.args(["-e", "-c", lines]).stdin(Stdio::null());
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    let output = command.output().map_err(Error::io("start bash in", folder))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    Err(Error::new(format!("{said}\nin {}, one of these failed:\n{lines}", folder.display())))
}

/// The variable `PATH`, with these folders before all others.
fn with_path(first: impl Iterator<Item = PathBuf>) -> Result<String, Error> {
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(first.chain(env::split_paths(&path)));
    let path = path.map_err(|error| Error::new(format!("a folder cannot be in PATH: {error}")))?;
    path.into_string().map_err(|_| Error::new("PATH is no text".to_owned()))
}

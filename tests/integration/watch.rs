//! `hostfn watch`: what somebody sees who builds a plugin again and again.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use hostfn::PluginManifest;
use serde_json::Value;

use crate::command::hostfn;

/// A plugin that answers a text.
fn write_plugin(path: &Path, answer: &str) {
    // The output is written as numbers of eight bytes.
    let padded = format!("{answer:width$}", width = answer.len().div_ceil(8) * 8);
    let stores: String = padded
        .as_bytes()
        .chunks(8)
        .enumerate()
        .map(|(at, chunk)| {
            let number = i64::from_le_bytes(chunk.try_into().expect("chunks of eight"));
            format!("(call $store (i64.add (local.get 0) (i64.const {})) (i64.const {number}))", at * 8)
        })
        .collect();
    let text = format!(
        r#"(module
            (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
            (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
            (import "extism:host/env" "output_set" (func $output (param i64 i64)))
            (func (export "run") (result i32) (local i64)
                (local.set 0 (call $alloc (i64.const {length})))
                {stores}
                (call $output (local.get 0) (i64.const {length}))
                i32.const 0))"#,
        length = padded.len(),
    );
    replace(path, wat::parse_str(text).expect("a module"));
}

/// As a compiler does: a whole file in the place of the old one, so that nobody sees a half of it.
fn replace(path: &Path, content: impl AsRef<[u8]>) {
    let whole = path.with_extension("tmp");
    fs::write(&whole, content).expect("a file");
    fs::rename(whole, path).expect("a file");
}

struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(plugin: &Path, arguments: &[&str]) -> Self {
        let plugin = plugin.display().to_string();
        let mut command = hostfn(&[&["watch", &plugin], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the command can be started");
        let (sender, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().expect("it is piped"));
        // Ends with the command.
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(Duration::from_secs(120)).expect("a line is shown")
    }

    /// The next line that says this.
    fn until(&self, said: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(said) {
                return line;
            }
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It may have ended already, by a mistake that the test tells of.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_difference_of_the_answers_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = folder.path().join("plugin.wasm");
    write_plugin(&plugin, r#"{"name": "Ada", "age": 36}"#);
    let watching = Watching::start(&plugin, &["run"]);
    assert!(watching.line().starts_with("watching "));
    assert!(watching.line().starts_with("ok  run"));
    assert_eq!([(); 4].map(|()| watching.line()), ["{", "  \"name\": \"Ada\",", "  \"age\": 36", "}"]);

    write_plugin(&plugin, r#"{"name": "Ada", "age": 37}"#);
    assert!(watching.line().starts_with("ok  run: another answer"));
    let shown = [(); 5].map(|()| watching.line());
    assert_eq!(shown, ["  {", "    \"name\": \"Ada\",", "-   \"age\": 36", "+   \"age\": 37", "  }"]);

    replace(&plugin, "no module");
    assert!(watching.line().starts_with("FAIL  run"));
    assert!(watching.line().contains("is not a WebAssembly module"));
    write_plugin(&plugin, r#"{"name": "Ada", "age": 37}"#);
    watching.until("ok  run");
    assert_eq!(watching.line(), "{", "all of it, as the last was none");
}

#[test]
fn in_memory_only_what_was_changed_differs() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = folder.path().join("plugin.wasm");
    let auth = crate::support::root().join("test-plugins/prebuilt/auth.wasm");
    fs::copy(&auth, &plugin).unwrap();
    let input = folder.path().join("input.json");
    let write_input = |name: &str| {
        let text = format!(r#"{{"name": "{name}", "email": "ada@example.com", "password": "correct horse"}}"#);
        replace(&input, text);
    };
    write_input("Ada");
    let input = format!("@{}", input.display());
    let watching = Watching::start(&plugin, &["sign_up", "--input", &input, "--grant", "*", "--json"]);
    let next = || serde_json::from_str::<Value>(&watching.line()).expect("each line is JSON");
    let first = next();
    assert_eq!((&first["success"], &first["changed"]), (&true.into(), &false.into()), "{first}");
    assert!(first["output"]["verification_token"].is_string(), "{first}");
    // Ada could not be created twice, and her token is random but for this.
    fs::copy(auth, folder.path().join("built")).unwrap();
    fs::rename(folder.path().join("built"), &plugin).unwrap();
    let again = next();
    assert_eq!((&again["output"], &again["changed"]), (&first["output"], &false.into()));
    // The input is watched too. Another request is another randomness, as everywhere.
    write_input("Lovelace");
    let other = next();
    assert_eq!((&other["success"], &other["changed"]), (&true.into(), &true.into()), "{other}");
}

/// Of a build that makes its folders anew, and of a manifest, which names a module somewhere else.
#[test]
fn a_manifest_is_called_again_when_its_module_changes_and_only_then() {
    let folder = tempfile::tempdir().unwrap();
    let (build, module) = (folder.path().join("target/release"), folder.path().join("target/release/plugin.wasm"));
    let manifest = folder.path().join("plugin.toml");
    let write_manifest = || {
        let sha256 = PluginManifest::sha256_of(&fs::read(&module).unwrap());
        let text = format!("name = 'plugin'\nmodule = 'target/release/plugin.wasm'\nsha256 = '{sha256}'\n");
        replace(&manifest, text);
    };
    let watching = Watching::start(&manifest, &["run"]);
    assert!(watching.line().starts_with("watching "));
    assert!(watching.line().starts_with("FAIL  run"));
    assert!(watching.line().contains("the manifest cannot be read"));

    fs::create_dir_all(&build).unwrap();
    write_plugin(&module, "\"one\"");
    write_manifest();
    watching.until("ok  run");
    assert_eq!(watching.line(), "one");
    // Once more at most, where the manifest came between a look and its call. Looks are a tenth of a second apart.
    thread::sleep(Duration::from_secs(2));
    let again = watching.lines.try_iter().filter(|line| line.contains("  run")).count();
    assert!(again <= 1, "nothing changed, and it was called {again} times");

    // Built again, and not yet accepted: what to run is offered, and running it is enough.
    write_plugin(&module, "\"two\"");
    watching.until("FAIL  run");
    let offered = watching.line();
    let command =
        format!("; review it, and run `hostfn manifest --update {}`; the plugin is called again", manifest.display());
    assert!(offered.contains(&command), "{offered}");
    let updated = hostfn(&["manifest", "--update", &manifest.display().to_string()]).output().unwrap();
    assert!(updated.status.success(), "{updated:?}");
    watching.until("ok  run");
    assert_eq!(watching.line(), "two");

    fs::remove_dir_all(folder.path().join("target")).unwrap();
    watching.until("FAIL  run");
    assert!(watching.line().contains("the module cannot be read: there is no such file; build the plugin"));
    fs::create_dir_all(&build).unwrap();
    write_plugin(&module, "\"another\"");
    write_manifest();
    watching.until("ok  run");
    assert_eq!(watching.line(), "another");
}

/// What a plugin says is a stranger's words, which do nothing to the terminal.
#[test]
fn an_answer_does_nothing_to_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = folder.path().join("plugin.wasm");
    write_plugin(&plugin, "\u{1b}[2Jgone");
    let watching = Watching::start(&plugin, &["run"]);
    watching.until("ok  run");
    let shown = watching.line();
    assert!(shown.contains("gone") && !shown.contains('\u{1b}'), "{shown:?}");
}

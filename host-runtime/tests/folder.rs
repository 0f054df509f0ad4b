//! Plugins of a folder: they come, go and are replaced while calls run.

#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails, as it should")]

// As an application names it.
extern crate hostfn_runtime as hostfn;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc,
    },
    thread::{self, ScopedJoinHandle},
    time::Duration,
};

use hostfn_runtime::{
    CallError, CheckedFile, FolderChange, Grants, HostState, LoadError, Plugin, PluginFolder, PluginManager,
    PluginManifest, PluginOptions, host_fn,
};
use tempfile::TempDir;

hostfn::registry!();

/// Two meet here: a test, and a host call that it waits for.
#[derive(Clone, HostState)]
struct Meeting(Arc<Barrier>);

/// Comes to the meeting, and goes when the test lets it.
#[host_fn(permission = "meeting")]
fn meet(meeting: &Meeting) {
    meeting.0.wait();
    meeting.0.wait();
}

/// A guest of a version, which its exports tell by failing with its number; `slow` is at the meeting first.
fn module(version: u32) -> Vec<u8> {
    let text = format!(
        r#"(module (import "extism:host/user" "meet" (func $meet (result i64)))
            (func (export "version") (result i32) i32.const {version})
            (func (export "slow") (result i32) (drop (call $meet)) i32.const {version}))"#
    );
    wat::parse_str(text).unwrap()
}

fn version(plugin: &Plugin, export: &str) -> u32 {
    match plugin.call(export, "") {
        Err(CallError::FailedSilently { exit_code, .. }) => exit_code.cast_unsigned(),
        outcome => panic!("{outcome:?}"),
    }
}

struct Folder {
    files: TempDir,
    meeting: Meeting,
}

impl Folder {
    fn new() -> Self {
        Self { files: TempDir::new().unwrap(), meeting: Meeting(Arc::new(Barrier::new(2))) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    fn write_module(&self, name: &str, module: &[u8]) {
        fs::write(self.path(&format!("{name}.wasm")), module).unwrap();
    }

    fn write_manifest(&self, name: &str, plugin: &str, module: &[u8]) {
        let grants = Grants::of(["meeting"]).unwrap();
        let text = PluginManifest::text_for(plugin, Path::new(&format!("{name}.wasm")), module, &grants);
        fs::write(self.path(&format!("{name}.toml")), text).unwrap();
    }

    fn write(&self, name: &str, version: u32) {
        self.write_module(name, &module(version));
        self.write_manifest(name, name, &module(version));
    }

    fn load(&self) -> PluginFolder {
        self.load_with(|_| PluginOptions::from(Grants::all()))
    }

    fn load_with(&self, granted: impl Fn(&PluginManifest) -> PluginOptions + Send + Sync + 'static) -> PluginFolder {
        let manager = PluginManager::builder().functions(registry()).provide(self.meeting.clone()).build().unwrap();
        manager.load_folder(self.files.path(), granted).unwrap()
    }
}

fn told(changes: Vec<FolderChange>) -> Vec<String> {
    changes.iter().map(ToString::to_string).collect()
}

fn problems(folder: &PluginFolder) -> Vec<String> {
    folder.list().into_iter().filter_map(|entry| Some(entry.problem?.to_string())).collect()
}

#[test]
fn plugins_come_are_replaced_and_go() {
    let files = Folder::new();
    files.write("one", 1);
    let folder = files.load();
    assert_eq!(version(&folder.get("one").unwrap(), "version"), 1);
    assert!(folder.get("two").is_none());

    files.write("one", 2);
    files.write("two", 7);
    assert_eq!(told(folder.reload().unwrap()), ["plugin `one` was replaced", "plugin `two` was loaded"]);
    assert_eq!(version(&folder.get("one").unwrap(), "version"), 2);
    assert_eq!(version(&folder.get("two").unwrap(), "version"), 7);
    assert_eq!(told(folder.reload().unwrap()), [""; 0]);
    let listed = folder.list();
    let files_listed: Vec<_> = listed.iter().map(|entry| entry.file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(files_listed, ["one.toml", "two.toml"]);
    assert_eq!(listed[0].module_sha256, Some(PluginManifest::read(files.path("one.toml")).unwrap().sha256()));

    fs::remove_file(files.path("two.toml")).unwrap();
    fs::remove_file(files.path("two.wasm")).unwrap();
    assert_eq!(told(folder.reload().unwrap()), ["plugin `two` was unloaded"]);
    assert!(folder.get("two").is_none());
    // Under another name of its file it is the same plugin, and is there all the time.
    fs::rename(files.path("one.toml"), files.path("first.toml")).unwrap();
    assert_eq!(told(folder.reload().unwrap()), ["plugin `one` was replaced"]);
}

#[test]
fn a_call_that_runs_ends_in_the_version_that_it_began_in() {
    let files = Folder::new();
    files.write("one", 1);
    let folder = files.load();
    for (next, change) in [(Some(2), "plugin `one` was replaced"), (None, "plugin `one` was unloaded")] {
        let plugin = folder.get("one").unwrap();
        let began_in = version(&plugin, "version");
        let call = thread::spawn(move || version(&plugin, "slow"));
        files.meeting.0.wait();
        match next {
            Some(next) => files.write("one", next),
            None => {
                fs::remove_file(files.path("one.toml")).unwrap();
                fs::remove_file(files.path("one.wasm")).unwrap();
            }
        }
        assert_eq!(told(folder.reload().unwrap()), [change]);
        // Others are in the new version already, while the call is where it was.
        assert_eq!(folder.get("one").map(|plugin| version(&plugin, "version")), next);
        files.meeting.0.wait();
        assert_eq!(call.join().unwrap(), began_in);
    }
}

#[test]
fn a_broken_version_leaves_the_old_one_running_with_the_reason() {
    let files = Folder::new();
    files.write("one", 1);
    let folder = files.load();
    let broken = b"\0asm, but no more of it".to_vec();
    let lacking = wat::parse_str(r#"(module (import "extism:host/user" "fly" (func)))"#).unwrap();
    let manifest = files.path("one.toml");
    let good = fs::read_to_string(&manifest).unwrap();
    let with_manifest = |module: &[u8]| {
        files.write_module("one", module);
        files.write_manifest("one", "one", module);
    };
    let steps: [(&str, &dyn Fn(), &str); 4] = [
        ("only the module is copied", &|| files.write_module("one", &module(2)), "not the module that"),
        ("no module", &|| with_manifest(&broken), "is not a WebAssembly module"),
        ("what the host lacks", &|| with_manifest(&lacking), "`fly`"),
        ("half a manifest", &|| fs::write(&manifest, &good[..good.len() / 2]).unwrap(), "line 3, column "),
    ];
    for (what, step, reason) in steps {
        step();
        let changes = folder.reload().unwrap();
        let [FolderChange::Refused { file, problem, running: Some(running) }] = &changes[..] else {
            panic!("{what}: {changes:?}")
        };
        assert_eq!((file, running.name()), (&manifest, "one"), "{what}");
        assert!(problem.to_string().contains(reason), "{what}: {problem}");
        assert!(changes[0].to_string().contains("plugin `one` goes on as it was"), "{what}: {}", changes[0]);
        assert_eq!(version(&folder.get("one").unwrap(), "version"), 1, "{what}");
        assert_eq!(problems(&folder), [problem.to_string()], "{what}");
        assert_eq!(told(folder.reload().unwrap()), [""; 0], "{what}: told once");
    }
    files.write("one", 3);
    assert_eq!(told(folder.reload().unwrap()), ["plugin `one` was replaced"]);
    assert_eq!(problems(&folder), [""; 0]);
    assert_eq!(version(&folder.get("one").unwrap(), "version"), 3);
}

#[test]
fn what_is_wrong_with_one_file_keeps_no_other_from_running() {
    let files = Folder::new();
    files.write("good", 1);
    files.write_module("again", &module(2));
    files.write_manifest("again", "good", &module(2));
    let folder = files.load();
    // Of two with a name it is the first of the files, and later the one that runs.
    assert_eq!(version(&folder.get("good").unwrap(), "version"), 2);
    let taken = problems(&folder);
    assert!(taken.len() == 1 && taken[0].contains("plugin `good` is already that of"), "{taken:?}");
    fs::remove_file(files.path("again.toml")).unwrap();
    assert_eq!(folder.reload().unwrap().len(), 2, "replaced by the other, and a module that nobody asks for");
    assert_eq!(version(&folder.get("good").unwrap(), "version"), 1);
    let [alone] = &problems(&folder)[..] else { panic!("{:?}", problems(&folder)) };
    assert!(alone.contains("no manifest") && alone.contains("command `manifest "), "{alone}");
    let listed = folder.list();
    assert!(matches!(listed[0].problem.as_deref(), Some(LoadError::NoManifest { .. })), "{listed:?}");
    // What others keep in a folder, and what is on its way there, is none of its business.
    fs::write(files.path("README.md"), "Plugins.").unwrap();
    fs::write(files.path(".good.toml"), "half a").unwrap();
    fs::create_dir(files.path("folder.toml")).unwrap();
    assert_eq!(told(folder.reload().unwrap()), [""; 0]);
}

#[test]
fn a_plugin_that_was_given_up_stays_away_until_its_manifest_changes() {
    let files = Folder::new();
    files.write("one", 1);
    let folder = files.load();
    assert!(folder.unload("one"));
    assert!(!folder.unload("one"));
    assert!(folder.get("one").is_none());
    assert_eq!(told(folder.reload().unwrap()), [""; 0]);
    files.write("one", 2);
    assert_eq!(told(folder.reload().unwrap()), ["plugin `one` was loaded"]);
}

#[test]
fn what_is_granted_now_is_what_a_reload_gives() {
    let files = Folder::new();
    files.write("one", 1);
    let granted = Arc::new(AtomicU32::new(1));
    let decides = granted.clone();
    let folder = files.load_with(move |_| match decides.load(Ordering::Relaxed) {
        0 => PluginOptions::from(Grants::none()),
        _ => PluginOptions::from(Grants::all()),
    });
    assert!(folder.get("one").unwrap().grants().covers("meeting"));
    granted.store(0, Ordering::Relaxed);
    assert_eq!(told(folder.reload().unwrap()), ["plugin `one` was replaced"]);
    assert!(!folder.get("one").unwrap().grants().covers("meeting"));

    // With less than it is granted an old version goes on; with more it does not.
    files.write_module("one", b"broken");
    granted.store(1, Ordering::Relaxed);
    assert!(matches!(&folder.reload().unwrap()[..], [FolderChange::Refused { running: Some(_), .. }]));
    files.write("one", 2);
    assert_eq!(told(folder.reload().unwrap()), ["plugin `one` was replaced"]);
    assert!(folder.get("one").unwrap().grants().covers("meeting"));
    files.write_module("one", b"broken");
    granted.store(0, Ordering::Relaxed);
    let changes = folder.reload().unwrap();
    assert!(
        matches!(&changes[..], [FolderChange::Unloaded { .. }, FolderChange::Refused { running: None, .. }]),
        "{changes:?}"
    );
    assert!(folder.get("one").is_none());
}

#[test]
fn a_check_finds_what_loading_would_find() {
    let files = Folder::new();
    files.write("good", 1);
    files.write_manifest("later", "good", &module(1));
    files.write_module("replaced", &module(1));
    files.write_manifest("replaced", "replaced", &module(2));
    files.write_module(".hidden", &module(1));
    fs::write(files.path(".hidden.toml"), "half a").unwrap();
    let manager = PluginManager::builder().functions(registry()).provide(files.meeting.clone()).build().unwrap();
    let check = || manager.check_folder(files.files.path(), |_| Grants::none()).unwrap();
    let refusals = |checked: &[CheckedFile]| {
        let refusals =
            checked.iter().filter_map(|file| Some((file.file.clone(), file.outcome.as_ref().err()?.to_string())));
        refusals.collect::<Vec<_>>()
    };
    let loaded = || {
        let listed = files.load().list().into_iter();
        listed.filter_map(|entry| Some((entry.file, entry.problem?.to_string()))).collect::<Vec<_>>()
    };
    let checked = check();
    let said: Vec<_> = checked.iter().map(|file| (file.plugin.as_deref(), file.outcome.is_ok())).collect();
    assert_eq!(said, [(Some("good"), true), (None, false), (Some("replaced"), false)]);
    let findings: Vec<_> = checked[0].outcome.as_ref().unwrap().iter().map(|finding| finding.kind.id()).collect();
    assert_eq!(findings, ["not-granted"]);
    assert_eq!(refusals(&checked), loaded());

    // While a manifest is not used, it is not known whose a module is.
    fs::remove_file(files.path("later.toml")).unwrap();
    files.write_module("forgotten", &module(1));
    assert!(refusals(&check()).iter().any(|(file, _)| *file == files.path("forgotten.wasm")));
    assert_eq!(refusals(&check()), loaded());
    assert!(manager.check_folder(files.path("none"), |_| Grants::none()).is_err());
}

#[test]
fn a_folder_that_is_watched_reloads_itself_and_outlives_its_absence() {
    let files = Folder::new();
    files.write("one", 1);
    let folder = files.load();
    let (sender, changes) = mpsc::channel();
    let watch = folder.watch(Duration::from_millis(5), move |change| sender.send(change.to_string()).unwrap()).unwrap();
    let next = || changes.recv_timeout(Duration::from_secs(120)).expect("a change is told");
    // A module and then its manifest, as they are copied: in between it may be seen that one is not the other's.
    files.write("one", 2);
    while next() != "plugin `one` was replaced" {}
    assert_eq!(version(&folder.get("one").unwrap(), "version"), 2);

    let away = files.files.path().with_extension("away");
    fs::rename(files.files.path(), &away).unwrap();
    // For some looks while it is away; with none of them the test shows less, and does not fail.
    thread::sleep(Duration::from_millis(50));
    assert_eq!(version(&folder.get("one").unwrap(), "version"), 2, "what runs goes on");
    assert!(folder.reload().is_err());
    fs::rename(&away, files.files.path()).unwrap();
    files.write("one", 3);
    while next() != "plugin `one` was replaced" {}
    assert_eq!(version(&folder.get("one").unwrap(), "version"), 3);
    drop(watch);
    files.write("one", 4);
    // Without a limit: the sender is gone with the thread that watched.
    assert!(changes.recv().is_err(), "nobody watches any more");
    assert_eq!(version(&folder.get("one").unwrap(), "version"), 3);
}

/// The figures that a host under load shows: of all calls that were made while the plugin was replaced again and again,
/// each was answered, by a version that there was at the time.
#[test]
fn no_call_is_lost_while_a_plugin_is_replaced_again_and_again() {
    const VERSIONS: u32 = 50;
    let files = Folder::new();
    files.write("one", 1);
    let folder = files.load();
    let newest = AtomicU32::new(1);
    let is_over = AtomicBool::new(false);
    let calls = AtomicU32::new(0);
    thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    while !is_over.load(Ordering::SeqCst) {
                        // What was announced is there; one more may be there and not announced yet.
                        let oldest = newest.load(Ordering::SeqCst);
                        let answered = version(&folder.get("one").expect("it is never away"), "version");
                        let latest = newest.load(Ordering::SeqCst) + 1;
                        assert!((oldest..=latest).contains(&answered), "{answered} is not from {oldest} to {latest}");
                        calls.fetch_add(1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        for next in 2..=VERSIONS {
            files.write("one", next);
            assert_eq!(told(folder.reload().unwrap()), ["plugin `one` was replaced"]);
            // Each version is there while calls end, however busy the machine is. A caller ends early only by its panic.
            let before = calls.load(Ordering::SeqCst);
            while calls.load(Ordering::SeqCst) == before && !callers.iter().any(ScopedJoinHandle::is_finished) {
                thread::yield_now();
            }
            newest.store(next, Ordering::SeqCst);
        }
        is_over.store(true, Ordering::SeqCst);
        callers.into_iter().for_each(|caller| caller.join().unwrap());
    });
    assert!(calls.into_inner() >= VERSIONS - 1);
}

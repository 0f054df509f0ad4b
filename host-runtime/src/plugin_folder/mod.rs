//! Plugins of a folder, which come, go and are replaced while the host runs.
//!
//! A manifest says which module was reviewed, by its hash. That is what makes a folder safe to watch: a module that is
//! half copied, or copied before its manifest, is not the one that the manifest is for, and the plugin that runs goes on
//! until both are there.

mod change;
mod check;
mod scan;
mod watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use crate::{LoadError, Plugin, PluginManager, PluginManifest, PluginOptions};

pub use change::FolderChange;
pub use check::CheckedFile;
pub use watch::FolderWatch;

/// The plugins of a folder: each `NAME.toml` in it is the manifest of one ([`PluginManifest`]).
///
/// [`reload`](Self::reload) looks at the folder again, and [`watch`](Self::watch) does so now and then. New plugins are
/// loaded, those whose manifest or grants changed are replaced, and those whose manifest is gone are unloaded. A new
/// version that cannot be loaded leaves the old one running, and [`list`](Self::list) says why; only a plugin with a
/// permission that it is not granted any more goes then, too.
///
/// A call that is running goes on in the version that it began in, whatever becomes of the plugin meanwhile: ask for the
/// plugin with [`get`](Self::get) for each call, and not once.
///
/// Cheap to clone; all clones are one.
///
/// ```
/// # extern crate hostfn_runtime as hostfn;
/// use hostfn::{Grants, PluginManager};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path();
/// # let wasm = wat::parse_str(r#"(module (func (export "run") (result i32) i32.const 0))"#)?;
/// # std::fs::write(path.join("example.wasm"), &wasm)?;
/// # let module = std::path::Path::new("example.wasm");
/// # let text = hostfn::PluginManifest::text_for("example", module, &wasm, &Grants::none());
/// # std::fs::write(path.join("example.toml"), text)?;
/// let manager = PluginManager::new();
/// let plugins = manager.load_folder(path, |_manifest| Grants::of(["notes:read"]).expect("a permission"))?;
/// for refused in plugins.list().into_iter().filter_map(|listed| listed.problem) {
///     eprintln!("{refused}");
/// }
/// let plugin = plugins.get("example").ok_or("there is no plugin `example`")?;
/// let output = plugin.call("run", "input")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PluginFolder {
    inner: Arc<Inner>,
}

struct Inner {
    manager: PluginManager,
    path: PathBuf,
    granted: Box<dyn Fn(&PluginManifest) -> PluginOptions + Send + Sync>,
    /// Held only to look and to exchange it, never while a plugin is loaded.
    contents: RwLock<Contents>,
    /// Held while the folder is looked at, so that two do not do it at once.
    scanning: Mutex<()>,
}

/// What is known of a folder.
#[derive(Clone, Default)]
struct Contents {
    /// By the names of the plugins.
    running: BTreeMap<String, Running>,
    /// The modules of what runs, and of what shall: wherever they are.
    modules: BTreeSet<PathBuf>,
    /// By the files that cannot be used as they are.
    problems: BTreeMap<PathBuf, Arc<LoadError>>,
    /// The names and the manifests of plugins that were unloaded though they are there.
    unloaded: BTreeMap<String, String>,
}

/// A plugin that runs, and what it was loaded from.
#[derive(Clone)]
struct Running {
    plugin: Plugin,
    file: PathBuf,
    manifest: PluginManifest,
    text: String,
    granted: PluginOptions,
}

/// A plugin of a folder, or a file of it that is none.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FolderEntry {
    /// Its manifest; or a module that no manifest is for.
    pub file: PathBuf,
    /// The plugin that runs, if one does.
    pub plugin: Option<Plugin>,
    /// The SHA-256 of its module, in hexadecimal, if one runs.
    pub module_sha256: Option<String>,
    /// Why what is in the file now is not what runs.
    pub problem: Option<Arc<LoadError>>,
}

impl PluginManager {
    /// Loads the plugins of a folder, each from its manifest, with what the manifest asks for as far as `granted` allows,
    /// which is asked for each: see [`load_manifest`](Self::load_manifest) and [`PluginFolder`].
    ///
    /// # Errors
    /// When the folder cannot be read. What is wrong with one plugin keeps no other from being loaded:
    /// [`PluginFolder::list`] has it.
    pub fn load_folder<G: Into<PluginOptions>>(
        &self,
        path: impl Into<PathBuf>,
        granted: impl Fn(&PluginManifest) -> G + Send + Sync + 'static,
    ) -> io::Result<PluginFolder> {
        let folder = PluginFolder {
            inner: Arc::new(Inner {
                manager: self.clone(),
                path: path.into(),
                granted: Box::new(move |manifest| granted(manifest).into()),
                contents: RwLock::default(),
                scanning: Mutex::default(),
            }),
        };
        folder.reload()?;
        Ok(folder)
    }
}

impl PluginFolder {
    /// The folder.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// The plugin of this name, as it is now.
    pub fn get(&self, name: &str) -> Option<Plugin> {
        self.read(|contents| contents.running.get(name).map(|running| running.plugin.clone()))
    }

    /// All that is in the folder, by the names of the files: what runs, and what is in the way of the rest.
    pub fn list(&self) -> Vec<FolderEntry> {
        self.read(Contents::list)
    }

    /// Looks at the folder again, and answers what changed. The plugins that changed are exchanged all at once.
    ///
    /// A problem is told once, and not again while it stays the same. Everything is also logged: what was loaded, replaced
    /// and unloaded as information, what was refused as a warning.
    ///
    /// # Errors
    /// When the folder cannot be read. All that runs goes on.
    pub fn reload(&self) -> io::Result<Vec<FolderChange>> {
        let inner = &*self.inner;
        let _scanning = inner.scanning.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.read(Contents::clone);
        let (after, changes) = scan::scan(&inner.manager, &inner.path, &inner.granted, before)?;
        self.write(|contents| *contents = after);
        changes.iter().for_each(FolderChange::log);
        Ok(changes)
    }

    /// Gives a plugin up, though its manifest is there, until the manifest changes or the folder is loaded anew. Calls
    /// that are running go on. Answers whether it ran.
    pub fn unload(&self, name: &str) -> bool {
        let _scanning = self.inner.scanning.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(running) = self.write(|contents| {
            let running = contents.running.remove(name)?;
            contents.unloaded.insert(name.to_owned(), running.text.clone());
            Some(running)
        }) else {
            return false;
        };
        FolderChange::Unloaded { plugin: running.plugin }.log();
        true
    }

    fn read<T>(&self, look: impl FnOnce(&Contents) -> T) -> T {
        look(&self.inner.contents.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Contents) -> T) -> T {
        change(&mut self.inner.contents.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Contents {
    fn list(&self) -> Vec<FolderEntry> {
        let running = self.running.values().map(|running| FolderEntry {
            file: running.file.clone(),
            plugin: Some(running.plugin.clone()),
            module_sha256: Some(running.manifest.sha256()),
            problem: self.problems.get(&running.file).cloned(),
        });
        let runs = |file: &PathBuf| self.running.values().any(|running| running.file == *file);
        let refused = self.problems.iter().filter(|(file, _)| !runs(file)).map(|(file, problem)| FolderEntry {
            file: file.clone(),
            plugin: None,
            module_sha256: None,
            problem: Some(problem.clone()),
        });
        let mut entries: Vec<_> = running.chain(refused).collect();
        entries.sort_by(|one, other| one.file.cmp(&other.file));
        entries
    }
}

impl fmt::Debug for PluginFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.read(|contents| contents.running.keys().cloned().collect());
        f.debug_struct("PluginFolder").field("path", &self.path()).field("running", &names).finish_non_exhaustive()
    }
}

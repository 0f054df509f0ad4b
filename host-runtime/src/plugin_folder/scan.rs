//! What a folder holds now, beside what was running.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Contents, FolderChange, Running};
use crate::{LoadError, ManifestError, PluginManager, PluginManifest, PluginOptions};

/// A manifest that could be read.
pub(super) struct Wanted {
    pub(super) file: PathBuf,
    pub(super) text: String,
    pub(super) manifest: PluginManifest,
}

/// Brings what runs to what is in the folder.
pub(super) fn scan(
    manager: &PluginManager,
    folder: &Path,
    granted: &dyn Fn(&PluginManifest) -> PluginOptions,
    before: Contents,
) -> io::Result<(Contents, Vec<FolderChange>)> {
    let files = files(folder)?;
    let mut problems = BTreeMap::new();
    let wanted = wanted(&files, &before, &mut problems);
    // Of manifests that could be read, so that it is known whose modules are.
    let mut refused = BTreeMap::new();
    let mut running = BTreeMap::new();
    let mut changes = Vec::new();
    for (name, Wanted { file, text, manifest }) in &wanted {
        let old = before.running.get(name);
        // Given up on purpose, and the same since.
        if old.is_none() && before.unloaded.get(name) == Some(text) {
            continue;
        }
        let granted = granted(manifest);
        let is_same = old.is_some_and(|old| old.text == *text && old.granted == granted && old.file == *file);
        let loaded = if is_same {
            // It was loaded, and is asked whether it still would be: the next start of the host will.
            manifest.modules_are_as_reviewed().map(|()| None).map_err(LoadError::Manifest)
        } else {
            manager.load_manifest(manifest, granted.clone()).map(Some)
        };
        match loaded {
            Ok(Some(plugin)) => {
                let change = match old {
                    Some(_) => FolderChange::Replaced { plugin: plugin.clone() },
                    None => FolderChange::Loaded { plugin: plugin.clone() },
                };
                changes.push(change);
                let (file, manifest, text) = (file.clone(), manifest.clone(), text.clone());
                running.insert(name.clone(), Running { plugin, file, manifest, text, granted });
            }
            Ok(None) => {}
            Err(problem) => {
                refused.insert(file.clone(), problem);
            }
        }
    }
    for (name, old) in &before.running {
        if running.contains_key(name) {
            continue;
        }
        let is_there = wanted.contains_key(name) || problems.contains_key(&old.file);
        // A permission that was taken away is gone, and be it with the plugin.
        if is_there && has_no_more_than(old, &granted(&old.manifest)) {
            running.insert(name.clone(), old.clone());
        } else {
            changes.push(FolderChange::Unloaded { plugin: old.plugin.clone() });
        }
    }
    let manifests = running.values().map(|running| &running.manifest);
    let modules = modules_of(manifests.chain(wanted.values().map(|wanted| &wanted.manifest)));
    without_a_manifest(&files, &modules, &mut problems);
    problems.extend(refused);
    let told = problems.into_iter().map(|(file, problem)| {
        // The same as was told before is the same, and not told again.
        let known = before.problems.get(&file).filter(|known| known.to_string() == problem.to_string());
        let problem = known.cloned().unwrap_or_else(|| {
            let problem = Arc::new(problem);
            changes.push(FolderChange::Refused {
                file: file.clone(),
                problem: problem.clone(),
                running: running.values().find(|running| running.file == file).map(|running| running.plugin.clone()),
            });
            problem
        });
        (file, problem)
    });
    let problems = told.collect();
    let mut unloaded = before.unloaded;
    unloaded.retain(|name, text| wanted.get(name).is_some_and(|wanted| wanted.text == *text));
    Ok((Contents { running, modules, problems, unloaded }, changes))
}

/// Whether a plugin that runs has nothing that it would not be granted now.
fn has_no_more_than(running: &Running, granted: &PluginOptions) -> bool {
    running.plugin.grants().iter().all(|grant| granted.grants.includes(grant))
}

/// The files of the folder, sorted.
pub(super) fn files(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    entries.filter(|path| path.as_ref().map_or(true, |path| path.is_file())).collect()
}

fn has_extension(file: &Path, wanted: &str) -> bool {
    // What an editor or a copying program keeps beside the file while it writes often begins with a dot.
    let is_hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !is_hidden && file.extension().is_some_and(|extension| extension == wanted)
}

/// The manifests that can be read, by the names of the plugins. Of several with one name it is the one that runs, or the
/// first.
pub(super) fn wanted(
    files: &BTreeSet<PathBuf>,
    before: &Contents,
    problems: &mut BTreeMap<PathBuf, LoadError>,
) -> BTreeMap<String, Wanted> {
    let mut by_name: BTreeMap<String, Vec<Wanted>> = BTreeMap::new();
    for file in files.iter().filter(|file| has_extension(file, "toml")) {
        match read(file) {
            Ok(wanted) => by_name.entry(wanted.manifest.name().to_owned()).or_default().push(wanted),
            Err(error) => {
                problems.insert(file.clone(), LoadError::Manifest(error));
            }
        }
    }
    let chosen = by_name.into_iter().map(|(name, mut all)| {
        let running = before.running.get(&name).map(|running| &running.file);
        let chosen = all.iter().position(|wanted| Some(&wanted.file) == running).unwrap_or(0);
        let chosen = all.swap_remove(chosen);
        for other in all {
            let (plugin, manifest) = (name.clone(), chosen.file.clone());
            problems.insert(other.file, LoadError::NameTaken { plugin, manifest });
        }
        (name, chosen)
    });
    chosen.collect()
}

fn read(file: &Path) -> Result<Wanted, ManifestError> {
    let text = fs::read_to_string(file).map_err(|error| ManifestError::unreadable(file, &error))?;
    let manifest = PluginManifest::from_text(file, &text)?;
    Ok(Wanted { file: file.to_owned(), text, manifest })
}

/// Where the modules are that manifests name.
pub(super) fn modules_of<'a>(manifests: impl Iterator<Item = &'a PluginManifest>) -> BTreeSet<PathBuf> {
    manifests.flat_map(PluginManifest::module_paths).collect()
}

/// Notes modules that nobody asks for: whoever put one there thinks that it runs.
pub(super) fn without_a_manifest(
    files: &BTreeSet<PathBuf>,
    used: &BTreeSet<PathBuf>,
    problems: &mut BTreeMap<PathBuf, LoadError>,
) {
    // With a manifest that cannot be read it is not known whose a module is.
    if problems.keys().any(|file| has_extension(file, "toml")) {
        return;
    }
    for file in files.iter().filter(|file| has_extension(file, "wasm") && !used.contains(*file)) {
        problems.insert(file.clone(), LoadError::NoManifest { module: file.clone() });
    }
}

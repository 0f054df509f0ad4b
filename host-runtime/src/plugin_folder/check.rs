//! What becomes of a folder of plugins when a host loads it, without loading it.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use super::{Contents, scan};
use crate::{Finding, LoadError, PluginManager, PluginManifest, PluginOptions};

/// What there is to say of one file of a folder of plugins: [`PluginManager::check_folder`].
#[derive(Debug)]
#[non_exhaustive]
pub struct CheckedFile {
    /// A manifest; or a module that no manifest is for.
    pub file: PathBuf,
    /// The name of the plugin, where the file says one that is not taken.
    pub plugin: Option<String>,
    /// What there is to say of the plugin, the gravest first; or why there is none.
    pub outcome: Result<Vec<Finding>, LoadError>,
}

impl PluginManager {
    /// What [`load_folder`](Self::load_folder) would find, by the names of the files: each manifest with what there is to
    /// say of its plugin, as [`check_manifest`](Self::check_manifest) has it, and what else is in the way.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn check_folder<G: Into<PluginOptions>>(
        &self,
        path: impl AsRef<Path>,
        granted: impl Fn(&PluginManifest) -> G,
    ) -> io::Result<Vec<CheckedFile>> {
        let files = scan::files(path.as_ref())?;
        let mut problems = BTreeMap::new();
        let wanted = scan::wanted(&files, &Contents::default(), &mut problems);
        let modules = scan::modules_of(wanted.values().map(|wanted| &wanted.manifest));
        scan::without_a_manifest(&files, &modules, &mut problems);
        let refused =
            problems.into_iter().map(|(file, problem)| CheckedFile { file, plugin: None, outcome: Err(problem) });
        let wanted = wanted.into_iter().map(|(name, wanted)| {
            let outcome = self.check_manifest(&wanted.manifest, granted(&wanted.manifest));
            CheckedFile { file: wanted.file, plugin: Some(name), outcome }
        });
        let mut all: Vec<_> = wanted.chain(refused).collect();
        all.sort_by(|one, other| one.file.cmp(&other.file));
        Ok(all)
    }
}

//! Which plugin, and what it may do: what `call` and `check` have in common.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use hostfn_runtime::{
    Finding, FindingKind, Grants, HostFunction, LimitChanges, LoadError, Plugin, PluginManager, PluginManifest,
    PluginOptions,
};

use crate::{Failure, machine};

/// A plugin on the command line, with what it is granted.
#[derive(Debug, Args)]
pub(crate) struct PluginArguments {
    /// The compiled plugin, or its manifest, which says what it asks for
    #[arg(value_name = "PLUGIN.wasm|PLUGIN.toml")]
    plugin: PathBuf,
    /// A permission that the plugin is granted; may be repeated, and without it nothing is granted. With a manifest it
    /// gets what both say, so that '*' grants all that it asks for
    #[arg(long, value_name = "PERMISSION", value_delimiter = ',')]
    grant: Vec<Grants>,
    /// A limit of the plugin, such as host_calls=100; may be repeated
    #[arg(long, value_name = "NAME=NUMBER")]
    limit: Vec<LimitChanges>,
    /// Refuse to load the plugin when it imports what it is not granted
    #[arg(long)]
    strict: bool,
}

/// A plugin that was read.
pub(crate) enum ChosenPlugin {
    Module { name: String, module: Vec<u8> },
    Manifest(Box<PluginManifest>),
}

impl PluginArguments {
    pub(crate) fn path(&self) -> &Path {
        &self.plugin
    }

    fn is_manifest(&self) -> bool {
        is_manifest(&self.plugin)
    }

    /// The files that it is read from: a module; or a manifest, and the modules that it names, if it can be read.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let manifest = self.is_manifest().then(|| PluginManifest::read(&self.plugin).ok()).flatten();
        let modules = manifest.map(|manifest| manifest.module_paths()).unwrap_or_default();
        [self.plugin.clone()].into_iter().chain(modules).collect()
    }

    pub(crate) fn read(&self) -> Result<ChosenPlugin, Failure> {
        ChosenPlugin::read(&self.plugin)
    }

    pub(crate) fn options(&self) -> PluginOptions {
        let limits = self.limit.iter().fold(LimitChanges::default(), |limits, limit| limit.or(limits));
        let options = PluginOptions::from(self.grant.iter().cloned().collect::<Grants>()).limits(limits);
        if self.strict { options.strict() } else { options }
    }
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml")
}

impl ChosenPlugin {
    /// A module, or a manifest where the file's name ends so.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        if is_manifest(path) {
            return Ok(Self::Manifest(Box::new(PluginManifest::read(path)?)));
        }
        let (name, module) = read_module(path)?;
        Ok(Self::Module { name, module })
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Module { name, .. } => name,
            Self::Manifest(manifest) => manifest.name(),
        }
    }

    /// What to know of its time and randomness, before it is run more than once.
    pub(crate) fn note_of_machine(&self) -> Option<String> {
        match self {
            Self::Module { name, module } => machine::note(name, std::slice::from_ref(module)),
            Self::Manifest(manifest) => {
                let modules: Vec<_> = manifest.module_paths().iter().filter_map(|path| fs::read(path).ok()).collect();
                machine::note(manifest.name(), &modules)
            }
        }
    }

    pub(crate) fn load(&self, manager: &PluginManager, options: PluginOptions) -> Result<Plugin, LoadError> {
        match self {
            Self::Module { name, module } => manager.load(name, module, options),
            Self::Manifest(manifest) => manager.load_manifest(manifest, options),
        }
    }

    pub(crate) fn check(&self, manager: &PluginManager, options: PluginOptions) -> Result<Vec<Finding>, LoadError> {
        match self {
            Self::Module { name, module } => manager.check(name, module, options),
            Self::Manifest(manifest) => manager.check_manifest(manifest, options),
        }
    }
}

/// The name of a plugin, which is that of its file, and its compiled module.
pub(crate) fn read_module(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let module = hostfn_runtime::read_module(path)?;
    Ok((path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), module))
}

/// The permission whose want a finding is about.
pub(crate) fn missing_permission(finding: &Finding, manager: &PluginManager) -> Option<&'static str> {
    let is_missing = matches!(finding.kind, FindingKind::NotGranted | FindingKind::NotAsked);
    let (namespace, name) = finding.import.as_ref().filter(|_| is_missing)?;
    let mut functions = manager.functions();
    functions
        .find(|function| function.namespace() == namespace && function.name() == name)
        .map(HostFunction::permission)
}

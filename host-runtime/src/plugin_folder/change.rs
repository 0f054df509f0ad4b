use std::{fmt, path::PathBuf, sync::Arc};

use crate::{LoadError, Plugin};

/// What became of a plugin when its folder was looked at.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FolderChange {
    /// It is new.
    Loaded {
        /// The plugin.
        plugin: Plugin,
    },
    /// Another version of it runs from now on. Calls that are running go on in the old one.
    Replaced {
        /// The new version.
        plugin: Plugin,
    },
    /// Its manifest is gone.
    Unloaded {
        /// The plugin as it was.
        plugin: Plugin,
    },
    /// What is in the file cannot be loaded.
    Refused {
        /// The manifest; or a module that no manifest is for.
        file: PathBuf,
        /// Why.
        problem: Arc<LoadError>,
        /// The version that goes on running, if there is one.
        running: Option<Plugin>,
    },
}

impl FolderChange {
    pub(super) fn log(&self) {
        match self {
            Self::Loaded { plugin } => tracing::info!(plugin = plugin.name(), "a plugin was loaded"),
            Self::Replaced { plugin } => tracing::info!(plugin = plugin.name(), "a plugin was replaced"),
            Self::Unloaded { plugin } => tracing::info!(plugin = plugin.name(), "a plugin was unloaded"),
            Self::Refused { file, problem, running } => tracing::warn!(
                ?file,
                still_running = running.as_ref().map(Plugin::name),
                reason = ?problem.to_string(),
                "a plugin was refused"
            ),
        }
    }
}

impl fmt::Display for FolderChange {
    /// A sentence such as "plugin `auth` was replaced".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loaded { plugin } => write!(f, "plugin `{}` was loaded", plugin.name()),
            Self::Replaced { plugin } => write!(f, "plugin `{}` was replaced", plugin.name()),
            Self::Unloaded { plugin } => write!(f, "plugin `{}` was unloaded", plugin.name()),
            Self::Refused { file, problem, running: None } => write!(f, "{} was refused: {problem}", file.display()),
            Self::Refused { file, problem, running: Some(plugin) } => {
                write!(f, "{} was refused, and plugin `{}` goes on as it was: {problem}", file.display(), plugin.name())
            }
        }
    }
}

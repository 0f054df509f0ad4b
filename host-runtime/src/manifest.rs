//! What a plugin asks for, in a file that an administrator reads.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use hostfn_contract::Grants;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    codes::codes,
    file_schema::{Nulls, file_schema},
    limits::{Cut, LimitChanges, Limits},
    plugin_options::PluginOptions,
    toml_text::read_toml,
};

/// What a plugin asks for: a TOML file beside its module, which whoever runs the host reviews.
///
/// The manifest asks and the host grants. What it asks for and is not granted, it does not have
/// ([`PluginManager::load_manifest`](crate::PluginManager::load_manifest)).
///
/// ```toml
/// name = "auth"                      # by which functions, logs and the audit log know it: load no two of a name
/// module = "auth.wasm"               # beside this file
/// sha256 = "…64 hexadecimal digits…" # of the module that was reviewed
/// grants = ["users:*", "credentials:verify"]
///
/// [limits]                           # those of the host where nothing is said
/// memory_bytes = 16_777_216
/// timeout = 2.5                      # seconds
///
/// [config]                           # what the plugin reads with its PDK
/// sender = "noreply@example.com"
///
/// [linked.markdown]                  # another module, from which it imports by this name
/// module = "markdown.wasm"
/// sha256 = "…64 hexadecimal digits…"
/// ```
///
/// ```
/// # use hostfn_runtime::PluginManifest;
/// let manifest: PluginManifest = "
///     name = 'auth'
///     module = 'auth.wasm'
///     sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
///     grants = ['users:*']
/// ".parse()?;
/// assert!(manifest.grants().covers("users:read"));
/// # Ok::<(), hostfn_runtime::ManifestError>(())
/// ```
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Plugin manifest", description = "What a plugin asks for, for whoever runs a host to review.")]
pub struct PluginManifest {
    /// By which functions, logs and the audit log know it: load no two of a name.
    #[serde(deserialize_with = "plugin_name")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9._-]{1,64}$"))]
    name: String,
    /// The compiled module, from the folder of this file.
    module: PathBuf,
    /// The SHA-256 of the module that was reviewed: 64 hexadecimal digits, as `sha256sum` prints it.
    #[serde(deserialize_with = "sha256")]
    #[schemars(with = "String", regex(pattern = r"^[0-9A-Fa-f]{64}$"))]
    sha256: [u8; 32],
    /// The permissions that it asks for.
    #[serde(default, deserialize_with = "grants")]
    grants: Grants,
    /// The limits that it asks for; those of the host where nothing is said.
    #[serde(default)]
    limits: LimitChanges,
    /// What the plugin reads with its PDK, as texts.
    #[serde(default)]
    config: BTreeMap<String, String>,
    /// Other modules, from which it imports by these names.
    #[serde(default)]
    linked: BTreeMap<String, LinkedModule>,
    /// Its file, from whose folder the module's path starts.
    #[serde(skip)]
    file: PathBuf,
}

/// A module that is linked with the plugin.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LinkedModule {
    /// The compiled module, from the folder of this file.
    module: PathBuf,
    /// The SHA-256 of the module that was reviewed: 64 hexadecimal digits, as `sha256sum` prints it.
    #[serde(deserialize_with = "sha256")]
    #[schemars(with = "String", regex(pattern = r"^[0-9A-Fa-f]{64}$"))]
    sha256: [u8; 32],
}

impl PluginManifest {
    /// Where the schema of this release's manifests is kept.
    pub const SCHEMA_URL: &str =
        concat!(env!("CARGO_PKG_REPOSITORY"), "/raw/main/snapshots/schemas/plugin-manifest.schema.json");

    /// The JSON Schema of a manifest, by which editors complete and check it. It is made from the types that read one.
    pub fn schema() -> Value {
        file_schema::<Self>(Self::SCHEMA_URL, Nulls::None)
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// When it cannot be read, or is not one.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ManifestError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| ManifestError::unreadable(path, &error))?;
        Self::from_text(path, &text)
    }

    /// The manifest that a file holds.
    pub(crate) fn from_text(path: &Path, text: &str) -> Result<Self, ManifestError> {
        let mut manifest: Self = read_toml(text).map_err(|reason| ManifestError::invalid(path, reason))?;
        manifest.file = path.to_owned();
        Ok(manifest)
    }

    /// The manifest for a module: its hash, and nothing asked for but `grants`. It is the start of a file of one's own,
    /// whose first line tells editors its schema.
    pub fn text_for(name: &str, path: &Path, module: &[u8], grants: &Grants) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let grants: Vec<_> = grants.iter().map(quoted).collect();
        format!(
            "#:schema {}\nname = {}\nmodule = {}\nsha256 = \"{}\"\ngrants = [{}]\n",
            Self::SCHEMA_URL,
            quoted(name),
            quoted(&path.to_string_lossy()),
            Self::sha256_of(module),
            grants.join(", ")
        )
    }

    /// The hash of a module, as a manifest has it.
    pub fn sha256_of(module: &[u8]) -> String {
        hexadecimal(&Sha256::digest(module))
    }

    /// The name that the plugin is loaded with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The permissions that it asks for.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// The limits that it asks for.
    pub fn limits(&self) -> &LimitChanges {
        &self.limits
    }

    /// The SHA-256 of the module that was reviewed, in hexadecimal.
    pub fn sha256(&self) -> String {
        hexadecimal(&self.sha256)
    }

    /// The folder that the modules' paths start from.
    fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// Where its modules are: its own, and then those that are linked with it.
    pub fn module_paths(&self) -> Vec<PathBuf> {
        let linked = self.linked.values().map(|linked| &linked.module);
        [&self.module].into_iter().chain(linked).map(|module| self.folder().join(module)).collect()
    }

    /// Whether all of its modules could be loaded now.
    pub(crate) fn modules_are_as_reviewed(&self) -> Result<(), ManifestError> {
        self.module()?;
        self.linked().map(drop)
    }

    /// The compiled module.
    ///
    /// # Errors
    /// When it cannot be read, or is another one than was reviewed.
    pub fn module(&self) -> Result<Vec<u8>, ManifestError> {
        self.reviewed(&self.module, &self.sha256)
    }

    /// The modules that are linked with it, by their names.
    ///
    /// # Errors
    /// As [`module`](Self::module).
    pub(crate) fn linked(&self) -> Result<Vec<(String, Vec<u8>)>, ManifestError> {
        let linked = self.linked.iter();
        linked.map(|(name, linked)| Ok((name.clone(), self.reviewed(&linked.module, &linked.sha256)?))).collect()
    }

    /// Reads a module, which must be the one with this hash.
    fn reviewed(&self, module: &Path, sha256: &[u8; 32]) -> Result<Vec<u8>, ManifestError> {
        let path = self.folder().join(module);
        let module = fs::read(&path).map_err(|error| {
            let or_else = format!("correct `module` in the manifest of `{}`, a path from its folder", self.name);
            ManifestError::module_unreadable(&path, &error, &or_else)
        })?;
        let found: [u8; 32] = Sha256::digest(&module).into();
        if found == *sha256 {
            return Ok(module);
        }
        let reason = format!(
            "it is not the module that the manifest of `{}` is for: its SHA-256 is {}, and not {}; review it, and run \
             `hostfn manifest --update {}`",
            self.name,
            hexadecimal(&found),
            hexadecimal(sha256),
            if self.file.as_os_str().is_empty() { Path::new("PLUGIN.toml") } else { &self.file }.display()
        );
        Err(ManifestError { path, kind: ManifestErrorKind::ModuleNotReviewed, reason })
    }

    /// How it is loaded by a host that grants `granted`, whose own limits are `host`: what both say. Also the limits that
    /// it does not get as it asks.
    pub(crate) fn options(&self, granted: PluginOptions, host: Limits) -> (PluginOptions, Vec<Cut>) {
        let most = granted.limits.over(host);
        let (limits, cut) = self.limits.within(most);
        // What the host says stays, wherever the plugin asks for nothing else.
        let limits = limits.or(granted.limits);
        let mut config = self.config.clone();
        config.extend(granted.config);
        let options = PluginOptions {
            grants: self.grants.within(&granted.grants),
            limits,
            config: config.into_iter().collect(),
            ..granted
        };
        (options, cut)
    }
}

impl std::str::FromStr for PluginManifest {
    type Err = ManifestError;

    /// A manifest whose module is beside the program's working folder.
    fn from_str(text: &str) -> Result<Self, ManifestError> {
        read_toml(text).map_err(|reason| ManifestError::invalid(Path::new("the manifest"), reason))
    }
}

impl fmt::Debug for PluginManifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of the configuration only the keys: its values are where an API key is kept.
        let config: Vec<_> = self.config.keys().collect();
        f.debug_struct("PluginManifest")
            .field("name", &self.name)
            .field("module", &self.module)
            .field("sha256", &hexadecimal(&self.sha256))
            .field("grants", &self.grants)
            .field("limits", &self.limits)
            .field("config", &config)
            .finish_non_exhaustive()
    }
}

/// Why a manifest, or the module that it names, cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct ManifestError {
    path: PathBuf,
    kind: ManifestErrorKind,
    reason: String,
}

#[derive(Clone, Copy, Debug)]
enum ManifestErrorKind {
    Unreadable,
    Invalid,
    ModuleUnreadable,
    ModuleNotReviewed,
}

codes!(pub(self) ManifestErrorKind {
    Unreadable "manifest-unreadable",
    Invalid "manifest-invalid",
    ModuleUnreadable "module-unreadable",
    ModuleNotReviewed "module-not-reviewed",
});

impl ManifestError {
    /// The codes of all kinds. No other error of this crate has one of them.
    pub const CODES: &'static [&'static str] = ManifestErrorKind::CODES;

    /// Its stable code, which never changes its meaning; `hostfn explain` tells more by it.
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::NotFound => {
                "the manifest cannot be read: there is no such file; write one by `hostfn manifest PLUGIN.wasm`, or correct \
                 the path"
                    .to_owned()
            }
            _ => format!("the manifest cannot be read: {error}"),
        };
        Self { path: path.to_owned(), kind: ManifestErrorKind::Unreadable, reason }
    }

    fn module_unreadable(path: &Path, error: &io::Error, or_else: &str) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::NotFound => {
                format!("the module cannot be read: there is no such file; build the plugin, or {or_else}")
            }
            io::ErrorKind::IsADirectory => {
                "the module cannot be read: it is a folder; name the compiled file".to_owned()
            }
            _ => format!("the module cannot be read: {error}"),
        };
        Self { path: path.to_owned(), kind: ManifestErrorKind::ModuleUnreadable, reason }
    }

    fn invalid(path: &Path, reason: String) -> Self {
        Self { path: path.to_owned(), kind: ManifestErrorKind::Invalid, reason }
    }
}

/// Reads a compiled module, of which every command says in the same words that it is not there.
///
/// # Errors
/// When it cannot be read.
pub fn read_module(path: &Path) -> Result<Vec<u8>, ManifestError> {
    fs::read(path).map_err(|error| ManifestError::module_unreadable(path, &error, "correct the path"))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn plugin_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if (1..=64).contains(&name.len()) && name.bytes().all(is_plain) {
        Ok(name)
    } else {
        Err(D::Error::custom("expected a name of 1 to 64 letters, digits, `-`, `_` and `.`"))
    }
}

fn sha256<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    let text = String::deserialize(deserializer)?;
    let digit = |at: usize| text.get(at * 2..at * 2 + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let is_hexadecimal = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bytes: Option<Vec<_>> = (0..32).map(digit).collect();
    bytes.filter(|_| is_hexadecimal).and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
        D::Error::custom("expected the SHA-256 of the module, 64 hexadecimal digits, as `sha256sum` prints it")
    })
}

fn grants<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Grants, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    Grants::of(names.iter().map(String::as_str)).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests;

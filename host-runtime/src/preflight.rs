//! What is wrong with a plugin, found without running it.

use std::fmt;

use crate::{host::Host, module::Module, plugin_options::PluginOptions};

/// One thing that a plugin's author or its administrator should know before it is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What kind of thing it is.
    pub kind: FindingKind,
    /// The import that it is about, as namespace and name, if it is about one.
    pub import: Option<(String, String)>,
    /// What is wrong, and what to do.
    pub message: String,
}

/// The kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// The host has no function of this name.
    UnknownFunction,
    /// The host has the function in another namespace.
    WrongNamespace,
    /// The function is imported with other parameters or results than it has.
    WrongSignature,
    /// The compiled module is larger than it may be.
    ModuleTooLarge,
    /// The module starts with more memory than it may have.
    MemoryTooLarge,
    /// The plugin is not granted what the function needs.
    NotGranted,
    /// The function should not be used any more.
    Deprecated,
    /// Something of the module runs as soon as it is loaded.
    StartsByItself,
}

/// What becomes of a plugin with a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It is not loaded.
    Refused,
    /// It is loaded, and the function answers `permission_denied`.
    Denied,
    /// It works, and something about it should be changed.
    Warning,
}

impl FindingKind {
    /// Its name in reports, which never changes: `unknown-function`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::UnknownFunction => "unknown-function",
            Self::WrongNamespace => "wrong-namespace",
            Self::WrongSignature => "wrong-signature",
            Self::ModuleTooLarge => "module-too-large",
            Self::MemoryTooLarge => "memory-too-large",
            Self::NotGranted => "not-granted",
            Self::Deprecated => "deprecated",
            Self::StartsByItself => "starts-by-itself",
        }
    }

    /// What becomes of a plugin with one.
    pub const fn severity(self) -> Severity {
        match self {
            Self::NotGranted => Severity::Denied,
            Self::Deprecated | Self::StartsByItself => Severity::Warning,
            _ => Severity::Refused,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.import {
            Some((namespace, name)) => write!(f, "`{name}` from `{namespace}`: {}", self.message),
            None => write!(f, "the module: {}", self.message),
        }
    }
}

/// Everything that there is to say of a module, the gravest first.
pub(crate) fn findings(bytes: &[u8], module: &Module, host: &Host, options: &PluginOptions) -> Vec<Finding> {
    let mut found: Vec<_> = too_large(bytes, module, options).collect();
    for link in module.links(host) {
        match link {
            Err(finding) => found.push(finding),
            Ok(link) => {
                let function = link.function;
                let mut say = |kind, message| {
                    let import = Some((function.namespace().to_owned(), function.name().to_owned()));
                    found.push(Finding { kind, import, message });
                };
                if !options.grants.covers(function.permission()) {
                    let permission = function.permission();
                    say(
                        FindingKind::NotGranted,
                        format!("it needs `{permission}`, which is not granted, and will answer `permission_denied`"),
                    );
                }
                if let Some(instead) = function.deprecated() {
                    say(FindingKind::Deprecated, format!("it should not be used any more: {instead}"));
                }
            }
        }
    }
    if module.has_start {
        let message = "something of it runs when it is loaded, before its time is limited: do that in an export";
        found.push(Finding { kind: FindingKind::StartsByItself, import: None, message: message.to_owned() });
    }
    found.sort_by_key(|finding| finding.kind.severity());
    found
}

fn too_large<'a>(
    bytes: &'a [u8],
    module: &Module,
    options: &'a PluginOptions,
) -> impl Iterator<Item = Finding> + use<'a> {
    let size = (bytes.len() > options.module_bytes).then(|| {
        let (has, may) = (bytes.len(), options.module_bytes);
        let message = format!("it has {has} bytes and may have {may}: strip it, or allow more with `module_bytes`");
        (FindingKind::ModuleTooLarge, message)
    });
    let pages = options.memory_pages();
    let memory = (module.first_pages > u64::from(pages)).then(|| {
        let has = module.first_pages;
        let message =
            format!("it starts with {has} pages of memory and may have {pages}: allow more with `memory_bytes`");
        (FindingKind::MemoryTooLarge, message)
    });
    size.into_iter().chain(memory).map(|(kind, message)| Finding { kind, import: None, message })
}

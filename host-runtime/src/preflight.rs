//! What is wrong with a plugin, found without running it.

use std::fmt;

use hostfn_contract::Grants;

use crate::{
    adapter,
    defence::{self, Defence},
    foreign::{Foreign, shortened},
    host::Host,
    limits::{Cut, Limits},
    manifest::PluginManifest,
    module::{Module, Size},
    parts::Parts,
    plugin_error::LoadError,
    plugin_options::PluginOptions,
    unused_grants::{covers, unused},
};

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
    /// The import is of a language's runtime, or was left undefined by a linker, and no host of plugins provides it.
    RuntimeImport,
    /// The function is imported with other parameters or results than it has.
    WrongSignature,
    /// The module imports what is Extism's own or WASI's and not for plugins, or not with this signature.
    NotForPlugins,
    /// The compiled module is larger than it may be.
    ModuleTooLarge,
    /// The module has more functions than it may have.
    TooManyFunctions,
    /// A function of the module is larger than it may be.
    FunctionTooLarge,
    /// The functions of the module have more local variables than they may have.
    TooManyLocals,
    /// The tables of the module may grow larger than they may be.
    TableTooLarge,
    /// The module starts with more memory than it may have.
    MemoryTooLarge,
    /// The plugin is not granted what the function needs.
    NotGranted,
    /// The plugin's manifest asks for a permission that is not granted, or not all of it.
    AskedNotGranted,
    /// The plugin's manifest does not ask for what the function needs.
    NotAsked,
    /// The plugin's manifest asks for a permission that none of its imports needs.
    AskedNotNeeded,
    /// The plugin is granted, or its manifest asks for, what no function of the host needs.
    UnusedGrant,
    /// The plugin's manifest asks for more than the host's limits.
    LimitNotGranted,
    /// The function should not be used any more.
    Deprecated,
    /// Something of the module runs as soon as it is loaded.
    StartsByItself,
    /// The module exports a function that no call can call, because of its parameters or results.
    ExportNotCallable,
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

/// From one table come the list and the names, so that neither lacks a kind.
macro_rules! finding_ids {
    ($($kind:ident $id:literal,)*) => {
        impl FindingKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// Its name in reports, which never changes: `unknown-function`.
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$kind => $id,)*
                }
            }
        }
    };
}

finding_ids! {
    UnknownFunction "unknown-function",
    WrongNamespace "wrong-namespace",
    RuntimeImport "runtime-import",
    WrongSignature "wrong-signature",
    NotForPlugins "not-for-plugins",
    ModuleTooLarge "module-too-large",
    TooManyFunctions "too-many-functions",
    FunctionTooLarge "function-too-large",
    TooManyLocals "too-many-locals",
    TableTooLarge "table-too-large",
    MemoryTooLarge "memory-too-large",
    NotGranted "not-granted",
    AskedNotGranted "asked-not-granted",
    NotAsked "not-asked",
    AskedNotNeeded "asked-not-needed",
    UnusedGrant "unused-grant",
    LimitNotGranted "limit-not-granted",
    Deprecated "deprecated",
    StartsByItself "starts-by-itself",
    ExportNotCallable "export-not-callable",
}

impl FindingKind {
    const fn is_of_no_module(self) -> bool {
        matches!(self, Self::AskedNotGranted | Self::AskedNotNeeded | Self::UnusedGrant | Self::LimitNotGranted)
    }

    /// What becomes of a plugin with one.
    pub const fn severity(self) -> Severity {
        match self {
            Self::NotGranted | Self::NotAsked | Self::AskedNotGranted => Severity::Denied,
            Self::AskedNotNeeded
            | Self::UnusedGrant
            | Self::LimitNotGranted
            | Self::Deprecated
            | Self::StartsByItself
            | Self::ExportNotCallable => Severity::Warning,
            _ => Severity::Refused,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.import {
            Some((namespace, name)) => {
                let (namespace, name) = (shortened(namespace), shortened(name));
                write!(f, "`{}` from `{}`: {}", Foreign(&name), Foreign(&namespace), self.message)
            }
            None if self.kind.is_of_no_module() => f.write_str(&self.message),
            None => write!(f, "the module: {}", self.message),
        }
    }
}

/// A module that was looked at before it is compiled.
pub(crate) struct Examined {
    /// What it asks for, or nothing where it is too large to be read.
    pub(crate) parts: Option<Parts>,
    /// The limits that it would have.
    pub(crate) limits: Limits,
    /// Everything that there is to say of it, the gravest first.
    pub(crate) findings: Vec<Finding>,
}

impl Examined {
    /// Looks at a module: first at how large it is, which costs nothing, and then at what it asks for.
    ///
    /// # Errors
    /// [`LoadError::NotAModule`].
    pub(crate) fn new(plugin: &str, bytes: &[u8], host: &Host, options: &PluginOptions) -> Result<Self, LoadError> {
        let examined = Self::of_module(bytes, host, options);
        examined.map_err(|reason| LoadError::NotAModule { plugin: plugin.to_owned(), reason })
    }

    /// Fails with a sentence, when the bytes are no module.
    fn of_module(bytes: &[u8], host: &Host, options: &PluginOptions) -> Result<Self, String> {
        let limits = options.limits.over(host.limits);
        if bytes.len() > limits.module_bytes {
            let (has, may) = (bytes.len(), limits.module_bytes);
            let message = format!("it has {has} bytes and may have {may}: strip it, or allow more with `module_bytes`");
            return Ok(Self { parts: None, limits, findings: vec![about(FindingKind::ModuleTooLarge, message)] });
        }
        let mut findings = too_large(&Size::of(bytes)?, &limits);
        if !findings.is_empty() {
            return Ok(Self { parts: None, limits, findings });
        }
        let mut parts = Parts::parse(bytes, &options.linked, &limits)?;
        findings.extend(parts.put_in_order(host));
        findings.extend(parts.imported_in_two_ways(host));
        findings.extend(wants_too_much(&parts, &limits));
        for module in parts.all() {
            if defence::is_on(Defence::KernelImports) {
                findings.extend(module.wrong_imports());
            }
            findings.extend(of_host_functions(module, host, options));
        }
        if let Some(export) = parts.all().find_map(|module| module.reserved_export.as_ref()) {
            let (prefix, export) = (adapter::RESERVED, shortened(export));
            let message =
                format!("it exports `{}`: give it a name that does not begin with `{prefix}`", Foreign(&export));
            findings.push(about(FindingKind::NotForPlugins, message));
        }
        if !host.loads_with_adapter(options) && parts.all().any(|module| !module.initialisers().is_empty()) {
            let message = "something of it runs when it is loaded, before its time is limited: do that in an export";
            findings.push(about(FindingKind::StartsByItself, message.to_owned()));
        }
        findings.extend(not_callable(&parts.main));
        findings.extend(unused_grants(&options.grants, host));
        findings.sort_by_key(|finding| finding.kind.severity());
        Ok(Self { parts: Some(parts), limits, findings })
    }

    /// Adds what there is to say of a manifest: what it asks for and is not granted, does not need, or should ask for.
    ///
    /// What it asks for and is not granted is told by the imports that need it, or else here: once.
    pub(crate) fn compare(&mut self, manifest: &PluginManifest, granted: &Grants, cut: &[Cut], host: &Host) {
        let Some(parts) = &self.parts else { return };
        let needed: Vec<_> = parts.links(host).into_iter().map(|link| link.function.permission()).collect();
        self.findings.retain(|finding| finding.kind != FindingKind::UnusedGrant);
        let permissions = host.descriptions().map(|function| function.permission());
        let unused = unused(manifest.grants(), permissions);
        for asked in manifest.grants().iter() {
            let is_needed = needed.iter().any(|needed| covers(asked, needed));
            let says = |what: &str| format!("the manifest asks for `{asked}`, {what}");
            if let Some((_, message)) = unused.iter().find(|(grant, _)| *grant == asked) {
                self.findings.push(about(FindingKind::UnusedGrant, says(&format!("which {message}"))));
            } else if !is_needed && !granted.includes(asked) {
                let message = says("which is not granted and none of its imports needs: leave it out");
                self.findings.push(about(FindingKind::AskedNotGranted, message));
            } else if !is_needed {
                let message = says("which none of its imports needs: leave it out");
                self.findings.push(about(FindingKind::AskedNotNeeded, message));
            }
        }
        let of_the_host = unused_grants(granted, host);
        self.findings.extend(of_the_host.filter(|finding| {
            // What both say is told by the manifest's.
            unused.iter().all(|(grant, _)| !finding.message.starts_with(&format!("`{grant}` ")))
        }));
        for finding in &mut self.findings {
            let import = finding.import.as_ref().filter(|_| finding.kind == FindingKind::NotGranted);
            let function = import.and_then(|(namespace, name)| host.function(namespace, name));
            let permission = function.map(|function| function.description().permission());
            if let Some(permission) = permission.filter(|permission| !manifest.grants().covers(permission)) {
                finding.kind = FindingKind::NotAsked;
                finding.message =
                    format!("it needs `{permission}`, which the manifest does not ask for: add it to `grants`");
            }
        }
        for Cut { limit, asked, most } in cut {
            let message = format!(
                "the manifest asks for {asked} of `{limit}`, and the host grants {most}: ask for no more, or grant more"
            );
            self.findings.push(about(FindingKind::LimitNotGranted, message));
        }
        self.findings.sort_by_key(|finding| finding.kind.severity());
    }

    /// The findings for which it is not loaded.
    pub(crate) fn refusals(&self, options: &PluginOptions) -> Vec<Finding> {
        let is_refused = |finding: &&Finding| match finding.kind.severity() {
            Severity::Refused => true,
            Severity::Denied => options.is_strict,
            Severity::Warning => false,
        };
        self.findings.iter().filter(is_refused).cloned().collect()
    }
}

/// What is granted and helps nobody.
fn unused_grants(granted: &Grants, host: &Host) -> impl Iterator<Item = Finding> {
    let unused = unused(granted, host.descriptions().map(|function| function.permission()));
    unused
        .into_iter()
        .map(|(grant, message)| about(FindingKind::UnusedGrant, format!("`{grant}` is granted, which {message}")))
}

/// A finding about the module as a whole.
fn about(kind: FindingKind, message: String) -> Finding {
    Finding { kind, import: None, message }
}

fn too_large(size: &Size, limits: &Limits) -> Vec<Finding> {
    let mut found = Vec::new();
    if size.functions > limits.module_functions {
        let (has, may) = (size.functions, limits.module_functions);
        let message = format!("it has {has} functions and may have {may}: allow more with `module_functions`");
        found.push(about(FindingKind::TooManyFunctions, message));
    }
    if size.locals > limits.module_locals {
        let (has, may) = (size.locals, limits.module_locals);
        let message =
            format!("its functions have {has} local variables and may have {may}: allow more with `module_locals`");
        found.push(about(FindingKind::TooManyLocals, message));
    }
    if size.largest_function > limits.function_bytes {
        let (has, may) = (size.largest_function, limits.function_bytes);
        let message =
            format!("its largest function has {has} bytes and may have {may}: allow more with `function_bytes`");
        found.push(about(FindingKind::FunctionTooLarge, message));
    }
    found
}

/// More of them are counted, and not named.
const MOST_NAMED: usize = 10;

fn not_callable(module: &Module) -> Option<Finding> {
    let all: Vec<_> = module.not_callable.iter().filter(|export| !export.is_of_the_compiler()).collect();
    let named: Vec<_> = all
        .iter()
        .take(MOST_NAMED)
        .map(|export| format!("`{}` as {}", Foreign(&shortened(&export.name)), export.signature))
        .collect();
    let more = match all.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "it exports {}{more}, which cannot be called: export a function for a host as () -> i32, which returns 0 for \
         success, or as () -> ()",
        named.join(", ")
    );
    (!all.is_empty()).then(|| about(FindingKind::ExportNotCallable, message))
}

fn wants_too_much(parts: &Parts, limits: &Limits) -> Vec<Finding> {
    let mut found = Vec::new();
    let pages = limits.memory_pages();
    let has = parts.first_pages();
    if has > u64::from(pages) {
        let message =
            format!("it starts with {has} pages of memory and may have {pages}: allow more with `memory_bytes`");
        found.push(about(FindingKind::MemoryTooLarge, message));
    }
    let may = limits.table_elements;
    let message = match parts.table_elements() {
        Some(has) if has <= may => return found,
        Some(has) => {
            format!("its tables may grow to {has} elements and may have {may}: allow more with `table_elements`")
        }
        None => format!("its tables grow without a maximum: declare one, of {may} elements at most"),
    };
    found.push(about(FindingKind::TableTooLarge, message));
    found
}

fn of_host_functions(module: &Module, host: &Host, options: &PluginOptions) -> Vec<Finding> {
    let mut found = Vec::new();
    for link in module.links(host) {
        let link = match link {
            Ok(link) => link,
            Err(finding) => {
                if defence::is_on(Defence::HostImports) {
                    found.push(finding);
                }
                continue;
            }
        };
        let function = link.function;
        let mut say = |kind, message| {
            let import = Some((function.namespace().to_owned(), function.name().to_owned()));
            found.push(Finding { kind, import, message });
        };
        if !options.grants.covers(function.permission()) {
            let permission = function.permission();
            let becomes =
                if options.is_strict { "so that it is not loaded" } else { "and will answer `permission_denied`" };
            say(
                FindingKind::NotGranted,
                format!("it needs `{permission}`, which is not granted, {becomes}: grant it, or import it no more"),
            );
        }
        if let Some(instead) = function.deprecated() {
            say(FindingKind::Deprecated, format!("it should not be used any more: {instead}"));
        }
    }
    found
}

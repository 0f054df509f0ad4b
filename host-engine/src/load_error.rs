//! Why a module cannot be loaded.

use std::{error::Error, fmt};

use crate::proposals::Proposal;

/// A guest that cannot be loaded.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// The bytes are not a valid WebAssembly module.
    NotAModule {
        /// The linked module's name, or `main` for the guest itself.
        module: String,
        /// A description.
        reason: String,
    },
    /// The module uses proposals of WebAssembly that the engine does not accept.
    Proposals {
        /// The linked module's name, or `main` for the guest itself.
        module: String,
        /// All proposals that it needs and the engine refuses.
        proposals: Vec<Proposal>,
    },
    /// The module was built for Extism before 1.0. Rebuild it with a PDK of 1.0 or later.
    OldAbi {
        /// The linked module's name, or `main` for the guest itself.
        module: String,
        /// One of the imports that show it, such as `extism_alloc`.
        import: String,
    },
    /// Imports cannot be linked: all of them, of all linked modules.
    Imports(Vec<ImportFault>),
    /// Two linked modules have this name, or it is reserved: `main`, Extism's namespace or WASI's.
    ModuleName(String),
    /// This linked module is part of a circle of imports.
    Circle(String),
    /// This linked module is a command: it exports `_start`. Build it as a reactor or a library.
    LinkedCommand(String),
    /// The module starts with more memory or table elements than its [`Limits`](crate::Limits) allow.
    TooLarge(String),
    /// The engine cannot compile or instantiate the module for another reason.
    Instantiation {
        /// The linked module's name, or `main` for the guest itself.
        module: String,
        /// A description.
        reason: String,
    },
}

/// An import that cannot be linked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportFault {
    /// The importing module, `main` for the guest itself.
    pub module: String,
    /// The namespace of the import.
    pub namespace: String,
    /// The name of the import.
    pub name: String,
    /// What is wrong.
    pub kind: ImportFaultKind,
}

/// What is wrong with an import.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportFaultKind {
    /// The namespace has no such name.
    Unknown,
    /// A host function of this name is in this other namespace.
    OtherNamespace(String),
    /// The type is wrong.
    OtherType {
        /// The actual type, such as `(i64) -> i64`.
        expected: String,
        /// The type that the module imports.
        found: String,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAModule { module, reason } => write!(f, "`{module}` is not a valid WebAssembly module: {reason}"),
            Self::Proposals { module, proposals } => {
                let names: Vec<_> = proposals.iter().map(ToString::to_string).collect();
                write!(f, "`{module}` uses {}, which the engine does not accept: ", names.join(", "))?;
                f.write_str("turn that off in its compiler")
            }
            Self::OldAbi { module, import } => write!(
                f,
                "`{module}` was built for Extism before 1.0 (it imports `{import}` from `env`): update its Extism PDK to \
                 1.0 or later and rebuild it",
            ),
            Self::Imports(faults) => {
                let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
                f.write_str(&faults.join("; "))
            }
            Self::ModuleName(name) => write!(f, "the module name `{name}` is taken: choose another one"),
            Self::Circle(name) => {
                write!(f, "the linked module `{name}` is part of a circle of imports: remove one of them")
            }
            Self::LinkedCommand(name) => {
                write!(f, "the linked module `{name}` is a command (it exports `_start`): build it as a reactor")
            }
            Self::TooLarge(module) => {
                write!(f, "`{module}` starts with more memory or table elements than its limits allow: raise them")
            }
            Self::Instantiation { module, reason } => write!(f, "`{module}` cannot be instantiated: {reason}"),
        }
    }
}

impl Error for LoadError {}

impl fmt::Display for ImportFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { module, namespace, name, kind } = self;
        write!(f, "`{module}` imports `{name}` from `{namespace}`, ")?;
        match kind {
            ImportFaultKind::Unknown => f.write_str("which does not exist: remove the import"),
            ImportFaultKind::OtherNamespace(other) => write!(f, "but it is in `{other}`: import it from there"),
            ImportFaultKind::OtherType { expected, found } => {
                write!(f, "as {found}, but it is {expected}: import it as that")
            }
        }
    }
}

//! What all instances of a guest share: its modules, and the sources of their imports.

use std::collections::HashMap;

use wasmtime_48::{ExternType, Linker};

use crate::{engine::Engine, limits::Limits, plan::Part, state::State, types};

/// What all instances of a guest share.
pub(crate) struct Linked<T: Send + 'static> {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<State<T>>,
    /// Each imports only from those before it. The last one is the guest itself.
    pub(crate) parts: Vec<Part>,
    pub(crate) limits: Limits,
    pub(crate) exports: HashMap<String, Export>,
}

/// A function that a guest exports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Export {
    /// Its name.
    pub name: String,
    /// Its parameters and results, such as `() -> i32`.
    pub signature: String,
    /// Whether it can be called: it has no parameters and at most one result.
    pub is_callable: bool,
}

impl Export {
    pub(crate) fn of(name: &str, ty: &ExternType) -> Option<Self> {
        let function = ty.func()?;
        let is_callable = function.params().len() == 0 && function.results().len() <= 1;
        Some(Self { name: name.to_owned(), signature: types::describe_function(function), is_callable })
    }
}

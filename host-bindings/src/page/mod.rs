//! The reference page of a contract, for the authors of plugins: one file that loads nothing, or one of
//! Markdown.

mod examples;
mod model;
mod numbers;
mod prose;
mod render;
mod shape;
mod snippets;
mod words;

pub use examples::Example;
pub use model::Table;

use crate::Contract;

/// The reference of a contract: every function and every type, with examples.
///
/// ```
/// # extern crate hostfn_runtime as hostfn;
/// # hostfn::registry!();
/// /// Greets somebody.
/// #[hostfn::host_fn(permission = "greetings")]
/// pub fn greet(name: String) -> String {
///     format!("Hello, {name}!")
/// }
///
/// # fn main() -> Result<(), hostfn_bindings::PageError> {
/// use hostfn_bindings::{Contract, Reference};
///
/// let reference = Reference::of(&Contract::of(&[registry()]), &[])?;
/// assert!(reference.html()?.contains("<p>Greets somebody.</p>"));
/// assert!(reference.markdown()?.contains("- `name`: text"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Reference {
    page: model::Page,
}

/// Why a page could not be made: a template is wrong, which no contract brings about.
#[derive(Debug, thiserror::Error)]
#[error("a template of the reference page cannot be filled in: {0:#}")]
pub struct PageError(#[from] minijinja::Error);

impl Reference {
    /// The reference of a contract, with the examples that fit its functions. Of several, the first ones
    /// are shown.
    ///
    /// # Errors
    /// When a template is wrong.
    pub fn of(contract: &Contract, examples: &[Example]) -> Result<Self, PageError> {
        Ok(Self { page: model::Page::of(contract, examples)? })
    }

    /// The reference with the tables that a scenario can name, in the order in which they are given.
    #[must_use]
    pub fn with_tables(mut self, tables: impl IntoIterator<Item = Table>) -> Self {
        self.page.tables = tables.into_iter().collect();
        self
    }

    /// As a page that loads nothing and runs no script but its own.
    ///
    /// # Errors
    /// When a template is wrong.
    pub fn html(&self) -> Result<String, PageError> {
        render::html(&self.page)
    }

    /// As Markdown.
    ///
    /// # Errors
    /// When a template is wrong.
    pub fn markdown(&self) -> Result<String, PageError> {
        render::markdown(&self.page)
    }
}

#[cfg(test)]
mod tests;

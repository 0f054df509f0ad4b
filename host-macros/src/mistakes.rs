use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// The mistakes of one annotation: all are told at once, each at its own place.
pub(crate) struct Mistakes {
    subject: String,
    errors: Option<Error>,
}

impl Mistakes {
    /// No mistakes yet. Each message starts with `subject`.
    pub(crate) fn of(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), errors: None }
    }

    /// Notes a mistake in the tokens `at`. The message says what to write instead.
    pub(crate) fn add(&mut self, at: impl ToTokens, message: impl Display) {
        self.push(Error::new_spanned(at, format!("{}: {message}", self.subject)));
    }

    /// The same where there is no more than a place.
    pub(crate) fn add_at(&mut self, at: Span, message: impl Display) {
        self.push(Error::new(at, format!("{}: {message}", self.subject)));
    }

    fn push(&mut self, error: Error) {
        match &mut self.errors {
            Some(errors) => errors.combine(error),
            None => self.errors = Some(error),
        }
    }

    /// What makes the compiler tell them, or nothing where there are none.
    pub(crate) fn into_compile_errors(self) -> Option<TokenStream> {
        self.errors.map(Error::into_compile_error)
    }
}

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{ErrorCode, HostConnection, HostError, InjectAll};

/// The namespace that a guest imports host functions from unless the function says otherwise; the
/// one that Extism's PDKs use.
pub const DEFAULT_NAMESPACE: &str = "extism:host/user";

/// A host function as `#[host_fn]` describes it. Everything that happens around it is generic code
/// over this trait, written once.
pub trait HostFn: 'static {
    /// The name that a guest imports.
    const NAME: &'static str;
    /// The module that a guest imports it from.
    const NAMESPACE: &'static str = DEFAULT_NAMESPACE;
    /// The doc comment, in Markdown.
    const DOCUMENTATION: &'static str;
    /// What a plugin must be granted to call it.
    const PERMISSION: &'static str = Self::NAME;
    /// Whether it only reads, and so gets a reader's connection.
    const READ_ONLY: bool = false;
    /// What to use instead, where it should not be used any more.
    const DEPRECATED: Option<&'static str> = None;
    /// The domain errors that it may answer.
    const ERRORS: &'static [ErrorCode] = &[];

    /// What the guest sends.
    type Request: DeserializeOwned + JsonSchema + 'static;
    /// What the guest gets.
    type Response: Serialize + JsonSchema;
    /// The connection that it is lent.
    type Connection: HostConnection;
    /// What it borrows from the host, in the order of its arguments.
    type State: InjectAll;

    /// Calls the annotated function.
    ///
    /// # Errors
    /// What the function answers.
    fn call(
        connection: &mut Self::Connection,
        state: <Self::State as InjectAll>::Borrowed<'_>,
        request: Self::Request,
    ) -> Result<Self::Response, HostError>;
}

/// The request of a function that takes nothing: an empty object, or nothing at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoRequest {}

/// A `Result` that a host function returns: its response, and an error that becomes a [`HostError`].
#[diagnostic::on_unimplemented(
    message = "a host function cannot return `{Self}`",
    label = "its error is not a `HostError` and does not become one",
    note = "return `Result<T, HostError>`, or write `impl From<YourError> for HostError`",
    note = "a type whose name ends in `Result` is taken for a `Result`: if it is none, name it otherwise"
)]
pub trait Outcome {
    /// What the guest gets.
    type Response;

    /// The response, or the error as the guest is told it.
    ///
    /// # Errors
    /// The function's own.
    fn into_outcome(self) -> Result<Self::Response, HostError>;
}

impl<T, E: Into<HostError>> Outcome for Result<T, E> {
    type Response = T;

    fn into_outcome(self) -> Result<T, HostError> {
        self.map_err(Into::into)
    }
}

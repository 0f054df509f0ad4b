//! What a host function's types must be, said so that whoever wrote them knows what to write instead.
//!
//! `#[host_fn]` demands these traits of each type where it stands in the source. Every type has them that is what
//! [`HostFn`](crate::HostFn) wants, by one implementation each, so that they add no rule. They add the words: the
//! compiler explains a trait of serde by listing a hundred types that have it, and one of ours by these notes.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use crate::{HostConnection, HostError, HostFn, Inject, InjectAll, NoConnection, NoRequest};

/// What is read from the JSON of a guest.
#[diagnostic::on_unimplemented(
    message = "a guest cannot send `{Self}`, which does not implement `Deserialize`",
    label = "not a value that a guest can send",
    note = "where the guest sends it: write `#[derive(serde::Deserialize, schemars::JsonSchema)]` on the type, or a \
            type of your own in place of another crate's",
    note = "where the host lends it: write `&{Self}`, and `#[derive(HostState)]` on a type of your own"
)]
pub trait FromGuest {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> FromGuest for T {}

/// What is written as JSON for a guest.
#[diagnostic::on_unimplemented(
    message = "a guest cannot be answered with `{Self}`, which does not implement `Serialize`",
    label = "not a value that a guest can be answered with",
    note = "write `#[derive(serde::Serialize, schemars::JsonSchema)]` on the type, or answer with a type of your own \
            in place of another crate's",
    note = "a value that is `Sensitive` is answered by `Disclosed::to(value, caller)`, to callers that may see it"
)]
pub trait ToGuest {}

#[diagnostic::do_not_recommend]
impl<T: Serialize> ToGuest for T {}

/// What has a schema, by which the authors of plugins know it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no schema, by which plugin authors would know it: it does not implement `JsonSchema`",
    label = "no schema",
    note = "write `#[derive(schemars::JsonSchema)]` on the type; for types of other crates, such as `uuid` and \
            `chrono`, schemars has features of their names"
)]
pub trait Described {}

#[diagnostic::do_not_recommend]
impl<T: JsonSchema> Described for T {}

/// What a host lends.
#[diagnostic::on_unimplemented(
    message = "a host cannot lend `{Self}`, which is not host state",
    label = "not host state",
    note = "where the host lends it: write `#[derive(HostState)]` on the type, and give the host one with \
            `.provide(…)`; wrap a type of another crate in one of your own",
    note = "where the guest sends it: write the type without `&`"
)]
pub trait Lent {}

#[diagnostic::do_not_recommend]
impl<T: Inject> Lent for T {}

/// A connection that a host has.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a connection that a host function can be given",
    label = "not a connection",
    note = "the one `&mut` argument is the connection: write `&mut DbConnection`, or diesel's own connection for one \
            database only",
    note = "state that changes is borrowed as `&{Self}`, with a lock within the type"
)]
pub trait Connects {}

#[diagnostic::do_not_recommend]
impl<T: HostConnection> Connects for T {}

/// An error that a guest can be told.
#[diagnostic::on_unimplemented(
    message = "a guest cannot be told the error `{Self}`, which does not become a `HostError`",
    label = "does not become a `HostError`",
    note = "write `Result<…, HostError>`, or `impl From<{Self}> for HostError` where the error is your own",
    note = "`HostError::not_found(\"…\")` and its like tell the guest; `.map_err(HostError::internal)?` tells the log alone"
)]
pub trait Failure {}

#[diagnostic::do_not_recommend]
impl<E: Into<HostError>> Failure for E {}

/// A `Result` by another name, such as diesel's `QueryResult`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is taken for a `Result`, because its name ends so, and is none",
    label = "not a `Result`",
    note = "give the type a name that does not end in `Result`"
)]
pub trait ResultAlias {}

impl<T: ToGuest + Described, E: Failure> ResultAlias for Result<T, E> {}

/// What a request is made of, once that was looked at.
pub trait Received: DeserializeOwned + JsonSchema {}

impl<T: DeserializeOwned + JsonSchema> Received for T {}

/// What an answer is made of, once that was looked at.
pub trait Answered: Serialize + JsonSchema {}

impl<T: Serialize + JsonSchema> Answered for T {}

/// Submits a function to the registry of the crate in which this stands.
///
/// The registry's module comes by way of a glob, which is found before what is outside of its block: where a crate has
/// none, that is the one of [`no_registry`], which says so. `ENTRY` is the registry's own where the function is a host
/// function, and otherwise that of [`Otherwise`].
#[doc(hidden)]
#[macro_export]
#[expect(clippy::crate_in_macro_def, reason = "the registry is that of the crate in which this stands")]
macro_rules! __hostfn_submit {
    ($entry:expr) => {
        #[allow(unused_imports)]
        use $crate::__private::no_registry::__hostfn_registry;
        const _: () = {
            #[allow(unused_imports)]
            use crate::*;
            #[allow(unused_imports)]
            use $crate::__private::Otherwise as _;
            $crate::__private::inventory::submit! { $entry }
        };
    };
}

/// The entry of a function that cannot be a host function, found in place of the true one.
///
/// The compiler has told why at the types that are at fault, and would tell it again at the annotation if the entry
/// were not to be had.
pub trait Otherwise {
    /// What a registry collects.
    type Entry;
    /// An entry that no program runs with.
    const ENTRY: Self::Entry;
}

/// The name of [`Unusable`], which no guest can import. A registry refuses it.
pub const UNUSABLE: &str = "#[host_fn]";

/// Stands for `F`, which is no host function.
///
/// The compiler has refused the program for it. Should one be built all the same, its registry panics.
#[derive(Debug)]
pub struct Unusable<F>(std::marker::PhantomData<F>);

impl<F: 'static> HostFn for Unusable<F> {
    const NAME: &'static str = UNUSABLE;
    const DOCUMENTATION: &'static str = "";
    type Request = NoRequest;
    type Response = ();
    type Connection = NoConnection;
    type State = ();

    fn call(_: &mut NoConnection, (): <() as InjectAll>::Borrowed<'_>, _: NoRequest) -> Result<(), HostError> {
        Err(HostError::internal("this is no host function"))
    }
}

/// What an annotated function finds where its crate declares no registry.
pub mod no_registry {
    /// By the name of the module that `registry!()` declares.
    pub mod __hostfn_registry {
        /// A function of a crate that has a registry.
        #[diagnostic::on_unimplemented(
            message = "this crate has no registry that collects its host functions",
            label = "collected by nobody",
            note = "write `hostfn::registry!();` once, in the root of the crate: `src/lib.rs`, or `src/main.rs`"
        )]
        pub trait Collected {
            /// Its place in the registry.
            type Function;
        }

        /// The place of a function in the registry.
        pub type Function<F> = <F as Collected>::Function;
    }
}

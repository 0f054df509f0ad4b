//! The `#[host_fn]` attribute and the `HostState` derive.
//!
//! An annotated function is read in stages, each a file: `attr` reads the options, `ast` the function,
//! `valid` looks for mistakes and `expand` writes the output. Every stage notes what is wrong and goes
//! on, so that all mistakes are told at once; then `fallback` writes the output instead, in which the
//! function is still there for its callers.
//!
//! The output is small, because all that can be is generic code over the trait `HostFn`: see the
//! snapshots beside the tests. It names everything through `::hostfn`, so that a project depends on
//! the facade only.
#![forbid(unsafe_code)]

/// The README's example, so that it is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod ast;
mod attr;
mod conditions;
mod correct;
mod expand;
mod fallback;
mod host_state;
mod mistakes;
mod names;
mod signature;
mod types;
mod valid;

use ast::{HostFunction, Item};
use attr::Options;
use mistakes::Mistakes;
use proc_macro2::TokenStream;

/// Makes a function a host function, which every plugin of a host can call.
///
/// ```standalone_crate
/// use hostfn::{Caller, HostError, HostState, host_fn};
///
/// hostfn::registry!();
///
/// #[derive(HostState)]
/// struct Prices {
///     cents_an_hour: u32,
/// }
///
/// /// Says what parking costs, in cents.
/// #[host_fn(permission = "parking:read", read_only, errors(not_found))]
/// fn parking_price(
///     prices: &Prices,
///     caller: &Caller,
///     /// Hours that have begun count.
///     hours: u32,
///     coupon: Option<String>,
/// ) -> Result<u32, HostError> {
///     match coupon.as_deref() {
///         None => Ok(hours * prices.cents_an_hour),
///         Some("FREE") if caller.plugin() == "valet" => Ok(0),
///         Some(_) => Err(HostError::not_found("there is no such coupon").in_field("coupon")),
///     }
/// }
///
/// # fn main() {
/// #     assert_eq!(registry()[0].name, "parking_price");
/// # }
/// ```
///
/// A guest imports `parking_price`, sends `{"hours": 2}` and is answered
/// `{"success": true, "data": 300, "error": null}`. The function stays a function: it is called, and
/// tested, as any other.
///
/// `hostfn::registry!();` stands in the crate's root. It collects the functions of the crate, of which
/// none compiles without it.
///
/// # Arguments
/// The type says what an argument is. **References are lent by the host, values are the request.**
///
/// | argument | is |
/// |---|---|
/// | `db: &mut C` | the connection, one at most, in a transaction; `C` is a `HostConnection` |
/// | `state: &T` | lent for the call, eight at most: `Caller`, `Clock`, `Entropy`, or what derives [`HostState`](derive@HostState) |
/// | `name: T` | the field `name` of the request; `Option<T>`, `Patch<T>` and `Change<T>` may be absent |
/// | `Json(request): Json<T>` | the whole request, where it has a type of its own; then there are no fields |
///
/// Fields have `T: Deserialize + JsonSchema`, and own what they hold: `String`, not `&str`. Their doc
/// comments, `#[serde(…)]` and `#[schemars(…)]` go to the request and its schema. A request with fields
/// that it does not know is refused; a type of one's own says so by `#[serde(deny_unknown_fields)]`.
///
/// ```standalone_crate
/// use hostfn::{Json, Patch, host_fn};
///
/// hostfn::registry!();
///
/// /// Changes a profile.
/// #[host_fn]
/// fn update_profile(#[serde(rename = "nick")] nickname: String, bio: Patch<String>) -> bool {
///     bio != Patch::Keep || !nickname.is_empty()
/// }
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Sum {
///     left: i32,
///     right: i32,
/// }
///
/// /// Adds two numbers.
/// #[host_fn]
/// fn add(Json(sum): Json<Sum>) -> i32 {
///     sum.left + sum.right
/// }
///
/// # fn main() {
/// #     let schema = (registry()[1].request_schema)();
/// #     assert!(schema.pointer("/properties/nick").is_some());
/// #     assert_eq!(add(Json(Sum { left: 1, right: 2 })), 3);
/// # }
/// ```
///
/// # Answer
/// A function returns `T`, nothing, or `Result<T, E>`, with `T: Serialize + JsonSchema` and
/// `E: Into<HostError>`. A type whose name ends in `Result`, such as diesel's `QueryResult<T>`, is taken
/// for one.
///
/// # Documentation
/// The doc comment is part of the contract and must be there: plugin authors read it.
///
/// # Options
/// | option | says | left out |
/// |---|---|---|
/// | `name = "…"` | the name that a guest imports | that of the function |
/// | `namespace = "…"` | the module that a guest imports it from | `extism:host/user`, where Extism's PDKs look |
/// | `permission = "…"` | what a plugin must be granted, such as `users:read` | the name |
/// | `read_only` | it changes nothing, and gets a connection that cannot | it may write |
/// | `errors(not_found, conflict)` | which of these errors it may answer | neither; the others any function may |
/// | `deprecated = "…"` | what to use instead | it is not deprecated |
///
/// ```standalone_crate
/// use hostfn::{ErrorCode, HostError, host_fn};
///
/// hostfn::registry!();
///
/// /// Takes a seat.
/// #[host_fn(
///     name = "seat_take",
///     namespace = "theatre",
///     permission = "seats:write",
///     errors(not_found, conflict),
///     deprecated = "call seat_reserve, which can be undone"
/// )]
/// fn take_seat(row: u32, seat: u32) -> Result<(), HostError> {
///     match (row, seat) {
///         (0, _) | (_, 0) => Err(HostError::not_found("there is no such seat")),
///         _ => Err(HostError::conflict("that seat is taken")),
///     }
/// }
///
/// /// Counts the seats.
/// #[host_fn(read_only)]
/// fn seats() -> u32 {
///     0
/// }
///
/// # fn main() {
/// #     let [take, count] = registry().try_into().ok().unwrap();
/// #     assert_eq!((take.name, take.namespace, take.permission), ("seat_take", "theatre", "seats:write"));
/// #     assert_eq!(take.errors, [ErrorCode::NotFound, ErrorCode::Conflict]);
/// #     assert_eq!(take.deprecated, Some("call seat_reserve, which can be undone"));
/// #     assert_eq!((count.permission, count.read_only), ("seats", true));
/// # }
/// ```
///
/// # Extism's own `host_fn`
/// Two other macros have this name: `extism::host_fn!`, which declares a host function by hand, and
/// `extism_pdk::host_fn`, by which a guest imports one. Never import Extism with `*`.
#[proc_macro_attribute]
pub fn host_fn(options: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    host_function(options.into(), item.into()).into()
}

/// Makes a type host state, which host functions take as `state: &T`.
///
/// The host is given one value of the type, with `.provide(…)`, and lends it to every call; a host
/// without one is an error when it is built. All calls share it, so that it is `Send + Sync`, and what
/// changes in it has a lock of its own.
///
/// ```standalone_crate
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// use hostfn::{HostState, host_fn};
///
/// hostfn::registry!();
///
/// #[derive(HostState)]
/// struct Visitors(AtomicU32);
///
/// /// Counts a visitor, and says how many there were.
/// #[host_fn]
/// fn count_visitor(visitors: &Visitors) -> u32 {
///     visitors.0.fetch_add(1, Ordering::Relaxed) + 1
/// }
///
/// fn main() {
///     assert_eq!(count_visitor(&Visitors(AtomicU32::new(7))), 8);
/// }
/// ```
///
/// A host finds its state by the type. One with parameters is therefore refused: write
/// `impl hostfn::HostState for Cache<User> {}` for each that the host has. A type of another crate is
/// wrapped in one of your own.
#[proc_macro_derive(HostState)]
pub fn host_state(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    host_state::expand(input.into()).into()
}

/// `#[host_fn]`, on tokens that exist outside a compiler too, so that a test can read its output.
fn host_function(options: TokenStream, item: TokenStream) -> TokenStream {
    let item: Item = match syn::parse2(item.clone()) {
        Ok(item) => item,
        Err(error) => return fallback::unread(&item, &error),
    };
    let mut mistakes = Mistakes::of(format!("host function `{}`", item.signature.ident));
    let options = Options::parse(options, &mut mistakes);
    let function = HostFunction::new(item, options, &mut mistakes);
    valid::check(&function, &mut mistakes);
    match mistakes.into_compile_errors() {
        Some(errors) => fallback::function(function.item, &errors),
        None => expand::expand(&function),
    }
}

#[cfg(test)]
mod tests;

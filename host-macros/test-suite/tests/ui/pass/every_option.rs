use hostfn::{ErrorCode, HostError, NoConnection, host_fn};

hostfn::registry!();

/// Has none.
#[host_fn]
fn none() {}

/// Has none, in parentheses.
#[host_fn()]
fn empty() {}

/// Has each, in another order than the contract's.
#[host_fn(
    deprecated = "call `none`",
    errors(conflict, not_found),
    read_only,
    permission = "users:read:all_2",
    namespace = "my.app/users",
    name = "$everyOption"
)]
#[must_use]
pub(crate) const fn every(_: &mut NoConnection) -> Result<(), HostError> {
    Ok(())
}

/// Is deprecated in Rust too.
#[host_fn]
#[deprecated(note = "call `none`")]
fn old() {}

fn main() {
    let every = registry().remove(0);
    assert_eq!((every.name, every.namespace, every.permission), ("$everyOption", "my.app/users", "users:read:all_2"));
    assert_eq!((every.read_only, every.deprecated), (true, Some("call `none`")));
    assert_eq!(every.errors, [ErrorCode::NotFound, ErrorCode::Conflict]);
}

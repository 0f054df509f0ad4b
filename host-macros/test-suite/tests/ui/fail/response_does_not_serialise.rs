use hostfn::{HostError, host_fn};

hostfn::registry!();

struct User;

/// Finds a user.
#[host_fn]
fn find() -> User {
    User
}

/// Gets a user.
#[host_fn]
fn get() -> Result<Option<User>, HostError> {
    Ok(None)
}

fn main() {}

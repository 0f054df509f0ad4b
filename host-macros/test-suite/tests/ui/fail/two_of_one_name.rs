use hostfn::host_fn;

hostfn::registry!();

/// Finds a user.
#[host_fn]
fn find(email: String) -> bool {
    !email.is_empty()
}

/// Finds a user otherwise.
#[host_fn]
fn find(email: String) -> bool {
    email.contains('@')
}

fn main() {}

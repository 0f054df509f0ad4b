use hostfn::host_fn;

hostfn::registry!();

/// A user.
#[host_fn]
struct User;

#[host_fn]
impl User {}

fn main() {}

use hostfn::host_fn;

hostfn::registry!();

/// Finds.
#[host_fn(permision = "users:read", readonly, timeout = 3)]
fn find() {}

fn main() {}

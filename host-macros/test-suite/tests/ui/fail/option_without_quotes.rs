use hostfn::host_fn;

hostfn::registry!();

/// Finds.
#[host_fn(permission = users:read, name = find_user, namespace = extism:host/user)]
fn find() {}

/// Searches.
#[host_fn("users:read")]
fn search() {}

/// Reads.
#[host_fn(users:read)]
fn read() {}

fn main() {}

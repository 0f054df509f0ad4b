use hostfn::host_fn;

hostfn::registry!();

/// Finds.
#[host_fn(permission = "users:read" read_only)]
fn find() {}

/// Searches.
#[host_fn(read_only errors(not_found))]
fn search() {}

fn main() {}

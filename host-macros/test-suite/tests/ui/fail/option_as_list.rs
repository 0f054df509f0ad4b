use hostfn::host_fn;

hostfn::registry!();

/// Finds.
#[host_fn(permissions = ["users:read"], errors = [not_found])]
fn find() {}

/// Searches.
#[host_fn(permission = ["users:read", "sessions:read"], errors = "conflict")]
fn search() {}

fn main() {}

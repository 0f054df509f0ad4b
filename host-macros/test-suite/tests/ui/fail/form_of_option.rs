use hostfn::host_fn;

hostfn::registry!();

/// Finds.
#[host_fn(name, namespace = users, permission("users:read"), read_only = true, errors = "not_found", deprecated)]
fn find() {}

/// Searches.
#[host_fn(name = )]
fn search() {}

/// Says nothing of what to use.
#[host_fn(deprecated = " ")]
fn look() {}

fn main() {}

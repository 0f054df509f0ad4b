use hostfn::host_fn;

hostfn::registry!();

/// Finds.
#[host_fn(name = "find", read_only, name = "search", errors(conflict, conflict), read_only)]
fn find() {}

fn main() {}

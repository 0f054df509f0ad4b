use hostfn::host_fn;

hostfn::registry!();

/// Finds.
#[host_fn(errors(not_found, internal))]
fn find() {}

/// Reads.
#[host_fn(errors())]
fn read() {}

fn main() {}

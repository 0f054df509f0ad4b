use hostfn::host_fn;

hostfn::registry!();

/// Finds.
#[host_fn(name = "find-user")]
fn find() {}

/// Sizes.
#[host_fn]
fn größe() {}

fn main() {}

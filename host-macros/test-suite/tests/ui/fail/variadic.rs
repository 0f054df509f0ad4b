use hostfn::host_fn;

hostfn::registry!();

/// Adds.
#[host_fn]
fn add(numbers: ...) {}

fn main() {}

use hostfn::host_fn;

/// Finds.
#[host_fn]
fn find() {}

fn main() {}

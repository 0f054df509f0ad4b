use hostfn::host_fn;

hostfn::registry!();

/// Adds.
#[host_fn]
fn add(number: u32) -> u32;

fn main() {}

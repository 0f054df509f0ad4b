use hostfn::host_fn;

hostfn::registry!();

/// Doubles.
#[host_fn]
const DOUBLE: fn(u32) -> u32 = |number| number * 2;

/// Halves.
#[host_fn]
mod halve {}

fn main() {}

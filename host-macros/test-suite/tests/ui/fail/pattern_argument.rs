use hostfn::host_fn;

hostfn::registry!();

/// Adds.
#[host_fn]
fn add((left, right): (i32, i32), _: i32) -> i32 {
    left + right
}

fn main() {}

use hostfn::host_fn;

hostfn::registry!();

/// Adds.
#[host_fn]
fn add(left: u32, right: u32) -> String {
    left + right
}

fn main() {}

use hostfn::{NoConnection, host_fn};

hostfn::registry!();

/// Copies.
#[host_fn]
fn copy(from: &mut NoConnection, to: &mut NoConnection) {
    let _ = (from, to);
}

fn main() {}

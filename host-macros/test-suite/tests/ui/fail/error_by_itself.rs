use hostfn::{HostError, host_fn};

hostfn::registry!();

/// Refuses.
#[host_fn]
fn refuse() -> HostError {
    HostError::not_found("there is nothing")
}

fn main() {}

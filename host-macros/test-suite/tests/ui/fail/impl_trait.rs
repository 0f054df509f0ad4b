use hostfn::{HostError, host_fn};

hostfn::registry!();

/// Names.
#[host_fn]
fn name(name: impl Into<String>) -> Result<impl Into<String>, HostError> {
    Ok(name)
}

fn main() {}

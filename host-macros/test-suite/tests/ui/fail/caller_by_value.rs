use hostfn::{Caller, host_fn};

hostfn::registry!();

/// Says who calls.
#[host_fn]
fn whoami(caller: Caller) -> String {
    caller.plugin().to_owned()
}

fn main() {}

use hostfn::{Caller, host_fn};

hostfn::registry!();

/// Takes nine.
#[host_fn]
fn nine(a: &Caller, b: &Caller, c: &Caller, d: &Caller, e: &Caller, f: &Caller, g: &Caller, h: &Caller, i: &Caller) {
    let _ = (a, b, c, d, e, f, g, h, i);
}

fn main() {}

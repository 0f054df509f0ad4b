use hostfn::host_fn;

hostfn::registry!();

/// Trusts.
#[host_fn]
unsafe extern "C" fn trust(number: u32) -> u32 {
    number
}

fn main() {}

use hostfn::host_fn;

hostfn::registry!();

/// Halves a number.
#[host_fn]
fn halve(number: u32) -> Result<u32> {
    Ok(number / 2)
}

fn main() {}

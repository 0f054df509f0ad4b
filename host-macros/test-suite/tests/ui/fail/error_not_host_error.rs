use hostfn::host_fn;

hostfn::registry!();

struct Mistake;

/// Finds.
#[host_fn]
fn find() -> Result<u32, Mistake> {
    Ok(1)
}

fn main() {}

use hostfn::host_fn;

hostfn::registry!();

/// Waits.
#[host_fn]
async fn wait(milliseconds: u32) {
    let _ = milliseconds;
}

fn main() {}

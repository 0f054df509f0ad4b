use hostfn::host_fn;

hostfn::registry!();

/// Finds.
#[host_fn]
fn find(#[cfg(unix)] path: String, #[cfg_attr(unix, serde(default))] limit: u32) {
    let _ = (path, limit);
}

fn main() {}

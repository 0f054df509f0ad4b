use hostfn::host_fn;

hostfn::registry!();

/// Finds.
#[host_fn]
fn find(#[serde(defualt)] name: String) -> bool {
    name.is_empty()
}

fn main() {}

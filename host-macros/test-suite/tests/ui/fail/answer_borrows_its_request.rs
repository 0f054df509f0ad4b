use hostfn::host_fn;

hostfn::registry!();

/// Takes the spaces off.
#[host_fn]
fn trim(text: String) -> &str {
    text.trim()
}

fn main() {}

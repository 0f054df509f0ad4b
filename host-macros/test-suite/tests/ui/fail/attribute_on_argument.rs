use hostfn::{Caller, Json, host_fn};

hostfn::registry!();

/// Finds.
#[host_fn]
fn find(#[serde(default)] caller: &Caller, #[schemars(inline)] limit: Json<u32>) {
    let _ = (caller, limit);
}

/// Searches.
#[host_fn]
fn search(#[serde(flatten)] page: u32, #[validate(email)] email: String) {
    let _ = (page, email);
}

fn main() {}

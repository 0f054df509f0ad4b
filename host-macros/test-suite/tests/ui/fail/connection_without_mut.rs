use hostfn::{NoConnection, host_fn};

hostfn::registry!();

/// Counts users.
#[host_fn]
fn count_users(db: &NoConnection) -> u32 {
    let _ = db;
    0
}

fn main() {}

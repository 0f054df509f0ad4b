use hostfn::host_fn;

hostfn::registry!();

/// Finds.
#[host_fn(permission = "users:*")]
fn find() {}

/// Reads.
#[host_fn(name = "readUser")]
fn read() {}

/// Lists.
#[host_fn]
fn _list() {}

fn main() {}

use hostfn::host_fn;

hostfn::registry!();

/// Finds.
#[host_fn(read_only = "yes")]
fn find() {}

/// Searches.
#[host_fn(read_only = false)]
fn search() {}

/// Reads.
#[host_fn(read_only(true))]
fn read() {}

fn main() {}

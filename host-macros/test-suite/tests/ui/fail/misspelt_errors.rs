use hostfn::{ErrorCode, host_fn};

hostfn::registry!();

/// Finds.
#[host_fn(errors(notfound, Conflict))]
fn find() {}

/// Searches.
#[host_fn(errors(ErrorCode::NotFound, "conflict"))]
fn search() {}

/// Reads.
#[host_fn(errors(timeout))]
fn read() -> ErrorCode {
    ErrorCode::NotFound
}

fn main() {}

use hostfn::{Json, host_fn};

hostfn::registry!();

/// Doubles.
#[host_fn]
fn double(Json(number): i32) -> i32 {
    number * 2
}

fn main() {}

use hostfn::{HostError, HostResponse, Json, host_fn};

hostfn::registry!();

/// Halves a number.
#[host_fn]
fn halve(number: u32) -> Json<u32> {
    Json(number / 2)
}

/// Doubles a number.
#[host_fn]
fn double(number: u32) -> Result<Json<u32>, HostError> {
    Ok(Json(number * 2))
}

/// Squares a number.
#[host_fn]
fn square(number: u32) -> HostResponse<u32> {
    HostResponse::Success(number * number)
}

fn main() {}

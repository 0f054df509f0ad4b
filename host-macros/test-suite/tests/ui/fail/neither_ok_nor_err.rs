use hostfn::{HostError, host_fn};

hostfn::registry!();

/// Halves a number.
#[host_fn(errors(conflict))]
fn halve(number: u32) -> Result<u32, HostError> {
    if number % 2 == 1 {
        return HostError::conflict("it is odd");
    }
    number / 2
}

fn main() {}

use std::error::Error;

use hostfn::host_fn;

hostfn::registry!();

type AppResult<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Reads a number.
#[host_fn]
fn read(number: String) -> AppResult<u32> {
    Ok(number.parse()?)
}

/// Reads a number otherwise.
#[host_fn]
fn read_again(number: String) -> Result<u32, Box<dyn Error>> {
    Ok(number.parse()?)
}

fn main() {}

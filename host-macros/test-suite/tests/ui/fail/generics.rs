use hostfn::{Json, host_fn};

hostfn::registry!();

/// Echoes.
#[host_fn]
fn echo<T, const N: usize>(Json(values): Json<[T; N]>) -> [T; N]
where
    T: Clone,
{
    values
}

fn main() {}

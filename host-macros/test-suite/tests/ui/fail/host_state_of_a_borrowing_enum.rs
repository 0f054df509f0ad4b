use hostfn::{HostState, host_fn};

hostfn::registry!();

#[derive(HostState)]
enum Source<'a, T> {
    Text(&'a str),
    Made(T),
}

/// Reads.
#[host_fn]
fn read(source: &Source<'static, u32>) -> u32 {
    let _ = source;
    0
}

fn main() {}

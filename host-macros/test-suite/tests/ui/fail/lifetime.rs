use hostfn::{HostState, host_fn};

hostfn::registry!();

#[derive(HostState)]
struct Greeting(String);

/// Greets.
#[host_fn]
fn greet<'a>(greeting: &'a Greeting) -> &'a str {
    &greeting.0
}

fn main() {}

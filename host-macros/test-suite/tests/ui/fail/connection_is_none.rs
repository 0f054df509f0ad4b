use hostfn::host_fn;

hostfn::registry!();

struct Counter(u32);

/// Counts.
#[host_fn]
fn count(counter: &mut Counter) -> u32 {
    counter.0 += 1;
    counter.0
}

fn main() {}

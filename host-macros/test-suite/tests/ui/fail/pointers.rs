use hostfn::host_fn;

hostfn::registry!();

/// Counts bytes.
#[host_fn]
fn count(start: *const u8, length: usize) -> u32 {
    let _ = (start, length);
    0
}

/// Calls back.
#[host_fn]
fn later(call: fn(u32) -> u32) -> u32 {
    call(1)
}

fn main() {}

use hostfn::host_fn;

hostfn::registry!();

/// Finds.
#[host_fn(namespace = "extism:host/env")]
fn find() {}

/// Reads.
#[host_fn(namespace = "wasi_snapshot_preview1")]
fn read() {}

/// Writes.
#[host_fn(namespace = "my app")]
fn write() {}

/// Lists.
#[host_fn(namespace = "")]
fn list() {}

fn main() {}

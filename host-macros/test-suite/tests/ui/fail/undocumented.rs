use hostfn::host_fn;

hostfn::registry!();

#[host_fn]
fn find() {}

#[doc = include_str!("undocumented.rs")]
#[host_fn]
fn read() {}

fn main() {}

use std::cell::Cell;

use hostfn::HostState;

#[derive(HostState)]
struct Counter(Cell<u32>);

fn main() {}

use hostfn::{HostState, host_fn};

hostfn::registry!();

#[derive(HostState)]
struct Users;

impl Users {
    /// Counts the users.
    #[host_fn]
    fn count(&self) -> u32 {
        0
    }
}

fn main() {}

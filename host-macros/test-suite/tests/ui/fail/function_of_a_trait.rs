use hostfn::host_fn;

hostfn::registry!();

trait Users {
    /// Counts the users.
    #[host_fn]
    fn count(&self) -> u32;
}

fn main() {}

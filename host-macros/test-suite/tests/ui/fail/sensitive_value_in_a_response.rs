use hostfn::{Secret, Sensitive, host_fn};

hostfn::registry!();

struct Hash(Secret);

impl Sensitive for Hash {
    const PERMISSION: &'static str = "credentials:read";
    type Plain = Secret;

    fn into_plain(self) -> Secret {
        self.0
    }
}

/// Finds a hash.
#[host_fn]
fn find() -> Hash {
    Hash(Secret::new("$2b$"))
}

fn main() {}

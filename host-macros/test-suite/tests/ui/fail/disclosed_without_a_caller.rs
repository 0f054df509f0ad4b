use hostfn::{Disclosed, Secret};

fn disclosed(hash: Secret) -> Disclosed<Secret> {
    Disclosed(hash)
}

fn main() {
    disclosed(Secret::new("$2b$"));
}

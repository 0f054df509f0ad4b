use hostfn::{Change, Patch, host_fn};

hostfn::registry!();

/// Changes a profile.
#[host_fn]
fn update(bio: Patch<Option<String>>, city: Option<Option<String>>, nick: Change<Option<String>>) {
    let _ = (bio, city, nick);
}

fn main() {}

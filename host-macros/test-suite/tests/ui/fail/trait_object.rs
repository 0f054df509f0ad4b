use hostfn::host_fn;

hostfn::registry!();

trait Mailer {}

/// Sends.
#[host_fn]
fn send(mailer: &dyn Mailer) {
    let _ = mailer;
}

fn main() {}

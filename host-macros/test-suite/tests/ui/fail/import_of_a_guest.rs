use hostfn::host_fn;

hostfn::registry!();

#[host_fn]
extern "ExtismHost" {
    fn greet(name: String) -> String;
}

fn main() {
    greet("Ada".to_owned());
}

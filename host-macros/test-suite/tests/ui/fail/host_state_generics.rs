use hostfn::HostState;

#[derive(HostState)]
struct Cache<T> {
    values: Vec<T>,
}

#[derive(HostState)]
struct Borrowed<'a>(&'a str);

fn main() {}

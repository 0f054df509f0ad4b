use hostfn::Secret;

fn shown(password: &Secret) -> String {
    format!("{password}")
}

fn main() {
    shown(&Secret::new("correct horse"));
}

//! The program that shows what a plugin looks like with the bindings of a language: each of
//! `test-plugins/bindings-*` has it as its export `example`, and all do the same.

use hostfn::Grants;

use crate::guest::Guest;

/// It signs somebody up and changes their profile, and cannot do it twice.
pub(crate) fn run(guest: &Guest) {
    let host = guest.host();
    let plugin =
        host.as_plugin("example", Grants::of(["users:*", "credentials:verify"]).expect("they are permissions"));
    let output = plugin.plugin().call("example", "ada@example.com").expect("nobody has the address yet");
    assert_eq!(String::from_utf8_lossy(&output), "Ada: Notes, é 漢字 🎉");
    assert!(plugin.plugin().call("example", "ada@example.com").is_err(), "the address is taken");
}

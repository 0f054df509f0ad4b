//! What is in the repository beside the code fits the code.

use crate::support::root;

#[test]
fn the_prebuilt_guests_are_those_of_their_sources() {
    assert_eq!(xtask::guests::stale(root()).unwrap(), Vec::<String>::new(), "run `cargo xtask guests`");
}

//! What the tests share.

use std::path::Path;

use hostfn_test::TestHost;

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A host of the built-in functions.
pub(crate) fn host() -> TestHost {
    TestHost::new(hostfn::functions::registry())
}

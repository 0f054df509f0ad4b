//! Which tests have to notice a mutation.

/// Some tests of one test target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suite {
    /// The package.
    pub package: &'static str,
    /// Its test target, or `lib` for the tests within the library.
    pub target: &'static str,
    /// What the names of the tests contain.
    pub filter: &'static str,
}

impl Suite {
    /// The conformance tests of one entity, on SQLite and through the generated guest: on the other database and through
    /// other guests the same cases run.
    pub const fn conformance(filter: &'static str) -> Self {
        Self { package: "hostfn", target: "conformance", filter }
    }

    /// Attacks, each in a process of its own, which has the mistake, too.
    pub const fn attacks(filter: &'static str) -> Self {
        Self { package: "hostfn", target: "hostile", filter }
    }

    /// Tests of what a host does around each call.
    pub const fn behaviour(filter: &'static str) -> Self {
        Self { package: "hostfn-runtime", target: "behaviour", filter }
    }
}

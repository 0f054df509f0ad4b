//! Why a host cannot be built.

use std::fmt;

use hostfn_contract::MissingState;

use crate::{Database, RegistryError, codes::codes, db::MigrationError};

/// Why a host cannot be built: everything that is wrong, at once.
#[derive(Debug)]
pub struct BuildError {
    pub(crate) problems: Vec<BuildProblem>,
}

impl BuildError {
    /// Everything that is wrong.
    pub fn problems(&self) -> &[BuildProblem] {
        &self.problems
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host cannot be built:")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for BuildError {}

/// One thing that a host lacks or cannot take.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildProblem {
    /// A registry holds a function that no host can take.
    #[error(transparent)]
    Registry(RegistryError),
    /// A function borrows state that the host was not given.
    #[error("host function `{function}` borrows `{}`, which the host was not given: add {}",
        state.type_name, how_to_give(*state))]
    MissingState {
        /// The function.
        function: &'static str,
        /// The state.
        state: MissingState,
    },
    /// Something that a function borrows could not be resolved, and its `Inject` does not say why.
    #[error(
        "host function `{function}` borrows something that could not be resolved: in its `Inject::resolve`, take \
        states with `Resolver::state`, which notes what is missing"
    )]
    Unresolved {
        /// The function.
        function: &'static str,
    },
    /// A function needs a database and the host has none.
    #[error("host function `{function}` needs a database: add `.database(Database::open(…)?)`")]
    NoDatabase {
        /// The function.
        function: &'static str,
    },
    /// A function is written for another database management system.
    #[error(
        "host function `{function}` takes `{connection}`, and the database is {backend}: write `&mut DbConnection` \
        to work on every database, or open the one that it is for"
    )]
    OtherDatabase {
        /// The function.
        function: &'static str,
        /// The type of connection that it takes.
        connection: &'static str,
        /// The backend of the host's database.
        backend: String,
    },
    /// State of one type was given twice.
    #[error(
        "`.provide(…)` was called twice with a `{type_name}`: a function could not tell them apart; wrap one in a newtype"
    )]
    ProvidedTwice {
        /// The type.
        type_name: &'static str,
    },
    /// The clock or the database was given as if it were state.
    #[error("`.provide(…)` was called with a `{type_name}`: give it with `.{method}(…)`")]
    ProvidedOtherwise {
        /// The type.
        type_name: &'static str,
        /// The method of the builder that takes it.
        method: &'static str,
    },
    /// Migrations were not applied, and the host was told not to.
    #[error("migrations of `{owner}` are not applied: {}; run the host's command `migrate`", pending.join(", "))]
    NotMigrated {
        /// The crate whose migrations they are.
        owner: &'static str,
        /// Their names.
        pending: Vec<String>,
    },
    /// Migrations could not be applied.
    #[error(transparent)]
    Migration(MigrationError),
}

codes!(pub BuildProblem {
    MissingState "missing-state",
    Unresolved "unresolved-state",
    NoDatabase "no-database",
    OtherDatabase "other-database",
    ProvidedTwice "provided-twice",
    ProvidedOtherwise "provided-otherwise",
    NotMigrated "not-migrated",
    ;
    Registry,
    Migration,
});

fn how_to_give(state: MissingState) -> &'static str {
    if state.type_name == std::any::type_name::<Database>() {
        "`.database(Database::open(…)?)`"
    } else {
        "`.provide(…)`"
    }
}

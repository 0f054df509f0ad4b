use hostfn_runtime::{BuildProblem, Clock, Database, EntropySource, Plugin, PluginManager, Registry, db::Migrations};

use crate::functions::{Counter, builder};

fn problems(builder: hostfn_runtime::PluginManagerBuilder) -> Vec<String> {
    builder.build().unwrap_err().problems().iter().map(BuildProblem::to_string).collect()
}

fn in_memory() -> Database {
    Database::open("sqlite::memory:").unwrap()
}

#[test]
fn all_that_is_missing_is_told_at_once() {
    let problems = problems(PluginManager::builder().functions(crate::functions::registry()));
    let has = |part: &str| problems.iter().any(|problem| problem.contains(part));
    assert!(has("host function `add_note` needs a database: add `.database("), "{problems:#?}");
    assert!(has("host function `echo_text` borrows `behaviour::functions::Counter`"), "{problems:#?}");
    assert!(has("add `.provide(…)`"), "{problems:#?}");
}

#[test]
fn two_functions_of_one_name_are_refused_once() {
    let problems = problems(builder().functions(crate::functions::registry()).database(in_memory()));
    let doubles = crate::functions::registry().functions().len();
    assert_eq!(problems.len(), doubles, "{problems:#?}");
    assert!(problems[0].contains("there are two of this name"), "{problems:#?}");
}

#[test]
fn state_is_provided_once_and_by_its_own_method() {
    let problems = problems(
        builder().provide(Counter::default()).provide(Clock::system()).provide(in_memory()).database(in_memory()),
    );
    for part in [
        "called twice with a `behaviour::functions::Counter`",
        "give it with `.clock(…)`",
        "give it with `.database(…)`",
    ] {
        assert!(problems.iter().any(|problem| problem.contains(part)), "{part}: {problems:#?}");
    }
}

/// Functions that no host takes, in a registry that is made by hand.
mod refused {
    use hostfn_runtime::{HostError, HostFn, HostFunction};
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    pub(super) struct Open {
        text: String,
    }

    pub(super) struct Takes<T>(T);

    impl<T: serde::de::DeserializeOwned + schemars::JsonSchema + 'static> HostFn for Takes<T> {
        const NAME: &'static str = "takes";
        const DOCUMENTATION: &'static str = "Takes what it should not.";

        type Request = T;
        type Response = ();
        type Connection = hostfn_runtime::__private::NoConnection;
        type State = ();

        fn call(_: &mut Self::Connection, (): (), _: T) -> Result<(), HostError> {
            Ok(())
        }
    }

    pub(super) fn refusal<T: serde::de::DeserializeOwned + schemars::JsonSchema + 'static>() -> Vec<String> {
        let registry = Registry::new("refused", [HostFunction::of::<Takes<T>>()]);
        problems(PluginManager::builder().functions(registry))
    }
}

#[test]
fn a_request_that_would_drop_fields_or_is_no_object_is_refused() {
    let open = refused::refusal::<refused::Open>();
    assert!(open[0].contains("write #[serde(deny_unknown_fields)] on `Open`"), "{open:#?}");
    let list = refused::refusal::<Vec<String>>();
    assert!(list[0].contains("its request is not a JSON object"), "{list:#?}");
}

#[test]
fn a_database_that_is_not_migrated_is_refused_where_it_should_be() {
    let database = in_memory();
    let problems = problems(builder().database(database.clone()).without_migrating());
    assert_eq!(
        problems,
        ["migrations of `hostfn-runtime` are not applied: 0001_notes; run the host's command `migrate`"]
    );
    database.migrate("hostfn-runtime", &Migrations::sqlite(crate::SQLITE)).unwrap();
    builder().database(database).without_migrating().build().unwrap();
}

#[test]
fn one_host_serves_all_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<PluginManager>();
    shared::<Plugin>();
    shared::<Database>();
    shared::<EntropySource>();
}

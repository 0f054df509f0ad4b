//! What a host that cannot be built says, and what it leaves alone.

use std::marker::PhantomData;

use diesel_migrations::FileBasedMigrations;
use hostfn_runtime::{
    BuildProblem, Database, DbConnection, HostError, HostFn, HostFunction, HostState, Inject, PluginManager, Registry,
    db::Migrations,
};
use hostfn_test::forwarding_guest;

use crate::{databases::every_kind, functions::builder};

/// Never provided.
#[derive(HostState)]
struct Absent;
/// Never provided either.
#[derive(HostState)]
struct AlsoAbsent;

/// What does not say why it cannot be resolved.
struct Silent;

impl Inject for Silent {
    type Resolved = ();

    fn resolve(_: &mut hostfn::__private::Resolver<'_>) -> Option<()> {
        None
    }

    fn borrow<'a>((): &'a (), _: &'a hostfn::__private::Call<'_>) -> &'a Self {
        unreachable!("a host with it cannot be built")
    }
}

/// A function that borrows what it is told, and that no crate has.
struct Borrows<S>(PhantomData<S>);

impl<S: hostfn::__private::InjectAll> HostFn for Borrows<S> {
    const NAME: &'static str = "borrows";
    const DOCUMENTATION: &'static str = "Borrows.";

    type Request = hostfn::__private::NoRequest;
    type Response = ();
    type Connection = DbConnection;
    type State = S;

    fn call(_: &mut DbConnection, _: S::Borrowed<'_>, _: Self::Request) -> Result<(), HostError> {
        Ok(())
    }
}

fn registry<S: hostfn::__private::InjectAll>(owner: &'static str) -> Registry {
    Registry::new(owner, [HostFunction::of::<Borrows<S>>()])
}

fn broken_migrations(sql: &str) -> (Migrations, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let step = folder.path().join("migrations/0001_broken");
    std::fs::create_dir_all(&step).unwrap();
    std::fs::write(step.join("up.sql"), sql).unwrap();
    std::fs::write(step.join("down.sql"), "").unwrap();
    (Migrations::sqlite(FileBasedMigrations::find_migrations_directory_in_path(folder.path()).unwrap()), folder)
}

#[test]
fn every_problem_of_every_function_is_told_at_once() {
    let error = PluginManager::builder()
        .functions(registry::<(Absent, AlsoAbsent)>("first"))
        .functions(registry::<(Silent,)>("second"))
        .provide(hostfn_runtime::Clock::system())
        .build()
        .unwrap_err();
    let told: Vec<_> = error.problems().iter().map(BuildProblem::to_string).collect();
    for part in [
        "give it with `.clock(…)`",
        "`borrows` borrows `behaviour::hosts::Absent`, which the host was not given: add `.provide(…)`",
        "`borrows` borrows `behaviour::hosts::AlsoAbsent`, which the host was not given: add `.provide(…)`",
        "`borrows` needs a database",
    ] {
        assert!(told.iter().any(|problem| problem.contains(part)), "{part}\n{told:#?}");
        assert!(error.to_string().contains(part), "{error}");
    }
    assert_eq!(told.len(), 5, "the database is needed twice\n{told:#?}");
}

#[test]
fn what_cannot_be_resolved_and_does_not_say_why_is_told_too() {
    let database = Database::open("sqlite::memory:").unwrap();
    let error =
        PluginManager::builder().functions(registry::<(Silent,)>("first")).database(database).build().unwrap_err();
    assert!(matches!(error.problems(), [BuildProblem::Unresolved { function: "borrows" }]), "{error}");
}

#[test]
fn two_crates_with_a_function_of_one_name_do_not_make_a_host() {
    let database = Database::open("sqlite::memory:").unwrap();
    let twice = PluginManager::builder().functions(registry::<()>("first")).functions(registry::<()>("second"));
    let error = twice.database(database).build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the host cannot be built:\n  host function `borrows`: there are two of this name; give one another `name = \"…\"`"
    );
}

#[test]
fn a_host_that_cannot_be_built_leaves_its_database_alone() {
    for empty in every_kind() {
        let database = empty.database.clone();
        let tables = || database.pending_migrations("hostfn-runtime", crate::registry().migrations().unwrap()).unwrap();
        let pending = tables();
        assert_eq!(pending, ["0001_notes"]);
        builder().functions(registry::<(Absent,)>("first")).database(database.clone()).build().unwrap_err();
        assert_eq!(tables(), pending);
        builder().database(database.clone()).build().unwrap();
        assert!(tables().is_empty());
    }
}

#[test]
fn a_migration_that_the_database_refuses_is_a_problem_of_the_host() {
    let (migrations, _folder) = broken_migrations("CREATE TABLE broken (id NONSENSE) STRICT;");
    let database = Database::open("sqlite::memory:").unwrap();
    let registry = registry::<()>("first").with_migrations(migrations);
    let error = PluginManager::builder().functions(registry).database(database).build().unwrap_err();
    assert!(matches!(error.problems(), [BuildProblem::Migration(_)]), "{error}");
    assert!(error.to_string().contains("the migrations of `first` cannot be applied"), "{error}");
}

#[test]
fn a_plugin_outlives_the_manager_that_loaded_it() {
    let manager = builder().database(Database::open("sqlite::memory:").unwrap()).build().unwrap();
    let module = forwarding_guest(manager.functions(), true);
    let plugin = manager.load("survivor", &module, hostfn_runtime::Grants::all()).unwrap();
    drop(manager);
    assert_eq!(crate::functions::answer(&plugin, "count_notes", "")["data"], 0);
}

use std::fs;

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use diesel_migrations::FileBasedMigrations;
use hostfn_runtime::{
    Database,
    db::{Backend, Migrations},
    on_backend,
};
use hostfn_test::TestDatabase;

use crate::databases::{Empty, every_kind};

/// Migrations of these names and this SQL.
fn migrations(steps: &[(&str, &str)]) -> Migrations {
    let folder = tempfile::tempdir().unwrap();
    for (name, sql) in steps {
        let step = folder.path().join("migrations").join(name);
        fs::create_dir_all(&step).unwrap();
        fs::write(step.join("up.sql"), sql).unwrap();
        fs::write(step.join("down.sql"), "SELECT 1;").unwrap();
    }
    // It reads them when it is asked for them, which is after this function.
    let folder = folder.keep();
    let source = || FileBasedMigrations::find_migrations_directory_in_path(&folder).unwrap();
    Migrations::sqlite(source()).and_postgres(source())
}

fn has_table(database: &Database, table: &str) -> bool {
    let found = match database.backend() {
        Backend::Postgres => format!("pg_class WHERE relname = '{table}'"),
        _ => format!("sqlite_schema WHERE name = '{table}'"),
    };
    count(database, &found) > 0
}

fn count(database: &Database, table: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let query = format!("SELECT count(*) AS count FROM {table}");
    let count: Count =
        database.read(|db| Ok(on_backend!(db, |connection| sql_query(query).get_result(connection))?)).unwrap();
    count.count
}

const PARENTS: &str = "CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT) STRICT;
    CREATE TABLE children (parent INTEGER NOT NULL REFERENCES parents (id) ON DELETE CASCADE) STRICT;
    INSERT INTO parents VALUES (1, 'Ada'); INSERT INTO children VALUES (1);";

#[test]
fn two_crates_with_equal_versions_live_in_one_database() {
    for empty in every_kind() {
        let database = &empty.database;
        let ours = migrations(&[("0001_first", "CREATE TABLE ours (id INTEGER);")]);
        let theirs = migrations(&[("0001_first", "CREATE TABLE theirs (id INTEGER);")]);
        assert_eq!(database.migrate("ours", &ours).unwrap(), ["0001_first"]);
        assert_eq!(database.pending_migrations("theirs", &theirs).unwrap(), ["0001_first"]);
        assert_eq!(database.migrate("theirs", &theirs).unwrap(), ["0001_first"]);
        for (owner, migrations) in [("ours", &ours), ("theirs", &theirs)] {
            assert!(database.pending_migrations(owner, migrations).unwrap().is_empty());
            let newest = database.read(|db| Ok(db.newest_migration(owner)?)).unwrap();
            assert_eq!(newest.as_deref(), Some("0001"));
        }
    }
}

#[test]
fn asking_what_is_pending_changes_nothing() {
    for empty in every_kind() {
        let database = &empty.database;
        let pending = migrations(&[("0002_b", "SELECT 1;"), ("0001_a", "SELECT 1;")]);
        assert_eq!(database.pending_migrations("ours", &pending).unwrap(), ["0001_a", "0002_b"]);
        assert!(!has_table(database, "__diesel_schema_migrations"));
        assert_eq!(database.read(|db| Ok(db.newest_migration("ours")?)).unwrap(), None);
        database.migrate("ours", &pending).unwrap();
        assert!(has_table(database, "__diesel_schema_migrations"));
    }
}

#[test]
fn a_migration_that_fails_leaves_nothing_behind() {
    for empty in every_kind() {
        let broken = migrations(&[("0001_a", "CREATE TABLE a (id INTEGER);"), ("0002_b", "CREATE NONSENSE;")]);
        let error = empty.database.migrate("ours", &broken).unwrap_err();
        assert!(
            error.to_string().contains("the migrations of `ours` cannot be applied, and nothing was changed"),
            "{error}"
        );
        assert!(!has_table(&empty.database, "a"));
        empty.database.migrate("ours", &migrations(&[("0001_a", "CREATE TABLE a (id INTEGER);")])).unwrap();
        assert!(has_table(&empty.database, "a"));
    }
}

#[test]
fn of_hosts_that_start_at_once_one_applies_the_migrations() {
    for database in TestDatabase::available() {
        let empty = Empty::on(database);
        let place = empty.place.as_ref().unwrap();
        let steps =
            migrations(&[("0001_a", "CREATE TABLE a (id INTEGER);"), ("0002_b", "CREATE TABLE b (id INTEGER);")]);
        let applied = std::thread::scope(|scope| {
            let hosts = [(); 4].map(|()| scope.spawn(|| place.open().migrate("ours", &steps).unwrap().len()));
            hosts.map(|host| host.join().unwrap())
        });
        assert_eq!(applied.iter().sum::<usize>(), 2, "{database}: {applied:?}");
    }
}

#[test]
fn a_table_is_made_anew_and_what_refers_to_it_stays() {
    let database = Database::open("sqlite::memory:").unwrap();
    let anew = "CREATE TABLE new_parents (id INTEGER PRIMARY KEY, full_name TEXT) STRICT;
        INSERT INTO new_parents SELECT id, name FROM parents; DROP TABLE parents;
        ALTER TABLE new_parents RENAME TO parents;";
    database.migrate("ours", &migrations(&[("0001_parents", PARENTS), ("0002_anew", anew)])).unwrap();
    assert_eq!(count(&database, "children"), 1);
}

#[test]
fn a_migration_that_would_leave_children_without_parents_is_refused() {
    let database = Database::open("sqlite::memory:").unwrap();
    database.migrate("ours", &migrations(&[("0001_parents", PARENTS)])).unwrap();
    let orphaning = migrations(&[("0001_parents", PARENTS), ("0002_orphans", "DELETE FROM parents;")]);
    let error = database.migrate("ours", &orphaning).unwrap_err().to_string();
    assert!(error.contains("rows of children would refer to rows that are not there"), "{error}");
    assert_eq!(count(&database, "parents"), 1);
}

#[test]
fn a_crate_without_migrations_for_the_database_says_what_to_add() {
    for empty in every_kind() {
        let error = empty.database.migrate("ours", &Migrations::default()).unwrap_err().to_string();
        let expected = format!("add `.and_{}(…)` to its `Migrations`", empty.database.backend());
        assert!(error.contains(&expected), "{error}");
    }
}

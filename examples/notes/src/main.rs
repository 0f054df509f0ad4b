//! A host function of one's own: on one's own table, with diesel's own connection and state of one's
//! own, called by a plugin.

use diesel::{SqliteConnection, prelude::*};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use hostfn::{Caller, Database, Grants, HostError, HostState, PluginManager, db::Migrations, host_fn};

diesel::table! { notes (id) { id -> Integer, author -> Text, text -> Text } }

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

hostfn::registry!(migrations = Migrations::sqlite(MIGRATIONS));

/// What the administrator decided.
#[derive(HostState)]
pub struct Settings {
    longest_note: usize,
}

/// Keeps a note and answers its number.
#[host_fn(permission = "notes:write")]
pub fn add_note(
    db: &mut SqliteConnection,
    settings: &Settings,
    caller: &Caller,
    /// What to keep.
    text: String,
) -> Result<i32, HostError> {
    if text.chars().count() > settings.longest_note {
        let message = format!("a note has at most {} characters", settings.longest_note);
        return Err(HostError::invalid_request(message).in_field("text"));
    }
    let row = (notes::author.eq(caller.plugin()), notes::text.eq(text));
    Ok(diesel::insert_into(notes::table).values(row).returning(notes::id).get_result(db)?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The host, in three lines.
    let database = Database::open("sqlite::memory:")?;
    let settings = Settings { longest_note: 20 };
    let manager = PluginManager::builder().functions(registry()).database(database).provide(settings).build()?;

    // Any plugin will do that imports `add_note`; this one hands on what it is handed.
    let module = hostfn_test::forwarding_guest(manager.functions(), true);
    let plugin = manager.load("diary", &module, Grants::of(["notes:write"])?)?;
    for request in [r#"{"text": "Met Charles."}"#, r#"{"text": "Notes on the Analytical Engine"}"#, r#"{"txt": ""}"#] {
        println!("{request}\n  {}", String::from_utf8(plugin.call("add_note", request)?)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use hostfn::CallId;
    use hostfn_test::TestHost;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plugin_adds_a_note() {
        let settings = Settings { longest_note: 5 };
        let host = TestHost::new(PluginManager::builder().functions(registry()).provide(settings));
        assert_eq!(host.call("add_note", json!({"text": "short"})).data(), 1);
        assert_eq!(host.call("add_note", json!({"text": "longer"})).error().field.as_deref(), Some("text"));
        assert_eq!(host.rows().count("notes"), 1);
    }

    #[test]
    fn a_host_function_is_a_function() -> Result<(), HostError> {
        let database = Database::open("sqlite::memory:").expect("a database in memory opens");
        database.migrate("notes", &Migrations::sqlite(MIGRATIONS)).expect("the table is made");
        let caller = Caller::new("test", Grants::none(), CallId::default());
        let settings = Settings { longest_note: 5 };
        database.write(|hostfn::DbConnection::Sqlite(db)| {
            assert_eq!(add_note(db, &settings, &caller, "short".to_owned())?, 1);
            assert_eq!(add_note(db, &settings, &caller, "longer".to_owned()).unwrap_err().field(), Some("text"));
            Ok(())
        })
    }
}

//! Host functions of one's own: on one's own table, with diesel's own connection and state of one's
//! own, called by a plugin, and tested as a plugin sees them.

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

/// Finds the text of a note, whoever wrote it; `null` when there is none.
#[host_fn(permission = "notes:read", read_only)]
pub fn get_note(db: &mut SqliteConnection, id: i32) -> Result<Option<String>, HostError> {
    Ok(notes::table.find(id).select(notes::text).get_result(db).optional()?)
}

/// Deletes a note that the plugin wrote itself.
#[host_fn(permission = "notes:write", errors(not_found))]
pub fn delete_note(db: &mut SqliteConnection, caller: &Caller, id: i32) -> Result<(), HostError> {
    let own = notes::table.find(id).filter(notes::author.eq(caller.plugin()));
    match diesel::delete(own).execute(db)? {
        0 => Err(HostError::not_found("there is no such note of this plugin's").in_field("id")),
        _ => Ok(()),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The host, in three lines.
    let database = Database::open("sqlite::memory:")?;
    let settings = Settings { longest_note: 20 };
    let manager = PluginManager::builder().functions(registry()).database(database).provide(settings).build()?;

    // Any plugin will do that imports them; this one hands on what it is handed.
    let module = hostfn_test::forwarding_guest(manager.functions(), true);
    let plugin = manager.load("diary", &module, Grants::of(["notes:write"])?)?;
    for (function, request) in [
        ("add_note", r#"{"text": "Met Charles."}"#),
        ("add_note", r#"{"text": "Notes on the Analytical Engine"}"#),
        ("add_note", r#"{"txt": ""}"#),
        ("get_note", r#"{"id": 1}"#),
        ("delete_note", r#"{"id": 1}"#),
    ] {
        println!("{function} {request}\n  {}", String::from_utf8(plugin.call(function, request)?)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use diesel_migrations::MigrationHarness;
    use hostfn::bindings::{Contract, LANGUAGES, Reference, bindings, compat, xtp};
    use hostfn_test::{Coverage, TestHost, assert_transcript, forwarding_guest};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plugin_keeps_notes() {
        let settings = Settings { longest_note: 12 };
        let host = TestHost::new(PluginManager::builder().functions(registry()).provide(settings));
        host.call("add_note", json!({"text": "Met Charles."}));
        host.call("add_note", json!({"text": "Notes on the Analytical Engine"}));
        host.call("get_note", json!({"id": 1}));
        host.as_plugin("stranger", Grants::of(["notes:*"]).unwrap()).call("delete_note", json!({"id": 1}));
        let transcript = host.record(|| drop(host.call("delete_note", json!({"id": 1}))));
        assert_transcript!(transcript, "its own note is gone");
        assert_transcript!(host);
    }

    #[test]
    fn every_answer_has_a_snapshot() {
        Coverage::of(&registry(), "snapshots").assert_complete();
    }

    /// What plugin authors get of these functions, without a line written for it.
    #[test]
    fn every_function_is_in_all_that_is_generated() {
        let registry = registry();
        let contract = Contract::of([&registry]);
        let page = Reference::of(&contract, &[]).unwrap().html().unwrap();
        let imports = xtp(&contract).unwrap()["imports"].clone();
        let nothing = compat::Report::of(&contract, &Contract { functions: Vec::new(), ..contract.clone() });
        let settings = Settings { longest_note: 12 };
        let host = TestHost::new(PluginManager::builder().functions(registry.clone()).provide(settings));
        let guest = forwarding_guest(registry.functions(), true);
        let lacking = host.manager().check("guest", &guest, Grants::none()).unwrap();
        for name in ["add_note", "delete_note", "get_note"] {
            assert!(contract.functions.iter().any(|function| function.name == name));
            assert!(page.contains(&format!("id=\"{name}\"")), "{name}");
            assert!(imports[name].is_object(), "{imports}");
            assert!(nothing.findings.iter().any(|finding| finding.path == name), "{nothing:?}");
            assert!(lacking.iter().any(|finding| finding.to_string().contains(name)), "{lacking:?}");
            for language in LANGUAGES {
                let files = bindings(&contract, language).unwrap();
                // Each language writes names in its manner.
                let text: String = files.iter().map(|file| file.text.replace('_', "").to_lowercase()).collect();
                assert!(text.contains(&name.replace('_', "")), "{name} in {}", language.title);
            }
        }
    }

    #[test]
    fn a_host_function_is_a_function() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection.run_pending_migrations(MIGRATIONS).unwrap();
        assert_eq!(get_note(&mut connection, 1).unwrap(), None);
    }
}

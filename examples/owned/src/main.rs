//! A rule about rows: a plugin sees and changes only the users that it created.
//!
//! A grant says which functions a plugin may call, and not on which rows. A rule about rows is a function of one's own,
//! which asks its caller who it is: these stand before the built-in ones, and note whose each user is in a table of
//! their own. A plugin is granted these and not those.

use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use hostfn::{
    Caller, Clock, Database, DbConnection, Entropy, Grants, HostError, Json, PluginManager, PluginManagerBuilder, Uuid,
    db::Migrations,
    functions::users::{
        CreateUserRequest, UpdateUserProfileRequest, User, db_create_user, db_get_user_by_uuid, db_update_user_profile,
    },
    host_fn, on_backend,
};

diesel::table! {
    use diesel::sql_types::Text;
    use hostfn::sql_types::Uuid;

    created_by (user_uuid) { user_uuid -> Uuid, plugin -> Text }
}

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

hostfn::registry!(migrations = Migrations::sqlite(SQLITE_MIGRATIONS).and_postgres(POSTGRES_MIGRATIONS));

/// Creates a user, who is this plugin's from then on.
///
/// Answers `conflict` when the e-mail address or the UUID is taken, whoever's user has it.
#[host_fn(permission = "own_users:write", errors(conflict))]
pub fn create_own_user(
    db: &mut DbConnection,
    clock: &Clock,
    entropy: &Entropy,
    caller: &Caller,
    request: Json<CreateUserRequest>,
) -> Result<User, HostError> {
    // A host function is a function. Both inserts are in the one transaction of this call.
    let user = db_create_user(db, clock, entropy, caller, request)?;
    let row = (created_by::user_uuid.eq(user.uuid), created_by::plugin.eq(caller.plugin()));
    on_backend!(db, |connection| diesel::insert_into(created_by::table).values(row).execute(connection))?;
    Ok(user)
}

/// Finds a user of this plugin's by UUID; `null` when there is none, or it is another plugin's.
#[host_fn(permission = "own_users:read", read_only)]
pub fn get_own_user(db: &mut DbConnection, caller: &Caller, uuid: Uuid) -> Result<Option<User>, HostError> {
    if is_own(db, caller, uuid)? { db_get_user_by_uuid(db, caller, uuid) } else { Ok(None) }
}

/// Changes what a user of this plugin's says of themselves.
///
/// Another plugin's user is `not_found`, as one that is not there: neither can be told from the other.
#[host_fn(permission = "own_users:write", errors(not_found, conflict))]
pub fn update_own_user_profile(
    db: &mut DbConnection,
    clock: &Clock,
    caller: &Caller,
    request: Json<UpdateUserProfileRequest>,
) -> Result<User, HostError> {
    if !is_own(db, caller, request.0.uuid)? {
        return Err(HostError::not_found("there is no user with this UUID").in_field("uuid"));
    }
    db_update_user_profile(db, clock, caller, request)
}

/// Whether the caller created a user. Its name is the host's word, and nothing that a guest could say.
fn is_own(db: &mut DbConnection, caller: &Caller, uuid: Uuid) -> QueryResult<bool> {
    let own = || created_by::table.find(uuid).filter(created_by::plugin.eq(caller.plugin()));
    on_backend!(db, |connection| diesel::select(diesel::dsl::exists(own())).get_result(connection))
}

/// The built-in functions, whose tables these need, and these.
fn host() -> PluginManagerBuilder {
    PluginManager::builder().functions(hostfn::functions::registry()).functions(registry())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let manager = host().database(Database::open("sqlite::memory:")?).build()?;
    // Any plugins will do that import them; these hand on what they are handed.
    let module = hostfn_test::forwarding_guest(manager.functions(), true);
    let shop = manager.load("shop", &module, Grants::of(["own_users:*"])?)?;
    let forum = manager.load("forum", &module, Grants::of(["own_users:*"])?)?;

    let uuid = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    let hash = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";
    let create =
        format!(r#"{{"name": "Ada", "email": "ada@example.com", "password_hash": "{hash}", "uuid": "{uuid}"}}"#);
    let find = format!(r#"{{"uuid": "{uuid}"}}"#);
    for (plugin, function, request) in [
        (&shop, "create_own_user", &create),
        (&shop, "get_own_user", &find),
        (&forum, "get_own_user", &find),
        (&forum, "update_own_user_profile", &find),
        (&forum, "db_get_user_by_uuid", &find),
    ] {
        println!("{}: {function}\n  {}", plugin.name(), String::from_utf8(plugin.call(function, request.as_str())?)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use hostfn::ErrorCode;
    use hostfn_test::{Fault, TestDatabase, TestHost, TestPlugin};
    use serde_json::{Value, json};

    use super::*;

    const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$RGb4QDWADbw8yrC1Hth+3A";
    const NOBODY: &str = "ffffffff-ffff-4fff-bfff-ffffffffffff";

    fn on_each_database(test: impl Fn(&TestHost, &TestPlugin<'_>, &TestPlugin<'_>)) {
        for database in TestDatabase::available() {
            let host = TestHost::on(database, host());
            let grants = || Grants::of(["own_users:*"]).unwrap();
            test(&host, &host.as_plugin("shop", grants()), &host.as_plugin("forum", grants()));
        }
    }

    fn user_of(plugin: &TestPlugin<'_>, name: &str) -> Value {
        let request = json!({"name": name, "email": format!("{name}@example.com"), "password_hash": HASH});
        plugin.call("create_own_user", request).data()["uuid"].take()
    }

    #[test]
    fn a_plugin_sees_and_changes_only_its_own_users() {
        on_each_database(|host, shop, forum| {
            let (ada, bob) = (user_of(shop, "ada"), user_of(forum, "bob"));
            for (own, others, plugin) in [(&ada, &bob, shop), (&bob, &ada, forum)] {
                let found = plugin.call("get_own_user", json!({"uuid": own})).data();
                assert_eq!(found["uuid"], *own);
                assert_eq!(plugin.call("get_own_user", json!({"uuid": others})).data(), Value::Null);
                let changed = plugin.call("update_own_user_profile", json!({"uuid": own, "bio": "Notes"})).data();
                assert_eq!(changed["bio"], "Notes");

                let before = host.rows();
                let refused = |uuid: Value| {
                    let error = plugin.call("update_own_user_profile", json!({"uuid": uuid, "bio": "Theirs"})).error();
                    (error.code, error.message, error.field)
                };
                // Whether there is such a user is not told either.
                assert_eq!(refused(others.clone()), refused(json!(NOBODY)));
                assert_eq!(refused(others.clone()).0, ErrorCode::NotFound);
                assert_eq!(host.rows(), before);
            }
        });
    }

    #[test]
    fn the_built_in_functions_are_no_way_around() {
        on_each_database(|_, shop, forum| {
            let uuid = user_of(shop, "ada");
            for function in ["db_get_user_by_uuid", "db_update_user_profile"] {
                assert_eq!(forum.call(function, json!({"uuid": uuid})).error().code, ErrorCode::PermissionDenied);
            }
        });
    }

    #[test]
    fn a_user_without_an_owner_is_never_left_behind() {
        on_each_database(|host, shop, _| {
            host.fault_in("create_own_user", Fault::DatabaseFull);
            let before = host.rows();
            let request = json!({"name": "Ada", "email": "ada@example.com", "password_hash": HASH});
            assert_eq!(shop.call("create_own_user", request).error().code, ErrorCode::Unavailable);
            assert_eq!(host.rows(), before);
        });
    }
}

//! Secrets do not come to rest: neither in the database nor in what is shown to people.

use std::{fmt::Debug, fs};

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use hostfn::{
    CallId, Caller, Database, Disclosed, EntropySource, Grants, IdempotencyKey, PluginManager, Secret,
    db::Backend,
    functions::{
        email_verification::EmailVerificationToken,
        password_reset::PasswordResetToken,
        sessions::Session,
        users::{CreateUserRequest, User},
        values::{NewPassword, Password, PasswordHash, Token},
    },
    on_backend,
};
use hostfn_test::{TestDatabase, forwarding_guest};
use serde_json::{Value, json};

use crate::seed::{ADA, HASH};

const PASSWORD: &str = "correct horse battery staple";
const KEY: &str = "0c4a9e6e-3f1b-4d0e-9f0a-1f2d3c4b5a69";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Signs somebody up and in, through plugin calls of every kind, and reads all that was stored.
pub(crate) fn run(on: TestDatabase) -> String {
    let temporary = on.temporary();
    let database = temporary.open();
    let host =
        PluginManager::builder().functions(hostfn::functions::registry()).database(database.clone()).keep_answers();
    let manager = host.build().unwrap_or_else(|error| panic!("{error}"));
    let module = forwarding_guest(manager.functions(), true);
    let plugin = manager.load("guest", &module, Grants::all()).unwrap_or_else(|error| panic!("{error}"));
    let read = |answer: Result<Vec<u8>, hostfn::CallError>| -> Value {
        let answer = answer.unwrap_or_else(|error| panic!("{error}"));
        let answer: Value = serde_json::from_slice(&answer).expect("an answer is JSON");
        assert_eq!(answer["success"], true, "{answer}");
        answer["data"].clone()
    };
    let call = |function: &str, request: Value| read(plugin.call(function, request.to_string()));
    let text = |value: &Value| value.as_str().expect("it is a text").to_owned();

    let hash = text(&call("hash_password", json!({"password": PASSWORD})));
    call("db_create_user", json!({"uuid": ADA, "name": "Ada", "email": "ada@example.com", "password_hash": hash}));
    assert_eq!(call("verify_password", json!({"user_uuid": ADA, "password": PASSWORD}))["matches"], true);
    let lasting = json!({"user_uuid": ADA, "ttl_seconds": 3600});
    let mut secrets = vec![PASSWORD.to_owned(), KEY.to_owned()];
    for (function, member) in [
        ("db_create_session", "id"),
        ("db_create_email_verification_token", "token"),
        ("db_create_password_reset_token", "token"),
    ] {
        secrets.push(text(&call(function, lasting.clone())[member]));
        let mut own = lasting.clone();
        own[member] = json!(format!("a-{member}-of-the-guests-own-in-{function}"));
        secrets.push(text(&call(function, own)[member]));
        secrets.push(text(&read(plugin.call_atomic(function, lasting.to_string()))[member]));
    }
    let key: IdempotencyKey = KEY.parse().expect("it is a key");
    let first = read(plugin.call_idempotent(&key, "db_create_session", lasting.to_string()));
    let again = read(plugin.call_idempotent(&key, "db_create_session", lasting.to_string()));
    assert_eq!(first, again);
    secrets.push(text(&first["id"]));

    let (stored, values) = stored(&database);
    assert!(stored.contains(&hash), "what is stored was not read");
    let mut searches = 0;
    for secret in &secrets {
        // As text, and as what a binary column shows of it.
        let in_hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        for form in [secret.as_str(), &in_hexadecimal] {
            assert!(!stored.to_lowercase().contains(&form.to_lowercase()), "{secret} is stored");
            searches += 1;
        }
    }
    if on == TestDatabase::Sqlite {
        let path = temporary.url().trim_start_matches("sqlite://");
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        for file in [path.to_owned(), format!("{path}-wal")] {
            let bytes = fs::read(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
            for secret in &secrets {
                assert!(
                    !bytes.windows(secret.len()).any(|window| window == secret.as_bytes()),
                    "{secret} is in {file}"
                );
                searches += 1;
            }
        }
    }
    assert_eq!(secrets.len(), 12);
    format!("{} secrets of a flow looked for in {values} rows, {searches} searches", secrets.len())
}

/// All rows of all tables as the database itself writes them, and how many there are.
fn stored(database: &Database) -> (String, usize) {
    let query = |sql: String| -> Vec<String> {
        let lines: Vec<Line> = database
            .read(|db| Ok(on_backend!(db, |connection| sql_query(&sql).load(connection))?))
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        lines.into_iter().map(|line| line.line).collect()
    };
    let lines: Vec<String> = if database.backend() == Backend::Postgres {
        let tables =
            "SELECT relname::text AS line FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
        let rows = |table: String| query(format!("SELECT shown::text AS line FROM \"{table}\" AS shown"));
        query(tables.to_owned()).into_iter().flat_map(rows).collect()
    } else {
        let tables = "SELECT name AS line FROM sqlite_schema WHERE type = 'table'";
        let rows = |table: String| {
            let columns = query(format!("SELECT name AS line FROM pragma_table_info('{table}')"));
            let quoted: Vec<_> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
            query(format!("SELECT {} AS line FROM \"{table}\"", quoted.join(" || ',' || ")))
        };
        query(tables.to_owned()).into_iter().flat_map(rows).collect()
    };
    (lines.join("\n"), lines.len())
}

/// Everything of the built-in functions that holds a secret, as it is written for people.
pub(crate) fn debug_shows_none() {
    let secret = || Secret::new(PASSWORD);
    let token = || Token::try_from(Secret::new("a-token-of-sixteen-letters")).expect("it is a token");
    let hash = || PasswordHash::try_from(Secret::new(HASH)).expect("it is a hash");
    let caller = Caller::new("test", Grants::all(), CallId::default());
    let shown = Disclosed::to(hash(), &caller).expect("the caller may see it");
    let (user_uuid, time) = (ADA.parse().expect("it is a UUID"), "2026-01-02T03:04:05Z".parse().expect("it is a time"));
    let user = User {
        uuid: user_uuid,
        name: "Ada".to_owned(),
        email: "ada@example.com".to_owned(),
        email_verified: true,
        avatar: None,
        bio: None,
        created_at: time,
        updated_at: time,
        password_hash: Some(shown.clone()),
    };
    let request = CreateUserRequest {
        name: "Ada".to_owned().try_into().expect("it is a name"),
        email: "ada@example.com".parse().expect("it is an address"),
        password_hash: hash(),
        uuid: None,
    };
    let (created_at, expires_at) = (time, time);
    let key: IdempotencyKey = KEY.parse().expect("it is a key");
    let things: [&dyn Debug; 14] = [
        &secret(),
        &NewPassword::try_from(secret()).expect("it is a password"),
        &Password::try_from(secret()).expect("it is a password"),
        &hash(),
        &shown,
        &token(),
        &user,
        &request,
        &Session { id: token(), user_uuid, created_at, expires_at },
        &EmailVerificationToken { token: token(), user_uuid, created_at, expires_at },
        &PasswordResetToken { token: token(), user_uuid, created_at, expires_at },
        &key,
        &EntropySource::seeded(1),
        &EntropySource::seeded(1).for_call("test", "test", b""),
    ];
    for thing in things {
        for written in [format!("{thing:?}"), format!("{thing:#?}")] {
            for secret in [PASSWORD, HASH, "a-token-of-sixteen-letters", KEY] {
                assert!(!written.contains(secret), "{written}");
            }
        }
    }
    assert_eq!(format!("{:?}", secret()), "<secret>");
}

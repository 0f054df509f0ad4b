use std::collections::BTreeSet;

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use hostfn::{Database, PluginManager, db::Backend, on_backend};
use serde_json::Value;

use crate::seed;

/// What stands in no error.
pub(super) struct Forbidden {
    /// Wherever they stand.
    texts: Vec<String>,
    /// As words of their own, in whatever case.
    names: Vec<String>,
}

/// Words of SQL, which nobody else writes in capitals.
const SQL: [&str; 16] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "RETURNING",
    "FROM",
    "WHERE",
    "VALUES",
    "INTO",
    "SET",
    "CONSTRAINT",
    "CHECK",
    "UNIQUE",
    "FOREIGN KEY",
    "PRAGMA",
    "BEGIN",
];

/// What tells of how the host is built and where it is.
const HOST: [&str; 14] = [
    "diesel",
    "sqlite",
    "postgres",
    "libpq",
    "r2d2",
    "wasm backtrace",
    "stack backtrace",
    "panicked",
    "src/",
    ".rs",
    "/tmp",
    "127.0.0.1",
    "localhost",
    "migrat",
];

/// Secrets: in no error, and in no log.
pub(super) const SECRETS: [&str; 10] = [
    seed::HASH,
    seed::SESSION,
    seed::VERIFICATION,
    seed::RESET,
    seed::OTHER_HASH,
    seed::OTHER_SESSION,
    seed::OTHER_VERIFICATION,
    seed::OTHER_RESET,
    "correct horse",
    UNREADABLE_HASH,
];

/// What a test stores where the hash of a password should be.
pub(super) const UNREADABLE_HASH: &str = "$argon2id$zebulons-unreadable-hash";

/// What a test has a database or a panic say.
pub(super) const SAID: &str = "the hidden words";

/// The beginning of every name that a test gives to something in the database.
const HIDDEN: &str = "hidden";

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Forbidden {
    /// As the database has it now.
    pub(super) fn new(manager: &PluginManager, database: &Database, url: &str) -> Self {
        let of_others = [
            seed::OTHER,
            seed::OTHER_NAME,
            seed::OTHER_EMAIL,
            seed::OTHER_AVATAR,
            seed::OTHER_BIO,
            "zebulon",
            "xanthippe",
        ];
        let mut texts: Vec<_> = [&HOST[..], &SECRETS, &of_others, &[SAID, HIDDEN]].concat();
        let place = url.split_once("://").map_or(url, |(_, place)| place);
        // `host` is the name of a parameter there, and what errors call this program.
        let parts = place.split(['/', '@', '?', ':', '=', '&']).filter(|part| part.len() > 3 && *part != "host");
        texts.extend(parts);
        texts.extend([url, place]);
        let texts = texts.into_iter().map(str::to_lowercase).collect();

        let mut fields = BTreeSet::new();
        for function in manager.functions() {
            collect_fields(function.request_schema().as_value(), &mut fields);
            collect_fields(function.response_schema().as_value(), &mut fields);
        }
        let names: Vec<_> =
            names(database).into_iter().map(|name| name.to_lowercase()).filter(|name| !fields.contains(name)).collect();
        for expected in ["users", "email_key", "sessions_of_user", "token_sha256"] {
            assert!(names.iter().any(|name| name == expected), "`{expected}` is not in {names:?}");
        }
        let forbidden = Self { texts, names };
        // It would be nothing to find nothing, if nothing could be found.
        for text in ["near SELECT", "in users", "users.email_key", "of ZEBULON", url, "at src/users.rs:7", seed::HASH] {
            assert!(!forbidden.found_in(text).is_empty(), "{text} would not be noticed");
        }
        let allowed = "plugin `guest` was not granted `users:read`";
        assert!(forbidden.found_in(allowed).is_empty(), "{:?}", forbidden.found_in(allowed));
        forbidden
    }

    /// What of it stands in a text.
    pub(super) fn found_in(&self, text: &str) -> Vec<&str> {
        let lower = text.to_lowercase();
        let texts = self.texts.iter().filter(|forbidden| lower.contains(*forbidden));
        let names = self.names.iter().filter(|name| has_word(&lower, name));
        let sql = SQL.into_iter().filter(|word| has_word(text, word));
        texts.chain(names).map(String::as_str).chain(sql).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len() + self.names.len() + SQL.len()
    }
}

/// Tables, columns, indexes and constraints.
fn names(database: &Database) -> Vec<String> {
    let sql = match database.backend() {
        Backend::Postgres => {
            "SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace \
             UNION SELECT attname::text FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid \
             WHERE relnamespace = 'public'::regnamespace AND attnum > 0 \
             UNION SELECT conname::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
        }
        _ => {
            "SELECT name FROM sqlite_schema UNION SELECT columns.name FROM sqlite_schema AS tables, \
             pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'"
        }
    };
    let names: Vec<Name> = database
        .read(|db| Ok(on_backend!(db, |connection| sql_query(sql).load(connection))?))
        .unwrap_or_else(|error| panic!("{error:?}"));
    names.into_iter().map(|name| name.name).collect()
}

/// What guests call the members of requests and answers.
fn collect_fields(schema: &Value, fields: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(properties) = members.get("properties").and_then(Value::as_object) {
                fields.extend(properties.keys().cloned());
            }
            members.values().for_each(|member| collect_fields(member, fields));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_fields(item, fields)),
        _ => {}
    }
}

/// Whether a word stands in a text, and not as a part of a longer one. The permission `users:read` is one word.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(position, _)| {
        let after = &text[position + word.len()..];
        let goes_on = after.starts_with(is_part)
            || after.strip_prefix(':').is_some_and(|below| below.starts_with(|c: char| is_part(c) || c == '*'));
        !text[..position].ends_with(is_part) && !goes_on
    })
}

//! The host that a case meets: a database with somebody's account in it, and another plugin that must go on working.

use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text};
use hostfn::{
    Database, ErrorCode, Grants, HostCall, LimitChanges, LoadError, Observer, Plugin, PluginManager, PluginOptions,
};
use hostfn_test::forwarding_guest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{
    case::{Case, ClosedBy, Mode, Module, Outcome, ensure},
    guest,
    log::Log,
};

/// Everything that a case needs.
pub(crate) struct World<'a> {
    pub(crate) manager: PluginManager,
    pub(crate) log: Log,
    errors: Arc<Errors>,
    case: &'a Case,
    /// Whether the case's defence is off.
    without: bool,
    bystander: Plugin,
    /// The user that the bystander made.
    pub(crate) victim: Value,
    rows: Vec<String>,
    folder: TempDir,
}

/// A hash of nothing in particular, with as little work in it as argon2 takes.
const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$RGb4QDWADbw8yrC1Hth+3A";

impl<'a> World<'a> {
    pub(crate) fn new(case: &'a Case, mode: Mode, without: bool) -> Result<Self, Box<dyn Error>> {
        let log = Log::start();
        let folder = tempfile::tempdir()?;
        let database = Database::open(&format!("sqlite://{}?durability=normal", file(&folder)))?;
        let errors = Arc::<Errors>::default();
        let builder = PluginManager::builder().database(database).observer(errors.clone());
        let builder = (case.host)(builder.functions(hostfn::functions::registry()).functions(crate::registry()));
        let builder = match case.closed_by {
            ClosedBy::Host(otherwise) if without => otherwise(builder),
            _ => builder,
        };
        let builder = if mode == Mode::Plain { builder.without_adapter() } else { builder };
        let manager = builder.build()?;
        let module = forwarding_guest(hostfn::functions::registry().functions(), true);
        let grants = Grants::of(["users:*", "sessions:*", "email_verification:*", "password_reset:*"])?;
        let bystander = manager.load("bystander", &module, grants)?;
        let victim = ask(
            &bystander,
            "db_create_user",
            json!({"name": "Ada", "email": "ada@example.com", "password_hash": HASH}),
        )?;
        let of_her = json!({"user_uuid": victim["uuid"], "ttl_seconds": 3600});
        for function in ["db_create_session", "db_create_email_verification_token", "db_create_password_reset_token"] {
            ask(&bystander, function, of_her.clone())?;
        }
        let rows = rows(&folder)?;
        Ok(Self { manager, log, errors, case, without, bystander, victim, rows, folder })
    }

    /// Loads a guest as the case says, and what closes it where that is taken away.
    pub(crate) fn load_as(&self, name: &str, module: &Module) -> Result<Plugin, LoadError> {
        self.load_with(name, module, self.case.limits)
    }

    /// As [`load_as`](Self::load_as), with other limits than the case's.
    pub(crate) fn load_with(
        &self,
        name: &str,
        module: &Module,
        change: impl FnOnce(&mut LimitChanges),
    ) -> Result<Plugin, LoadError> {
        let bytes = match module {
            Module::Forwarding => forwarding_guest(self.manager.functions(), true),
            Module::Guest(body) => wat::parse_str(guest::guest(body)).expect("a case's guest is valid text"),
            Module::Text(text) => wat::parse_str(text).expect("a case's module is valid text"),
            Module::Bytes(bytes) => bytes.clone(),
        };
        let case = self.case;
        let mut limits = LimitChanges::default();
        change(&mut limits);
        let mut grants = case.grants.to_vec();
        let mut is_strict = case.is_strict;
        if self.without {
            match case.closed_by {
                ClosedBy::Limit(lift) => lift(&mut limits),
                ClosedBy::Grants(more) => grants.extend(more),
                ClosedBy::Strictness => is_strict = false,
                ClosedBy::Defence(_) | ClosedBy::Host(_) | ClosedBy::Adapter => {}
            }
        }
        let options = PluginOptions::from(Grants::of(grants).expect("a case's grants are permissions")).limits(limits);
        self.manager.load(name, &bytes, if is_strict { options.strict() } else { options })
    }

    /// The case's guest, loaded as the case says.
    pub(crate) fn load(&self) -> Result<Plugin, LoadError> {
        self.load_as(self.case.plugin, &self.case.module)
    }

    /// As [`load`](Self::load), where that must succeed.
    pub(crate) fn attacker(&self) -> Result<Plugin, String> {
        self.load().map_err(|error| format!("it was not loaded: {error}"))
    }

    /// What it is the host of.
    pub(crate) fn case(&self) -> &Case {
        self.case
    }

    /// That the other plugin works, and the database is as it was.
    pub(crate) fn check(&self) -> Outcome {
        self.database_is_intact()?;
        let request = json!({"name": "Bob", "email": "bob@example.com", "password_hash": HASH});
        let made = ask(&self.bystander, "db_create_user", request)?;
        let read = ask(&self.bystander, "db_get_user_by_email", json!({"email": "bob@example.com"}))?;
        ensure(made == read, || format!("the other plugin made {made} and read {read}"))?;
        let uuid = &self.victim["uuid"];
        let read = ask(&self.bystander, "db_get_user_by_uuid", json!({"uuid": uuid}))?;
        ensure(read == self.victim, || format!("the other plugin's user is {read}"))
    }

    fn database_is_intact(&self) -> Outcome {
        let rows = rows(&self.folder).map_err(|error| format!("the database cannot be read: {error}"))?;
        ensure(rows == self.rows, || format!("the database has {rows:?} and had {:?}", self.rows))
    }

    /// With which errors host calls have ended.
    pub(crate) fn errors(&self) -> Vec<ErrorCode> {
        self.errors.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where the database is.
    pub(crate) fn file(&self) -> String {
        file(&self.folder)
    }
}

/// The errors with which host calls ended.
#[derive(Default)]
struct Errors(Mutex<Vec<ErrorCode>>);

impl Observer for Errors {
    fn host_call(&self, call: &HostCall<'_>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(call.error);
    }
}

fn file(folder: &TempDir) -> String {
    folder.path().join("app.db").display().to_string()
}

/// What a host function answers, which must be a success.
fn ask(plugin: &Plugin, function: &str, request: Value) -> Result<Value, String> {
    let output = plugin.call(function, request.to_string()).map_err(|error| format!("the other plugin: {error}"))?;
    let mut answer: Value = serde_json::from_slice(&output).map_err(|error| format!("the other plugin: {error}"))?;
    ensure(answer["success"] == true, || format!("the other plugin was answered {answer}"))?;
    Ok(answer["data"].take())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    row: String,
}

/// Everything in the database, and first what it says of its own state: read by a connection that no plugin has.
fn rows(folder: &TempDir) -> Result<Vec<String>, Box<dyn Error>> {
    const QUERIES: [&str; 6] = [
        "SELECT integrity_check AS row FROM pragma_integrity_check",
        "SELECT \"table\" || ' refers to nothing' AS row FROM pragma_foreign_key_check",
        "SELECT concat_ws('|', uuid, name, email, email_key, email_verified, password_hash, avatar, bio, created_at,
            updated_at) AS row FROM users ORDER BY uuid",
        "SELECT concat_ws('|', hex(id_sha256), user_uuid, created_at, expires_at) AS row FROM sessions ORDER BY 1",
        "SELECT concat_ws('|', hex(token_sha256), user_uuid, created_at, expires_at) AS row
            FROM email_verification_tokens ORDER BY 1",
        "SELECT concat_ws('|', hex(token_sha256), user_uuid, created_at, expires_at) AS row
            FROM password_reset_tokens ORDER BY 1",
    ];
    let mut connection = SqliteConnection::establish(&file(folder))?;
    let mut rows = Vec::new();
    for query in QUERIES {
        rows.extend(sql_query(query).load::<Row>(&mut connection)?.into_iter().map(|row| row.row));
    }
    Ok(rows)
}

//! One plugin and one host on two databases, with nothing changed but a URL.
//!
//! ```sh
//! cargo run -- sqlite://app.db
//! cargo run -- postgres://app@localhost/app
//! ```
//!
//! Without a URL it is done on both, on a SQLite file and a PostgreSQL server that are there for a moment, and what the
//! plugin answered is compared byte for byte. For that the two hosts are given the same time and the same randomness; all
//! else is as on any host.

use std::{env, error::Error, process::ExitCode};

use hostfn::{CallError, Clock, Database, EntropySource, Grants, Plugin, PluginManager};
use hostfn_test::TestDatabase;
use serde_json::{Value, json};

/// The plugin, as `cargo xtask guests` compiled it from `test-plugins/auth`.
const PLUGIN: &[u8] = include_bytes!("../../../test-plugins/prebuilt/auth.wasm");

const GRANTS: [&str; 5] = ["users:*", "sessions:*", "email_verification:*", "password_reset:*", "credentials:verify"];

/// What an export answered, or failed with.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    export: &'static str,
    text: String,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    match env::args().nth(1) {
        Some(url) => {
            let answers = play(&url, Clock::system(), EntropySource::system())?;
            println!("{}", Database::open(&url)?.url());
            show(&answers);
            Ok(ExitCode::SUCCESS)
        }
        None => compare(),
    }
}

/// Does it on both, and says whether the answers are the same.
fn compare() -> Result<ExitCode, Box<dyn Error>> {
    let sqlite = repeatably(TestDatabase::Sqlite)?;
    println!("on SQLite");
    show(&sqlite);
    if let Some(reason) = TestDatabase::Postgres.unavailable() {
        println!("not done on PostgreSQL: {reason}");
        // In CI, what was not tried is not known to work.
        return Ok(if TestDatabase::skipping_fails() { ExitCode::FAILURE } else { ExitCode::SUCCESS });
    }
    let postgres = repeatably(TestDatabase::Postgres)?;
    if sqlite == postgres {
        println!("on PostgreSQL, the same: {} answers, byte for byte", postgres.len());
        return Ok(ExitCode::SUCCESS);
    }
    println!("on PostgreSQL, which is not the same");
    show(&postgres);
    Ok(ExitCode::FAILURE)
}

/// The answers on a database that is there for a moment, at a time that stands still and with randomness that can be
/// foreseen. Never for anybody's accounts.
fn repeatably(database: TestDatabase) -> Result<Vec<Answer>, Box<dyn Error>> {
    let clock = Clock::fixed("2026-01-02T03:04:05Z".parse()?);
    play(database.temporary().url(), clock, EntropySource::seeded(1))
}

/// The host and its plugin. What database it is, nothing here knows but the URL.
fn play(url: &str, clock: Clock, entropy: EntropySource) -> Result<Vec<Answer>, Box<dyn Error>> {
    let manager = PluginManager::builder()
        .functions(hostfn::functions::registry())
        .database(Database::open(url)?)
        .clock(clock.clone())
        .entropy(entropy)
        .build()?;
    let plugin = manager.load("auth", PLUGIN, Grants::of(GRANTS)?)?;

    // Another address each time, for a database that is kept.
    let email = format!("Ada.{}@example.com", clock.now().microseconds());
    let mut steps = Steps { plugin, answers: Vec::new() };
    let account = json!({"name": "Ada", "email": email, "password": "correct horse"});
    let signed_up = steps.call("sign_up", &account)?;
    // An address is unique whatever its case, on both.
    steps.call("sign_up", &json!({"name": "Eve", "email": email.to_uppercase(), "password": "wrong horse"}))?;
    steps.call("verify_email", &json!({"token": signed_up["verification_token"]}))?;
    steps.call("sign_in", &json!({"email": email, "password": "wrong horse"}))?;
    let signed_in = steps.call("sign_in", &json!({"email": email.to_lowercase(), "password": "correct horse"}))?;
    let session = &signed_in["session_id"];
    steps.call("update_profile", &json!({"session_id": session, "bio": "Notes, é 漢字 🎉"}))?;
    let requested = steps.call("request_password_reset", &json!({"email": email}))?;
    steps.call("reset_password", &json!({"token": requested["reset_token"], "password": "battery staple"}))?;
    steps.call("check_session", &json!({"session_id": session}))?;
    Ok(steps.answers)
}

struct Steps {
    plugin: Plugin,
    answers: Vec<Answer>,
}

impl Steps {
    /// Calls an export, as one transaction, and keeps what it answered. That it fails may be what is wanted.
    fn call(&mut self, export: &'static str, input: &Value) -> Result<Value, Box<dyn Error>> {
        let text = match self.plugin.call_atomic(export, input.to_string()) {
            Ok(output) => String::from_utf8(output)?,
            Err(CallError::Failed { message, .. }) => message,
            Err(error) => return Err(error.into()),
        };
        let answer = serde_json::from_str(&text)?;
        self.answers.push(Answer { export, text });
        Ok(answer)
    }
}

/// Shows the answers, without what opens an account.
fn show(answers: &[Answer]) {
    for Answer { export, text } in answers {
        let Ok(Value::Object(mut answer)) = serde_json::from_str(text) else { continue };
        for (name, value) in &mut answer {
            if (name == "session_id" || name.ends_with("_token")) && !value.is_null() {
                *value = "…".into();
            }
        }
        println!("  {export} {}", Value::Object(answer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_answer_the_same() -> Result<(), Box<dyn Error>> {
        let sqlite = repeatably(TestDatabase::Sqlite)?;
        let (succeeded, failed): (Vec<_>, Vec<_>) =
            sqlite.iter().partition(|answer| !answer.text.contains(r#""code":"#));
        assert_eq!(succeeded.len(), 6);
        let failed: Vec<_> = failed.iter().map(|answer| answer.text.split('"').nth(3).unwrap_or_default()).collect();
        assert_eq!(failed, ["conflict", "invalid_credentials", "invalid_session"]);
        for database in TestDatabase::available() {
            assert_eq!(repeatably(database)?, sqlite, "{database}");
        }
        Ok(())
    }

    /// The second time on a database that was kept.
    #[test]
    fn it_can_be_done_again() -> Result<(), Box<dyn Error>> {
        for database in TestDatabase::available() {
            let database = database.temporary();
            let play = || play(database.url(), Clock::system(), EntropySource::system());
            let (first, second) = (play()?, play()?);
            assert_eq!(first.len(), second.len());
            assert_ne!(first, second);
        }
        Ok(())
    }
}

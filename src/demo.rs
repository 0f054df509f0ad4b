//! `hostfn demo`: the main job, with nothing to set up.

use std::{io::Write, sync::Arc, time::Instant};

use anstyle::{AnsiColor, Style};
use clap::Args;
use hostfn::{CallError, Database, Grants, Plugin, PluginManagerBuilder};
use hostfn_cli::{Failure, Trace};
use serde_json::{Value, json};

/// The plugin, as `cargo xtask guests` compiled it from `test-plugins/auth`.
const PLUGIN: &[u8] = include_bytes!("../test-plugins/prebuilt/auth.wasm");

/// What it may do. It needs no `credentials:read`: the host compares passwords for it.
const GRANTS: [&str; 5] = ["users:*", "sessions:*", "email_verification:*", "password_reset:*", "credentials:verify"];

/// The arguments of `demo`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn demo
  hostfn demo --database sqlite://demo.db
  hostfn demo --database postgres://app@localhost/demo")]
pub(crate) struct DemoArguments {
    /// The database, such as sqlite://demo.db or postgres://app@localhost/demo; one in memory is gone afterwards
    #[arg(long, value_name = "URL", default_value = "sqlite::memory:")]
    database: String,
}

const EXPORT: Style = AnsiColor::Green.on_default().bold();
const FAILURE: Style = AnsiColor::Red.on_default();
const ASIDE: Style = Style::new().dimmed();

pub(crate) fn run(arguments: &DemoArguments, host: PluginManagerBuilder) -> Result<(), Failure> {
    let started = Instant::now();
    let trace = Arc::new(Trace::default());
    let database = Database::open(&arguments.database)?;
    // As it is shown, without a password.
    let (manager, database) =
        (host.observer(trace.clone()).database(database.clone()).build()?, database.url().to_string());
    let grants = Grants::of(GRANTS)?;
    let granted = grants.iter().collect::<Vec<_>>().join(", ");
    let plugin = manager.load("auth", PLUGIN, grants)?;

    let mut demo = Demo { plugin, trace, plugin_calls: 0, host_calls: 0 };
    demo.say("Plugin `auth`, compiled to WebAssembly, was granted", &granted)?;
    demo.say("Its host functions keep their records in", &database)?;
    demo.play()?;
    let (plugin_calls, host_calls) = (demo.plugin_calls, demo.host_calls);
    let took = started.elapsed().as_secs_f64();
    demo.say(
        "\nThe flow is complete:",
        &format!("{plugin_calls} plugin calls, {host_calls} host calls, {took:.2} s in all"),
    )
}

struct Demo {
    plugin: Plugin,
    trace: Arc<Trace>,
    plugin_calls: usize,
    host_calls: usize,
}

impl Demo {
    /// Somebody's first day: what works, and what must not.
    fn play(&mut self) -> Result<(), Failure> {
        let (email, password, better) = ("ada@example.com", "correct horse", "correct horse battery staple");

        let signed_up =
            self.expect("sign_up", json!({"name": "Ada Lovelace", "email": email, "password": password}))?;
        self.expect_failure("sign_in", json!({"email": email, "password": password}), "email_not_verified")?;
        self.expect("verify_email", json!({"token": signed_up["verification_token"]}))?;
        self.expect_failure("sign_in", json!({"email": email, "password": "wrong horse"}), "invalid_credentials")?;
        let signed_in = self.expect("sign_in", json!({"email": email, "password": password}))?;
        let session = &signed_in["session_id"];
        self.expect("check_session", json!({"session_id": session}))?;
        self.expect("update_profile", json!({"session_id": session, "bio": "Notes on the Analytical Engine"}))?;

        let requested = self.expect("request_password_reset", json!({"email": "ADA@example.com"}))?;
        // To use the token up, set the password and end all sessions is one thing or nothing.
        self.expect_atomic("reset_password", json!({"token": requested["reset_token"], "password": better}))?;
        self.expect_failure("check_session", json!({"session_id": session}), "invalid_session")?;
        let signed_in = self.expect("sign_in", json!({"email": email, "password": better}))?;
        self.expect("sign_out", json!({"session_id": signed_in["session_id"]}))?;
        Ok(())
    }

    fn expect(&mut self, export: &str, input: Value) -> Result<Value, Failure> {
        let outcome = self.call(export, &input, false)?;
        self.expected(export, outcome)
    }

    fn expect_atomic(&mut self, export: &str, input: Value) -> Result<Value, Failure> {
        let outcome = self.call(export, &input, true)?;
        self.expected(export, outcome)
    }

    fn expected(&self, export: &str, outcome: Result<Value, Value>) -> Result<Value, Failure> {
        match outcome {
            Ok(output) => Ok(output),
            Err(failure) if failure["code"] == "conflict" => {
                Err("ada@example.com is in this database already: name another with --database".into())
            }
            Err(failure) => {
                let failure = self.trace.mask(&failure.to_string());
                Err(format!("`{export}` was to succeed, and failed: {failure}").into())
            }
        }
    }

    fn expect_failure(&mut self, export: &str, input: Value, code: &str) -> Result<(), Failure> {
        match self.call(export, &input, false)? {
            Err(failure) if failure["code"] == code => Ok(()),
            Ok(output) | Err(output) => {
                let output = self.trace.mask(&output.to_string());
                Err(format!("`{export}` was to fail with `{code}`, and there came {output}").into())
            }
        }
    }

    /// Calls an export and shows the call, the host calls that it made, and how it ended.
    fn call(&mut self, export: &str, input: &Value, is_atomic: bool) -> Result<Result<Value, Value>, Failure> {
        let started = Instant::now();
        let text = input.to_string();
        let outcome = if is_atomic { self.plugin.call_atomic(export, text) } else { self.plugin.call(export, text) };
        let outcome = match outcome {
            Ok(output) => Ok(serde_json::from_slice(&output)?),
            Err(CallError::Failed { message, .. }) => Err(serde_json::from_str(&message).unwrap_or(message.into())),
            Err(error) => return Err(error.into()),
        };
        let took = started.elapsed().as_secs_f64() * 1000.0;

        // Which of the input is secret shows in the host calls, so that it is printed after them all.
        let mut out = anstream::stdout().lock();
        let atomic = if is_atomic { " (atomic)" } else { "" };
        writeln!(out, "\n{EXPORT}{export}{EXPORT:#}{atomic} {}", self.trace.mask(&input.to_string()))?;
        self.host_calls += self.trace.print_host_calls(&mut out)?;
        self.plugin_calls += 1;
        match &outcome {
            Ok(output) => {
                writeln!(out, "  answers {} {ASIDE}{took:.2} ms{ASIDE:#}", self.trace.mask(&Value::to_string(output)))?
            }
            Err(failure) => writeln!(
                out,
                "  {FAILURE}fails{FAILURE:#} {} {ASIDE}{took:.2} ms{ASIDE:#}",
                self.trace.mask(&Value::to_string(failure))
            )?,
        }
        Ok(outcome)
    }

    fn say(&self, what: &str, value: &str) -> Result<(), Failure> {
        writeln!(anstream::stdout(), "{what} {ASIDE}{value}{ASIDE:#}")?;
        Ok(())
    }
}

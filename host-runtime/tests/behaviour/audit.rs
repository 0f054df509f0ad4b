use std::{
    io,
    sync::{Arc, Mutex},
};

use hostfn_runtime::{AuditLog, Clock, Database, Grants, PluginManager, Secret, host_fn};
use hostfn_test::forwarding_guest;
use serde_json::{Value, json};

use crate::functions::{answer, builder};

/// Takes a note and a secret, and answers both.
#[host_fn(permission = "notes:write")]
fn keep_secret(name: String, secret: Secret) -> String {
    format!("{name} {}", secret.expose())
}

/// What was written, for a test to read.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Written {
    /// The lines, without how long each took.
    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines
            .map(|mut line| {
                assert!(line.as_object_mut().unwrap().remove("microseconds").unwrap().is_u64());
                line
            })
            .collect()
    }
}

fn host(audit: AuditLog) -> PluginManager {
    builder()
        .database(Database::open("sqlite::memory:").unwrap())
        .clock(Clock::fixed("2026-01-02T03:04:05Z".parse().unwrap()))
        .observer(Arc::new(audit))
        .build()
        .unwrap()
}

#[test]
fn every_call_that_writes_is_recorded_and_none_that_reads() {
    let written = Written::default();
    let manager = host(AuditLog::new(written.clone()));
    let module = forwarding_guest(manager.functions(), true);
    let writer = manager.load("writer", &module, Grants::all()).unwrap();
    let stranger = manager.load("stranger", &module, Grants::none()).unwrap();
    answer(&writer, "count_notes", "");
    answer(&writer, "add_note", json!({"text": "hunter22"}).to_string());
    answer(&stranger, "add_note", json!({"text": "hunter22"}).to_string());
    answer(&writer, "add_note", "no JSON");
    let lines = written.lines();
    let told: Vec<_> = lines.iter().map(|line| (line["plugin"].as_str(), line["outcome"].as_str())).collect();
    assert_eq!(
        told,
        [
            (Some("writer"), Some("success")),
            (Some("stranger"), Some("permission_denied")),
            (Some("writer"), Some("invalid_request"))
        ]
    );
    assert_eq!(
        lines[0],
        json!({
            "time": "2026-01-02T03:04:05.000000Z", "plugin": "writer", "function": "add_note",
            "permission": "notes:write", "call_id": lines[0]["call_id"], "atomic": false, "outcome": "success",
        })
    );
    assert!(lines[0]["call_id"].as_str().unwrap().ends_with("/1"));
}

#[test]
fn an_atomic_plugin_call_is_told_of_when_it_is_known_what_became_of_it() {
    let written = Written::default();
    let manager = host(AuditLog::new(written.clone()));
    let plugin = manager.load("writer", &forwarding_guest(manager.functions(), true), Grants::all()).unwrap();
    plugin.call_atomic("add_note", json!({"text": "kept"}).to_string()).unwrap();
    plugin.call_atomic("count_notes", "").unwrap();
    // The panic loses the connection, and with it all that the plugin call did.
    plugin.call_atomic("add_note_and_panic", json!({"text": "lost"}).to_string()).unwrap_err();
    let lines = written.lines();
    let told: Vec<_> = lines
        .iter()
        .map(|line| line["function"].as_str().or(line["export"].as_str()).unwrap())
        .zip(lines.iter().map(|line| line["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("add_note", "success"),
            ("add_note", "committed"),
            ("add_note_and_panic", "internal"),
            ("add_note_and_panic", "undone")
        ]
    );
    let call_id = lines[0]["call_id"].as_str().unwrap();
    assert_eq!(call_id, format!("{}/1", lines[1]["plugin_call"].as_str().unwrap()));
}

#[test]
fn a_request_is_recorded_when_it_is_told_to_and_its_secrets_never() {
    let written = Written::default();
    let manager = host(AuditLog::new(written.clone()).with_requests());
    let plugin = manager.load("writer", &forwarding_guest(manager.functions(), true), Grants::all()).unwrap();
    answer(&plugin, "keep_secret", json!({"name": "Ada", "secret": "hunter22"}).to_string());
    answer(&plugin, "keep_secret", json!({"name": "Ada", "secret": 12345678}).to_string());
    answer(&plugin, "keep_secret", r#"{"name": "Ada", "secret": "hunter22""#);
    let requests: Vec<_> = written.lines().into_iter().map(|line| line["request"].clone()).collect();
    let hidden = json!({"name": "Ada", "secret": "<secret 1>"});
    assert_eq!(requests, [hidden.clone(), hidden, Value::Null]);
}

#[test]
fn a_log_that_cannot_be_written_ends_no_call() {
    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let manager = host(AuditLog::new(Full));
    let plugin = manager.load("writer", &forwarding_guest(manager.functions(), true), Grants::all()).unwrap();
    assert_eq!(answer(&plugin, "add_note", json!({"text": "kept"}).to_string())["success"], true);
}

#[test]
fn a_file_is_appended_to_and_is_its_owners() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    for lines in 1..=2 {
        let manager = host(AuditLog::append_to(&path).unwrap());
        let plugin = manager.load("writer", &forwarding_guest(manager.functions(), true), Grants::all()).unwrap();
        answer(&plugin, "add_note", json!({"text": "kept"}).to_string());
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), lines);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

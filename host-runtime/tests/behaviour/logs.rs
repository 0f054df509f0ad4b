//! What is logged: who, what, how it ended and how long it took, and never a secret.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tracing_subscriber::{filter::EnvFilter, fmt::format::FmtSpan};

use crate::functions::{answer, forwarding, in_memory};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that the runtime logs while `body` runs on this thread.
pub(crate) fn logged(body: impl FnOnce()) -> String {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("hostfn_runtime=trace"))
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        // Another test that comes to a span for the first time, just when this subscriber is made, notes for good that
        // nobody wants it: the note is made after the subscriber has asked for all there are. Whoever asks later is heard.
        for _ in 0..20 {
            std::thread::sleep(std::time::Duration::from_millis(1));
            tracing::callsite::rebuild_interest_cache();
        }
        body();
    });
    let bytes = captured.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_call_is_a_span_and_a_secret_is_in_none() {
    let log = logged(|| {
        let plugin = forwarding(&in_memory());
        for (then, code) in [("succeed", None), ("fail", Some("not_found")), ("panic", Some("internal"))] {
            let request = format!(r#"{{"password": "hunter2", "then": "{then}"}}"#);
            assert_eq!(answer(&plugin, "take_secret", request)["error"]["code"].as_str(), code);
        }
        answer(&plugin, "take_secret", r#"{"password": ["hunter2"], "then": "succeed"}"#);
        answer(&plugin, "take_secret", r#"{"password": "hunter2", "then": 5}"#);
    });
    assert!(!log.contains("hunter2"), "{log}");
    for part in [
        "plugin_call{plugin=\"forwarding\" export=\"take_secret\"",
        "host_call{plugin=\"forwarding\" function=\"take_secret\" call=",
        "outcome=\"success\"",
        "outcome=\"not_found\"",
        "outcome=\"internal\"",
        "outcome=\"invalid_request\"",
        "microseconds=",
    ] {
        assert!(log.contains(part), "`{part}` is not in\n{log}");
    }
}

#[test]
fn what_the_guest_is_not_told_is_logged_under_the_calls_id() {
    let mut call_id = String::new();
    let log = logged(|| {
        let answer = answer(&forwarding(&in_memory()), "panic_now", "");
        call_id = answer["error"]["call_id"].as_str().unwrap().to_owned();
    });
    let line = log.lines().find(|line| line.contains("ERROR")).unwrap();
    assert!(line.contains(&call_id) && line.contains("the text of the panic"), "{line}");
}

#[test]
fn a_guest_cannot_write_a_line_of_the_log() {
    let log = logged(|| {
        answer(&forwarding(&in_memory()), "add_note_and_panic", r#"{"text": "a\n2026-01-01T00:00:00Z ERROR forged"}"#);
    });
    assert!(log.contains("forged"), "{log}");
    assert!(log.lines().all(|line| !line.starts_with("2026-01-01T00:00:00Z ERROR forged")), "{log}");
}

//! What the tests of all entities share.

use std::path::Path;

use hostfn::Grants;
use hostfn_test::{TestHost, Transcript};
use serde_json::{Value, json};

/// A hash of nothing in particular, with as little work in it as argon2 takes.
pub(crate) const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$RGb4QDWADbw8yrC1Hth+3A";

/// The UUID of nobody.
pub(crate) const NOBODY: &str = "ffffffff-ffff-4fff-bfff-ffffffffffff";

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A host of the built-in functions.
pub(crate) fn host() -> TestHost {
    TestHost::new(hostfn::functions::registry())
}

/// Creates Ada and answers her UUID.
pub(crate) fn ada(host: &TestHost) -> Value {
    create_user(host, "Ada Lovelace", "Ada@example.com")
}

/// Creates Bob and answers his UUID.
pub(crate) fn bob(host: &TestHost) -> Value {
    create_user(host, "Bob", "bob@example.com")
}

fn create_user(host: &TestHost, name: &str, email: &str) -> Value {
    let request = json!({"name": name, "email": email, "password_hash": HASH});
    host.call("db_create_user", request).data()["uuid"].take()
}

/// Compares a transcript with the accepted one, `snapshots/<entity>/<operation>.<case>.snap`.
pub(crate) fn assert_transcript(entity: &str, operation: &str, case: &str, transcript: &Transcript) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join("snapshots").join(entity));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("{operation}.{case}"), transcript));
}

/// One operation of one entity, under test.
pub(crate) struct Operation<'a> {
    pub(crate) host: &'a TestHost,
    pub(crate) entity: &'static str,
    pub(crate) name: &'static str,
}

impl Operation<'_> {
    /// Calls it, pins the transcript, and answers the data.
    pub(crate) fn succeeds(&self, case: &str, request: Value) -> Value {
        let mut data = Value::Null;
        let transcript = self.host.record(|| data = self.host.call(self.name, request).data());
        assert_transcript(self.entity, self.name, case, &transcript);
        data
    }

    /// Calls it with what it must refuse, and pins the transcript. Nothing may have changed.
    pub(crate) fn refuses(&self, case: &str, request: Value) {
        let transcript = self.host.record(|| drop(self.host.call(self.name, request).error()));
        assert!(transcript.effect().is_empty(), "{} failed and changed the database\n{transcript}", self.name);
        assert_transcript(self.entity, self.name, case, &transcript);
    }

    /// What every operation refuses: a request that differs from a good one by a member of the
    /// wrong type, or by one too many, and a caller without the permission.
    pub(crate) fn refuses_what_all_refuse(&self, good: &Value, member: &str, wrong: Value) {
        let with = |member: &str, value| {
            let mut request = good.clone();
            request[member] = value;
            request
        };
        self.refuses("wrong_shape", with(member, wrong));
        self.refuses("unknown_field", with("nickname", json!("countess")));

        let outsider = self.host.as_plugin("outsider", Grants::none());
        let transcript = self.host.record(|| drop(outsider.call(self.name, good).error()));
        assert!(transcript.effect().is_empty(), "{} was denied and changed the database\n{transcript}", self.name);
        assert_transcript(self.entity, self.name, "permission_denied", &transcript);
    }
}

//! What the tests of all entities share.

use std::{
    env,
    fs::OpenOptions,
    io::Write,
    path::Path,
    sync::{Mutex, PoisonError},
};

use hostfn::Grants;
use hostfn_test::{TestHost, Transcript};
use serde_json::{Value, json};

use crate::{guest::Guest, tally};

/// A test that is run with every guest on every database.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Guest),
}

/// Functions as [`Case`]s, by their names.
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        &[$($crate::support::Case { name: stringify!($case), run: $case }),*]
    };
}

pub(crate) use cases;

/// A hash of nothing in particular, with as little work in it as argon2 takes.
pub(crate) const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$RGb4QDWADbw8yrC1Hth+3A";

/// The UUID of nobody.
pub(crate) const NOBODY: &str = "ffffffff-ffff-4fff-bfff-ffffffffffff";

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
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
    tally::transcript();
    keep_calls(transcript);
    holds_no_secret(transcript);
    let folder = root().join("snapshots").join(entity);
    hostfn_test::assert_transcript!(transcript, folder = folder, name = format!("{operation}.{case}"));
}

/// Members of requests and answers that are secrets, by hand: who hides them goes by their schemas.
const SECRETS: [&str; 3] = ["password", "password_hash", "token"];

/// A transcript that is accepted is kept, and shown to everybody: none of the secrets of its calls may stand in it.
fn holds_no_secret(transcript: &Transcript) {
    let shown = transcript.to_string();
    for (function, request, answer) in transcript.wire() {
        let said = [request, answer].map(|text| serde_json::from_str::<Value>(text).unwrap_or_default());
        let data = &said[1]["data"];
        // Of sessions the id is the secret.
        let names = SECRETS.iter().chain(if function.contains("session") { &["id"][..] } else { &[] });
        let members = names.flat_map(|name| [&said[0][name], &data[name]]);
        // What is hashed is answered as it is.
        let secrets = members.chain((function == "hash_password").then_some(data)).filter_map(Value::as_str);
        for secret in secrets.filter(|secret| secret.len() >= 8) {
            assert!(!shown.contains(secret), "a secret of {function} is in a transcript\n{shown}");
        }
    }
}

/// The file to which all host calls are added as they went over the wire, a line of JSON each: continuous
/// integration shows them to validators of other makes, beside the contract.
const CALLS: &str = "HOSTFN_TEST_CALLS";

fn keep_calls(transcript: &Transcript) {
    static LOCK: Mutex<()> = Mutex::new(());
    let Some(path) = env::var_os(CALLS) else { return };
    let _one_at_a_time = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("the file of calls can be opened");
    for (function, request, answer) in transcript.wire() {
        // A request that is no JSON is refused, and no schema says anything of it.
        let request: Option<Value> = serde_json::from_str(request).ok();
        let answer: Value = serde_json::from_str(answer).expect("an answer is JSON");
        let call = json!({"function": function, "request": request, "answer": answer});
        writeln!(file, "{call}").expect("the file of calls can be written");
    }
}

/// One operation of one entity, under test.
pub(crate) struct Operation<'a> {
    /// Whether it goes through generated bindings, which cannot send what the contract does not know.
    pub(crate) typed: bool,
    pub(crate) host: &'a TestHost,
    pub(crate) entity: &'static str,
    pub(crate) name: &'static str,
}

impl Operation<'_> {
    /// Calls it, pins the transcript, and answers the data.
    pub(crate) fn succeeds(&self, case: &str, request: Value) -> Value {
        let mut data = Value::Null;
        let case = self.case(case, &request);
        let transcript = self.host.record(|| data = self.host.call(self.name, request).data());
        assert_transcript(self.entity, self.name, &case, &transcript);
        data
    }

    /// Where there is nothing to say, bindings import the function without a request, and the host
    /// notes that: a transcript of its own.
    fn case(&self, case: &str, request: &Value) -> String {
        let nothing = self.typed && request.as_object().is_some_and(serde_json::Map::is_empty);
        format!("{case}{}", if nothing { "_no_request" } else { "" })
    }

    /// Calls it with what it must refuse, and pins the transcript. Nothing may have changed.
    pub(crate) fn refuses(&self, case: &str, request: Value) {
        let transcript = self.host.record(|| drop(self.host.call(self.name, request).error()));
        assert!(transcript.effect().is_empty(), "{} failed and changed the database\n{transcript}", self.name);
        assert_transcript(self.entity, self.name, case, &transcript);
    }

    /// As [`refuses`](Self::refuses), of a request that only a guest without types can send.
    pub(crate) fn refuses_malformed(&self, case: &str, request: Value) {
        if !self.typed {
            self.refuses(case, request);
        }
    }

    /// What every operation refuses: a request that differs from a good one by a member of the
    /// wrong type, or by one too many, and a caller without the permission.
    pub(crate) fn refuses_what_all_refuse(&self, good: &Value, member: &str, wrong: Value) {
        let with = |member: &str, value| {
            let mut request = good.clone();
            request[member] = value;
            request
        };
        self.refuses_malformed("wrong_shape", with(member, wrong));
        self.refuses_malformed("unknown_field", with("nickname", json!("countess")));

        let outsider = self.host.as_plugin("outsider", Grants::none());
        let transcript = self.host.record(|| drop(outsider.call(self.name, good).error()));
        assert!(transcript.effect().is_empty(), "{} was denied and changed the database\n{transcript}", self.name);
        assert_transcript(self.entity, self.name, &self.case("permission_denied", good), &transcript);
    }
}

//! A text as the request of every built-in function.

use std::sync::LazyLock;

use hostfn::{ErrorCode, HostFunction};
use serde_json::Value;

static FUNCTIONS: LazyLock<Vec<HostFunction>> = LazyLock::new(|| hostfn_functions::registry().functions().to_vec());

/// What no message of a host says by itself.
const SECRET: &str = "hunter2";

/// Reads the text as a request, as it stands and written anew, and with secrets in the place of its texts.
///
/// It is a request or it is refused with a reason; written anew by another program, a request stays one; and a reason
/// never repeats a text of it.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let value = serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
    let anew = value.as_ref().map(Value::to_string);
    let secret = value.filter(|value| !names_secret(value)).map(|mut value| {
        hide(&mut value);
        value.to_string()
    });
    for function in FUNCTIONS.iter() {
        let read = function.read_request(text);
        if let Err(error) = &read {
            assert!(!error.message().is_empty(), "{}", function.name());
            assert!(
                matches!(error.code(), ErrorCode::InvalidRequest | ErrorCode::LimitExceeded),
                "{}: {error}",
                function.name()
            );
        }
        if let (Ok(()), Some(anew)) = (&read, &anew) {
            function.read_request(anew).unwrap_or_else(|error| panic!("{}: {anew}: {error}", function.name()));
        }
        if let Some(secret) = &secret
            && let Err(error) = function.read_request(secret)
        {
            assert!(!error.to_string().contains(SECRET), "{}: {secret}: {error}", function.name());
        }
    }
}

/// Whether the name of a member says the secret; names are repeated, so that their author knows which is meant.
fn names_secret(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(names_secret),
        Value::Object(members) => members.iter().any(|(name, member)| name.contains(SECRET) || names_secret(member)),
        _ => false,
    }
}

/// Begins each text with the secret.
fn hide(value: &mut Value) {
    match value {
        Value::String(text) => text.insert_str(0, SECRET),
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(members) => members.values_mut().for_each(hide),
        _ => {}
    }
}

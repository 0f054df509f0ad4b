//! Reading an export's input.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::error::Failure;

/// A field of an update that is absent (`None`), null (`Some(None)`) or a text.
pub(crate) type Change = Option<Option<String>>;

/// Reads a field as a [`Change`]; with `#[serde(default)]` beside it. Serde alone takes absent and null for the same.
pub(crate) fn change<'de, D: Deserializer<'de>>(field: D) -> Result<Change, D::Error> {
    Option::deserialize(field).map(Some)
}

/// Reads the input, or says which part of it is not what the export takes.
pub(crate) fn read<I: DeserializeOwned>(input: &[u8]) -> Result<I, Failure> {
    // Serde would take an array of the fields' values as well.
    if !input.trim_ascii_start().starts_with(b"{") {
        return Err(Failure::invalid_input("expected a JSON object".to_owned(), None));
    }
    let mut json = serde_json::Deserializer::from_slice(input);
    let request = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        // A path of `.` is the object itself; and where the JSON breaks off, no field is to blame.
        let field = Some(path).filter(|path| path != "." && error.inner().is_data());
        let message = without_value(&error.into_inner().to_string());
        match &field {
            Some(name) => Failure::invalid_input(format!("{name}: {message}"), field.clone()),
            None => Failure::invalid_input(message, None),
        }
    })?;
    json.end().map_err(|_| Failure::invalid_input("something follows the JSON object".to_owned(), None))?;
    Ok(request)
}

/// Serde's message about a wrong type quotes the value, which may be a password; only what was expected is passed on.
fn without_value(message: &str) -> String {
    match message.rsplit_once(", expected ") {
        Some((found, expected)) if found.starts_with("invalid ") => format!("expected {expected}"),
        _ => message.to_owned(),
    }
}

//! Requests from JSON, answers to JSON.

use std::{borrow::Cow, error::Error, io};

use hostfn_contract::{CallId, ErrorBody, HostError, HostResponse};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use serde_path_to_error::Segment;
use zeroize::Zeroize;

use crate::{
    defence::{self, Defence},
    foreign::shortened,
    limits::Limits,
    terms::with_plain_integers,
};

/// Reads a request.
///
/// A guest that passes nothing sends an empty object: a function whose fields are all optional
/// goes on working for one that was written before it had any.
///
/// `most_depth` is how deep its arrays and objects may be nested.
pub(crate) fn decode<T: DeserializeOwned>(text: &str, most_depth: u8) -> Result<T, HostError> {
    let text = if text.is_empty() { "{}" } else { text };
    // serde would take the fields of a struct from an array too, in their order.
    if !text.trim_ascii_start().starts_with('{') && defence::is_on(Defence::JsonObject) {
        return Err(HostError::invalid_request(
            "the request is not a JSON object: pass one, with a member for each field",
        ));
    }
    // At its default the parser sees to it, and nobody looks twice.
    if most_depth < Limits::MOST_JSON_DEPTH && is_deeper(text, most_depth) {
        return Err(too_deep(most_depth));
    }
    match serde_json::from_str(text) {
        Err(_) if !defence::is_on(Defence::TellUnreadable) && text != "{}" => decode("{}", most_depth),
        Err(error) => match error.is_data().then(|| with_plain_integers(text)).flatten() {
            Some(plain) => serde_json::from_str(&plain).map_err(|error| explain::<T>(&plain, &error)),
            None => Err(explain::<T>(text, &error)),
        },
        Ok(request) => Ok(request),
    }
}

fn too_deep(most: u8) -> HostError {
    HostError::limit_exceeded(format!(
        "the request is nested deeper than the {most} levels that the host takes: send it flatter, or allow more with \
         `json_depth`"
    ))
}

/// Whether the brackets of a JSON text are nested deeper than `most`.
fn is_deeper(text: &str, most: u8) -> bool {
    let (mut depth, mut is_in_string, mut is_escaped) = (0_u32, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_in_string,
            b'"' => is_in_string = !is_in_string,
            _ if is_in_string => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > u32::from(most) {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// Reads a request that is wrong once more, now keeping track of where. For one that is right that
/// would cost more than reading it.
fn explain<T: DeserializeOwned>(text: &str, error: &serde_json::Error) -> HostError {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let Err(found) = serde_path_to_error::deserialize::<_, T>(&mut deserializer) else { return not_json(error) };
    if found.inner().is_data() {
        return explain_shape(text, found);
    }
    let is_out_of_range = found.inner().to_string().starts_with("number out of range");
    let value = serde_json::from_str::<Value>(text);
    match (is_out_of_range, value) {
        (true, value) => {
            // As a double it can be read, and so it is too large for a single.
            let largest = if value.is_ok() { f64::from(f32::MAX) } else { f64::MAX };
            let path = field_path(&found.path().iter().cloned().collect::<Vec<_>>());
            HostError::invalid_request(format!("{path}: expected a number from -{largest:e} to {largest:e}"))
                .in_field(path)
        }
        // It is JSON, of which the type wants less: the parser stops there as if it were none.
        (false, Ok(value)) => explain_length::<T>(text, value).unwrap_or_else(|| not_json(error)),
        (false, Err(_)) => not_json(error),
    }
}

/// Says of an array with too many items how many there are to be, which serde tells of one that has too few.
fn explain_length<T: DeserializeOwned>(text: &str, mut value: Value) -> Option<HostError> {
    let error = serde_path_to_error::deserialize::<_, T>(value.clone()).err()?;
    let array = error.path().iter().try_fold(&mut value, |value, segment| match segment {
        Segment::Map { key } => value.get_mut(key),
        Segment::Seq { index } => value.get_mut(index),
        Segment::Enum { .. } | Segment::Unknown => Some(value),
    })?;
    *array = Value::Array(Vec::new());
    let error = serde_path_to_error::deserialize::<_, T>(value).err().unwrap_or(error);
    Some(explain_shape(text, error))
}

fn not_json(error: &serde_json::Error) -> HostError {
    // Nothing of the request is in the words of such an error.
    if error.is_syntax() && error.to_string().starts_with("recursion limit exceeded") {
        return too_deep(Limits::MOST_JSON_DEPTH);
    }
    HostError::invalid_request(format!("the request is not JSON at line {}, column {}", error.line(), error.column()))
}

/// Says what is wrong and where, in the words of the request, and never repeats a value of it:
/// it may be a secret.
fn explain_shape(text: &str, error: serde_path_to_error::Error<serde_json::Error>) -> HostError {
    let segments: Vec<_> = error.path().iter().cloned().collect();
    let path = field_path(&segments);
    let said = error.into_inner().to_string();
    let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
    // Of a field that is there the path names the field, of one that is missing its object.
    let object = |field: &str| match segments.split_last() {
        Some((Segment::Map { key }, above)) if key == field => field_path(above),
        _ => path.clone(),
    };
    let within =
        |object: &str, field: &str| if object.is_empty() { field.to_owned() } else { format!("{object}.{field}") };

    // The name is the guest's, and anything may stand in it: it is taken from the path.
    if let Some((Segment::Map { key }, above)) = segments.split_last()
        && let Some(expected) = said.strip_prefix(&format!("unknown field `{key}`, "))
    {
        let unknown = unknown_fields(text, above.is_empty(), key, expected);
        let named: Vec<_> =
            unknown.iter().take(MOST_NAMES).map(|field| within(&field_path(above), &shortened(field))).collect();
        let more = match unknown.len().saturating_sub(MOST_NAMES) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let plural = if unknown.len() == 1 { "" } else { "s" };
        let expected = expected.replace("there are no fields", "and the request has no fields");
        return HostError::invalid_request(format!("unknown field{plural} `{}`{more}, {expected}", named.join("`, `")))
            .in_field(named.first().cloned().unwrap_or_default());
    }
    for (start, problem) in [("missing field `", "is missing"), ("duplicate field `", "is there twice")] {
        if let Some(field) = quoted(said, start) {
            let field = within(&object(field), field);
            return HostError::invalid_request(format!("`{field}` {problem}")).in_field(field);
        }
    }
    let problem = without_value(said);
    if path.is_empty() {
        HostError::invalid_request(format!("the request: {problem}"))
    } else {
        HostError::invalid_request(format!("{path}: {problem}")).in_field(path)
    }
}

/// What serde says is wrong, without the value that it is about, in which anything may stand, a secret too: of
/// `invalid type: string "hunter2", expected u32` what was expected.
pub(crate) fn without_value(said: &str) -> String {
    match said.rsplit_once(", expected ") {
        Some((found, expected)) if found.starts_with("invalid ") || found.starts_with("unknown variant ") => {
            format!("expected {}", in_words_of_json(found, expected))
        }
        _ => said.to_owned(),
    }
}

/// What serde expected, for somebody who writes JSON and may not know Rust.
fn in_words_of_json<'a>(found: &str, expected: &'a str) -> Cow<'a, str> {
    // The range of the widest integers helps only where a number was sent.
    let is_number = ["invalid value: integer ", "invalid type: floating point ", "invalid type: integer "]
        .iter()
        .any(|start| found.starts_with(start));
    let words = match expected {
        "i8" => "an integer from -128 to 127",
        "u8" => "an integer from 0 to 255",
        "i16" => "an integer from -32768 to 32767",
        "u16" => "an integer from 0 to 65535",
        "i32" => "an integer from -2147483648 to 2147483647",
        "u32" => "an integer from 0 to 4294967295",
        "i64" | "i128" | "isize" if is_number => "an integer from -9007199254740991 to 9007199254740991",
        "u64" | "u128" | "usize" if is_number => "an integer from 0 to 9007199254740991",
        "i64" | "i128" | "isize" => "an integer",
        "u64" | "u128" | "usize" => "an integer that is not negative",
        "f32" | "f64" => "a number",
        "a sequence" => "an array",
        "a map" => "an object",
        "unit" => "null",
        _ if expected.starts_with("struct ") => "an object",
        _ if ["tuple ", "a tuple ", "an array of length "].iter().any(|start| expected.starts_with(start)) => {
            // `a tuple of size 2`, `tuple struct Pair with 2 elements`
            let length = expected.split(' ').rev().find(|word| word.parse::<usize>().is_ok());
            return length.map_or("an array".into(), |length| format!("an array of length {length}").into());
        }
        _ => expected,
    };
    words.into()
}

/// What stands between `start` and the next backtick.
fn quoted<'a>(said: &'a str, start: &str) -> Option<&'a str> {
    said.strip_prefix(start)?.split('`').next()
}

/// As people write it: `profile.tags[2]`, without the marks for enum variants that JSON has not.
fn field_path(segments: &[Segment]) -> String {
    let mut written = String::new();
    for segment in segments {
        match segment {
            Segment::Seq { index } => written.push_str(&format!("[{index}]")),
            Segment::Map { key } => {
                if !written.is_empty() {
                    written.push('.');
                }
                written.push_str(&shortened(key));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    written
}

/// All the fields that are not expected, where serde stops at the first. Only those of the
/// request's own object can be told for sure; deeper, it is the first.
fn unknown_fields(text: &str, in_request_itself: bool, first: &str, expected: &str) -> Vec<String> {
    let expected: Vec<_> = expected.split('`').skip(1).step_by(2).collect();
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(members)) if in_request_itself => {
            members.keys().filter(|key| !expected.contains(&key.as_str())).cloned().collect()
        }
        _ => vec![first.to_owned()],
    }
}

/// An error is an answer to one call and not a place to keep a mebibyte of names.
const MOST_NAMES: usize = 10;

/// Writes what a function returned, up to a size, over what was in `answer`.
pub(crate) fn encode<T: Serialize>(data: &T, limit: usize, answer: &mut Answer) -> Result<(), HostError> {
    (answer.length, answer.limit) = (0, limit);
    // An error before may have had more.
    answer.bytes.truncate(limit);
    match serde_json::to_writer(answer, &Success { success: true, data, error: () }) {
        Ok(()) => Ok(()),
        Err(error) if error.is_io() => Err(HostError::limit_exceeded(format!(
            "the answer has more than {limit} bytes, which is what the host gives: ask for less, or allow more with \
             `response_bytes`"
        ))),
        Err(error) => Err(HostError::internal(error)),
    }
}

/// The success of [`HostResponse`] around borrowed data.
#[derive(Serialize)]
struct Success<'a, T> {
    success: bool,
    data: &'a T,
    error: (),
}

/// Writes what a guest is told of an error, over what was in `answer`.
pub(crate) fn encode_error(error: &HostError, call_id: CallId, answer: &mut Answer) {
    let mut body = ErrorBody::new(error, call_id);
    if !defence::is_on(Defence::HideReasons) {
        body.message = error.source().map_or(body.message, ToString::to_string);
    }
    // What a guest named a field may be in it, and a guest in C would read no further.
    for text in [Some(&mut body.message), body.field.as_mut()].into_iter().flatten() {
        if text.contains('\0') {
            *text = text.replace('\0', "\u{fffd}");
        }
    }
    // What was written until then may be a secret, and the error may be shorter.
    answer.clear(true);
    // No limit: an answer that is too long for its limit is answered by an error too.
    answer.limit = usize::MAX;
    serde_json::to_writer(answer, &HostResponse::<()>::Failure(body))
        .expect("texts and a closed list of codes are always JSON");
}

/// An answer, in memory that is used for one after the other.
///
/// A serializer writes into it a few bytes at a time, and is stopped at a limit before it fills the host's memory.
#[derive(Default)]
pub(crate) struct Answer {
    /// As long as the memory is, so that what is written is compared once with the room that there is.
    bytes: Vec<u8>,
    length: usize,
    limit: usize,
}

/// What there is room for at first.
const FIRST_BYTES: usize = 512;
/// The memory of an answer larger than this is not kept.
const KEPT_BYTES: usize = 2 << 20;

impl Answer {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// What a function returned, within what [`encode`] wrote.
    pub(crate) fn data(&self) -> &[u8] {
        let data = self.as_bytes().strip_prefix(br#"{"success":true,"data":"#);
        data.and_then(|data| data.strip_suffix(br#","error":null}"#)).unwrap_or_default()
    }

    /// Puts other bytes in its place.
    pub(crate) fn set(&mut self, bytes: Vec<u8>) {
        self.length = bytes.len();
        self.bytes = bytes;
    }

    #[cold]
    fn grow_and_write(&mut self, more: &[u8]) -> io::Result<()> {
        let end = self.length + more.len();
        if end > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let enough = end.max(self.bytes.len() * 2).max(FIRST_BYTES);
        self.bytes.resize(enough.min(self.limit), 0);
        self.bytes[self.length..end].copy_from_slice(more);
        self.length = end;
        Ok(())
    }

    /// Wipes it, where it holds a secret, and keeps its memory for the next unless there is too much of it.
    pub(crate) fn clear(&mut self, is_secret: bool) {
        if is_secret {
            // No more than this one: what was longer before it was wiped then.
            self.bytes[..self.length].zeroize();
        }
        self.length = 0;
        if self.bytes.len() > KEPT_BYTES {
            self.bytes = Vec::new();
        }
    }
}

impl io::Write for Answer {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        self.write_all(more)?;
        Ok(more.len())
    }

    // What the serializer calls, once for each bracket: the default would loop over `write`.
    #[inline]
    fn write_all(&mut self, more: &[u8]) -> io::Result<()> {
        let end = self.length + more.len();
        if let Some(room) = self.bytes.get_mut(self.length..end) {
            room.copy_from_slice(more);
            self.length = end;
            return Ok(());
        }
        self.grow_and_write(more)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;

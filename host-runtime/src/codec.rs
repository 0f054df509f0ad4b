//! Requests from JSON, answers to JSON.

use std::{error::Error, io};

use hostfn_contract::{CallId, ErrorBody, HostError, HostResponse};
use serde::{Serialize, de::DeserializeOwned};
use serde_path_to_error::Segment;
use zeroize::Zeroize;

use crate::{
    defence::{self, Defence},
    foreign::shortened,
    limits::Limits,
    said::without_value,
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
        read => read.map_err(|error| explain::<T>(text, &error)),
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
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(error) if error.inner().is_data() => explain_shape(text, error),
        _ => not_json(error),
    }
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
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        #[serde(rename = "email")]
        _email: String,
        #[serde(rename = "profile", default)]
        _profile: Profile,
        #[serde(rename = "kind", default)]
        _kind: Option<Kind>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Warm,
        Cold,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Profile {
        #[serde(rename = "bio", default)]
        _bio: Option<String>,
        #[serde(rename = "tags", default)]
        _tags: Vec<u32>,
    }

    const NOT_AN_OBJECT: &str = "the request is not a JSON object: pass one, with a member for each field";

    fn refusal(text: &str) -> (String, Option<String>) {
        let error = decode::<Request>(text, Limits::MOST_JSON_DEPTH).unwrap_err();
        assert_eq!(error.code().as_str(), "invalid_request");
        (error.message().to_owned(), error.field().map(str::to_owned))
    }

    #[test]
    fn what_is_wrong_and_where() {
        for (text, message, field) in [
            ("", "`email` is missing", Some("email")),
            (r#"{"email": 5}"#, "email: expected a string", Some("email")),
            (r#"{"email": "", "profile": {"bio": 5}}"#, "profile.bio: expected a string", Some("profile.bio")),
            (
                r#"{"email": "", "profile": {"tags": [1, "2"]}}"#,
                "profile.tags[1]: expected an integer from 0 to 4294967295",
                Some("profile.tags[1]"),
            ),
            (r#"{"email": "", "email": ""}"#, "`email` is there twice", Some("email")),
            (
                r#"{"email": "", "name": "", "nick": ""}"#,
                "unknown fields `name`, `nick`, expected one of `email`, `profile`, `kind`",
                Some("name"),
            ),
            (
                r#"{"email": "", "profile": {"bip": ""}}"#,
                "unknown field `profile.bip`, expected `bio` or `tags`",
                Some("profile.bip"),
            ),
            (
                r#"{"email": "", "a`, expected b`": ""}"#,
                "unknown field `a`, expected b``, expected one of `email`, `profile`, `kind`",
                Some("a`, expected b`"),
            ),
            (r#"{"email": "", "kind": "hunter2"}"#, "kind: expected `warm` or `cold`", Some("kind")),
            (r#"["a@b"]"#, NOT_AN_OBJECT, None),
            (r#""text""#, NOT_AN_OBJECT, None),
            (r#"{"email": ""} x"#, "the request is not JSON at line 1, column 15", None),
            (r#"{"email": "#, "the request is not JSON at line 1, column 10", None),
        ] {
            assert_eq!(refusal(text), (message.to_owned(), field.map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn a_value_is_never_repeated() {
        assert!(!refusal(r#"{"email": {"hunter2": 1}}"#).0.contains("hunter2"));
        assert!(!refusal(r#"{"email": "", "profile": "hunter2"}"#).0.contains("hunter2"));
        assert!(!refusal(r#"{"email": "", "profile": {"tags": "a, expected hunter2"}}"#).0.contains("hunter2"));
    }

    #[test]
    fn a_thousand_unknown_fields_are_not_all_named() {
        let members: Vec<_> = (0..1000).map(|number| format!("\"{number}{}\": 1", "x".repeat(100))).collect();
        let (message, _) = refusal(&format!("{{\"email\": \"\", {}}}", members.join(", ")));
        assert!(message.contains(" and 990 more, expected one of"), "{message}");
        assert!(message.len() < 1000, "{message}");
    }

    #[test]
    fn deep_nesting_is_refused() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let error = decode::<serde_json::Value>(&format!("{{\"deep\": {deep}}}"), Limits::MOST_JSON_DEPTH).unwrap_err();
        assert!(error.message().contains("nested deeper than the 127 levels"), "{}", error.message());
        let nested = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        for most in [1, 5, Limits::MOST_JSON_DEPTH] {
            assert!(decode::<serde_json::Value>(&nested(most.into()), most).is_ok(), "{most}");
            let error = decode::<serde_json::Value>(&nested(usize::from(most) + 1), most).unwrap_err();
            assert_eq!(error.code().as_str(), "limit_exceeded", "{most}");
        }
        assert!(decode::<serde_json::Value>(r#"{"a": "[[[\"[[[", "b": []}"#, 2).is_ok(), "brackets in a text are text");
    }

    #[test]
    fn a_number_is_read_to_its_last_digit() {
        #[derive(Deserialize)]
        struct Share {
            share: f64,
        }
        // Without its feature `float_roundtrip` serde_json reads the number beside it.
        let share = 4.824_108_893_434_685e228_f64;
        let read: Share = decode(&serde_json::json!({"share": share}).to_string(), Limits::MOST_JSON_DEPTH).unwrap();
        assert_eq!(read.share.to_bits(), share.to_bits());
    }

    #[test]
    fn an_answer_has_a_limit() {
        fn code<T: Serialize>(data: &T, limit: usize) -> Option<&'static str> {
            encode(data, limit, &mut Answer::default()).err().map(|error| error.code().as_str())
        }
        let mut answer = Answer::default();
        encode(&"of an earlier call", 100, &mut answer).unwrap();
        encode(&7, 100, &mut answer).unwrap();
        assert_eq!(answer.as_bytes(), br#"{"success":true,"data":7,"error":null}"#);
        // What an error needed is no room for the next answer.
        encode_error(&HostError::conflict("x".repeat(1000)), CallId::default(), &mut answer);
        assert!(answer.as_bytes().len() > 1000);
        assert_eq!(encode(&"x".repeat(100), 100, &mut answer).unwrap_err().code().as_str(), "limit_exceeded");
        assert_eq!(code(&"x".repeat(100), 100), Some("limit_exceeded"));
        assert_eq!((code(&7, 38), code(&7, 37)), (None, Some("limit_exceeded")));
    }
}

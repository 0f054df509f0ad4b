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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it is read is looked at")]
struct Measured {
    #[serde(default)]
    pair: (i32, String),
    #[serde(default)]
    pairs: Vec<Pair>,
    #[serde(default)]
    three: [u8; 3],
    #[serde(default)]
    single: f32,
    #[serde(default)]
    double: f64,
    #[serde(default)]
    wide: u64,
    #[serde(default)]
    small: i8,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only whether it is read is looked at")]
struct Pair(i32, String);

#[test]
fn a_length_and_a_range_are_told_with_the_field() {
    for (text, message, field) in [
        (r#"{"pair": [1, "a", 2]}"#, "pair: expected an array of length 2", "pair"),
        (r#"{"pair": [1]}"#, "pair: expected an array of length 2", "pair"),
        (r#"{"pairs": [[1, "a"], [1, "a", 2]]}"#, "pairs[1]: expected an array of length 2", "pairs[1]"),
        (r#"{"three": [1, 2, 3, 4]}"#, "three: expected an array of length 3", "three"),
        (
            r#"{"single": 1e39}"#,
            "single: expected a number from -3.4028234663852886e38 to 3.4028234663852886e38",
            "single",
        ),
        (
            r#"{"double": 1e400}"#,
            "double: expected a number from -1.7976931348623157e308 to 1.7976931348623157e308",
            "double",
        ),
        (r#"{"wide": 18446744073709551616}"#, "wide: expected an integer from 0 to 9007199254740991", "wide"),
        (r#"{"wide": 1.5}"#, "wide: expected an integer from 0 to 9007199254740991", "wide"),
        (r#"{"small": 1e3}"#, "small: expected an integer from -128 to 127", "small"),
    ] {
        let error = decode::<Measured>(text, Limits::MOST_JSON_DEPTH).unwrap_err();
        assert_eq!(error.code().as_str(), "invalid_request");
        assert_eq!((error.message(), error.field()), (message, Some(field)), "{text}");
    }
}

#[test]
fn an_integer_is_one_however_it_is_written() {
    for (text, wide, small) in [
        (r#"{"wide": 1.0, "small": 1e2}"#, 1, 100),
        (r#"{"wide": 1e2, "small": -0}"#, 100, 0),
        (r#"{"wide": -0, "small": -1.0}"#, 0, -1),
    ] {
        let read: Measured = decode(text, Limits::MOST_JSON_DEPTH).unwrap();
        assert_eq!((read.wide, read.small), (wide, small), "{text}");
    }
}

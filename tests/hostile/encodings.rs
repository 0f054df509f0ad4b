//! Requests in encodings that a reader might take for another text than they are.

use hostfn_runtime::defence::Defence::{self, JsonObject, TellUnreadable, Utf8};

use crate::harness::case::{
    Case,
    Must::{Answer, AnswerSaying},
    defended,
};

pub(crate) fn cases() -> Vec<Case> {
    [
        not_utf8("lone_continuation", "a byte that continues nothing", b"\x80"),
        not_utf8("cut_short", "the start of a character", b"\xe2\x82"),
        not_utf8("overlong_slash", "a slash in two bytes", b"\xc0\xaf"),
        not_utf8("overlong_nul", "a NUL in two bytes", b"\xc0\x80"),
        not_utf8("overlong_quote", "a quotation mark in three bytes", b"\xe0\x80\xa2"),
        not_utf8("surrogate", "half a character of UTF-16", b"\xed\xa0\x80"),
        not_utf8("surrogate_pair", "a character as two halves of UTF-16", b"\xed\xa0\xbd\xed\xb8\x80"),
        not_utf8("beyond_unicode", "a character past the last", b"\xf4\x90\x80\x80"),
        not_utf8("five_bytes", "a character of five bytes", b"\xf8\x88\x80\x80\x80"),
        not_utf8("latin_1", "a letter of Latin-1", b"\xe9"),
        sends("utf_16", "sends UTF-16 with its mark", Utf8, b"\xff\xfe{\0}\0"),
        sends("utf_16_without_mark", "sends UTF-16 without its mark", TellUnreadable, b"{\0\"\0t\0\"\0:\x001\0}\0"),
        no_object("utf_32", "sends UTF-32", b"\0\0\0{\0\0\0}"),
        no_object("byte_order_mark", "sends a byte order mark before the object", b"\xef\xbb\xbf{}"),
        sends("nul_in_text", "sends a NUL as it is", TellUnreadable, b"{\"text\": \"a\0b\"}"),
        sends("line_break_in_text", "sends a line break as it is", TellUnreadable, b"{\"text\": \"a\nb\"}"),
        sends("nul_behind", "sends a NUL behind the object", TellUnreadable, b"{}\0"),
        sends("lone_surrogate", "escapes half a character", TellUnreadable, br#"{"text": "\ud800"}"#),
        sends(
            "swapped_surrogates",
            "escapes two halves in the wrong order",
            TellUnreadable,
            br#"{"text": "\ude00\ud83d"}"#,
        ),
        sends("half_an_escape", "ends in the middle of an escape", TellUnreadable, br#"{"text": "\u00"}"#),
        sends("unknown_escape", "escapes as C does", TellUnreadable, br#"{"text": "\x41"}"#),
    ]
    .into()
}

fn not_utf8(name: &'static str, what: &'static str, bytes: &[u8]) -> Case {
    sends(name, what, Utf8, &[br#"{"text": ""#, bytes, br#""}"#].concat())
}

fn no_object(name: &'static str, what: &'static str, request: &[u8]) -> Case {
    defended(name, what, JsonObject).call("probe", request, AnswerSaying("invalid_request", "not a JSON object"))
}

fn sends(name: &'static str, what: &'static str, defence: Defence, request: &[u8]) -> Case {
    defended(name, what, defence).call("probe", request, Answer("invalid_request"))
}

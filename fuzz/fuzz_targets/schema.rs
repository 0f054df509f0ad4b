//! `hostfn_fuzz::schema`, for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hostfn_fuzz::schema::run(data));

//! `hostfn_fuzz::preflight`, for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hostfn_fuzz::preflight::run(data));

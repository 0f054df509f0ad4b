//! `hostfn_fuzz::decode`, for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hostfn_fuzz::decode::run(data));

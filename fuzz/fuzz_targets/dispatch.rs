//! `hostfn_fuzz::dispatch`, for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hostfn_fuzz::dispatch::run(data));

//! `hostfn_fuzz::compat`, for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hostfn_fuzz::compat::run(data));

//! Makes as many host calls as it is told, as a plugin with Extism's kit for Rust makes one: for the benchmarks.
#![expect(
    unsafe_code,
    reason = "an import is a foreign function: the host that provides it reads and writes only through \
the handles that it is passed"
)]

mod import {
    use extism_pdk::host_fn;

    #[host_fn("extism:host/user")]
    extern "ExtismHost" {
        pub(crate) fn measure(request: String) -> String;
    }
}

use extism_pdk::{FnResult, plugin_fn};

/// Takes the number of calls on a line, and then the request that each of them makes; answers with the last answer.
#[plugin_fn]
pub fn run(input: String) -> FnResult<String> {
    let (calls, request) = input.split_once('\n').unwrap_or(("1", &input));
    let mut answer = String::new();
    for _ in 0..calls.parse()? {
        answer = unsafe { import::measure(request.to_owned())? };
    }
    Ok(answer)
}

/// Does nothing: a call of it is the cost of a call.
#[plugin_fn]
pub fn nothing() -> FnResult<()> {
    Ok(())
}

/// The same by the name of a program's beginning, after which a host makes the instance anew.
#[plugin_fn]
pub fn _start() -> FnResult<()> {
    Ok(())
}

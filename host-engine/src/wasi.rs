//! WASI preview 1 as a closed world: no folder, no network, no environment, no arguments.
//!
//! The clock and the randomness are the host's [`Clock`](crate::Clock) and [`Entropy`](crate::Entropy). Standard output
//! and standard error go to the log. Every other function returns the error that a libc expects.

mod memory;
mod poll;
mod refused;
mod streams;

use wasmtime_48::{Caller, Linker, Result};

use crate::{ending::Stop, state::State};
use memory::{put, room};

/// The namespace of preview 1.
pub(crate) const NAMESPACE: &str = "wasi_snapshot_preview1";

type C<'a, T> = Caller<'a, State<T>>;

/// The numbers of WASI's errors.
mod errno {
    pub(super) const SUCCESS: i32 = 0;
    pub(super) const BADF: i32 = 8;
    pub(super) const FAULT: i32 = 21;
    pub(super) const INVAL: i32 = 28;
    pub(super) const IO: i32 = 29;
    pub(super) const NOSYS: i32 = 52;
    pub(super) const NOTDIR: i32 = 54;
    pub(super) const NOTSOCK: i32 = 57;
    pub(super) const NOTSUP: i32 = 58;
    pub(super) const SPIPE: i32 = 70;
}

const REALTIME: i32 = 0;
const MONOTONIC: i32 = 1;
/// Randomness is filled in parts of this size. The deadline is checked between them.
const ENTROPY_PART: usize = 64 << 10;

/// Adds all functions.
pub(crate) fn link<T: Send + 'static>(linker: &mut Linker<State<T>>) -> Result<()> {
    for name in ["args_get", "environ_get"] {
        linker.func_wrap(NAMESPACE, name, |_: C<'_, T>, _: i32, _: i32| errno::SUCCESS)?;
    }
    for name in ["args_sizes_get", "environ_sizes_get"] {
        linker.func_wrap(NAMESPACE, name, |mut caller: C<'_, T>, count: i32, size: i32| {
            first_error([put(&mut caller, count, &[0; 4]), put(&mut caller, size, &[0; 4])])
        })?;
    }
    linker.func_wrap(NAMESPACE, "sched_yield", |_: C<'_, T>| errno::SUCCESS)?;
    linker
        .func_wrap(NAMESPACE, "proc_exit", |_: C<'_, T>, code: i32| -> Result<()> { Err(Stop::Exit(code).into()) })?;
    linker.func_wrap(NAMESPACE, "random_get", random)?;
    clocks(linker)?;
    streams::link(linker)?;
    poll::link(linker)?;
    refused::link(linker)
}

fn clocks<T: Send + 'static>(linker: &mut Linker<State<T>>) -> Result<()> {
    linker.func_wrap(NAMESPACE, "clock_res_get", |mut caller: C<'_, T>, clock: i32, at: i32| match clock {
        REALTIME | MONOTONIC => put(&mut caller, at, &1_u64.to_le_bytes()),
        _ => errno::INVAL,
    })?;
    linker.func_wrap(NAMESPACE, "clock_time_get", |mut caller: C<'_, T>, clock: i32, _: i64, at: i32| {
        let host = &caller.data().guest.surroundings.clock;
        let time = match clock {
            REALTIME => host.now(),
            MONOTONIC => host.monotonic(),
            _ => return errno::INVAL,
        };
        put(&mut caller, at, &(time.as_nanos() as u64).to_le_bytes())
    })?;
    Ok(())
}

fn random<T: Send + 'static>(mut caller: C<'_, T>, at: i32, length: i32) -> Result<i32> {
    let entropy = caller.data().guest.surroundings.entropy.clone();
    let (mut at, mut left) = (at as u32 as usize, length as u32 as usize);
    while left > 0 {
        let part = left.min(ENTROPY_PART);
        let Some(bytes) = room(&mut caller, at, part) else { return Ok(errno::FAULT) };
        if entropy.fill(bytes).is_err() {
            return Ok(errno::IO);
        }
        (at, left) = (at + part, left - part);
        if let Some(stop) = caller.data().guest.overdue() {
            return Err(stop.into());
        }
    }
    Ok(errno::SUCCESS)
}

fn first_error<const N: usize>(all: [i32; N]) -> i32 {
    all.into_iter().find(|error| *error != errno::SUCCESS).unwrap_or(errno::SUCCESS)
}

//! Extism's functions that are host code: blocks, output and error, configuration, variables, the log.
//!
//! As in Extism, `config_get`, `var_get`, `var_set` and the log functions free the blocks that a guest passes to them.

use wasmtime_48::{Caller, Linker, Result};

use crate::{
    blocks::GRANULE,
    ending::{Misuse, Stop},
    kernel,
    sources::{LogLevel, LogSource},
    state::State,
};

/// The namespace of Extism's own functions.
pub(crate) const NAMESPACE: &str = "extism:host/env";

type C<'a, T> = Caller<'a, State<T>>;

/// Adds all functions.
pub(crate) fn link<T: Send + 'static>(linker: &mut Linker<State<T>>) -> Result<()> {
    blocks(linker)?;
    outcome(linker)?;
    state(linker)?;
    network(linker)?;
    log(linker)
}

fn blocks<T: Send + 'static>(linker: &mut Linker<State<T>>) -> Result<()> {
    linker.func_wrap(NAMESPACE, "alloc", |mut caller: C<'_, T>, length: i64| -> Result<i64> {
        Ok(kernel::allocate(&mut caller, length as u64)? as i64)
    })?;
    linker
        .func_wrap(NAMESPACE, "free", |mut caller: C<'_, T>, handle: i64| kernel::free(&mut caller, handle as u64))?;
    for name in ["length", "length_unsafe"] {
        linker.func_wrap(NAMESPACE, name, |caller: C<'_, T>, handle: i64| {
            caller.data().guest.blocks.length(handle as u64) as i64
        })?;
    }
    linker.func_wrap(NAMESPACE, "reset", |mut caller: C<'_, T>| kernel::reset(&mut caller))?;
    linker.func_wrap(NAMESPACE, "memory_bytes", |mut caller: C<'_, T>| kernel::bytes(&mut caller).0.len() as i64)?;
    Ok(())
}

fn outcome<T: Send + 'static>(linker: &mut Linker<State<T>>) -> Result<()> {
    linker.func_wrap(NAMESPACE, "output_set", |mut caller: C<'_, T>, at: i64, length: i64| {
        let (bytes, state) = kernel::bytes(&mut caller);
        let (at, length) = (at as u64, length as u64);
        // A range outside of all blocks is ignored, as in Extism.
        if at >= GRANULE && kernel::part(bytes, at, length).is_some() {
            state.guest.output = (at, length);
        }
    })?;
    linker.func_wrap(NAMESPACE, "output_offset", |caller: C<'_, T>| caller.data().guest.output.0 as i64)?;
    linker.func_wrap(NAMESPACE, "output_length", |caller: C<'_, T>| caller.data().guest.output.1 as i64)?;
    linker.func_wrap(NAMESPACE, "error_set", |mut caller: C<'_, T>, handle: i64| {
        let (bytes, state) = kernel::bytes(&mut caller);
        let handle = handle as u64;
        // As in Extism, an address outside of all blocks is ignored, and one inside of a block is no error.
        if handle == 0 || (GRANULE..bytes.len() as u64).contains(&handle) {
            state.guest.error = handle;
        }
    })?;
    linker.func_wrap(NAMESPACE, "error_get", |caller: C<'_, T>| caller.data().guest.error as i64)?;
    Ok(())
}

fn state<T: Send + 'static>(linker: &mut Linker<State<T>>) -> Result<()> {
    linker.func_wrap(NAMESPACE, "config_get", |mut caller: C<'_, T>, key: i64| -> Result<i64> {
        let key = taken_key(&mut caller, key, "config_get")?;
        let config = caller.data().guest.surroundings.config.clone();
        let value = config.get(&key).map(String::as_bytes).unwrap_or_default();
        Ok(kernel::write(&mut caller, value)? as i64)
    })?;
    linker.func_wrap(NAMESPACE, "var_get", |mut caller: C<'_, T>, key: i64| -> Result<i64> {
        let key = taken_key(&mut caller, key, "var_get")?;
        let guest = &caller.data().guest;
        let Some(length) = guest.variables.get(&key).map(<[u8]>::len) else { return Ok(0) };
        let handle = kernel::allocate(&mut caller, length as u64)?;
        let (bytes, state) = kernel::bytes(&mut caller);
        let value = state.guest.variables.get(&key).unwrap_or_default();
        if handle != 0 {
            bytes[handle as usize..][..length].copy_from_slice(value);
        }
        Ok(handle as i64)
    })?;
    linker.func_wrap(NAMESPACE, "var_set", |mut caller: C<'_, T>, key: i64, value: i64| -> Result<()> {
        let (key_handle, value_handle) = (key as u64, value as u64);
        let key = key_of(&mut caller, key_handle, "var_set")?;
        let (bytes, state) = kernel::bytes(&mut caller);
        let guest = &mut state.guest;
        if value_handle == 0 {
            guest.variables.remove(&key);
        } else {
            let value = kernel::block(bytes, &guest.blocks, value_handle);
            let value = value.ok_or(Stop::Misuse(Misuse::NoSuchBlock("var_set")))?;
            guest.variables.check(&key, value.len()).map_err(Stop::from)?;
            guest.variables.set(&key, value.to_vec());
            kernel::free(&mut caller, value_handle);
        }
        kernel::free(&mut caller, key_handle);
        Ok(())
    })?;
    Ok(())
}

/// The key in a block.
fn key_of<T: 'static>(caller: &mut C<'_, T>, handle: u64, function: &'static str) -> Result<String, Stop> {
    let (bytes, state) = kernel::bytes(caller);
    let key = kernel::block(bytes, &state.guest.blocks, handle).ok_or(Misuse::NoSuchBlock(function))?;
    let key = std::str::from_utf8(key).map_err(|_| Misuse::NotUtf8(function))?;
    Ok(key.to_owned())
}

/// The key in a block. The block is freed.
fn taken_key<T: 'static>(caller: &mut C<'_, T>, handle: i64, function: &'static str) -> Result<String, Stop> {
    let key = key_of(caller, handle as u64, function)?;
    kernel::free(caller, handle as u64);
    Ok(key)
}

fn network<T: Send + 'static>(linker: &mut Linker<State<T>>) -> Result<()> {
    linker.func_wrap(NAMESPACE, "http_request", |_: C<'_, T>, _: i64, _: i64| -> Result<i64> {
        Err(Stop::Misuse(Misuse::NoNetwork).into())
    })?;
    linker.func_wrap(NAMESPACE, "http_status_code", |_: C<'_, T>| 0_i32)?;
    linker.func_wrap(NAMESPACE, "http_headers", |_: C<'_, T>| 0_i64)?;
    Ok(())
}

const LEVELS: [(&str, LogLevel); 5] = [
    ("log_trace", LogLevel::Trace),
    ("log_debug", LogLevel::Debug),
    ("log_info", LogLevel::Info),
    ("log_warn", LogLevel::Warn),
    ("log_error", LogLevel::Error),
];

fn log<T: Send + 'static>(linker: &mut Linker<State<T>>) -> Result<()> {
    for (name, level) in LEVELS {
        linker.func_wrap(NAMESPACE, name, move |mut caller: C<'_, T>, handle: i64| -> Result<()> {
            let handle = handle as u64;
            let (bytes, state) = kernel::bytes(&mut caller);
            let guest = &mut state.guest;
            if guest.logs(level) {
                let text = kernel::block(bytes, &guest.blocks, handle);
                let text = text.ok_or(Stop::Misuse(Misuse::NoSuchBlock(name)))?;
                guest.log(level, LogSource::Function, text);
            }
            kernel::free(&mut caller, handle);
            Ok(())
        })?;
    }
    linker.func_wrap(NAMESPACE, "get_log_level", |caller: C<'_, T>| {
        caller.data().guest.surroundings.log.level().map_or(i32::MAX, |level| level as i32)
    })?;
    Ok(())
}

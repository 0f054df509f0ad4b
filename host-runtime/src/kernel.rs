//! What a guest imports of Extism itself and of WASI, and what the host puts in the place of some of it.

use std::sync::Arc;

use wasmparser::ValType::{self, I32, I64};

use crate::{
    adapter,
    defence::{self, Defence},
    limits::Limits,
    memory::{self, Given, Guest},
    plugin_call::PluginCall,
};

/// Extism's own functions, which every guest may import.
pub(crate) const NAMESPACE: &str = "extism:host/env";
/// WASI's, which are there for guests that import any of them. No folder is open to them, and no output is shown.
pub(crate) const WASI: &str = "wasi_snapshot_preview1";

/// The functions that Extism's PDKs import, with their parameters and results.
///
/// The kernel exports more than these, for its host: its memory, the globals in it, and functions that reset it. A
/// guest has no business with them.
///
/// Source: [the kernel](https://github.com/extism/extism/blob/main/kernel/README.md), and the functions that
/// [the host adds](https://github.com/extism/extism/blob/main/runtime/src/pdk.rs).
const FUNCTIONS: [(&str, &[ValType], &[ValType]); 26] = [
    ("alloc", &[I64], &[I64]),
    ("config_get", &[I64], &[I64]),
    ("error_set", &[I64], &[]),
    ("free", &[I64], &[]),
    ("get_log_level", &[], &[I32]),
    ("http_headers", &[], &[I64]),
    ("http_request", &[I64, I64], &[I64]),
    ("http_status_code", &[], &[I32]),
    ("input_length", &[], &[I64]),
    ("input_load_u64", &[I64], &[I64]),
    ("input_load_u8", &[I64], &[I32]),
    ("input_offset", &[], &[I64]),
    ("length", &[I64], &[I64]),
    ("length_unsafe", &[I64], &[I64]),
    ("load_u64", &[I64], &[I64]),
    ("load_u8", &[I64], &[I32]),
    ("log_debug", &[I64], &[]),
    ("log_error", &[I64], &[]),
    ("log_info", &[I64], &[]),
    ("log_trace", &[I64], &[]),
    ("log_warn", &[I64], &[]),
    ("output_set", &[I64, I64], &[]),
    ("store_u64", &[I64, I64], &[]),
    ("store_u8", &[I64, I32], &[]),
    ("var_get", &[I64], &[I64]),
    ("var_set", &[I64, I64], &[]),
];

/// The functions of [WASI preview 1](https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md).
const WASI_FUNCTIONS: [&str; 46] = [
    "args_get",
    "args_sizes_get",
    "clock_res_get",
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_advise",
    "fd_allocate",
    "fd_close",
    "fd_datasync",
    "fd_fdstat_get",
    "fd_fdstat_set_flags",
    "fd_fdstat_set_rights",
    "fd_filestat_get",
    "fd_filestat_set_size",
    "fd_filestat_set_times",
    "fd_pread",
    "fd_prestat_dir_name",
    "fd_prestat_get",
    "fd_pwrite",
    "fd_read",
    "fd_readdir",
    "fd_renumber",
    "fd_seek",
    "fd_sync",
    "fd_tell",
    "fd_write",
    "path_create_directory",
    "path_filestat_get",
    "path_filestat_set_times",
    "path_link",
    "path_open",
    "path_readlink",
    "path_remove_directory",
    "path_rename",
    "path_symlink",
    "path_unlink_file",
    "poll_oneoff",
    "proc_exit",
    "proc_raise",
    "random_get",
    "sched_yield",
    "sock_accept",
    "sock_recv",
    "sock_send",
    "sock_shutdown",
];

/// What is wrong with an import of Extism's kernel, if anything is.
pub(crate) fn fault_of_kernel_import(name: &str, signature: Option<(&[ValType], &[ValType])>) -> Option<String> {
    let Some((_, parameters, results)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
        return Some("it is not among what Extism's PDKs import: use a PDK's own functions".to_owned());
    };
    match signature {
        Some(signature) if signature == (parameters, results) => None,
        _ => Some(format!("import it as {}", describe(parameters, results))),
    }
}

/// What is wrong with an import of WASI, if anything is.
pub(crate) fn fault_of_wasi_import(name: &str, is_function: bool) -> Option<String> {
    let is_known = is_function && WASI_FUNCTIONS.contains(&name);
    (!is_known).then(|| "WASI preview 1 has no such function: build for `wasm32-wasip1`".to_owned())
}

/// A signature as people write it: `(i64) -> (i64)`.
pub(crate) fn describe(parameters: &[ValType], results: &[ValType]) -> String {
    let list = |types: &[ValType]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!("({}) -> ({})", list(parameters), list(results))
}

/// The functions that an instance gets in the place of Extism's and of WASI's, and those that its adapter imports.
///
/// Extism makes an instance before it knows where the memory of that instance is, and its own functions, when what runs
/// then calls them, look for it all the same: the process would end. These trap the guest instead.
pub(crate) fn functions(
    plugin_call: &Arc<PluginCall>,
    needs_wasi: bool,
    with_adapter: bool,
) -> impl Iterator<Item = extism::Function> + use<> {
    let logs = LEVELS.map(|(name, level)| {
        own(plugin_call, name, false, with_adapter, move |plugin_call, _, [text]| {
            log(plugin_call, level, text);
            Ok(None)
        })
    });
    let logs = logs.into_iter().filter(move |_| with_adapter || defence::is_on(Defence::PluginLogs));
    let state = state_functions(plugin_call, with_adapter);
    let state = state.into_iter().filter(move |_| with_adapter || defence::is_on(Defence::Starting));
    let take = with_adapter.then(|| memory::take_function(adapter::HOST, plugin_call.clone()));
    // WASI's own would put the host's thread to sleep for as long as the guest likes, and nothing would wake it.
    const NOT_SUPPORTED: i32 = 58;
    let sleep = memory::refusing_function(WASI, "poll_oneoff", 4, NOT_SUPPORTED);
    let sleep = Some(sleep).filter(|_| needs_wasi && defence::is_on(Defence::WasiSleep));
    logs.chain(state).chain(take).chain(sleep)
}

/// How much is read of each text that a guest gives away: what it may keep, or log, and so much more that it is seen to be
/// too much. In the adapter a key and its value have up to seven bytes between them.
pub(crate) fn most_given(limits: &Limits) -> usize {
    VARIABLE_BYTES.max(limits.log_bytes) + size_of::<u64>()
}

/// A function in the place of one of Extism's, which traps a guest that is not in a call yet.
fn own<const PARAMETERS: usize>(
    plugin_call: &Arc<PluginCall>,
    name: &str,
    has_result: bool,
    with_adapter: bool,
    body: impl Fn(&PluginCall, &mut Guest<'_>, [Given; PARAMETERS]) -> Result<Option<Vec<u8>>, extism::Error>
    + Send
    + Sync
    + 'static,
) -> extism::Function {
    let (plugin_call, most) = (plugin_call.clone(), most_given(plugin_call.limits()));
    if with_adapter {
        return memory::adapter_kernel_function(adapter::HOST, name, plugin_call, most, body);
    }
    memory::kernel_function(NAMESPACE, name, has_result, plugin_call, most, body)
}

/// What a guest reads and keeps: its configuration, and its variables. There is no network.
fn state_functions(plugin_call: &Arc<PluginCall>, with_adapter: bool) -> [extism::Function; 4] {
    [
        own(plugin_call, "config_get", true, with_adapter, |_, guest, [key]| {
            Ok(key_of(key)?.and_then(|key| guest.config(&key)))
        }),
        own(plugin_call, "var_get", true, with_adapter, |_, guest, [key]| {
            Ok(key_of(key)?.and_then(|key| guest.variables().get(&key).cloned()))
        }),
        own(plugin_call, "var_set", false, with_adapter, |_, guest, [key, value]| {
            let full = || {
                extism::Error::msg(format!(
                    "its variables would take more than {VARIABLE_BYTES} bytes: keep less in them, or store it by a host function"
                ))
            };
            let key = key_of(key)?.ok_or_else(full)?;
            let variables = guest.variables();
            let value = match value {
                Given::Nothing => {
                    variables.remove(&key);
                    return Ok(None);
                }
                Given::NoBlock => return Err(no_block()),
                Given::Bytes { is_cut: true, .. } => return Err(full()),
                Given::Bytes { bytes, .. } => bytes,
            };
            let others = variables.iter().filter(|(name, _)| **name != key);
            let size: usize = others.map(|(name, value)| name.len() + value.len() + VARIABLE_OVERHEAD).sum();
            if size + key.len() + value.len() + VARIABLE_OVERHEAD > VARIABLE_BYTES {
                return Err(full());
            }
            variables.insert(key, value);
            Ok(None)
        }),
        // The adapter imports it from Extism's namespace too: it has no text to look at.
        memory::kernel_function(NAMESPACE, "http_request", true, plugin_call.clone(), 0, |_, _, [_, _]| {
            Err(extism::Error::msg("there is no network for plugins: call a host function"))
        }),
    ]
}

/// A key, or nothing where it is longer than any that is kept.
fn key_of(given: Given) -> Result<Option<String>, extism::Error> {
    match given {
        Given::Nothing => Ok(Some(String::new())),
        Given::NoBlock => Err(no_block()),
        Given::Bytes { is_cut: true, .. } => Ok(None),
        Given::Bytes { bytes, .. } => Ok(Some(String::from_utf8(bytes)?)),
    }
}

fn no_block() -> extism::Error {
    extism::Error::msg("it passed a handle that names no block of memory: pass one that the PDK allocated")
}

/// How much a guest may keep in variables, and what each counts beside its name and value: Extism's own numbers.
const VARIABLE_BYTES: usize = 1 << 20;
const VARIABLE_OVERHEAD: usize = size_of::<String>() + size_of::<Vec<u8>>();

/// About what a line of the log has beside what the plugin says: many short lines are a flood too.
const LINE_OVERHEAD: usize = 128;

const LEVELS: [(&str, tracing::Level); 5] = [
    ("log_trace", tracing::Level::TRACE),
    ("log_debug", tracing::Level::DEBUG),
    ("log_info", tracing::Level::INFO),
    ("log_warn", tracing::Level::WARN),
    ("log_error", tracing::Level::ERROR),
];

/// Writes what a plugin says into the host's log: under its name and its call, escaped, and no more than it may.
///
/// Extism's own functions write it as it is, with line breaks that start lines of the guest's own.
fn log(plugin_call: &PluginCall, level: tracing::Level, given: Given) {
    let limit = plugin_call.may_log().filter(|_| level <= tracing::level_filters::LevelFilter::current());
    let (Some(limit), Given::Bytes { mut bytes, .. }) = (limit, given) else { return };
    bytes.truncate(limit.saturating_add(1));
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    let is_cut = plugin_call.is_logging_too_much(text.len() + LINE_OVERHEAD);
    if is_cut {
        text.truncate(text.floor_char_boundary(limit.saturating_sub(LINE_OVERHEAD)));
    }
    let (plugin, call) = (plugin_call.plugin_name(), plugin_call.id());
    macro_rules! write {
        ($level:expr) => {{
            tracing::event!(target: "hostfn::plugin", $level, plugin, %call, said = ?text);
            if is_cut {
                let bytes = plugin_call.limits().log_bytes;
                tracing::warn!(plugin, %call, "the plugin call has logged as many bytes as it may, {bytes}: the rest is \
                    left out; allow more with `log_bytes`");
            }
        }};
    }
    match level {
        tracing::Level::TRACE => write!(tracing::Level::TRACE),
        tracing::Level::DEBUG => write!(tracing::Level::DEBUG),
        tracing::Level::INFO => write!(tracing::Level::INFO),
        tracing::Level::WARN => write!(tracing::Level::WARN),
        tracing::Level::ERROR => write!(tracing::Level::ERROR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kits_import_is_known_and_what_the_host_calls_is_not() {
        assert_eq!(fault_of_kernel_import("alloc", Some((&[I64], &[I64]))), None);
        for (name, signature) in [
            ("alloc", Some((&[I32][..], &[I64][..]))),
            ("alloc", None),
            ("reset", Some((&[][..], &[][..]))),
            ("memory", None),
            ("extism_context", None),
        ] {
            assert!(fault_of_kernel_import(name, signature).is_some(), "{name}");
        }
        assert_eq!(fault_of_wasi_import("fd_write", true), None);
        assert!(fault_of_wasi_import("fd_write", false).is_some());
        assert!(fault_of_wasi_import("system", true).is_some());
    }
}

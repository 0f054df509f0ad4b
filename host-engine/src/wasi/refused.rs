//! The functions of preview 1 that always fail: files, folders and sockets.

use wasmtime_48::{FuncType, Linker, Result, Val, ValType};

use super::{NAMESPACE, errno, streams};
use crate::state::State;

/// What a function returns.
#[derive(Clone, Copy)]
enum Answer {
    /// This error.
    Always(i32),
    /// This one for the standard streams, and `BADF` for all others.
    Stream(i32),
}
use Answer::{Always, Stream};

/// Each function with its parameters: `i` is an `i32`, `l` is an `i64`. All return an error number.
const FUNCTIONS: [(&str, &str, Answer); 25] = [
    ("fd_allocate", "ill", Stream(errno::NOTSUP)),
    ("fd_datasync", "i", Stream(errno::INVAL)),
    ("fd_fdstat_set_rights", "ill", Stream(errno::SUCCESS)),
    ("fd_filestat_set_size", "il", Stream(errno::INVAL)),
    ("fd_filestat_set_times", "illi", Stream(errno::NOTSUP)),
    ("fd_prestat_dir_name", "iii", Always(errno::BADF)),
    ("fd_prestat_get", "ii", Always(errno::BADF)),
    ("fd_readdir", "iiili", Stream(errno::NOTDIR)),
    ("fd_renumber", "ii", Stream(errno::NOTSUP)),
    ("fd_sync", "i", Stream(errno::INVAL)),
    ("path_create_directory", "iii", Stream(errno::NOTDIR)),
    ("path_filestat_get", "iiiii", Stream(errno::NOTDIR)),
    ("path_filestat_set_times", "iiiilli", Stream(errno::NOTDIR)),
    ("path_link", "iiiiiii", Stream(errno::NOTDIR)),
    ("path_open", "iiiiillii", Stream(errno::NOTDIR)),
    ("path_readlink", "iiiiii", Stream(errno::NOTDIR)),
    ("path_remove_directory", "iii", Stream(errno::NOTDIR)),
    ("path_rename", "iiiiii", Stream(errno::NOTDIR)),
    // The directory is the third parameter.
    ("path_symlink", "iiiii", Always(errno::BADF)),
    ("path_unlink_file", "iii", Stream(errno::NOTDIR)),
    ("proc_raise", "i", Always(errno::NOSYS)),
    ("sock_accept", "iii", Stream(errno::NOTSOCK)),
    ("sock_recv", "iiiiii", Stream(errno::NOTSOCK)),
    ("sock_send", "iiiii", Stream(errno::NOTSOCK)),
    ("sock_shutdown", "ii", Stream(errno::NOTSOCK)),
];

pub(super) fn link<T: 'static>(linker: &mut Linker<State<T>>) -> Result<()> {
    for (name, parameters, answer) in FUNCTIONS {
        let parameters = parameters.chars().map(|letter| if letter == 'l' { ValType::I64 } else { ValType::I32 });
        let signature = FuncType::new(linker.engine(), parameters, [ValType::I32]);
        linker.func_new(NAMESPACE, name, signature, move |_, parameters, results| {
            let fd = parameters.first().and_then(Val::i32).unwrap_or(-1);
            results[0] = Val::I32(match answer {
                Always(error) => error,
                Stream(error) if streams::is_open(fd) => error,
                Stream(_) => errno::BADF,
            });
            Ok(())
        })?;
    }
    Ok(())
}

//! Standard input, which is always at its end, and standard output and standard error, which go to the log.

use wasmtime_48::{Linker, Result};

use super::{
    C, NAMESPACE, errno,
    memory::{memory, part, put, u32_at},
};
use crate::{sources::LogSource, state::State};

const STDIN: i32 = 0;
const STDOUT: i32 = 1;
const STDERR: i32 = 2;

/// Whether it is one of the three standard streams: no other file is open.
pub(super) const fn is_open(fd: i32) -> bool {
    matches!(fd, STDIN..=STDERR)
}

/// The error of functions that need a position in a file: streams have none.
const fn no_place(fd: i32) -> i32 {
    if is_open(fd) { errno::SPIPE } else { errno::BADF }
}

/// The maximum number of parts of a write, as in Linux.
const MOST_VECTORS: u32 = 1024;
const CHARACTER_DEVICE: u8 = 2;
const MAY_READ: u64 = 1 << 1;
const MAY_WRITE: u64 = 1 << 6;
const MAY_POLL: u64 = 1 << 27;

pub(super) fn link<T: Send + 'static>(linker: &mut Linker<State<T>>) -> Result<()> {
    linker.func_wrap(NAMESPACE, "fd_write", write::<T>)?;
    linker.func_wrap(NAMESPACE, "fd_read", |mut caller: C<'_, T>, fd: i32, _: i32, _: i32, at: i32| match fd {
        STDIN => put(&mut caller, at, &[0; 4]),
        _ => errno::BADF,
    })?;
    linker.func_wrap(NAMESPACE, "fd_fdstat_get", |mut caller: C<'_, T>, fd: i32, at: i32| {
        if !is_open(fd) {
            return errno::BADF;
        }
        let rights = MAY_POLL | if fd == STDIN { MAY_READ } else { MAY_WRITE };
        let mut stat = [0; 24];
        stat[0] = CHARACTER_DEVICE;
        stat[8..16].copy_from_slice(&rights.to_le_bytes());
        put(&mut caller, at, &stat)
    })?;
    linker.func_wrap(NAMESPACE, "fd_filestat_get", |mut caller: C<'_, T>, fd: i32, at: i32| {
        if !is_open(fd) {
            return errno::BADF;
        }
        let mut stat = [0; 64];
        stat[16] = CHARACTER_DEVICE;
        put(&mut caller, at, &stat)
    })?;
    for name in ["fd_close", "fd_fdstat_set_flags"] {
        let of_fd = |fd| if is_open(fd) { errno::SUCCESS } else { errno::BADF };
        if name == "fd_close" {
            linker.func_wrap(NAMESPACE, name, move |_: C<'_, T>, fd: i32| of_fd(fd))?;
        } else {
            linker.func_wrap(NAMESPACE, name, move |_: C<'_, T>, fd: i32, _: i32| of_fd(fd))?;
        }
    }
    linker.func_wrap(NAMESPACE, "fd_seek", |_: C<'_, T>, fd: i32, _: i64, _: i32, _: i32| no_place(fd))?;
    linker.func_wrap(NAMESPACE, "fd_tell", |_: C<'_, T>, fd: i32, _: i32| no_place(fd))?;
    linker.func_wrap(NAMESPACE, "fd_advise", |_: C<'_, T>, fd: i32, _: i64, _: i64, _: i32| no_place(fd))?;
    for name in ["fd_pread", "fd_pwrite"] {
        linker.func_wrap(NAMESPACE, name, |_: C<'_, T>, fd: i32, _: i32, _: i32, _: i64, _: i32| no_place(fd))?;
    }
    Ok(())
}

/// Logs what the guest writes. The guest does not notice when its log is full.
fn write<T: Send + 'static>(mut caller: C<'_, T>, fd: i32, vectors: i32, count: i32, at: i32) -> i32 {
    let source = match fd {
        STDOUT => LogSource::Stdout,
        STDERR => LogSource::Stderr,
        _ => return errno::BADF,
    };
    let Some((bytes, state)) = memory(&mut caller) else { return errno::FAULT };
    let count = count as u32;
    if count > MOST_VECTORS {
        return errno::INVAL;
    }
    let Some(vectors) = part(bytes, vectors as u32, count * 8) else { return errno::FAULT };
    let mut written = 0_u32;
    for vector in vectors.chunks_exact(8) {
        let Some(content) = part(bytes, u32_at(vector, 0), u32_at(vector, 4)) else { return errno::FAULT };
        let Some(sum) = written.checked_add(content.len() as u32) else { return errno::INVAL };
        written = sum;
        state.guest.write(source, content);
    }
    put(&mut caller, at, &written.to_le_bytes())
}

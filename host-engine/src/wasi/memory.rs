//! Access to the memory that a guest exports for WASI.

use wasmtime_48::Extern;

use super::{C, errno};
use crate::state::State;

/// The guest's memory, and the rest of the store's data.
pub(super) fn memory<'a, T: 'static>(caller: &'a mut C<'_, T>) -> Option<(&'a mut [u8], &'a mut State<T>)> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory)?;
    Some(memory.data_and_store_mut(caller))
}

/// A writable part of the guest's memory, or nothing if it is not entirely in it.
pub(super) fn room<'a, T: 'static>(caller: &'a mut C<'_, T>, at: usize, length: usize) -> Option<&'a mut [u8]> {
    memory(caller)?.0.get_mut(at..)?.get_mut(..length)
}

/// Writes to the guest's memory, and returns an error number.
pub(super) fn put<T: 'static>(caller: &mut C<'_, T>, at: i32, bytes: &[u8]) -> i32 {
    match room(caller, at as u32 as usize, bytes.len()) {
        Some(room) => {
            room.copy_from_slice(bytes);
            errno::SUCCESS
        }
        None => errno::FAULT,
    }
}

/// A part of the guest's memory.
pub(super) fn part(bytes: &[u8], at: u32, length: u32) -> Option<&[u8]> {
    bytes.get(at as usize..)?.get(..length as usize)
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(*bytes[at..].first_chunk().expect("it is within what was read"))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*bytes[at..].first_chunk().expect("it is within what was read"))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(*bytes[at..].first_chunk().expect("it is within what was read"))
}

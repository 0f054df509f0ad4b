//! The limits of an instance, and the limiter that enforces them.

use wasmtime_48::{ResourceLimiter, Result};

use crate::ending::Stop;

/// The limits of each instance of a guest.
///
/// ```
/// use hostfn_engine::Limits;
///
/// let limits = Limits { memory_bytes: 16 << 20, ..Limits::default() };
/// assert_eq!(limits.table_elements, 100_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The size of all memories together, in bytes: the guest's, those of linked modules, and the memory for blocks
    /// with the host's record of them. A call that exceeds it ends with [`Ending::OutOfMemory`].
    ///
    /// [`Ending::OutOfMemory`]: crate::Ending::OutOfMemory
    pub memory_bytes: usize,
    /// The number of elements of all tables together. A call that exceeds it ends the same way.
    pub table_elements: usize,
    /// The size of all variables together, in bytes. Each counts its name, its value and 48 bytes. Zero turns variables
    /// off.
    pub variable_bytes: usize,
    /// How many bytes a call can log. Each line counts its text and 128 bytes. The rest is dropped.
    pub log_bytes: usize,
}

/// Each memory takes 4 GiB of address space; no guest needs more of them.
const MEMORIES: usize = 32;
const TABLES: usize = 64;
const INSTANCES: usize = 32;

impl Default for Limits {
    fn default() -> Self {
        Self { memory_bytes: 64 << 20, table_elements: 100_000, variable_bytes: 1 << 20, log_bytes: 64 << 10 }
    }
}

/// What an instance has left of its limits.
pub(crate) struct Limiter {
    memory_bytes: usize,
    table_elements: usize,
}

impl Limiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { memory_bytes: limits.memory_bytes, table_elements: limits.table_elements }
    }

    /// Counts memory that the host needs for the guest.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Stop> {
        take(&mut self.memory_bytes, bytes)
    }
}

fn take(left: &mut usize, more: usize) -> Result<(), Stop> {
    *left = left.checked_sub(more).ok_or(Stop::OutOfMemory)?;
    Ok(())
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        // The guest handles the maximum that its module declares; the host's limit ends the call.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        take(&mut self.memory_bytes, desired.saturating_sub(current))?;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        take(&mut self.table_elements, desired.saturating_sub(current))?;
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}

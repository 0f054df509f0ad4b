//! The kernel's allocator: where the blocks of a guest are, and how long they are.
//!
//! The bytes of the blocks are in a WebAssembly memory that a guest can write to at any address. The lengths are here,
//! where no guest can forge them. Every operation takes constant time, however many blocks there are: PDKs free few of
//! them.

/// Blocks start at multiples of this many bytes, and the first one at this address.
pub(crate) const GRANULE: u64 = 1 << GRANULE_BITS;
const GRANULE_BITS: u32 = 6;
/// The maximum length of a block: a mark needs one bit for itself.
pub(crate) const LONGEST: u64 = (1 << 31) - 1;

/// The first classes have a fixed size each: 1 to 32 granules.
const EXACT: usize = 32;
/// The binary logarithm of the number of larger classes for each doubling of the size.
const STEPS_BITS: u32 = 4;
const CLASSES: usize = EXACT + (20 << STEPS_BITS);

/// Set in the mark where a free block starts.
const FREE: u32 = 1 << 31;
/// The end of a free list; no block starts at granule zero.
const NONE: u32 = 0;

/// The blocks of one guest.
pub(crate) struct Blocks {
    /// A mark for each granule. At the start of a block it is the length in bytes. At the start of a free block it is
    /// [`FREE`] and the granule of the next free block of the same class. If the free block has more than [`EXACT`]
    /// granules, the second mark is [`FREE`] and their number. All other marks are zero.
    marks: Vec<u32>,
    /// The first granule after all blocks.
    end: u32,
    /// The first free block of each class.
    heads: [u32; CLASSES],
    /// A bit for each class: whether it has a free block.
    has_free: [u64; CLASSES.div_ceil(64)],
}

/// What an allocation needs first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// A memory of this many bytes.
    Memory(u64),
    /// Marks of this many bytes.
    Marks(usize),
    /// Nothing helps: no block can be that long.
    TooLong,
}

impl Blocks {
    pub(crate) fn new() -> Self {
        Self { marks: Vec::new(), end: 1, heads: [NONE; CLASSES], has_free: [0; CLASSES.div_ceil(64)] }
    }

    /// Forgets all blocks.
    pub(crate) fn clear(&mut self) {
        let used = self.marks.len().min(self.end as usize);
        self.marks[..used].fill(0);
        self.end = 1;
        self.heads = [NONE; CLASSES];
        self.has_free = [0; CLASSES.div_ceil(64)];
    }

    /// How many bytes of the memory were used for blocks, from address zero on.
    pub(crate) fn used(&self) -> u64 {
        u64::from(self.end) << GRANULE_BITS
    }

    /// The size of the marks, in bytes.
    pub(crate) fn bytes_of_marks(&self) -> usize {
        self.marks.len() * size_of::<u32>()
    }

    /// Grows the marks to this size, in bytes.
    pub(crate) fn grow_marks(&mut self, bytes: usize) {
        self.marks.resize(bytes / size_of::<u32>(), 0);
    }

    /// The length of a block, or zero if the handle is invalid.
    pub(crate) fn length(&self, handle: u64) -> u64 {
        self.granule(handle).map_or(0, |at| u64::from(self.marks[at]))
    }

    /// The granule where a block starts.
    fn granule(&self, handle: u64) -> Option<usize> {
        if !handle.is_multiple_of(GRANULE) || handle >= self.used() {
            return None;
        }
        let at = (handle >> GRANULE_BITS) as usize;
        self.marks.get(at).is_some_and(|mark| *mark != 0 && mark & FREE == 0).then_some(at)
    }

    /// Allocates a block of this length in a memory of `room` bytes, and returns its handle. A block of no bytes has
    /// the handle zero.
    pub(crate) fn allocate(&mut self, length: u64, room: u64) -> Result<u64, Missing> {
        if length == 0 {
            return Ok(0);
        }
        if length > LONGEST {
            return Err(Missing::TooLong);
        }
        let class = class_for(length.div_ceil(GRANULE) as u32);
        let granules = size_of_class(class);
        let start = match self.pull(class) {
            Some((start, _)) => start,
            None => self.extend(granules, room).or_else(|missing| self.split(class, granules).ok_or(missing))?,
        };
        self.marks[start as usize] = length as u32;
        Ok(u64::from(start) << GRANULE_BITS)
    }

    /// Takes granules that were not used before.
    fn extend(&mut self, granules: u32, room: u64) -> Result<u32, Missing> {
        let end = u64::from(self.end) + u64::from(granules);
        if end << GRANULE_BITS > 1 << 32 {
            return Err(Missing::TooLong);
        }
        if end << GRANULE_BITS > room {
            return Err(Missing::Memory(end << GRANULE_BITS));
        }
        let end = end as u32;
        if self.marks.len() < end as usize {
            return Err(Missing::Marks((end as usize).max(2 * self.marks.len()).max(256) * size_of::<u32>()));
        }
        Ok(std::mem::replace(&mut self.end, end))
    }

    /// Takes granules from the smallest free block of a larger class.
    fn split(&mut self, class: usize, granules: u32) -> Option<u32> {
        let larger = self.first_with_free(class + 1)?;
        let (start, has) = self.pull(larger)?;
        if has > granules {
            self.push(start + granules, has - granules);
        }
        Some(start)
    }

    /// Frees a block, and returns whether there was one.
    pub(crate) fn free(&mut self, handle: u64) -> bool {
        let Some(at) = self.granule(handle) else { return false };
        let granules = size_of_class(class_for(u64::from(self.marks[at]).div_ceil(GRANULE) as u32));
        self.push(at as u32, granules);
        true
    }

    fn push(&mut self, start: u32, granules: u32) {
        let class = class_within(granules);
        self.marks[start as usize] = FREE | self.heads[class];
        if class >= EXACT {
            self.marks[start as usize + 1] = FREE | granules;
        }
        self.heads[class] = start;
        self.has_free[class / 64] |= 1 << (class % 64);
    }

    /// Takes the first free block of a class, with the number of its granules.
    fn pull(&mut self, class: usize) -> Option<(u32, u32)> {
        let start = self.heads[class];
        if start == NONE {
            return None;
        }
        let granules = match class >= EXACT {
            true => std::mem::take(&mut self.marks[start as usize + 1]) & !FREE,
            false => size_of_class(class),
        };
        let next = self.marks[start as usize] & !FREE;
        self.marks[start as usize] = 0;
        self.heads[class] = next;
        if next == NONE {
            self.has_free[class / 64] &= !(1 << (class % 64));
        }
        Some((start, granules))
    }

    fn first_with_free(&self, from: usize) -> Option<usize> {
        let first = from / 64;
        let words = self.has_free.iter().enumerate().skip(first);
        words
            .map(|(at, word)| (at, if at == first { word & (u64::MAX << (from % 64)) } else { *word }))
            .find_map(|(at, word)| (word != 0).then(|| at * 64 + word.trailing_zeros() as usize))
    }
}

/// The smallest class with at least this many granules.
fn class_for(granules: u32) -> usize {
    if granules as usize <= EXACT {
        return granules as usize - 1;
    }
    let exponent = (granules - 1).ilog2();
    let step = exponent - STEPS_BITS;
    let in_doubling = ((granules - 1) >> step) as usize - (1 << STEPS_BITS);
    EXACT + ((exponent as usize - 5) << STEPS_BITS) + in_doubling
}

/// The number of granules of a block of this class.
fn size_of_class(class: usize) -> u32 {
    if class < EXACT {
        return class as u32 + 1;
    }
    let (doubling, in_doubling) = ((class - EXACT) >> STEPS_BITS, (class - EXACT) as u32 & ((1 << STEPS_BITS) - 1));
    let exponent = doubling as u32 + 5;
    (1 << exponent) + ((in_doubling + 1) << (exponent - STEPS_BITS))
}

/// The largest class with at most this many granules.
fn class_within(granules: u32) -> usize {
    let class = class_for(granules);
    if size_of_class(class) > granules { class - 1 } else { class }
}

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// A memory of so many bytes that gives way to blocks.
struct Heap {
    blocks: Blocks,
    room: u64,
    most: u64,
}

impl Heap {
    fn allocate(&mut self, length: u64) -> Result<u64, Missing> {
        loop {
            match self.blocks.allocate(length, self.room) {
                Err(Missing::Memory(needed)) if needed <= self.most => self.room = needed,
                Err(Missing::Marks(bytes)) => self.blocks.grow_marks(bytes),
                outcome => return outcome,
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Allocate(u64),
    /// Frees the live block of this number, counted around.
    Free(usize),
    /// Asks and frees by a number that may be no handle.
    Forge(u64),
    Clear,
}

fn length() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 1..=300_u64, 3 => 1..=10_000_u64, 2 => 1..=400_000_u64, 1 => Just(0_u64)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        60 => length().prop_map(Step::Allocate),
        40 => any::<usize>().prop_map(Step::Free),
        5 => prop_oneof![any::<u64>(), 0..2_000_000_u64].prop_map(Step::Forge),
        1 => Just(Step::Clear),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Whatever a guest allocates and frees: blocks do not overlap, have the length that was asked, lie within the
    /// memory, and a number that is no handle is none.
    #[test]
    fn blocks_never_overlap(steps in proptest::collection::vec(step(), 1..300), most in 1_u64..4_000_000) {
        let mut heap = Heap { blocks: Blocks::new(), room: 4096, most: most.max(4096) };
        let mut live = BTreeMap::new();
        for step in steps {
            match step {
                Step::Allocate(length) => match heap.allocate(length) {
                    Ok(0) => prop_assert_eq!(length, 0),
                    Ok(handle) => {
                        let end = handle + length;
                        prop_assert!(handle >= GRANULE && end <= heap.room && end <= heap.blocks.used());
                        let before = live.range(..=handle).next_back();
                        prop_assert!(before.is_none_or(|(at, length)| at + length <= handle));
                        let behind = live.range(handle..).next();
                        prop_assert!(behind.is_none_or(|(at, _)| end <= *at));
                        live.insert(handle, length);
                    }
                    Err(missing) => prop_assert!(matches!(missing, Missing::Memory(needed) if needed > heap.most)),
                },
                Step::Free(at) if !live.is_empty() => {
                    let handle = *live.keys().nth(at % live.len()).unwrap();
                    live.remove(&handle);
                    prop_assert!(heap.blocks.free(handle));
                    prop_assert!(!heap.blocks.free(handle));
                }
                Step::Free(at) => prop_assert!(!heap.blocks.free(at as u64)),
                Step::Forge(handle) if !live.contains_key(&handle) => {
                    prop_assert_eq!(heap.blocks.length(handle), 0);
                    prop_assert!(!heap.blocks.free(handle));
                }
                Step::Forge(_) => {}
                Step::Clear => {
                    heap.blocks.clear();
                    live.clear();
                    prop_assert!(heap.blocks.marks.iter().all(|mark| *mark == 0));
                }
            }
            for (handle, length) in &live {
                prop_assert_eq!(heap.blocks.length(*handle), *length);
            }
        }
        let starts = heap.blocks.marks.iter().filter(|mark| **mark != 0 && *mark & FREE == 0).count();
        prop_assert_eq!(starts, live.len());
    }

    /// A block that was freed is given out again before memory is used that no block has had.
    #[test]
    fn what_is_freed_is_used_again(lengths in proptest::collection::vec(1..100_000_u64, 1..60)) {
        let mut heap = Heap { blocks: Blocks::new(), room: 4096, most: 1 << 30 };
        let first: Vec<_> = lengths.iter().map(|length| heap.allocate(*length).unwrap()).collect();
        let used = heap.blocks.used();
        for handle in &first {
            prop_assert!(heap.blocks.free(*handle));
        }
        let again: Vec<_> = lengths.iter().map(|length| heap.allocate(*length).unwrap()).collect();
        prop_assert_eq!(heap.blocks.used(), used);
        let sorted = |mut handles: Vec<u64>| { handles.sort_unstable(); handles };
        prop_assert_eq!(sorted(again), sorted(first));
    }

    #[test]
    fn a_class_has_room_for_its_blocks(granules in 1_u32..=1 << 25) {
        let class = class_for(granules);
        prop_assert!(size_of_class(class) >= granules);
        prop_assert!(class == 0 || size_of_class(class - 1) < granules);
        // No more than a sixteenth of a block is lost.
        prop_assert!(u64::from(size_of_class(class)) * 16 <= u64::from(granules) * 17 + 16);
        let within = class_within(granules);
        prop_assert!(size_of_class(within) <= granules);
        prop_assert!(within + 1 >= CLASSES || size_of_class(within + 1) > granules);
    }
}

#[test]
fn classes_grow_without_a_gap() {
    let sizes: Vec<_> = (0..CLASSES).map(size_of_class).collect();
    assert!(sizes.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!((sizes[0], sizes[31], sizes[32]), (1, 32, 34));
    assert_eq!(sizes[CLASSES - 1], 1 << 25);
    assert_eq!(class_for(LONGEST.div_ceil(GRANULE) as u32), CLASSES - 1);
    assert!((0..CLASSES).all(|class| class_for(size_of_class(class)) == class));
}

#[test]
fn a_larger_free_block_is_split_before_memory_grows() {
    // The first granule has no block, and 960 is the size of a class.
    let room = 961 * GRANULE;
    let mut heap = Heap { blocks: Blocks::new(), room, most: room };
    let large = heap.allocate(960 * GRANULE).unwrap();
    assert_eq!(heap.allocate(1), Err(Missing::Memory(room + GRANULE)));
    assert!(heap.blocks.free(large));
    let (small, rest) = (heap.allocate(1).unwrap(), heap.allocate(50_000).unwrap());
    assert_eq!((small, rest), (large, large + GRANULE));
    assert_eq!((heap.room, heap.blocks.length(small), heap.blocks.length(rest)), (room, 1, 50_000));
}

#[test]
fn lengths_that_no_block_has_are_refused() {
    let mut heap = Heap { blocks: Blocks::new(), room: 65536, most: u64::MAX };
    for length in [LONGEST + 1, u64::MAX, u64::MAX - 11, 1 << 32] {
        assert_eq!(heap.allocate(length), Err(Missing::TooLong), "{length}");
    }
    assert!(matches!(heap.blocks.allocate(LONGEST, 65536), Err(Missing::Memory(_))));
    assert_eq!(heap.blocks.bytes_of_marks(), 0);
}

#[test]
fn no_handle_is_inside_or_behind_a_block() {
    let mut heap = Heap { blocks: Blocks::new(), room: 65536, most: 65536 };
    let block = heap.allocate(200).unwrap();
    for handle in [0, 1, block + 1, block + 64, block + 128, block + 256, 1 << 40, u64::MAX, u64::MAX - 63] {
        assert_eq!(heap.blocks.length(handle), 0, "{handle}");
        assert!(!heap.blocks.free(handle), "{handle}");
    }
    assert_eq!(heap.blocks.length(block), 200);
}

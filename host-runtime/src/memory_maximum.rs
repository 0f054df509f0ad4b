//! A module whose memories say how large they may become.
//!
//! Extism limits how much memory grows once an instance is made: not what it starts with, nor what grows while a module is
//! started for the first time. A maximum in the module itself holds always.

use std::borrow::Cow;

use wasm_encoder::{MemorySection, MemoryType, Module, RawSection};
use wasmparser::{BinaryReaderError, Parser, Payload};

use crate::defence::{self, Defence};

/// The same module, with memories that together may have so many of WebAssembly's pages. They must not start with more.
pub(crate) fn with_memory_maximum(bytes: &[u8], pages: u32) -> Result<Cow<'_, [u8]>, BinaryReaderError> {
    if !defence::is_on(Defence::MemoryMaximum) {
        return Ok(bytes.into());
    }
    let (mut module, mut is_changed) = (Module::new(), false);
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        if let Payload::MemorySection(section) = payload {
            let memories: Vec<_> = section.into_iter().collect::<Result<_, _>>()?;
            let first: u64 = memories.iter().map(|memory| memory.initial).sum();
            let spare = u64::from(pages).saturating_sub(first) / memories.len().max(1) as u64;
            let mut bounded = MemorySection::new();
            for memory in memories {
                // One more than it gets: Extism takes reaching a memory's maximum for going past it.
                let most = memory.initial + spare + 1;
                is_changed |= memory.maximum.is_none_or(|maximum| maximum > most);
                bounded.memory(MemoryType {
                    minimum: memory.initial,
                    maximum: Some(memory.maximum.map_or(most, |maximum| maximum.min(most)).min(1 << 16)),
                    memory64: memory.memory64,
                    shared: memory.shared,
                    page_size_log2: memory.page_size_log2,
                });
            }
            module.section(&bounded);
        } else if let Some((id, range)) = payload.as_section() {
            module.section(&RawSection { id, data: &bytes[range] });
        }
    }
    Ok(if is_changed { module.finish().into() } else { bytes.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounded(text: &str, pages: u32) -> Vec<(u64, Option<u64>)> {
        let module = wat::parse_str(text).unwrap();
        let bounded = with_memory_maximum(&module, pages).unwrap();
        wasmparser::validate(&bounded).unwrap();
        let sections = Parser::new(0).parse_all(&bounded).map(Result::unwrap);
        let memories = sections.filter_map(|payload| match payload {
            Payload::MemorySection(section) => Some(section),
            _ => None,
        });
        memories.flatten().map(Result::unwrap).map(|memory| (memory.initial, memory.maximum)).collect()
    }

    #[test]
    fn memories_become_no_larger_together_than_they_may() {
        assert_eq!(bounded("(module (memory 2))", 10), [(2, Some(11))]);
        assert_eq!(bounded("(module (memory 2 5))", 10), [(2, Some(5))]);
        assert_eq!(bounded("(module (memory 2 50))", 10), [(2, Some(11))]);
        assert_eq!(bounded("(module (memory 2) (memory 4))", 10), [(2, Some(5)), (4, Some(7))]);
        assert_eq!(bounded("(module (memory 1))", u32::MAX), [(1, Some(1 << 16))]);
        assert_eq!(bounded("(module)", 10), []);
    }

    #[test]
    fn nothing_else_is_changed() {
        let text = r#"(module $named (import "a" "b" (func $imported)) (table 1 funcref) (memory 1) (global i32 i32.const 1)
            (func $own (export "run") call $imported) (elem (i32.const 0) $own) (data (i32.const 0) "text")
            (@custom "section" "data"))"#;
        let (module, bounded) = (wat::parse_str(text).unwrap(), text.replace("(memory 1)", "(memory 1 10)"));
        assert_eq!(with_memory_maximum(&module, 9).unwrap(), wat::parse_str(bounded).unwrap());
        let without = wat::parse_str("(module (memory 1 2))").unwrap();
        assert!(matches!(with_memory_maximum(&without, 10), Ok(Cow::Borrowed(_))));
    }
}

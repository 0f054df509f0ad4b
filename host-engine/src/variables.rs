//! The variables of a guest, which it keeps from one call to the next.

use std::collections::BTreeMap;

use crate::ending::Misuse;

/// What a variable costs in addition to its name and value: the same as in Extism.
const OVERHEAD: usize = size_of::<String>() + size_of::<Vec<u8>>();

/// The variables of one instance.
pub(crate) struct Variables {
    all: BTreeMap<String, Vec<u8>>,
    /// What they cost together.
    bytes: usize,
    most: usize,
}

impl Variables {
    pub(crate) fn new(most: usize) -> Self {
        Self { all: BTreeMap::new(), bytes: 0, most }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&[u8]> {
        self.all.get(key).map(Vec::as_slice)
    }

    pub(crate) fn remove(&mut self, key: &str) {
        if let Some(value) = self.all.remove(key) {
            self.bytes -= size(key, &value);
        }
    }

    /// Checks that a variable fits. A variable of the same name still counts, as in Extism.
    pub(crate) fn check(&self, key: &str, value: usize) -> Result<(), Misuse> {
        let has_place = self.most > 0 && self.bytes + key.len() + value + OVERHEAD <= self.most;
        if has_place { Ok(()) } else { Err(Misuse::VariablesFull) }
    }

    pub(crate) fn set(&mut self, key: &str, value: Vec<u8>) {
        self.bytes += size(key, &value);
        if let Some(before) = self.all.insert(key.to_owned(), value) {
            self.bytes -= size(key, &before);
        }
    }
}

fn size(key: &str, value: &[u8]) -> usize {
    key.len() + value.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_counted() {
        let mut variables = Variables::new(200);
        assert_eq!(variables.check("a", 100), Ok(()));
        variables.set("a", vec![0; 100]);
        assert_eq!(variables.check("b", 10), Err(Misuse::VariablesFull));
        variables.set("a", vec![0; 1]);
        assert_eq!(variables.check("b", 10), Ok(()));
        variables.remove("a");
        assert_eq!((variables.bytes, variables.get("a")), (0, None));
        assert_eq!(Variables::new(0).check("", 0), Err(Misuse::VariablesFull));
    }
}

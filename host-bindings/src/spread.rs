//! What a type has of those that it holds, or that hold it.

use std::collections::{BTreeMap, BTreeSet};

use crate::types::{Function, Named, Type};

/// Tells of each type whether a 64-bit integer is in any type that it holds.
pub(crate) fn int64(types: &mut [Named]) {
    loop {
        let holders: BTreeMap<_, _> = types.iter().map(|named| (named.name.clone(), named.has_int64)).collect();
        let mut changed = false;
        for named in types.iter_mut().filter(|named| !named.has_int64) {
            let below = named.definition.types().into_iter().flat_map(Type::references);
            named.has_int64 = below.into_iter().any(|(name, _)| holders.get(name) == Some(&true));
            changed |= named.has_int64;
        }
        if !changed {
            return;
        }
    }
}

/// Marks the types that requests have.
pub(crate) fn requested(types: &mut [Named], functions: &[Function]) {
    let below: BTreeMap<_, Vec<_>> = types
        .iter()
        .map(|named| {
            let held = named.definition.types().into_iter().flat_map(Type::references);
            (named.name.clone(), held.map(|(name, _)| name.to_owned()).collect())
        })
        .collect();
    let mut requested = BTreeSet::new();
    let mut waiting: Vec<_> = functions.iter().filter_map(|function| function.request.clone()).collect();
    while let Some(name) = waiting.pop() {
        if requested.insert(name.clone()) {
            waiting.extend(below.get(&name).into_iter().flatten().cloned());
        }
    }
    for named in types {
        named.is_requested = requested.contains(&named.name);
    }
}

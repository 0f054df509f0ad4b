//! What C declares apart: it takes a type within another only where it knows all of it already.
//!
//! A list is a pointer, and points at what comes later too. An entry of a map is a struct with the value in it, and so is
//! a value that can be null: they are written where they stand, but for those whose value is a record that is not
//! complete there, because it holds them again. Those get a name, and are described when every record is.

use std::collections::{BTreeMap, BTreeSet};

use crate::types::{Definition, Entry, Named, Type};

/// Names what must be declared apart, and answers it, each after what it holds.
pub(crate) fn take_apart(types: &mut [Named]) -> Vec<Entry> {
    let positions: BTreeMap<_, _> = types.iter().enumerate().map(|(at, named)| (named.name.clone(), at)).collect();
    let mut awaited = BTreeSet::new();
    for (at, named) in types.iter().enumerate() {
        let references = named.definition.types().into_iter().flat_map(Type::references);
        awaited
            .extend(references.filter_map(|(name, _)| positions.get(name)).filter(|position| **position > at).copied());
    }
    for at in awaited {
        types[at].is_awaited = true;
    }
    let mut entries = Vec::new();
    for (at, named) in types.iter_mut().enumerate() {
        let Definition::Record { fields } = &mut named.definition else { continue };
        let is_complete = |name: &str| positions.get(name).is_some_and(|position| *position < at);
        for field in fields {
            name_entries(&mut field.kind, &is_complete, false, &mut entries);
        }
    }
    entries
}

/// Names the entries within a type. Answers whether what the type is written as has a record in it that is not complete;
/// behind a pointer that is no matter, but a struct that is described there is described at once.
fn name_entries(
    kind: &mut Type,
    is_complete: &dyn Fn(&str) -> bool,
    is_pointed_at: bool,
    entries: &mut Vec<Entry>,
) -> bool {
    let lacks_a_part = match kind {
        Type::Record { name } => return !is_complete(name),
        Type::Secret { item } => return name_entries(item, is_complete, is_pointed_at, entries),
        Type::Nullable { item, .. } if !is_pointed_at => return name_entries(item, is_complete, false, entries),
        Type::List { item } => {
            name_entries(item, is_complete, true, entries);
            return false;
        }
        Type::Map { item, .. } | Type::Nullable { item, .. } => name_entries(item, is_complete, false, entries),
        _ => return false,
    };
    if lacks_a_part && let Type::Map { entry, .. } | Type::Nullable { entry, .. } = kind {
        let name = format!("hostfn__entry_{}", entries.len() + 1);
        *entry = Some(name.clone());
        entries.push(Entry { name, kind: kind.clone() });
    }
    false
}

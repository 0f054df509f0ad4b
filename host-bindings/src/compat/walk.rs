//! The way through the schemas of one value in two contracts.
//!
//! Types refer to each other, in as many ways as there are types, so that a walk which follows every reference has
//! no end that anybody sees. Here a reference is written down and followed later, each pair of types once: the work is
//! that of the pairs, and no chain of references is too long for the stack. What is found in a type is told where it
//! is first met.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use super::{
    direction::{Change, Direction},
    form::{Annotations, Form, is_annotation, is_secret, target},
};
use crate::Contract;

/// One way in which two schemas differ, and where.
#[derive(Debug, PartialEq)]
pub(super) struct Difference {
    pub(super) change: Change,
    pub(super) path: String,
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
}

/// A walk through the schemas of one value in two contracts.
pub(super) struct Walk<'a> {
    pub(super) old: &'a Contract,
    pub(super) new: &'a Contract,
    pub(super) direction: Direction,
    differences: Vec<Difference>,
    /// Each pair that was met, by what it is.
    met: HashMap<(String, String), usize>,
    pairs: Vec<Pair>,
    /// Those that are still to be compared.
    queue: VecDeque<(usize, Task)>,
    /// Which pair refers to which, in the order in which that was found.
    edges: Vec<(usize, usize)>,
    /// The pair that is being compared.
    current: usize,
    overlaps: Vec<Overlap>,
}

/// Two types, or two schemas of which one is a type.
struct Pair {
    /// Whether something in it changed, and not only what is said about it.
    is_changed: bool,
    /// The names and the place, where two types of another name are compared.
    renamed: Option<(String, String)>,
}

/// What is to be compared, and where it was first met.
enum Task {
    Schemas(String, Value, Value),
    Definitions(String, String, String),
}

/// Where a union began.
pub(super) struct Union {
    differences: usize,
    edges: usize,
}

/// A union in which a value may be of two variants, which is judged once it is known whether any of them changed.
struct Overlap {
    is_changed: bool,
    edges: std::ops::Range<usize>,
    difference: Difference,
}

/// What was found, and how much was done for it.
pub(super) struct Walked {
    pub(super) differences: Vec<Difference>,
    /// How many pairs of types were compared.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test bounds the work"))]
    pub(super) pairs: usize,
}

/// A schema that is a type's name, with null or without.
struct Named<'a> {
    name: String,
    is_nullable: bool,
    is_secret: bool,
    annotations: Annotations,
    /// All of it.
    schema: &'a Value,
}

impl<'a> Walk<'a> {
    /// Compares two schemas with all that they refer to.
    pub(super) fn between(
        (old, new): (&'a Contract, &'a Contract),
        direction: Direction,
        path: &str,
        (before, after): (&Value, &Value),
    ) -> Walked {
        let mut walk = Self {
            old,
            new,
            direction,
            differences: Vec::new(),
            met: HashMap::new(),
            pairs: vec![Pair { is_changed: false, renamed: None }],
            queue: VecDeque::new(),
            edges: Vec::new(),
            current: 0,
            overlaps: Vec::new(),
        };
        walk.compare(path, before, after);
        walk.settle(0);
        while let Some((pair, task)) = walk.queue.pop_front() {
            walk.current = pair;
            let so_far = walk.differences.len();
            match task {
                Task::Schemas(path, before, after) => {
                    walk.compare_forms(&path, &Form::of(&before, old), &Form::of(&after, new));
                }
                Task::Definitions(path, before, after) => {
                    let (before, after) = (Form::of_definition(&before, old), Form::of_definition(&after, new));
                    walk.compare_content(&path, &before, &after);
                    walk.compare_annotations(&path, &before.all_annotations(), &after.all_annotations());
                }
            }
            walk.settle(so_far);
        }
        walk.finish()
    }

    /// Compares two schemas, and what they refer to later.
    pub(super) fn compare(&mut self, path: &str, old: &Value, new: &Value) {
        match (Named::of(old, self.old), Named::of(new, self.new)) {
            (Some(before), Some(after)) => {
                if before.is_nullable != after.is_nullable {
                    self.compare_null(path, &Form::of(before.schema, self.old), &Form::of(after.schema, self.new));
                }
                self.compare_secrets(path, before.is_secret, after.is_secret);
                self.compare_annotations(path, &before.annotations, &after.annotations);
                self.enter(path, &before.name, &after.name);
            }
            (None, None) => self.compare_forms(path, &Form::of(old, self.old), &Form::of(new, self.new)),
            // One of them may go on without end, and the other with it.
            _ => {
                let key = (old.to_string(), new.to_string());
                self.meet(key, None, || Task::Schemas(path.to_owned(), old.clone(), new.clone()));
            }
        }
    }

    /// Compares two types, later and once.
    pub(super) fn enter(&mut self, path: &str, old: &str, new: &str) {
        let names = (old.to_owned(), new.to_owned());
        let renamed = (old != new).then(|| names.clone());
        let task = || Task::Definitions(path.to_owned(), old.to_owned(), new.to_owned());
        self.meet(names, renamed, task);
    }

    fn meet(&mut self, key: (String, String), renamed: Option<(String, String)>, task: impl FnOnce() -> Task) {
        let next = self.pairs.len();
        let pair = *self.met.entry(key).or_insert(next);
        self.edges.push((self.current, pair));
        if pair == next {
            self.pairs.push(Pair { is_changed: false, renamed });
            self.queue.push_back((pair, task()));
        }
    }

    pub(super) fn say(&mut self, change: Change, path: &str, old: Option<String>, new: Option<String>) {
        let difference = Difference { change, path: path.to_owned(), old, new };
        self.differences.push(difference);
    }

    /// Whether this is said already of this place.
    pub(super) fn is_said(&self, change: Change, path: &str) -> bool {
        self.differences.iter().rev().take_while(|said| said.path == path).any(|said| said.change == change)
    }

    pub(super) fn begin_union(&self) -> Union {
        Union { differences: self.differences.len(), edges: self.edges.len() }
    }

    /// A change of a variant is one of the whole, where a value may be of two of them.
    pub(super) fn end_overlapping_union(&mut self, union: &Union, path: &str, old: String, new: String) {
        self.overlaps.push(Overlap {
            is_changed: self.differences[union.differences..].iter().any(Difference::is_change),
            edges: union.edges..self.edges.len(),
            difference: Difference { change: Change::Unknown, path: path.to_owned(), old: Some(old), new: Some(new) },
        });
    }

    /// Notes what was found about the pair that was compared.
    fn settle(&mut self, so_far: usize) {
        self.pairs[self.current].is_changed |= self.differences[so_far..].iter().any(Difference::is_change);
    }

    fn finish(mut self) -> Walked {
        let is_changed = self.changed_somewhere();
        for (pair, _) in self.pairs.iter().enumerate().filter(|(pair, _)| !is_changed[*pair]) {
            // Where something else changed, it is another type and not another name.
            if let Some((old, new)) = &self.pairs[pair].renamed {
                self.differences.push(Difference {
                    change: Change::TypeRenamed,
                    path: format!("$defs.{old}"),
                    old: Some(old.clone()),
                    new: Some(new.clone()),
                });
            }
        }
        for overlap in self.overlaps {
            if overlap.is_changed || self.edges[overlap.edges].iter().any(|(_, pair)| is_changed[*pair]) {
                self.differences.push(overlap.difference);
            }
        }
        Walked { differences: self.differences, pairs: self.pairs.len() - 1 }
    }

    /// Of each pair whether it or any that it refers to changed.
    fn changed_somewhere(&self) -> Vec<bool> {
        let mut referring = vec![Vec::new(); self.pairs.len()];
        for (from, to) in &self.edges {
            referring[*to].push(*from);
        }
        let mut is_changed: Vec<_> = self.pairs.iter().map(|pair| pair.is_changed).collect();
        let mut rest: Vec<_> = (0..is_changed.len()).filter(|pair| is_changed[*pair]).collect();
        while let Some(pair) = rest.pop() {
            for from in &referring[pair] {
                if !std::mem::replace(&mut is_changed[*from], true) {
                    rest.push(*from);
                }
            }
        }
        is_changed
    }
}

impl Difference {
    fn is_change(&self) -> bool {
        self.change != Change::Documentation
    }
}

impl<'a> Named<'a> {
    fn of(schema: &'a Value, contract: &Contract) -> Option<Self> {
        let members = schema.as_object()?;
        let said = |members: &serde_json::Map<String, Value>| {
            let said = members.iter().filter(|(word, _)| is_annotation(word) && *word != "x-secret");
            said.map(|(word, value)| (word.clone(), value.clone())).collect::<Annotations>()
        };
        let mut words = members.iter().filter(|(word, _)| !is_annotation(word));
        match (words.next()?, words.next()) {
            ((word, Value::String(reference)), None) if word == "$ref" => {
                let (name, definition) = target(reference, contract)?;
                let is_secret = is_secret(members) || definition.as_object().is_some_and(is_secret);
                Some(Self { name, is_nullable: false, is_secret, annotations: said(members), schema })
            }
            ((word, Value::Array(branches)), None) if word == "anyOf" || word == "oneOf" => {
                let is_null = |branch: &Value| *branch == serde_json::json!({"type": "null"});
                let [left, right] = branches.as_slice() else { return None };
                let other = match (is_null(left), is_null(right)) {
                    (false, true) => left,
                    (true, false) => right,
                    _ => return None,
                };
                let inner = Self::of(other, contract).filter(|inner| !inner.is_nullable)?;
                let annotations = [inner.annotations, said(members)].concat();
                let is_secret = inner.is_secret || is_secret(members);
                Some(Self { is_nullable: true, is_secret, annotations, schema, ..inner })
            }
            _ => None,
        }
    }
}

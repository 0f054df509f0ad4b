//! What a host function borrows from its host: `&T` arguments.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::Arc,
};

use crate::{Caller, Entropy};

/// State of an application that its host functions borrow: `#[derive(HostState)]`.
///
/// One value of the type is given to the host with `.provide(value)`, and every function that
/// takes `&T` borrows it. A type from another crate needs a newtype.
///
/// The derive is what one usually writes. A type with parameters is made state for each that a host has:
///
/// ```
/// use std::sync::Arc;
///
/// use hostfn_contract::{HostState, States};
///
/// struct Cache<T>(Vec<T>);
///
/// impl HostState for Cache<u32> {}
///
/// // What a host does with what it is given by `.provide(…)`.
/// let mut states = States::default();
/// assert!(states.insert(Arc::new(Cache(vec![1_u32, 2]))));
/// assert_eq!(states.get::<Cache<u32>>().map(|cache| cache.0.len()), Some(2));
/// ```
#[diagnostic::on_unimplemented(
    message = "a host function cannot borrow `{Self}`: it is not host state",
    label = "not host state",
    note = "a reference is injected by the host: write `#[derive(HostState)]` on `{Self}` and give the host one with `.provide(…)`",
    note = "what the guest sends is taken by value: write the type without `&`"
)]
pub trait HostState: Send + Sync + 'static {}

/// A type that a host function can take by reference.
///
/// It is resolved once, when the host is built, and borrowed for each call.
#[diagnostic::on_unimplemented(
    message = "a host function cannot borrow `{Self}`: it is not host state",
    label = "not host state",
    note = "a reference is injected by the host: write `#[derive(HostState)]` on `{Self}` and give the host one with `.provide(…)`",
    note = "what the guest sends is taken by value: write the type without `&`"
)]
pub trait Inject: 'static {
    /// What the host holds, so that a call only borrows.
    type Resolved: Send + Sync + 'static;

    /// Takes it from the states, or notes that it is missing.
    fn resolve(resolver: &mut Resolver<'_>) -> Option<Self::Resolved>;

    /// Borrows it for one call.
    fn borrow<'a>(resolved: &'a Self::Resolved, call: &'a Call<'_>) -> &'a Self;
}

impl<T: HostState> Inject for T {
    type Resolved = Arc<T>;

    fn resolve(resolver: &mut Resolver<'_>) -> Option<Arc<T>> {
        resolver.state()
    }

    fn borrow<'a>(resolved: &'a Arc<T>, _: &'a Call<'_>) -> &'a T {
        resolved
    }
}

/// What belongs to one host call.
#[derive(Debug)]
pub struct Call<'a> {
    /// Who is calling.
    pub caller: &'a Caller,
    /// Randomness of this call alone, so that one more call changes no other.
    pub entropy: Entropy,
}

/// The values that a host was given with `.provide(…)`, one a type.
#[derive(Clone, Default)]
pub struct States {
    by_type: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

impl States {
    /// Holds `state` for every function that borrows a `T`. Answers false where there was one.
    pub fn insert<T: HostState>(&mut self, state: Arc<T>) -> bool {
        self.by_type.insert(TypeId::of::<T>(), state).is_none()
    }

    /// The state of a type, if the host has it.
    pub fn get<T: HostState>(&self) -> Option<Arc<T>> {
        self.by_type.get(&TypeId::of::<T>()).cloned()?.downcast().ok()
    }
}

/// A type that a function borrows and the host was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingState {
    /// The name of the type, as Rust prints it.
    pub type_name: &'static str,
}

/// Takes states for one function and remembers which were missing, so that all are told at once.
pub struct Resolver<'a> {
    states: &'a States,
    missing: Vec<MissingState>,
}

impl<'a> Resolver<'a> {
    /// A resolver over `states`.
    pub fn new(states: &'a States) -> Self {
        Self { states, missing: Vec::new() }
    }

    /// The state of a type, or `None` and a note that it is missing.
    pub fn state<T: HostState>(&mut self) -> Option<Arc<T>> {
        let state = self.states.get();
        if state.is_none() {
            self.missing.push(MissingState { type_name: std::any::type_name::<T>() });
        }
        state
    }

    /// What was asked for and is not there.
    pub fn into_missing(self) -> Vec<MissingState> {
        self.missing
    }
}

/// A tuple of types that a function borrows, in the order of its arguments.
pub trait InjectAll: 'static {
    /// What the host holds of them.
    type Resolved: Send + Sync + 'static;
    /// A tuple of references to them.
    type Borrowed<'a>;

    /// Resolves each, noting all that are missing and not just the first.
    fn resolve(resolver: &mut Resolver<'_>) -> Option<Self::Resolved>;

    /// Borrows each for one call.
    fn borrow<'a>(resolved: &'a Self::Resolved, call: &'a Call<'_>) -> Self::Borrowed<'a>;
}

macro_rules! inject_tuples {
    ($($name:ident)*) => {
        #[allow(non_snake_case, unused_variables, clippy::unused_unit, reason = "the empty tuple is one of them")]
        impl<$($name: Inject),*> InjectAll for ($($name,)*) {
            type Resolved = ($($name::Resolved,)*);
            type Borrowed<'a> = ($(&'a $name,)*);

            fn resolve(resolver: &mut Resolver<'_>) -> Option<Self::Resolved> {
                $(let $name = $name::resolve(resolver);)*
                Some(($($name?,)*))
            }

            fn borrow<'a>(($($name,)*): &'a Self::Resolved, call: &'a Call<'_>) -> Self::Borrowed<'a> {
                ($(<$name as Inject>::borrow($name, call),)*)
            }
        }
    };
}

inject_tuples!();
inject_tuples!(A);
inject_tuples!(A B);
inject_tuples!(A B C);
inject_tuples!(A B C D);
inject_tuples!(A B C D E);
inject_tuples!(A B C D E F);
inject_tuples!(A B C D E F G);
inject_tuples!(A B C D E F G H);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Greeting(&'static str);
    impl HostState for Greeting {}
    struct Absent;
    impl HostState for Absent {}
    struct AlsoAbsent;
    impl HostState for AlsoAbsent {}

    #[test]
    fn all_that_is_missing_is_told() {
        let mut states = States::default();
        assert!(states.insert(Arc::new(Greeting("hello"))));
        assert!(!states.insert(Arc::new(Greeting("again"))));

        let mut resolver = Resolver::new(&states);
        assert!(<(Greeting, Absent, AlsoAbsent)>::resolve(&mut resolver).is_none());
        let missing: Vec<_> = resolver.into_missing().iter().map(|missing| missing.type_name).collect();
        assert_eq!(missing.len(), 2);
        assert!(missing[0].ends_with("::Absent") && missing[1].ends_with("::AlsoAbsent"), "{missing:?}");
    }
}

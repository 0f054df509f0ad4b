use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore, SeedableRng},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Inject, Resolver, inject::Call};

/// Where a host gets randomness from: the operating system, or a seed in tests.
pub struct EntropySource {
    kind: Kind,
}

enum Kind {
    System,
    // How often each call was made, so that two alike do not draw the same identifiers.
    Seeded { seed: u64, seen: Mutex<HashMap<[u8; 32], u64>> },
}

impl EntropySource {
    /// The operating system's randomness.
    pub const fn system() -> Self {
        Self { kind: Kind::System }
    }

    /// Randomness that is the same in every run, and for every call depends on that call alone: one
    /// more call changes what no other draws. For tests; never for anything that must not be guessed.
    pub fn seeded(seed: u64) -> Self {
        Self { kind: Kind::Seeded { seed, seen: Mutex::default() } }
    }

    /// The randomness of one call. `name` and `input` say which call it is; with a seed, the same
    /// call made again draws something else.
    pub fn for_call(&self, scope: &str, name: &str, input: &[u8]) -> Entropy {
        match &self.kind {
            Kind::System => Entropy { generator: None },
            Kind::Seeded { seed, seen } => {
                let mut hasher = Sha256::new_with_prefix(seed.to_le_bytes());
                for part in [scope.as_bytes(), name.as_bytes(), input] {
                    hasher.update((part.len() as u64).to_le_bytes());
                    hasher.update(part);
                }
                let call: [u8; 32] = hasher.finalize().into();
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                let count = seen.entry(call).or_default();
                *count += 1;
                let seed = Sha256::new_with_prefix(call).chain_update(count.to_le_bytes()).finalize().into();
                Entropy { generator: Some(Mutex::new(ChaCha20Rng::from_seed(seed))) }
            }
        }
    }
}

impl fmt::Debug for EntropySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::System => "EntropySource::System",
            Kind::Seeded { .. } => "EntropySource::Seeded",
        })
    }
}

/// Randomness for one host call, which a function takes as `entropy: &Entropy`.
///
/// A function never asks the operating system itself, so that a test can say what it draws.
///
/// ```
/// # use hostfn_contract::EntropySource;
/// let draw = || EntropySource::seeded(1).for_call("test", "db_create_user", b"{}").bytes::<8>();
/// assert_eq!(draw(), draw());
/// ```
pub struct Entropy {
    // None is the operating system.
    generator: Option<Mutex<ChaCha20Rng>>,
}

impl Entropy {
    /// Fills `buffer`.
    ///
    /// # Panics
    /// When the operating system has no randomness to give; nothing safe can be done then.
    pub fn fill(&self, buffer: &mut [u8]) {
        match &self.generator {
            None => getrandom::fill(buffer).expect("the operating system gives randomness"),
            Some(generator) => generator.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(buffer),
        }
    }

    /// `N` bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A random UUID (version 4, [RFC 9562](https://www.rfc-editor.org/rfc/rfc9562#section-5.4)).
    pub fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}

impl Inject for Entropy {
    type Resolved = ();

    fn resolve(_: &mut Resolver<'_>) -> Option<()> {
        Some(())
    }

    fn borrow<'a>((): &'a (), call: &'a Call) -> &'a Self {
        &call.entropy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_draws_the_same_whatever_was_called_before_it() {
        let alone = EntropySource::seeded(7).for_call("p", "f", b"{}").bytes::<16>();
        let source = EntropySource::seeded(7);
        source.for_call("p", "f", b"{\"other\":1}");
        source.for_call("p", "g", b"{}");
        assert_eq!(source.for_call("p", "f", b"{}").bytes::<16>(), alone);
        assert_ne!(source.for_call("p", "f", b"{}").bytes::<16>(), alone, "the second such call");
        assert_ne!(EntropySource::seeded(8).for_call("p", "f", b"{}").bytes::<16>(), alone, "another seed");
    }

    #[test]
    fn the_system_does_not_repeat_itself() {
        let entropy = EntropySource::system().for_call("p", "f", b"{}");
        assert_ne!(entropy.uuid(), entropy.uuid());
        assert_eq!(entropy.uuid().get_version_num(), 4);
    }
}

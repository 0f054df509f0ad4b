use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng, TryRng},
};
use getrandom::SysRng;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Inject, Resolver, inject::Call};

/// Where a host gets randomness from: the operating system, or a seed in tests.
pub struct EntropySource {
    kind: Kind,
}

enum Kind {
    // For ids only, which need not be hard to guess: they are drawn for every call, and asking the
    // operating system costs more than the rest of a call.
    System { ids: Mutex<Option<Box<ChaCha20Rng>>> },
    // How often each call was made, so that two alike do not draw the same identifiers.
    Seeded { seed: u64, seen: Mutex<HashMap<[u8; 32], u64>> },
}

impl EntropySource {
    /// The operating system's randomness.
    pub const fn system() -> Self {
        Self { kind: Kind::System { ids: Mutex::new(None) } }
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
            Kind::System { .. } => Entropy { generator: None },
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
                Entropy { generator: Some(Box::new(Mutex::new(ChaCha20Rng::from_seed(seed)))) }
            }
        }
    }
}

impl EntropySource {
    /// An id for a plugin call: unique, and not a secret. `scope`, `name` and `input` are those of
    /// [`for_call`](Self::for_call).
    pub fn call_id(&self, scope: &str, name: &str, input: &[u8]) -> Uuid {
        match &self.kind {
            Kind::System { ids } => {
                let mut ids = ids.lock().unwrap_or_else(PoisonError::into_inner);
                let generator = ids.get_or_insert_with(|| {
                    let mut seed = [0; 32];
                    Entropy { generator: None }.fill(&mut seed);
                    Box::new(ChaCha20Rng::from_seed(seed))
                });
                let mut bytes = [0; 16];
                generator.fill_bytes(&mut bytes);
                uuid::Builder::from_random_bytes(bytes).into_uuid()
            }
            Kind::Seeded { .. } => self.for_call(scope, name, input).uuid(),
        }
    }
}

impl fmt::Debug for EntropySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::System { .. } => "EntropySource::System",
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
    // None is the operating system. Boxed, because every call carries one and few have it.
    generator: Option<Box<Mutex<ChaCha20Rng>>>,
}

impl Entropy {
    /// Fills `buffer`.
    ///
    /// # Panics
    /// When the operating system has no randomness to give; nothing safe can be done then.
    pub fn fill(&self, buffer: &mut [u8]) {
        match &self.generator {
            None => SysRng.try_fill_bytes(buffer).expect("the operating system gives randomness"),
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

    fn borrow<'a>((): &'a (), call: &'a Call<'_>) -> &'a Self {
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
    fn no_two_plugin_calls_have_the_same_id() {
        for source in [EntropySource::system(), EntropySource::seeded(7)] {
            let id = || source.call_id("p", "run", b"{}");
            assert_ne!(id(), id());
        }
        let first = || EntropySource::system().call_id("p", "run", b"{}");
        assert_ne!(first(), first(), "of two hosts");
    }

    #[test]
    fn the_system_does_not_repeat_itself() {
        let entropy = EntropySource::system().for_call("p", "f", b"{}");
        assert_ne!(entropy.uuid(), entropy.uuid());
        assert_eq!(entropy.uuid().get_version_num(), 4);
    }
}

//! Random numbers by name: a seed, a purpose and a number give one stream, the same on every machine.
//!
//! Nothing draws from a stream that something else draws from too, so that a change in one place moves no other, and
//! a run that is taken up again needs no saved generator.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// The stream number `index` of `seed` for `purpose`.
pub fn stream(seed: u64, purpose: &str, index: u64) -> ChaCha8Rng {
    let mut key = Sha256::new();
    key.update(seed.to_le_bytes());
    key.update(index.to_le_bytes());
    key.update(purpose.as_bytes());
    ChaCha8Rng::from_seed(key.finalize().into())
}

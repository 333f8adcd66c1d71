//! What a batch remembers of references.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use inkproof::{Signature, Verifier};
use inkproof_store::WriterId;
use sha2::{Digest, Sha256};

use crate::Result;
use crate::images::{EmbeddedImage, ImageField, NamedImage};
use crate::verify::References;

/// The references that a batch has met last, as the model sees them.
#[derive(Debug)]
pub struct BatchMemory {
    files: Mutex<Recent<FileKey, Signature>>,
    /// With the state of the store in which they were looked up.
    writers: Mutex<Recent<WriterId, ([i64; 2], References)>>,
}

/// The SHA-256 of a file, and the page of it that is meant.
type FileKey = ([u8; 32], Option<u32>);

/// The values used last: what was not asked for while half of the room was filled twice is forgotten.
#[derive(Debug)]
struct Recent<K, V> {
    half: usize,
    now: HashMap<K, V>,
    before: HashMap<K, V>,
}

impl BatchMemory {
    /// Remembers at most so many references of files, and so many sets of enrolled writers; each takes about 0.1 MiB.
    pub fn new(most: usize) -> Self {
        Self { files: Mutex::new(Recent::new(most)), writers: Mutex::new(Recent::new(most / 4)) }
    }

    /// An image embedded, unless a file of the same content was before.
    pub(super) fn embedded(
        &self,
        verifier: &Verifier,
        image: NamedImage<'_>,
        field: ImageField,
    ) -> Result<EmbeddedImage> {
        let key = (Sha256::digest(image.bytes).into(), image.page);
        let known = self.files.lock().unwrap_or_else(PoisonError::into_inner).get(&key);
        if let Some(signature) = known {
            return Ok(EmbeddedImage { name: image.name.to_owned(), signature });
        }
        let embedded = EmbeddedImage::new(verifier, image, field)?;
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(key, embedded.signature.clone());
        Ok(embedded)
    }

    /// A writer's references, if they were looked up in this state of the store.
    pub(super) fn writer(&self, writer: &WriterId, state: [i64; 2]) -> Option<References> {
        let (seen, references) = self.writers.lock().unwrap_or_else(PoisonError::into_inner).get(writer)?;
        (seen == state).then_some(references)
    }

    pub(super) fn remember_writer(&self, writer: &WriterId, state: [i64; 2], references: References) {
        self.writers.lock().unwrap_or_else(PoisonError::into_inner).insert(writer.clone(), (state, references));
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Recent<K, V> {
    fn new(most: usize) -> Self {
        Self { half: (most / 2).max(1), now: HashMap::new(), before: HashMap::new() }
    }

    fn get(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.now.get(key) {
            return Some(value.clone());
        }
        let value = self.before.remove(key)?;
        self.insert(key.clone(), value.clone());
        Some(value)
    }

    fn insert(&mut self, key: K, value: V) {
        if self.now.len() >= self.half {
            self.before = std::mem::take(&mut self.now);
        }
        self.now.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_is_forgotten() {
        let mut recent = Recent::new(4);
        for key in 0..100 {
            recent.insert(key, 10 * key);
            assert_eq!(recent.get(&key), Some(10 * key));
            assert_eq!(recent.get(&0), Some(0), "it is asked for all the time");
            assert!(recent.now.len() + recent.before.len() <= 4);
        }
        assert_eq!(recent.get(&50), None);
    }
}

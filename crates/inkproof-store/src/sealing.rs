//! What is kept of a writer is sealed with a key of the writer's own, so that erasing the key erases all of it, wherever a
//! database has left copies: in parts of pages that it has not yet used again, in rows that it has not yet cleared away.
//!
//! The writers' keys are in the same database, sealed with a master key that is not ([`keys`](crate::keys)).

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use inkproof::{Embedding, ImageDigest, Ink};

use crate::{Hex, Result, StoreError};

/// A writer's key, or a master key, which seals those.
#[derive(Clone, Copy)]
pub struct Key(Hex<32>);

/// What is sealed, row by row.
pub const GLOBAL: &str = "global vector";
pub const KEPT: &str = "reference";
pub const IMAGE: &str = "image";
pub const QUESTIONED: &str = "questioned signature";
pub const NOTE: &str = "note";

/// The nonce, which is random, comes first in what is sealed.
const NONCE: usize = 24;

impl Key {
    pub fn random() -> Self {
        Self(Hex::random())
    }

    pub fn from_slice(bytes: &[u8]) -> Result<Self> {
        Hex::from_slice(bytes).map(Self)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0.0
    }

    /// Seals bytes for a purpose and a row; only for these can they be opened again.
    pub fn seal(&self, purpose: &str, row: i64, plain: &[u8]) -> Vec<u8> {
        let nonce = Hex::<NONCE>::random().0;
        let aad = purpose_of(purpose, row);
        let payload = Payload { msg: plain, aad: aad.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).expect("what is kept is not that long");
        [&nonce[..], &sealed].concat()
    }

    pub fn open(&self, purpose: &str, row: i64, sealed: &[u8]) -> Result<Vec<u8>> {
        let damaged = || StoreError::damaged(format_args!("the {purpose} of {row} cannot be opened"));
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
        let aad = purpose_of(purpose, row);
        let payload = Payload { msg: sealed, aad: aad.as_bytes() };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| damaged())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.0.into())
    }
}

fn purpose_of(purpose: &str, row: i64) -> String {
    format!("inkproof {purpose} {row}")
}

/// What is kept of a reference besides its global vector and its image.
pub struct Kept {
    pub digest: ImageDigest,
    pub ink: Ink,
    pub embedding: Embedding,
}

impl Kept {
    /// The digest's sixteen digits, the length of the ink (u32, little-endian), the ink, the embedding.
    pub fn to_bytes(&self) -> Vec<u8> {
        let ink = self.ink.to_bytes();
        let length = (ink.len() as u32).to_le_bytes();
        [self.digest.to_string().as_bytes(), &length, &ink, &self.embedding.to_bytes()].concat()
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let short = || StoreError::damaged("a reference is cut off");
        let (digest, rest) = bytes.split_at_checked(16).ok_or_else(short)?;
        let (length, rest) = rest.split_first_chunk().ok_or_else(short)?;
        let (ink, embedding) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(short)?;
        Ok(Self {
            digest: String::from_utf8_lossy(digest).parse().map_err(StoreError::damaged)?,
            ink: Ink::from_bytes(ink).map_err(StoreError::damaged)?,
            embedding: Embedding::from_bytes(embedding).map_err(StoreError::damaged)?,
        })
    }
}

pub fn vector_to_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|value| value.to_le_bytes()).collect()
}

pub fn vector_from_bytes(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}

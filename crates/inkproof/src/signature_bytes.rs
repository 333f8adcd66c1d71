//! A signature as bytes, and back: what one process hands to another, so that references are embedded once.
//!
//! All numbers are little-endian. The first byte is the version, 1. Then come the lengths of a note and of the ink (u32
//! each), the note (JSON: fingerprint, flaws, page), the ink, and the embedding. Times stay behind.

use serde::{Deserialize, Serialize};

use crate::{Embedding, Error, Flaw, ImageDigest, Ink, Page, Result, Signature, Times};

const VERSION: u8 = 1;

/// What is neither ink nor embedding.
#[derive(Serialize, Deserialize)]
struct Note {
    digest: ImageDigest,
    flaws: Vec<WholeFlaw>,
    page: u32,
    pages: u32,
}

/// A [`Flaw`] with its figures, which are only shown as words elsewhere.
#[derive(Serialize, Deserialize)]
struct WholeFlaw(#[serde(with = "FlawFields")] Flaw);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Flaw", rename_all = "snake_case")]
enum FlawFields {
    LowResolution { longest: usize },
    CutAtEdge,
    LittleInk,
    TwoGroups,
    SomethingElse,
    Print,
    Turned { degrees: i16 },
    Copy { reference: usize },
}

impl Signature {
    /// Itself as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let flaws = self.flaws.iter().copied().map(WholeFlaw).collect();
        let note = Note { digest: self.digest, flaws, page: self.page.number, pages: self.page.count };
        let note = serde_json::to_vec(&note).expect("plain data");
        let ink = self.ink.to_bytes();
        let mut bytes = vec![VERSION];
        bytes.extend((note.len() as u32).to_le_bytes());
        bytes.extend((ink.len() as u32).to_le_bytes());
        for part in [note, ink, self.embedding.to_bytes()] {
            bytes.extend(part);
        }
        bytes
    }

    /// What [`Signature::to_bytes`] made; its times are zero.
    ///
    /// # Errors
    /// [`Error::SignatureBytes`] for another version or bytes that are cut off; as [`Ink::from_bytes`] and
    /// [`Embedding::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let [VERSION, rest @ ..] = bytes else { return Err(Error::SignatureBytes("they are of another version")) };
        let cut_off = || Error::SignatureBytes("they are cut off");
        let (lengths, rest) = rest.split_first_chunk::<8>().ok_or_else(cut_off)?;
        let [note, ink] = [0, 4].map(|at| u32::from_le_bytes(std::array::from_fn(|byte| lengths[at + byte])) as usize);
        let (note, rest) = rest.split_at_checked(note).ok_or_else(cut_off)?;
        let (ink, embedding) = rest.split_at_checked(ink).ok_or_else(cut_off)?;
        let note: Note = serde_json::from_slice(note).map_err(|_| Error::SignatureBytes("their note is broken"))?;
        Ok(Self {
            ink: Ink::from_bytes(ink)?,
            embedding: Embedding::from_bytes(embedding)?,
            digest: note.digest,
            flaws: note.flaws.into_iter().map(|WholeFlaw(flaw)| flaw).collect(),
            page: Page { number: note.page, count: note.pages },
            times: Times::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Verifier;

    fn signature() -> Signature {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/signatures/001/001_01.png");
        let signature = Verifier::bundled().embed_file(path).unwrap();
        let flaws = vec![Flaw::LowResolution { longest: 40 }, Flaw::CutAtEdge, Flaw::Print];
        Signature { flaws, page: Page { number: 2, count: 3 }, ..signature }
    }

    #[test]
    fn a_signature_comes_back_whole() {
        let before = signature();
        let after = Signature::from_bytes(&before.to_bytes()).unwrap();
        assert_eq!((after.ink, after.embedding), (before.ink, before.embedding));
        assert_eq!((after.digest, after.flaws, after.page), (before.digest, before.flaws, before.page));
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let whole = signature().to_bytes();
        let message = |bytes: &[u8]| Signature::from_bytes(bytes).unwrap_err().to_string();
        assert!(message(&[]).contains("another version"));
        assert!(message(&[2, 0]).contains("another version"));
        assert!(message(&whole[..5]).contains("cut off"));
        assert!(message(&whole[..40]).contains("cut off"));
        assert!(message(&[1, 0, 0, 0, 0, 0, 0, 0, 0]).contains("note is broken"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(change in 0..20_000_usize, to: u8, cut in 0..20_000_usize) {
            static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
            let mut bytes = BYTES.get_or_init(|| signature().to_bytes()).clone();
            let place = change % bytes.len();
            bytes[place] = to;
            bytes.truncate(cut.max(1));
            // What it is does not matter, only that there is an answer.
            let _ = Signature::from_bytes(&bytes);
        }
    }
}

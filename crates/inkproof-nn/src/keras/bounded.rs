//! The bytes of an HDF5 file, and how much may be read of them.
//!
//! Addresses in HDF5 may form circles, and one string or one name may be meant thousands of times: a file of a kilobyte can
//! keep its reader busy for ever, or fill any memory. So each read is charged to a budget that no model of Keras comes near.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hdf5_pure::{FormatError, Source};

/// Bytes of structure and attributes; EfficientNetB0 takes 7 million.
const BUDGET: u64 = 32 << 20;
/// What each read is charged besides its bytes, for what the reader does with them.
const READ: u64 = 256;
/// Bytes of one piece of structure, which is not numbers and not text. Types in types nest no deeper than that.
const LARGEST_PIECE: usize = 128 << 10;
/// Nodes above nodes in a tree of version 2, which the reader descends by recursion.
const DEEPEST_TREE: u16 = 16;
/// Bytes of a tree's record, of which any kind has more. Without that a node of a few bytes is thousands of records.
const SMALLEST_RECORD: u16 = 8;
/// Bytes of the beginnings that are looked at; a piece of numbers that long cannot be meant.
const LONGEST_BEGINNING: usize = 64;

/// What may still be read. It is atomic since sources have to be; one thread reads.
#[derive(Debug)]
pub struct Budget(AtomicU64);

impl Budget {
    /// Allows so many bytes more, and the read of them.
    pub fn grant(&self, bytes: u64) {
        let more = bytes.saturating_add(READ);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| (left > 0).then(|| left + more)).ok();
    }

    /// Whether something was not read, and nothing will be.
    pub fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    fn charge(&self, bytes: u64) -> Result<(), FormatError> {
        let left = self.0.load(Ordering::Relaxed).saturating_sub(bytes);
        self.0.store(left, Ordering::Relaxed);
        if left == 0 { Err(refused("there is more to read than in any model")) } else { Ok(()) }
    }
}

fn refused(what: &str) -> FormatError {
    FormatError::Source(what.to_owned())
}

/// The file.
pub struct Bounded {
    bytes: Vec<u8>,
    budget: Arc<Budget>,
    /// Bytes of the names of the group that is being read: each name in it may be all of them.
    names: AtomicU64,
}

impl Bounded {
    /// The file, and what may be read of it.
    pub fn new(bytes: Vec<u8>) -> (Self, Arc<Budget>) {
        let budget = Arc::new(Budget(AtomicU64::new(BUDGET)));
        (Self { bytes, budget: Arc::clone(&budget), names: AtomicU64::new(0) }, budget)
    }

    /// Looks at structures whose cost is not that of their bytes; lengths and addresses have 8 bytes in these files.
    fn check_beginning(&self, read: &[u8]) -> Result<(), FormatError> {
        let u16_at = |at: usize| read.get(at..at + 2).map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
        match read {
            [b'B', b'T', b'H', b'D', ..] => {
                let (record, depth) = (u16_at(10), u16_at(12));
                if record < SMALLEST_RECORD || depth > DEEPEST_TREE {
                    return Err(refused("a tree is deeper than in any model"));
                }
            }
            [b'H', b'E', b'A', b'P', _, _, _, _, length @ ..] => {
                let length = length.first_chunk().map_or(u64::MAX, |bytes| u64::from_le_bytes(*bytes));
                self.names.store(length, Ordering::Relaxed);
            }
            [b'S', b'N', b'O', b'D', ..] => {
                let names = self.names.load(Ordering::Relaxed);
                self.budget.charge(names.saturating_mul(u16_at(6).into()))?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl Source for Bounded {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, to: &mut [u8]) -> Result<(), FormatError> {
        self.budget.charge(READ + to.len() as u64)?;
        let rest = usize::try_from(offset).ok().and_then(|offset| self.bytes.get(offset..));
        let bytes = rest.and_then(|rest| rest.get(..to.len())).ok_or_else(|| refused("something is beyond the end"))?;
        to.copy_from_slice(bytes);
        if to.len() <= LONGEST_BEGINNING { self.check_beginning(to) } else { Ok(()) }
    }

    fn read_metadata_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, FormatError> {
        if length > LARGEST_PIECE {
            return Err(refused("a piece of its structure is larger than in any model"));
        }
        self.read_exact_at(offset, length)
    }
}

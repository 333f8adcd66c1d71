//! A mask of a bit for each pixel: 64 pixels of a row at a time.

use super::Plane;

/// Rows of bits, each from its lowest to its highest; beyond the sides is paper.
pub(super) struct Bits {
    pub width: usize,
    pub height: usize,
    /// Words of a row.
    pub words: usize,
    bits: Vec<u64>,
}

impl Bits {
    /// Of a plane: where it is not 0.
    pub(super) fn new(plane: &Plane) -> Bits {
        let words = plane.width.div_ceil(64);
        let rows = plane.values.chunks_exact(plane.width);
        let bits = rows.flat_map(|row| row.chunks(64).map(|values| word_above(values, 0))).collect();
        Bits { width: plane.width, height: plane.height, words, bits }
    }

    pub(super) fn row(&self, y: usize) -> &[u64] {
        &self.bits[y * self.words..(y + 1) * self.words]
    }

    pub(super) fn row_mut(&mut self, y: usize) -> &mut [u64] {
        &mut self.bits[y * self.words..(y + 1) * self.words]
    }

    /// Columns and rows of all bits that are set, row by row.
    pub(super) fn places(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let words = self.bits.iter().enumerate().filter(|(_, word)| **word != 0);
        words.flat_map(|(i, &word)| {
            let (y, first) = (i / self.words, i % self.words * 64);
            ones(word).map(move |bit| (first + bit, y))
        })
    }

    /// All words, row by row.
    pub(super) fn all(&self) -> &[u64] {
        &self.bits
    }
}

/// Which of at most 64 values are above the threshold.
pub(super) fn word_above(values: &[u8], threshold: u8) -> u64 {
    /// Brings the lowest bits of eight bytes together in the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut above = [0; 64];
    above.iter_mut().zip(values).for_each(|(above, &value)| *above = u8::from(value > threshold));
    let bytes = above.as_chunks::<8>().0.iter().enumerate();
    bytes.fold(0, |word, (i, bytes)| word | u64::from_le_bytes(*bytes).wrapping_mul(GATHER) >> 56 << (8 * i))
}

/// The places of the bits that are set, from the lowest.
pub(super) fn ones(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = (word != 0).then(|| word.trailing_zeros() as usize)?;
        word &= word - 1;
        Some(lowest)
    })
}

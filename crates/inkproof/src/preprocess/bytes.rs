//! An ink as few bytes, and back: runs of one value, which most of an ink is.
//!
//! The first byte is the version: 1 of an ink alone, 2 of one with the widths of its strokes, where their clarity is the next
//! byte. Then come runs: how many pixels (a variable-length number, seven bits a byte, the lowest first, the highest bit set
//! on all but the last) and their value (a byte), until the ink is full; with version 2 those of the widths follow. For
//! people an ink is a picture, too.

use std::io::Cursor;

use image::{GrayImage, ImageFormat};

use super::{Ink, SIDE, Widths};
use crate::{Error, Result};

const ALONE: u8 = 1;
const WITH_WIDTHS: u8 = 2;

impl Ink {
    /// Itself as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Some(widths) = &self.widths else {
            let mut bytes = vec![ALONE];
            put_runs(&mut bytes, &self.pixels);
            return bytes;
        };
        let mut bytes = vec![WITH_WIDTHS, widths.clarity];
        put_runs(&mut bytes, &self.pixels);
        put_runs(&mut bytes, &widths.of_pixels);
        bytes
    }

    /// What [`Ink::to_bytes`] made.
    ///
    /// # Errors
    /// [`Error::InkBytes`] for another version or another number of pixels, [`Error::NoInk`] where all are equal.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (ink, rest) = match bytes {
            [] => return Err(Error::InkBytes("there are none")),
            [ALONE, rest @ ..] => {
                let (pixels, rest) = runs(rest)?;
                (Self::new(pixels)?, rest)
            }
            [WITH_WIDTHS, clarity, rest @ ..] => {
                let (pixels, rest) = runs(rest)?;
                let (of_pixels, rest) = runs(rest)?;
                let widths = Widths::new(of_pixels, *clarity).ok_or(Error::InkBytes("their widths say nothing"))?;
                (Self::new(pixels)?.with_widths(Some(widths)), rest)
            }
            _ => return Err(Error::InkBytes("they are of another version")),
        };
        if rest.is_empty() { Ok(ink) } else { Err(Error::InkBytes("they hold more than an ink")) }
    }

    /// A PNG file that shows it as it would be on paper: dark strokes on white.
    pub fn to_png(&self) -> Vec<u8> {
        let side = SIDE as u32;
        let on_paper = self.pixels.iter().map(|pixel| 255 - pixel).collect();
        let picture = GrayImage::from_raw(side, side, on_paper).expect("an ink has these sides");
        let mut png = Cursor::new(Vec::new());
        picture.write_to(&mut png, ImageFormat::Png).expect("nothing can fail in memory");
        png.into_inner()
    }
}

fn put_runs(bytes: &mut Vec<u8>, values: &[u8]) {
    for run in values.chunk_by(|a, b| a == b) {
        let mut length = run.len();
        while length >= 128 {
            bytes.push((length % 128) as u8 | 128);
            length /= 128;
        }
        bytes.extend([length as u8, run[0]]);
    }
}

/// The values of as many runs as fill an ink, and what comes after.
fn runs(mut bytes: &[u8]) -> Result<(Vec<u8>, &[u8])> {
    let mut values = Vec::with_capacity(SIDE * SIDE);
    while values.len() < SIDE * SIDE {
        let (length, value, after) = run(bytes).ok_or(Error::InkBytes("they are cut off"))?;
        if values.len() + length > SIDE * SIDE {
            return Err(Error::InkBytes("they hold more than an ink"));
        }
        values.resize(values.len() + length, value);
        bytes = after;
    }
    Ok((values, bytes))
}

/// The length and value of the first run, and what comes after.
fn run(bytes: &[u8]) -> Option<(usize, u8, &[u8])> {
    let mut length = 0;
    for (place, byte) in bytes.iter().enumerate().take(3) {
        length |= usize::from(byte % 128) << (7 * place);
        if *byte < 128 {
            return Some((length, *bytes.get(place + 1)?, &bytes[place + 2..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_ink_comes_back(runs in prop::collection::vec((1..3000_usize, 0..4_u8), 1..200), clarity: u8) {
            let mut pixels: Vec<u8> = runs.iter().flat_map(|&(length, value)| vec![value * 85; length]).collect();
            pixels.resize(SIDE * SIDE, 7);
            pixels[0] = 1;
            let widths = Widths::new(pixels.iter().rev().copied().collect(), clarity);
            let ink = Ink::new(pixels).unwrap().with_widths(widths);
            prop_assert_eq!(Ink::from_bytes(&ink.to_bytes()).unwrap(), ink);
        }

        #[test]
        fn no_bytes_make_it_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Ink::from_bytes(&bytes);
            for version in [ALONE, WITH_WIDTHS] {
                bytes.insert(0, version);
                let _ = Ink::from_bytes(&bytes);
            }
        }
    }
}

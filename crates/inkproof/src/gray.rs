//! One gray channel of 8 bits: what every decoder gives and every preprocessing takes.

use crate::error::{Error, Result};
use crate::limits::Limits;

/// A gray image, row-major, 0 black to 255 white, at least one pixel and at most [`Limits::LONGEST_SIDE`] along a side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gray {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Gray {
    /// An image of `width` x `height` pixels.
    ///
    /// # Errors
    /// [`Error::Shape`] where a side is zero or over [`Limits::LONGEST_SIDE`], or the pixels are not `width * height`.
    pub fn new(width: usize, height: usize, pixels: Vec<u8>) -> Result<Gray> {
        let sides = 1..=Limits::LONGEST_SIDE as usize;
        if !sides.contains(&width) || !sides.contains(&height) || width * height != pixels.len() {
            return Err(Error::Shape { width, height, pixels: pixels.len() });
        }
        Ok(Gray { width, height, pixels })
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All pixels, row by row.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// One row.
    pub fn row(&self, y: usize) -> &[u8] {
        &self.pixels[y * self.width..(y + 1) * self.width]
    }

    /// All pixels, row by row.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }
}

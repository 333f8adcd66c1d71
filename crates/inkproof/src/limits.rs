//! Limits before work: what a decoder is allowed to be given, checked before it allocates, how long work may go on, and
//! which page is meant.

use std::time::Instant;

use crate::error::{Error, Result};

/// Bytes and pixels that an image may have, and until when work on it may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the encoded file.
    pub bytes: u64,
    /// Width times height of the decoded image.
    pub pixels: u64,
    /// The moment at which work on an image is given up. It is looked at between rows and steps; a decoder is not
    /// interrupted, and takes time in proportion to the pixels.
    pub deadline: Option<Instant>,
    /// The number of the page that is read, from 1; None for the only one that has something on it.
    pub page: Option<u32>,
}

impl Default for Limits {
    /// 64 MiB and 64 megapixels, which telephones and scanners make, without a deadline.
    fn default() -> Self {
        Limits { bytes: 64 << 20, pixels: 64_000_000, deadline: None, page: None }
    }
}

/// The most memory that is taken for each pixel at any moment from bytes to an embedding.
const BYTES_A_PIXEL: u64 = 12;
/// What may be taken whatever the size: tables, a decoder's windows, the working image and the network's numbers.
const FIXED_BYTES: u64 = 32 << 20;

impl Limits {
    /// Pixels of the longer side that any scanner, camera or file format here makes.
    pub const LONGEST_SIDE: u64 = 65_535;

    /// Pixels of a decoded image from which on it is made smaller before anything looks at it: an A4 sheet at 300 dpi is not.
    pub const WORKING_PIXELS: u64 = 9_000_000;

    /// The most memory that embedding one image takes, in bytes, with the bytes of its file.
    pub fn memory(&self) -> u64 {
        Self::decoder_bytes(self.pixels).saturating_add(self.bytes)
    }

    /// Refuses an empty image and one over the byte limit.
    pub fn check_bytes(&self, bytes: u64) -> Result<()> {
        match bytes {
            0 => Err(Error::Empty),
            _ if bytes > self.bytes => Err(Error::TooManyBytes { bytes, limit: self.bytes }),
            _ => Ok(()),
        }
    }

    /// Refuses an image over the pixel limit, and one with a side over [`Limits::LONGEST_SIDE`].
    pub fn check_pixels(&self, width: u64, height: u64) -> Result<()> {
        if width.max(height) > Self::LONGEST_SIDE {
            return Err(Error::TooLong { width, height, limit: Self::LONGEST_SIDE });
        }
        if width.saturating_mul(height) > self.pixels {
            return Err(Error::TooManyPixels { width, height, limit: self.pixels });
        }
        Ok(())
    }

    /// Refuses to go on after the deadline.
    pub fn check_time(&self) -> Result<()> {
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(Error::OutOfTime),
            _ => Ok(()),
        }
    }

    /// Bytes that may be allocated to decode an image of so many pixels.
    pub(crate) fn decoder_bytes(pixels: u64) -> u64 {
        pixels.saturating_mul(BYTES_A_PIXEL).saturating_add(FIXED_BYTES)
    }
}

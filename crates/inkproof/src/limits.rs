//! Limits before work: what a decoder is allowed to be given, checked before it allocates.

use crate::error::{Error, Result};

/// Bytes and pixels that an image may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the encoded file.
    pub bytes: u64,
    /// Width times height of the decoded image.
    pub pixels: u64,
}

impl Default for Limits {
    /// 16 MiB and 25 megapixels.
    fn default() -> Self {
        Limits { bytes: 16 << 20, pixels: 25_000_000 }
    }
}

impl Limits {
    /// Refuses an empty image and one over the byte limit.
    pub fn check_bytes(&self, bytes: u64) -> Result<()> {
        match bytes {
            0 => Err(Error::Empty),
            _ if bytes > self.bytes => Err(Error::TooManyBytes { bytes, limit: self.bytes }),
            _ => Ok(()),
        }
    }

    /// Refuses an image over the pixel limit.
    pub fn check_pixels(&self, width: u64, height: u64) -> Result<()> {
        if width.saturating_mul(height) > self.pixels {
            return Err(Error::TooManyPixels { width, height, limit: self.pixels });
        }
        Ok(())
    }

    /// Bytes that a decoder may allocate: eight a pixel (16-bit RGBA), twice, and a little more
    /// for tables and metadata.
    pub(crate) fn decoder_bytes(&self) -> u64 {
        self.pixels.saturating_mul(16).saturating_add(16 << 20)
    }
}

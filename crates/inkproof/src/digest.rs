//! A short fingerprint of an image's content, to see the same image again.
//!
//! A model file records the digests of its training images, so that an evaluation can tell when
//! a test image was in training. File format and metadata do not enter: only size and gray.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::gray::Gray;

/// The first 64 bits of SHA-256 over width (u32, little endian), height (the same) and the
/// pixels of an image under [`GrayRule::Tensorflow`](crate::GrayRule::Tensorflow).
///
/// Shown, parsed and serialised as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageDigest(u64);

impl ImageDigest {
    /// The digest of a gray image (made by the Tensorflow rule).
    pub fn from_gray(gray: &Gray) -> ImageDigest {
        Self::from_pixels(gray.width(), gray.height(), gray.pixels())
    }

    /// The same from its parts.
    pub(crate) fn from_pixels(width: usize, height: usize, pixels: &[u8]) -> ImageDigest {
        let mut hash = Sha256::new();
        hash.update(side(width));
        hash.update(side(height));
        hash.update(pixels);
        let first = *hash.finalize().first_chunk::<8>().expect("SHA-256 has 32 bytes");
        ImageDigest(u64::from_be_bytes(first))
    }
}

fn side(pixels: usize) -> [u8; 4] {
    u32::try_from(pixels).unwrap_or(u32::MAX).to_le_bytes()
}

impl fmt::Display for ImageDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A string that is not an image digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an image digest: 16 hexadecimal digits are expected")]
pub struct NotADigest(String);

impl FromStr for ImageDigest {
    type Err = NotADigest;

    fn from_str(text: &str) -> std::result::Result<Self, NotADigest> {
        let digits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        digits
            .then(|| u64::from_str_radix(text, 16).ok())
            .flatten()
            .map(ImageDigest)
            .ok_or_else(|| NotADigest(text.to_owned()))
    }
}

impl Serialize for ImageDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ImageDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_head_of_sha256_over_size_and_pixels() {
        let gray = Gray::new(2, 1, vec![0, 255]).unwrap();
        // printf '\x02\0\0\0\x01\0\0\0\0\xff' | sha256sum
        assert_eq!(ImageDigest::from_gray(&gray).to_string(), "7cc612b8eab27581");
    }

    #[test]
    fn text_comes_back_and_nonsense_does_not() {
        let digest = ImageDigest(0x0123_4567_89ab_cdef);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(json, "\"0123456789abcdef\"");
        assert_eq!(serde_json::from_str::<ImageDigest>(&json).unwrap(), digest);
        for bad in ["", "0123", "0123456789abcdeg", "+123456789abcdef"] {
            assert!(bad.parse::<ImageDigest>().is_err(), "{bad}");
        }
    }
}

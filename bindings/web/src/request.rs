//! Several signatures in one run of bytes: for each its length (u32, little-endian) and its bytes.

use inkproof::{Error, Result, Signature};

use crate::error::Failure;

/// What is to be compared.
pub struct Comparison {
    /// All but the last.
    pub references: Vec<Signature>,
    /// The last.
    pub questioned: Signature,
}

impl Comparison {
    /// Reads what was written as this module says.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Failure> {
        let parts = parts(bytes)?;
        let (questioned, references) = parts.split_last().ok_or(Error::NoReference)?;
        let read =
            |bytes: &[u8], name: String| Signature::from_bytes(bytes).map_err(|error| Failure::of_image(error, name));
        let reference = |(index, bytes): (usize, &&[u8])| read(bytes, format!("reference {}", index + 1));
        Ok(Self {
            references: references.iter().enumerate().map(reference).collect::<Result<_, _>>()?,
            questioned: read(questioned, "questioned".to_owned())?,
        })
    }
}

fn parts(mut bytes: &[u8]) -> Result<Vec<&[u8]>> {
    let mut parts = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let length = u32::from_le_bytes(*length) as usize;
        let (part, rest) = rest.split_at_checked(length).ok_or(Error::SignatureBytes("they are cut off"))?;
        parts.push(part);
        bytes = rest;
    }
    Ok(parts)
}

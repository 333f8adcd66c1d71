//! An embedding as bytes, and back to the last bit: what a store keeps.
//!
//! All numbers are little-endian. The first byte is the version, 1; the second the kind. A vector (kind 0) goes on with its
//! length (u32) and its numbers (f32). LocalFeatures (kind 1) go on with how many there are (u32), how similar strangers are (f32),
//! where each is (two f32) and each one's vector ([`WIDTH`] f32). Where they have a [`Pressure`], the version is 2, and its
//! clarity and a byte for each place follow. Bytes from elsewhere are validated: what comes out can be scored without a
//! second look.

use crate::inknet::{LocalFeatures, Pressure, WIDTH};
use crate::{Embedding, Error, Result, SIDE};

const VERSION: u8 = 1;
const WITH_PRESSURE: u8 = 2;
const VECTOR: u8 = 0;
const PLACES: u8 = 1;

/// An ink has no more places than this: one for each of its blocks.
const MOST_PLACES: usize = BLOCKS * BLOCKS;
const BLOCK: f32 = 4.0;
const BLOCKS: usize = SIDE / BLOCK as usize;
/// No network's vector is longer.
const LONGEST_VECTOR: usize = 1 << 16;
/// How far rounding takes a unit vector's squared length from 1.
const ROUNDING: f32 = 1e-3;

impl Embedding {
    /// Itself as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        match self {
            Self::Vector(vector) => {
                bytes.push(VECTOR);
                bytes.extend((vector.len() as u32).to_le_bytes());
                put(&mut bytes, vector);
            }
            Self::LocalFeatures(places) => {
                bytes.push(PLACES);
                bytes.extend((places.len() as u32).to_le_bytes());
                put(&mut bytes, &[places.to_cohort]);
                put(&mut bytes, places.at.as_flattened());
                put(&mut bytes, places.values.as_flattened());
                if let Some(Pressure { of_places, clarity }) = &places.pressure {
                    bytes[0] = WITH_PRESSURE;
                    bytes.push(*clarity);
                    bytes.extend(of_places);
                }
            }
        }
        bytes
    }

    /// What [`Embedding::to_bytes`] made.
    ///
    /// # Errors
    /// [`Error::EmbeddingBytes`] for another version, a wrong length, a number that is not finite, a vector that is not of
    /// unit length, places outside the ink or out of order.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let [version, kind, rest @ ..] = bytes else { return broken("there are hardly any bytes") };
        if ![VERSION, WITH_PRESSURE].contains(version) {
            return Err(Error::EmbeddingBytes(format!(
                "version {version}; this program reads versions {VERSION} and {WITH_PRESSURE}"
            )));
        }
        let Some((count, rest)) = rest.split_first_chunk() else { return broken("it is cut off") };
        let count = u32::from_le_bytes(*count) as usize;
        match (*version, *kind) {
            (VERSION, VECTOR) => Ok(Self::Vector(vector(count, rest)?)),
            (VERSION, PLACES) => Ok(Self::LocalFeatures(places(count, rest)?)),
            (_, PLACES) => Ok(Self::LocalFeatures(places_with_pressure(count, rest)?)),
            _ => broken("it is of an unknown kind"),
        }
    }

    /// A unit vector to search by: of a siamese model the embedding itself, of `inknet` what
    /// [`global`](crate::inknet::GLOBAL) numbers keep of all places.
    pub fn global(&self) -> Vec<f32> {
        match self {
            Self::Vector(vector) => vector.clone(),
            Self::LocalFeatures(places) => places.global(),
        }
    }
}

fn vector(count: usize, bytes: &[u8]) -> Result<Vec<f32>> {
    if count > LONGEST_VECTOR || bytes.len() != 4 * count {
        return broken("its length is not what it says");
    }
    let vector = numbers(bytes)?;
    if (squared(&vector) - 1.0).abs() > ROUNDING {
        return broken("its vector is not of unit length");
    }
    Ok(vector)
}

fn places(count: usize, bytes: &[u8]) -> Result<LocalFeatures> {
    if count == 0 || count > MOST_PLACES || bytes.len() != 4 * (1 + count * (2 + WIDTH)) {
        return broken("its length is not what it says");
    }
    let numbers = numbers(bytes)?;
    let (to_cohort, rest) = (numbers[0], &numbers[1..]);
    let (at, values) = rest.split_at(2 * count);
    let (at, values) = (at.as_chunks().0.to_vec(), values.as_chunks().0.to_vec());
    if !(0.0..=1.0 + ROUNDING).contains(&to_cohort) {
        return broken("its likeness to strangers is outside 0..1");
    }
    if at.as_flattened().iter().any(|side| !(0.0..SIDE as f32).contains(side)) {
        return broken("it has places outside the ink");
    }
    if !at.is_sorted_by(|a, b| block(a) < block(b)) {
        return broken("its places are out of order");
    }
    if values.iter().any(|values: &[f32; WIDTH]| squared(values) > 1.0 + ROUNDING) {
        return broken("a place has a vector longer than 1");
    }
    Ok(LocalFeatures { at, values, to_cohort, pressure: None })
}

fn places_with_pressure(count: usize, bytes: &[u8]) -> Result<LocalFeatures> {
    let Some(split) = bytes.len().checked_sub(1 + count) else { return broken("its length is not what it says") };
    let (features, pressure) = bytes.split_at(split);
    let pressure = Pressure { clarity: pressure[0], of_places: pressure[1..].to_vec() };
    if pressure.clarity == 0 {
        return broken("its pressure has no clarity");
    }
    Ok(LocalFeatures { pressure: Some(pressure), ..places(count, features)? })
}

/// The number of a place's block, row by row.
fn block([x, y]: &[f32; 2]) -> usize {
    (y / BLOCK) as usize * BLOCKS + (x / BLOCK) as usize
}

fn squared(vector: &[f32]) -> f32 {
    vector.iter().map(|value| value * value).sum()
}

fn put(bytes: &mut Vec<u8>, values: &[f32]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn numbers(bytes: &[u8]) -> Result<Vec<f32>> {
    let numbers: Vec<f32> = bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
    if numbers.iter().any(|number| !number.is_finite()) {
        return broken("it holds a NaN or an infinity");
    }
    Ok(numbers)
}

fn broken<T>(why: &str) -> Result<T> {
    Err(Error::EmbeddingBytes(why.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Ink, Model};

    fn embedded() -> Embedding {
        let mut pixels = vec![0; SIDE * SIDE];
        for step in 40..180 {
            pixels[step * SIDE + step / 2 + 60] = 255;
            pixels[step * SIDE + 200 - step] = 255;
        }
        Model::bundled().embed(&Ink::new(pixels).unwrap()).unwrap()
    }

    #[test]
    fn an_embedding_comes_back_to_the_last_bit() {
        let places = embedded();
        assert_eq!(Embedding::from_bytes(&places.to_bytes()).unwrap(), places);
        let vector = Embedding::Vector(vec![0.6, 0.0, -0.8]);
        assert_eq!(Embedding::from_bytes(&vector.to_bytes()).unwrap(), vector);
    }

    #[test]
    fn a_global_vector_is_of_unit_length_and_the_same_every_time() {
        let (first, again) = (embedded().global(), embedded().global());
        assert_eq!(first.len(), crate::inknet::GLOBAL);
        assert!((squared(&first) - 1.0).abs() < 1e-4);
        assert_eq!(first, again);
    }

    #[test]
    fn what_no_model_made_is_refused() {
        let vector = |values: Vec<f32>| Embedding::Vector(values).to_bytes();
        let mut swapped = embedded().to_bytes();
        let (first, second) = (10..18, 18..26);
        let kept = swapped[first.clone()].to_vec();
        swapped.copy_within(second.clone(), first.start);
        swapped[second].copy_from_slice(&kept);
        for (bytes, words) in [
            (vec![], "hardly any"),
            (vec![3, 0, 0, 0, 0, 0], "version 3"),
            (vec![2, 0, 0, 0, 0, 0], "unknown kind"),
            (vec![1, 7, 0, 0, 0, 0], "unknown kind"),
            (vector(vec![0.6, 0.6]), "unit length"),
            (vector(vec![f32::NAN, 1.0]), "NaN"),
            (vector(vec![1.0])[..9].to_vec(), "length"),
            (swapped, "out of order"),
        ] {
            let error = Embedding::from_bytes(&bytes).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(change in 0..20_000_usize, to: u8, cut in 0..20_000_usize) {
            let mut bytes = embedded_once().to_vec();
            let place = change % bytes.len();
            bytes[place] = to;
            bytes.truncate(cut.max(1));
            if let Ok(embedding) = Embedding::from_bytes(&bytes) {
                prop_assert_eq!(embedding.to_bytes(), bytes);
            }
        }
    }

    fn embedded_once() -> &'static [u8] {
        static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        BYTES.get_or_init(|| embedded().to_bytes())
    }
}

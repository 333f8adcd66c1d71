//! What a finder has learned as a file: safetensors with the network's tensors; the metadata has one key, `inkproof-finder`,
//! whose value is the rest as JSON.

use std::borrow::Cow;

use inkproof_nn::{Detector, Parameter};
use serde::{Deserialize, Serialize};

use super::look::{LOOK_SIZE, NUMBERS};
use super::{Finder, Thresholds, Trees};
use crate::error::{Error, Result};
use crate::tensor_file::{self, Tensor};

/// The version of the format that this program writes and reads.
const FORMAT: u32 = 1;
const METADATA_KEY: &str = "inkproof-finder";

/// What is not tensors.
#[derive(Serialize, Deserialize)]
struct Described<'a> {
    format: u32,
    thresholds: Thresholds,
    trees: Cow<'a, Trees>,
}

impl Finder {
    /// Reads the content of a finder's file.
    ///
    /// # Errors
    /// [`Error::Finder`] where it is none that can be used; the network's own errors.
    pub fn from_bytes(bytes: &[u8]) -> Result<Finder> {
        let json = tensor_file::description(bytes, METADATA_KEY).map_err(Error::Finder)?;
        let json = json.ok_or_else(|| Error::Finder(format!("its metadata has no key '{METADATA_KEY}'")))?;
        let Described { format, thresholds, trees } =
            serde_json::from_str(&json).map_err(|error| Error::Finder(format!("its metadata is broken ({error})")))?;
        if format != FORMAT {
            return Err(Error::Finder(format!("it has format {format}, and this program reads {FORMAT}")));
        }
        if !trees.are_sound() {
            return Err(Error::Finder("a tree of it leads nowhere".to_owned()));
        }
        if !thresholds.are_sound() {
            return Err(Error::Finder("its thresholds are no confidences".to_owned()));
        }
        let tensors = tensor_file::tensors(bytes).map_err(Error::Finder)?;
        let network = Detector::from_tensors(LOOK_SIZE, NUMBERS, tensors)?;
        Ok(Finder { trees: trees.into_owned(), network, thresholds })
    }

    /// The content of its file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Finder { trees, network, thresholds } = self;
        let described = Described { format: FORMAT, thresholds: *thresholds, trees: Cow::Borrowed(trees) };
        let json = serde_json::to_string(&described).expect("plain data");
        let tensor = |(parameter, values): (&Parameter, _)| {
            let Parameter { name, shape, .. } = parameter.clone();
            Tensor { name, shape, values: Cow::Borrowed(values) }
        };
        tensor_file::write(METADATA_KEY, json, &network.iter().map(tensor).collect::<Vec<_>>())
    }
}

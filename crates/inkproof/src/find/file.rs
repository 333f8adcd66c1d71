//! What a finder has learned as a file: safetensors with the network's tensors; the metadata has one key, `inkproof-finder`,
//! whose value is the rest as JSON.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use inkproof_nn::{Classifier, Parameter};
use safetensors::tensor::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use super::look::NUMBERS;
use super::{Finder, Thresholds, Trees};
use crate::error::{Error, Result};

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
        let broken = |error: &dyn std::fmt::Display| Error::Finder(format!("it is not a safetensors file ({error})"));
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| broken(&error))?;
        let json = header.metadata().as_ref().and_then(|metadata| metadata.get(METADATA_KEY));
        let json = json.ok_or_else(|| Error::Finder(format!("its metadata has no key '{METADATA_KEY}'")))?;
        let Described { format, thresholds, trees } =
            serde_json::from_str(json).map_err(|error| Error::Finder(format!("its metadata is broken ({error})")))?;
        if format != FORMAT {
            return Err(Error::Finder(format!("it has format {format}, and this program reads {FORMAT}")));
        }
        if !trees.are_sound() {
            return Err(Error::Finder("a tree of it leads nowhere".to_owned()));
        }
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| broken(&error))?;
        let mut named = BTreeMap::new();
        for (name, view) in tensors.iter() {
            if view.dtype() != Dtype::F32 {
                return Err(Error::Finder(format!("tensor '{name}' is not f32")));
            }
            let (values, _) = view.data().as_chunks();
            let values = values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            named.insert(name.to_owned(), (view.shape().to_vec(), values));
        }
        let network = Classifier::from_tensors(NUMBERS, named)?;
        Ok(Finder { trees: trees.into_owned(), network, thresholds })
    }

    /// The content of its file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Finder { trees, network, thresholds } = self;
        let described = Described { format: FORMAT, thresholds: *thresholds, trees: Cow::Borrowed(trees) };
        let json = serde_json::to_string(&described).expect("plain data");
        let metadata = HashMap::from([(METADATA_KEY.to_owned(), json)]);
        let tensors: Vec<Tensor<'_>> = network.iter().map(|(parameter, values)| Tensor { parameter, values }).collect();
        safetensors::serialize(tensors.iter().map(|tensor| (&tensor.parameter.name, tensor)), Some(metadata))
            .expect("names and shapes are valid")
    }
}

/// One tensor as safetensors wants to see it.
struct Tensor<'a> {
    parameter: &'a Parameter,
    values: &'a [f32],
}

impl safetensors::View for &Tensor<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.parameter.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    fn data_len(&self) -> usize {
        self.values.len() * 4
    }
}

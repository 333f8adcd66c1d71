//! Tensors and a text that describes them in one safetensors file: what files of models and of finders have in common. Errors are
//! sentences about the file.

use std::borrow::Cow;
use std::collections::HashMap;

use inkproof_nn::NamedTensors;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

/// One tensor as safetensors wants to see it.
pub(crate) struct Tensor<'a> {
    pub name: String,
    pub shape: Vec<usize>,
    pub values: Cow<'a, [f32]>,
}

impl safetensors::View for &Tensor<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    fn data_len(&self) -> usize {
        self.values.len() * 4
    }
}

/// What the metadata has under a key.
pub(crate) fn description(bytes: &[u8], key: &str) -> Result<Option<String>, String> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| broken(&error))?;
    Ok(header.metadata().as_ref().and_then(|metadata| metadata.get(key)).cloned())
}

/// All tensors.
pub(crate) fn tensors(bytes: &[u8]) -> Result<NamedTensors, String> {
    let found = SafeTensors::deserialize(bytes).map_err(|error| broken(&error))?;
    found.iter().map(|(name, view)| Ok((name.to_owned(), (view.shape().to_vec(), numbers(name, &view)?)))).collect()
}

/// The file's content.
pub(crate) fn write(key: &str, description: String, tensors: &[Tensor<'_>]) -> Vec<u8> {
    let metadata = HashMap::from([(key.to_owned(), description)]);
    safetensors::serialize(tensors.iter().map(|tensor| (&tensor.name, tensor)), Some(metadata))
        .expect("names and shapes are valid")
}

fn broken(error: &dyn std::fmt::Display) -> String {
    format!("it is not a safetensors file ({error})")
}

fn numbers(name: &str, view: &TensorView<'_>) -> Result<Vec<f32>, String> {
    if view.dtype() != Dtype::F32 {
        return Err(format!("tensor '{name}' is {:?}; F32 is expected", view.dtype()));
    }
    Ok(view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
}

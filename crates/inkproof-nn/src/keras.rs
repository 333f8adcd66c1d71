//! Files of Keras, both ways: what the notebook saves becomes [`Weights`], and weights become a `.keras` file.
//!
//! [`read`] takes `.keras` files, whole models in HDF5 (`.h5`) of Keras 2 and 3, weights alone (`.weights.h5`), and zip
//! archives with one of these in them. The file's own description of the network is compared with the two networks, layer
//! by layer; code in it is compared with known code and never executed (`keras/lambda.rs`). [`write()`] makes a `.keras` file of
//! layers that Keras has itself, so that it opens without custom objects and in safe mode.
//!
//! Bytes are not trusted: each part of an archive unpacks to 256 MiB at most, a description has 2 MiB at most, and of HDF5
//! the data sets alone are read whose shape is that of the network's, and of its structure no more than any model has
//! (`keras/bounded.rs`).

mod alone;
mod bounded;
mod config;
mod error;
mod file;
mod graph;
mod lambda;
mod marshal;
mod network;
mod op;
mod store;
mod tensors;
mod write;

use std::collections::BTreeMap;

use serde_json::Value;

pub use error::{Error, Result};
pub use file::{LARGEST, SAVED_MODEL};
pub use write::write;

use crate::{Backbone, Parameter, Weights};
use config::Model;
use file::Content;
use graph::Graph;
use network::{Recognised, Step};
use op::Op;
use store::{Store, Variable};

/// What was read of a file.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Of the whole siamese network.
    pub weights: Weights,
    /// Which kind of file it is.
    pub kind: Kind,
    /// The version of Keras that wrote it, where it says so.
    pub keras_version: Option<String>,
    /// What [`write()`] was given as notes.
    pub notes: Option<String>,
}

/// The kinds of files that Keras writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A `.keras` file.
    Keras,
    /// A whole model in HDF5.
    Hdf5,
    /// Weights alone: nothing in the file says how vectors are compared.
    Weights,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Keras => "a .keras file",
            Self::Hdf5 => "a model in HDF5",
            Self::Weights => "weights in HDF5",
        })
    }
}

/// Bytes of the stack that reading may take: HDF5 nests types in types, up to 8,000 in a message of its structure, and a library
/// that is built without optimisation takes more than 64 MiB for them.
const STACK: usize = 256 << 20;

/// Reads a file's content, in a thread of its own.
///
/// # Errors
/// See [`enum@Error`]: another format or network, unknown code, a damaged file, one over the limits.
pub fn read(bytes: &[u8]) -> Result<Imported> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || read_here(bytes));
        let thread = thread.map_err(|error| Error::NoThread(error.to_string()))?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn read_here(bytes: &[u8]) -> Result<Imported> {
    match file::open(bytes)? {
        Content::Keras(content) => {
            let weights = described(&content.config, &Store::new(content.weights)?)?;
            let metadata: Option<Metadata> = content.metadata.and_then(|text| serde_json::from_str(&text).ok());
            let keras_version = metadata.and_then(|metadata| metadata.keras_version);
            Ok(Imported { weights, kind: Kind::Keras, keras_version, notes: content.notes })
        }
        Content::Hdf5(content) => {
            let store = Store::new(content)?;
            let (weights, kind) = match store.config()? {
                Some(config) => (described(&config, &store)?, Kind::Hdf5),
                None => (alone::read(&store)?, Kind::Weights),
            };
            Ok(Imported { weights, kind, keras_version: store.version()?, notes: None })
        }
    }
}

/// What is read of a `.keras` file's metadata.
#[derive(serde::Deserialize)]
struct Metadata {
    keras_version: Option<String>,
}

/// The weights of a network that a file describes.
fn described(config: &str, store: &Store) -> Result<Weights> {
    file::check_size("its description of the network", config.len() as u64, file::LARGEST_CONFIG)?;
    let json: Value = serde_json::from_str(config).map_err(|error| Error::Config(error.to_string()))?;
    let graph = Graph::new(&Model::new(&json)?)?;
    let Recognised { backbone, steps, places, head } = network::recognise(&graph)?;
    let mut tensors = Tensors::of(backbone);
    for (step, place) in steps.iter().zip(places) {
        tensors.take(step, place.name(), |variable| store.read(place, variable))?;
    }
    tensors.take(&head_step(), head.name(), |variable| store.read(head, variable))?;
    Ok(Weights::from_tensors(backbone, tensors.taken)?)
}

/// The layer that makes a probability of a distance.
fn head_step() -> Step {
    let op = Op::Dense { units: 1, bias: true };
    Step { op, inputs: Vec::new(), layer: "head".to_owned(), tensor: "head".to_owned() }
}

/// Tensors by inkproof's names.
struct Tensors {
    parameters: Vec<Parameter>,
    taken: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

impl Tensors {
    fn of(backbone: Backbone) -> Self {
        Self { parameters: backbone.parameters(), taken: BTreeMap::new() }
    }

    /// Takes the weights of a step from the layer that does it.
    fn take(&mut self, step: &Step, layer: &str, read: impl Fn(&Variable<'_>) -> Result<Vec<f32>>) -> Result<()> {
        if step.op == Op::Normalise {
            return check_identity(layer, read);
        }
        for tensor in tensors::of_step(step, &self.parameters) {
            let shape = tensor.keras_shape();
            let values = read(&Variable { number: tensor.number, names: tensor.names, shape: &shape })?;
            let Parameter { name, shape, .. } = tensor.parameter;
            self.taken.insert(name.clone(), (shape.clone(), tensor.to_ours(&values)));
        }
        Ok(())
    }
}

/// That a normalisation leaves pictures of one channel as they are.
fn check_identity(layer: &str, read: impl Fn(&Variable<'_>) -> Result<Vec<f32>>) -> Result<()> {
    for (number, names, value) in [(0, ["mean"], 0.0), (1, ["variance"], 1.0)] {
        if read(&Variable { number, names: &names, shape: &[1] })? != [value] {
            return Err(Error::Adapted(layer.to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! Weights in HDF5, as Keras lays them out.
//!
//! Whole models of Keras 2, and Keras 3's `.h5`, have them by the names of layers: `model_weights/model/conv2d/kernel:0`.
//! `.keras` and `.weights.h5` number layers by their class and variables by their place: `layers/conv2d_1/vars/0`.

use std::collections::BTreeMap;
use std::sync::Arc;

use hdf5_pure::{DType, Dataset, File, FormatError, Group, Layout};

use super::bounded::{Bounded, Budget};
use super::error::{Error, Result};
use super::graph::Place;

/// Groups in groups in groups.
const DEPTH: usize = 12;
/// Groups and data sets in a file; EfficientNetB0 has 800.
const GROUPS: usize = 5_000;

pub struct Store {
    file: File,
    budget: Arc<Budget>,
    naming: Naming,
    /// Every variable by its path.
    variables: BTreeMap<String, Dataset>,
}

/// How weights are found.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Naming {
    /// In this group, by the names of layers.
    Names(&'static str),
    /// By number; the groups of layers have this name.
    Numbers(&'static str),
}

/// One of a layer's variables.
pub struct Variable<'a> {
    /// Its place among the layer's.
    pub number: usize,
    /// What the layouts with names call it.
    pub names: &'a [&'static str],
    pub shape: &'a [usize],
}

/// The weights of a layer that nothing else is known of.
#[derive(Debug)]
pub struct Found {
    /// The name of the layer, or its class with a number.
    pub name: String,
    group: String,
    /// The shape of each variable, in no order.
    pub shapes: Vec<Vec<usize>>,
}

impl Store {
    pub fn new(bytes: Vec<u8>) -> Result<Self> {
        let length = bytes.len() as u64;
        let (bytes, budget) = Bounded::new(bytes);
        let file = File::from_source(bytes).map_err(damaged)?;
        let superblock = file.superblock();
        if superblock.eof_address > length {
            return Err(Error::Hdf5("its end is missing".to_owned()));
        }
        if (superblock.offset_size, superblock.length_size) != (8, 8) {
            return Err(Error::Hdf5("its addresses are of another size than Keras'".to_owned()));
        }
        let groups: Vec<(String, Group)> = file.root().iter_groups().map_err(damaged)?.collect();
        let namings = [
            Naming::Names("model_weights"),
            Naming::Numbers("layers"),
            Naming::Numbers("_layer_checkpoint_dependencies"),
        ];
        let group = |naming: &Naming| groups.iter().find(|(name, _)| name == naming.root());
        let naming = namings.into_iter().find(|naming| group(naming).is_some()).unwrap_or(Naming::Names(""));
        let root = group(&naming).map_or_else(|| file.root(), |(_, group)| group.clone());
        let mut walk = Walk { variables: BTreeMap::new(), groups: 0 };
        walk.look_into(&root, naming.root().to_owned(), DEPTH)?;
        Ok(Self { file, budget, naming, variables: walk.variables })
    }

    /// The description of the network, where the file is a whole model.
    pub fn config(&self) -> Result<Option<String>> {
        self.text("model_config")
    }

    /// The version of Keras that wrote it.
    pub fn version(&self) -> Result<Option<String>> {
        self.text("keras_version")
    }

    fn text(&self, attribute: &str) -> Result<Option<String>> {
        let attributes = self.file.root().attrs().map_err(damaged)?;
        // Attributes that cannot be read are left out, and a model without a description would be weights alone.
        if self.budget.is_spent() {
            return Err(Error::Hdf5("its attributes are more than any model's".to_owned()));
        }
        Ok(attributes.get(attribute).and_then(|value| value.as_str()).map(str::to_owned))
    }

    /// A variable of a layer that the description names.
    pub fn read(&self, place: &Place, variable: &Variable<'_>) -> Result<Vec<f32>> {
        match self.naming {
            Naming::Names(root) => {
                let outermost = place.names.first().map_or("", String::as_str);
                let group = join(&[root, outermost, place.name()]);
                self.read_named(&group, place.name(), variable)
            }
            Naming::Numbers(layers) => {
                let group: Vec<String> = place.group.iter().map(|group| format!("{layers}/{group}")).collect();
                let path = format!("{}/vars/{}", group.join("/"), variable.number);
                self.numbers(&path, place.name(), variable)
            }
        }
    }

    fn read_named(&self, group: &str, layer: &str, variable: &Variable<'_>) -> Result<Vec<f32>> {
        let mut candidates =
            variable.names.iter().flat_map(|name| [format!("{group}/{name}:0"), format!("{group}/{name}")]);
        let path = candidates.find(|path| self.variables.contains_key(path)).ok_or_else(|| missing(layer, variable))?;
        self.numbers(&path, layer, variable)
    }

    /// A variable of a layer that was found.
    pub fn read_found(&self, found: &Found, variable: &Variable<'_>) -> Result<Vec<f32>> {
        match self.naming {
            Naming::Names(_) => self.read_named(&found.group, &found.name, variable),
            Naming::Numbers(_) => self.numbers(&format!("{}/{}", found.group, variable.number), &found.name, variable),
        }
    }

    /// Every number of a data set; nothing is read before its shape and kind are as expected.
    fn numbers(&self, path: &str, layer: &str, variable: &Variable<'_>) -> Result<Vec<f32>> {
        let data = self.variables.get(path).ok_or_else(|| missing(layer, variable))?;
        let odd = |found: String, expected: String| Error::Weights { path: path.to_owned(), found, expected };
        let found = shape(data)?;
        if found != variable.shape {
            return Err(odd(format!("of shape {found:?}"), format!("shape {:?}", variable.shape)));
        }
        let size = match data.dtype().map_err(damaged)? {
            DType::F32 => size_of::<f32>(),
            DType::F64 => size_of::<f64>(),
            kind => return Err(odd(format!("of kind {kind}"), "f32".to_owned())),
        };
        // Keras compresses nothing, and what is stored in one piece cannot grow.
        if !matches!(data.layout().map_err(damaged)?, Layout::Contiguous { .. } | Layout::Compact { .. }) {
            return Err(odd("stored in chunks".to_owned(), "one piece".to_owned()));
        }
        self.budget.grant((found.iter().product::<usize>() * size) as u64);
        data.read_f32().map_err(damaged)
    }

    /// The layers that have weights, by their names.
    pub fn layers(&self) -> Result<Vec<Found>> {
        let mut found: BTreeMap<&str, Found> = BTreeMap::new();
        for (path, data) in &self.variables {
            let group = path.rsplit_once('/').map_or("", |(group, _)| group);
            let layer = found.entry(group).or_insert_with(|| {
                let name = group.trim_end_matches("/vars").rsplit('/').next().unwrap_or_default().to_owned();
                Found { name, group: group.to_owned(), shapes: Vec::new() }
            });
            layer.shapes.push(shape(data)?);
        }
        Ok(found.into_values().collect())
    }
}

impl Naming {
    fn root(&self) -> &'static str {
        match self {
            Self::Names(root) | Self::Numbers(root) => root,
        }
    }
}

/// Looks at every group once, since each time that a group is looked into all of its names are read.
struct Walk {
    variables: BTreeMap<String, Dataset>,
    groups: usize,
}

impl Walk {
    fn look_into(&mut self, group: &Group, path: String, depth: usize) -> Result<()> {
        // Groups may hold themselves, and many may hold the same.
        self.groups += 1;
        if depth == 0 || self.groups + self.variables.len() > GROUPS {
            return Err(Error::Hdf5("more groups than any model has".to_owned()));
        }
        for (name, data) in group.iter_datasets().map_err(damaged)? {
            self.variables.insert(join(&[&path, &name]), data);
        }
        for (name, inner) in group.iter_groups().map_err(damaged)? {
            let is_state = ["optimizer", "optimizer_weights", "metrics"].contains(&name.as_str());
            if !(is_state && path.is_empty()) {
                self.look_into(&inner, join(&[&path, &name]), depth - 1)?;
            }
        }
        Ok(())
    }
}

fn shape(data: &Dataset) -> Result<Vec<usize>> {
    let shape = data.shape().map_err(damaged)?;
    Ok(shape.iter().map(|&side| usize::try_from(side).unwrap_or(usize::MAX)).collect())
}

fn join(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("/")
}

fn missing(layer: &str, variable: &Variable<'_>) -> Error {
    Error::MissingWeights { layer: layer.to_owned(), variable: variable.names[0].to_owned() }
}

fn damaged(error: hdf5_pure::Error) -> Error {
    Error::Hdf5(match error {
        // What `Bounded` refuses.
        hdf5_pure::Error::Format(FormatError::Source(words)) => words,
        hdf5_pure::Error::Format(error) => error.to_string(),
        other => other.to_string(),
    })
}

//! Weights in HDF5, as Keras lays them out.
//!
//! Whole models of Keras 2, and Keras 3's `.h5`, have them by the names of layers: `model_weights/model/conv2d/kernel:0`.
//! `.keras` and `.weights.h5` number layers by their class and variables by their place: `layers/conv2d_1/vars/0`.

use hdf5_pure::{DType, File, Group, Layout};

use super::error::{Error, Result};
use super::graph::Place;

/// Groups in groups in groups.
const DEPTH: usize = 12;
/// Groups and data sets in a file; EfficientNetB0 has 800.
const GROUPS: usize = 5_000;

pub struct Store {
    file: File,
    layout: Naming,
}

/// How weights are found.
#[derive(Clone, Debug, PartialEq)]
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
    /// Each variable's name, or number, and its shape.
    pub variables: Vec<(String, Vec<usize>)>,
}

impl Store {
    pub fn new(bytes: Vec<u8>) -> Result<Self> {
        let length = bytes.len() as u64;
        let file = File::from_bytes(bytes).map_err(damaged)?;
        if file.superblock().eof_address > length {
            return Err(Error::Hdf5("its end is missing".to_owned()));
        }
        let has = |group: &str| file.group(group).is_ok();
        let layout = if has("model_weights") {
            Naming::Names("model_weights")
        } else if has("layers") {
            Naming::Numbers("layers")
        } else if has("_layer_checkpoint_dependencies") {
            Naming::Numbers("_layer_checkpoint_dependencies")
        } else {
            Naming::Names("")
        };
        Ok(Self { file, layout })
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
        Ok(attributes.get(attribute).and_then(|value| value.as_str()).map(str::to_owned))
    }

    /// A variable of a layer that the description names.
    pub fn read(&self, place: &Place, variable: &Variable<'_>) -> Result<Vec<f32>> {
        match &self.layout {
            Naming::Names(root) => {
                let outermost = place.names.first().map_or("", String::as_str);
                let group = join(&[root, outermost, place.name()]);
                self.read_named(&group, place.name(), variable)
            }
            Naming::Numbers(layers) => {
                let group: Vec<String> = place.group.iter().map(|group| format!("{layers}/{group}")).collect();
                let path = format!("{}/vars/{}", group.join("/"), variable.number);
                self.numbers(&path, variable.shape, place.name(), variable.names[0])
            }
        }
    }

    fn read_named(&self, group: &str, layer: &str, variable: &Variable<'_>) -> Result<Vec<f32>> {
        let candidates =
            variable.names.iter().flat_map(|name| [format!("{group}/{name}:0"), format!("{group}/{name}")]);
        let path = candidates.into_iter().find(|path| self.file.dataset(path).is_ok());
        let missing = || Error::MissingWeights { layer: layer.to_owned(), variable: variable.names[0].to_owned() };
        self.numbers(&path.ok_or_else(missing)?, variable.shape, layer, variable.names[0])
    }

    /// A variable of a layer that was found.
    pub fn read_found(&self, found: &Found, variable: &Variable<'_>) -> Result<Vec<f32>> {
        match &self.layout {
            Naming::Names(_) => self.read_named(&found.group, &found.name, variable),
            Naming::Numbers(_) => {
                let path = format!("{}/{}", found.group, variable.number);
                self.numbers(&path, variable.shape, &found.name, variable.names[0])
            }
        }
    }

    /// Every number of a data set; nothing is read before its shape and kind are as expected.
    fn numbers(&self, path: &str, shape: &[usize], layer: &str, variable: &str) -> Result<Vec<f32>> {
        let missing = |_| Error::MissingWeights { layer: layer.to_owned(), variable: variable.to_owned() };
        let data = self.file.dataset(path).map_err(missing)?;
        let found = data.shape().map_err(damaged)?;
        let odd = |found: String, expected: String| Error::Weights { path: path.to_owned(), found, expected };
        if !found.iter().copied().eq(shape.iter().map(|&side| side as u64)) {
            return Err(odd(format!("of shape {found:?}"), format!("shape {shape:?}")));
        }
        let kind = data.dtype().map_err(damaged)?;
        if !matches!(kind, DType::F32 | DType::F64) {
            return Err(odd(format!("of kind {kind}"), "f32".to_owned()));
        }
        // Keras compresses nothing, and what is stored in one piece cannot grow.
        if !matches!(data.layout().map_err(damaged)?, Layout::Contiguous { .. } | Layout::Compact { .. }) {
            return Err(odd("stored in chunks".to_owned(), "one piece".to_owned()));
        }
        data.read_f32().map_err(damaged)
    }

    /// The layers that have weights, each list of a class in the order of its numbers.
    pub fn layers(&self) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        let mut seen = 0;
        match self.layout {
            Naming::Names(root) if !root.is_empty() => {
                let group = self.file.group(root).map_err(damaged)?;
                self.walk(&group, root.to_owned(), DEPTH, &mut seen, &mut found)?;
            }
            Naming::Numbers(layers) => {
                let group = self.file.group(layers).map_err(damaged)?;
                self.walk(&group, layers.to_owned(), DEPTH, &mut seen, &mut found)?;
            }
            Naming::Names(_) => self.walk(&self.file.root(), String::new(), DEPTH, &mut seen, &mut found)?,
        }
        found.sort_by_key(|layer| numbered(&layer.name));
        Ok(found)
    }

    fn walk(&self, group: &Group, path: String, depth: usize, seen: &mut usize, found: &mut Vec<Found>) -> Result<()> {
        let names = group.datasets().map_err(damaged)?;
        // Groups may hold themselves, and many may hold the same.
        *seen += 1 + names.len();
        if depth == 0 || *seen > GROUPS {
            return Err(Error::Hdf5("more groups than any model has".to_owned()));
        }
        let mut variables = Vec::new();
        for name in names {
            let shape = group.dataset(&name).and_then(|data| data.shape()).map_err(damaged)?;
            let shape = shape.iter().map(|&side| usize::try_from(side).unwrap_or(usize::MAX)).collect();
            variables.push((name, shape));
        }
        if !variables.is_empty() {
            let name = path.trim_end_matches("/vars").rsplit('/').next().unwrap_or_default().to_owned();
            found.push(Found { name, group: path.clone(), variables });
        }
        for (name, inner) in group.iter_groups().map_err(damaged)? {
            let is_state = ["optimizer", "optimizer_weights", "metrics"].contains(&name.as_str());
            if is_state && path.is_empty() {
                continue;
            }
            self.walk(&inner, join(&[&path, &name]), depth - 1, seen, found)?;
        }
        Ok(())
    }
}

fn join(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("/")
}

/// `conv2d_10` after `conv2d_9`, and `conv2d` before both.
fn numbered(name: &str) -> (String, u64) {
    match name.rsplit_once('_').map(|(class, number)| (class, number.parse::<u64>())) {
        Some((class, Ok(number))) => (class.to_owned(), number),
        _ => (name.to_owned(), 0),
    }
}

fn damaged(error: hdf5_pure::Error) -> Error {
    Error::Hdf5(error.to_string())
}

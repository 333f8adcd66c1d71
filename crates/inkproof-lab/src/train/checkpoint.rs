//! The state of an unfinished training in one file: weights, both moments of Adam, and how far it is.
//!
//! It is safetensors, as the model file is, with the tensors named `weights/…`, `first/…` and `second/…`. It also says
//! which training it belongs to, so that it cannot be continued with other options or images.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use inkproof::network::{Adam, Parameter, Step, Trainer, Weights};
use inkproof::{Backbone, write_atomically};
use safetensors::tensor::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{LastEpoch, TrainOptions};
use crate::error::{Error, Result};
use crate::loader::LoadedImages;
use crate::pairs::Pair;

const METADATA_KEY: &str = "inkproof-checkpoint";

/// Bumped when what follows changes.
const FORMAT: u32 = 1;

/// How far a training is.
#[derive(Debug, Clone)]
pub(super) struct Checkpoint {
    pub trainer: Trainer,
    pub position: Position,
    /// The sums of the last whole epoch.
    pub last_epoch: Position,
}

/// A place in an epoch, and the sums of its steps so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Whole epochs done.
    pub epoch: usize,
    /// Steps of the next one done.
    pub step: usize,
    pairs: usize,
    correct: usize,
    /// Of the losses, each times its pairs.
    loss_sum: f64,
}

impl Position {
    pub(super) fn at_epoch(epoch: usize) -> Self {
        Self { epoch, ..Self::default() }
    }

    pub(super) fn add(&mut self, step: Step, pairs: usize) {
        self.step += 1;
        self.pairs += pairs;
        self.correct += step.correct;
        self.loss_sum += f64::from(step.loss) * pairs as f64;
    }

    /// Both figures of the pairs so far.
    pub(super) fn figures(&self) -> LastEpoch {
        LastEpoch { loss: self.loss(), accuracy: self.accuracy() }
    }

    /// The mean loss of the pairs so far.
    pub(super) fn loss(&self) -> f64 {
        self.loss_sum / self.pairs as f64
    }

    /// The share of pairs so far on the right side of 0.5.
    pub(super) fn accuracy(&self) -> f64 {
        self.correct as f64 / self.pairs as f64
    }
}

/// What makes two trainings the same one: everything but the number of epochs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Identity {
    /// The options in words, to say which differs.
    options: BTreeMap<String, String>,
    /// Over all pairs and the fingerprints of their images.
    data: String,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    identity: Identity,
    position: Position,
    last_epoch: Position,
    adam_steps: u64,
}

pub(super) fn identity<'a>(
    options: &TrainOptions,
    pairs: impl Iterator<Item = &'a Pair>,
    loaded: &LoadedImages,
) -> Identity {
    let words = [
        ("backbone", options.backbone.to_string()),
        ("preprocess", serde_json::to_string(&options.read.preprocess).expect("plain data")),
        ("negatives", format!("{:?}", options.negatives).to_lowercase()),
        ("batch-size", options.batch_size.to_string()),
        ("learning-rate", options.learning_rate.to_string()),
        ("seed", options.seed.to_string()),
    ];
    let mut hash = Sha256::new();
    for digest in loaded.digests() {
        hash.update(digest.to_string());
    }
    for pair in pairs {
        hash.update(format!("{} {} {};", pair.a, pair.b, pair.same_writer));
    }
    let data = hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    Identity { options: words.map(|(name, value)| (name.to_owned(), value)).into(), data }
}

/// Removes the checkpoint, if there is one.
pub(super) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::Io { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

impl Checkpoint {
    pub(super) fn beginning(backbone: Backbone, options: &TrainOptions) -> Self {
        let weights = Weights::initialise(backbone, options.seed);
        let mut trainer = Trainer::new(weights, options.learning_rate, options.seed);
        trainer.device = options.compute;
        Self { trainer, position: Position::default(), last_epoch: Position::default() }
    }

    pub(super) fn save(&self, path: &Path, identity: &Identity) -> Result<()> {
        let header = Header {
            format: FORMAT,
            identity: identity.clone(),
            position: self.position.clone(),
            last_epoch: self.last_epoch.clone(),
            adam_steps: self.trainer.adam.steps,
        };
        let json = serde_json::to_string(&header).expect("plain data");
        let tensors =
            self.trainer.weights.iter().zip(&self.trainer.adam.moments).flat_map(|((parameter, values), moments)| {
                let [first, second] = moments;
                let all = [("weights", values), ("first", first.as_slice()), ("second", second.as_slice())];
                all.map(|(part, values)| {
                    (format!("{part}/{}", parameter.name), Numbers { values, shape: [values.len()] })
                })
            });
        let metadata = HashMap::from([(METADATA_KEY.to_owned(), json)]);
        let bytes = safetensors::serialize(tensors, Some(metadata)).expect("names and shapes are valid");
        write_atomically(path, &bytes).map_err(|source| Error::Io { path: path.to_owned(), source })
    }

    /// # Errors
    /// A file that is not a checkpoint, or that of another training.
    pub(super) fn load(path: &Path, identity: &Identity, backbone: Backbone, options: &TrainOptions) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        let broken = |why: String| Error::Checkpoint { path: path.to_owned(), why };
        let (header, mut tensors) = parse(&bytes).map_err(&broken)?;
        require_same(path, &header.identity, identity)?;
        if header.position.epoch > options.epochs {
            let (path, done) = (path.to_owned(), header.position.epoch);
            return Err(Error::CheckpointBeyond { path, done, wanted: options.epochs });
        }
        let parameters = backbone.parameters();
        let weights = parameters
            .iter()
            .map(|parameter| {
                Ok((parameter.name.clone(), (parameter.shape.clone(), take(&mut tensors, "weights", parameter)?)))
            })
            .collect::<Result<_, _>>()
            .map_err(&broken)?;
        let moments = parameters
            .iter()
            .map(|parameter| Ok([take(&mut tensors, "first", parameter)?, take(&mut tensors, "second", parameter)?]))
            .collect::<Result<_, _>>()
            .map_err(&broken)?;
        let weights =
            Weights::from_tensors(backbone, weights).map_err(|error| inkproof::Error::from(error).at(path))?;
        let mut trainer = Trainer::new(weights, options.learning_rate, options.seed);
        trainer.device = options.compute;
        trainer.adam = Adam { steps: header.adam_steps, moments };
        Ok(Self { trainer, position: header.position, last_epoch: header.last_epoch })
    }
}

type Tensors = BTreeMap<String, Vec<f32>>;

fn parse(bytes: &[u8]) -> Result<(Header, Tensors), String> {
    let broken = |error: &dyn std::fmt::Display| format!("it is damaged or not a checkpoint ({error})");
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| broken(&error))?;
    let json = metadata.metadata().as_ref().and_then(|metadata| metadata.get(METADATA_KEY));
    let json = json.ok_or_else(|| "it was not written by a training".to_owned())?;
    let header: Header = serde_json::from_str(json).map_err(|error| broken(&error))?;
    if header.format != FORMAT {
        return Err(format!("it is of format {}; this program reads format {FORMAT}", header.format));
    }
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| broken(&error))?;
    let numbers = |data: &[u8]| data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let tensors = tensors.iter().map(|(name, view)| (name.to_owned(), numbers(view.data()))).collect();
    Ok((header, tensors))
}

/// The numbers called `part/name`; moments of what has no gradient are empty.
fn take(tensors: &mut Tensors, part: &str, parameter: &Parameter) -> Result<Vec<f32>, String> {
    let name = format!("{part}/{}", parameter.name);
    let wanted = if part == "weights" || parameter.trainable { parameter.len() } else { 0 };
    match tensors.remove(&name) {
        Some(numbers) if numbers.len() == wanted => Ok(numbers),
        _ => Err(format!("its tensor {name} is missing or of another size")),
    }
}

/// Refuses the checkpoint of another training.
fn require_same(path: &Path, there: &Identity, here: &Identity) -> Result<()> {
    for (option, now) in &here.options {
        let before = there.options.get(option).map_or("unknown", String::as_str);
        if before != now {
            let (path, option) = (path.to_owned(), option.clone());
            return Err(Error::CheckpointOfOther { path, option, before: before.to_owned(), now: now.clone() });
        }
    }
    if there.data != here.data {
        return Err(Error::Checkpoint { path: path.to_owned(), why: "it was begun with other images".to_owned() });
    }
    Ok(())
}

/// Numbers as safetensors wants to see them.
struct Numbers<'a> {
    values: &'a [f32],
    shape: [usize; 1],
}

impl View for Numbers<'_> {
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

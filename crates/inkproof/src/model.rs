//! The model file: weights and everything needed to use and to judge them, in one safetensors file.
//!
//! The tensors are those of [`Backbone::parameters`](crate::Backbone::parameters), or of [`crate::inknet`], in little-endian f32. The metadata has one key, `inkproof`, whose
//! value is [`ModelInfo`] as JSON. A file is validated whole before anything is computed with it; it holds no code.

use std::borrow::Cow;
use std::path::Path;

use inkproof_nn::{Embedder, Parameter, Weights, parallel};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::calibration::Calibration;
use crate::inknet::{Inknet, PressureRule, ScoreParts};
use crate::score::{Embedding, Score, Threshold};
use crate::tensor_file::{self, Tensor};
use crate::{Architecture, Error, ImageDigest, Ink, Preprocess, Result, SIDE, write_atomically};

/// The version of the file format that this program writes and reads.
pub const FORMAT: u32 = 1;

const METADATA_KEY: &str = "inkproof";

/// What a model file says about its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// [`FORMAT`].
    pub format: u32,
    /// What the model is made of.
    pub backbone: Architecture,
    /// How an image becomes what the network sees.
    pub preprocess: Preprocess,
    /// From which score a questioned signature is accepted, where the calibration has no threshold for the number of
    /// references; and where that comes from.
    pub threshold: ThresholdInfo,
    /// What the weights were trained on.
    pub trained_on: DataInfo,
    /// What the threshold and the calibration were fixed on; nothing for the notebook's 0.5.
    pub calibrated_on: Option<DataInfo>,
    /// Likelihood ratios, and a threshold for each number of references; files of models that are not calibrated have
    /// no such key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// What the pressure along the strokes adds to a score of `inknet`; files of models that look at shape alone have no
    /// such key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure: Option<PressureRule>,
    /// The seed of every random draw of the training.
    pub seed: u64,
    /// Passes over the training data; `inknet` is trained without any, whatever is said here.
    pub epochs: usize,
    /// The version of the program that wrote the file.
    pub program: String,
}

/// A threshold and its origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdInfo {
    /// From this score on a questioned signature is accepted.
    pub value: Threshold,
    /// In words: `the notebook's 0.5`, or the error rate that it balances and on what.
    pub origin: String,
}

impl ThresholdInfo {
    /// That of a model that nothing was calibrated for.
    pub fn notebook() -> Self {
        Self { value: Threshold::NOTEBOOK, origin: "the notebook's 0.5".to_owned() }
    }
}

/// Counts and fingerprints of images; no names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DataInfo {
    /// How many writers there are.
    pub writers: usize,
    /// How many images there are.
    pub images: usize,
    /// Fingerprints of real images, sorted.
    pub digests: Vec<ImageDigest>,
    /// Where the images are synthetic, what made them: nobody has to be protected from being tested on twice.
    pub synthetic: Option<SyntheticInfo>,
}

/// What makes a set of synthetic signatures again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyntheticInfo {
    /// The generator's version.
    pub generator: u32,
    /// The seed of every random draw of the generator.
    pub seed: u64,
    /// How many writers were made; writer number k of a seed is always the same.
    pub writers: usize,
}

/// Weights that are ready to embed and to score.
pub struct Model {
    name: String,
    digest: String,
    info: ModelInfo,
    network: Network,
}

/// What embeds and scores.
enum Network {
    Siamese(Box<Embedder>),
    Inknet(Box<Inknet>),
}

impl Model {
    /// Puts a trained siamese network together with what is known of it.
    pub fn new(name: &str, info: ModelInfo, weights: Weights) -> Self {
        Self::from_network(name, info, Network::Siamese(Box::new(Embedder::new(weights))))
    }

    /// Puts a trained `inknet` together with what is known of it.
    pub fn from_inknet(name: &str, info: ModelInfo, inknet: Inknet) -> Self {
        Self::from_network(name, info, Network::Inknet(Box::new(inknet)))
    }

    fn from_network(name: &str, info: ModelInfo, network: Network) -> Self {
        Self { name: name.to_owned(), digest: digest(&network.tensors()), info, network }
    }

    /// The model that comes with the program: trained on synthetic signatures alone.
    pub fn bundled() -> Self {
        let bytes = include_bytes!("../models/bundled.safetensors");
        Self::from_bytes("bundled", bytes).expect("the tests load the bundled model")
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// Names the file: not readable, not safetensors, of another format version, a tensor missing, of another shape
    /// or with a NaN.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Self::from_bytes(&name, &bytes).map_err(|error| error.at(path))
    }

    /// Reads a model file's content.
    ///
    /// # Errors
    /// As [`Model::load`], without the path.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self> {
        let json = tensor_file::description(bytes, METADATA_KEY)
            .map_err(Error::Model)?
            .ok_or_else(|| Error::Model("it was not written by inkproof: its metadata has no key 'inkproof'".into()))?;
        let info = parse_info(&json)?;
        let tensors = tensor_file::tensors(bytes).map_err(Error::Model)?;
        Ok(match info.backbone {
            Architecture::Siamese(backbone) => Self::new(name, info, Weights::from_tensors(backbone, tensors)?),
            Architecture::Inknet => Self::from_inknet(name, info, Inknet::from_tensors(tensors)?),
        })
    }

    /// The content of the model's file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let json = serde_json::to_string(&self.info).expect("plain data");
        tensor_file::write(METADATA_KEY, json, &self.network.tensors())
    }

    /// Writes the model's file, whole or not at all.
    ///
    /// # Errors
    /// What the system says, with the path.
    pub fn save(&self, path: &Path) -> Result<()> {
        write_atomically(path, &self.to_bytes()).map_err(|source| Error::Write { path: path.to_owned(), source })
    }

    /// The file's name without its ending, or `bundled`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first 64 bits, in hexadecimal, of SHA-256 over the weights.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What its file says about its weights.
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// How an image becomes what the network sees.
    pub fn preprocess(&self) -> &Preprocess {
        &self.info.preprocess
    }

    /// From which score a questioned signature is accepted where nothing is known of the number of references.
    pub fn threshold(&self) -> Threshold {
        self.info.threshold.value
    }

    /// From which score a questioned signature is accepted with so many references.
    pub fn threshold_for(&self, references: usize) -> Threshold {
        let calibrated = self.info.calibration.as_ref().and_then(|calibration| calibration.fit(references));
        calibrated.map_or(self.threshold(), |fit| fit.threshold.value)
    }

    /// The same weights with something else known of them, as after calibration.
    #[must_use]
    pub fn with_info(self, info: ModelInfo) -> Self {
        Self { info, ..self }
    }

    /// The weights of a siamese network; None of `inknet`.
    pub fn weights(&self) -> Option<&Weights> {
        match &self.network {
            Network::Siamese(embedder) => Some(embedder.weights()),
            Network::Inknet(_) => None,
        }
    }

    /// What `inknet` has learned; None of a siamese network.
    pub fn inknet(&self) -> Option<&Inknet> {
        match &self.network {
            Network::Siamese(_) => None,
            Network::Inknet(inknet) => Some(inknet),
        }
    }

    /// Embeds one ink.
    ///
    /// # Errors
    /// Where the network sees nothing in it.
    pub fn embed(&self, ink: &Ink) -> Result<Embedding> {
        self.network.embed(ink).require_non_empty()
    }

    /// Embeds inks, on all cores.
    ///
    /// # Errors
    /// The place of the first ink in which the network sees nothing, and that it does.
    pub fn embed_all(&self, inks: &[Ink]) -> std::result::Result<Vec<Embedding>, (usize, Error)> {
        let embed =
            |(place, embedding): (usize, Embedding)| embedding.require_non_empty().map_err(|error| (place, error));
        self.embeddings(inks).into_iter().enumerate().map(embed).collect()
    }

    /// What the network makes of each ink, also where it sees nothing, as training and the notebook's evaluation have it.
    pub fn embeddings(&self, inks: &[Ink]) -> Vec<Embedding> {
        parallel::map(inks.len(), |ink| self.network.embed(&inks[ink]))
    }

    /// The vectors that a siamese network makes of pictures that are not inks, `SIDE * SIDE` numbers in [0, 1] for each;
    /// None of `inknet`.
    pub fn vectors_of(&self, pixels: &[f32]) -> Option<Vec<Vec<f32>>> {
        const LEN: usize = SIDE * SIDE;
        let Network::Siamese(embedder) = &self.network else { return None };
        let embed = |picture: usize| embedder.embed(pixels[picture * LEN..][..LEN].to_vec());
        Some(parallel::map(pixels.len() / LEN, embed))
    }

    /// The score of a questioned signature. Of a siamese network it is the greatest probability, in 0..1, that it and
    /// one of the references are by one writer; of `inknet` see [`Inknet::score`].
    ///
    /// # Errors
    /// [`Error::NoReference`] where there is no reference, [`Error::OtherEmbedding`] for one of another kind of model.
    pub fn score(&self, references: &[Embedding], questioned: &Embedding) -> Result<Score> {
        self.score_of(&references.iter().collect::<Vec<_>>(), questioned)
    }

    /// [`Model::score`] of references that are elsewhere.
    ///
    /// # Errors
    /// As [`Model::score`].
    pub fn score_of(&self, references: &[&Embedding], questioned: &Embedding) -> Result<Score> {
        Ok(Score::new(self.score_parts(references, questioned)?.sum()))
    }

    /// What [`Model::score_of`] is made of; of a siamese network it is all shape.
    ///
    /// # Errors
    /// As [`Model::score`].
    pub fn score_parts(&self, references: &[&Embedding], questioned: &Embedding) -> Result<ScoreParts> {
        match &self.network {
            Network::Siamese(embedder) => {
                let weights = embedder.weights();
                let vectors = all_of(references, questioned, Embedding::vector)?;
                let (questioned, references) = vectors.split_last().expect("the questioned one is there");
                let all = references.iter().map(|reference| similarity(weights, reference, questioned));
                let best = all.max_by(f64::total_cmp).ok_or(Error::NoReference)?;
                Ok(ScoreParts { shape: best, pressure: None })
            }
            Network::Inknet(inknet) => {
                let places = all_of(references, questioned, Embedding::local_features)?;
                let (questioned, references) = places.split_last().expect("the questioned one is there");
                inknet.score(references, questioned, self.info.pressure.as_ref())
            }
        }
    }
}

impl Network {
    /// One ink goes through the whole network before the next: what one layer writes is still in the cache when the next
    /// one reads it, and no core waits for another between layers.
    fn embed(&self, ink: &Ink) -> Embedding {
        match self {
            Self::Siamese(embedder) => Embedding::Vector(embedder.embed(ink.values().collect())),
            Self::Inknet(inknet) => Embedding::LocalFeatures(inknet.embed(ink)),
        }
    }

    /// In the order of the file, which the digest goes by.
    fn tensors(&self) -> Vec<Tensor<'_>> {
        match self {
            Self::Siamese(embedder) => {
                let tensor = |(parameter, values): (&Parameter, _)| Tensor {
                    name: parameter.name.clone(),
                    shape: parameter.shape.clone(),
                    values: Cow::Borrowed(values),
                };
                embedder.weights().iter().map(tensor).collect()
            }
            Self::Inknet(inknet) => {
                let tensors = inknet.tensors().into_iter();
                tensors.map(|(name, (shape, values))| Tensor { name, shape, values: Cow::Owned(values) }).collect()
            }
        }
    }
}

/// What is wanted of all references and, last, of the questioned embedding.
fn all_of<'a, T: ?Sized>(
    references: &[&'a Embedding],
    questioned: &'a Embedding,
    wanted: fn(&'a Embedding) -> Option<&'a T>,
) -> Result<Vec<&'a T>> {
    let all = references.iter().copied().chain([questioned]);
    all.map(|embedding| wanted(embedding).ok_or(Error::OtherEmbedding)).collect()
}

/// The probability, in 0..1, that two vectors of a siamese network are of one writer.
fn similarity(weights: &Weights, a: &[f32], b: &[f32]) -> f64 {
    let (mut weight, mut bias) = (&[][..], 0.0);
    for (parameter, values) in weights.iter() {
        match parameter.name.as_str() {
            "head.weight" => weight = values,
            "head.bias" => bias = f64::from(values[0]),
            _ => {}
        }
    }
    let distance = |((a, b), weight): ((&f32, &f32), &f32)| f64::from((a - b).abs()) * f64::from(*weight);
    let logit = a.iter().zip(b).zip(weight).map(distance).sum::<f64>() + bias;
    1.0 / (1.0 + (-logit).exp())
}

fn parse_info(json: &str) -> Result<ModelInfo> {
    /// Read before the rest, which another version may have changed.
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    let invalid = |error: serde_json::Error| Error::Model(format!("its metadata cannot be read ({error})"));
    let Version { format } = serde_json::from_str(json).map_err(invalid)?;
    if format != FORMAT {
        return Err(Error::Model(format!("it is of format {format}; this program reads format {FORMAT}")));
    }
    serde_json::from_str(json).map_err(invalid)
}

fn digest(tensors: &[Tensor<'_>]) -> String {
    let mut hash = Sha256::new();
    for Tensor { name, values, .. } in tensors {
        hash.update(name.as_bytes());
        values.iter().for_each(|value| hash.update(value.to_le_bytes()));
    }
    hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

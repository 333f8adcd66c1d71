//! The model file: weights and everything needed to use and to judge them, in one safetensors file.
//!
//! The tensors are those of [`Backbone::parameters`] in little-endian f32. The metadata has one key, `inkproof`, whose
//! value is [`ModelInfo`] as JSON. A file is validated whole before anything is computed with it; it holds no code.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::calibration::Calibration;
use crate::kernels::parallel;
use crate::network::{self, Pass, Weights};
use crate::score::{Embedding, Score, Threshold};
use crate::{Backbone, Error, ImageDigest, Ink, Preprocess, Result, SIDE, write_atomically};

/// The version of the file format that this program writes and reads.
pub const FORMAT: u32 = 1;

const METADATA_KEY: &str = "inkproof";

/// What a model file says about its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// [`FORMAT`].
    pub format: u32,
    pub backbone: Backbone,
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
    /// The seed of every random draw of the training.
    pub seed: u64,
    pub epochs: usize,
    /// The version of the program that wrote the file.
    pub program: String,
}

/// A threshold and its origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdInfo {
    pub value: Threshold,
    /// In words: `the notebook's 0.5`, or the error rate that it balances and on what.
    pub origin: String,
}

/// Counts and fingerprints of images; no names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DataInfo {
    pub writers: usize,
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
    pub seed: u64,
    /// How many writers were made; writer number k of a seed is always the same.
    pub writers: usize,
}

/// Weights that are ready to embed and to score.
pub struct Model {
    name: String,
    digest: String,
    info: ModelInfo,
    weights: Weights,
    pass: Pass,
}

impl Model {
    /// Puts a trained network together with what is known of it.
    pub fn new(name: &str, info: ModelInfo, weights: Weights) -> Self {
        let digest = digest(&weights);
        let pass = Pass::inference(&weights);
        Self { name: name.to_owned(), digest, info, weights, pass }
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
        let broken = |error: &dyn std::fmt::Display| Error::Model(format!("it is no safetensors file ({error})"));
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| broken(&error))?;
        let json =
            header.metadata().as_ref().and_then(|metadata| metadata.get(METADATA_KEY)).ok_or_else(|| {
                Error::Model("it was not written by inkproof: its metadata has no key 'inkproof'".into())
            })?;
        let info = parse_info(json)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| broken(&error))?;
        let tensors = tensors
            .iter()
            .map(|(name, view)| Ok((name.to_owned(), (view.shape().to_vec(), numbers(name, &view)?))))
            .collect::<Result<BTreeMap<_, _>>>()?;
        let weights = Weights::from_tensors(info.backbone, tensors)?;
        Ok(Self::new(name, info, weights))
    }

    /// The content of the model's file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let json = serde_json::to_string(&self.info).expect("plain data");
        let metadata = std::collections::HashMap::from([(METADATA_KEY.to_owned(), json)]);
        let tensors = self.weights.iter().map(|(parameter, values)| (&parameter.name, Tensor { parameter, values }));
        safetensors::serialize(tensors, Some(metadata)).expect("names and shapes are valid")
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

    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

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

    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Embeds one ink.
    ///
    /// # Errors
    /// Where the network sees nothing in it.
    pub fn embed(&self, ink: &Ink) -> Result<Embedding> {
        Embedding::new(&self.vectors(std::slice::from_ref(ink))[0])
    }

    /// Embeds inks, on all cores.
    ///
    /// # Errors
    /// The place of the first ink in which the network sees nothing, and that it does.
    pub fn embed_all(&self, inks: &[Ink]) -> std::result::Result<Vec<Embedding>, (usize, Error)> {
        let embed = |(place, vector): (usize, Vec<f32>)| Embedding::new(&vector).map_err(|error| (place, error));
        self.vectors(inks).into_iter().enumerate().map(embed).collect()
    }

    /// The network's output for each ink: 256 numbers of unit length, or zeros where it sees nothing, as training and
    /// the notebook's evaluation have them.
    pub fn vectors(&self, inks: &[Ink]) -> Vec<Vec<f32>> {
        parallel::map(inks.len(), |ink| self.embed_pixels(inks[ink].values().collect()))
    }

    /// [`Model::vectors`] of pictures that are no inks: `SIDE * SIDE` numbers in [0, 1] for each.
    pub fn vectors_of(&self, pixels: &[f32]) -> Vec<Vec<f32>> {
        const LEN: usize = SIDE * SIDE;
        parallel::map(pixels.len() / LEN, |picture| self.embed_pixels(pixels[picture * LEN..][..LEN].to_vec()))
    }

    /// One picture goes through the whole network before the next: what one layer writes is still in the cache when the
    /// next one reads it, and no core waits for another between layers.
    fn embed_pixels(&self, pixels: Vec<f32>) -> Vec<f32> {
        network::embed(&self.weights, &self.pass, pixels)
    }

    /// The score of two of [`Model::vectors`]: the probability, in 0..1, that they are of one writer.
    pub fn similarity(&self, a: &[f32], b: &[f32]) -> Score {
        let (mut weight, mut bias) = (&[][..], 0.0);
        for (parameter, values) in self.weights.iter() {
            match parameter.name.as_str() {
                "head.weight" => weight = values,
                "head.bias" => bias = f64::from(values[0]),
                _ => {}
            }
        }
        let distance = |((a, b), weight): ((&f32, &f32), &f32)| f64::from((a - b).abs()) * f64::from(*weight);
        let logit = a.iter().zip(b).zip(weight).map(distance).sum::<f64>() + bias;
        Score::new(1.0 / (1.0 + (-logit).exp()))
    }

    /// The score of a questioned signature: the greatest of its scores to the references.
    ///
    /// # Errors
    /// Where there is no reference.
    pub fn score(&self, references: &[Embedding], questioned: &Embedding) -> Result<Score> {
        references
            .iter()
            .map(|reference| self.similarity(reference.as_slice(), questioned.as_slice()))
            .max_by(|a, b| a.get().total_cmp(&b.get()))
            .ok_or(Error::NoReference)
    }
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

fn numbers(name: &str, view: &TensorView<'_>) -> Result<Vec<f32>> {
    if view.dtype() != Dtype::F32 {
        return Err(Error::Model(format!("tensor '{name}' is {:?}; F32 is expected", view.dtype())));
    }
    Ok(view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
}

fn digest(weights: &Weights) -> String {
    let mut hash = Sha256::new();
    for (parameter, values) in weights.iter() {
        hash.update(parameter.name.as_bytes());
        values.iter().for_each(|value| hash.update(value.to_le_bytes()));
    }
    hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One tensor as safetensors wants to see it.
struct Tensor<'a> {
    parameter: &'a network::Parameter,
    values: &'a [f32],
}

impl safetensors::View for Tensor<'_> {
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

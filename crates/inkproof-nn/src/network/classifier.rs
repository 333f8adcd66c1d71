//! A small network that says how sure it is that a picture is of a kind, given some numbers about it too.
//!
//! Blocks of a depthwise and a pointwise convolution (Howard and others, MobileNets, arXiv 1704.04861), the mean of each
//! plane with the numbers beside it, and two dense layers. Pictures and numbers are cheap to compute with: 5.4 million
//! multiplications for a picture of 80 x 160.

use super::adam::Adam;
use super::cpu::Cpu;
use super::layers::{BATCH_NORM_MOMENTUM, Layers};
use super::ops::loss::sigmoid;
use super::tensors::{EachTensor, Initialiser, NamedTensors, Parameter, Tensors};
use crate::Result;
use crate::tensor::Tensor;

/// Channels of a picture.
pub const CLASSIFIER_CHANNELS: usize = 3;

const NAME: &str = "the classifier";
const STEM: usize = 16;
/// Stride and channels of each block.
const BLOCKS: [(usize, usize); 6] = [(2, 32), (1, 32), (2, 64), (1, 64), (2, 96), (1, 128)];
const HIDDEN: usize = 64;
/// Of a number that hardly differs.
const LEAST_DEVIATION: f32 = 1e-3;
/// A number is at most so many deviations away from its mean.
const FARTHEST: f32 = 3.0;

fn parameters(numbers: usize) -> Vec<Parameter> {
    let mut list = vec![
        Parameter::statistic("numbers.mean", numbers, 0.0),
        Parameter::statistic("numbers.deviation", numbers, 1.0),
        convolution("stem.weight", [STEM, CLASSIFIER_CHANNELS, 3, 3]),
    ];
    list.extend(normalisation("stem", STEM));
    let mut inside = STEM;
    for (number, (_, out)) in BLOCKS.into_iter().enumerate() {
        let name = block(number);
        list.push(convolution(&format!("{name}.depthwise.weight"), [inside, 1, 3, 3]));
        list.extend(normalisation(&format!("{name}.depthwise"), inside));
        list.push(convolution(&format!("{name}.pointwise.weight"), [out, inside, 1, 1]));
        list.extend(normalisation(&format!("{name}.pointwise"), out));
        inside = out;
    }
    for (name, inside, out) in [("hidden", inside + numbers, HIDDEN), ("answer", HIDDEN, 1)] {
        let initialiser = Initialiser::GlorotUniform { fan_in: inside, fan_out: out };
        list.push(Parameter::new(format!("{name}.weight"), &[inside, out], initialiser));
        list.push(Parameter::new(format!("{name}.bias"), &[out], Initialiser::Constant(0.0)));
    }
    list
}

fn block(number: usize) -> String {
    format!("blocks.{number}")
}

fn convolution(name: &str, shape: [usize; 4]) -> Parameter {
    let [out, inside, height, width] = shape;
    let initialiser = Initialiser::GlorotUniform { fan_in: inside * height * width, fan_out: out * height * width };
    Parameter::new(name, &shape, initialiser)
}

fn normalisation(name: &str, channels: usize) -> [Parameter; 4] {
    [
        Parameter::new(format!("{name}.gamma"), &[channels], Initialiser::Constant(1.0)),
        Parameter::new(format!("{name}.beta"), &[channels], Initialiser::Constant(0.0)),
        Parameter::statistic(format!("{name}.mean"), channels, 0.0),
        Parameter::statistic(format!("{name}.variance"), channels, 1.0),
    ]
}

/// `[batch, height, width, CLASSIFIER_CHANNELS]` and `[batch, numbers]` to logits `[batch, 1]`.
pub(super) fn logits<L: Layers>(layers: &mut L, x: L::Pictures, numbers: L::Vectors) -> L::Vectors {
    let x = layers.conv3x3_stride2("stem.weight", x);
    let mut x = layers.batch_norm("stem", x, true);
    let mut inside = STEM;
    for (number, (stride, out)) in BLOCKS.into_iter().enumerate() {
        let name = block(number);
        let convolved = |layers: &mut L, x| {
            let x = layers.depthwise(&format!("{name}.depthwise.weight"), x, stride);
            let x = layers.batch_norm(&format!("{name}.depthwise"), x, true);
            let x = layers.pointwise(&format!("{name}.pointwise.weight"), x);
            layers.batch_norm(&format!("{name}.pointwise"), x, true)
        };
        x = if stride == 1 && inside == out { layers.residual(0.0, x, convolved) } else { convolved(layers, x) };
        inside = out;
    }
    let seen = layers.global_average(x);
    let all = layers.beside(seen, numbers);
    let hidden = layers.dense("hidden", all);
    let hidden = layers.relu(hidden);
    layers.dense("answer", hidden)
}

/// What a classifier looks at.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Rows and columns of a picture.
    pub size: [usize; 2],
    /// Rows x columns x [`CLASSIFIER_CHANNELS`] numbers in [0, 1] for each picture.
    pub pictures: Vec<f32>,
    /// As many numbers for each as the classifier takes.
    pub numbers: Vec<f32>,
}

/// The network with its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Classifier {
    tensors: Tensors,
}

impl Classifier {
    /// Before training; `examples` have the numbers of each example, from which their means and deviations are taken.
    pub fn initialise(examples: &[&[f32]], seed: u64) -> Self {
        let numbers = examples.first().map_or(0, |numbers| numbers.len());
        let mut tensors = Tensors::initialise(parameters(numbers), seed);
        let of = |at: usize| examples.iter().map(move |numbers| f64::from(numbers[at]));
        let count = examples.len().max(1) as f64;
        let means: Vec<f64> = (0..numbers).map(|at| of(at).sum::<f64>() / count).collect();
        let deviation = |(at, mean): (usize, &f64)| {
            let variance = of(at).map(|number| (number - mean).powi(2)).sum::<f64>() / count;
            (variance.sqrt() as f32).max(LEAST_DEVIATION)
        };
        let deviations = means.iter().enumerate().map(deviation).collect();
        let [mean, deviation] = ["numbers.mean", "numbers.deviation"].map(|name| tensors.place(name));
        tensors.set(mean, means.iter().map(|&mean| mean as f32).collect());
        tensors.set(deviation, deviations);
        Self { tensors }
    }

    /// Takes tensors by name, as read from a file, for so many numbers beside a picture.
    ///
    /// # Errors
    /// Where a tensor is missing, too many, of another shape, or holds a NaN or an infinity.
    pub fn from_tensors(numbers: usize, named: NamedTensors) -> Result<Self> {
        Ok(Self { tensors: Tensors::from_named(NAME, parameters(numbers), named)? })
    }

    /// Every tensor with its values.
    pub fn iter(&self) -> impl Iterator<Item = (&Parameter, &[f32])> {
        self.tensors.iter()
    }

    /// A logit for each picture.
    ///
    /// # Panics
    /// Where pictures and numbers are not whole, or not of as many.
    pub fn logits(&self, seen: Seen) -> Vec<f32> {
        if seen.pictures.is_empty() {
            return Vec::new();
        }
        self.computed(&mut Cpu::in_use(&self.tensors, &[]), seen).into_values()
    }

    fn computed(&self, network: &mut Cpu<'_>, seen: Seen) -> Tensor<f32> {
        let Seen { size: [rows, columns], pictures, numbers } = seen;
        let batch = pictures.len() / (rows * columns * CLASSIFIER_CHANNELS);
        let x = network.input(pictures, &[batch, rows, columns, CLASSIFIER_CHANNELS]);
        let numbers = Tensor::new(self.normalised(numbers), &[batch, self.numbers()]);
        logits(network, x, numbers)
    }

    #[cfg(test)]
    pub(super) fn tensors(&self) -> &Tensors {
        &self.tensors
    }

    /// How many numbers it takes beside a picture.
    fn numbers(&self) -> usize {
        self.tensors.named("numbers.mean").len()
    }

    pub(super) fn normalised(&self, mut numbers: Vec<f32>) -> Vec<f32> {
        let [means, deviations] = ["numbers.mean", "numbers.deviation"].map(|name| self.tensors.named(name));
        for numbers in numbers.chunks_exact_mut(means.len().max(1)) {
            for ((number, mean), deviation) in numbers.iter_mut().zip(means).zip(deviations) {
                *number = ((*number - mean) / deviation.max(LEAST_DEVIATION)).clamp(-FARTHEST, FARTHEST);
            }
        }
        numbers
    }
}

/// A classifier in training.
#[derive(Clone, Debug)]
pub struct ClassifierTrainer {
    /// The weights, after the steps so far.
    pub classifier: Classifier,
    adam: Adam,
}

impl ClassifierTrainer {
    /// Before the first step.
    pub fn new(classifier: Classifier) -> Self {
        let adam = Adam::of(&classifier.tensors);
        Self { classifier, adam }
    }

    /// Trains on one batch, whose labels are 0 to 1, and returns the mean cross-entropy before the step. A NaN is returned,
    /// not hidden.
    pub fn step(&mut self, seen: Seen, labels: &[f32], learning_rate: f64) -> f32 {
        let (loss, gradients, moved) = self.classifier.differentiate(seen, labels);
        self.adam.step(&mut self.classifier.tensors, &gradients, learning_rate);
        let moved = self.moved_at_once(moved);
        self.classifier.tensors.keep_moved(moved);
        loss
    }

    /// Moving statistics that begin as the mean of all batches, so that few steps are enough for them.
    fn moved_at_once(&self, mut moved: EachTensor) -> EachTensor {
        let slowest = 1.0 - BATCH_NORM_MOMENTUM;
        let faster = (1.0 / self.adam.steps as f32).max(slowest) / slowest;
        for ((_, before), moved) in self.classifier.iter().zip(&mut moved) {
            let each = before.iter().zip(moved.iter_mut().flatten());
            each.for_each(|(before, moved)| *moved = before + (*moved - before) * faster);
        }
        moved
    }
}

impl Classifier {
    /// Loss, gradients and moving statistics, in the order of the tensors.
    pub(super) fn differentiate(&self, seen: Seen, labels: &[f32]) -> (f32, EachTensor, EachTensor) {
        let mut network = Cpu::in_training(&self.tensors, None);
        let found = self.computed(&mut network, seen);
        let count = labels.len() as f32;
        let each = || found.values().iter().zip(labels);
        let loss = each().map(|(&logit, &label)| cross_entropy(logit, label)).sum::<f32>() / count;
        let gradient = each().map(|(&logit, &label)| (sigmoid(logit) - label) / count).collect();
        let (gradients, moved) = network.backward(Tensor::new(gradient, &[labels.len(), 1]));
        (loss, gradients, moved)
    }
}

/// `-label ln p - (1 - label) ln (1 - p)` of a logit's probability p, by whichever exponential is at most 1.
fn cross_entropy(logit: f32, label: f32) -> f32 {
    logit.max(0.0) - logit * label + (-logit.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: [usize; 2] = [16, 24];

    /// Pictures whose ink lies above or below, by their number.
    fn seen(count: usize) -> Seen {
        let [rows, columns] = SIZE;
        let mut pictures = vec![0.0; count * rows * columns * CLASSIFIER_CHANNELS];
        let place = rows * columns * CLASSIFIER_CHANNELS;
        for (number, picture) in pictures.chunks_exact_mut(place).enumerate() {
            let from = (number % 2 * 8 + number % 5) * columns * CLASSIFIER_CHANNELS;
            picture[from..from + 3 * columns * CLASSIFIER_CHANNELS].fill(1.0);
        }
        Seen { size: SIZE, pictures, numbers: (0..count * 2).map(|at| (at % 7) as f32).collect() }
    }

    fn untrained(numbers: &[f32]) -> Classifier {
        Classifier::initialise(&numbers.chunks_exact(2).collect::<Vec<_>>(), 1)
    }

    #[test]
    fn it_learns_and_each_picture_is_judged_alone() {
        let batch = seen(20);
        let labels: Vec<f32> = (0..20).map(|number| (number % 2) as f32).collect();
        let mut trainer = ClassifierTrainer::new(untrained(&batch.numbers));
        let first = trainer.step(batch.clone(), &labels, 2e-3);
        let last = (0..200).map(|_| trainer.step(batch.clone(), &labels, 2e-3)).last().unwrap();
        assert!(last < 0.1 * first, "{first} before, {last} after");
        let together = trainer.classifier.logits(batch.clone());
        assert!(together.iter().zip(&labels).all(|(logit, label)| (*logit > 0.0) == (*label > 0.5)), "{together:?}");
        let place = batch.pictures.len() / 20;
        let third = Seen {
            size: SIZE,
            pictures: batch.pictures[2 * place..3 * place].to_vec(),
            numbers: batch.numbers[4..6].to_vec(),
        };
        let alone = trainer.classifier.logits(third)[0];
        assert!((alone - together[2]).abs() < 1e-4, "{alone} against {}", together[2]);
    }

    #[test]
    fn tensors_are_taken_by_name() {
        let classifier = untrained(&seen(20).numbers);
        let named: NamedTensors = classifier
            .iter()
            .map(|(parameter, values)| (parameter.name.clone(), (parameter.shape.clone(), values.to_vec())))
            .collect();
        assert_eq!(Classifier::from_tensors(2, named.clone()).unwrap(), classifier);
        assert!(Classifier::from_tensors(3, named.clone()).unwrap_err().to_string().contains("numbers.mean"));
        let mut broken = named.clone();
        broken.remove("answer.bias");
        assert!(Classifier::from_tensors(2, broken).unwrap_err().to_string().contains("answer.bias"));
        let mut broken = named;
        broken.get_mut("answer.bias").unwrap().1[0] = f32::NAN;
        assert!(Classifier::from_tensors(2, broken).is_err());
    }

    #[test]
    fn nothing_is_seen_of_nothing() {
        assert!(untrained(&seen(4).numbers).logits(Seen { size: SIZE, ..Seen::default() }).is_empty());
    }
}

//! A small network that says how sure it is that what a box in a picture holds is of a kind, and where the box should be,
//! given some numbers about it too.
//!
//! Blocks of a depthwise and a pointwise convolution (Howard and others, MobileNets, arXiv 1704.04861), what is left of the
//! picture as a vector with the numbers beside it, and two dense layers. That the box is moved is from R-CNN (Girshick and
//! others, CVPR 2014). Pictures are cheap to compute with: 9.5 million multiplications for one of 80 x 160.

use super::adam::Adam;
use super::cpu::Cpu;
use super::layers::{BATCH_NORM_MOMENTUM, Layers};
use super::tensors::{EachTensor, Initialiser, NamedTensors, Parameter, Tensors};
use crate::Result;
use crate::tensor::Tensor;

/// Channels of a picture.
pub const DETECTOR_CHANNELS: usize = 3;

const NAME: &str = "the detector";
const STEM: usize = 16;
/// Stride and channels of each block.
const BLOCKS: [(usize, usize); 6] = [(2, 48), (1, 48), (2, 96), (1, 96), (2, 128), (1, 192)];
/// The last channels, of which each place's are seen apart.
const PLACED: usize = 16;
/// Of a side of the picture so much is left.
const STRIDE: usize = 16;
const HIDDEN: usize = 96;
/// What it answers: a logit, and how far each side of the box moves.
const ANSWERS: usize = 5;
/// Of a number that hardly differs.
const LEAST_DEVIATION: f32 = 1e-3;
/// A number is at most so many deviations away from its mean.
const FARTHEST: f32 = 3.0;

fn parameters(size: [usize; 2], numbers: usize) -> Vec<Parameter> {
    let mut list = vec![
        Parameter::statistic("numbers.mean", numbers, 0.0),
        Parameter::statistic("numbers.deviation", numbers, 1.0),
        convolution("stem.weight", [STEM, DETECTOR_CHANNELS, 3, 3]),
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
    list.push(convolution("placed.weight", [PLACED, inside, 1, 1]));
    list.extend(normalisation("placed", PLACED));
    let [rows, columns] = size.map(|side| side.div_ceil(STRIDE));
    let placed = rows * columns * PLACED;
    for (name, inside, out) in [("hidden", placed + numbers, HIDDEN), ("answer", HIDDEN, ANSWERS)] {
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

/// `[batch, height, width, DETECTOR_CHANNELS]` and `[batch, numbers]` to answers `[batch, ANSWERS]`.
pub(super) fn answers<L: Layers>(layers: &mut L, x: L::Pictures, numbers: L::Vectors) -> L::Vectors {
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
    let x = layers.pointwise("placed.weight", x);
    let x = layers.batch_norm("placed", x, true);
    let seen = layers.flatten(x);
    let all = layers.beside(seen, numbers);
    let hidden = layers.dense("hidden", all);
    let hidden = layers.relu(hidden);
    layers.dense("answer", hidden)
}

/// What a detector looks at.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Rows x columns x [`DETECTOR_CHANNELS`] numbers in [0, 1] for each picture.
    pub pictures: Vec<f32>,
    /// As many numbers for each as the detector takes.
    pub numbers: Vec<f32>,
}

/// What a detector says of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Detected {
    /// How sure it is: the logit of a confidence.
    pub logit: f32,
    /// How far the left, upper, right and lower side of the box move to the right or down, in units of whoever trains it.
    pub sides: [f32; 4],
}

impl Detected {
    fn of(&[logit, left, top, right, bottom]: &[f32; ANSWERS]) -> Self {
        Self { logit, sides: [left, top, right, bottom] }
    }

    fn numbers(&self) -> [f32; ANSWERS] {
        let [left, top, right, bottom] = self.sides;
        [self.logit, left, top, right, bottom]
    }
}

/// The network with its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Detector {
    /// Rows and columns of a picture.
    size: [usize; 2],
    tensors: Tensors,
}

impl Detector {
    /// Before training, for pictures of so many rows and columns; `examples` have the numbers of each example, from which
    /// their means and deviations are taken.
    ///
    /// # Panics
    /// Where examples have different counts of numbers.
    pub fn initialise(size: [usize; 2], examples: &[&[f32]], seed: u64) -> Self {
        let numbers = examples.first().map_or(0, |numbers| numbers.len());
        let mut tensors = Tensors::initialise(parameters(size, numbers), seed);
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
        Self { size, tensors }
    }

    /// Takes tensors by name, as read from a file, for pictures of so many rows and columns with so many numbers beside each.
    ///
    /// # Errors
    /// Where a tensor is missing, too many, of another shape, or holds a NaN or an infinity.
    pub fn from_tensors(size: [usize; 2], numbers: usize, named: NamedTensors) -> Result<Self> {
        Ok(Self { size, tensors: Tensors::from_named(NAME, parameters(size, numbers), named)? })
    }

    /// Every tensor with its values.
    pub fn iter(&self) -> impl Iterator<Item = (&Parameter, &[f32])> {
        self.tensors.iter()
    }

    /// What it says of each picture.
    ///
    /// # Panics
    /// Where pictures and numbers are not whole, or not of as many.
    pub fn answers(&self, seen: Seen) -> Vec<Detected> {
        if seen.pictures.is_empty() {
            return Vec::new();
        }
        each(&self.computed(&mut Cpu::in_use(&self.tensors, &[]), seen))
    }

    fn computed(&self, network: &mut Cpu<'_>, seen: Seen) -> Tensor<f32> {
        let (Seen { pictures, numbers }, [rows, columns]) = (seen, self.size);
        let batch = pictures.len() / (rows * columns * DETECTOR_CHANNELS);
        let x = network.input(pictures, &[batch, rows, columns, DETECTOR_CHANNELS]);
        let numbers = Tensor::new(self.normalised(numbers), &[batch, self.numbers()]);
        answers(network, x, numbers)
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

    /// What `loss` gives for the answers, gradients and moving statistics, in the order of the tensors.
    pub(super) fn differentiate(
        &self,
        seen: Seen,
        loss: impl FnOnce(&[Detected]) -> (f32, Vec<Detected>),
    ) -> (f32, EachTensor, EachTensor) {
        let mut network = Cpu::in_training(&self.tensors, None);
        let (loss, gradient) = loss(&each(&self.computed(&mut network, seen)));
        let numbers = gradient.iter().flat_map(Detected::numbers).collect();
        let (gradients, moved) = network.backward(Tensor::new(numbers, &[gradient.len(), ANSWERS]));
        (loss, gradients, moved)
    }
}

fn each(answers: &Tensor<f32>) -> Vec<Detected> {
    answers.values().as_chunks().0.iter().map(Detected::of).collect()
}

/// A detector in training.
#[derive(Clone, Debug)]
pub struct DetectorTrainer {
    /// The weights, after the steps so far.
    pub detector: Detector,
    adam: Adam,
}

impl DetectorTrainer {
    /// Before the first step.
    pub fn new(detector: Detector) -> Self {
        let adam = Adam::of(&detector.tensors);
        Self { detector, adam }
    }

    /// Trains on one batch: `loss` gives the loss of what is answered for each picture and its gradient, which has as many.
    /// Returns the loss before the step. A NaN is returned, not hidden.
    ///
    /// # Panics
    /// Where pictures, numbers and gradient are not of as many.
    pub fn step(
        &mut self,
        seen: Seen,
        learning_rate: f64,
        loss: impl FnOnce(&[Detected]) -> (f32, Vec<Detected>),
    ) -> f32 {
        let (loss, gradients, moved) = self.detector.differentiate(seen, loss);
        self.adam.step(&mut self.detector.tensors, &gradients, learning_rate);
        let moved = self.moved_at_once(moved);
        self.detector.tensors.keep_moved(moved);
        loss
    }

    /// Moving statistics that begin as the mean of all batches, so that few steps are enough for them.
    fn moved_at_once(&self, mut moved: EachTensor) -> EachTensor {
        let slowest = 1.0 - BATCH_NORM_MOMENTUM;
        let faster = (1.0 / self.adam.steps as f32).max(slowest) / slowest;
        for ((_, before), moved) in self.detector.iter().zip(&mut moved) {
            let each = before.iter().zip(moved.iter_mut().flatten());
            each.for_each(|(before, moved)| *moved = before + (*moved - before) * faster);
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: [usize; 2] = [16, 24];
    const PLACE: usize = SIZE[0] * SIZE[1] * DETECTOR_CHANNELS;

    /// Pictures whose ink begins at a row, three rows of it.
    fn seen(rows: &[usize]) -> Seen {
        let mut pictures = vec![0.0; rows.len() * PLACE];
        for (row, picture) in rows.iter().zip(pictures.chunks_exact_mut(PLACE)) {
            let row_of = SIZE[1] * DETECTOR_CHANNELS;
            picture[row * row_of..(row + 3) * row_of].fill(1.0);
        }
        Seen { pictures, numbers: (0..rows.len() * 2).map(|at| (at % 7) as f32).collect() }
    }

    fn untrained(numbers: &[f32]) -> Detector {
        Detector::initialise(SIZE, &numbers.chunks_exact(2).collect::<Vec<_>>(), 1)
    }

    /// Half the mean square of how far answers are from what they should be.
    fn squares(wanted: &[Detected]) -> impl Fn(&[Detected]) -> (f32, Vec<Detected>) {
        let wanted: Vec<[f32; ANSWERS]> = wanted.iter().map(Detected::numbers).collect();
        move |found| {
            let count = found.len() as f32;
            let apart = |(found, wanted): (&Detected, &[f32; ANSWERS])| {
                let found = found.numbers();
                std::array::from_fn::<f32, ANSWERS, _>(|at| found[at] - wanted[at])
            };
            let apart: Vec<[f32; ANSWERS]> = found.iter().zip(&wanted).map(apart).collect();
            let loss = apart.iter().flatten().map(|apart| apart * apart / 2.0).sum::<f32>() / count;
            (loss, apart.iter().map(|apart| Detected::of(&apart.map(|apart| apart / count))).collect())
        }
    }

    #[test]
    fn it_learns_what_and_where_and_each_picture_is_judged_alone() {
        let rows: Vec<usize> = (0..26).map(|number| number * 7 % 13).collect();
        let batch = seen(&rows);
        // Signatures are those below, whose upper and lower sides are where the ink is.
        let answer = |&row: &usize| {
            let row_from_middle = row as f32 / 4.0 - 1.5;
            Detected { logit: if row > 6 { 2.0 } else { -2.0 }, sides: [0.0, row_from_middle, 0.5, row_from_middle] }
        };
        let wanted: Vec<Detected> = rows.iter().map(answer).collect();
        let mut trainer = DetectorTrainer::new(untrained(&batch.numbers));
        let mut step = || trainer.step(batch.clone(), 2e-3, squares(&wanted));
        let first = step();
        let last = (0..400).map(|_| step()).last().unwrap();
        assert!(last < 0.02 * first, "{first} before, {last} after");
        let together = trainer.detector.answers(batch.clone());
        for (found, wanted) in together.iter().zip(&wanted) {
            let apart = found.numbers().into_iter().zip(wanted.numbers()).map(|(a, b)| (a - b).abs());
            assert!(apart.fold(0.0, f32::max) < 0.8, "{found:?} where {wanted:?}");
        }
        let third =
            Seen { pictures: batch.pictures[2 * PLACE..3 * PLACE].to_vec(), numbers: batch.numbers[4..6].to_vec() };
        let alone = trainer.detector.answers(third)[0];
        let apart = alone.numbers().into_iter().zip(together[2].numbers()).map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f32::max) < 1e-4, "{alone:?} against {:?}", together[2]);
    }

    #[test]
    fn tensors_are_taken_by_name() {
        let detector = untrained(&seen(&[3, 9]).numbers);
        let named: NamedTensors = detector
            .iter()
            .map(|(parameter, values)| (parameter.name.clone(), (parameter.shape.clone(), values.to_vec())))
            .collect();
        assert_eq!(Detector::from_tensors(SIZE, 2, named.clone()).unwrap(), detector);
        assert!(Detector::from_tensors(SIZE, 3, named.clone()).unwrap_err().to_string().contains("numbers.mean"));
        assert!(Detector::from_tensors([64, 64], 2, named.clone()).unwrap_err().to_string().contains("hidden.weight"));
        let mut broken = named.clone();
        broken.remove("answer.bias");
        assert!(Detector::from_tensors(SIZE, 2, broken).unwrap_err().to_string().contains("answer.bias"));
        let mut broken = named.clone();
        broken.get_mut("answer.bias").unwrap().1[0] = f32::NAN;
        assert!(Detector::from_tensors(SIZE, 2, broken).is_err());
        let mut broken = named;
        broken.get_mut("answer.bias").unwrap().1.pop();
        assert!(Detector::from_tensors(SIZE, 2, broken).is_err());
    }

    #[test]
    fn nothing_is_seen_of_nothing() {
        assert!(untrained(&seen(&[1, 2]).numbers).answers(Seen::default()).is_empty());
    }
}

//! The networks on the CPU, by our kernels, forward and backward.
//!
//! In training every layer leaves a [`Record`] of what its backward step needs; the backward pass takes the records in
//! reverse, and gives each one's memory back when its step is done.

use rand_chacha::ChaCha8Rng;

use super::layers::{self, Layers};
use super::ops;
use super::ops::batch_norm::{Affine, Moments};
use super::ops::depthwise::Windows;
use super::ops::first_layer::Choices;
use super::ops::loss::{Head, Loss};
use super::ops::winograd::Signs;
use super::tensors::{EachTensor, Tensors};
use super::trainer::{Batch, Found};
use super::weights::Weights;
use super::{Backbone, EMBEDDING_LEN};
use crate::kernels::squeeze;

type Tensor = crate::tensor::Tensor<f32>;

/// A siamese network that embeds pictures.
#[derive(Clone, Debug)]
pub struct Embedder {
    weights: Weights,
    /// The filters of [`Layers::conv3x3_relu_mean`], where the network has one, as the kernel wants them.
    filters: Vec<f32>,
}

impl Embedder {
    /// Makes weights ready for use.
    pub fn new(weights: Weights) -> Self {
        let filters = match weights.backbone() {
            Backbone::SimpleCnn => pack_filters(weights.tensors(), "conv2.weight"),
            Backbone::EfficientnetB0 => Vec::new(),
        };
        Self { weights, filters }
    }

    /// The weights that it embeds with.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The vectors of pictures: `pixels` holds [`SIDE`](super::SIDE) x [`SIDE`](super::SIDE) numbers in [0, 1] for each,
    /// the result [`EMBEDDING_LEN`]. A picture in which the network sees nothing gives zeros.
    ///
    /// # Panics
    /// Where the numbers are not those of whole pictures.
    pub fn embed(&self, pixels: Vec<f32>) -> Vec<f32> {
        let mut network = Cpu::in_use(self.weights.tensors(), &self.filters);
        network.embed(self.weights.backbone(), pixels, super::SIDE).into_values()
    }
}

fn pack_filters(weights: &Tensors, name: &str) -> Vec<f32> {
    let place = weights.place(name);
    let shape = weights.shape(place);
    ops::winograd::pack_filters(shape[1], shape[0], weights.values(place))
}

/// Loss, gradients and moving statistics of one batch of pictures with `side` rows and columns. `rng` decides what
/// drop-connect drops; without one nothing is.
pub(super) fn differentiate(weights: &Weights, rng: Option<ChaCha8Rng>, batch: &Batch, side: usize) -> Found {
    let backbone = weights.backbone();
    let weights = weights.tensors();
    let mut network = Cpu::in_training(weights, rng);
    let [a, b] = [&batch.a, &batch.b].map(|pixels| network.embed(backbone, pixels.clone(), side));
    let [weight, bias] = ["head.weight", "head.bias"].map(|name| weights.place(name));
    let head = Head { weight: weights.values(weight), bias: weights.values(bias) };
    let Loss { mean, probabilities, to_embeddings: [to_a, to_b], to_head } =
        ops::loss::loss(&a, &b, head, &batch.labels);
    let mut training = network.training.expect("it trains");
    training.add_gradients([weight, bias], to_head);
    // The records of the second call lie on those of the first.
    training.backward(weights, to_b);
    training.backward(weights, to_a);
    Found { loss: mean, probabilities, gradients: training.gradients, moved: training.moved }
}

/// Weights in use, for one training step or for inference.
pub(super) struct Cpu<'a> {
    weights: &'a Tensors,
    /// See [`Embedder`]; training needs none.
    filters: &'a [f32],
    training: Option<Training>,
}

/// What training needs besides the weights.
struct Training {
    rng: Option<ChaCha8Rng>,
    records: Vec<Record>,
    /// In the order of the weights.
    gradients: EachTensor,
    /// The moving statistics that calls of batch normalisation have updated so far, in the order of the weights.
    moved: EachTensor,
}

/// What a backward step needs of its forward step; numbers are places of tensors in the weights.
enum Record {
    /// A call begins here; its input gets no gradient.
    Input,
    Conv3x3ReluPool {
        tensors: [usize; 2],
        x: Tensor,
        choices: Choices,
    },
    Conv3x3ReluMean {
        tensors: [usize; 2],
        x: Tensor,
        signs: Signs,
    },
    Pointwise {
        weight: usize,
        x: Tensor,
    },
    Depthwise {
        weight: usize,
        x: Tensor,
        windows: Windows,
    },
    BatchNorm {
        tensors: [usize; 2],
        x: Tensor,
        moments: Moments<Vec<f32>>,
        swish: bool,
    },
    SqueezeExcite {
        tensors: [usize; 4],
        x: Tensor,
        between: squeeze::Between<Vec<f32>>,
    },
    /// A residual branch begins.
    Fork,
    /// It ends, with what every image of it was multiplied with.
    Join {
        factors: Option<Vec<f32>>,
    },
    GlobalAverage {
        shape: [usize; 4],
    },
    Flatten {
        shape: [usize; 4],
    },
    Dense {
        tensors: [usize; 2],
        x: Tensor,
    },
    Beside {
        own: usize,
    },
    Relu {
        output: Tensor,
    },
    UnitVectors {
        x: Tensor,
    },
}

impl<'a> Cpu<'a> {
    pub(super) fn in_use(weights: &'a Tensors, filters: &'a [f32]) -> Self {
        Self { weights, filters, training: None }
    }

    pub(super) fn in_training(weights: &'a Tensors, rng: Option<ChaCha8Rng>) -> Self {
        Self { weights, filters: &[], training: Some(Training::new(weights, rng)) }
    }

    /// A call begins, with pictures of `[batch, height, width, channels]` that get no gradient.
    pub(super) fn input(&mut self, pixels: Vec<f32>, shape: &[usize; 4]) -> Tensor {
        self.record(|| Record::Input);
        Tensor::new(pixels, shape)
    }

    /// Gradients and moving statistics, in the order of the weights, given the gradient of the only call's result.
    pub(super) fn backward(self, gradient: Tensor) -> (EachTensor, EachTensor) {
        let mut training = self.training.expect("it trains");
        training.backward(self.weights, gradient);
        (training.gradients, training.moved)
    }

    fn embed(&mut self, backbone: Backbone, pixels: Vec<f32>, side: usize) -> Tensor {
        let batch = pixels.len() / (side * side);
        let x = self.input(pixels, &[batch, side, side, 1]);
        let vectors = backbone.embed(self, x);
        debug_assert_eq!(vectors.shape(), [batch, EMBEDDING_LEN]);
        vectors
    }

    fn record(&mut self, record: impl FnOnce() -> Record) {
        if let Some(training) = &mut self.training {
            training.records.push(record());
        }
    }

    /// The places of the tensors `{name}.{part}`.
    fn places<const N: usize>(&self, name: &str, parts: [&str; N]) -> [usize; N] {
        parts.map(|part| self.weights.place(&format!("{name}.{part}")))
    }
}

impl Layers for Cpu<'_> {
    type Pictures = Tensor;
    type Vectors = Tensor;

    fn rescale(&mut self, x: Tensor, factor: f32) -> Tensor {
        let shape = x.shape().to_vec();
        let mut values = x.into_values();
        values.iter_mut().for_each(|value| *value *= factor);
        Tensor::new(values, &shape)
    }

    fn conv3x3_relu_pool(&mut self, name: &str, x: Tensor) -> Tensor {
        let tensors = self.places(name, ["weight", "bias"]);
        let [weight, bias] = tensors.map(|place| self.weights.values(place));
        let (output, choices) = ops::first_layer::forward(&x, weight, bias, self.training.is_some());
        self.record(|| Record::Conv3x3ReluPool { tensors, x, choices });
        output
    }

    fn conv3x3_relu_mean(&mut self, name: &str, x: Tensor) -> Tensor {
        let tensors = self.places(name, ["weight", "bias"]);
        let [weight, bias] = tensors.map(|place| self.weights.values(place));
        if self.training.is_none() {
            return ops::winograd::forward_packed(&x, self.filters, bias);
        }
        let (output, signs) = ops::winograd::forward(&x, weight, bias);
        self.record(|| Record::Conv3x3ReluMean { tensors, x, signs });
        output
    }

    fn conv3x3_stride2(&mut self, weight: &str, x: Tensor) -> Tensor {
        let [_, height, width, _] = x.dims();
        let before = [height, width].map(|size| layers::zeros_before(size, 3, 2));
        self.pointwise(weight, ops::neighbourhoods::neighbourhoods(&x, before))
    }

    fn pointwise(&mut self, weight: &str, x: Tensor) -> Tensor {
        let weight = self.weights.place(weight);
        let output = ops::pointwise::forward(&x, self.weights.values(weight));
        self.record(|| Record::Pointwise { weight, x });
        output
    }

    fn depthwise(&mut self, weight: &str, x: Tensor, stride: usize) -> Tensor {
        let weight = self.weights.place(weight);
        let [_, height, width, _] = x.dims();
        let side = self.weights.shape(weight)[2];
        let before = [height, width].map(|size| layers::zeros_before(size, side, stride));
        let windows = Windows { side, stride, before };
        let output = ops::depthwise::forward(&x, self.weights.values(weight), windows);
        self.record(|| Record::Depthwise { weight, x, windows });
        output
    }

    fn batch_norm(&mut self, name: &str, x: Tensor, swish: bool) -> Tensor {
        let tensors = self.places(name, ["gamma", "beta"]);
        let statistics = self.places(name, ["mean", "variance"]);
        let affine = affine(self.weights, tensors);
        let Some(training) = &mut self.training else {
            let [mean, variance] = statistics.map(|place| self.weights.values(place));
            return ops::batch_norm::forward(&x, affine, Moments { mean, variance }, swish);
        };
        let moments = ops::batch_norm::moments(&x);
        for (place, now) in statistics.into_iter().zip([&moments.mean, &moments.variance]) {
            let before = training.moved[place].as_deref().unwrap_or(self.weights.values(place));
            training.moved[place] = Some(layers::moved(before, now));
        }
        let output = ops::batch_norm::forward(&x, affine, moments.as_slices(), swish);
        self.record(|| Record::BatchNorm { tensors, x, moments, swish });
        output
    }

    fn squeeze_excite(&mut self, name: &str, x: Tensor) -> Tensor {
        let tensors = self.places(name, ["se_reduce.weight", "se_reduce.bias", "se_expand.weight", "se_expand.bias"]);
        let (output, between) = ops::squeeze::forward(&x, squeeze_layers(self.weights, tensors));
        self.record(|| Record::SqueezeExcite { tensors, x, between });
        output
    }

    fn residual(&mut self, drop_rate: f64, x: Tensor, branch: impl FnOnce(&mut Self, Tensor) -> Tensor) -> Tensor {
        self.record(|| Record::Fork);
        let output = branch(self, x.clone());
        let [batch, ..] = output.dims::<4>();
        let rng = self.training.as_mut().and_then(|training| training.rng.as_mut()).filter(|_| drop_rate > 0.0);
        let factors = rng.map(|rng| layers::drop_factors(rng, batch, drop_rate));
        let output = ops::branch::add(ops::branch::scale(output, factors.as_deref()), &x);
        self.record(|| Record::Join { factors });
        output
    }

    fn global_average(&mut self, x: Tensor) -> Tensor {
        self.record(|| Record::GlobalAverage { shape: x.dims() });
        ops::average::forward(&x)
    }

    fn flatten(&mut self, x: Tensor) -> Tensor {
        let shape @ [batch, height, width, channels] = x.dims();
        self.record(|| Record::Flatten { shape });
        Tensor::new(x.into_values(), &[batch, height * width * channels])
    }

    fn dense(&mut self, name: &str, x: Tensor) -> Tensor {
        let tensors = self.places(name, ["weight", "bias"]);
        let [weight, bias] = tensors.map(|place| self.weights.values(place));
        let output = ops::dense::forward(&x, weight, bias);
        self.record(|| Record::Dense { tensors, x });
        output
    }

    fn beside(&mut self, x: Tensor, numbers: Tensor) -> Tensor {
        self.record(|| Record::Beside { own: x.shape()[1] });
        ops::beside::forward(&x, &numbers)
    }

    fn relu(&mut self, x: Tensor) -> Tensor {
        let output = ops::relu::forward(x);
        self.record(|| Record::Relu { output: output.clone() });
        output
    }

    fn unit_vectors(&mut self, x: Tensor) -> Tensor {
        let output = ops::unit::forward(&x);
        self.record(|| Record::UnitVectors { x });
        output
    }
}

impl Training {
    fn new(weights: &Tensors, rng: Option<ChaCha8Rng>) -> Self {
        let nothing = || weights.iter().map(|_| None).collect();
        Self { rng, records: Vec::new(), gradients: nothing(), moved: nothing() }
    }

    /// Takes the records back to the beginning of the last call, whose output has the given gradient.
    fn backward(&mut self, weights: &Tensors, gradient: Tensor) {
        let mut gradient = Some(gradient);
        // Gradients that went past a residual branch, innermost last.
        let mut past = Vec::new();
        while let Some(record) = self.records.pop().filter(|record| !matches!(record, Record::Input)) {
            let after = gradient.expect("only a call's first layer gives its input no gradient");
            gradient = match record {
                Record::Join { factors } => {
                    past.push(after.clone());
                    Some(ops::branch::scale(after, factors.as_deref()))
                }
                Record::Fork => Some(ops::branch::add(after, &past.pop().expect("a branch that ends has begun"))),
                layer => self.step(weights, layer, after),
            };
        }
    }

    /// The backward step of one layer; returns the gradient of its input.
    fn step(&mut self, weights: &Tensors, layer: Record, gradient: Tensor) -> Option<Tensor> {
        let input_wanted = !matches!(self.records.last(), Some(Record::Input));
        let values = |place| weights.values(place);
        match layer {
            Record::Conv3x3ReluPool { tensors, x, choices } => {
                self.add_gradients(tensors, ops::first_layer::backward(&x, &choices, &gradient));
                None
            }
            Record::Conv3x3ReluMean { tensors, x, signs } => {
                let weight = values(tensors[0]);
                let (to_x, found) = ops::winograd::backward(&x, weight, &signs, &gradient, input_wanted);
                self.add_gradients(tensors, found);
                to_x
            }
            Record::Pointwise { weight, x } => {
                let (to_x, found) = ops::pointwise::backward(&x, values(weight), &gradient, input_wanted);
                self.add_gradients([weight], [found]);
                to_x
            }
            Record::Depthwise { weight, x, windows } => {
                let (to_x, found) = ops::depthwise::backward(&x, values(weight), windows, &gradient);
                self.add_gradients([weight], [found]);
                Some(to_x)
            }
            Record::BatchNorm { tensors, x, moments, swish } => {
                let affine = affine(weights, tensors);
                let (to_x, found) = ops::batch_norm::backward(&x, affine, moments.as_slices(), swish, &gradient);
                self.add_gradients(tensors, found);
                Some(to_x)
            }
            Record::SqueezeExcite { tensors, x, between } => {
                let layers = squeeze_layers(weights, tensors);
                let (to_x, found) = ops::squeeze::backward(&x, layers, &between, &gradient);
                self.add_gradients(tensors, found);
                Some(to_x)
            }
            Record::GlobalAverage { shape } => Some(ops::average::backward(shape, &gradient)),
            Record::Flatten { shape } => Some(Tensor::new(gradient.into_values(), &shape)),
            Record::Dense { tensors, x } => {
                let (to_x, found) = ops::dense::backward(&x, values(tensors[0]), &gradient);
                self.add_gradients(tensors, found);
                Some(to_x)
            }
            Record::Beside { own } => Some(ops::beside::backward(own, &gradient)),
            Record::Relu { output } => Some(ops::relu::backward(&output, gradient)),
            Record::UnitVectors { x } => Some(ops::unit::backward(&x, &gradient)),
            Record::Input | Record::Fork | Record::Join { .. } => unreachable!("not a layer"),
        }
    }

    /// Adds to the gradients of the tensors at these places; those of the second call join those of the first.
    fn add_gradients<const N: usize>(&mut self, places: [usize; N], found: [Vec<f32>; N]) {
        for (place, found) in places.into_iter().zip(found) {
            match &mut self.gradients[place] {
                Some(sum) => sum.iter_mut().zip(found).for_each(|(sum, more)| *sum += more),
                none => *none = Some(found),
            }
        }
    }
}

fn affine(weights: &Tensors, [gamma, beta]: [usize; 2]) -> Affine<'_, f32> {
    Affine { gamma: weights.values(gamma), beta: weights.values(beta) }
}

fn squeeze_layers(weights: &Tensors, tensors: [usize; 4]) -> squeeze::Layers<'_, f32> {
    let [reduce, reduce_bias, expand, expand_bias] = tensors.map(|place| weights.values(place));
    squeeze::Layers { reduce, reduce_bias, expand, expand_bias }
}

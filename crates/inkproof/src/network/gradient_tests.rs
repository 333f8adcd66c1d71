//! The gradient of every operation that training uses, against central differences in f64, on odd and even shapes.
//!
//! Inputs keep away from the places where an operation has a corner (0 of a ReLU, equal numbers in a square of the
//! pooling), since there is no derivative to compare with.

use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::{DType, Device, Tensor, TensorData};

use super::{layers, ops};

/// Half the distance between the two points of a difference.
const STEP: f64 = 1e-5;
const TOLERANCE: f64 = 1e-6;

/// One input of an operation: its shape and numbers, row-major.
#[derive(Clone)]
struct Input {
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl Input {
    /// Distinct numbers in ±1, none near 0, without order; `salt` makes inputs differ.
    fn new(shape: &[usize], salt: usize) -> Self {
        let count: usize = shape.iter().product();
        let number = |i: usize| {
            let raw = ((i * 7919 + salt * 104_729 + 17) % 10_007) as f64 / 5003.5 - 1.0;
            if raw >= 0.0 { raw.max(0.01) + 1e-4 * i as f64 } else { raw.min(-0.01) - 1e-4 * i as f64 }
        };
        Self { shape: shape.to_vec(), values: (0..count).map(number).collect() }
    }

    fn positive(self) -> Self {
        Self { values: self.values.iter().map(|x| x.abs() + 0.1).collect(), ..self }
    }

    fn tensor(&self, device: &Device) -> Tensor<1> {
        Tensor::from_data(TensorData::new(self.values.clone(), [self.values.len()]), (device, DType::F64))
    }
}

/// The flat tensor in the rank and shape that the operation wants.
fn shaped<const D: usize>(tensor: &Tensor<1>, input: &Input) -> Tensor<D> {
    let shape: [usize; D] = input.shape.as_slice().try_into().expect("the rank of the operation");
    tensor.clone().reshape(shape)
}

/// A number that depends on every element of the result, on each with another weight.
fn scalar<const D: usize>(result: Tensor<D>) -> Tensor<1> {
    let count = result.shape().num_elements();
    let weights = Input::new(&[count], 99).tensor(&result.device());
    (result.reshape([count]) * weights).sum()
}

fn number(tensor: Tensor<1>) -> f64 {
    tensor.into_data().try_into_vec::<f64>().expect("f64 throughout")[0]
}

/// Compares the gradients of `operation` with respect to all `inputs`.
fn check(name: &str, inputs: &[Input], operation: impl Fn(&[Tensor<1>]) -> Tensor<1>) {
    let device = Device::flex().autodiff();
    let tensors: Vec<Tensor<1>> = inputs.iter().map(|input| input.tensor(&device).require_grad()).collect();
    let gradients = operation(&tensors).backward();
    let plain = Device::flex();
    for (which, input) in inputs.iter().enumerate() {
        let gradient = tensors[which].grad(&gradients).expect("the result depends on every input");
        let gradient = gradient.into_data().try_into_vec::<f64>().expect("f64 throughout");
        let value_at = |place: usize, by: f64| {
            let mut moved = inputs.to_vec();
            moved[which].values[place] += by;
            let tensors: Vec<Tensor<1>> = moved.iter().map(|input| input.tensor(&plain)).collect();
            number(operation(&tensors))
        };
        for (place, &found) in gradient.iter().enumerate() {
            let expected = (value_at(place, STEP) - value_at(place, -STEP)) / (2.0 * STEP);
            let error = (found - expected).abs() / expected.abs().max(1.0);
            let shape = &input.shape;
            assert!(error < TOLERANCE, "{name}, input {which} {shape:?} at {place}: {found} against {expected}");
        }
    }
}

/// `check` for one input of rank 4 or 2.
fn check_one<const D: usize, const E: usize>(name: &str, input: Input, operation: impl Fn(Tensor<D>) -> Tensor<E>) {
    let copy = input.clone();
    check(name, &[input], |tensors| scalar(operation(shaped::<D>(&tensors[0], &copy))));
}

#[test]
fn the_notebooks_convolutions() {
    for (x, out) in [([1, 3, 3, 1], 1), ([2, 5, 4, 3], 2), ([1, 6, 9, 2], 5), ([2, 7, 7, 1], 17)] {
        let inputs = [Input::new(&x, 1), Input::new(&[out, x[3], 3, 3], 2), Input::new(&[out], 3)];
        check("conv3x3_relu_mean", &inputs, |t| {
            scalar(ops::conv3x3_relu_mean(shaped(&t[0], &inputs[0]), shaped(&t[1], &inputs[1]), t[2].clone()))
        });
    }
    for (height, width, out) in [(4, 4, 1), (5, 6, 3), (9, 8, 17)] {
        let picture = Input::new(&[2, height, width, 1], 1);
        let inputs = [Input::new(&[out, 1, 3, 3], 2), Input::new(&[out], 3)];
        check("conv3x3_relu_pool", &inputs, |t| {
            let x = shaped(&picture.tensor(&t[0].device()), &picture);
            scalar(ops::conv3x3_relu_pool(x, shaped(&t[0], &inputs[0]), t[1].clone()))
        });
    }
}

#[test]
fn averages() {
    for shape in [[1, 1, 2, 2], [2, 3, 5, 4], [1, 2, 6, 7], [2, 1, 3, 3]] {
        check_one("global_average", Input::new(&shape, 2), layers::global_average);
    }
}

#[test]
fn pointwise_and_depthwise_convolutions() {
    for (x, out) in [([2, 3, 2, 1], 2), ([1, 4, 5, 3], 7), ([2, 2, 2, 18], 5)] {
        let inputs = [Input::new(&x, 1), Input::new(&[out, x[3]], 2)];
        check("pointwise", &inputs, |t| scalar(ops::pointwise(shaped(&t[0], &inputs[0]), shaped(&t[1], &inputs[1]))));
    }
    for (height, width, channels, side, stride, before) in [
        (5, 6, 2, 3, 1, [1, 1]),
        (4, 7, 5, 5, 1, [2, 2]),
        (6, 6, 3, 3, 2, [0, 0]),
        (7, 6, 2, 3, 2, [1, 0]),
        (7, 8, 2, 5, 2, [2, 1]),
        (8, 5, 1, 5, 2, [1, 2]),
        (1, 2, 2, 5, 1, [2, 2]),
    ] {
        let inputs = [Input::new(&[2, height, width, channels], 1), Input::new(&[channels, 1, side, side], 2)];
        let name = format!("depthwise, {side} x {side}, stride {stride}, {height} x {width}");
        check(&name, &inputs, |t| {
            scalar(ops::depthwise(shaped(&t[0], &inputs[0]), shaped(&t[1], &inputs[1]), stride, before))
        });
    }
}

#[test]
fn batch_normalisation() {
    for (shape, swish) in [
        ([2, 3, 4, 3], true),
        ([2, 3, 4, 3], false),
        ([3, 1, 1, 2], true),
        ([1, 5, 3, 2], false),
        ([2, 2, 1, 17], true),
    ] {
        let inputs = [Input::new(&shape, 1), Input::new(&shape[3..], 2), Input::new(&shape[3..], 3)];
        check("batch normalisation", &inputs, |t| {
            let x = shaped::<4>(&t[0], &inputs[0]);
            let plain = if x.device().is_autodiff() { x.clone().inner() } else { x.clone() };
            let moments = layers::channel_moments(true, plain);
            scalar(layers::batch_norm(true, x, t[1].clone(), t[2].clone(), moments, swish))
        });
    }
}

#[test]
fn activations_and_dropped_branches() {
    check_one("relu", Input::new(&[3, 5], 2), relu::<2>);
    check_one("sigmoid", Input::new(&[3, 5], 3), sigmoid::<2>);
    let branch = Input::new(&[3, 2, 2, 3], 4);
    check("drop-connect", std::slice::from_ref(&branch), |t| {
        let keep = Tensor::<1>::from_data(TensorData::new(vec![0.0, 1.25, 1.25], [3]), (&t[0].device(), DType::F64));
        scalar(shaped::<4>(&t[0], &branch) * keep.reshape([3, 1, 1, 1]))
    });
}

#[test]
fn squeeze_and_excitation() {
    for (x, squeezed) in [([2, 3, 3, 4], 1), ([1, 2, 3, 18], 3), ([3, 1, 1, 2], 2)] {
        let channels = x[3];
        let inputs = [
            Input::new(&x, 1),
            Input::new(&[squeezed, channels], 2),
            Input::new(&[squeezed], 3),
            Input::new(&[channels, squeezed], 4),
            Input::new(&[channels], 5),
        ];
        check("squeeze and excitation", &inputs, |t| {
            let reduce = (shaped(&t[1], &inputs[1]), t[2].clone());
            let expand = (shaped(&t[3], &inputs[3]), t[4].clone());
            scalar(ops::squeeze_excite(shaped(&t[0], &inputs[0]), reduce, expand))
        });
    }
}

#[test]
fn dense_layers_and_unit_vectors() {
    let inputs = [Input::new(&[3, 5], 1), Input::new(&[5, 4], 2), Input::new(&[4], 3)];
    check("dense", &inputs, |t| {
        scalar(layers::dense(shaped(&t[0], &inputs[0]), shaped(&t[1], &inputs[1]), t[2].clone()))
    });
    check_one("l2_normalise", Input::new(&[3, 7], 4), layers::l2_normalise);
}

#[test]
fn the_head_and_the_loss() {
    let inputs =
        [Input::new(&[4, 6], 1), Input::new(&[4, 6], 2).positive(), Input::new(&[6, 1], 3), Input::new(&[1], 4)];
    check("head and loss", &inputs, |t| {
        let distance = (shaped::<2>(&t[0], &inputs[0]) - shaped::<2>(&t[1], &inputs[1])).abs();
        let probability = sigmoid(layers::dense(distance, shaped(&t[2], &inputs[2]), t[3].clone()));
        let label =
            Tensor::<1>::from_data(TensorData::new(vec![1.0, 0.0, 0.0, 1.0], [4]), (&t[0].device(), DType::F64));
        layers::binary_cross_entropy(probability, label.reshape([4, 1]))
    });
}

#[test]
fn a_vector_of_zeros_stays_zeros_and_gives_no_nan() {
    let device = Device::flex().autodiff();
    let zeros = Tensor::<2>::from_data(TensorData::new(vec![0.0; 6], [2, 3]), (&device, DType::F64)).require_grad();
    let unit = layers::l2_normalise(zeros.clone());
    let gradients = unit.clone().sum().backward();
    for found in [unit.inner(), zeros.grad(&gradients).unwrap()] {
        assert!(found.into_data().try_into_vec::<f64>().unwrap().iter().all(|x| x.is_finite()));
    }
}

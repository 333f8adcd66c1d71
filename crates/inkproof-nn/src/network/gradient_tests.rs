//! The gradient of every layer that training uses, against central differences in f64, on odd and even shapes.
//!
//! Inputs keep away from the places where a layer has a corner (0 of a ReLU, equal numbers in a square of the pooling),
//! since there is no derivative to compare with.

use super::ops;
use super::ops::batch_norm::Affine;
use super::ops::depthwise::Windows;
use super::ops::loss::Head;
use crate::kernels::squeeze::Layers;

type Tensor = crate::tensor::Tensor<f64>;

/// Half the distance between the two points of a difference.
const STEP: f64 = 1e-5;
const TOLERANCE: f64 = 1e-6;

/// Distinct numbers in ±1, none near 0, without order; `salt` makes inputs differ.
fn input(shape: &[usize], salt: usize) -> Tensor {
    let count: usize = shape.iter().product();
    let number = |i: usize| {
        let raw = ((i * 7919 + salt * 104_729 + 17) % 10_007) as f64 / 5003.5 - 1.0;
        if raw >= 0.0 { raw.max(0.01) + 1e-4 * i as f64 } else { raw.min(-0.01) - 1e-4 * i as f64 }
    };
    Tensor::new((0..count).map(number).collect(), shape)
}

fn positive(x: &Tensor) -> Tensor {
    Tensor::new(x.values().iter().map(|x| x.abs() + 0.1).collect(), x.shape())
}

/// The gradient of a result of the given shape: another number for each element.
fn outer(shape: &[usize]) -> Tensor {
    let count = shape.iter().product();
    Tensor::new(input(&[count], 99).into_values(), shape)
}

/// A number that depends on every element of the result, on each with another weight.
fn scalar(result: &Tensor) -> f64 {
    result.values().iter().zip(outer(result.shape()).values()).map(|(a, b)| a * b).sum()
}

/// Compares the gradients of all `inputs` that `backward` finds for [`scalar`] of a layer's result with differences.
fn check(
    name: &str,
    inputs: &[Tensor],
    scalar: impl Fn(&[Tensor]) -> f64,
    backward: impl Fn(&[Tensor]) -> Vec<Vec<f64>>,
) {
    let gradients = backward(inputs);
    assert_eq!(gradients.len(), inputs.len(), "{name}: a gradient for every input");
    for (which, gradient) in gradients.iter().enumerate() {
        let shape = inputs[which].shape();
        assert_eq!(gradient.len(), inputs[which].values().len(), "{name}, input {which} {shape:?}");
        let value_at = |place: usize, by: f64| {
            let mut moved = inputs.to_vec();
            let mut values = moved[which].values().to_vec();
            values[place] += by;
            moved[which] = Tensor::new(values, shape);
            scalar(&moved)
        };
        for (place, &found) in gradient.iter().enumerate() {
            let expected = (value_at(place, STEP) - value_at(place, -STEP)) / (2.0 * STEP);
            let error = (found - expected).abs() / expected.abs().max(1.0);
            assert!(error < TOLERANCE, "{name}, input {which} {shape:?} at {place}: {found} against {expected}");
        }
    }
}

/// [`check`] for a layer without weights.
fn check_one(name: &str, x: Tensor, forward: impl Fn(&Tensor) -> Tensor, backward: impl Fn(&Tensor, Tensor) -> Tensor) {
    let gradient = outer(forward(&x).shape());
    let backward = |t: &[Tensor]| vec![backward(&t[0], gradient.clone()).into_values()];
    check(name, &[x], |t| scalar(&forward(&t[0])), backward);
}

/// The gradient of an input, then those of the weights.
fn all<const N: usize>(to_x: Tensor, to_weights: [Vec<f64>; N]) -> Vec<Vec<f64>> {
    std::iter::once(to_x.into_values()).chain(to_weights).collect()
}

#[test]
fn the_notebooks_convolutions() {
    for (x, out) in [([1, 3, 3, 1], 1), ([2, 5, 4, 3], 2), ([1, 6, 9, 2], 5), ([2, 7, 7, 1], 17)] {
        let inputs = [input(&x, 1), input(&[out, x[3], 3, 3], 2), input(&[out], 3)];
        let forward = |t: &[Tensor]| ops::winograd::forward(&t[0], t[1].values(), t[2].values());
        check(
            "conv3x3_relu_mean",
            &inputs,
            |t| scalar(&forward(t).0),
            |t| {
                let (output, signs) = forward(t);
                let gradient = outer(output.shape());
                let (to_x, found) = ops::winograd::backward(&t[0], t[1].values(), &signs, &gradient, true);
                all(to_x.expect("it was wanted"), found)
            },
        );
    }
    for (height, width, out) in [(4, 4, 1), (5, 6, 3), (9, 8, 17)] {
        let picture = input(&[2, height, width, 1], 1);
        let inputs = [input(&[out, 1, 3, 3], 2), input(&[out], 3)];
        let forward = |t: &[Tensor]| ops::first_layer::forward(&picture, t[0].values(), t[1].values(), true);
        check(
            "conv3x3_relu_pool",
            &inputs,
            |t| scalar(&forward(t).0),
            |t| {
                let (output, choices) = forward(t);
                ops::first_layer::backward(&picture, &choices, &outer(output.shape())).to_vec()
            },
        );
    }
}

#[test]
fn averages() {
    for shape in [[1, 1, 2, 2], [2, 3, 5, 4], [1, 2, 6, 7], [2, 1, 3, 3]] {
        check_one("global average", input(&shape, 2), ops::average::forward, |_, gradient| {
            ops::average::backward(shape, &gradient)
        });
    }
}

#[test]
fn pointwise_and_depthwise_convolutions() {
    for (x, out) in [([2, 3, 2, 1], 2), ([1, 4, 5, 3], 7), ([2, 2, 2, 18], 5)] {
        let inputs = [input(&x, 1), input(&[out, x[3]], 2)];
        let forward = |t: &[Tensor]| ops::pointwise::forward(&t[0], t[1].values());
        check(
            "pointwise",
            &inputs,
            |t| scalar(&forward(t)),
            |t| {
                let gradient = outer(forward(t).shape());
                let (to_x, found) = ops::pointwise::backward(&t[0], t[1].values(), &gradient, true);
                all(to_x.expect("it was wanted"), [found])
            },
        );
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
        let inputs = [input(&[2, height, width, channels], 1), input(&[channels, 1, side, side], 2)];
        let name = format!("depthwise, {side} x {side}, stride {stride}, {height} x {width}");
        let windows = Windows { side, stride, before };
        let forward = |t: &[Tensor]| ops::depthwise::forward(&t[0], t[1].values(), windows);
        check(
            &name,
            &inputs,
            |t| scalar(&forward(t)),
            |t| {
                let gradient = outer(forward(t).shape());
                let (to_x, found) = ops::depthwise::backward(&t[0], t[1].values(), windows, &gradient);
                all(to_x, [found])
            },
        );
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
        let inputs = [input(&shape, 1), input(&shape[3..], 2), input(&shape[3..], 3)];
        let affine = |t: &[Tensor]| (t[1].values().to_vec(), t[2].values().to_vec());
        let forward = |t: &[Tensor]| {
            let (gamma, beta) = affine(t);
            let moments = ops::batch_norm::moments(&t[0]);
            ops::batch_norm::forward(&t[0], Affine { gamma: &gamma, beta: &beta }, moments.as_slices(), swish)
        };
        check(
            "batch normalisation",
            &inputs,
            |t| scalar(&forward(t)),
            |t| {
                let (gamma, beta) = affine(t);
                let moments = ops::batch_norm::moments(&t[0]);
                let (affine, gradient) = (Affine { gamma: &gamma, beta: &beta }, outer(t[0].shape()));
                let (to_x, found) = ops::batch_norm::backward(&t[0], affine, moments.as_slices(), swish, &gradient);
                all(to_x, found)
            },
        );
    }
}

#[test]
fn activations_and_dropped_branches() {
    let more = input(&[3, 2], 4);
    check_one(
        "beside",
        input(&[3, 5], 1),
        |x| ops::beside::forward(x, &more),
        |x, gradient| ops::beside::backward(x.shape()[1], &gradient),
    );
    check_one(
        "relu",
        input(&[3, 5], 2),
        |x| ops::relu::forward(x.clone()),
        |x, gradient| ops::relu::backward(&ops::relu::forward(x.clone()), gradient),
    );
    let each = |values: Vec<f64>| Tensor::new(values, &[3, 5]);
    let sigmoid = |x: &Tensor| each(x.values().iter().map(|&x| ops::loss::sigmoid(x)).collect());
    check_one("sigmoid", input(&[3, 5], 3), sigmoid, |x, gradient| {
        let pairs = x.values().iter().zip(gradient.values());
        each(pairs.map(|(&x, &gradient)| ops::loss::sigmoid_backward(ops::loss::sigmoid(x), gradient)).collect())
    });
    let keep = [0.0, 1.25, 1.25];
    let drop = |x: &Tensor| ops::branch::scale(x.clone(), Some(&keep));
    check_one("drop-connect", input(&[3, 2, 2, 3], 4), drop, |_, gradient| ops::branch::scale(gradient, Some(&keep)));
}

#[test]
fn squeeze_and_excitation() {
    for (x, squeezed) in [([2, 3, 3, 4], 1), ([1, 2, 3, 18], 3), ([3, 1, 1, 2], 2)] {
        let channels = x[3];
        let inputs = [
            input(&x, 1),
            input(&[squeezed, channels], 2),
            input(&[squeezed], 3),
            input(&[channels, squeezed], 4),
            input(&[channels], 5),
        ];
        fn layers(t: &[Tensor]) -> Layers<'_, f64> {
            let [reduce, reduce_bias, expand, expand_bias] = [1, 2, 3, 4].map(|which| t[which].values());
            Layers { reduce, reduce_bias, expand, expand_bias }
        }
        let forward = |t: &[Tensor]| ops::squeeze::forward(&t[0], layers(t));
        check(
            "squeeze and excitation",
            &inputs,
            |t| scalar(&forward(t).0),
            |t| {
                let (output, between) = forward(t);
                let (to_x, found) = ops::squeeze::backward(&t[0], layers(t), &between, &outer(output.shape()));
                all(to_x, found)
            },
        );
    }
}

#[test]
fn dense_layers_and_unit_vectors() {
    for [rows, inside, out] in [[3, 5, 4], [2, 9, 1], [1, 4, 33]] {
        let inputs = [input(&[rows, inside], 1), input(&[inside, out], 2), input(&[out], 3)];
        let forward = |t: &[Tensor]| ops::dense::forward(&t[0], t[1].values(), t[2].values());
        check(
            "dense",
            &inputs,
            |t| scalar(&forward(t)),
            |t| {
                let (to_x, found) = ops::dense::backward(&t[0], t[1].values(), &outer(forward(t).shape()));
                all(to_x, found)
            },
        );
    }
    check_one("unit vectors", input(&[3, 7], 4), ops::unit::forward, |x, gradient| ops::unit::backward(x, &gradient));
}

#[test]
fn the_head_and_the_loss() {
    let inputs = [input(&[4, 6], 1), positive(&input(&[4, 6], 2)), input(&[6, 1], 3), input(&[1], 4)];
    let loss = |t: &[Tensor]| {
        let head = Head { weight: t[2].values(), bias: t[3].values() };
        ops::loss::loss(&t[0], &t[1], head, &[1.0, 0.0, 0.0, 1.0])
    };
    check(
        "head and loss",
        &inputs,
        |t| loss(t).mean,
        |t| {
            let found = loss(t);
            found.to_embeddings.map(Tensor::into_values).into_iter().chain(found.to_head).collect()
        },
    );
}

#[test]
fn a_vector_of_zeros_stays_zeros_and_gives_no_nan() {
    let zeros = Tensor::new(vec![0.0; 6], &[2, 3]);
    let unit = ops::unit::forward(&zeros);
    assert!(unit.values().iter().all(|&x| x == 0.0));
    let gradient = ops::unit::backward(&zeros, &Tensor::new(vec![1.0; 6], &[2, 3]));
    assert!(gradient.values().iter().all(|x| x.is_finite()));
}

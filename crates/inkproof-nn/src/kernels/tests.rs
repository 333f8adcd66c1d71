//! Every instruction set against the same kernel in f64, whose gradients are checked by finite differences and which
//! agrees with burn's operations (`network::burn_ops_tests`).

use super::testing::{assert_close, cast, numbers};
use super::*;

/// Runs `kernel` in f64 and, on every instruction set that this CPU has, in f32; both give the same lists of numbers.
fn compare(what: &str, in_f64: impl Fn(Set) -> Vec<Vec<f64>>, in_f32: impl Fn(Set) -> Vec<Vec<f32>>) {
    let expected = in_f64(f64::sets()[0]);
    for set in f32::sets() {
        for (i, (found, expected)) in in_f32(set).iter().zip(&expected).enumerate() {
            assert_close(found, expected, 2e-5, &format!("{what}, {set:?}, list {i}"));
        }
    }
}

/// The same call for both number types.
macro_rules! compare {
    ($what:expr, |$set:ident, $number:ident| $call:expr) => {
        compare(
            $what,
            |$set| {
                type $number = f64;
                $call
            },
            |$set| {
                type $number = f32;
                $call
            },
        )
    };
}

#[test]
fn pointwise_agrees_on_every_set() {
    for [pixels, channels_in, channels_out] in [[1, 1, 1], [7, 3, 5], [50, 16, 24], [301, 33, 40], [700, 70, 130]] {
        let shape = pointwise::Shape { pixels, channels_in, channels_out };
        let (x, w) = (numbers(pixels * channels_in, 1), numbers(channels_in * channels_out, 2));
        let g = numbers(pixels * channels_out, 3);
        compare!(&format!("{shape:?}"), |set, T| {
            let [x, w, g] = [&x, &w, &g].map(|values| cast::<T>(values));
            let (to_x, to_w) = pointwise::backward(set, shape, &x, &w, &g, true);
            vec![pointwise::forward(set, shape, &x, &w), to_x.unwrap(), to_w]
        });
    }
}

#[test]
fn depthwise_agrees_on_every_set() {
    for (height, width, channels, side, stride) in
        [(1, 1, 1, 3, 1), (9, 14, 3, 3, 1), (8, 9, 40, 5, 1), (13, 12, 17, 3, 2), (10, 11, 16, 5, 2)]
    {
        let before = [side / 2 - (stride - 1), side / 2];
        let shape = depthwise::Shape { batch: 2, height, width, channels, side, stride, before };
        let (x, w) = (numbers(2 * height * width * channels, 1), numbers(side * side * channels, 2));
        let g = numbers(2 * shape.rows() * shape.columns() * channels, 3);
        compare!(&format!("{shape:?}"), |set, T| {
            let [x, w, g] = [&x, &w, &g].map(|values| cast::<T>(values));
            let (to_x, to_w) = depthwise::backward(set, shape, &x, &w, &g);
            vec![depthwise::forward(set, shape, &x, &w), to_x, to_w]
        });
    }
}

#[test]
fn batch_normalisation_agrees_on_every_set() {
    for (rows, channels) in [(2, 1), (30, 7), (5000, 40), (3, 300)] {
        for activation in [batch_norm::Activation::Identity, batch_norm::Activation::Swish] {
            let shape = batch_norm::Shape { rows, channels };
            let (x, g) = (numbers(rows * channels, 1), numbers(rows * channels, 2));
            let (gamma, beta) = (numbers(channels, 3), numbers(channels, 4));
            compare!(&format!("{shape:?} {activation:?}"), |set, T| {
                let [x, g, gamma, beta] = [&x, &g, &gamma, &beta].map(|values| cast::<T>(values));
                let (mean, variance) = batch_norm::moments(set, shape, &x);
                let layer =
                    batch_norm::Layer { mean: &mean, variance: &variance, gamma: &gamma, beta: &beta, epsilon: 1e-3 };
                let (scale, shift) = layer.scale_and_shift();
                let y = batch_norm::apply(set, shape, &x, &scale, &shift, activation);
                let found = batch_norm::backward(set, shape, &x, &layer, activation, &g);
                vec![y, found.x, found.gamma, found.beta, mean.clone(), variance.clone()]
            });
        }
    }
}

#[test]
fn squeeze_and_excitation_agrees_on_every_set() {
    for [pixels, channels, squeezed] in [[1, 1, 1], [12, 18, 4], [49, 40, 10]] {
        let shape = squeeze::Shape { batch: 3, pixels, channels, squeezed };
        let (x, g) = (numbers(3 * pixels * channels, 1), numbers(3 * pixels * channels, 2));
        let (reduce, expand) = (numbers(channels * squeezed, 3), numbers(channels * squeezed, 4));
        let (reduce_bias, expand_bias) = (numbers(squeezed, 5), numbers(channels, 6));
        compare!(&format!("{shape:?}"), |set, T| {
            let [x, g, reduce, expand] = [&x, &g, &reduce, &expand].map(|values| cast::<T>(values));
            let [reduce_bias, expand_bias] = [&reduce_bias, &expand_bias].map(|values| cast::<T>(values));
            let layers = squeeze::Layers {
                reduce: &reduce,
                reduce_bias: &reduce_bias,
                expand: &expand,
                expand_bias: &expand_bias,
            };
            let squeeze::Found { output, between } = squeeze::forward(set, shape, &x, layers);
            let squeeze::Between { means, reduced, scales } = &between;
            let between = squeeze::Between { means: &means[..], reduced: &reduced[..], scales: &scales[..] };
            let found = squeeze::backward(set, shape, &x, layers, between, &g);
            vec![output, found.x, found.reduce, found.reduce_bias, found.expand, found.expand_bias]
        });
    }
}

/// The series of the exponential, from the steepest part to where it is 0 or 1.
#[test]
fn the_logistic_function_is_exact_and_keeps_nan() {
    let x: Vec<f64> = (-4000..4000).map(|i| f64::from(i) * 0.025).collect();
    let expected: Vec<f64> = x.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect();
    let shape = batch_norm::Shape { rows: x.len(), channels: 1 };
    // swish(x) / x is the logistic function; 0 is left to its neighbours.
    for set in f32::sets() {
        let swish = batch_norm::apply(set, shape, &cast::<f32>(&x), &[1.0], &[0.0], batch_norm::Activation::Swish);
        for ((&x, &y), &expected) in x.iter().zip(&swish).zip(&expected).filter(|((x, _), _)| **x != 0.0) {
            let (found, x32) = (f64::from(y) / x, x as f32);
            assert!((found - expected).abs() < 3e-7, "{set:?} at {x32}: {found} against {expected}");
        }
        let single = batch_norm::Shape { rows: 1, channels: 1 };
        let nan = batch_norm::apply(set, single, &[f32::NAN], &[1.0], &[0.0], batch_norm::Activation::Swish);
        assert!(nan[0].is_nan(), "{set:?}");
    }
}

#[test]
fn dense_layers_agree_on_every_set() {
    for [rows, inside, out] in [[1, 1, 1], [3, 7, 5], [5, 300, 64], [17, 40, 1], [2, 128, 256]] {
        let shape = dense::Shape { rows, inside, out };
        let (x, w, g) = (numbers(rows * inside, 1), numbers(inside * out, 2), numbers(rows * out, 3));
        let bias = numbers(out, 4);
        compare!(&format!("{shape:?}"), |set, T| {
            let [x, w, g, bias] = [&x, &w, &g, &bias].map(|values| cast::<T>(values));
            let found = dense::backward(set, shape, &x, &w, &g);
            vec![dense::forward(set, shape, &x, &w, &bias), found.x, found.weight, found.bias]
        });
    }
}

#[test]
fn sums_agree_with_one_after_the_other() {
    for count in [0, 1, 4, 15, 16, 63, 128, 257, 1000] {
        let (a, b) = (numbers(count, 1), numbers(count, 2));
        let plain: f64 = a.iter().sum();
        let products: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
        let near = |found: f64, expected: f64| (found - expected).abs() < 1e-5 * count.max(1) as f64;
        for set in f32::sets() {
            let (a, b) = (cast::<f32>(&a), cast::<f32>(&b));
            assert!(near(sums::sum(set, &a).into(), plain), "{set:?}, sum of {count}");
            assert!(near(sums::dot(set, &a, &b).into(), products), "{set:?}, products of {count}");
        }
        let set = f64::sets()[0];
        assert!((sums::sum(set, &a) - plain).abs() < 1e-12 && (sums::dot(set, &a, &b) - products).abs() < 1e-12);
    }
}

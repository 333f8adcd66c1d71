//! The kernels of every instruction set against the plainest loops in f64, over odd and even shapes.

use proptest::prelude::*;

use super::super::testing::{assert_close, cast, numbers};
use super::*;

/// Every output before its ReLU, `[image][row][column][channel]`.
fn plain_outputs(shape: Shape, input: &[f64], weight: &[f64], bias: &[f64]) -> Vec<f64> {
    let mut outputs = Vec::with_capacity(shape.batch * shape.outputs() * shape.channels_out);
    each_output(shape, |image, y, x, o| {
        let mut sum = bias[o];
        each_product(shape, image, y, x, o, |i, w| sum += input[i] * weight[w]);
        outputs.push(sum);
    });
    outputs
}

fn each_output(shape: Shape, mut visit: impl FnMut(usize, usize, usize, usize)) {
    for image in 0..shape.batch {
        for y in 0..shape.out_height() {
            for x in 0..shape.out_width() {
                for o in 0..shape.channels_out {
                    visit(image, y, x, o);
                }
            }
        }
    }
}

/// Local features of the inputs and weights whose products make an output.
fn each_product(shape: Shape, image: usize, y: usize, x: usize, o: usize, mut visit: impl FnMut(usize, usize)) {
    for tap in 0..9 {
        for i in 0..shape.channels_in {
            let pixel = (image * shape.height + y + tap / 3) * shape.width + x + tap % 3;
            visit(pixel * shape.channels_in + i, (o * shape.channels_in + i) * 9 + tap);
        }
    }
}

fn compare<F: Tiling, T: Number>(shape: Shape, tolerance: f64) {
    let input = numbers(shape.batch * shape.image_len(), 1);
    let weight = numbers(shape.weight_len(), 2);
    let bias = numbers(shape.channels_out, 3);
    let gradient = numbers(shape.batch * shape.channels_out, 4);
    let outputs = plain_outputs(shape, &input, &weight, &bias);
    // An output near 0 may fall on either side, and its gradient with it.
    prop_assume_all(&outputs, tolerance);

    let mut means = vec![0.0; gradient.len()];
    let (mut to_input, mut to_weight) = (vec![0.0; input.len()], vec![0.0; weight.len()]);
    let mut to_bias = vec![0.0; bias.len()];
    let mut place = 0;
    each_output(shape, |image, y, x, o| {
        if outputs[place] > 0.0 {
            let at = image * shape.channels_out + o;
            means[at] += outputs[place] / shape.outputs() as f64;
            let g = gradient[at] / shape.outputs() as f64;
            to_bias[o] += g;
            each_product(shape, image, y, x, o, |i, w| {
                to_input[i] += g * weight[w];
                to_weight[w] += g * input[i];
            });
        }
        place += 1;
    });

    let [input, weight, bias, gradient] = [&input, &weight, &bias, &gradient].map(|values| cast::<T>(values));
    for set in T::sets() {
        let filters = Filters::<F, Vec<T>>::forward(set, shape.channels_in, shape.channels_out, &weight);
        let filters = Filters::<F, _>::packed(set, shape.channels_in, shape.channels_out, &filters.packed);
        let found = forward(shape, &input, &filters, &bias, true);
        let what = format!("{shape:?} with {set:?}");
        assert_close(&found.means, &means, tolerance, &format!("means of {what}"));
        assert!(forward(shape, &input, &filters, &bias, false).signs.is_empty());
        let found = backward::<F, T>(set, shape, &input, &weight, &found.signs, &gradient, true);
        assert_close(&found.weight, &to_weight, tolerance, &format!("weights' gradient of {what}"));
        assert_close(&found.bias, &to_bias, tolerance, &format!("bias' gradient of {what}"));
        assert_close(&found.input.unwrap(), &to_input, tolerance, &format!("input's gradient of {what}"));
    }
}

/// The test's numbers are such that no output is near 0.
fn prop_assume_all(outputs: &[f64], tolerance: f64) {
    let nearest = outputs.iter().fold(f64::INFINITY, |least, y| least.min(y.abs()));
    assert!(nearest > tolerance * 1e-3, "an output of {nearest} says nothing about signs");
}

#[test]
fn odd_and_even_shapes_agree_with_plain_loops() {
    let shapes = [
        [1, 3, 3, 1, 1],
        [2, 4, 4, 3, 5],
        [1, 6, 6, 16, 16],
        [2, 7, 9, 4, 17],
        [3, 5, 12, 33, 2],
        [17, 8, 3, 2, 31],
        [1, 30, 37, 5, 48],
        [2, 11, 10, 64, 80],
    ];
    for [batch, height, width, channels_in, channels_out] in shapes {
        let shape = Shape { batch, height, width, channels_in, channels_out };
        compare::<Large, f32>(shape, 2e-5);
        compare::<Small, f32>(shape, 4e-6);
        compare::<Large, f64>(shape, 1e-13);
        compare::<Small, f64>(shape, 1e-13);
    }
}

/// Winograd's transforms multiply by up to 8 and subtract numbers of like size: what that costs in digits, for the
/// shape of the notebook's second layer, against direct sums in f64.
#[test]
fn the_error_on_the_notebooks_layer_is_bounded() {
    assert!(error_on_the_notebooks_layer::<Small>() < 5e-7);
    assert!(error_on_the_notebooks_layer::<Large>() < 3e-6);
}

/// The largest error of an output, relative to the largest output.
fn error_on_the_notebooks_layer<F: Tiling>() -> f64 {
    let mut worst = 0.0_f64;
    let mut largest = 0.0_f64;
    let shape = Shape { batch: 1, height: 34, width: 34, channels_in: 64, channels_out: 128 };
    // As after a ReLU, with weights as Glorot draws them.
    let input: Vec<f64> = numbers(shape.image_len(), 5).into_iter().map(|x| x.max(0.0)).collect();
    let weight: Vec<f64> = numbers(shape.weight_len(), 6).into_iter().map(|w| w * 0.06).collect();
    let bias = vec![0.0; shape.channels_out];
    let outputs = plain_outputs(shape, &input, &weight, &bias);
    for set in f32::sets() {
        let filters = Filters::<F, Vec<f32>>::forward(set, 64, 128, &cast(&weight));
        let filters = Filters::<F, _>::packed(set, 64, 128, &filters.packed);
        // With a single output the mean is that output.
        for (y, x) in [(0, 0), (5, 7), (13, 30), (31, 31)] {
            let corner = |i: usize| ((y + i / 3) * 34 + x + i % 3) * 64;
            let patch: Vec<f64> = (0..9).flat_map(|i| input[corner(i)..corner(i) + 64].to_vec()).collect();
            let single = Shape { height: 3, width: 3, ..shape };
            let found = forward(single, &cast::<f32>(&patch), &filters, &cast(&bias), false).means;
            for (o, &found) in found.iter().enumerate() {
                let expected = outputs[(y * 32 + x) * 128 + o].max(0.0);
                worst = worst.max((f64::from(found) - expected).abs());
            }
        }
        largest = outputs.iter().fold(0.0_f64, |most, y| most.max(y.abs()));
    }
    println!("{:.1e} with tiles of {}", worst / largest, F::TILE);
    worst / largest
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// The mean over images does not depend on what else is in the batch.
    #[test]
    fn images_of_a_batch_do_not_meet(
        height in 3..14_usize, width in 3..14_usize, channels_in in 1..20_usize, channels_out in 1..20_usize,
    ) {
        let shape = Shape { batch: 3, height, width, channels_in, channels_out };
        let input = cast::<f32>(&numbers(3 * shape.image_len(), 1));
        let bias = cast::<f32>(&numbers(channels_out, 3));
        let weight = cast::<f32>(&numbers(shape.weight_len(), 2));
        for set in f32::sets() {
            let filters = Filters::<Large, Vec<f32>>::forward(set, channels_in, channels_out, &weight);
            let filters = Filters::<Large, _>::packed(set, channels_in, channels_out, &filters.packed);
            let together = forward(shape, &input, &filters, &bias, false).means;
            let apart: Vec<f32> = input
                .chunks_exact(shape.image_len())
                .flat_map(|image| forward(Shape { batch: 1, ..shape }, image, &filters, &bias, false).means)
                .collect();
            prop_assert_eq!(together, apart);
        }
    }
}

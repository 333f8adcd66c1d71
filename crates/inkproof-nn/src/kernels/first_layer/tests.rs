//! The kernels of every instruction set against the plainest loops in f64, over odd and even shapes.

use super::super::testing::{assert_close, cast, numbers};
use super::*;

/// Outputs, and for each the input's place of its square's largest, if that is above 0.
fn plain_forward(shape: Shape, input: &[f64], weight: &[f64], bias: &[f64]) -> (Vec<f64>, Vec<Option<usize>>) {
    let (mut output, mut places) = (Vec::new(), Vec::new());
    for square in 0..shape.batch * shape.squares() {
        let (image, square) = (square / shape.squares(), square % shape.squares());
        let (y, x) = (square / shape.columns() * 2, square % shape.columns() * 2);
        for channel in 0..shape.channels {
            let (mut largest, mut place) = (0.0, None);
            for at in [(y, x), (y, x + 1), (y + 1, x), (y + 1, x + 1)] {
                let corner = (image * shape.height + at.0) * shape.width + at.1;
                let tap = |tap: usize| input[corner + tap / 3 * shape.width + tap % 3] * weight[channel * TAPS + tap];
                let value = bias[channel] + (0..TAPS).map(tap).sum::<f64>();
                if value > largest {
                    (largest, place) = (value, Some(corner));
                }
            }
            output.push(largest);
            places.push(place);
        }
    }
    (output, places)
}

fn compare<T: Number>(shape: Shape, tolerance: f64) {
    let input = numbers(shape.batch * shape.image_len(), 1);
    let weight = numbers(shape.channels * TAPS, 2);
    let bias = numbers(shape.channels, 3);
    let gradient = numbers(shape.batch * shape.output_len(), 4);
    let (output, places) = plain_forward(shape, &input, &weight, &bias);
    let (mut to_weight, mut to_bias) = (vec![0.0; weight.len()], vec![0.0; bias.len()]);
    for (i, (place, g)) in places.iter().zip(&gradient).enumerate() {
        if let Some(place) = place {
            let channel = i % shape.channels;
            to_bias[channel] += g;
            for tap in 0..TAPS {
                to_weight[channel * TAPS + tap] += g * input[place + tap / 3 * shape.width + tap % 3];
            }
        }
    }
    let [input, weight, bias, gradient] = [&input, &weight, &bias, &gradient].map(|values| cast::<T>(values));
    for set in T::sets() {
        let what = format!("{shape:?} with {set:?}");
        let found = forward(set, shape, &input, &weight, &bias, true);
        assert_close(&found.output, &output, tolerance, &format!("output of {what}"));
        assert!(forward(set, shape, &input, &weight, &bias, false).choices.is_empty());
        let found = backward(set, shape, &input, &found.choices, &gradient);
        assert_close(&found.0, &to_weight, tolerance, &format!("weights' gradient of {what}"));
        assert_close(&found.1, &to_bias, tolerance, &format!("bias' gradient of {what}"));
    }
}

#[test]
fn odd_and_even_shapes_agree_with_plain_loops() {
    for [batch, height, width, channels] in
        [[1, 4, 4, 1], [2, 5, 6, 3], [1, 9, 12, 16], [3, 7, 4, 17], [2, 16, 21, 40], [1, 3, 3, 2]]
    {
        let shape = Shape { batch, height, width, channels };
        compare::<f32>(shape, 1e-5);
        compare::<f64>(shape, 1e-13);
    }
}

#[test]
fn of_equal_outputs_the_first_takes_the_gradient_and_of_none_above_0_none_does() {
    let shape = Shape { batch: 1, height: 4, width: 4, channels: 1 };
    for set in f32::sets() {
        // The centre tap alone: a square's outputs are its four inner pixels.
        let mut weight = [0.0_f32; TAPS];
        weight[4] = 1.0;
        let mut input = [0.0_f32; 16];
        [input[5], input[6], input[9], input[10]] = [1.0, 2.0, 2.0, 2.0];
        let found = forward(set, shape, &input, &weight, &[0.0], true);
        assert_eq!(found.choices, [0, 1, 0, 0]);
        let (to_weight, to_bias) = backward(set, shape, &input, &found.choices, &[3.0]);
        // Around pixel 6 lie 5 and, below, 9 and 10.
        assert_eq!(to_weight, [0.0, 0.0, 0.0, 3.0, 6.0, 0.0, 6.0, 6.0, 0.0]);
        assert_eq!(to_bias, [3.0]);
        assert_eq!(forward(set, shape, &input, &weight, &[-2.0], true).choices, [0, 0, 0, 0]);
    }
}

#[test]
fn not_a_number_is_not_hidden() {
    let shape = Shape { batch: 1, height: 4, width: 4, channels: 1 };
    for set in f32::sets() {
        let found = forward(set, shape, &[f32::NAN; 16], &[1.0; TAPS], &[0.0], false);
        assert!(found.output[0].is_nan(), "{set:?}");
    }
}

//! The kernels of every instruction set against the plainest loops, over odd and even shapes.

use proptest::prelude::*;

use super::*;

/// Numbers that are neither round nor regular.
fn numbers(count: usize, salt: usize) -> Vec<f64> {
    (0..count).map(|i| (((i * 7919 + salt * 104_729 + 13) % 2003) as f64 / 1001.5 - 1.0) * 0.7).collect()
}

fn plain_forward(shape: Shape, input: &[f64], weight: &[f64], bias: &[f64]) -> Vec<f64> {
    let mut output = Vec::with_capacity(shape.output_len());
    for b in 0..shape.batch {
        for o in 0..shape.channels_out {
            for y in 0..shape.out_height() {
                for x in 0..shape.out_width() {
                    let mut sum = bias[o];
                    for i in 0..shape.channels_in {
                        for tap in 0..TAPS {
                            let at = (b * shape.channels_in + i) * shape.in_plane();
                            let at = at + (y + tap / 3) * shape.width + x + tap % 3;
                            sum += input[at] * weight[(o * shape.channels_in + i) * TAPS + tap];
                        }
                    }
                    output.push(sum.max(0.0));
                }
            }
        }
    }
    output
}

fn plain_backward(shape: Shape, input: &[f64], weight: &[f64], output: &[f64], gradient: &[f64]) -> Gradients<f64> {
    let (mut to_input, mut to_weight) = (vec![0.0; input.len()], vec![0.0; weight.len()]);
    let mut bias = vec![0.0; shape.channels_out];
    for (place, (&y, &g)) in output.iter().zip(gradient).enumerate().filter(|(_, (y, _))| **y > 0.0) {
        debug_assert!(y > 0.0);
        let (plane, inside) = (place / shape.out_plane(), place % shape.out_plane());
        let (b, o) = (plane / shape.channels_out, plane % shape.channels_out);
        bias[o] += g;
        for i in 0..shape.channels_in {
            for tap in 0..TAPS {
                let at = (b * shape.channels_in + i) * shape.in_plane();
                let at =
                    at + (inside / shape.out_width() + tap / 3) * shape.width + inside % shape.out_width() + tap % 3;
                let w = (o * shape.channels_in + i) * TAPS + tap;
                to_input[at] += g * weight[w];
                to_weight[w] += g * input[at];
            }
        }
    }
    Gradients { input: Some(to_input), weight: to_weight, bias }
}

/// Every set of kernels of one number type on one shape; `tolerance` is relative to the largest number.
fn compare<T: KernelNumber>(shape: Shape, from: fn(f64) -> T, to: fn(T) -> f64, tolerance: f64) {
    let input = numbers(shape.input_len(), 1);
    let weight = numbers(shape.weight_len(), 2);
    let bias = numbers(shape.channels_out, 3);
    let gradient = numbers(shape.output_len(), 4);
    let output = plain_forward(shape, &input, &weight, &bias);
    let expected = plain_backward(shape, &input, &weight, &output, &gradient);

    let same = |what: &str, found: &[T], expected: &[f64]| {
        let largest = expected.iter().fold(1.0_f64, |most, x| most.max(x.abs()));
        assert_eq!(found.len(), expected.len());
        for (place, (&found, &expected)) in found.iter().zip(expected).enumerate() {
            let error = (to(found) - expected).abs() / largest;
            assert!(error < tolerance, "{what} at {place} of {shape:?}: {} against {expected}", to(found));
        }
    };
    let typed = |numbers: &[f64]| numbers.iter().map(|&x| from(x)).collect::<Vec<T>>();
    let [input, weight, bias, gradient] = [&input, &weight, &bias, &gradient].map(|numbers| typed(numbers));
    // The same outputs count as positive on both sides.
    let positive = typed(&output);
    for kernels in T::kernels(shape.positions()) {
        same("output", &forward_with(&kernels, shape, &input, &weight, &bias), &output);
        let (to_weight, to_bias) = backward_weight(&kernels, shape, &input, &positive, &gradient);
        same("gradient of the weights", &to_weight, &expected.weight);
        same("gradient of the bias", &to_bias, &expected.bias);
    }
    for kernels in T::kernels(shape.padded().positions()) {
        let to_input = backward_input(&kernels, shape, &weight, &positive, &gradient);
        same("gradient of the input", &to_input, expected.input.as_ref().expect("asked for"));
    }
    let all = backward(shape, &input, &weight, &positive, &gradient, true);
    same("the whole backward pass", &all.weight, &expected.weight);
    assert!(backward(shape, &input, &weight, &positive, &gradient, false).input.is_none());
}

fn compare_both(shape: Shape) {
    compare::<f32>(shape, |x| x as f32, f64::from, 1e-5);
    compare::<f64>(shape, |x| x, |x| x, 1e-13);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn all_kernels_agree_with_plain_loops(
        batch in 1..4_usize, channels_in in 1..6_usize, channels_out in 1..19_usize,
        height in 3..20_usize, width in 3..40_usize,
    ) {
        compare_both(Shape { batch, channels_in, channels_out, height, width });
    }
}

#[test]
fn the_smallest_shape_and_one_that_several_tasks_share() {
    compare_both(Shape { batch: 1, channels_in: 1, channels_out: 1, height: 3, width: 3 });
    compare_both(Shape { batch: 1, channels_in: 2, channels_out: 9, height: 61, width: 83 });
}

#[test]
fn every_set_that_this_machine_has_is_tried() {
    assert!(f32::kernels(1000).len() >= 2 && f64::kernels(1000).len() == 2);
}

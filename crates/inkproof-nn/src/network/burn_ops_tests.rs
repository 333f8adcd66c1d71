//! Our layers against burn's operations, outputs and gradients, over odd and even shapes, strides, paddings and batch
//! sizes; burn gets every input once as it lies in memory and once turned (not contiguous).

use burn::tensor::{Device, Tensor, TensorData};

use super::ops::batch_norm::Affine;
use super::ops::depthwise::Windows;
use super::{burn_ops, ops};
use crate::kernels::squeeze::Layers;

/// A tensor of ours.
type Ours = crate::tensor::Tensor<f32>;

/// Numbers that are neither round nor regular, of any rank.
fn numbers<const D: usize>(shape: [usize; D], salt: usize, device: &Device) -> Tensor<D> {
    let count: usize = shape.iter().product();
    let values: Vec<f32> =
        (0..count).map(|i| ((i * 7919 + salt * 104_729 + 13) % 2003) as f32 / 1001.5 - 1.0).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The same, lying in memory with the first and the last axis swapped.
fn turned<const D: usize>(shape: [usize; D], salt: usize, device: &Device) -> Tensor<D> {
    let mut swapped = shape;
    swapped.swap(0, D - 1);
    numbers(swapped, salt, device).swap_dims(0, D - 1)
}

/// The same tensor, contiguous.
fn settled<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    let shape = tensor.dims();
    tensor.reshape([shape.iter().product::<usize>()]).reshape(shape)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

fn assert_close(what: &str, ours: &[f32], stock: &[f32]) {
    assert_eq!(ours.len(), stock.len(), "{what}");
    let largest = stock.iter().fold(f32::MIN_POSITIVE, |most, x| most.max(x.abs()));
    for (i, (a, b)) in ours.iter().zip(stock).enumerate() {
        assert!((a - b).abs() < 3e-5 * largest, "{what} at {i}: {a} against {b}");
    }
}

fn ours<const D: usize>(tensor: Tensor<D>) -> Ours {
    let shape = tensor.dims();
    Ours::new(values(tensor), &shape)
}

/// The gradient of an output of the given shape.
fn outer(shape: &[usize]) -> Ours {
    let count = shape.iter().product();
    Ours::new(values(numbers([count], 9, &Device::flex())), shape)
}

/// Compares results and both gradients of a layer of two inputs.
fn compare<const A: usize, const B: usize, const R: usize>(
    what: &str,
    a: [usize; A],
    b: [usize; B],
    layer: impl Fn(&Ours, &Ours) -> [Vec<f32>; 3],
    stock: impl Fn(Tensor<A>, Tensor<B>) -> Tensor<R>,
) {
    let device = Device::flex().autodiff();
    for contiguous in [true, false] {
        let (x, w) = if contiguous {
            (numbers(a, 1, &device), numbers(b, 2, &device))
        } else {
            (turned(a, 1, &device), turned(b, 2, &device))
        };
        let found = layer(&ours(x.clone()), &ours(w.clone()));
        // A leaf's gradient is asked for; what the function gets is of the same memory layout.
        let (x, w) = (x.require_grad(), w.require_grad());
        let result = stock(x.clone(), w.clone());
        let weights = numbers(result.dims(), 9, &device);
        let gradients = (result.clone() * weights).sum().backward();
        let expected =
            [values(result.inner()), values(x.grad(&gradients).unwrap()), values(w.grad(&gradients).unwrap())];
        let layout = if contiguous { "contiguous" } else { "turned" };
        for (part, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_close(&format!("{what}, {layout}, part {part}"), found, expected);
        }
    }
}

#[test]
fn pointwise_convolution() {
    for [batch, height, width, inside, out] in [[1, 1, 1, 1, 1], [2, 3, 5, 7, 4], [3, 4, 4, 16, 96], [1, 9, 7, 40, 18]]
    {
        let layer = |x: &Ours, w: &Ours| {
            let output = ops::pointwise::forward(x, w.values());
            let (to_x, to_w) = ops::pointwise::backward(x, w.values(), &outer(output.shape()), true);
            [output.into_values(), to_x.unwrap().into_values(), to_w]
        };
        let what = format!("pointwise {batch} x {height} x {width}, {inside} to {out}");
        compare(&what, [batch, height, width, inside], [out, inside], layer, burn_ops::pointwise);
    }
}

#[test]
fn depthwise_convolution() {
    for (batch, height, width, channels, side, stride, before) in [
        (1, 5, 5, 1, 3, 1, [1, 1]),
        (2, 6, 9, 3, 5, 1, [2, 2]),
        (3, 8, 8, 16, 3, 2, [0, 0]),
        (1, 7, 8, 18, 3, 2, [1, 0]),
        (2, 10, 7, 5, 5, 2, [1, 2]),
    ] {
        let windows = Windows { side, stride, before };
        compare(
            &format!("depthwise {side} x {side}, stride {stride}, on {height} x {width}"),
            [batch, height, width, channels],
            [channels, 1, side, side],
            |x, w| {
                let output = ops::depthwise::forward(x, w.values(), windows);
                let (to_x, to_w) = ops::depthwise::backward(x, w.values(), windows, &outer(output.shape()));
                [output.into_values(), to_x.into_values(), to_w]
            },
            |x, w| burn_ops::depthwise(x, w, stride, before),
        );
    }
}

#[test]
fn batch_normalisation_through_its_moments() {
    for (shape, swish) in [([1, 3, 2, 1], true), ([2, 5, 4, 17], true), ([3, 2, 2, 8], false)] {
        let channels = shape[3];
        compare(
            &format!("batch normalisation of {shape:?}, swish {swish}"),
            shape,
            [2, channels],
            |x, w| {
                let (gamma, beta) = w.values().split_at(channels);
                let (affine, moments) = (Affine { gamma, beta }, ops::batch_norm::moments(x));
                let output = ops::batch_norm::forward(x, affine, moments.as_slices(), swish);
                let gradient = outer(output.shape());
                let (to_x, found) = ops::batch_norm::backward(x, affine, moments.as_slices(), swish, &gradient);
                [output.into_values(), to_x.into_values(), found.concat()]
            },
            |x, w| {
                // burn 0.22 reads beyond a turned tensor's end here: its own operations get copies that are not.
                let (x, w) = (settled(x), settled(w));
                let [gamma, beta] = [0, 1].map(|row| w.clone().narrow(0, row, 1).reshape([channels]));
                let moments = burn_ops::channel_moments(x.clone());
                burn_ops::batch_norm(x, gamma, beta, moments, ops::batch_norm::EPSILON, swish)
            },
        );
    }
}

#[test]
fn squeeze_and_excitation() {
    let device = Device::flex().autodiff();
    for [batch, height, width, channels, squeezed] in [[1, 2, 3, 4, 1], [2, 5, 5, 18, 4], [3, 1, 1, 33, 7]] {
        let bias = |count: usize, salt: usize| numbers([count], salt, &device);
        let [reduce_bias, expand_bias] = [values(bias(squeezed, 5)), values(bias(channels, 6))];
        // The second layer has the first one's weights, turned.
        let turned = |values: &[f32], rows: usize| -> Vec<f32> {
            let columns = values.len() / rows;
            (0..values.len()).map(|at| values[at % rows * columns + at / rows]).collect()
        };
        compare(
            &format!("squeeze and excitation of {channels} channels"),
            [batch, height, width, channels],
            [squeezed, channels],
            |x, w| {
                let (reduce, expand) = (w.values(), turned(w.values(), squeezed));
                let layers = Layers { reduce, reduce_bias: &reduce_bias, expand: &expand, expand_bias: &expand_bias };
                let (output, between) = ops::squeeze::forward(x, layers);
                let (to_x, [to_reduce, _, to_expand, _]) =
                    ops::squeeze::backward(x, layers, &between, &outer(output.shape()));
                let to_w = to_reduce.iter().zip(turned(&to_expand, channels)).map(|(a, b)| a + b);
                [output.into_values(), to_x.into_values(), to_w.collect()]
            },
            |x, w| {
                let expand = (w.clone().transpose(), bias(channels, 6));
                burn_ops::squeeze_excite(x, (w, bias(squeezed, 5)), expand)
            },
        );
    }
}

#[test]
fn the_notebooks_layers() {
    let device = Device::flex().autodiff();
    for [batch, height, width, inside, out] in [[1, 3, 3, 1, 1], [2, 8, 11, 5, 17], [3, 10, 6, 16, 32]] {
        let bias = numbers([out], 5, &device);
        let bias_values = values(bias.clone());
        compare(
            &format!("second layer on {height} x {width}, {inside} to {out}"),
            [batch, height, width, inside],
            [out, inside, 3, 3],
            |x, w| {
                let (output, signs) = ops::winograd::forward(x, w.values(), &bias_values);
                let gradient = outer(output.shape());
                let (to_x, [to_w, _]) = ops::winograd::backward(x, w.values(), &signs, &gradient, true);
                [output.into_values(), to_x.unwrap().into_values(), to_w]
            },
            |x, w| burn_ops::conv3x3_relu_mean(x, w, bias.clone()),
        );
        let (x, weight) = (turned([batch, height, width, inside], 1, &device), turned([out, inside, 3, 3], 2, &device));
        let expected = values(burn_ops::conv3x3_relu_mean(x.clone(), weight.clone(), bias.clone()).inner());
        let packed = ops::winograd::pack_filters(inside, out, &values(weight));
        let found = ops::winograd::forward_packed(&ours(x), &packed, &bias_values);
        assert_close("packed filters", found.values(), &expected);
        if height < 4 {
            continue;
        }
        let picture = turned([batch, height, width, 1], 1, &device);
        let our_picture = ours(picture.clone());
        compare(
            &format!("first layer on {height} x {width}, to {out}"),
            [out, 1, 3, 3],
            [out, 1],
            |w, b| {
                let (output, choices) = ops::first_layer::forward(&our_picture, w.values(), b.values(), true);
                let [to_w, to_b] = ops::first_layer::backward(&our_picture, &choices, &outer(output.shape()));
                [output.into_values(), to_w, to_b]
            },
            |w, b| burn_ops::conv3x3_relu_pool(picture.clone(), w, b.reshape([out])),
        );
    }
}

#[test]
fn dense_layers_and_unit_vectors() {
    for [rows, inside, out] in [[1, 5, 3], [4, 33, 70], [7, 40, 1]] {
        compare(
            &format!("dense, {rows} rows, {inside} to {out}"),
            [rows, inside],
            [inside, out],
            |x, w| {
                let output = ops::dense::forward(x, w.values(), &vec![0.5; out]);
                let (to_x, [to_w, _]) = ops::dense::backward(x, w.values(), &outer(output.shape()));
                [output.into_values(), to_x.into_values(), to_w]
            },
            |x, w| burn_ops::dense(x, w, Tensor::full([out], 0.5, &Device::flex().autodiff())),
        );
        let (found, width) = (numbers([rows, inside], 1, &Device::flex()), inside);
        let unit = ops::unit::forward(&ours(found.clone()));
        assert_close(&format!("unit vectors of {width}"), unit.values(), &values(burn_ops::unit_vectors(found)));
    }
}

#[test]
fn neighbourhoods_with_zeros_around() {
    for [batch, height, width, channels] in [[1, 4, 6, 1], [2, 5, 4, 3], [3, 7, 9, 2]] {
        let x = numbers([batch, height, width, channels], 1, &Device::flex());
        let before = [height, width].map(|size| super::layers::zeros_before(size, 3, 2));
        let found = ops::neighbourhoods::neighbourhoods(&ours(x.clone()), before);
        let expected = burn_ops::neighbourhoods(x);
        assert_eq!(found.shape(), expected.dims());
        assert_eq!(found.values(), values(expected));
    }
}

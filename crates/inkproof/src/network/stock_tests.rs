//! Our operations against burn's own, outputs and gradients, over odd and even shapes, strides, paddings and batch
//! sizes; every input once as it lies in memory and once turned (not contiguous).

use burn::tensor::{Device, Tensor, TensorData};

use super::{ops, stock};

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

/// Compares results and all gradients of two functions of two tensors.
fn compare<const A: usize, const B: usize, const R: usize>(
    what: &str,
    a: [usize; A],
    b: [usize; B],
    ours: impl Fn(Tensor<A>, Tensor<B>) -> Tensor<R>,
    stock: impl Fn(Tensor<A>, Tensor<B>) -> Tensor<R>,
) {
    let device = Device::flex().autodiff();
    for make in [true, false] {
        let inputs = || {
            let (x, w) = if make {
                (numbers(a, 1, &device), numbers(b, 2, &device))
            } else {
                (turned(a, 1, &device), turned(b, 2, &device))
            };
            (x.require_grad(), w.require_grad())
        };
        let run = |function: &dyn Fn(Tensor<A>, Tensor<B>) -> Tensor<R>| {
            // A leaf's gradient is asked for; what the function gets is of the same memory layout.
            let (x, w) = inputs();
            let result = function(x.clone(), w.clone());
            let weights = numbers(result.dims(), 9, &device);
            let gradients = (result.clone() * weights).sum().backward();
            [values(result.inner()), values(x.grad(&gradients).unwrap()), values(w.grad(&gradients).unwrap())]
        };
        let layout = if make { "contiguous" } else { "turned" };
        for (part, (found, expected)) in run(&ours).iter().zip(&run(&stock)).enumerate() {
            assert_close(&format!("{what}, {layout}, part {part}"), found, expected);
        }
    }
}

#[test]
fn pointwise_convolution() {
    for [batch, height, width, inside, out] in [[1, 1, 1, 1, 1], [2, 3, 5, 7, 4], [3, 4, 4, 16, 96], [1, 9, 7, 40, 18]]
    {
        let what = format!("pointwise {batch} x {height} x {width}, {inside} to {out}");
        compare(&what, [batch, height, width, inside], [out, inside], ops::pointwise, stock::pointwise);
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
        compare(
            &format!("depthwise {side} x {side}, stride {stride}, on {height} x {width}"),
            [batch, height, width, channels],
            [channels, 1, side, side],
            |x, w| ops::depthwise(x, w, stride, before),
            |x, w| stock::depthwise(x, w, stride, before),
        );
    }
}

#[test]
fn batch_normalisation_through_its_moments() {
    for (shape, swish) in [([1, 3, 2, 1], true), ([2, 5, 4, 17], true), ([3, 2, 2, 8], false)] {
        let channels = shape[3];
        let split =
            |w: Tensor<2>| (w.clone().narrow(0, 0, 1).reshape([channels]), w.narrow(0, 1, 1).reshape([channels]));
        compare(
            &format!("batch normalisation of {shape:?}, swish {swish}"),
            shape,
            [2, channels],
            |x, w| {
                let (gamma, beta) = split(w);
                let moments = ops::channel_moments(x.clone().inner());
                ops::batch_norm(x, gamma, beta, moments, 1e-3, swish)
            },
            |x, w| {
                // burn 0.22 reads beyond a turned tensor's end here: its own operations get copies that are not.
                let (x, w) = (settled(x), settled(w));
                let (gamma, beta) = split(w);
                let moments = stock::channel_moments(x.clone());
                stock::batch_norm(x, gamma, beta, moments, 1e-3, swish)
            },
        );
    }
}

#[test]
fn squeeze_and_excitation() {
    let device = Device::flex().autodiff();
    for [batch, height, width, channels, squeezed] in [[1, 2, 3, 4, 1], [2, 5, 5, 18, 4], [3, 1, 1, 33, 7]] {
        let bias = |count: usize, salt: usize| numbers([count], salt, &device);
        let layers = |w: Tensor<2>| {
            let reduce = (w.clone(), bias(squeezed, 5));
            (reduce, (w.transpose(), bias(channels, 6)))
        };
        compare(
            &format!("squeeze and excitation of {channels} channels"),
            [batch, height, width, channels],
            [squeezed, channels],
            |x, w| {
                let (reduce, expand) = layers(w);
                ops::squeeze_excite(x, reduce, expand)
            },
            |x, w| {
                let (reduce, expand) = layers(w);
                stock::squeeze_excite(x, reduce, expand)
            },
        );
    }
}

#[test]
fn the_notebooks_layers() {
    let device = Device::flex().autodiff();
    for [batch, height, width, inside, out] in [[1, 3, 3, 1, 1], [2, 8, 11, 5, 17], [3, 10, 6, 16, 32]] {
        let bias = numbers([out], 5, &device);
        compare(
            &format!("second layer on {height} x {width}, {inside} to {out}"),
            [batch, height, width, inside],
            [out, inside, 3, 3],
            |x, w| ops::conv3x3_relu_mean(x, w, bias.clone()),
            |x, w| stock::conv3x3_relu_mean(x, w, bias.clone()),
        );
        let (x, weight) = (turned([batch, height, width, inside], 1, &device), turned([out, inside, 3, 3], 2, &device));
        let expected = values(stock::conv3x3_relu_mean(x.clone(), weight.clone(), bias.clone()).inner());
        let packed = ops::pack_filters(weight.inner());
        let found = ops::conv3x3_relu_mean_packed(x.inner(), packed, bias.clone().inner());
        assert_close("packed filters", &values(found), &expected);
        if height < 4 {
            continue;
        }
        let picture = turned([batch, height, width, 1], 1, &device);
        compare(
            &format!("first layer on {height} x {width}, to {out}"),
            [out, 1, 3, 3],
            [out, 1],
            |w, b| ops::conv3x3_relu_pool(picture.clone(), w, b.reshape([out])),
            |w, b| stock::conv3x3_relu_pool(picture.clone(), w, b.reshape([out])),
        );
    }
}

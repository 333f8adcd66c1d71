//! `mean(ReLU(conv3x3(x) + bias))` over each plane.

use crate::kernels::winograd::{self, Filters, Large, Shape, Small};
use crate::kernels::{Number, Set};
use crate::tensor::Tensor;

/// Which outputs were above 0, as the kernel notes it.
#[derive(Debug)]
pub(in crate::network) struct Signs(Vec<u16>);

/// 3 x 3 convolution, stride 1, no padding, then bias and ReLU, then the mean over height and width.
///
/// `x` is `[batch, height, width, channels_in]`, `weight` `[channels_out, channels_in, 3, 3]`, `bias`
/// `[channels_out]`; the result is `[batch, channels_out]`. Which side of its corner the ReLU takes decides a whole
/// gradient: so the forward pass of training is the most exact there is, and only the backward pass takes large tiles.
pub(in crate::network) fn forward<T: Number>(x: &Tensor<T>, weight: &[T], bias: &[T]) -> (Tensor<T>, Signs) {
    let (set, shape) = (Set::best(), shape(x, bias.len()));
    let Shape { batch, channels_in, channels_out, .. } = shape;
    let filters = Filters::<Small, Vec<T>>::forward(set, channels_in, channels_out, weight);
    let filters = Filters::<Small, _>::packed(set, channels_in, channels_out, &filters.packed[..]);
    let found = winograd::forward(shape, x.values(), &filters, bias, true);
    (Tensor::new(found.means, &[batch, channels_out]), Signs(found.signs))
}

/// [`forward`] for inference, faster and a digit less exact: `filters` is what [`pack_filters`] makes of the weights.
pub(in crate::network) fn forward_packed<T: Number>(x: &Tensor<T>, filters: &[T], bias: &[T]) -> Tensor<T> {
    let shape = shape(x, bias.len());
    let filters = Filters::<Large, _>::packed(Set::best(), shape.channels_in, shape.channels_out, filters);
    let means = winograd::forward(shape, x.values(), &filters, bias, false).means;
    Tensor::new(means, &[shape.batch, shape.channels_out])
}

/// Weights `[channels_out, channels_in, 3, 3]` as the kernel of this CPU wants them: worth keeping where weights stay.
pub(in crate::network) fn pack_filters<T: Number>(channels_in: usize, channels_out: usize, weight: &[T]) -> Vec<T> {
    Filters::<Large, Vec<T>>::forward(Set::best(), channels_in, channels_out, weight).packed
}

/// Gradients of input (where wanted), weight and bias.
pub(in crate::network) fn backward<T: Number>(
    x: &Tensor<T>,
    weight: &[T],
    signs: &Signs,
    gradient: &Tensor<T>,
    input_wanted: bool,
) -> (Option<Tensor<T>>, [Vec<T>; 2]) {
    let [_, channels_out] = gradient.dims();
    let found = winograd::backward::<Large, T>(
        Set::best(),
        shape(x, channels_out),
        x.values(),
        weight,
        &signs.0,
        gradient.values(),
        input_wanted,
    );
    (found.input.map(|input| Tensor::new(input, x.shape())), [found.weight, found.bias])
}

fn shape<T>(x: &Tensor<T>, channels_out: usize) -> Shape {
    let [batch, height, width, channels_in] = x.dims();
    assert!(height >= 3 && width >= 3, "planes of at least 3 x 3, not {height} x {width}");
    Shape { batch, height, width, channels_in, channels_out }
}

//! What the networks are made of: each network is written once, over [`Layers`], and computed by our kernels
//! ([`super::cpu`]) or by burn's operations (`super::burn_network`).

/// How much of the old statistic stays in Keras' `BatchNormalization`. (Keras' EfficientNet leaves it at its default.)
pub(crate) const BATCH_NORM_MOMENTUM: f32 = 0.99;

/// The layers of both networks, with Keras' formulas and constants. Names are those of the layers' tensors in
/// [`super::Weights`].
pub(super) trait Layers {
    /// `[batch, height, width, channels]`.
    type Pictures: Clone;
    /// `[batch, width]`.
    type Vectors;

    /// All numbers times `factor`. Nothing before it is trained.
    fn rescale(&mut self, x: Self::Pictures, factor: f32) -> Self::Pictures;

    /// 3 x 3 convolution of pictures with one channel, no padding, then ReLU and the largest of each square of 2 x 2, with
    /// `{name}.weight` and `.bias`. Pictures get no gradient.
    fn conv3x3_relu_pool(&mut self, name: &str, x: Self::Pictures) -> Self::Pictures;

    /// 3 x 3 convolution, no padding, then ReLU and the mean of each plane, with `{name}.weight` and `.bias`.
    fn conv3x3_relu_mean(&mut self, name: &str, x: Self::Pictures) -> Self::Vectors;

    /// 3 x 3 convolution of stride 2, padded as [`Layers::depthwise`] pads, with the tensor
    /// `weight`. Pictures get no gradient.
    fn conv3x3_stride2(&mut self, weight: &str, x: Self::Pictures) -> Self::Pictures;

    /// 1 x 1 convolution with the tensor `weight`.
    fn pointwise(&mut self, weight: &str, x: Self::Pictures) -> Self::Pictures;

    /// Depthwise convolution with the tensor `weight`, with zeros around the input, so that the output has
    /// `ceil(input / stride)` rows and columns.
    fn depthwise(&mut self, weight: &str, x: Self::Pictures, stride: usize) -> Self::Pictures;

    /// Batch normalisation over batch, height and width, with the tensors `{name}.gamma`, `.beta`, `.mean` and
    /// `.variance`, then swish where wanted. In training the batch's own statistics are used and the moving ones move
    /// towards them.
    fn batch_norm(&mut self, name: &str, x: Self::Pictures, swish: bool) -> Self::Pictures;

    /// Squeeze and excitation with the dense layers `{name}.se_reduce` and `{name}.se_expand`.
    fn squeeze_excite(&mut self, name: &str, x: Self::Pictures) -> Self::Pictures;

    /// The sum of `x` and of what `branch` makes of it. Training drops the branch of each image with probability
    /// `drop_rate` and scales what stays, so that its expectation is unchanged (Huang et al. 2016).
    fn residual(
        &mut self,
        drop_rate: f64,
        x: Self::Pictures,
        branch: impl FnOnce(&mut Self, Self::Pictures) -> Self::Pictures,
    ) -> Self::Pictures;

    /// The mean of each plane.
    fn global_average(&mut self, x: Self::Pictures) -> Self::Vectors;

    /// Each picture as one vector, place by place.
    fn flatten(&mut self, x: Self::Pictures) -> Self::Vectors;

    /// `x * {name}.weight + {name}.bias`.
    fn dense(&mut self, name: &str, x: Self::Vectors) -> Self::Vectors;

    /// Each vector with the numbers of another one after its own; those get no gradient.
    fn beside(&mut self, x: Self::Vectors, numbers: Self::Vectors) -> Self::Vectors;

    fn relu(&mut self, x: Self::Vectors) -> Self::Vectors;

    /// Vectors of length 1 in the same direction; one of zeros stays zeros.
    fn unit_vectors(&mut self, x: Self::Vectors) -> Self::Vectors;
}

/// How many zeros lie before a row or column of `size` numbers, as Keras' EfficientNet pads for windows of `side`: evenly
/// for stride 1, and for stride 2 on an even size one less before than after.
pub(crate) fn zeros_before(size: usize, side: usize, stride: usize) -> usize {
    let half = side / 2;
    if stride == 2 && size.is_multiple_of(2) { half - half.min(1) } else { half }
}

/// What the residual branch of each image is multiplied with: 0 with probability `rate`.
pub(super) fn drop_factors(rng: &mut impl rand::Rng, batch: usize, rate: f64) -> Vec<f32> {
    use rand::RngExt;
    (0..batch).map(|_| if rng.random::<f64>() < rate { 0.0 } else { (1.0 / (1.0 - rate)) as f32 }).collect()
}

/// A moving statistic after one more batch.
pub(super) fn moved(before: &[f32], now: &[f32]) -> Vec<f32> {
    let old = before.iter().map(|&before| before * BATCH_NORM_MOMENTUM);
    old.zip(now).map(|(old, &now)| old + now * (1.0 - BATCH_NORM_MOMENTUM)).collect()
}

//! The mean of each plane.

use crate::kernels::Number;
use crate::parallel;
use crate::tensor::Tensor;

/// `[batch, height, width, channels]` to `[batch, channels]`.
pub(in crate::network) fn forward<T: Number>(x: &Tensor<T>) -> Tensor<T> {
    let [batch, height, width, channels] = x.dims();
    let mut means = vec![T::default(); batch * channels];
    let count = T::from_f64((height * width) as f64);
    parallel::for_each_chunk(&mut means, channels, |image, means| {
        for pixel in x.values()[image * height * width * channels..].chunks_exact(channels).take(height * width) {
            means.iter_mut().zip(pixel).for_each(|(sum, &number)| *sum += number);
        }
        means.iter_mut().for_each(|mean| *mean = *mean / count);
    });
    Tensor::new(means, &[batch, channels])
}

/// The gradient of an input of the given shape.
pub(in crate::network) fn backward<T: Number>(shape: [usize; 4], gradient: &Tensor<T>) -> Tensor<T> {
    let [_, height, width, channels] = shape;
    let share = T::from_f64(1.0 / (height * width) as f64);
    let mut to_x = vec![T::default(); shape.iter().product()];
    parallel::for_each_chunk(&mut to_x, height * width * channels, |image, to_x| {
        let gradient = &gradient.values()[image * channels..][..channels];
        for pixel in to_x.chunks_exact_mut(channels) {
            pixel.iter_mut().zip(gradient).for_each(|(to_x, &gradient)| *to_x = share * gradient);
        }
    });
    Tensor::new(to_x, &shape)
}

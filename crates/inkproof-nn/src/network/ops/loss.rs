//! The siamese head and the loss: from two embeddings to the probability that they are of one kind, and from there to
//! the cross-entropy and back.

use super::dense;
use crate::kernels::{Number, Set, sums};
use crate::tensor::Tensor;

/// Probabilities are kept this far from 0 and 1 in the cross-entropy.
const EPSILON: f32 = 1e-7;

/// Weight and bias of the head.
#[derive(Clone, Copy, Debug)]
pub(in crate::network) struct Head<'a, T> {
    pub weight: &'a [T],
    pub bias: &'a [T],
}

/// What the head makes of a batch, and the gradients of the mean cross-entropy.
#[derive(Debug)]
pub(in crate::network) struct Loss<T> {
    /// The mean binary cross-entropy.
    pub mean: T,
    pub probabilities: Vec<T>,
    /// Gradients of the two embeddings.
    pub to_embeddings: [Tensor<T>; 2],
    /// Gradients of the head's weight and bias.
    pub to_head: [Vec<T>; 2],
}

/// `sigmoid(|a - b| * weight + bias)`: `[batch, width]` twice to `[batch]`.
pub(in crate::network) fn probabilities<T: Number>(a: &Tensor<T>, b: &Tensor<T>, head: Head<'_, T>) -> Vec<T> {
    dense::forward(&distance(a, b), head.weight, head.bias).values().iter().map(|&logit| sigmoid(logit)).collect()
}

/// The loss of a batch whose labels are 1 for two of a kind and else 0.
pub(in crate::network) fn loss<T: Number>(a: &Tensor<T>, b: &Tensor<T>, head: Head<'_, T>, labels: &[T]) -> Loss<T> {
    let probabilities = probabilities(a, b, head);
    let to_logits = probabilities.iter().zip(labels).map(|(&p, &label)| {
        sigmoid_backward(p, to_probability(p, label, labels.len()))
    });
    let to_logits = Tensor::new(to_logits.collect(), &[labels.len(), 1]);
    let (to_distance, to_head) = dense::backward(&distance(a, b), head.weight, &to_logits);
    let signs = a.values().iter().zip(b.values()).map(|(&a, &b)| sign(a - b));
    let to_a: Vec<T> = to_distance.values().iter().zip(signs).map(|(&gradient, sign)| gradient * sign).collect();
    let to_b = to_a.iter().map(|&gradient| T::default() - gradient).collect();
    let to_embeddings = [to_a, to_b].map(|values| Tensor::new(values, a.shape()));
    Loss { mean: cross_entropy(&probabilities, labels), probabilities, to_embeddings, to_head }
}

fn distance<T: Number>(a: &Tensor<T>, b: &Tensor<T>) -> Tensor<T> {
    let apart = a.values().iter().zip(b.values()).map(|(&a, &b)| (a - b) * sign(a - b));
    Tensor::new(apart.collect(), a.shape())
}

/// -1, 0 or 1; a NaN stays one.
fn sign<T: Number>(x: T) -> T {
    let zero = T::default();
    if x > zero {
        T::from_f64(1.0)
    } else if x < zero {
        T::from_f64(-1.0)
    } else {
        x
    }
}

/// The logistic function, by whichever exponential is at most 1.
pub(in crate::network) fn sigmoid<T: Number>(x: T) -> T {
    let one = T::from_f64(1.0);
    if x >= T::default() {
        one / (one + (T::default() - x).exp())
    } else {
        let power = x.exp();
        power / (one + power)
    }
}

/// The gradient of the input, given the output and its gradient.
pub(in crate::network) fn sigmoid_backward<T: Number>(output: T, gradient: T) -> T {
    gradient * output * (T::from_f64(1.0) - output)
}

fn cross_entropy<T: Number>(probabilities: &[T], labels: &[T]) -> T {
    let one = T::from_f64(1.0);
    let terms = probabilities.iter().zip(labels).map(|(&p, &label)| {
        let p = clamped(p);
        label * p.ln() + (one - label) * (one - p).ln()
    });
    let count = T::from_f64(labels.len() as f64);
    T::default() - sums::sum(Set::best(), &terms.collect::<Vec<_>>()) / count
}

/// The gradient of one probability of so many.
fn to_probability<T: Number>(p: T, label: T, count: usize) -> T {
    let (least, most) = bounds();
    if p < least || p > most {
        return T::default();
    }
    let one = T::from_f64(1.0);
    let share = T::default() - T::from_f64(1.0 / count as f64);
    share * label * (one / p) - share * (one - label) * (one / (one - p))
}

/// A NaN stays one.
fn clamped<T: Number>(p: T) -> T {
    let (least, most) = bounds();
    if p < least {
        least
    } else if p > most {
        most
    } else {
        p
    }
}

/// In f32, in which networks are trained.
fn bounds<T: Number>() -> (T, T) {
    (T::from_f64(f64::from(EPSILON)), T::from_f64(f64::from(1.0 - EPSILON)))
}

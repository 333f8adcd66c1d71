//! How similar two signings of one writer are expected to be: the mean of the training writers, each counting the same.

use inkproof::inknet::Expected;
use rayon::prelude::*;

use super::Signatures;

/// As many writers as what was known before weighs.
const WRITERS_BEFORE: f64 = 10.0;

/// Of the writers with two genuine signatures, and what was known before; where there is neither, what is usual.
pub(super) fn fit(writers: &[Signatures], before: Option<Expected>) -> Expected {
    let of_writers: Vec<f64> = writers.par_iter().filter_map(typical).collect();
    let known = before.map_or((0.0, 0.0), |before| (WRITERS_BEFORE, f64::from(before.typical)));
    let weight = of_writers.len() as f64 + known.0;
    if weight > 0.0 {
        Expected { typical: ((of_writers.iter().sum::<f64>() + known.0 * known.1) / weight) as f32 }
    } else {
        Expected::CONSTANT
    }
}

/// The mean likeness of one writer's genuine pairs, as if they had the usual number of places; None without a pair.
fn typical(writer: &Signatures) -> Option<f64> {
    let genuine = &writer.genuine;
    let pairs = (0..genuine.len()).flat_map(|a| (a + 1..genuine.len()).map(move |b| (a, b)));
    let of_pair = |(a, b): (usize, usize)| {
        let (a, b) = (&genuine[a], &genuine[b]);
        let logarithm = (Expected::logarithm(a.len()) + Expected::logarithm(b.len())) / 2.0;
        f64::from(a.similarity(b)) - Expected::SLOPE * logarithm
    };
    let (count, sum) = pairs.map(of_pair).fold((0.0, 0.0), |(count, sum), likeness| (count + 1.0, sum + likeness));
    (count > 0.0).then(|| sum / count)
}

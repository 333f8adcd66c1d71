//! What skilled forgeries teach `inknet`: a residual layer on the places, after which a reference is more similar to a genuine
//! signature than to a forgery of it, and than to a stranger's.
//!
//! Each step draws writers, and of each a reference, a genuine signature, a skilled forgery and a stranger's signature. The
//! loss is `ln(1 + exp(-s (similar(reference, genuine) - similar(reference, forgery))))`, a pairwise ranking loss (C. Burges et
//! al., Learning to rank using gradient descent, ICML 2005), and the same for the stranger. Only ranks
//! within a writer count, so that nothing is learned of how one writer's signatures differ from another's. The gradient goes
//! back through the best matches as they are; AdamW (I. Loshchilov and F. Hutter, ICLR 2019) takes the steps.

use inkproof::inknet::{HIDDEN, LocalFeatures, Refinement, WIDTH, dot, in_window};
use inkproof::random::stream;
use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_distr::{Distribution, Normal};
use rayon::prelude::*;

use super::Signatures;
use crate::progress::{Event, Progress};

const STEPS: usize = 400;
/// Writers in a step.
const WRITERS: usize = 16;
/// The scale `s` of the loss: differences of likeness of a tenth count.
const SCALE: f32 = 15.0;
/// What a stranger's signature weighs against a skilled forgery.
const STRANGER: f32 = 1.0;
const LEARNING_RATE: f32 = 1e-3;
/// Steps until the learning rate is reached; it falls as half a cosine afterwards.
const WARM_UP: usize = 20;
const WEIGHT_DECAY: f32 = 1e-2;
/// Deviation of the first layer's weights at the start.
const START: f64 = 0.2;

/// The references and what is compared with them, which are all a writer's but the stranger.
struct Draw<'a> {
    reference: &'a LocalFeatures,
    genuine: &'a LocalFeatures,
    forgery: &'a LocalFeatures,
    stranger: &'a LocalFeatures,
}

/// Fits the layer, from `before` on where there is one. What is known before stays where there are no two writers with two
/// genuine signatures and a forgery each. The places of `writers` are projected only.
pub(super) fn fit(
    writers: &[Signatures],
    before: Option<Refinement>,
    seed: u64,
    progress: &mut dyn Progress,
) -> Option<Refinement> {
    let teaches = |writer: &&Signatures| writer.genuine.len() > 1 && !writer.forgeries.is_empty();
    let writers: Vec<&Signatures> = writers.iter().filter(teaches).collect();
    if writers.len() < 2 {
        return before;
    }
    progress.report(Event::Stage { name: "learning from forgeries", total: STEPS });
    let mut refinement = before.unwrap_or_else(|| start(seed));
    let mut adam = Adam::new();
    for step in 0..STEPS {
        let draws = draw(&writers, seed, step);
        let of_draws: Vec<Gradient> = draws.par_iter().map(|draw| loss_and_gradient(&refinement, draw).1).collect();
        // In order, so that the sum does not depend on the number of threads.
        let gradient = of_draws.into_iter().fold(Gradient::zero(), Gradient::plus);
        adam.step(&mut refinement, &gradient, 1.0 / draws.len() as f32, step);
        progress.report(Event::Advance { done: step + 1 });
    }
    Some(refinement)
}

fn start(seed: u64) -> Refinement {
    let normal = Normal::new(0.0, START).expect("a deviation");
    let mut rng = stream(seed, "refinement", 0);
    Refinement::new((0..WIDTH * HIDDEN).map(|_| normal.sample(&mut rng) as f32).collect())
}

fn draw<'a>(writers: &[&'a Signatures], seed: u64, step: usize) -> Vec<Draw<'a>> {
    let mut rng = stream(seed, "forgeries to learn from", step as u64);
    let mut order: Vec<usize> = (0..writers.len()).collect();
    order.shuffle(&mut rng);
    let of_writer = |&writer: &usize| {
        let Signatures { genuine, forgeries } = writers[writer];
        let first = rng.random_range(0..genuine.len());
        let second = (first + rng.random_range(1..genuine.len())) % genuine.len();
        let other = (writer + rng.random_range(1..writers.len())) % writers.len();
        let one = |of: &'a [LocalFeatures], rng: &mut _| of.choose(rng).expect("writers that teach have some");
        Draw {
            reference: &genuine[first],
            genuine: &genuine[second],
            forgery: one(forgeries, &mut rng),
            stranger: one(&writers[other].genuine, &mut rng),
        }
    };
    order.iter().cycle().take(WRITERS).map(of_writer).collect()
}

/// Derivatives by the numbers of a [`Refinement`], in its order.
struct Gradient(Refinement);

impl Gradient {
    fn zero() -> Self {
        Self(Refinement::new(vec![0.0; WIDTH * HIDDEN]))
    }

    fn plus(mut self, other: Self) -> Self {
        for (sum, part) in parts(&mut self.0).into_iter().zip([&other.0.into, &other.0.offset, &other.0.back]) {
            sum.iter_mut().zip(part).for_each(|(sum, value)| *sum += value);
        }
        self
    }
}

fn parts(refinement: &mut Refinement) -> [&mut Vec<f32>; 3] {
    [&mut refinement.into, &mut refinement.offset, &mut refinement.back]
}

/// A signature on its way through the layer and back.
struct Pass<'a> {
    projected: &'a LocalFeatures,
    hidden: Vec<[f32; HIDDEN]>,
    lengths: Vec<f32>,
    values: Vec<[f32; WIDTH]>,
    /// The loss' derivatives by `values`.
    derivatives: Vec<[f32; WIDTH]>,
}

impl<'a> Pass<'a> {
    fn new(refinement: &Refinement, projected: &'a LocalFeatures) -> Self {
        let refined: Vec<_> = projected.values().iter().map(|place| refinement.apply(place)).collect();
        Self {
            projected,
            hidden: refined.iter().map(|refined| refined.hidden).collect(),
            lengths: refined.iter().map(|refined| refined.length).collect(),
            values: refined.iter().map(|refined| refined.place).collect(),
            derivatives: vec![[0.0; WIDTH]; projected.len()],
        }
    }

    /// Adds the derivatives by the layer's numbers.
    fn back(&self, refinement: &Refinement, gradient: &mut Gradient) {
        for (place, projected) in self.projected.values().iter().enumerate() {
            let (value, derivative) = (&self.values[place], &self.derivatives[place]);
            let along = dot(value, derivative);
            let mut before_length = [0.0; WIDTH];
            for ((before, value), derivative) in before_length.iter_mut().zip(value).zip(derivative) {
                *before = (derivative - along * value) / self.lengths[place];
            }
            let mut into_hidden = [0.0; HIDDEN];
            let rows = refinement.back.as_chunks::<WIDTH>().0.iter().zip(gradient.0.back.as_chunks_mut::<WIDTH>().0);
            for (unit, (row, sums)) in rows.enumerate() {
                let hidden = self.hidden[place][unit];
                if hidden > 0.0 {
                    into_hidden[unit] = dot(row, &before_length);
                    sums.iter_mut().zip(&before_length).for_each(|(sum, value)| *sum += hidden * value);
                }
            }
            gradient.0.offset.iter_mut().zip(&into_hidden).for_each(|(sum, value)| *sum += value);
            for (value, sums) in projected.iter().zip(gradient.0.into.chunks_exact_mut(HIDDEN)) {
                sums.iter_mut().zip(&into_hidden).for_each(|(sum, derivative)| *sum += value * derivative);
            }
        }
    }
}

/// A place, its best match in the other signature, and what their likeness weighs in that of the signatures.
type Match = (usize, usize, f32);

/// As [`LocalFeatures::similarity`], and the matches that made it.
fn similarity(a: &Pass, b: &Pass) -> (f32, Vec<Match>) {
    let mut best_a = vec![(0.0_f32, usize::MAX); a.values.len()];
    let mut best_b = vec![(0.0_f32, usize::MAX); b.values.len()];
    in_window(a.projected.at(), b.projected.at(), |here, there| {
        let likeness = dot(&a.values[here], &b.values[there]);
        if likeness > best_a[here].0 {
            best_a[here] = (likeness, there);
        }
        if likeness > best_b[there].0 {
            best_b[there] = (likeness, here);
        }
    });
    let share = |places: usize| 0.5 / places.max(1) as f32;
    let (of_a, of_b) = (share(best_a.len()), share(best_b.len()));
    let sum = |best: &[(f32, usize)]| best.iter().map(|(likeness, _)| likeness).sum::<f32>();
    let likeness = of_a * sum(&best_a) + of_b * sum(&best_b);
    let found = |&(_, (_, other)): &(usize, (f32, usize))| other != usize::MAX;
    let forth = best_a.into_iter().enumerate().filter(found).map(|(here, (_, there))| (here, there, of_a));
    let back = best_b.into_iter().enumerate().filter(found).map(|(there, (_, here))| (here, there, of_b));
    (likeness, forth.chain(back).collect())
}

/// Adds the loss' derivatives by the places of both, of which `by_likeness` is the one by their likeness.
fn spread(a: &mut Pass, b: &mut Pass, matches: &[Match], by_likeness: f32) {
    for &(here, there, share) in matches {
        let weight = share * by_likeness;
        let (of_a, of_b) = (&mut a.derivatives[here], &mut b.derivatives[there]);
        of_a.iter_mut().zip(&b.values[there]).for_each(|(sum, value)| *sum += weight * value);
        of_b.iter_mut().zip(&a.values[here]).for_each(|(sum, value)| *sum += weight * value);
    }
}

fn loss_and_gradient(refinement: &Refinement, draw: &Draw) -> (f32, Gradient) {
    let pass = |places| Pass::new(refinement, places);
    let (mut reference, mut genuine) = (pass(draw.reference), pass(draw.genuine));
    let (to_genuine, genuine_matches) = similarity(&reference, &genuine);
    let (mut loss, mut gradient, mut by_genuine) = (0.0, Gradient::zero(), 0.0);
    for (other, weight) in [(draw.forgery, 1.0), (draw.stranger, STRANGER)] {
        let mut other = pass(other);
        let (to_other, matches) = similarity(&reference, &other);
        let margin = SCALE * (to_genuine - to_other);
        loss += weight * (-margin).exp().ln_1p();
        let by_other = weight * SCALE / (1.0 + margin.exp());
        by_genuine -= by_other;
        spread(&mut reference, &mut other, &matches, by_other);
        other.back(refinement, &mut gradient);
    }
    spread(&mut reference, &mut genuine, &genuine_matches, by_genuine);
    genuine.back(refinement, &mut gradient);
    reference.back(refinement, &mut gradient);
    (loss, gradient)
}

/// Moving means of the gradient and of its square.
struct Adam {
    mean: Refinement,
    square: Refinement,
}

impl Adam {
    fn new() -> Self {
        Self { mean: Gradient::zero().0, square: Gradient::zero().0 }
    }

    /// One step against `scale` times the gradient.
    fn step(&mut self, refinement: &mut Refinement, gradient: &Gradient, scale: f32, step: usize) {
        const FORGET: (f32, f32) = (0.9, 0.999);
        let rate = learning_rate(step);
        let taken = step as i32 + 1;
        let (whole_mean, whole_square) = (1.0 - FORGET.0.powi(taken), 1.0 - FORGET.1.powi(taken));
        let gradients = [&gradient.0.into, &gradient.0.offset, &gradient.0.back];
        let moving = parts(&mut self.mean).into_iter().zip(parts(&mut self.square));
        for ((weights, gradient), (mean, square)) in parts(refinement).into_iter().zip(gradients).zip(moving) {
            for (((weight, gradient), mean), square) in weights.iter_mut().zip(gradient).zip(mean).zip(square) {
                let gradient = scale * gradient;
                *mean += (1.0 - FORGET.0) * (gradient - *mean);
                *square += (1.0 - FORGET.1) * (gradient * gradient - *square);
                let toward = (*mean / whole_mean) / ((*square / whole_square).sqrt() + 1e-8);
                *weight -= rate * (toward + WEIGHT_DECAY * *weight);
            }
        }
    }
}

fn learning_rate(step: usize) -> f32 {
    if step < WARM_UP {
        return LEARNING_RATE * (step + 1) as f32 / WARM_UP as f32;
    }
    let share = (step - WARM_UP) as f32 / (STEPS - WARM_UP) as f32;
    LEARNING_RATE * 0.5 * (1.0 + (std::f32::consts::PI * share).cos())
}

#[cfg(test)]
mod tests;

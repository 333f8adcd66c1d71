//! Learning what a signature looks like with what is around it.

use inkproof::find::{LOOK_SIZE, Look, MOVE, PageArea, Sides, moved};
use inkproof::network::{DETECTOR_CHANNELS, Detected, Detector, DetectorTrainer, Seen};
use inkproof::random::stream;
use rand::RngExt;
use rand::seq::SliceRandom;

use super::learn::label;
use crate::error::{Error, Result};

/// How the network is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkOptions {
    /// Times that it sees every example.
    pub epochs: usize,
    /// Examples of a step.
    pub batch: usize,
    /// The learning rate at the beginning; it falls to 0 along a cosine (Loshchilov and Hutter, SGDR, ICLR 2017).
    pub rate: f64,
}

impl Default for NetworkOptions {
    /// As the bundled finder.
    fn default() -> Self {
        Self { epochs: 4, batch: 64, rate: 2e-3 }
    }
}

/// A picture is moved by so many rows and columns at most, since a box is never quite right.
const MOVED: [i32; 2] = [3, 6];
const PLACES: usize = LOOK_SIZE[0] * LOOK_SIZE[1] * DETECTOR_CHANNELS;

/// A box is taught where it belongs from this overlap on.
const TAUGHT: f32 = 0.2;
/// Up to this error a side's loss is its square (Huber, Annals of Mathematical Statistics 35, 1964).
const HUBER: f32 = 0.5;

/// A look, and the signature that its group overlaps most. Most of a picture is empty, so only what is not is kept.
pub(super) struct LookExample {
    filled: Vec<(u16, u8)>,
    numbers: Vec<f32>,
    /// The group's box.
    own: Sides,
    /// The signature's, where there is one.
    truth: Option<Sides>,
}

impl LookExample {
    pub(super) fn new(look: Look, signature: Option<&PageArea>) -> LookExample {
        let filled = look.picture.iter().enumerate().filter(|(_, share)| **share > 0);
        LookExample {
            filled: filled.map(|(at, &share)| (at as u16, share)).collect(),
            own: look.sides,
            truth: signature.map(|area| look.in_picture(area)),
            numbers: look.numbers,
        }
    }

    /// Loss of an answer and its gradient, where the picture was moved.
    ///
    /// How much it is a signature follows from the overlap of the box as it was moved; each side is taught for itself.
    fn loss(&self, answer: &Detected, [down, right]: [i32; 2]) -> (f32, Detected) {
        let by = [right as f32, down as f32];
        let found = moved(self.own, answer.sides);
        let truth = self.truth.map(|truth| shifted(truth, by));
        let label = truth.map_or(0.0, |truth| label(f64::from(overlap(found, truth))));
        let (of_sides, sides) = self.sides_loss(found, by).unwrap_or_default();
        (cross_entropy(answer.logit, label) + of_sides, Detected { logit: sigmoid(answer.logit) - label, sides })
    }

    /// How far the sides of a box are from the signature's as far as it is seen; None where the group is far from it.
    fn sides_loss(&self, found: Sides, by: [f32; 2]) -> Option<(f32, [f32; 4])> {
        let truth = self.truth.filter(|truth| overlap(self.own, *truth) >= TAUGHT).map(|truth| shifted(truth, by))?;
        let [rows, columns] = LOOK_SIZE.map(|side| side as f32);
        let apart: [f32; 4] = std::array::from_fn(|side| {
            let seen = truth[side].clamp(0.0, [columns, rows][side % 2]);
            (found[side] - seen) / MOVE[side % 2]
        });
        Some((apart.into_iter().map(huber).sum(), apart.map(|apart| apart.clamp(-HUBER, HUBER) / HUBER)))
    }

    /// The picture, moved down and to the right.
    fn draw(&self, [down, right]: [i32; 2], picture: &mut [f32]) {
        let [rows, columns] = LOOK_SIZE.map(|side| side as i32);
        for &(at, share) in &self.filled {
            let (place, channel) = (usize::from(at) / DETECTOR_CHANNELS, usize::from(at) % DETECTOR_CHANNELS);
            let (row, column) = (place as i32 / columns + down, place as i32 % columns + right);
            if (0..rows).contains(&row) && (0..columns).contains(&column) {
                let place = (row * columns + column) as usize;
                picture[place * DETECTOR_CHANNELS + channel] = f32::from(share) / 255.0;
            }
        }
    }
}

fn shifted(sides: Sides, by: [f32; 2]) -> Sides {
    std::array::from_fn(|side| sides[side] + by[side % 2])
}

/// The area of both boxes over that of what they cover together.
fn overlap(a: Sides, b: Sides) -> f32 {
    let area = |sides: Sides| (sides[2] - sides[0]).max(0.0) * (sides[3] - sides[1]).max(0.0);
    let both = area([a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]);
    both / (area(a) + area(b) - both).max(f32::MIN_POSITIVE)
}

/// The square of a small number, and as steep as there of a large one.
fn huber(apart: f32) -> f32 {
    let apart = apart.abs();
    if apart <= HUBER { apart * apart / (2.0 * HUBER) } else { apart - HUBER / 2.0 }
}

/// `-label ln p - (1 - label) ln (1 - p)` of a logit's probability p, by whichever exponential is at most 1.
fn cross_entropy(logit: f32, label: f32) -> f32 {
    logit.max(0.0) - logit * label + (-logit.abs()).exp().ln_1p()
}

fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// How many steps a training takes.
pub(super) fn steps(examples: usize, options: &NetworkOptions) -> usize {
    options.epochs * examples.div_ceil(options.batch)
}

/// Trains a network from its beginning; after each step it calls back with how many there were.
///
/// # Errors
/// [`Error::Diverged`] where the loss is no number.
pub(super) fn train(
    examples: &[LookExample],
    options: &NetworkOptions,
    seed: u64,
    mut after: impl FnMut(usize),
) -> Result<Detector> {
    let numbers: Vec<&[f32]> = examples.iter().map(|example| example.numbers.as_slice()).collect();
    let mut trainer = DetectorTrainer::new(Detector::initialise(LOOK_SIZE, &numbers, seed));
    let steps = steps(examples.len(), options);
    let mut done = 0;
    for epoch in 0..options.epochs {
        let mut rng = stream(seed, "looks", epoch as u64);
        let mut order: Vec<usize> = (0..examples.len()).collect();
        order.shuffle(&mut rng);
        for (step, chosen) in order.chunks(options.batch).enumerate() {
            let batch: Vec<&LookExample> = chosen.iter().map(|&number| &examples[number]).collect();
            let moves: Vec<[i32; 2]> = batch.iter().map(|_| MOVED.map(|most| rng.random_range(-most..=most))).collect();
            let rate = options.rate * 0.5 * (1.0 + (std::f64::consts::PI * done as f64 / steps as f64).cos());
            let loss = trainer.step(seen(&batch, &moves), rate, |answers| loss(&batch, &moves, answers));
            if !loss.is_finite() {
                return Err(Error::Diverged { epoch: epoch + 1, step: step + 1, loss });
            }
            done += 1;
            after(done);
        }
    }
    Ok(trainer.detector)
}

/// The mean loss of answers, and its gradient.
fn loss(batch: &[&LookExample], moves: &[[i32; 2]], answers: &[Detected]) -> (f32, Vec<Detected>) {
    let share = 1.0 / batch.len() as f32;
    let each = batch.iter().zip(moves).zip(answers).map(|((example, by), answer)| example.loss(answer, *by));
    let (losses, gradients): (Vec<f32>, Vec<Detected>) = each.unzip();
    let scaled = |Detected { logit, sides }| Detected { logit: share * logit, sides: sides.map(|side| share * side) };
    (share * losses.iter().sum::<f32>(), gradients.into_iter().map(scaled).collect())
}

fn seen(batch: &[&LookExample], moves: &[[i32; 2]]) -> Seen {
    let mut pictures = vec![0.0; batch.len() * PLACES];
    for ((example, by), picture) in batch.iter().zip(moves).zip(pictures.chunks_exact_mut(PLACES)) {
        example.draw(*by, picture);
    }
    let numbers = batch.iter().flat_map(|example| &example.numbers).copied().collect();
    Seen { pictures, numbers }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OWN: Sides = [32.0, 16.0, 128.0, 64.0];

    /// Ink of some places from one on, of a group whose box is [`OWN`].
    fn example(at: usize, truth: Option<Sides>) -> LookExample {
        LookExample {
            filled: (at..at + 60).map(|at| (at as u16, 255)).collect(),
            numbers: vec![0.5; 3],
            own: OWN,
            truth,
        }
    }

    #[test]
    fn what_is_moved_out_of_a_picture_is_gone() {
        let example = example(3 * 160 * 40, None);
        let mut moved = vec![0.0; PLACES];
        example.draw([2, -5], &mut moved);
        let from = 3 * 160 * 42;
        assert_eq!(moved[from..from + 45], [1.0; 45]);
        assert_eq!(moved.iter().sum::<f32>(), 45.0);
    }

    #[test]
    fn a_box_that_is_moved_onto_the_signature_is_the_signatures() {
        let truth = [48.0, 8.0, 136.0, 64.0];
        let example = example(0, Some(truth));
        let answer = |sides| Detected { logit: 3.0, sides };
        // Where the picture is moved, so is the signature in it.
        for (by, moved_by) in [([0, 0], [0.0, 0.0]), ([2, -4], [-0.25, 0.25])] {
            let [right, down] = moved_by;
            let [left, top, last, bottom] = [1.0, -1.0, 0.5, 0.0];
            let (onto, gradient) = example.loss(&answer([left + right, top + down, last + right, bottom + down]), by);
            let (from, taught) = example.loss(&answer([0.0; 4]), by);
            assert!(onto < 0.06 && from > onto + 0.3, "{onto} and {from}");
            assert_eq!(gradient.sides, [0.0; 4]);
            assert!(gradient.logit < 0.0 && taught.sides[0] < 0.0 && taught.sides[1] > 0.0, "{taught:?}");
        }
        assert!(example.loss(&answer([0.0; 4]), [0, 0]).1.logit > gradient_of_none().logit - 1.0);
        let far = LookExample { truth: Some([0.0, 0.0, 20.0, 20.0]), ..example };
        assert_eq!(far.loss(&answer([0.5; 4]), [0, 0]).1.sides, [0.0; 4], "too far away to be moved there");
    }

    fn gradient_of_none() -> Detected {
        example(0, None).loss(&Detected { logit: 3.0, sides: [0.5; 4] }, [0, 0]).1
    }

    proptest! {
        /// By finite differences; the label, which follows from the box, is taken as given.
        #[test]
        fn the_gradient_is_that_of_the_loss(
            logit in -4.0_f32..4.0,
            sides in proptest::array::uniform4(-1.0_f32..1.0),
            side in 0_usize..4,
        ) {
            let example = example(0, Some([40.0, 20.0, 120.0, 60.0]));
            let answer = Detected { logit, sides };
            let (_, gradient) = example.loss(&answer, [1, 1]);
            let step = 1e-2;
            let of_logit = |by: f32| example.loss(&Detected { logit: logit + by, ..answer }, [1, 1]).0;
            let slope = (of_logit(step) - of_logit(-step)) / (2.0 * step);
            prop_assert!((slope - gradient.logit).abs() < 2e-2, "{} against {}", gradient.logit, slope);
            // Without a confidence the label changes nothing.
            let of_side = |by: f32| {
                let mut sides = sides;
                sides[side] += by;
                example.sides_loss(moved(OWN, sides), [1.0, 1.0]).map_or(0.0, |(loss, _)| loss)
            };
            let slope = (of_side(step) - of_side(-step)) / (2.0 * step);
            prop_assert!((slope - gradient.sides[side]).abs() < 2e-2, "{} against {}", gradient.sides[side], slope);
        }
    }

    #[test]
    fn a_network_learns_what_lies_where() {
        let examples: Vec<LookExample> = (0..64)
            .map(|number| {
                let at = 3 * 160 * (10 + number % 2 * 50) + 90 * (number / 16);
                example(at, (number % 2 == 1).then_some(OWN))
            })
            .collect();
        let options = NetworkOptions { epochs: 12, batch: 16, ..NetworkOptions::default() };
        let mut done = 0;
        let network = train(&examples, &options, 1, |now| done = now).unwrap();
        assert_eq!(done, steps(examples.len(), &options));
        let batch: Vec<&LookExample> = examples.iter().collect();
        let answers = network.answers(seen(&batch, &vec![[0, 0]; batch.len()]));
        let right =
            answers.iter().zip(&examples).filter(|(answer, example)| (answer.logit > 0.0) == example.truth.is_some());
        assert!(right.count() >= 60, "{answers:?}");
    }
}

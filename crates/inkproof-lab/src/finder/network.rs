//! Learning what a signature looks like with what is around it.

use inkproof::find::{LOOK_SIZE, Look};
use inkproof::network::{CLASSIFIER_CHANNELS, Classifier, ClassifierTrainer, Seen};
use inkproof::random::stream;
use rand::RngExt;
use rand::seq::SliceRandom;

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
const PLACES: usize = LOOK_SIZE[0] * LOOK_SIZE[1] * CLASSIFIER_CHANNELS;

/// A look and how much it is a signature's, 0 to 1. Most of a picture is empty, so only what is not is kept.
pub(super) struct LookExample {
    filled: Vec<(u16, u8)>,
    numbers: Vec<f32>,
    label: f32,
}

impl LookExample {
    pub(super) fn new(look: Look, label: f32) -> LookExample {
        let filled = look.picture.iter().enumerate().filter(|(_, share)| **share > 0);
        LookExample { filled: filled.map(|(at, &share)| (at as u16, share)).collect(), numbers: look.numbers, label }
    }

    /// The picture, moved down and to the right.
    fn draw(&self, [down, right]: [i32; 2], picture: &mut [f32]) {
        let [rows, columns] = LOOK_SIZE.map(|side| side as i32);
        for &(at, share) in &self.filled {
            let (place, channel) = (usize::from(at) / CLASSIFIER_CHANNELS, usize::from(at) % CLASSIFIER_CHANNELS);
            let (row, column) = (place as i32 / columns + down, place as i32 % columns + right);
            if (0..rows).contains(&row) && (0..columns).contains(&column) {
                let place = (row * columns + column) as usize;
                picture[place * CLASSIFIER_CHANNELS + channel] = f32::from(share) / 255.0;
            }
        }
    }
}

/// How many steps a training takes.
pub(super) fn steps(examples: usize, options: &NetworkOptions) -> usize {
    options.epochs * examples.div_ceil(options.batch)
}

/// Trains a network from its beginning; after each step it calls back with how many there were.
pub(super) fn train(
    examples: &[LookExample],
    options: &NetworkOptions,
    seed: u64,
    mut after: impl FnMut(usize),
) -> Classifier {
    let numbers: Vec<&[f32]> = examples.iter().map(|example| example.numbers.as_slice()).collect();
    let mut trainer = ClassifierTrainer::new(Classifier::initialise(&numbers, seed));
    let steps = steps(examples.len(), options);
    let mut done = 0;
    for epoch in 0..options.epochs {
        let mut rng = stream(seed, "looks", epoch as u64);
        let mut order: Vec<usize> = (0..examples.len()).collect();
        order.shuffle(&mut rng);
        for chosen in order.chunks(options.batch) {
            let batch: Vec<&LookExample> = chosen.iter().map(|&number| &examples[number]).collect();
            let moves: Vec<[i32; 2]> = batch.iter().map(|_| MOVED.map(|most| rng.random_range(-most..=most))).collect();
            let labels: Vec<f32> = batch.iter().map(|example| example.label).collect();
            let rate = options.rate * 0.5 * (1.0 + (std::f64::consts::PI * done as f64 / steps as f64).cos());
            trainer.step(seen(&batch, &moves), &labels, rate);
            done += 1;
            after(done);
        }
    }
    trainer.classifier
}

fn seen(batch: &[&LookExample], moves: &[[i32; 2]]) -> Seen {
    let mut pictures = vec![0.0; batch.len() * PLACES];
    for ((example, by), picture) in batch.iter().zip(moves).zip(pictures.chunks_exact_mut(PLACES)) {
        example.draw(*by, picture);
    }
    let numbers = batch.iter().flat_map(|example| &example.numbers).copied().collect();
    Seen { size: LOOK_SIZE, pictures, numbers }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(at: usize) -> Look {
        let mut picture = vec![0; PLACES];
        picture[at..at + 60].fill(255);
        Look { picture, numbers: vec![0.5; 3] }
    }

    #[test]
    fn a_look_is_kept_whole_and_what_is_moved_out_of_it_is_gone() {
        let example = LookExample::new(look(3 * 160 * 40), 1.0);
        let mut drawn = vec![0.0; PLACES];
        example.draw([0, 0], &mut drawn);
        let expected: Vec<f32> = look(3 * 160 * 40).picture.iter().map(|&share| f32::from(share) / 255.0).collect();
        assert_eq!(drawn, expected);
        let mut moved = vec![0.0; PLACES];
        example.draw([2, -5], &mut moved);
        let from = 3 * 160 * 42;
        assert_eq!(moved[from..from + 45], [1.0; 45]);
        assert_eq!(moved.iter().sum::<f32>(), 45.0);
    }

    #[test]
    fn a_network_learns_what_lies_where() {
        let examples: Vec<LookExample> = (0..64)
            .map(|number| {
                LookExample::new(look(3 * 160 * (10 + number % 2 * 50) + 90 * (number / 16)), (number % 2) as f32)
            })
            .collect();
        let options = NetworkOptions { epochs: 12, batch: 16, ..NetworkOptions::default() };
        let mut done = 0;
        let network = train(&examples, &options, 1, |now| done = now);
        assert_eq!(done, steps(examples.len(), &options));
        let batch: Vec<&LookExample> = examples.iter().collect();
        let logits = network.logits(seen(&batch, &vec![[0, 0]; batch.len()]));
        let right = logits.iter().zip(&examples).filter(|(logit, example)| (**logit > 0.0) == (example.label > 0.5));
        assert!(right.count() >= 60, "{logits:?}");
    }
}

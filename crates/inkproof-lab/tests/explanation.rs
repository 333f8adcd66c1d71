//! Whether an explanation points at what was altered: into genuine signatures of writers who do not exist, a part of
//! another writer's is pasted, so that it is known which ink is foreign.

use inkproof::{Embedding, Explanation, Gray, Ink, Model, SIDE};
use inkproof_lab::synth::Writer;
use rayon::prelude::*;

/// The seed of no data set or model.
const SEED: u64 = 31;
const PAIRS: u64 = 200;
const REFERENCES: u64 = 3;
/// The foreign part's share of the columns with ink.
const SHARE: f64 = 0.25;

/// Darker than this, of 0..255, is ink on the synthesiser's paper.
const INK: u8 = 150;

/// The columns that ink lies in, from the first to the last.
fn columns(gray: &Gray) -> (usize, usize) {
    let has_ink = |x: &usize| (0..gray.height()).any(|y| gray.pixels()[y * gray.width() + x] < INK);
    let first = (0..gray.width()).find(has_ink).unwrap();
    (first, (0..gray.width()).rev().find(has_ink).unwrap() + 1)
}

/// The signature with the columns from `from` on replaced by as many of the other's middle.
fn altered(own: &Gray, other: &Gray, from: usize, count: usize) -> Gray {
    let (first, last) = columns(other);
    let start = (first + last - count.min(last - first)) / 2;
    let width = own.width();
    let mut pixels = own.pixels().to_vec();
    for y in 0..own.height() {
        for x in 0..count {
            pixels[y * width + from + x] = other.pixels()[y * width + (start + x).min(width - 1)];
        }
    }
    Gray::new(width, own.height(), pixels).unwrap()
}

/// For each ink pixel of an altered signature: whether it is foreign, and how different the explanation calls it; and
/// whether the most different place is foreign.
fn marks(model: &Model, number: u64) -> (Vec<(bool, f32)>, bool) {
    let (writer, stranger) = (Writer::new(SEED, number), Writer::new(SEED, PAIRS + number));
    let ink = |gray: &Gray| model.preprocess().apply_gray(gray).unwrap();
    let references: Vec<Embedding> =
        (1..=REFERENCES).map(|repeat| model.embed(&ink(&writer.genuine(repeat))).unwrap()).collect();
    let own = writer.genuine(0);
    let (first, last) = columns(&own);
    let count = ((last - first) as f64 * SHARE) as usize;
    let from = first + (last - first - count) * (number as usize % 5) / 4;
    let questioned = altered(&own, &stranger.genuine(0), from, count);
    let place = Foreign::new(&questioned, &ink(&questioned), from, count);
    let questioned = ink(&questioned);
    let explanation = Explanation::new(&references, &model.embed(&questioned).unwrap()).unwrap().questioned;
    let pixels = (0..SIDE * SIDE).filter(|&at| questioned.pixels()[at] >= 128);
    let marks = pixels.map(|at| {
        let (x, y) = ((at % SIDE) as f32 + 0.5, (at / SIDE) as f32 + 0.5);
        (place.holds(x), 1.0 - explanation.at(x, y).unwrap())
    });
    let strongest = explanation.similarity.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
    (marks.collect(), place.holds(explanation.at[strongest][0]))
}

/// The foreign columns in the frame of the ink, which scales and shifts the scan's.
struct Foreign {
    from: f32,
    to: f32,
}

impl Foreign {
    fn new(gray: &Gray, ink: &Ink, from: usize, count: usize) -> Self {
        let (first, last) = columns(gray);
        let has_ink = |x: &usize| (0..SIDE).any(|y| ink.pixels()[y * SIDE + x] >= 128);
        let left = (0..SIDE).find(has_ink).unwrap() as f32;
        let right = (0..SIDE).rev().find(has_ink).unwrap() as f32 + 1.0;
        let scale = (right - left) / (last - first) as f32;
        let place = |x: usize| left + (x as f32 - first as f32) * scale;
        Self { from: place(from), to: place(from + count) }
    }

    fn holds(&self, x: f32) -> bool {
        (self.from..self.to).contains(&x)
    }
}

/// The chance that a foreign pixel is called more different than an own one.
fn auc(marks: &[(bool, f32)]) -> f64 {
    let mut sorted: Vec<_> = marks.to_vec();
    sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (mut own, mut won, mut foreign) = (0.0, 0.0, 0.0);
    for group in sorted.chunk_by(|a, b| a.1 == b.1) {
        let here = group.iter().filter(|mark| mark.0).count() as f64;
        let others = group.len() as f64 - here;
        won += here * (own + others / 2.0);
        own += others;
        foreign += here;
    }
    won / (own * foreign)
}

#[test]
fn the_altered_part_is_marked() {
    let model = Model::bundled();
    let all: Vec<_> = (0..PAIRS).into_par_iter().map(|number| marks(&model, number)).collect();
    let pixels: Vec<(bool, f32)> = all.iter().flat_map(|(marks, _)| marks.iter().copied()).collect();
    let chance = pixels.iter().filter(|mark| mark.0).count() as f64 / pixels.len() as f64;
    let hits = all.iter().filter(|(_, hit)| *hit).count() as f64 / all.len() as f64;
    println!("AUC by ink pixel {:.3}; the strongest mark hits in {hits:.2}, by chance in {chance:.2}", auc(&pixels));
    assert!(auc(&pixels) >= 0.75, "AUC {}", auc(&pixels));
    assert!(hits >= 2.0 * chance, "{hits} of the strongest marks hit, {chance} by chance");
}

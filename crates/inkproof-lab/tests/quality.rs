//! Whether two signatures on one sheet are noticed, and one signature, of several words too, is not taken for two.

use inkproof::{Flaw, Gray, Limits, Preprocess};
use inkproof_lab::synth::{Style, Writer};
use rayon::prelude::*;

/// The seed of no data set or model.
const SEED: u64 = 34;
/// Of each style.
const WRITERS: u64 = 60;

/// Darker than this is ink on the synthesiser's paper.
const INK: u8 = 150;
const PAPER: u8 = 235;

/// What is in the box around the ink, row by row.
struct Cut {
    width: usize,
    rows: Vec<Vec<u8>>,
}

impl Cut {
    fn from_image(gray: &Gray) -> Self {
        let has_ink = |x: usize, y: usize| gray.row(y)[x] < INK;
        let columns: Vec<usize> = (0..gray.width()).filter(|&x| (0..gray.height()).any(|y| has_ink(x, y))).collect();
        let (left, right) = (columns[0], columns[columns.len() - 1] + 1);
        let rows: Vec<usize> = (0..gray.height()).filter(|&y| (0..gray.width()).any(|x| has_ink(x, y))).collect();
        let (top, bottom) = (rows[0], rows[rows.len() - 1] + 1);
        let toned = |&pixel: &u8| if pixel < INK { 20 } else { PAPER };
        let rows = (top..bottom).map(|y| gray.row(y)[left..right].iter().map(toned).collect());
        Self { width: right - left, rows: rows.collect() }
    }
}

/// Two signatures with a gap of the taller one's height between them, and paper around.
fn together(a: &Gray, b: &Gray, below: bool) -> Gray {
    const MARGIN: usize = 30;
    let [a, b] = [a, b].map(Cut::from_image);
    let gap = a.rows.len().max(b.rows.len());
    let (x, y) = if below { (0, a.rows.len() + gap) } else { (a.width + gap, 0) };
    let width = 2 * MARGIN + a.width.max(x + b.width);
    let height = 2 * MARGIN + a.rows.len().max(y + b.rows.len());
    let mut pixels = vec![PAPER; width * height];
    for (cut, x, y) in [(&a, 0, 0), (&b, x, y)] {
        for (row, values) in cut.rows.iter().enumerate() {
            let start = (MARGIN + y + row) * width + MARGIN + x;
            pixels[start..start + cut.width].copy_from_slice(values);
        }
    }
    Gray::new(width, height, pixels).unwrap()
}

fn seems_two(gray: &Gray) -> bool {
    let mut file = format!("P5\n{} {}\n255\n", gray.width(), gray.height()).into_bytes();
    file.extend(gray.pixels());
    Preprocess::ink().apply(&file, &Limits::default()).unwrap().flaws.contains(&Flaw::TwoGroups)
}

#[test]
fn two_signatures_are_noticed_and_one_is_not_taken_for_two() {
    let writers: Vec<(u64, Style)> =
        Style::ALL.iter().flat_map(|&style| (0..WRITERS).map(move |number| (number, style))).collect();
    let signatures: Vec<Gray> =
        writers.par_iter().map(|&(number, style)| Writer::in_style(SEED, number, style).genuine(0)).collect();
    let share = |found: usize, of: usize| found as f64 / of as f64;
    let wrong = signatures.par_iter().filter(|gray| seems_two(gray)).count();
    // Each with one of another style.
    let pairs: Vec<(usize, bool)> = (0..signatures.len()).flat_map(|at| [(at, false), (at, true)]).collect();
    let other = |at: usize| (at + 7 * WRITERS as usize / 2) % signatures.len();
    let right = pairs
        .par_iter()
        .filter(|&&(at, below)| seems_two(&together(&signatures[at], &signatures[other(at)], below)))
        .count();
    let (wrong, right) = (share(wrong, signatures.len()), share(right, pairs.len()));
    println!("{wrong:.4} of single signatures, {right:.3} of two together");
    assert!(wrong < 0.005 && right > 0.9, "{wrong:.4} {right:.3}");
}

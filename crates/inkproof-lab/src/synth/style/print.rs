//! Several words, joined or not, and letters that stand apart: print capitals, or small letters without joining strokes.

use std::ops::Range;

use rand::{Rng, RngExt};

use super::latin::Hand;
use crate::synth::draw::{between, chance};
use crate::synth::letters::{Glyph, Mark, SMALL, Target, glyph};
use crate::synth::pen::{Pen, bent, bent_glyphs};

/// Print capitals: 1 is their height.
const CAPITALS: [Glyph; 22] = [
    // A
    glyph(&[&[(0.0, 0.0, 0.0), (0.42, 1.0, 0.0), (0.8, 0.0, 0.0)], &[(0.16, 0.36, 0.0), (0.68, 0.38, 0.0)]], 0.9),
    // B
    glyph(
        &[
            &[(0.1, 1.0, 0.0), (0.1, 0.0, 0.0)],
            &[(0.1, 1.0, 0.0), (0.6, 0.77, -1.5), (0.12, 0.53, -1.5), (0.7, 0.26, -1.5), (0.1, 0.0, -1.5)],
        ],
        0.85,
    ),
    // C
    glyph(&[&[(0.75, 0.85, 0.0), (0.4, 1.0, 0.9), (0.05, 0.5, 1.3), (0.4, 0.0, 1.3), (0.78, 0.2, 0.9)]], 0.9),
    // D
    glyph(&[&[(0.1, 1.0, 0.0), (0.1, 0.0, 0.0)], &[(0.1, 1.0, 0.0), (0.75, 0.5, -1.5), (0.1, 0.0, -1.5)]], 0.9),
    // E
    glyph(
        &[
            &[(0.65, 1.0, 0.0), (0.1, 1.0, 0.0), (0.1, 0.0, 0.0), (0.68, 0.02, 0.0)],
            &[(0.12, 0.52, 0.0), (0.55, 0.54, 0.0)],
        ],
        0.8,
    ),
    // F
    glyph(&[&[(0.65, 1.0, 0.0), (0.1, 0.98, 0.0), (0.1, 0.0, 0.0)], &[(0.12, 0.52, 0.0), (0.55, 0.54, 0.0)]], 0.75),
    // G
    glyph(
        &[&[
            (0.75, 0.85, 0.0),
            (0.4, 1.0, 0.9),
            (0.05, 0.5, 1.3),
            (0.4, 0.0, 1.3),
            (0.78, 0.4, 1.2),
            (0.45, 0.42, 0.0),
        ]],
        0.95,
    ),
    // H
    glyph(
        &[
            &[(0.1, 1.0, 0.0), (0.1, 0.0, 0.0)],
            &[(0.7, 1.0, 0.0), (0.7, 0.0, 0.0)],
            &[(0.1, 0.5, 0.0), (0.7, 0.52, 0.0)],
        ],
        0.9,
    ),
    // I
    glyph(&[&[(0.15, 1.0, 0.0), (0.15, 0.0, 0.0)]], 0.4),
    // J
    glyph(&[&[(0.55, 1.0, 0.0), (0.55, 0.25, 0.0), (0.3, 0.0, -1.4), (0.02, 0.2, -1.2)]], 0.7),
    // K
    glyph(&[&[(0.1, 1.0, 0.0), (0.1, 0.0, 0.0)], &[(0.7, 1.0, 0.0), (0.12, 0.45, 0.0), (0.75, 0.0, 0.0)]], 0.85),
    // L
    glyph(&[&[(0.1, 1.0, 0.0), (0.1, 0.02, 0.0), (0.65, 0.0, 0.0)]], 0.75),
    // M
    glyph(&[&[(0.05, 0.0, 0.0), (0.12, 1.0, 0.0), (0.5, 0.3, 0.0), (0.88, 1.0, 0.0), (0.95, 0.0, 0.0)]], 1.1),
    // N
    glyph(&[&[(0.1, 0.0, 0.0), (0.1, 1.0, 0.0), (0.7, 0.0, 0.0), (0.7, 1.0, 0.0)]], 0.9),
    // O
    glyph(&[&[(0.45, 1.0, 0.0), (0.05, 0.5, 1.5), (0.42, 0.0, 1.5), (0.8, 0.5, 1.5), (0.45, 1.0, 1.5)]], 0.95),
    // P
    glyph(&[&[(0.1, 1.0, 0.0), (0.1, 0.0, 0.0)], &[(0.1, 1.0, 0.0), (0.65, 0.75, -1.5), (0.1, 0.48, -1.5)]], 0.8),
    // R
    glyph(
        &[
            &[(0.1, 1.0, 0.0), (0.1, 0.0, 0.0)],
            &[(0.1, 1.0, 0.0), (0.65, 0.75, -1.5), (0.12, 0.48, -1.5), (0.72, 0.0, 0.0)],
        ],
        0.85,
    ),
    // S
    glyph(
        &[&[
            (0.68, 0.86, 0.0),
            (0.38, 1.0, 0.8),
            (0.12, 0.75, 1.5),
            (0.4, 0.52, 0.7),
            (0.68, 0.25, -1.3),
            (0.38, 0.0, -1.4),
            (0.08, 0.16, -0.7),
        ]],
        0.8,
    ),
    // T
    glyph(&[&[(0.0, 1.0, 0.0), (0.8, 1.0, 0.0)], &[(0.4, 1.0, 0.0), (0.4, 0.0, 0.0)]], 0.85),
    // U
    glyph(&[&[(0.1, 1.0, 0.0), (0.12, 0.3, 0.1), (0.42, 0.0, 1.3), (0.7, 0.3, 1.3), (0.72, 1.0, 0.1)]], 0.9),
    // V
    glyph(&[&[(0.02, 1.0, 0.0), (0.4, 0.0, 0.0), (0.78, 1.0, 0.0)]], 0.85),
    // Z
    glyph(&[&[(0.05, 1.0, 0.0), (0.7, 0.98, 0.0), (0.05, 0.02, 0.0), (0.75, 0.0, 0.0)]], 0.85),
];

/// What the letters of a writer are like.
enum Kind {
    /// Short joined words.
    Joined,
    /// Print capitals, the first of a word taller.
    Capitals,
    /// Print capitals first, then small letters.
    Small,
}

pub(super) fn written(rng: &mut impl Rng) -> Pen {
    let kind = match rng.random_range(0..5) {
        0 | 1 => Kind::Joined,
        2 => Kind::Capitals,
        _ => Kind::Small,
    };
    let (joined, apart) = (Hand::draw(rng), Apart::draw(rng));
    let mut pen = Pen::default();
    let words = rng.random_range(2..4);
    let gap = between(rng, 0.5, 1.1);
    for word in 0..words {
        match kind {
            Kind::Joined => {
                joined.capital(&mut pen, rng);
                joined.word(&mut pen, 1..5, rng);
            }
            Kind::Capitals => apart.capitals(&mut pen, 1..5, rng),
            Kind::Small => apart.small(&mut pen, 1..6, rng),
        }
        if word + 1 < words {
            if chance(rng, 0.2) {
                pen.dot(0.1, 0.06);
                pen.next(0.2);
            }
            pen.gap(gap);
        }
    }
    pen
}

/// How a writer bends letters that stand apart.
pub(super) struct Apart {
    capitals: Vec<Vec<Vec<Target>>>,
    small: Vec<Vec<Target>>,
    /// Height of capitals.
    tall: f64,
    spacing: f64,
}

impl Apart {
    pub(super) fn draw(rng: &mut impl Rng) -> Self {
        Self {
            capitals: bent_glyphs(&CAPITALS, 0.07, rng),
            small: SMALL.iter().map(|letter| bent(letter.targets, 0.09, rng)).collect(),
            tall: between(rng, 1.5, 2.2),
            spacing: between(rng, 0.05, 0.35),
        }
    }

    /// A word of print capitals; `more` letters follow the first.
    pub(super) fn capitals(&self, pen: &mut Pen, more: Range<usize>, rng: &mut impl Rng) {
        self.capital(pen, self.tall, rng);
        for _ in 0..rng.random_range(more) {
            self.capital(pen, 0.75 * self.tall, rng);
        }
    }

    /// A capital, and `more` small letters.
    pub(super) fn small(&self, pen: &mut Pen, more: Range<usize>, rng: &mut impl Rng) {
        self.capital(pen, self.tall, rng);
        for _ in 0..rng.random_range(more) {
            let index = rng.random_range(0..SMALL.len());
            pen.run(&self.small[index], 1.0, 1.0, false);
            if SMALL[index].mark == Mark::Dot {
                pen.dot(0.4, 1.45);
            }
            pen.next(SMALL[index].width + self.spacing);
        }
        pen.down = false;
    }

    fn capital(&self, pen: &mut Pen, size: f64, rng: &mut impl Rng) {
        let index = rng.random_range(0..CAPITALS.len());
        for run in &self.capitals[index] {
            pen.run(run, size, size, false);
        }
        pen.next(CAPITALS[index].width * size + self.spacing);
    }
}

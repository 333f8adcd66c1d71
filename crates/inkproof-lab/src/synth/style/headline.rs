//! Letters that hang from a line: verticals, loops and short strokes below it, arcs and dots above, as in Devanagari and
//! Bengali.

use rand::{Rng, RngExt};

use crate::synth::draw::{between, chance};
use crate::synth::letters::{Glyph, Target, glyph};
use crate::synth::motor::Point;
use crate::synth::pen::{Pen, bent_glyphs};

/// Heights are of the line: 1 is on it, 0 the foot of a letter.
const HANGING: [Glyph; 15] = [
    glyph(
        &[
            &[
                (0.5, 0.62, 0.0),
                (0.2, 0.74, 0.9),
                (0.08, 0.42, 1.5),
                (0.5, 0.5, 2.0),
                (0.85, 0.68, -0.8),
                (0.82, 0.24, -1.6),
            ],
            &[(0.5, 1.0, 0.0), (0.5, 0.0, 0.05)],
        ],
        0.98,
    ),
    glyph(&[&[(0.16, 1.0, 0.0), (0.16, 0.45, 0.1), (0.0, 0.3, -1.5)], &[(0.55, 1.0, 0.0), (0.56, 0.0, 0.0)]], 0.7),
    glyph(
        &[
            &[(0.6, 0.5, 0.0), (0.18, 0.52, 0.2), (0.04, 0.36, 1.5), (0.26, 0.42, 2.0)],
            &[(0.6, 1.0, 0.0), (0.6, 0.0, 0.0)],
        ],
        0.75,
    ),
    glyph(
        &[
            &[(0.14, 1.0, 0.0), (0.14, 0.26, 0.0), (-0.02, 0.2, -1.4), (0.1, 0.34, -1.8), (0.6, 0.32, 0.3)],
            &[(0.6, 1.0, 0.0), (0.62, 0.0, 0.0)],
        ],
        0.78,
    ),
    glyph(&[&[(0.3, 1.0, 0.0), (0.4, 0.75, -0.4), (0.08, 0.56, -1.5), (0.5, 0.0, 0.4)]], 0.6),
    glyph(
        &[
            &[(0.6, 0.7, 0.0), (0.2, 0.64, 1.0), (0.16, 0.3, 1.6), (0.6, 0.38, 1.6)],
            &[(0.6, 1.0, 0.0), (0.6, 0.0, 0.0)],
        ],
        0.75,
    ),
    glyph(&[&[(0.6, 0.62, 0.0), (0.2, 0.56, 0.9), (0.16, 0.08, 1.2)], &[(0.6, 1.0, 0.0), (0.62, 0.0, 0.0)]], 0.75),
    glyph(
        &[&[
            (0.32, 1.0, 0.0),
            (0.3, 0.8, 0.0),
            (0.06, 0.56, 1.2),
            (0.42, 0.42, 1.5),
            (0.3, 0.2, -1.8),
            (0.58, 0.0, 0.8),
        ]],
        0.66,
    ),
    glyph(
        &[
            &[(0.1, 1.0, 0.0), (0.1, 0.56, 0.0), (0.3, 0.34, 1.2), (0.6, 0.42, 0.8)],
            &[(0.6, 1.0, 0.0), (0.6, 0.0, 0.0)],
        ],
        0.74,
    ),
    glyph(
        &[
            &[(0.12, 1.0, 0.0), (0.28, 0.72, -1.0), (0.08, 0.5, 1.0), (0.3, 0.32, 1.2), (0.6, 0.42, 0.5)],
            &[(0.6, 1.0, 0.0), (0.62, 0.0, 0.0)],
        ],
        0.74,
    ),
    // A triangle, as Bengali has it.
    glyph(&[&[(0.6, 0.98, 0.0), (0.04, 0.5, 0.05), (0.6, 0.26, 0.05)], &[(0.6, 1.0, 0.0), (0.6, 0.0, 0.0)]], 0.74),
    glyph(
        &[&[
            (0.34, 1.0, 0.0),
            (0.32, 0.76, 0.0),
            (0.06, 0.64, 0.9),
            (0.4, 0.5, 1.4),
            (0.1, 0.3, -1.6),
            (0.5, 0.06, 1.6),
        ]],
        0.62,
    ),
    glyph(&[&[(0.08, 1.0, 0.0), (0.1, 0.3, 0.2), (0.5, 0.1, 1.4), (0.62, 0.6, 1.3), (0.3, 0.55, 1.6)]], 0.78),
    // A vertical alone.
    glyph(&[&[(0.2, 1.0, 0.0), (0.22, 0.0, 0.0)]], 0.4),
    // An angle with a foot.
    glyph(&[&[(0.1, 1.0, 0.0), (0.5, 0.55, 0.0), (0.08, 0.2, 0.0), (0.66, -0.12, 0.4)]], 0.7),
];

/// Signs above the line and below the letters; they begin at a letter.
const SIGNS: [&[Target]; 6] = [
    &[(0.1, 1.0, 0.0), (0.3, 1.5, -1.0), (0.7, 1.02, -1.7)],
    &[(0.6, 1.0, 0.0), (0.5, 1.5, 0.6), (0.1, 1.2, 1.7)],
    &[(0.6, 1.0, 0.0), (0.24, 1.42, 0.4)],
    &[(0.62, 1.0, 0.0), (0.4, 1.44, 0.3), (0.24, 1.5, 0.2)],
    &[(0.5, 0.0, 0.0), (0.72, -0.26, -1.5), (0.42, -0.34, -1.7)],
    &[(0.6, -0.02, 0.0), (0.2, -0.3, 0.9), (0.5, -0.4, 1.5)],
];

/// How a writer bends the letters, and hangs them.
struct Hand {
    letters: Vec<Vec<Vec<Target>>>,
    /// Height of the line.
    line: f64,
    /// Chance that two runs of a letter are joined.
    joins: f64,
    signs: f64,
    spacing: f64,
    /// Bends the line.
    sag: f64,
}

pub(super) fn written(rng: &mut impl Rng) -> Pen {
    let hand = Hand {
        letters: bent_glyphs(&HANGING, 0.07, rng),
        line: between(rng, 1.3, 1.7),
        joins: if chance(rng, 0.5) { 0.05 } else { between(rng, 0.2, 0.6) },
        signs: between(rng, 0.1, 0.5),
        spacing: between(rng, -0.05, 0.25),
        sag: between(rng, -0.12, 0.12),
    };
    let mut pen = Pen::default();
    for word in 0..rng.random_range(1..4) {
        if word > 0 {
            pen.gap(between(rng, 0.35, 0.8));
        }
        hand.word(&mut pen, rng);
    }
    flourish(&mut pen, hand.line, rng);
    pen
}

impl Hand {
    /// Letters, and then the line that they hang from.
    fn word(&self, pen: &mut Pen, rng: &mut impl Rng) {
        let begin = pen.at.x;
        for _ in 0..rng.random_range(2..5) {
            self.letter(pen, rng);
        }
        let (from, to) = (begin - between(rng, 0.0, 0.3), pen.at.x + between(rng, 0.0, 0.4));
        pen.put_down(Point { x: from, y: self.line });
        pen.aim_at(to, self.line + between(rng, -0.08, 0.08), self.sag);
        pen.next(0.0);
        pen.down = false;
    }

    fn letter(&self, pen: &mut Pen, rng: &mut impl Rng) {
        let index = rng.random_range(0..HANGING.len());
        pen.down = false;
        for run in &self.letters[index] {
            pen.run(run, self.line, self.line, chance(rng, self.joins));
        }
        if chance(rng, self.signs) {
            pen.run(SIGNS[rng.random_range(0..SIGNS.len())], self.line, self.line, false);
        } else if chance(rng, 0.3 * self.signs) {
            pen.dot(0.4 * self.line, 1.3 * self.line);
        }
        pen.next(HANGING[index].width * self.line + self.spacing);
    }
}

/// One of three goes on from the last line, or underlines all.
fn flourish(pen: &mut Pen, line: f64, rng: &mut impl Rng) {
    let end = pen.at.x;
    match rng.random_range(0..6) {
        0 => {
            pen.put_down(Point { x: end, y: line });
            pen.aim_at(end + between(rng, 0.8, 1.6), 0.3, -1.6);
            pen.aim_at(end * between(rng, 0.2, 0.6), between(rng, -0.9, -0.5), -0.8);
        }
        1 => {
            pen.put_down(Point { x: between(rng, 0.0, 0.4) * end, y: between(rng, -0.8, -0.4) });
            pen.aim_at(end + between(rng, -0.4, 0.6), between(rng, -0.7, -0.2), between(rng, -0.3, 0.3));
        }
        _ => {}
    }
    pen.next(0.0);
}

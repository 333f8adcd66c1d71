//! Two to four dense blocks of short straight strokes, side by side or one below the other, as in Chinese and Japanese.

use rand::{Rng, RngExt};

use crate::synth::draw::{between, chance};
use crate::synth::letters::{Glyph, Target, glyph};
use crate::synth::pen::{Pen, bent_glyphs};

/// Parts of blocks, in a square of side 1.
const PARTS: [Glyph; 18] = [
    // A box.
    glyph(
        &[
            &[(0.12, 0.9, 0.0), (0.15, 0.1, 0.0)],
            &[(0.12, 0.9, 0.0), (0.88, 0.88, 0.0), (0.84, 0.1, 0.0)],
            &[(0.16, 0.14, 0.0), (0.84, 0.15, 0.0)],
        ],
        1.0,
    ),
    // A box with a bar.
    glyph(
        &[
            &[(0.15, 0.95, 0.0), (0.17, 0.04, 0.0)],
            &[(0.15, 0.94, 0.0), (0.85, 0.93, 0.0), (0.82, 0.04, 0.0)],
            &[(0.2, 0.5, 0.0), (0.8, 0.5, 0.0)],
            &[(0.2, 0.08, 0.0), (0.8, 0.08, 0.0)],
        ],
        1.0,
    ),
    // A box with a cross.
    glyph(
        &[
            &[(0.1, 0.9, 0.0), (0.13, 0.08, 0.0)],
            &[(0.1, 0.9, 0.0), (0.9, 0.88, 0.0), (0.86, 0.08, 0.0)],
            &[(0.5, 0.88, 0.0), (0.5, 0.12, 0.0)],
            &[(0.14, 0.5, 0.0), (0.86, 0.5, 0.0)],
            &[(0.14, 0.1, 0.0), (0.86, 0.1, 0.0)],
        ],
        1.0,
    ),
    // A cross.
    glyph(&[&[(0.05, 0.62, 0.0), (0.95, 0.64, 0.0)], &[(0.5, 1.0, 0.0), (0.5, 0.0, 0.0)]], 1.0),
    // A tree.
    glyph(
        &[
            &[(0.05, 0.68, 0.0), (0.95, 0.7, 0.0)],
            &[(0.5, 1.0, 0.0), (0.5, 0.0, 0.0)],
            &[(0.48, 0.64, 0.0), (0.05, 0.15, -0.3)],
            &[(0.52, 0.64, 0.0), (0.97, 0.15, 0.3)],
        ],
        1.0,
    ),
    // Two legs.
    glyph(&[&[(0.5, 0.95, 0.0), (0.36, 0.45, -0.2), (0.02, 0.02, -0.3)], &[(0.44, 0.6, 0.0), (0.98, 0.04, 0.4)]], 1.0),
    // Three bars and a post.
    glyph(
        &[
            &[(0.1, 0.95, 0.0), (0.9, 0.96, 0.0)],
            &[(0.5, 0.95, 0.0), (0.5, 0.05, 0.0)],
            &[(0.15, 0.5, 0.0), (0.85, 0.52, 0.0)],
            &[(0.0, 0.05, 0.0), (1.0, 0.06, 0.0)],
        ],
        1.0,
    ),
    // Three drops.
    glyph(
        &[
            &[(0.3, 0.98, 0.0), (0.62, 0.82, -0.3)],
            &[(0.14, 0.64, 0.0), (0.45, 0.5, -0.3)],
            &[(0.2, 0.04, 0.0), (0.7, 0.38, 0.2)],
        ],
        1.0,
    ),
    // A dot, bars and a small box.
    glyph(
        &[
            &[(0.42, 1.0, 0.0), (0.6, 0.9, 0.0)],
            &[(0.05, 0.78, 0.0), (0.95, 0.8, 0.0)],
            &[(0.2, 0.6, 0.0), (0.8, 0.61, 0.0)],
            &[(0.2, 0.36, 0.0), (0.24, 0.0, 0.0)],
            &[(0.2, 0.36, 0.0), (0.8, 0.36, 0.0), (0.76, 0.0, 0.0)],
            &[(0.24, 0.03, 0.0), (0.76, 0.03, 0.0)],
        ],
        1.0,
    ),
    // A roof over a post.
    glyph(
        &[
            &[(0.5, 1.0, 0.0), (0.54, 0.86, 0.0)],
            &[(0.08, 0.8, 0.0), (0.02, 0.56, -0.2)],
            &[(0.08, 0.78, 0.0), (0.94, 0.8, 0.0), (0.84, 0.6, 0.0)],
            &[(0.2, 0.42, 0.0), (0.82, 0.44, 0.0)],
            &[(0.52, 0.42, 0.0), (0.5, 0.02, 0.0), (0.36, 0.1, 0.0)],
        ],
        1.0,
    ),
    // A gate.
    glyph(
        &[
            &[(0.12, 0.85, 0.0), (0.1, 0.0, 0.0)],
            &[(0.3, 0.95, 0.0), (0.9, 0.94, 0.0), (0.88, 0.04, 0.0), (0.7, 0.12, 0.0)],
        ],
        1.0,
    ),
    // A bow.
    glyph(
        &[&[
            (0.15, 0.95, 0.0),
            (0.8, 0.94, 0.0),
            (0.78, 0.68, 0.0),
            (0.2, 0.66, 0.0),
            (0.14, 0.4, 0.0),
            (0.84, 0.42, 0.0),
            (0.74, 0.02, -0.2),
            (0.5, 0.1, 0.0),
        ]],
        1.0,
    ),
    // A knife.
    glyph(&[&[(0.3, 0.82, 0.0), (0.3, 0.3, 0.0)], &[(0.78, 1.0, 0.0), (0.78, 0.02, 0.0), (0.55, 0.14, 0.0)]], 1.0),
    // Crossed legs under a bar.
    glyph(
        &[
            &[(0.42, 1.0, 0.0), (0.2, 0.36, 0.0), (0.85, 0.02, 0.1)],
            &[(0.76, 0.7, 0.0), (0.52, 0.24, -0.2), (0.06, 0.0, -0.2)],
            &[(0.0, 0.64, 0.0), (1.0, 0.68, 0.0)],
        ],
        1.0,
    ),
    // Legs through a bar.
    glyph(
        &[
            &[(0.05, 0.65, 0.0), (0.95, 0.68, 0.0)],
            &[(0.5, 1.0, 0.0), (0.45, 0.55, -0.1), (0.04, 0.02, -0.3)],
            &[(0.52, 0.6, 0.0), (0.97, 0.0, 0.3)],
        ],
        1.0,
    ),
    // A post with a man's arm.
    glyph(&[&[(0.75, 1.0, 0.0), (0.2, 0.5, -0.2)], &[(0.5, 0.74, 0.0), (0.5, 0.0, 0.0)]], 1.0),
    // A heart: dots and a hook.
    glyph(
        &[
            &[(0.12, 0.6, 0.0), (0.04, 0.3, 0.0)],
            &[(0.3, 0.75, 0.0), (0.4, 0.12, 0.7), (0.8, 0.1, 0.6), (0.82, 0.34, 0.5)],
            &[(0.5, 0.85, 0.0), (0.62, 0.6, 0.0)],
            &[(0.85, 0.8, 0.0), (0.98, 0.5, 0.0)],
        ],
        1.0,
    ),
    // Four drops.
    glyph(
        &[
            &[(0.1, 0.8, 0.0), (0.0, 0.2, 0.0)],
            &[(0.35, 0.75, 0.0), (0.4, 0.25, 0.0)],
            &[(0.6, 0.75, 0.0), (0.68, 0.25, 0.0)],
            &[(0.85, 0.8, 0.0), (1.0, 0.2, 0.0)],
        ],
        1.0,
    ),
];

/// Where a part is in its block: left, foot, width and height, as shares of it.
type Place = (f64, f64, f64, f64);

/// How parts make a block.
const LAYOUTS: [&[Place]; 6] = [
    &[(0.0, 0.0, 1.0, 1.0)],
    &[(0.0, 0.0, 0.4, 1.0), (0.46, 0.0, 0.54, 1.0)],
    &[(0.0, 0.0, 0.34, 1.0), (0.4, 0.0, 0.6, 1.0)],
    &[(0.05, 0.55, 0.9, 0.45), (0.0, 0.0, 1.0, 0.5)],
    &[(0.0, 0.62, 1.0, 0.38), (0.1, 0.0, 0.8, 0.56)],
    &[(0.0, 0.0, 0.36, 1.0), (0.42, 0.54, 0.58, 0.46), (0.42, 0.0, 0.58, 0.48)],
];

/// How a writer bends the parts, and how hastily.
struct Hand {
    parts: Vec<Vec<Vec<Target>>>,
    side: f64,
    /// Chance that the pen stays down between two strokes.
    joins: f64,
    spacing: f64,
    /// One block below the other.
    downwards: bool,
}

pub(super) fn written(rng: &mut impl Rng) -> Pen {
    let hand = Hand {
        parts: bent_glyphs(&PARTS, 0.07, rng),
        side: between(rng, 1.9, 2.6),
        joins: if chance(rng, 0.5) { 0.08 } else { between(rng, 0.2, 0.6) },
        spacing: between(rng, 0.1, 0.6),
        downwards: chance(rng, 0.15),
    };
    let mut pen = Pen::default();
    for _ in 0..rng.random_range(2..5) {
        hand.block(&mut pen, rng);
    }
    pen
}

impl Hand {
    fn block(&self, pen: &mut Pen, rng: &mut impl Rng) {
        let corner = pen.at;
        let side = self.side * between(rng, 0.85, 1.15);
        for &(left, foot, width, height) in LAYOUTS[rng.random_range(0..LAYOUTS.len())] {
            pen.at.x = corner.x + left * side;
            pen.at.y = corner.y + foot * side;
            for run in &self.parts[rng.random_range(0..PARTS.len())] {
                pen.run(run, width * side, height * side, chance(rng, self.joins));
            }
            pen.next(0.0);
        }
        pen.down = false;
        let next = side + self.spacing;
        pen.at = corner;
        if self.downwards {
            pen.at.y -= next;
        } else {
            pen.at.x += next;
        }
    }
}

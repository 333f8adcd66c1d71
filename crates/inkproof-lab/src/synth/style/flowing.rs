//! From right to left: joined groups on a long baseline, teeth, loops and tall strokes, bowls below, dots above and below.
//!
//! The shapes are drawn from left to right, as if seen in a mirror, and turned round at the end.

use rand::{Rng, RngExt};

use crate::synth::draw::{between, chance};
use crate::synth::letters::{Glyph, Target, glyph};
use crate::synth::motor::Point;
use crate::synth::pen::{Pen, bent_glyphs};

/// Letters within a joined group: they begin at (0, 0) on the baseline and end there.
const JOINED: [Glyph; 9] = [
    // A tooth.
    glyph(&[&[(0.16, 0.6, 0.6), (0.34, 0.02, 0.6)]], 0.36),
    // Three teeth.
    glyph(
        &[&[
            (0.14, 0.45, 0.5),
            (0.28, 0.06, 0.6),
            (0.44, 0.45, 0.5),
            (0.58, 0.06, 0.6),
            (0.74, 0.45, 0.5),
            (0.9, 0.0, 0.6),
        ]],
        0.9,
    ),
    // A loop above the line.
    glyph(&[&[(0.46, 0.34, 1.0), (0.22, 0.6, 1.6), (0.1, 0.22, 1.5), (0.6, 0.0, 1.3)]], 0.62),
    // A loop below it.
    glyph(&[&[(0.4, -0.2, -0.8), (0.14, -0.34, -1.9), (0.16, 0.04, -1.6), (0.62, 0.02, 0.6)]], 0.62),
    // An eye.
    glyph(&[&[(0.5, 0.55, 0.2), (0.04, 0.56, 0.3), (0.6, 0.0, 0.2)]], 0.6),
    // A tall stroke.
    glyph(&[&[(0.12, 1.95, 0.4), (0.28, 0.03, 0.5)]], 0.34),
    // A head that leans over the line.
    glyph(&[&[(-0.2, 0.65, 0.4), (0.55, 0.45, -0.5), (0.66, 0.0, -0.6)]], 0.7),
    // A tall stroke with an arm.
    glyph(&[&[(0.3, 0.95, 0.4), (-0.1, 1.75, 0.3), (0.35, 0.9, 0.2), (0.55, 0.0, -0.7)]], 0.58),
    // The line, drawn out.
    glyph(&[&[(1.6, -0.05, 0.15)]], 1.6),
];

/// Letters that end a group.
const LAST: [Glyph; 8] = [
    // A bowl.
    glyph(&[&[(0.12, 0.4, 0.5), (0.24, -0.5, 0.4), (0.9, -0.95, 1.3), (1.6, 0.2, 1.6)]], 1.5),
    // A flat bowl.
    glyph(&[&[(0.14, 0.45, 0.5), (0.3, -0.1, 0.7), (1.5, -0.25, 0.6), (1.9, 0.35, 1.2)]], 1.8),
    // A bowl that turns back.
    glyph(&[&[(0.45, 0.5, -0.3), (0.95, -0.5, -1.2), (0.3, -1.15, -1.3), (-0.4, -0.8, -0.9)]], 1.0),
    // A tail.
    glyph(&[&[(0.2, 0.3, 0.5), (0.85, -0.7, 0.8)]], 0.8),
    // A loop with a tail.
    glyph(&[&[(0.46, 0.34, 1.0), (0.2, 0.6, 1.6), (0.12, 0.1, 1.6), (0.5, 0.0, 0.8), (0.85, -0.8, -0.5)]], 0.85),
    // An angle.
    glyph(&[&[(0.16, 0.85, 0.5), (0.5, 0.05, -0.5), (0.75, 0.08, 0.9)]], 0.8),
    // A tall stroke, upwards.
    glyph(&[&[(0.26, 0.05, 0.1), (0.34, 1.95, 0.9)]], 0.5),
    // A bowl with an eye in it.
    glyph(&[&[(0.5, 0.1, 0.4), (0.75, -0.7, -1.0), (0.2, -0.6, -1.9), (1.5, 0.1, 2.0)]], 1.5),
];

/// A tall stroke by itself.
const ALONE: [Target; 2] = [(0.08, 1.9, 0.0), (0.12, 0.02, 0.1)];

pub(super) fn written(rng: &mut impl Rng) -> Pen {
    let hand = Hand {
        joined: bent_glyphs(&JOINED, 0.07, rng),
        last: bent_glyphs(&LAST, 0.12, rng),
        drawn_out: between(rng, 0.7, 2.2),
        falls: if chance(rng, 0.4) { between(rng, 0.1, 0.3) } else { 0.0 },
        dots: between(rng, 0.1, 0.8),
    };
    let mut pen = Pen::default();
    for _ in 0..rng.random_range(2..5) {
        hand.group(&mut pen, rng);
    }
    flourish(&mut pen, rng);
    pen.mirrored()
}

struct Hand {
    joined: Vec<Vec<Vec<Target>>>,
    last: Vec<Vec<Vec<Target>>>,
    /// Length of what the line is drawn out to, against the school's.
    drawn_out: f64,
    /// How much each letter of a group is lower than the one before it.
    falls: f64,
    /// Chance that a letter has dots.
    dots: f64,
}

impl Hand {
    fn group(&self, pen: &mut Pen, rng: &mut impl Rng) {
        if chance(rng, 0.3) {
            pen.run(&ALONE, 1.0, between(rng, 0.8, 1.3), false);
            pen.next(0.3);
            pen.gap(between(rng, 0.0, 0.25));
        }
        let length = rng.random_range(1..5);
        pen.at.y = self.falls * length as f64;
        pen.down = false;
        for _ in 0..length {
            let index = rng.random_range(0..JOINED.len());
            let width = if index == JOINED.len() - 1 { self.drawn_out } else { 1.0 };
            self.letter(pen, &self.joined[index][0], JOINED[index].width, width, rng);
            pen.at.y -= self.falls;
        }
        let index = rng.random_range(0..LAST.len());
        self.letter(pen, &self.last[index][0], LAST[index].width, between(rng, 0.8, 1.3), rng);
        pen.at.y = 0.0;
        pen.gap(between(rng, -0.3, 0.35));
    }

    fn letter(&self, pen: &mut Pen, targets: &[Target], width: f64, stretch: f64, rng: &mut impl Rng) {
        for &(x, y, turn) in targets {
            pen.aim(x * stretch, y, turn);
        }
        if chance(rng, self.dots) {
            let y = if chance(rng, 0.6) { between(rng, 0.9, 1.3) } else { between(rng, -0.7, -0.4) };
            for number in 0..rng.random_range(1..4) {
                let aside = f64::from(number % 2);
                pen.dot(0.3 * width * stretch + 0.24 * f64::from(number), y + 0.16 * aside);
            }
        }
        pen.next(width * stretch);
    }
}

/// Two of three end in a sweep back under the groups, a long bowl, or a line through them.
fn flourish(pen: &mut Pen, rng: &mut impl Rng) {
    let end = pen.at.x;
    match rng.random_range(0..6) {
        0 => {
            pen.put_down(Point { x: end - 0.4, y: -0.2 });
            pen.aim_at(end * between(rng, 0.3, 0.6), -1.4, -1.0);
            pen.aim_at(between(rng, -0.8, 0.6), between(rng, -0.9, -0.3), -0.7);
        }
        1 => {
            pen.aim_at(end + between(rng, 0.6, 1.2), -1.0, 0.9);
            pen.aim_at(end + between(rng, 2.0, 3.2), between(rng, 0.4, 1.8), 1.4);
        }
        2 => {
            pen.put_down(Point { x: between(rng, -0.4, 0.6), y: between(rng, 1.3, 2.0) });
            pen.aim_at(end + between(rng, 0.2, 1.6), between(rng, 0.9, 1.9), between(rng, -0.4, 0.3));
        }
        3 => {
            pen.aim_at(end + 0.9, 1.3, 1.4);
            pen.aim_at(end * 0.5, 2.3, 1.2);
            pen.aim_at(end * between(rng, 0.1, 0.4), 0.4, 1.8);
            pen.aim_at(end + between(rng, 0.5, 1.5), -0.6, 1.2);
        }
        _ => {}
    }
    pen.next(0.0);
}

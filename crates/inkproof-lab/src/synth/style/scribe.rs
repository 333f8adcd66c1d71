//! What a hand writes that is no signature: words in rows, figures, initials.

use rand::{Rng, RngExt};

use super::latin::Hand;
use super::print::Apart;
use crate::synth::draw::{between, chance, pick};
use crate::synth::letters::{Glyph, glyph};
use crate::synth::pen::{Pen, bent_glyphs};
use crate::synth::plan::Habits;
use crate::synth::signing::{Path, Signing};

/// What stands for a character in [`FIGURES`].
const CHARACTERS: &str = "0123456789/-.,$#";

/// Figures and the signs between them: 1 is their height.
const FIGURES: [Glyph; 16] = [
    glyph(&[&[(0.35, 1.0, 0.0), (0.05, 0.5, 1.4), (0.32, 0.0, 1.4), (0.6, 0.5, 1.4), (0.35, 1.0, 1.4)]], 0.75),
    glyph(&[&[(0.1, 0.8, 0.0), (0.3, 1.0, 0.0), (0.28, 0.0, 0.0)]], 0.5),
    glyph(&[&[(0.08, 0.78, 0.0), (0.35, 1.0, -1.2), (0.55, 0.65, -1.2), (0.05, 0.02, 0.2), (0.65, 0.0, 0.3)]], 0.75),
    glyph(&[&[(0.1, 0.9, 0.0), (0.5, 0.78, -1.6), (0.25, 0.53, -1.2), (0.55, 0.25, -1.6), (0.05, 0.08, -1.5)]], 0.7),
    glyph(&[&[(0.2, 1.0, 0.0), (0.05, 0.4, 0.0), (0.65, 0.38, 0.0)], &[(0.5, 0.85, 0.0), (0.45, 0.0, 0.0)]], 0.75),
    glyph(&[&[(0.6, 1.0, 0.0), (0.2, 0.98, 0.0), (0.15, 0.55, 0.0), (0.55, 0.3, -1.4), (0.05, 0.05, -1.6)]], 0.7),
    glyph(&[&[(0.5, 1.0, 0.0), (0.08, 0.35, 0.6), (0.35, 0.0, 1.4), (0.55, 0.28, 1.4), (0.15, 0.35, 1.3)]], 0.7),
    glyph(&[&[(0.05, 0.95, 0.0), (0.6, 1.0, 0.0), (0.25, 0.0, 0.2)]], 0.7),
    glyph(&[&[(0.5, 0.85, 0.0), (0.15, 0.78, 1.9), (0.5, 0.2, -0.6), (0.15, 0.18, -2.2), (0.52, 0.85, -0.5)]], 0.7),
    glyph(&[&[(0.55, 0.8, 0.0), (0.1, 0.75, 2.2), (0.55, 0.85, 1.6), (0.45, 0.0, -0.2)]], 0.7),
    glyph(&[&[(0.5, 1.1, 0.0), (0.05, -0.15, 0.0)]], 0.55),
    glyph(&[&[(0.05, 0.45, 0.0), (0.45, 0.47, 0.0)]], 0.55),
    glyph(&[&[(0.1, 0.05, 0.0), (0.14, 0.0, 0.0)]], 0.3),
    glyph(&[&[(0.15, 0.08, 0.0), (0.05, -0.2, -0.3)]], 0.3),
    glyph(
        &[
            &[(0.6, 0.8, 0.0), (0.1, 0.72, 1.6), (0.55, 0.28, -1.0), (0.05, 0.15, -1.6)],
            &[(0.34, 1.1, 0.0), (0.3, -0.1, 0.0)],
        ],
        0.8,
    ),
    glyph(
        &[
            &[(0.3, 1.0, 0.0), (0.2, 0.0, 0.0)],
            &[(0.55, 1.0, 0.0), (0.45, 0.0, 0.0)],
            &[(0.05, 0.65, 0.0), (0.7, 0.68, 0.0)],
            &[(0.02, 0.3, 0.0), (0.66, 0.33, 0.0)],
        ],
        0.8,
    ),
];

/// How somebody writes notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Joined,
    Capitals,
    Apart,
}

/// A hand that writes notes and fills in forms.
pub(in crate::synth) struct Scribe {
    joined: Hand,
    apart: Apart,
    figures: Vec<Vec<Vec<(f64, f64, f64)>>>,
    manner: Manner,
    gap: f64,
    habits: Habits,
}

impl Scribe {
    pub(in crate::synth) fn draw(rng: &mut impl Rng) -> Self {
        let habits = Habits::draw(rng);
        Self {
            joined: Hand::draw(rng),
            apart: Apart::draw(rng),
            figures: bent_glyphs(&FIGURES, 0.06, rng),
            manner: *pick(rng, &[Manner::Joined, Manner::Joined, Manner::Joined, Manner::Capitals, Manner::Apart]),
            gap: between(rng, 0.6, 1.3),
            // On a line, and steadier than a signature.
            habits: Habits { rise: 0.0, looseness: 0.6 * habits.looseness, ..habits },
        }
    }

    /// So many words in a row, in x-heights, the baseline at 0.
    pub(in crate::synth) fn words(&self, count: usize, rng: &mut impl Rng) -> Vec<Path> {
        let mut pen = Pen::default();
        for word in 0..count {
            if word > 0 {
                pen.gap(self.gap);
            }
            let letters = rng.random_range(1..8);
            match self.manner {
                Manner::Joined => {
                    if chance(rng, 0.25) {
                        self.joined.capital(&mut pen, rng);
                    }
                    self.joined.word(&mut pen, letters..letters + 1, rng);
                    pen.next(0.0);
                }
                Manner::Capitals => self.apart.capitals(&mut pen, letters..letters + 1, rng),
                Manner::Apart => self.apart.small(&mut pen, letters..letters + 1, rng),
            }
        }
        self.written(pen, rng)
    }

    /// A date or an amount; characters without a figure are left out. Figures are 1.5 x-heights tall.
    pub(in crate::synth) fn figures(&self, text: &str, rng: &mut impl Rng) -> Vec<Path> {
        let mut pen = Pen::default();
        let tall = 1.5;
        for index in text.chars().map(|character| CHARACTERS.find(character)) {
            let Some(index) = index else {
                pen.gap(self.gap);
                continue;
            };
            for run in &self.figures[index] {
                pen.run(run, tall, tall, false);
            }
            pen.next(FIGURES[index].width * tall * between(rng, 0.95, 1.15));
        }
        self.written(pen, rng)
    }

    /// Two or three capitals, and now and then a dash after them.
    pub(in crate::synth) fn initials(&self, rng: &mut impl Rng) -> Vec<Path> {
        let mut pen = Pen::default();
        for _ in 0..rng.random_range(1..4) {
            self.joined.capital(&mut pen, rng);
        }
        if chance(rng, 0.3) {
            pen.aim(between(rng, 0.5, 2.0), between(rng, -0.2, 0.3), between(rng, -0.5, 0.5));
        }
        self.written(pen, rng)
    }

    /// Somebody's name to be read: initials or a first name, and a surname.
    pub(in crate::synth) fn name(&self, rng: &mut impl Rng) -> Vec<Path> {
        let mut pen = Pen::default();
        if chance(rng, 0.35) {
            self.part_of_name(&mut pen, rng);
            pen.gap(self.gap);
        }
        for _ in 0..rng.random_range(0..3) {
            self.joined.capital(&mut pen, rng);
            pen.next(between(rng, 0.0, 0.4));
            if chance(rng, 0.5) {
                pen.run(&[(0.0, 0.1, 0.0), (0.08, 0.0, 0.0)], 1.0, 1.0, false);
                pen.next(0.2);
            }
            pen.gap(between(rng, 0.1, self.gap));
        }
        self.part_of_name(&mut pen, rng);
        self.written(pen, rng)
    }

    fn part_of_name(&self, pen: &mut Pen, rng: &mut impl Rng) {
        let letters = rng.random_range(3..9);
        match self.manner {
            Manner::Joined | Manner::Capitals => {
                self.joined.capital(pen, rng);
                self.joined.word(pen, letters..letters + 1, rng);
                pen.next(0.0);
            }
            Manner::Apart => {
                self.joined.capital(pen, rng);
                pen.next(0.0);
                self.apart.small(pen, letters..letters + 1, rng);
            }
        }
    }

    fn written(&self, pen: Pen, rng: &mut impl Rng) -> Vec<Path> {
        Signing::genuine(&pen.finish(self.habits), rng).paths(rng)
    }
}

//! Writing a plan: where the pen is put down, where it goes, and how far the letters have come.

use rand::Rng;

use super::draw::normal;
use super::letters::{Glyph, Target};
use super::motor::Point;
use super::plan::{Aim, Habits, Plan, Run};

/// The plan as far as it is written.
#[derive(Default)]
pub(super) struct Pen {
    runs: Vec<Run>,
    /// Dots and bars, which are written when the word is done.
    marks: Vec<Run>,
    /// Where the next letter begins.
    pub at: Point,
    /// Whether the next letter goes on without lifting.
    pub down: bool,
    letters: usize,
}

impl Pen {
    pub(super) fn gap(&mut self, width: f64) {
        self.at.x += width;
        self.down = false;
    }

    pub(super) fn put_down(&mut self, start: Point) {
        self.runs.push(Run { start, strokes: Vec::new() });
        self.down = true;
    }

    /// A stroke to a place relative to the letter's beginning.
    pub(super) fn aim(&mut self, x: f64, y: f64, turn: f64) {
        self.aim_at(self.at.x + x, self.at.y + y, turn);
    }

    pub(super) fn aim_at(&mut self, x: f64, y: f64, turn: f64) {
        if !self.down {
            self.put_down(Point { x: self.at.x, y: self.at.y + 0.1 });
        }
        let stroke = Aim { to: Point { x, y }, turn, letter: self.letters };
        self.runs.last_mut().expect("the pen is down").strokes.push(stroke);
    }

    /// One run of a letter's: the first target is where the pen is put down, unless it is down already and `joins`.
    pub(super) fn run(&mut self, targets: &[Target], width: f64, height: f64, joins: bool) {
        let (x, y, _) = targets[0];
        if joins && self.down {
            self.aim(x * width, y * height, JOINING)
        } else {
            self.put_down(Point { x: self.at.x + x * width, y: self.at.y + y * height })
        }
        for &(x, y, turn) in &targets[1..] {
            self.aim(x * width, y * height, turn);
        }
    }

    /// A stroke that is written when all letters are.
    pub(super) fn mark(&mut self, from: Point, to: Point) {
        let stroke = Aim { to, turn: -0.15, letter: self.letters };
        self.marks.push(Run { start: from, strokes: vec![stroke] });
    }

    /// A dot, relative to the letter's beginning.
    pub(super) fn dot(&mut self, x: f64, y: f64) {
        let (x, y) = (self.at.x + x, self.at.y + y);
        self.mark(Point { x, y }, Point { x: x + 0.07, y: y - 0.06 });
    }

    /// The letter is done; the next one begins so much further on.
    pub(super) fn next(&mut self, width: f64) {
        self.at.x += width;
        self.letters += 1;
    }

    /// From right to left instead of from left to right.
    pub(super) fn mirrored(mut self) -> Self {
        for run in self.runs.iter_mut().chain(&mut self.marks) {
            run.start.x = -run.start.x;
            for aim in &mut run.strokes {
                aim.to.x = -aim.to.x;
                aim.turn = -aim.turn;
            }
        }
        self
    }

    pub(super) fn finish(self, habits: Habits) -> Plan {
        let runs = self.runs.into_iter().chain(self.marks).filter(|run| !run.strokes.is_empty()).collect();
        Plan { runs, letters: self.letters + 1, habits }
    }
}

/// By how much a stroke turns that joins two strokes of a letter which the school lifts between.
const JOINING: f64 = -0.3;

/// Targets moved and turns changed, the same way for all of a writer's signatures.
pub(super) fn bent(targets: &[Target], by: f64, rng: &mut impl Rng) -> Vec<Target> {
    let mut bend = |&(x, y, turn): &Target| {
        (x + by * normal(rng), y * (1.0 + by * normal(rng)), turn * (1.0 + 0.15 * normal(rng)))
    };
    targets.iter().map(&mut bend).collect()
}

/// All runs of each letter, [`bent`].
pub(super) fn bent_glyphs(glyphs: &[Glyph], by: f64, rng: &mut impl Rng) -> Vec<Vec<Vec<Target>>> {
    let mut runs = |glyph: &Glyph| glyph.runs.iter().map(|run| bent(run, by, rng)).collect();
    glyphs.iter().map(&mut runs).collect()
}

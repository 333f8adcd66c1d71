//! What a writer means to write: runs of targets between two lifts of the pen, and the habits that go with them.
//!
//! A [`Plan`] is drawn once for a writer. It holds letters that the writer bends in a way of his own, gaps where the pen
//! is lifted, dots, bars and a flourish. [`super::writer`] perturbs it for every signing.

use rand::{Rng, RngExt};

use super::draw::{between, chance, normal, pick};
use super::letters::{CAPITALS, Letter, Mark, SMALL, Target};
use super::motor::Point;

/// One run of the pen on the paper.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    /// Where the pen is put down.
    pub start: Point,
    pub strokes: Vec<Aim>,
}

/// A stroke of the plan: where to, and turning by how much (radians, to the left).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Aim {
    pub to: Point,
    pub turn: f64,
    /// The letter that it belongs to, counted through the signature: letters shrink, grow and shift as a whole.
    pub letter: usize,
}

/// All that is fixed about a writer's signature; lengths in x-heights.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub runs: Vec<Run>,
    pub letters: usize,
    pub habits: Habits,
}

/// How a hand writes, whatever it writes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Habits {
    /// Slant to the right, radians.
    pub slant: f64,
    /// Rise of the baseline, radians.
    pub rise: f64,
    /// Width of letters against their height.
    pub stretch: f64,
    /// Pixels of an x-height in the picture, where there is room.
    pub size: f64,
    /// Duration of a stroke of one x-height, seconds.
    pub tempo: f64,
    /// Skewness of the speed profile, 0.02..0.12.
    pub skewness: f64,
    /// When the next stroke begins, as a share of the duration of the last: small is fluent, 1 stops at every target.
    pub overlap: f64,
    /// How steady the writer is from one signing to the next: 1 usual, smaller steadier.
    pub looseness: f64,
}

impl Habits {
    pub(super) fn draw(rng: &mut impl Rng) -> Self {
        Self {
            slant: (8.0 + 13.0 * normal(rng)).clamp(-25.0, 40.0).to_radians(),
            rise: (2.0 + 4.0 * normal(rng)).to_radians(),
            stretch: (1.0 + 0.22 * normal(rng)).clamp(0.6, 1.6),
            size: (42.0 + 13.0 * normal(rng)).clamp(20.0, 80.0),
            tempo: between(rng, 0.16, 0.26),
            skewness: between(rng, 0.03, 0.09),
            overlap: between(rng, 0.36, 0.58),
            looseness: between(rng, 0.6, 1.3),
        }
    }
}

impl Plan {
    pub(super) fn draw(rng: &mut impl Rng) -> Self {
        let habits = Habits::draw(rng);
        let style = Style::draw(rng);
        let mut pen = Pen::default();
        let initials = *pick(rng, &[0, 1, 1, 1, 2]);
        for _ in 0..initials {
            pen.capital(rng, &style);
        }
        pen.word(rng, &style);
        if chance(rng, 0.35) {
            pen.gap(between(rng, 0.5, 1.2));
            pen.capital(rng, &style);
            pen.word(rng, &style);
        }
        pen.flourish(rng, &style);
        pen.finish(habits)
    }
}

/// How a writer bends the letters of the school.
struct Style {
    small: Vec<Vec<Target>>,
    capitals: Vec<Vec<Target>>,
    /// More or less round than the school.
    roundness: f64,
    /// Chance that the pen is lifted between two letters.
    lifts: f64,
    /// How much lower each letter is than the one before it: signatures fade into a line.
    fade: f64,
    /// Height of capitals and of tall letters.
    tall: f64,
    /// Distance between letters.
    spacing: f64,
    marks: f64,
}

impl Style {
    fn draw(rng: &mut impl Rng) -> Self {
        Self {
            small: SMALL.iter().map(|letter| bent(letter, 0.09, rng)).collect(),
            capitals: CAPITALS.iter().map(|letter| bent(letter, 0.16, rng)).collect(),
            roundness: between(rng, 0.75, 1.2),
            lifts: if chance(rng, 0.5) { 0.03 } else { between(rng, 0.1, 0.35) },
            fade: if chance(rng, 0.45) { between(rng, 0.05, 0.2) } else { 0.0 },
            tall: between(rng, 0.85, 1.45),
            spacing: between(rng, -0.05, 0.35),
            marks: if chance(rng, 0.7) { 0.9 } else { 0.2 },
        }
    }
}

/// A letter with every target moved and every turn changed, the same way for all of the writer's signatures.
fn bent(letter: &Letter, by: f64, rng: &mut impl Rng) -> Vec<Target> {
    let mut bend = |&(x, y, turn): &Target| {
        (x + by * normal(rng), y * (1.0 + by * normal(rng)), turn * (1.0 + 0.15 * normal(rng)))
    };
    letter.targets.iter().map(&mut bend).collect()
}

/// The plan as far as it is written.
#[derive(Default)]
struct Pen {
    runs: Vec<Run>,
    marks: Vec<Run>,
    /// Where the next letter begins.
    at: Point,
    /// Whether the next letter goes on without lifting.
    down: bool,
    letters: usize,
}

impl Pen {
    fn gap(&mut self, width: f64) {
        self.at.x += width;
        self.down = false;
    }

    fn capital(&mut self, rng: &mut impl Rng, style: &Style) {
        let index = rng.random_range(0..CAPITALS.len());
        let size = style.tall * between(rng, 0.95, 1.35);
        let targets = &style.capitals[index];
        self.down = false;
        let (x, y, _) = targets[0];
        self.put_down(Point { x: self.at.x + x * size, y: y * size });
        for &(x, y, turn) in &targets[1..] {
            self.aim(x * size, y * size, turn * style.roundness);
        }
        self.next(CAPITALS[index].width * size, 0.0);
        self.down = chance(rng, 0.55);
    }

    fn word(&mut self, rng: &mut impl Rng, style: &Style) {
        let length = rng.random_range(3..9);
        let mut height = 1.0;
        for _ in 0..length {
            self.small(rng, style, height);
            height = f64::max(height * (1.0 - style.fade), 0.25);
            if chance(rng, style.lifts) {
                self.gap(0.12);
            }
        }
    }

    fn small(&mut self, rng: &mut impl Rng, style: &Style, height: f64) {
        let index = rng.random_range(0..SMALL.len());
        let letter = &SMALL[index];
        if !self.down {
            self.put_down(Point { x: self.at.x, y: 0.1 * height });
        }
        for &(x, y, turn) in &style.small[index] {
            let tall = if (0.0..=1.2).contains(&y) { 1.0 } else { style.tall };
            self.aim(x, y * height * tall, turn * style.roundness);
        }
        if chance(rng, style.marks) {
            self.mark(letter.mark, height, rng);
        }
        self.next(letter.width, style.spacing);
    }

    /// The dot or the bar, which is written when the word is done.
    fn mark(&mut self, mark: Mark, height: f64, rng: &mut impl Rng) {
        let x = self.at.x;
        let (from, to) = match mark {
            Mark::None => return,
            Mark::Dot => (Point { x: x + 0.45, y: 1.5 * height }, Point { x: x + 0.52, y: 1.44 * height }),
            Mark::Bar => {
                let reach = between(rng, 0.3, 0.8);
                (Point { x: x + 0.1 - 0.5 * reach, y: 1.2 * height }, Point { x: x + 0.5 + reach, y: 1.3 * height })
            }
        };
        let stroke = Aim { to, turn: -0.15, letter: self.letters };
        self.marks.push(Run { start: from, strokes: vec![stroke] });
    }

    /// Half of all signatures end in something that is no letter.
    fn flourish(&mut self, rng: &mut impl Rng, style: &Style) {
        let width = self.at.x;
        let end = self.at.x;
        self.letters += 1;
        match rng.random_range(0..8) {
            // A line under all of it, backwards and forwards again.
            0 => {
                self.aim_at(end + 0.4, -0.9, -0.9);
                let back = between(rng, 0.0, 0.3) * width;
                self.aim_at(back, -1.0, -0.4);
                self.aim_at(back + 0.15, -1.45, 2.4 * style.roundness);
                self.aim_at(width * between(rng, 0.7, 1.1), between(rng, -1.6, -1.2), between(rng, 0.1, 0.7));
            }
            // A loop back over the letters.
            1 => {
                self.aim_at(end + 0.8, 1.4, 0.9);
                self.aim_at(end * 0.5, 1.9, 1.6);
                self.aim_at(end * between(rng, 0.2, 0.5), -0.7, 1.6);
                self.aim_at(end + between(rng, 0.5, 1.5), -0.5, 1.2);
            }
            // A tail that fades.
            2 | 3 => {
                self.aim_at(end + between(rng, 0.8, 2.2), between(rng, -0.1, 0.4), between(rng, -0.7, 0.7));
            }
            // A line of its own.
            4 => {
                self.down = false;
                self.put_down(Point { x: width * between(rng, 0.0, 0.3), y: -0.8 });
                self.aim_at(width * between(rng, 0.7, 1.1), between(rng, -1.0, -0.5), between(rng, -0.4, 0.4));
            }
            // A zigzag.
            5 => {
                for (step, side) in [(0.3, -0.8), (0.9, 0.5), (1.1, -0.7), (1.8, 0.3)] {
                    self.aim_at(end + step, side, 0.5 * side);
                }
            }
            _ => {}
        }
    }

    fn put_down(&mut self, start: Point) {
        self.runs.push(Run { start, strokes: Vec::new() });
        self.down = true;
    }

    /// A stroke to a place relative to the letter's beginning.
    fn aim(&mut self, x: f64, y: f64, turn: f64) {
        let origin = self.at.x;
        self.aim_at(origin + x, y, turn);
    }

    fn aim_at(&mut self, x: f64, y: f64, turn: f64) {
        if !self.down {
            self.put_down(Point { x: self.at.x, y: 0.1 });
        }
        let stroke = Aim { to: Point { x, y }, turn, letter: self.letters };
        self.runs.last_mut().expect("the pen is down").strokes.push(stroke);
    }

    fn next(&mut self, width: f64, spacing: f64) {
        self.at.x += width + spacing;
        self.letters += 1;
    }

    fn finish(self, habits: Habits) -> Plan {
        let runs = self.runs.into_iter().chain(self.marks).filter(|run| !run.strokes.is_empty()).collect();
        Plan { runs, letters: self.letters + 1, habits }
    }
}

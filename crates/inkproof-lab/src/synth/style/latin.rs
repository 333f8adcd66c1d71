//! Joined Latin letters: initials, a word or two, and often a flourish.

use rand::{Rng, RngExt};

use crate::synth::draw::{between, chance, pick};
use crate::synth::letters::{CAPITALS, Mark, SMALL, Target};
use crate::synth::motor::Point;
use crate::synth::pen::{Pen, bent};

pub(super) fn written(rng: &mut impl Rng) -> Pen {
    let hand = Hand::draw(rng);
    let mut pen = Pen::default();
    let initials = *pick(rng, &[0, 1, 1, 1, 2]);
    for _ in 0..initials {
        hand.capital(&mut pen, rng);
    }
    hand.word(&mut pen, 3..9, rng);
    if chance(rng, 0.35) {
        pen.gap(between(rng, 0.5, 1.2));
        hand.capital(&mut pen, rng);
        hand.word(&mut pen, 3..9, rng);
    }
    hand.flourish(&mut pen, rng);
    pen
}

/// How a writer bends the letters of the school.
pub(super) struct Hand {
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

impl Hand {
    pub(super) fn draw(rng: &mut impl Rng) -> Self {
        Self {
            small: SMALL.iter().map(|letter| bent(letter.targets, 0.09, rng)).collect(),
            capitals: CAPITALS.iter().map(|letter| bent(letter.targets, 0.16, rng)).collect(),
            roundness: between(rng, 0.75, 1.2),
            lifts: if chance(rng, 0.5) { 0.03 } else { between(rng, 0.1, 0.35) },
            fade: if chance(rng, 0.45) { between(rng, 0.05, 0.2) } else { 0.0 },
            tall: between(rng, 0.85, 1.45),
            spacing: between(rng, -0.05, 0.35),
            marks: if chance(rng, 0.7) { 0.9 } else { 0.2 },
        }
    }

    pub(super) fn capital(&self, pen: &mut Pen, rng: &mut impl Rng) {
        let index = rng.random_range(0..CAPITALS.len());
        let size = self.tall * between(rng, 0.95, 1.35);
        let rounded = self.rounded(&self.capitals[index]);
        pen.run(&rounded, size, size, false);
        pen.next(CAPITALS[index].width * size);
        pen.down = chance(rng, 0.55);
    }

    pub(super) fn word(&self, pen: &mut Pen, length: std::ops::Range<usize>, rng: &mut impl Rng) {
        let length = rng.random_range(length);
        let mut height = 1.0;
        for _ in 0..length {
            self.small(pen, height, rng);
            height = f64::max(height * (1.0 - self.fade), 0.25);
            if chance(rng, self.lifts) {
                pen.gap(0.12);
            }
        }
    }

    fn small(&self, pen: &mut Pen, height: f64, rng: &mut impl Rng) {
        let index = rng.random_range(0..SMALL.len());
        let letter = &SMALL[index];
        if !pen.down {
            pen.put_down(Point { x: pen.at.x, y: 0.1 * height });
        }
        for &(x, y, turn) in &self.small[index] {
            let tall = if (0.0..=1.2).contains(&y) { 1.0 } else { self.tall };
            pen.aim(x, y * height * tall, turn * self.roundness);
        }
        if chance(rng, self.marks) {
            mark(pen, letter.mark, height, rng);
        }
        pen.next(letter.width + self.spacing);
    }

    /// Half of all signatures end in something that is not a letter.
    fn flourish(&self, pen: &mut Pen, rng: &mut impl Rng) {
        let end = pen.at.x;
        pen.next(0.0);
        match rng.random_range(0..8) {
            // A line under all of it, backwards and forwards again.
            0 => {
                pen.aim_at(end + 0.4, -0.9, -0.9);
                let back = between(rng, 0.0, 0.3) * end;
                pen.aim_at(back, -1.0, -0.4);
                pen.aim_at(back + 0.15, -1.45, 2.4 * self.roundness);
                pen.aim_at(end * between(rng, 0.7, 1.1), between(rng, -1.6, -1.2), between(rng, 0.1, 0.7));
            }
            // A loop back over the letters.
            1 => {
                pen.aim_at(end + 0.8, 1.4, 0.9);
                pen.aim_at(end * 0.5, 1.9, 1.6);
                pen.aim_at(end * between(rng, 0.2, 0.5), -0.7, 1.6);
                pen.aim_at(end + between(rng, 0.5, 1.5), -0.5, 1.2);
            }
            // A tail that fades.
            2 | 3 => {
                pen.aim_at(end + between(rng, 0.8, 2.2), between(rng, -0.1, 0.4), between(rng, -0.7, 0.7));
            }
            // A line of its own.
            4 => {
                pen.put_down(Point { x: end * between(rng, 0.0, 0.3), y: -0.8 });
                pen.aim_at(end * between(rng, 0.7, 1.1), between(rng, -1.0, -0.5), between(rng, -0.4, 0.4));
            }
            // A zigzag.
            5 => {
                for (step, side) in [(0.3, -0.8), (0.9, 0.5), (1.1, -0.7), (1.8, 0.3)] {
                    pen.aim_at(end + step, side, 0.5 * side);
                }
            }
            _ => {}
        }
    }

    fn rounded(&self, targets: &[Target]) -> Vec<Target> {
        targets.iter().map(|&(x, y, turn)| (x, y, turn * self.roundness)).collect()
    }
}

/// The dot or the bar.
fn mark(pen: &mut Pen, mark: Mark, height: f64, rng: &mut impl Rng) {
    let x = pen.at.x;
    let (from, to) = match mark {
        Mark::None => return,
        Mark::Dot => (Point { x: x + 0.45, y: 1.5 * height }, Point { x: x + 0.52, y: 1.44 * height }),
        Mark::Bar => {
            let reach = between(rng, 0.3, 0.8);
            (Point { x: x + 0.1 - 0.5 * reach, y: 1.2 * height }, Point { x: x + 0.5 + reach, y: 1.3 * height })
        }
    };
    pen.mark(from, to);
}

//! One signing of a plan: by its writer, who varies a little, or by a forger, who copies what he has seen.
//!
//! Both give the same thing, a [`Signing`]: targets and timing. What follows, movement and ink, does not know who wrote.

use rand::Rng;

use super::draw::{between, chance, normal};
use super::motor::{Point, Stroke, Timing, trajectory};
use super::plan::{Aim, Habits, Plan, Run};

/// Seconds between two places of the pen.
const STEP: f64 = 0.006;

/// A plan as it is carried out once.
#[derive(Debug, Clone)]
pub(super) struct Signing {
    runs: Vec<Run>,
    habits: Habits,
    /// What a slow, careful hand adds; nothing for the writer.
    tremor: Tremor,
}

/// A trembling of the pen.
#[derive(Debug, Clone, Copy, Default)]
struct Tremor {
    /// In x-heights.
    reach: f64,
    /// In Hz.
    rate: f64,
}

/// The pen's way while it is down: places at equal times, in x-heights.
pub(super) type Path = Vec<Point>;

impl Signing {
    /// The writer's own: letters, baseline and tempo vary around the plan, as much as lets two signings be as similar as those
    /// of real writers are (docs/model-card.md).
    pub(super) fn genuine(plan: &Plan, rng: &mut impl Rng) -> Self {
        let loose = plan.habits.looseness;
        let habits = Habits {
            slant: plan.habits.slant + loose * 3.0_f64.to_radians() * normal(rng),
            rise: plan.habits.rise + loose * 2.5_f64.to_radians() * normal(rng),
            stretch: plan.habits.stretch * (1.0 + loose * 0.07 * normal(rng)),
            size: plan.habits.size * (1.0 + loose * 0.05 * normal(rng)),
            tempo: plan.habits.tempo * (1.0 + loose * 0.06 * normal(rng)),
            overlap: plan.habits.overlap * (1.0 + loose * 0.04 * normal(rng)),
            ..plan.habits
        };
        let spread = Spread { letter: 0.12 * loose, target: 0.11 * loose, turn: 0.30 * loose };
        let mut runs = spread.applied(&plan.runs, plan.letters, rng);
        if chance(rng, 0.04 * loose) {
            drop_a_stroke(&mut runs, rng);
        }
        Self { runs, habits, tremor: Tremor::default() }
    }

    /// A forger's copy of one signing that he has seen. `forger` are his own habits, into which he falls back;
    /// `skill`, 0..1, makes every error smaller.
    pub(super) fn forged(seen: &Signing, letters: usize, forger: &Habits, skill: f64, rng: &mut impl Rng) -> Self {
        let error = 1.4 - skill;
        let back = between(rng, 0.15, 0.4) * error;
        let toward = |own: f64, his: f64| own + back * (his - own);
        let habits = Habits {
            slant: toward(seen.habits.slant, forger.slant),
            rise: seen.habits.rise + 2.5_f64.to_radians() * normal(rng),
            stretch: toward(seen.habits.stretch, forger.stretch),
            size: seen.habits.size * (1.0 + 0.08 * normal(rng)),
            tempo: seen.habits.tempo * between(rng, 1.25, 2.4),
            skewness: forger.skewness,
            overlap: (seen.habits.overlap * between(rng, 1.2, 1.7)).min(0.95),
            looseness: 1.0,
        };
        let spread = Spread { letter: 0.21 * error, target: 0.20 * error, turn: 0.45 * error };
        let mut runs = spread.applied(&seen.runs, letters, rng);
        split_strokes(&mut runs, 0.25 * error, rng);
        lift_more(&mut runs, 0.05 * error, rng);
        let tremor = Tremor { reach: between(rng, 0.005, 0.03) * error, rate: between(rng, 4.0, 10.0) };
        Self { runs, habits, tremor }
    }

    /// The paths of the pen, slanted and raised, in x-heights.
    pub(super) fn paths(&self, rng: &mut impl Rng) -> Vec<Path> {
        self.runs.iter().map(|run| self.path(run, rng)).collect()
    }

    pub(super) fn habits(&self) -> &Habits {
        &self.habits
    }

    fn path(&self, run: &Run, rng: &mut impl Rng) -> Path {
        let mut t = 0.0;
        let mut from = run.start;
        let mut strokes = Vec::with_capacity(run.strokes.len());
        for aim in &run.strokes {
            let length = libm::hypot(aim.to.x - from.x, aim.to.y - from.y).max(0.02);
            let timing = Timing::lasting(self.duration(length) * (1.0 + 0.05 * normal(rng)), self.habits.skewness);
            strokes.push(Stroke::between(from, aim.to, aim.turn, timing, t - timing.onset()));
            t += self.duration(length) * self.habits.overlap;
            from = aim.to;
        }
        let mut path = trajectory(run.start, &strokes, STEP);
        self.tremble(&mut path, rng);
        path.iter().map(|&point| self.laid(point)).collect()
    }

    /// Long strokes take hardly longer than short ones (isochrony: duration goes with length to the power of 0.3).
    fn duration(&self, length: f64) -> f64 {
        self.habits.tempo * libm::pow(length, 0.3)
    }

    #[expect(clippy::approx_constant, reason = "the generator trembles so; other digits make other pictures")]
    fn tremble(&self, path: &mut [Point], rng: &mut impl Rng) {
        if self.tremor.reach == 0.0 {
            return;
        }
        let (mut phase, mut other) = (between(rng, 0.0, 6.3), between(rng, 0.0, 6.3));
        for point in path {
            phase += STEP * self.tremor.rate * 6.283 * (1.0 + 0.5 * normal(rng));
            other += STEP * self.tremor.rate * 5.1 * (1.0 + 0.5 * normal(rng));
            point.x += self.tremor.reach * libm::sin(phase);
            point.y += self.tremor.reach * libm::sin(other);
        }
    }

    /// A point of the plan on the paper: stretched, slanted, on a rising baseline.
    fn laid(&self, point: Point) -> Point {
        let x = point.x * self.habits.stretch + point.y * libm::tan(self.habits.slant);
        let (sin, cos) = (libm::sin(self.habits.rise), libm::cos(self.habits.rise));
        Point { x: x * cos - point.y * sin, y: x * sin + point.y * cos }
    }
}

/// How far a copy strays from its model; standard deviations in x-heights and as a share of turns.
struct Spread {
    /// Of whole letters, in place and in size.
    letter: f64,
    /// Of each target, following the one before it.
    target: f64,
    turn: f64,
}

/// What happens to one letter as a whole.
struct Drift {
    shift: Point,
    scale: Point,
    /// Around where it is scaled.
    center: Point,
}

impl Spread {
    fn applied(&self, runs: &[Run], letters: usize, rng: &mut impl Rng) -> Vec<Run> {
        let drifts = self.drifts(runs, letters, rng);
        let mut stray = Point::default();
        let mut moved = |point: Point, drift: &Drift, rng: &mut dyn FnMut() -> f64| {
            // Errors of neighbours are similar: each keeps most of the last one.
            stray.x = 0.7 * stray.x + 0.7 * self.target * rng();
            stray.y = 0.7 * stray.y + 0.7 * self.target * rng();
            drift.moved(point, stray)
        };
        let mut copies = Vec::with_capacity(runs.len());
        for run in runs {
            let first = run.strokes.first().map_or(0, |aim| aim.letter).min(letters - 1);
            let start = moved(run.start, &drifts[first], &mut || normal(rng));
            let mut strokes = Vec::with_capacity(run.strokes.len());
            for aim in &run.strokes {
                let drift = &drifts[aim.letter.min(letters - 1)];
                let to = moved(aim.to, drift, &mut || normal(rng));
                strokes.push(Aim { to, turn: aim.turn * (1.0 + self.turn * normal(rng)), ..*aim });
            }
            copies.push(Run { start, strokes });
        }
        copies
    }

    fn drifts(&self, runs: &[Run], letters: usize, rng: &mut impl Rng) -> Vec<Drift> {
        let mut begin = vec![None; letters];
        for aim in runs.iter().flat_map(|run| &run.strokes) {
            begin[aim.letter.min(letters - 1)].get_or_insert(aim.to.x);
        }
        let mut along = 0.0;
        let drift = |begin: Option<f64>| {
            // What is too wide pushes the rest to the right.
            along += self.letter * normal(rng);
            Drift {
                shift: Point { x: along, y: self.letter * normal(rng) },
                scale: Point { x: 1.0 + self.letter * normal(rng), y: 1.0 + 1.2 * self.letter * normal(rng) },
                center: Point { x: begin.unwrap_or(0.0), y: 0.0 },
            }
        };
        begin.into_iter().map(drift).collect()
    }
}

impl Drift {
    fn moved(&self, point: Point, stray: Point) -> Point {
        Point {
            x: self.center.x + (point.x - self.center.x) * self.scale.x + self.shift.x + stray.x,
            y: self.center.y + (point.y - self.center.y) * self.scale.y + self.shift.y + stray.y,
        }
    }
}

/// A hasty hand leaves out a target now and then.
fn drop_a_stroke(runs: &mut [Run], rng: &mut impl Rng) {
    let Some(run) = runs.iter_mut().max_by_key(|run| run.strokes.len()).filter(|run| run.strokes.len() > 6) else {
        return;
    };
    let place = 1 + (between(rng, 0.0, 1.0) * (run.strokes.len() - 2) as f64) as usize;
    run.strokes.remove(place);
}

/// A careful hand makes long strokes in pieces.
fn split_strokes(runs: &mut [Run], share: f64, rng: &mut impl Rng) {
    for run in runs {
        let mut from = run.start;
        let mut split = Vec::with_capacity(run.strokes.len());
        for aim in &run.strokes {
            if chance(rng, share) {
                let middle = middle(from, aim);
                split.push(Aim { to: middle, turn: 0.5 * aim.turn, ..*aim });
                split.push(Aim { turn: 0.5 * aim.turn, ..*aim });
            } else {
                split.push(*aim);
            }
            from = aim.to;
        }
        run.strokes = split;
    }
}

/// The middle of the arc: off the middle of the chord by the arc's height.
fn middle(from: Point, aim: &Aim) -> Point {
    let (dx, dy) = (aim.to.x - from.x, aim.to.y - from.y);
    let height = 0.5 * libm::tan(0.25 * aim.turn);
    Point { x: from.x + 0.5 * dx + height * dy, y: from.y + 0.5 * dy - height * dx }
}

/// A hesitant hand lifts the pen where the writer did not.
fn lift_more(runs: &mut Vec<Run>, share: f64, rng: &mut impl Rng) {
    let mut lifted = Vec::with_capacity(runs.len());
    for run in runs.drain(..) {
        let mut current = Run { start: run.start, strokes: Vec::new() };
        for aim in run.strokes {
            current.strokes.push(aim);
            if chance(rng, share) {
                let again = Point { x: aim.to.x + 0.03 * normal(rng), y: aim.to.y + 0.03 * normal(rng) };
                lifted.push(std::mem::replace(&mut current, Run { start: again, strokes: Vec::new() }));
            }
        }
        if !current.strokes.is_empty() {
            lifted.push(current);
        }
    }
    *runs = lifted;
}

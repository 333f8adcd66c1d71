//! How a hand moves: strokes whose speed is lognormal in time, started before the last one is over, and summed.
//!
//! The sigma-lognormal model (Plamondon 1995; Plamondon and Djioua 2006): stroke i, started at t0 with the command
//! parameters m and s, has the speed D / (s √(2π) (t - t0)) exp(-(ln(t - t0) - m)² / (2 s²)) along a circular arc from
//! direction θs to θe. Its position has the closed form in [`Stroke::moved`]. Because neighbours overlap, the pen rounds
//! the targets off, as a hand does. Times are seconds, angles radians, lengths those of the plan.

use std::f64::consts::SQRT_2;

use libm::{cos, erf, exp, log, sin};

/// A place in the plan, x to the right and y up.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Point {
    pub x: f64,
    pub y: f64,
}

/// One lognormal impulse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stroke {
    /// When the command is given.
    pub t0: f64,
    /// Mean and deviation of the logarithm of the time after it.
    pub m: f64,
    pub s: f64,
    /// Length of the arc.
    pub distance: f64,
    /// Directions at the start and at the end.
    pub start: f64,
    pub end: f64,
}

impl Stroke {
    /// The arc that goes from `from` to `to` while turning by `sweep` (to the left where positive, |sweep| < 2π).
    pub(super) fn between(from: Point, to: Point, sweep: f64, timing: Timing, t0: f64) -> Self {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let chord = (dx * dx + dy * dy).sqrt();
        let half = 0.5 * sweep;
        let distance = if half.abs() < 1e-6 { chord } else { chord * half / sin(half) };
        let direction = libm::atan2(dy, dx);
        Self { t0, m: timing.m, s: timing.s, distance, start: direction - half, end: direction + half }
    }

    /// Where the stroke has moved the pen by time `t`, from where it began.
    pub(super) fn moved(&self, t: f64) -> Point {
        let share = self.share(t);
        if share == 0.0 {
            return Point::default();
        }
        let turn = self.end - self.start;
        if turn.abs() < 1e-6 {
            let way = self.distance * share;
            return Point { x: way * cos(self.start), y: way * sin(self.start) };
        }
        let now = self.start + turn * share;
        let radius = self.distance / turn;
        Point { x: radius * (sin(now) - sin(self.start)), y: radius * (cos(self.start) - cos(now)) }
    }

    /// How much of the stroke is done by time `t`, 0..1.
    fn share(&self, t: f64) -> f64 {
        if t <= self.t0 {
            return 0.0;
        }
        0.5 * (1.0 + erf((log(t - self.t0) - self.m) / (self.s * SQRT_2)))
    }

    /// The speed at time `t`.
    #[cfg(test)]
    fn speed(&self, t: f64) -> f64 {
        let after = t - self.t0;
        if after <= 0.0 {
            return 0.0;
        }
        let z = (log(after) - self.m) / self.s;
        self.distance / (self.s * (2.0 * std::f64::consts::PI).sqrt() * after) * exp(-0.5 * z * z)
    }

    /// When it visibly begins and ends: three deviations around the median.
    fn support(&self) -> (f64, f64) {
        (self.t0 + exp(self.m - 3.0 * self.s), self.t0 + exp(self.m + 3.0 * self.s))
    }
}

/// The command parameters of a stroke.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Timing {
    pub m: f64,
    pub s: f64,
}

impl Timing {
    /// The stroke lasts `duration` and its speed is as skewed as `skewness` (0.01..0.2) says: the parameters of Berio
    /// et al., from which m and s follow.
    pub(super) fn lasting(duration: f64, skewness: f64) -> Self {
        let s = (-log(1.0 - skewness)).sqrt();
        Self { m: log(duration / (2.0 * libm::sinh(3.0 * s))), s }
    }

    /// From the command to the visible beginning.
    pub(super) fn onset(&self) -> f64 {
        exp(self.m - 3.0 * self.s)
    }
}

/// The pen's places every `step` seconds, from its first movement to its last, beginning at `origin`.
///
/// `strokes` are in the order of their beginnings. Each is computed only while it moves; afterwards its whole way counts.
pub(super) fn trajectory(origin: Point, strokes: &[Stroke], step: f64) -> Vec<Point> {
    let Some(first) = strokes.first() else { return vec![origin] };
    let begin = first.support().0;
    let end = strokes.iter().map(|stroke| stroke.support().1).fold(begin, f64::max);
    let count = ((end - begin) / step).ceil() as usize + 1;
    let mut path = vec![origin; count];
    for stroke in strokes {
        let (from, to) = stroke.support();
        let index = |t: f64| (((t - begin) / step).max(0.0) as usize).min(count);
        let (from, to) = (index(from), (index(to) + 1).min(count));
        for (place, point) in path[from..to].iter_mut().enumerate() {
            let moved = stroke.moved(begin + (from + place) as f64 * step);
            point.x += moved.x;
            point.y += moved.y;
        }
        let whole = stroke.moved(f64::INFINITY);
        for point in &mut path[to..] {
            point.x += whole.x;
            point.y += whole.y;
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use proptest::prelude::*;

    use super::*;

    fn stroke(sweep: f64) -> Stroke {
        let timing = Timing { m: -1.9, s: 0.25 };
        Stroke::between(Point { x: 1.0, y: 2.0 }, Point { x: 4.0, y: -2.0 }, sweep, timing, 0.3)
    }

    #[test]
    fn the_known_stroke_has_the_known_times() {
        let stroke = Stroke { t0: 0.0, ..stroke(0.0) };
        let (begin, end) = stroke.support();
        assert!((begin - 0.0707).abs() < 1e-3 && (end - 0.3166).abs() < 1e-3, "{begin} {end}");
        let peak = exp(stroke.m - stroke.s * stroke.s);
        assert!(stroke.speed(peak) > stroke.speed(peak * 0.99) && stroke.speed(peak) > stroke.speed(peak * 1.01));
        let highest = stroke.distance / (stroke.s * (2.0 * PI).sqrt()) * exp(0.5 * stroke.s * stroke.s - stroke.m);
        assert!((stroke.speed(peak) - highest).abs() < 1e-9);
        let timing = Timing::lasting(end - begin, 1.0 - exp(-0.0625));
        assert!((timing.m + 1.9).abs() < 1e-9 && (timing.s - 0.25).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn the_closed_form_is_the_integral_of_the_velocity(sweep in -3.0..3.0_f64, until in 0.35..0.8_f64) {
            let stroke = stroke(sweep);
            let steps = 20_000;
            let (mut x, mut y, mut way) = (0.0, 0.0, 0.0);
            let dt = (until - stroke.t0) / f64::from(steps);
            for step in 0..steps {
                let t = stroke.t0 + (f64::from(step) + 0.5) * dt;
                let direction = stroke.start + (stroke.end - stroke.start) * stroke.share(t);
                let d = stroke.speed(t) * dt;
                (x, y, way) = (x + d * cos(direction), y + d * sin(direction), way + d);
            }
            let moved = stroke.moved(until);
            prop_assert!((moved.x - x).abs() < 1e-4 && (moved.y - y).abs() < 1e-4, "{moved:?} {x} {y}");
            prop_assert!((way - stroke.distance * stroke.share(until)).abs() < 1e-4);
        }

        #[test]
        fn a_whole_stroke_joins_its_ends(sweep in -5.0..5.0_f64) {
            let moved = stroke(sweep).moved(f64::INFINITY);
            prop_assert!((moved.x - 3.0).abs() < 1e-9 && (moved.y + 4.0).abs() < 1e-9, "{moved:?}");
        }
    }

    #[test]
    fn a_trajectory_visits_the_sum_of_its_strokes() {
        let strokes = [stroke(1.0), Stroke { t0: 0.4, ..stroke(-0.5) }];
        let path = trajectory(Point { x: 7.0, y: 1.0 }, &strokes, 0.005);
        let end = path[path.len() - 1];
        assert!((end.x - 13.0).abs() < 0.02 && (end.y + 7.0).abs() < 0.02, "{end:?}");
        assert!((path[0].x - 7.0).abs() < 0.02);
        assert!(path.windows(2).all(|pair| (pair[0].x - pair[1].x).abs() < 0.3), "no jumps");
    }
}

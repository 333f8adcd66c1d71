//! Whether the image cuts the signature off.
//!
//! A stroke that goes on beyond the image reaches its edge at full width; a bow that only touches the edge is narrower there
//! than further in, or runs along it. A whole signature that was trimmed to its last pixel touches three or four sides, each
//! where it reaches farthest: there one stroke's end at full width says nothing, a second one does.

use super::Plane;

/// Share of its width further in from which on a stroke reaches the edge at full width.
const FULL: f32 = 0.8;
/// A contact that is longer, in stroke widths, runs along the edge.
const ALONG: f32 = 3.0;
/// How far in a stroke is followed, in stroke widths.
const DEPTH: f32 = 1.2;
/// So many sides touch a signature that was trimmed.
const TRIMMED: usize = 3;

/// Whether strokes go on beyond the image.
pub(super) fn cut(plane: &Plane, threshold: u8, stroke_width: f32) -> bool {
    let depth = ((DEPTH * stroke_width).round() as usize).max(2);
    if plane.width.min(plane.height) <= 2 * depth {
        return false;
    }
    let sides = Side::ALL.map(|side| Contacts::new(plane, side, threshold, stroke_width, depth));
    let touched = sides.iter().filter(|side| side.any).count();
    let most_ends = if touched >= TRIMMED { 1 } else { 0 };
    sides.iter().any(|side| side.crossings > most_ends)
}

#[derive(Clone, Copy)]
enum Side {
    Top,
    Bottom,
    Left,
    Right,
}

impl Side {
    const ALL: [Side; 4] = [Side::Top, Side::Bottom, Side::Left, Side::Right];

    /// Pixels along the side.
    fn length(self, plane: &Plane) -> usize {
        match self {
            Side::Top | Side::Bottom => plane.width,
            Side::Left | Side::Right => plane.height,
        }
    }

    /// The value so far along the side and so far in.
    fn at(self, plane: &Plane, along: usize, depth: usize) -> u8 {
        let (x, y) = match self {
            Side::Top => (along, depth),
            Side::Bottom => (along, plane.height - 1 - depth),
            Side::Left => (depth, along),
            Side::Right => (plane.width - 1 - depth, along),
        };
        plane.values[y * plane.width + x]
    }
}

/// What of the ink is at one side of the image.
struct Contacts {
    any: bool,
    /// Strokes that reach the edge at full width.
    crossings: usize,
}

impl Contacts {
    fn new(plane: &Plane, side: Side, threshold: u8, stroke_width: f32, depth: usize) -> Self {
        let ink = |along: usize, depth: usize| side.at(plane, along, depth) > threshold;
        let length = side.length(plane);
        let mut found = Contacts { any: false, crossings: 0 };
        let mut along = 0;
        while along < length {
            if !ink(along, 0) {
                along += 1;
                continue;
            }
            let start = along;
            while along < length && ink(along, 0) {
                along += 1;
            }
            found.any = true;
            let width = along - start;
            if width as f32 <= ALONG * stroke_width {
                let further_in = follow(start..along, length, depth, &ink);
                found.crossings += usize::from(further_in.is_some_and(|most| width as f32 >= FULL * most as f32));
            }
        }
        found
    }
}

/// The widest that a stroke becomes on its way in; None where it ends or forks before.
fn follow(
    start: std::ops::Range<usize>,
    length: usize,
    depth: usize,
    ink: &impl Fn(usize, usize) -> bool,
) -> Option<usize> {
    let mut run = start;
    let mut widest = run.len();
    for deep in 1..=depth {
        let near = run.start.saturating_sub(1)..(run.end + 1).min(length);
        let first = near.clone().find(|&along| ink(along, deep))?;
        let mut begin = first;
        while begin > 0 && ink(begin - 1, deep) {
            begin -= 1;
        }
        let mut end = first;
        while end < length && ink(end, deep) {
            end += 1;
        }
        if (end..near.end).any(|along| ink(along, deep)) {
            return None;
        }
        run = begin..end;
        widest = widest.max(run.len());
    }
    Some(widest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(width: usize, height: usize, ink: impl Fn(f32, f32) -> bool) -> Plane {
        let inked = |i: usize| ink((i % width) as f32 + 0.5, (i / width) as f32 + 0.5);
        Plane { width, height, values: (0..width * height).map(|i| if inked(i) { 200 } else { 0 }).collect() }
    }

    fn ring(x: f32, y: f32) -> bool {
        ((x - 100.0).hypot(y - 50.0) - 47.0).abs() <= 3.0
    }

    #[test]
    fn a_bow_that_touches_the_edge_is_whole_and_a_stroke_that_crosses_it_is_cut() {
        assert!(!cut(&plane(200, 100, ring), 100, 6.0));
        assert!(cut(&plane(200, 80, ring), 100, 6.0), "its lower part is missing");
        let slanting = |x: f32, y: f32| (y - 50.0 - 0.5 * (x - 100.0)).abs() < 4.0;
        assert!(cut(&plane(150, 300, slanting), 100, 7.0));
    }

    #[test]
    fn what_is_trimmed_on_all_sides_may_end_at_them() {
        let cross = |x: f32, y: f32| (x - 60.0).abs() < 3.0 || (y - 40.0).abs() < 3.0;
        assert!(!cut(&plane(120, 80, cross), 100, 6.0));
        let combs = |x: f32, y: f32| cross(x, y) || (x - 90.0).abs() < 3.0;
        assert!(cut(&plane(120, 80, combs), 100, 6.0), "two strokes go on below");
    }
}

//! Whether the image cuts the signature off.
//!
//! A stroke that goes on beyond the image reaches its edge at full width; a bow that only touches the edge is narrower there
//! than further in, or runs along it. A whole signature that was trimmed to its last pixel touches three or four sides, each
//! where it reaches farthest: there one stroke's end at full width says nothing, a second one does. Elsewhere one stroke is
//! enough where it comes out of letters; the tail of a last stroke that runs off alone takes nothing with it.

use super::Plane;
use super::components::Area;
use super::sides::{Direction, Side};

/// Share of its width further in from which on a stroke reaches the edge at full width.
const FULL: f32 = 0.8;
/// A contact that is longer, in stroke widths, runs along the edge.
const ALONG: f32 = 3.0;
/// How far in a stroke is followed, in stroke widths.
const DEPTH: f32 = 1.2;
/// So many sides touch a signature that was trimmed.
const TRIMMED: usize = 3;

/// How much of the ink is looked at from a side on for whether there are letters, as a share of its width or height.
const BAND: f32 = 0.12;
/// Letters have so many times the ink of one stroke that goes straight through the band.
const LETTERS: f32 = 2.2;

/// Whether strokes of the ink in an area go on beyond the image.
pub(super) fn cut(plane: &Plane, threshold: u8, stroke_width: f32, area: &Area) -> bool {
    let depth = ((DEPTH * stroke_width).round() as usize).max(2);
    if plane.width.min(plane.height) <= 2 * depth {
        return false;
    }
    let sides = Side::ALL.map(|side| Contacts::new(plane, side, threshold, stroke_width, depth));
    let is_trimmed = sides.iter().filter(|side| side.any).count() >= TRIMMED;
    // With paper on the other sides, nothing touches a side by chance, whatever way it takes there.
    let crossings = |contacts: &Contacts| if is_trimmed { contacts.crossings } else { contacts.wide };
    let comes_out_of_letters = |side: Side| !is_trimmed && has_letters(plane, side, threshold, stroke_width, area);
    let is_cut = |(side, contacts): (&Side, &Contacts)| match crossings(contacts) {
        0 => false,
        1 => comes_out_of_letters(*side),
        _ => true,
    };
    Side::ALL.iter().zip(&sides).any(is_cut)
}

/// Whether there are letters at a side of the ink, and not one stroke alone.
fn has_letters(plane: &Plane, side: Side, threshold: u8, stroke_width: f32, area: &Area) -> bool {
    let (from, to, size) = match side.direction() {
        Direction::Level => (area.left, area.right, area.height()),
        Direction::Plumb => (area.top, area.bottom, area.width()),
    };
    let depth = ((BAND * size as f32) as usize).max(1);
    let ink = |along: usize| (0..depth).filter(|&depth| side.at(plane, along, depth) > threshold).count();
    let inked: usize = (usize::from(from)..usize::from(to)).map(ink).sum();
    inked as f32 >= LETTERS * stroke_width * depth as f32
}

impl Side {
    /// The value so far along the side and so far in.
    fn at(self, plane: &Plane, along: usize, depth: usize) -> u8 {
        let direction = self.direction();
        let across = if self.is_first() { depth } else { direction.sides(plane).1 - 1 - depth };
        plane.values[direction.index(plane, along, across)]
    }
}

/// What of the ink is at one side of the image.
struct Contacts {
    any: bool,
    /// Strokes that reach the edge at full width.
    crossings: usize,
    /// What is nearly as wide as a stroke, or wider.
    wide: usize,
}

impl Contacts {
    fn new(plane: &Plane, side: Side, threshold: u8, stroke_width: f32, depth: usize) -> Self {
        let ink = |along: usize, depth: usize| side.at(plane, along, depth) > threshold;
        let (length, _) = side.direction().sides(plane);
        let mut found = Contacts { any: false, crossings: 0, wide: 0 };
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
            found.wide += usize::from(width as f32 >= FULL * stroke_width);
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

    fn is_cut(width: usize, height: usize, ink: impl Fn(f32, f32) -> bool) -> bool {
        let inked = |i: usize| ink((i % width) as f32 + 0.5, (i / width) as f32 + 0.5);
        let values = (0..width * height).map(|i| if inked(i) { 200 } else { 0 }).collect();
        let area = Area { left: 0, top: 0, right: width as u16, bottom: height as u16 };
        cut(&Plane { width, height, values }, 100, 6.0, &area)
    }

    fn ring(x: f32, y: f32) -> bool {
        ((x - 100.0).hypot(y - 50.0) - 47.0).abs() <= 3.0
    }

    #[test]
    fn a_bow_that_touches_the_edge_is_whole_and_a_stroke_that_crosses_it_is_cut() {
        let touching = |x: f32, y: f32| ring(x, y) || (x < 3.0 && (y - 50.0).abs() < 3.0);
        assert!(!is_cut(200, 100, touching), "on three sides");
        assert!(is_cut(200, 80, ring), "its lower part is missing");
        let slanting = |x: f32, y: f32| x > 30.0 && (y - 50.0 - 0.5 * (x - 100.0)).abs() < 4.0;
        assert!(!is_cut(150, 300, slanting), "a tail alone");
        let letters = |x: f32, y: f32| slanting(x, y) || (x > 120.0 && x < 148.0 && (y - 30.0).abs() < 20.0);
        assert!(is_cut(150, 300, letters), "it comes out of letters");
    }

    #[test]
    fn what_is_trimmed_on_all_sides_may_end_at_them() {
        let cross = |x: f32, y: f32| (x - 60.0).abs() < 3.0 || (y - 40.0).abs() < 3.0;
        assert!(!is_cut(120, 80, cross));
        let combs = |x: f32, y: f32| cross(x, y) || (x - 90.0).abs() < 3.0;
        assert!(is_cut(120, 80, combs), "two strokes go on below");
    }
}

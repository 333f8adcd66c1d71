//! Printed characters, told from writing by how regular they are.
//!
//! Characters of one line of print stand on one straight line, are of two or three heights (capitals and figures, small
//! letters, those that go below the line), and follow each other closely. Of a hand's separate letters hardly ever so many
//! do. All measures are of boxes around pieces of ink, in heights of a character, so that the scan's resolution plays no
//! part.

use super::components::Area;
use super::groups::Weighed;

/// Neighbours on a line are at most this far apart, in heights of the taller one.
const APART: f32 = 1.3;
/// One neighbour is at most so many times as high as the other.
const TALLER: f32 = 2.3;
/// Share of the lower one's height that both have in common, seen along the line.
const LEVEL: f32 = 0.5;
/// A character is at most so many heights wide; several may run into each other.
const WIDEST: f32 = 4.0;
/// Characters that make a line of print.
const LEAST_CHARACTERS: usize = 6;
/// Half of them stray at most this much from the line that they stand on, in heights.
const STRAY: f32 = 0.06;
/// And most have one of two heights, within this share.
const SAME_HEIGHT: f32 = 0.12;
const OF_TWO_HEIGHTS: f32 = 0.7;
/// What is near print: in heights along the line and across it.
const NEAR: (f32, f32) = (2.2, 1.2);
/// And no larger than so many heights.
const SMALL: f32 = 1.3;
/// How often print grows by what is near it.
const MOST_WORDS: usize = 12;
/// Pixels that a box may be off whatever its size.
const GRID: f32 = 1.0;

/// Which of the pieces are printed characters, and how many lines of them there are.
pub(crate) struct Print {
    pub is_print: Vec<bool>,
    pub lines: usize,
    /// Characters of the lines, without what is near them.
    pub characters: usize,
}

/// Looks for lines of print among pieces of ink of strokes of a width.
pub(crate) fn find(pieces: &[Weighed], stroke_width: f32) -> Print {
    let least = (2.0 * stroke_width).max(5.0);
    let mut order: Vec<usize> = (0..pieces.len())
        .filter(|&piece| {
            let area = &pieces[piece].area;
            area.height() as f32 >= least && area.width() as f32 <= WIDEST * area.height() as f32
        })
        .collect();
    order.sort_by_key(|&piece| pieces[piece].area.left);
    let mut found = Print { is_print: vec![false; pieces.len()], lines: 0, characters: 0 };
    for line in chains(&order, pieces) {
        let areas: Vec<Area> = line.iter().map(|&piece| pieces[piece].area).collect();
        if is_printed(&areas) {
            line.iter().for_each(|&piece| found.is_print[piece] = true);
            found.lines += 1;
            found.characters += line.len();
        }
    }
    mark_near(pieces, &mut found.is_print);
    found
}

/// Pieces that follow each other on a line, from left to right: each joins the line whose last piece is its nearest
/// neighbour.
fn chains(order: &[usize], pieces: &[Weighed]) -> Vec<Vec<usize>> {
    let mut lines: Vec<Vec<usize>> = Vec::new();
    // Lines that have ended are not looked at again.
    let mut open: Vec<usize> = Vec::new();
    for &piece in order {
        let area = pieces[piece].area;
        open.retain(|&line| {
            let last = pieces[lines[line][lines[line].len() - 1]].area;
            f32::from(area.left) - f32::from(last.right) <= APART * 3.0 * last.height() as f32
        });
        let follows = |line: &&usize| {
            let last = pieces[lines[**line][lines[**line].len() - 1]].area;
            are_neighbours(&last, &area)
        };
        let nearest = open
            .iter()
            .filter(follows)
            .copied()
            .max_by_key(|&line| pieces[lines[line][lines[line].len() - 1]].area.right);
        match nearest {
            Some(line) => lines[line].push(piece),
            None => {
                open.push(lines.len());
                lines.push(vec![piece]);
            }
        }
    }
    lines
}

fn are_neighbours(before: &Area, after: &Area) -> bool {
    let (low, high) = (before.height().min(after.height()) as f32, before.height().max(after.height()) as f32);
    let apart = f32::from(after.left) - f32::from(before.right);
    let common = f32::from(before.bottom.min(after.bottom)) - f32::from(before.top.max(after.top));
    high <= TALLER * low && apart <= APART * high && apart >= -0.5 * high && common >= LEVEL * low
}

fn is_printed(line: &[Area]) -> bool {
    if line.len() < LEAST_CHARACTERS {
        return false;
    }
    let heights: Vec<f32> = sorted(line.iter().map(|area| area.height() as f32));
    let height = heights[heights.len() / 2];
    let middles = |area: &Area| (f32::from(area.left) + f32::from(area.right)) / 2.0;
    let points: Vec<[f32; 2]> = line.iter().map(|area| [middles(area), f32::from(area.bottom)]).collect();
    let slope = median_slope(&points);
    let feet = sorted(points.iter().map(|[x, y]| y - slope * x));
    let foot = feet[feet.len() / 2];
    let stray = sorted(feet.iter().map(|y| (y - foot).abs()));
    let straight = stray[stray.len() * 6 / 10] <= STRAY * height + GRID / 2.0;
    straight && of_two_heights(&heights)
}

/// The slope between points far apart (Theil, 1950): what goes below the line does not turn it.
fn median_slope(points: &[[f32; 2]]) -> f32 {
    let half = points.len() / 2;
    let slopes = points.iter().zip(&points[half..]).map(|(a, b)| (b[1] - a[1]) / (b[0] - a[0]).max(1.0));
    let slopes = sorted(slopes);
    slopes[slopes.len() / 2]
}

/// Whether most heights are near one of two.
fn of_two_heights(heights: &[f32]) -> bool {
    let near = |height: f32, to: f32| (height - to).abs() <= SAME_HEIGHT * to + GRID;
    let most = |left: &[f32]| {
        let count = |to: f32| left.iter().filter(|&&height| near(height, to)).count();
        left.iter().copied().max_by_key(|&to| count(to))
    };
    let Some(first) = most(heights) else { return false };
    let left: Vec<f32> = heights.iter().copied().filter(|&height| !near(height, first)).collect();
    let second = most(&left);
    let rest = left.iter().filter(|&&height| second.is_none_or(|second| !near(height, second))).count();
    (heights.len() - rest) as f32 >= OF_TWO_HEIGHTS * heights.len() as f32
}

/// What is no larger than print and near it is print, too: the few characters of another word, dots, and what a character
/// broke into. So print grows from word to word.
fn mark_near(pieces: &[Weighed], is_print: &mut [bool]) {
    let print: Vec<Area> =
        pieces.iter().zip(is_print.iter()).filter(|(_, print)| **print).map(|(piece, _)| piece.area).collect();
    if print.is_empty() {
        return;
    }
    let heights = sorted(print.iter().map(|area| area.height() as f32));
    let height = heights[heights.len() / 2];
    let (along, across) = ((NEAR.0 * height) as u16, (NEAR.1 * height) as u16);
    let is_small = |area: &Area| area.width().max(area.height()) as f32 <= SMALL * height;
    let mut left: Vec<usize> =
        (0..pieces.len()).filter(|&piece| !is_print[piece] && is_small(&pieces[piece].area)).collect();
    let mut front = print;
    for _ in 0..MOST_WORDS {
        let found: Vec<usize> = left
            .extract_if(.., |piece| front.iter().any(|other| pieces[*piece].area.is_near(other, along, across)))
            .collect();
        if found.is_empty() {
            return;
        }
        found.iter().for_each(|&piece| is_print[piece] = true);
        front = found.into_iter().map(|piece| pieces[piece].area).collect();
    }
}

fn sorted(values: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(left: i32, top: i32, width: i32, height: i32) -> Weighed {
        let [left, top, right, bottom] = [left, top, left + width, top + height].map(|side| side as u16);
        Weighed { area: Area { left, top, right, bottom }, ink: (width * height / 3) as usize }
    }

    /// Characters of a line: small, tall or going below it.
    fn line(top: i32, stray: impl Fn(i32) -> i32) -> Vec<Weighed> {
        let shape = |i: i32| match i % 4 {
            0 => (0, 30),
            1 | 2 => (10, 20),
            _ => (10, 28),
        };
        (0..12).map(|i| piece(40 + 24 * i, top + shape(i).0 + stray(i), 18, shape(i).1)).collect()
    }

    #[test]
    fn a_line_of_print_is_found_with_its_dots_and_the_signature_is_not() {
        let mut pieces = line(200, |i| i / 4);
        pieces.push(piece(60, 40, 300, 120));
        pieces.push(piece(100, 225, 4, 4));
        let found = find(&pieces, 4.0);
        assert_eq!(found.lines, 1);
        assert!(found.is_print[..12].iter().all(|is| *is) && found.is_print[13]);
        assert!(!found.is_print[12]);
    }

    #[test]
    fn letters_of_a_hand_dance_and_are_no_print() {
        let dancing = line(200, |i| [0, 5, -4, 3, -6, 2, 6][i as usize % 7]);
        assert_eq!(find(&dancing, 4.0).lines, 0);
    }
}

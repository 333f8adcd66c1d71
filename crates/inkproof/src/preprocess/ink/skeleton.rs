//! The middle line of the strokes: thinning (Guo and Hall, CACM 32, 1989, algorithm A1), and the
//! thinned pixels as a graph of points.

use std::mem::{replace, swap};

use super::Plane;
use super::bits::Bits;

/// Points, and for each the points it is joined to.
pub(crate) struct Skeleton {
    pub points: Vec<[f32; 2]>,
    links: Vec<Links>,
}

/// Up to eight neighbours; most points have two.
#[derive(Clone, Copy, Default)]
struct Links {
    count: u8,
    to: [u32; 8],
}

impl Skeleton {
    /// The middle lines of a mask (1 ink, 0 paper); branches shorter than `spur` are bumps of the outline and left out.
    pub(crate) fn new(mask: &Plane, spur: f32) -> Skeleton {
        let mut mask = Bits::new(mask);
        thin(&mut mask);
        let mut skeleton = Skeleton::trace(&mask);
        skeleton.prune(spur);
        skeleton
    }

    fn trace(mask: &Bits) -> Skeleton {
        // How many pixels there are before each word: with those before a pixel in its word its number.
        let before: Vec<u32> =
            mask.all().iter().scan(0, |all, word| Some(replace(all, *all + word.count_ones()))).collect();
        let number = |x: usize, y: usize| {
            let at = y * mask.words + x / 64;
            let word = mask.all()[at];
            let bit = 1 << (x % 64);
            (word & bit != 0).then(|| before[at] + (word & (bit - 1)).count_ones())
        };
        let links = mask.places().map(|(x, y)| {
            let [left, right, up, down] = [x.wrapping_sub(1), x + 1, y.wrapping_sub(1), y + 1];
            let around =
                [(x, up), (right, up), (right, y), (right, down), (x, down), (left, down), (left, y), (left, up)];
            let near = around.map(|(x, y)| if x < mask.width && y < mask.height { number(x, y) } else { None });
            let mut links = Links::default();
            for (n, other) in near.iter().enumerate() {
                // Neighbours across a corner only where no way leads around it.
                let around_it = n % 2 == 1 && (near[n - 1].is_some() || near[(n + 1) % 8].is_some());
                if let Some(other) = other.filter(|_| !around_it) {
                    links.add(other);
                }
            }
            links
        });
        let links = links.collect();
        let points = mask.places().map(|(x, y)| [x as f32 + 0.5, y as f32 + 0.5]).collect();
        Skeleton { points, links }
    }

    /// The points that a point is joined to.
    pub(crate) fn near(&self, point: usize) -> &[u32] {
        self.links[point].all()
    }

    /// The lines between ends and forks, each once, and rings; a point by itself is a line too.
    pub(crate) fn lines(&self) -> Vec<Vec<[f32; 2]>> {
        let mut lines = Vec::new();
        let mut seen = vec![false; self.points.len()];
        let is_node = |point: usize| self.near(point).len() != 2;
        let nodes = (0..self.points.len()).filter(|&point| is_node(point));
        for node in nodes {
            if self.near(node).is_empty() {
                lines.push(vec![node]);
            }
            for &first in self.near(node) {
                let line = self.follow(node, first as usize, is_node);
                let (last, before) = (line[line.len() - 1], line[line.len() - 2]);
                // From its other end the same line is found again.
                if (node, first as usize) <= (last, before) {
                    line.iter().for_each(|&point| seen[point] = true);
                    lines.push(line);
                }
            }
        }
        for point in 0..self.points.len() {
            if !seen[point] && !is_node(point) {
                let ring = self.follow(point, self.near(point)[0] as usize, |at| at == point);
                ring.iter().for_each(|&point| seen[point] = true);
                lines.push(ring);
            }
        }
        lines.iter().map(|line| line.iter().map(|&point| self.points[point]).collect()).collect()
    }

    /// The points from `start` by way of `next` to the first that `ends` there.
    fn follow(&self, start: usize, next: usize, ends: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut line = vec![start, next];
        let (mut before, mut at) = (start, next);
        while !ends(at) {
            let ahead = self.near(at).iter().map(|&point| point as usize).find(|&point| point != before);
            let Some(ahead) = ahead else { break };
            (before, at) = (at, ahead);
            line.push(at);
        }
        line
    }

    /// Takes out the branches that end within `spur` of where they leave a line.
    fn prune(&mut self, spur: f32) {
        let ends: Vec<usize> = (0..self.points.len()).filter(|&p| self.links[p].count == 1).collect();
        let mut gone = vec![false; self.points.len()];
        for end in ends {
            if let Some(branch) = self.branch(end, spur) {
                branch.into_iter().for_each(|p| gone[p] = true);
            }
        }
        self.remove(&gone);
    }

    /// The points from an end to before a fork, if that is within `longest`.
    fn branch(&self, end: usize, longest: f32) -> Option<Vec<usize>> {
        let (mut before, mut at, mut length) = (end, end, 0.0);
        let mut points = Vec::new();
        loop {
            points.push(at);
            let next = self.near(at).iter().map(|&p| p as usize).find(|&p| p != before)?;
            let ([x, y], [u, v]) = (self.points[at], self.points[next]);
            length += (x - u).hypot(y - v);
            if length > longest {
                return None;
            }
            if self.links[next].count > 2 {
                return Some(points);
            }
            (before, at) = (at, next);
        }
    }

    fn remove(&mut self, gone: &[bool]) {
        let mut number = vec![u32::MAX; gone.len()];
        let kept: Vec<usize> = (0..gone.len()).filter(|&p| !gone[p]).collect();
        for (n, &p) in kept.iter().enumerate() {
            number[p] = n as u32;
        }
        let renumber = |&p: &usize| {
            let mut links = Links::default();
            let left = self.links[p].all().iter().map(|&q| number[q as usize]);
            left.filter(|&q| q != u32::MAX).for_each(|q| links.add(q));
            links
        };
        let links = kept.iter().map(renumber).collect();
        self.points = kept.iter().map(|&p| self.points[p]).collect();
        self.links = links;
    }
}

impl Links {
    fn add(&mut self, to: u32) {
        self.to[usize::from(self.count)] = to;
        self.count += 1;
    }

    fn all(&self) -> &[u32] {
        &self.to[..usize::from(self.count)]
    }
}

/// Removes ink from the outline inwards until lines of one pixel are left.
fn thin(mask: &mut Bits) {
    // The first pass takes from the south and east, the second from the north and west.
    while [false, true].map(|second| take_from_outline(mask, second)).contains(&true) {}
}

/// One pass of thinning, of all pixels at once: whether anything was taken.
fn take_from_outline(mask: &mut Bits, second: bool) -> bool {
    let mut taken = 0;
    let mut above = vec![0; mask.words];
    let mut row = vec![0; mask.words];
    for y in 0..mask.height {
        row.copy_from_slice(mask.row(y));
        if row.iter().any(|word| *word != 0) {
            let nothing = [0];
            let below = if y + 1 < mask.height { mask.row(y + 1) } else { &nothing[..] };
            let near = Near { rows: [&above, &row, below] };
            let gone: Vec<u64> = (0..row.len())
                .map(|at| if row[at] == 0 { 0 } else { row[at] & removable(&near.around(at), second) })
                .collect();
            for (word, gone) in mask.row_mut(y).iter_mut().zip(gone) {
                *word &= !gone;
                taken |= gone;
            }
        }
        swap(&mut above, &mut row);
    }
    taken != 0
}

/// A row and those above and below it.
struct Near<'a> {
    rows: [&'a [u64]; 3],
}

impl Near<'_> {
    /// The neighbours of the pixels of a word, clockwise from the one above.
    fn around(&self, at: usize) -> [u64; 8] {
        let [above, row, below] = self.rows;
        let word = |row: &[u64], at: usize| row.get(at).copied().unwrap_or(0);
        let west = |row: &[u64]| word(row, at) << 1 | word(row, at.wrapping_sub(1)) >> 63;
        let east = |row: &[u64]| word(row, at) >> 1 | word(row, at + 1) << 63;
        [word(above, at), east(above), east(row), east(below), word(below, at), west(below), west(row), west(above)]
    }
}

/// Which pixels of a word may go in a pass, by their neighbours (above, then clockwise).
fn removable(near: &[u64; 8], second: bool) -> u64 {
    let of_sides = |of: fn(&[u64; 8], usize) -> u64| [0, 2, 4, 6].map(|n| of(near, n));
    let crossings = of_sides(|near, n| !near[n] & (near[n + 1] | near[(n + 2) % 8]));
    let odd = of_sides(|near, n| near[(n + 7) % 8] | near[n]);
    let even = of_sides(|near, n| near[n] | near[n + 1]);
    let one = |[a, b, c, d]: [u64; 4]| (a ^ b ^ c ^ d) & !(a & b | c & d);
    let two = |[a, b, c, d]: [u64; 4]| a & b | c & d | (a | b) & (c | d);
    let four = |[a, b, c, d]: [u64; 4]| a & b & c & d;
    let s = if second { 0 } else { 4 };
    let kept = (near[s] | near[s + 1] | !near[s + 3]) & near[s + 2];
    // The fewer of odd and even neighbours are two or three.
    one(crossings) & two(odd) & two(even) & !(four(odd) & four(even)) & !kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(width: usize, height: usize, ink: impl Fn(usize, usize) -> bool) -> Plane {
        let values = (0..width * height).map(|i| u8::from(ink(i % width, i / width))).collect();
        Plane { width, height, values }
    }

    fn ends(skeleton: &Skeleton) -> usize {
        (0..skeleton.points.len()).filter(|&p| skeleton.near(p).len() == 1).count()
    }

    #[test]
    fn a_bar_becomes_its_middle_line() {
        let bar = mask(60, 20, |x, y| (10..50).contains(&x) && (7..12).contains(&y));
        let line = Skeleton::new(&bar, 0.0);
        assert!(line.points.iter().all(|p| (p[1] - 9.5).abs() <= 1.0), "{:?}", line.points);
        assert!((34..=40).contains(&line.points.len()), "{}", line.points.len());
        assert_eq!(ends(&line), 2);
    }

    #[test]
    fn a_ring_has_no_end_and_a_dot_is_one_point() {
        let away = |x: usize, y: usize| (x as f32 - 20.0).hypot(y as f32 - 20.0);
        let ring = Skeleton::new(&mask(41, 41, |x, y| (10.0..14.0).contains(&away(x, y))), 4.0);
        assert!(ring.points.len() > 60 && ends(&ring) == 0);
        let dot = Skeleton::new(&mask(41, 41, |x, y| away(x, y) < 4.0), 4.0);
        assert_eq!(dot.points.len(), 1);
    }

    #[test]
    fn lines_run_between_ends_and_forks() {
        let cross = mask(80, 40, |x, y| y == 20 && (5..75).contains(&x) || x == 40 && (5..20).contains(&y));
        let mut lengths: Vec<usize> = Skeleton::new(&cross, 0.0).lines().iter().map(Vec::len).collect();
        lengths.sort_unstable();
        assert!(lengths.len() == 3 && lengths[0] >= 12 && lengths[2] <= 37, "{lengths:?}");
        let away = |x: usize, y: usize| (x as f32 - 20.0).hypot(y as f32 - 20.0);
        let ring = Skeleton::new(&mask(41, 41, |x, y| (10.0..14.0).contains(&away(x, y))), 4.0).lines();
        assert_eq!(ring.len(), 1);
        assert_eq!(ring[0][0], ring[0][ring[0].len() - 1], "it ends where it begins");
        let dot = Skeleton::new(&mask(41, 41, |x, y| away(x, y) < 4.0), 4.0).lines();
        assert_eq!((dot.len(), dot[0].len()), (1, 1));
    }

    #[test]
    fn short_branches_go_and_long_ones_stay() {
        let cross = |up: usize| {
            mask(80, 40, move |x, y| y == 20 && (5..75).contains(&x) || x == 40 && (20 - up..20).contains(&y))
        };
        let count = |up, spur| ends(&Skeleton::new(&cross(up), spur));
        assert_eq!(count(4, 0.0), 3);
        assert_eq!(count(4, 5.0), 2);
        assert_eq!(count(12, 5.0), 3);
    }
}

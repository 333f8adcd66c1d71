//! The middle line of the strokes: thinning (Guo and Hall, CACM 32, 1989, algorithm A1), and the
//! thinned pixels as a graph of points.

use super::Plane;

/// Points, and for each the points it is joined to.
pub(super) struct Skeleton {
    pub points: Vec<[f32; 2]>,
    links: Vec<Links>,
}

/// Up to eight neighbours; most points have two.
#[derive(Clone, Copy, Default)]
struct Links {
    count: u8,
    to: [u32; 8],
}

/// Offsets of the neighbours in a plane of `width`, clockwise from the one above.
fn around(width: usize) -> [isize; 8] {
    let w = width as isize;
    [-w, 1 - w, 1, w + 1, w, w - 1, -1, -w - 1]
}

impl Skeleton {
    /// The middle lines of a mask (1 ink, 0 paper); branches shorter than `spur` are bumps of the
    /// outline and left out. The mask's outermost pixels must be paper.
    pub(super) fn new(mask: &mut Plane, spur: f32) -> Skeleton {
        thin(mask);
        let mut skeleton = Skeleton::trace(mask);
        skeleton.prune(spur);
        skeleton
    }

    fn trace(mask: &Plane) -> Skeleton {
        let pixels: Vec<usize> = (0..mask.values.len()).filter(|&i| mask.values[i] != 0).collect();
        let mut number = vec![u32::MAX; mask.values.len()];
        for (n, &i) in pixels.iter().enumerate() {
            number[i] = n as u32;
        }
        let around = around(mask.width);
        let links = pixels
            .iter()
            .map(|&i| {
                let near = around.map(|by| number[i.wrapping_add_signed(by)]);
                let mut links = Links::default();
                for (n, &other) in near.iter().enumerate() {
                    // Neighbours across a corner only where no way leads around it.
                    let corner = n % 2 == 1;
                    let around_it = corner && (near[n - 1] != u32::MAX || near[(n + 1) % 8] != u32::MAX);
                    if other != u32::MAX && !around_it {
                        links.add(other);
                    }
                }
                links
            })
            .collect();
        let place = |&i: &usize| [(i % mask.width) as f32 + 0.5, (i / mask.width) as f32 + 0.5];
        Skeleton { points: pixels.iter().map(place).collect(), links }
    }

    /// The points that a point is joined to.
    pub(super) fn near(&self, point: usize) -> &[u32] {
        self.links[point].all()
    }

    /// The lines between ends and forks, each once, and rings; a point by itself is a line too.
    pub(super) fn lines(&self) -> Vec<Vec<[f32; 2]>> {
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
fn thin(mask: &mut Plane) {
    let removable = [removable(false), removable(true)];
    let around = around(mask.width);
    let values = &mut mask.values;
    // 1 is ink inside, 2 ink at the outline, that is, in `outline`.
    let mut outline: Vec<usize> = Vec::new();
    for i in 0..values.len() {
        if values[i] != 0 && around.iter().any(|&by| values[i.wrapping_add_signed(by)] == 0) {
            outline.push(i);
        }
    }
    outline.iter().for_each(|&i| values[i] = 2);
    let mut removed = Vec::new();
    loop {
        let mut any = false;
        for table in &removable {
            removed.clear();
            outline.retain(|&i| {
                let neighbours = around.iter().rev();
                let code = neighbours.fold(0, |c, &by| c << 1 | usize::from(values[i.wrapping_add_signed(by)] != 0));
                if table[code] {
                    removed.push(i);
                }
                !table[code]
            });
            removed.iter().for_each(|&i| values[i] = 0);
            for &i in &removed {
                for by in around {
                    let near = i.wrapping_add_signed(by);
                    if values[near] == 1 {
                        values[near] = 2;
                        outline.push(near);
                    }
                }
            }
            any |= !removed.is_empty();
        }
        if !any {
            return;
        }
    }
}

/// Which neighbourhoods (bit 0 above, then clockwise) let their middle go in a pass.
fn removable(second: bool) -> [bool; 256] {
    std::array::from_fn(|code| {
        let ink = |n: usize| code >> (n % 8) & 1 == 1;
        let (mut crossings, mut odd, mut even) = (0, 0, 0);
        for n in [0, 2, 4, 6] {
            crossings += u8::from(!ink(n) && (ink(n + 1) || ink(n + 2)));
            odd += u8::from(ink(n + 7) || ink(n));
            even += u8::from(ink(n) || ink(n + 1));
        }
        // The first pass takes from the south and east, the second from the north and west.
        let s = if second { 0 } else { 4 };
        let kept = (ink(s) || ink(s + 1) || !ink(s + 3)) && ink(s + 2);
        let neighbours = odd.min(even);
        crossings == 1 && (2..=3).contains(&neighbours) && !kept
    })
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
        let mut bar = mask(60, 20, |x, y| (10..50).contains(&x) && (7..12).contains(&y));
        let line = Skeleton::new(&mut bar, 0.0);
        assert!(line.points.iter().all(|p| (p[1] - 9.5).abs() <= 1.0), "{:?}", line.points);
        assert!((34..=40).contains(&line.points.len()), "{}", line.points.len());
        assert_eq!(ends(&line), 2);
    }

    #[test]
    fn a_ring_has_no_end_and_a_dot_is_one_point() {
        let away = |x: usize, y: usize| (x as f32 - 20.0).hypot(y as f32 - 20.0);
        let ring = Skeleton::new(&mut mask(41, 41, |x, y| (10.0..14.0).contains(&away(x, y))), 4.0);
        assert!(ring.points.len() > 60 && ends(&ring) == 0);
        let dot = Skeleton::new(&mut mask(41, 41, |x, y| away(x, y) < 4.0), 4.0);
        assert_eq!(dot.points.len(), 1);
    }

    #[test]
    fn lines_run_between_ends_and_forks() {
        let mut cross = mask(80, 40, |x, y| y == 20 && (5..75).contains(&x) || x == 40 && (5..20).contains(&y));
        let mut lengths: Vec<usize> = Skeleton::new(&mut cross, 0.0).lines().iter().map(Vec::len).collect();
        lengths.sort_unstable();
        assert!(lengths.len() == 3 && lengths[0] >= 12 && lengths[2] <= 37, "{lengths:?}");
        let away = |x: usize, y: usize| (x as f32 - 20.0).hypot(y as f32 - 20.0);
        let ring = Skeleton::new(&mut mask(41, 41, |x, y| (10.0..14.0).contains(&away(x, y))), 4.0).lines();
        assert_eq!(ring.len(), 1);
        assert_eq!(ring[0][0], ring[0][ring[0].len() - 1], "it ends where it begins");
        let dot = Skeleton::new(&mut mask(41, 41, |x, y| away(x, y) < 4.0), 4.0).lines();
        assert_eq!((dot.len(), dot[0].len()), (1, 1));
    }

    #[test]
    fn short_branches_go_and_long_ones_stay() {
        let cross = |up: usize| {
            mask(80, 40, move |x, y| y == 20 && (5..75).contains(&x) || x == 40 && (20 - up..20).contains(&y))
        };
        let count = |up, spur| ends(&Skeleton::new(&mut cross(up), spur));
        assert_eq!(count(4, 0.0), 3);
        assert_eq!(count(4, 5.0), 2);
        assert_eq!(count(12, 5.0), 3);
    }
}

//! Images to fewer pixels, by the average of square blocks, and to more, linearly.

/// A pixel of so many channels.
pub(super) type Pixel<const N: usize> = [u8; N];

/// Averages blocks of `block` x `block` pixels while rows arrive; those at the right and lower edge may be smaller.
pub(super) struct Blocks<const N: usize> {
    width: usize,
    block: usize,
    rows: usize,
    sums: Vec<[u32; N]>,
    pixels: Vec<Pixel<N>>,
}

impl<const N: usize> Blocks<N> {
    pub(super) fn new(width: usize, height: usize, block: usize) -> Self {
        let (across, down) = (width.div_ceil(block), height.div_ceil(block));
        Self { width, block, rows: 0, sums: vec![[0; N]; across], pixels: Vec::with_capacity(across * down) }
    }

    pub(super) fn add(&mut self, row: &[Pixel<N>]) {
        for (sum, pixels) in self.sums.iter_mut().zip(row.chunks(self.block)) {
            for pixel in pixels {
                for (sum, &value) in sum.iter_mut().zip(pixel) {
                    *sum += u32::from(value);
                }
            }
        }
        self.rows += 1;
        if self.rows == self.block {
            self.end_row();
        }
    }

    fn end_row(&mut self) {
        for (at, sum) in self.sums.iter_mut().enumerate() {
            let across = self.block.min(self.width - at * self.block);
            let count = (across * self.rows) as u32;
            self.pixels.push(sum.map(|sum| ((sum + count / 2) / count) as u8));
            *sum = [0; N];
        }
        self.rows = 0;
    }

    pub(super) fn finish(mut self) -> Vec<Pixel<N>> {
        if self.rows > 0 {
            self.end_row();
        }
        self.pixels
    }
}

/// Fractions of a pixel are counted in this many parts.
const PARTS: usize = 256;

/// Enlarges an image to `to`, columns and rows, by what lies between the pixels; no side becomes smaller.
pub(super) fn enlarged<const N: usize>(
    pixels: Vec<Pixel<N>>,
    (width, height): (usize, usize),
    to: (usize, usize),
) -> Vec<Pixel<N>> {
    if to == (width, height) {
        return pixels;
    }
    let columns: Vec<(usize, usize)> = (0..to.0).map(|x| between(x, width, to.0)).collect();
    let mut result = Vec::with_capacity(to.0 * to.1);
    let mut row = vec![[0; N]; width];
    for y in 0..to.1 {
        let (above, part) = between(y, height, to.1);
        let below = (above + 1).min(height - 1);
        let (above, below) = (&pixels[above * width..][..width], &pixels[below * width..][..width]);
        for ((mixed, &a), &b) in row.iter_mut().zip(above).zip(below) {
            *mixed = mix(a, b, part);
        }
        result.extend(columns.iter().map(|&(left, part)| mix(row[left], row[(left + 1).min(width - 1)], part)));
    }
    result
}

/// The pixel before the middle of a new one, and how far that is on the way to the next.
fn between(at: usize, from: usize, to: usize) -> (usize, usize) {
    let doubled = ((2 * at + 1) * from * PARTS / to).saturating_sub(PARTS);
    let before = (doubled / (2 * PARTS)).min(from - 1);
    (before, doubled / 2 - before * PARTS)
}

fn mix<const N: usize>(a: Pixel<N>, b: Pixel<N>, part: usize) -> Pixel<N> {
    let mixed = |i: usize| (usize::from(a[i]) * (PARTS - part) + usize::from(b[i]) * part + PARTS / 2) / PARTS;
    std::array::from_fn(|i| mixed(i) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_averages_and_those_at_the_edge_smaller() {
        let mut blocks = Blocks::new(5, 3, 2);
        for row in [[0, 10, 20, 30, 7], [0, 10, 20, 31, 8], [1, 2, 3, 4, 9]] {
            blocks.add(&row.map(|v| [v]));
        }
        assert_eq!(blocks.finish(), [5, 25, 8, 2, 4, 9].map(|v| [v]));
    }

    #[test]
    fn enlarging_keeps_the_ends_and_mixes_between() {
        let stretched = enlarged(vec![[0], [100]], (1, 2), (1, 4));
        assert_eq!(stretched, [0, 25, 75, 100].map(|v| [v]));
        assert_eq!(enlarged(vec![[0, 9], [100, 9]], (2, 1), (4, 1))[1], [25, 9]);
        assert_eq!(enlarged(vec![[3]], (1, 1), (3, 2)), vec![[3]; 6]);
    }
}

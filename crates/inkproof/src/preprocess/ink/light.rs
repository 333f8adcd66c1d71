//! Uneven light and what lies around the sheet: a hard shadow, a desk, the black edge of a scan.
//!
//! What is far wider than a stroke is ground, not ink, however dark it is: the ground is the gray image closed (dilated,
//! then eroded; Serra, Image Analysis and Mathematical Morphology, 1982) by a square that no stroke fills. It follows the
//! edge of a shadow to the pixel, which a smooth model of the light cannot.

use super::{Plane, components, histogram};
use crate::gray::Gray;

/// Half a side of the square, as a share of the image's shorter side, and its bounds in pixels.
const REACH: usize = 16;
const LEAST_REACH: usize = 12;
const MOST_REACH: usize = 64;
/// The light is uneven where the dark part of the ground has less than this share of the light of the bright part.
const UNEVEN: f32 = 0.75;
/// What is called the dark and the bright part: these shares of the ground are darker.
const DARK_PART: f32 = 0.03;
const BRIGHT_PART: f32 = 0.9;
/// Ink in a shadow is made as dark as elsewhere, by at most this factor.
const MOST_GAIN: f32 = 2.0;
/// Pixels along the shorter side of the small image that the light is judged by.
const SMALL: usize = 64;
/// And pixels of it at most.
const SMALL_PIXELS: f32 = 200_000.0;

/// Darkness over the ground, as dark in a shadow as elsewhere; None where there is no room for a square.
pub(super) fn darkness(gray: &Gray, inverted: bool) -> Option<Plane> {
    let reach = reach(gray)?;
    let flip = if inverted { 255 } else { 0 };
    let pixels = || gray.pixels().iter().map(|pixel| pixel ^ flip);
    let (width, height) = (gray.width(), gray.height());
    let ground = closed(&Plane { width, height, values: pixels().collect() }, reach);
    let bright = f32::from(share_below(&ground.values, BRIGHT_PART));
    let gains: Vec<f32> = (0..256).map(|level| (bright / (level as f32).max(1.0)).clamp(1.0, MOST_GAIN)).collect();
    let darker = |(pixel, ground): (u8, &u8)| {
        let darkness = f32::from(ground.saturating_sub(pixel));
        (darkness * gains[usize::from(*ground)] + 0.5).min(255.0) as u8
    };
    let values = pixels().zip(&ground.values).map(darker).collect();
    Some(Plane { width, height, values })
}

/// Half a side of the square; None where there is no room for one.
fn reach(gray: &Gray) -> Option<usize> {
    let side = gray.width().min(gray.height());
    (side >= 4 * LEAST_REACH).then(|| (side / REACH).clamp(LEAST_REACH, MOST_REACH))
}

/// The ground is not the sheet where it has less than this share of the light of the bright part: a desk, the black edge of
/// a scan. A shadow is hardly so dark.
const NO_SHEET: f32 = 0.45;
/// A sheet is at least this share of the image.
const LEAST_SHEET: f32 = 0.15;

/// So much of a sheet is paper and no ink.
const SOLID: f32 = 0.75;

/// The ground by a small image, each pixel the lightest of a block, in which thin strokes have vanished already.
pub(super) struct Ground {
    small: Plane,
    /// Pixels along a side of a block.
    block: usize,
    bright: f32,
}

impl Ground {
    /// Of an image, inverted where the writing is lighter than the paper; None where there is no room for a square.
    pub(super) fn new(gray: &Gray, inverted: bool) -> Option<Ground> {
        let reach = reach(gray)?;
        let (small, block) = lightest_of_blocks(gray, if inverted { 255 } else { 0 });
        let small = closed(&small, reach.div_ceil(block));
        let bright = f32::from(share_below(&small.values, BRIGHT_PART));
        Some(Ground { small, block, bright })
    }

    /// Whether the light is uneven.
    pub(super) fn is_uneven(&self) -> bool {
        self.dark_part() < UNEVEN * self.bright
    }

    /// How many levels the dark part of the ground is darker than the bright part.
    pub(super) fn shade(&self) -> f32 {
        self.bright - self.dark_part()
    }

    fn dark_part(&self) -> f32 {
        f32::from(share_below(&self.small.values, DARK_PART))
    }

    /// Which pixels of the image are dark ground that begins at its edge, and so no sheet; None where there is none.
    pub(super) fn around_sheet(&self, gray: &Gray) -> Option<Vec<bool>> {
        let Ground { small, block, bright } = self;
        let is_dark = |i: usize| f32::from(small.values[i]) < NO_SHEET * bright;
        let outside = all_but_largest(small.width, small.height, &flooded(small.width, small.height, is_dark));
        let sheet = outside.iter().filter(|outside| !**outside).count() as f32;
        if !outside.contains(&true) || sheet < LEAST_SHEET * outside.len() as f32 {
            return None;
        }
        let block_of =
            |x: usize, y: usize| (y / block).min(small.height - 1) * small.width + (x / block).min(small.width - 1);
        let (width, height) = (gray.width(), gray.height());
        let places = || (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        // White writing on black is as bright as a sheet, and not nearly as solid.
        let (mut all, mut light) = (0, 0);
        for ((x, y), pixel) in places().zip(gray.pixels()) {
            if !outside[block_of(x, y)] {
                all += 1;
                light += usize::from(f32::from(*pixel) >= NO_SHEET * bright);
            }
        }
        if (light as f32) < SOLID * all as f32 {
            return None;
        }
        // The sheet's edge is somewhere in the next block.
        let near = |i: usize| {
            let (x, y) = (i % small.width, i / small.width);
            let rows = y.saturating_sub(1)..(y + 2).min(small.height);
            let mut around = rows.flat_map(|y| (x.saturating_sub(1)..(x + 2).min(small.width)).map(move |x| (x, y)));
            around.any(|(x, y)| outside[y * small.width + x])
        };
        let outside: Vec<bool> = (0..outside.len()).map(near).collect();
        Some(places().map(|(x, y)| outside[block_of(x, y)]).collect())
    }
}

/// What hangs together with the edge of an image and is so.
fn flooded(width: usize, height: usize, is_so: impl Fn(usize) -> bool) -> Vec<bool> {
    let mut reached = vec![false; width * height];
    let at_edge = |i: &usize| {
        let (x, y) = (i % width, i / width);
        x == 0 || y == 0 || x + 1 == width || y + 1 == height
    };
    let mut next: Vec<usize> = (0..width * height).filter(at_edge).filter(|&i| is_so(i)).collect();
    next.iter().for_each(|&i| reached[i] = true);
    while let Some(i) = next.pop() {
        let (x, y) = (i % width, i / width);
        let beside = [(x > 0).then(|| i - 1), (x + 1 < width).then_some(i + 1)];
        let above = [(y > 0).then(|| i - width), (y + 1 < height).then_some(i + width)];
        for near in beside.into_iter().chain(above).flatten() {
            if !reached[near] && is_so(near) {
                reached[near] = true;
                next.push(near);
            }
        }
    }
    reached
}

/// What is outside, and what is not but does not hang together with the largest part that is not: white letters in a dark
/// bar are no second sheet.
fn all_but_largest(width: usize, height: usize, outside: &[bool]) -> Vec<bool> {
    let mut sheet = Plane { width, height, values: outside.iter().map(|outside| u8::from(!outside)).collect() };
    let mut parts = components::find(&sheet, 0);
    parts.drop_smaller(parts.largest() as f32);
    parts.erase_dropped(&mut sheet);
    sheet.values.iter().map(|sheet| *sheet == 0).collect()
}

/// An image of which each pixel is the lightest of a block, and the pixels along a side of a block.
fn lightest_of_blocks(gray: &Gray, flip: u8) -> (Plane, usize) {
    let fewer = ((gray.width() * gray.height()) as f32 / SMALL_PIXELS).sqrt() as usize;
    let block = (gray.width().min(gray.height()) / SMALL).max(fewer).max(1);
    let (width, height) = (gray.width() / block, gray.height() / block);
    let mut values = Vec::with_capacity(width * height);
    let mut lightest = vec![0; width * block];
    for top in (0..height).map(|y| y * block) {
        lightest.fill(0);
        for y in top..top + block {
            let lighter = |(lightest, pixel): (&mut u8, &u8)| *lightest = (*lightest).max(pixel ^ flip);
            lightest.iter_mut().zip(gray.row(y)).for_each(lighter);
        }
        values.extend(lightest.chunks_exact(block).map(|block| block.iter().fold(0, |most, pixel| most.max(*pixel))));
    }
    (Plane { width, height, values }, block)
}

/// The value that this share of all is not above.
fn share_below(values: &[u8], share: f32) -> u8 {
    histogram::level_of(&histogram::count(values), (share * values.len() as f32) as usize)
}

/// Dilated and then eroded by a square of so many pixels to each side; what is at an edge goes on beyond it.
fn closed(plane: &Plane, reach: usize) -> Plane {
    let (width, height) = (plane.width, plane.height);
    let dilated = |plane| along_rows(plane, reach, u8::max);
    let eroded = |plane| along_rows(plane, reach, u8::min);
    // Columns are rows of the transposed image, which both steps look along at once.
    let across = eroded(dilated(transposed(dilated(with_margin(plane, reach)))));
    let whole = eroded(transposed(across));
    let rows = whole.values.chunks_exact(whole.width).skip(reach).take(height);
    let values = rows.flat_map(|row| &row[reach..reach + width]).copied().collect();
    Plane { width, height, values }
}

/// With so many rows and columns more on each side, all like the outermost ones.
fn with_margin(plane: &Plane, margin: usize) -> Plane {
    let (width, height) = (plane.width + 2 * margin, plane.height + 2 * margin);
    let mut values = Vec::with_capacity(width * height);
    for y in 0..height {
        let row = plane.row(y.saturating_sub(margin).min(plane.height - 1));
        values.extend(std::iter::repeat_n(row[0], margin));
        values.extend_from_slice(row);
        values.extend(std::iter::repeat_n(row[row.len() - 1], margin));
    }
    Plane { width, height, values }
}

fn transposed(plane: Plane) -> Plane {
    const TILE: usize = 32;
    let (width, height) = (plane.width, plane.height);
    let mut values = vec![0; width * height];
    for top in (0..height).step_by(TILE) {
        for left in (0..width).step_by(TILE) {
            for y in top..(top + TILE).min(height) {
                for x in left..(left + TILE).min(width) {
                    values[x * height + y] = plane.values[y * width + x];
                }
            }
        }
    }
    Plane { width: height, height: width, values }
}

/// Each value replaced by the extreme of those within reach in its row: by blocks from both sides, two comparisons a pixel
/// whatever the reach (van Herk, Pattern Recognition Letters 13, 1992).
fn along_rows(mut plane: Plane, reach: usize, extreme: impl Fn(u8, u8) -> u8) -> Plane {
    let window = 2 * reach + 1;
    let length = (plane.width + 2 * reach).next_multiple_of(window);
    let (mut padded, mut from_left, mut from_right) = (vec![0; length], vec![0; length], vec![0; length]);
    for row in plane.values.chunks_exact_mut(plane.width) {
        padded[..reach].fill(row[0]);
        padded[reach..reach + row.len()].copy_from_slice(row);
        padded[reach + row.len()..].fill(row[row.len() - 1]);
        for start in (0..length).step_by(window) {
            let mut seen = padded[start];
            for i in start..start + window {
                seen = extreme(seen, padded[i]);
                from_left[i] = seen;
            }
            let mut seen = padded[start + window - 1];
            for i in (start..start + window).rev() {
                seen = extreme(seen, padded[i]);
                from_right[i] = seen;
            }
        }
        for (x, value) in row.iter_mut().enumerate() {
            *value = extreme(from_right[x], from_left[x + 2 * reach]);
        }
    }
    plane
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(ink: impl Fn(usize, usize) -> u8) -> Gray {
        Gray::new(300, 200, (0..300 * 200).map(|i| ink(i % 300, i / 300)).collect()).unwrap()
    }

    #[test]
    fn an_even_light_is_left_to_others() {
        assert!(!Ground::new(&picture(|x, y| if y == x / 2 { 20 } else { 230 }), false).unwrap().is_uneven());
    }

    #[test]
    fn a_hard_shadow_and_a_black_edge_are_no_ink_and_a_stroke_through_them_is() {
        let scene = |x: usize, y: usize| {
            let light = if x < 40 {
                5
            } else if x > 170 {
                120
            } else {
                230
            };
            if (90..94).contains(&y) { light / 3 } else { light }
        };
        assert!(Ground::new(&picture(scene), false).unwrap().is_uneven());
        let plane = darkness(&picture(scene), false).unwrap();
        for (i, value) in plane.values.iter().enumerate() {
            let (x, y) = (i % 300, i / 300);
            let stroke = (90..94).contains(&y) && x >= 40;
            assert!(if stroke { *value > 100 } else { *value < 10 }, "{x}, {y}: {value}");
        }
    }

    #[test]
    fn the_extreme_in_a_window_is_that_of_the_definition() {
        let values: Vec<u8> = (0..7 * 53_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let plane = Plane { width: 53, height: 7, values: values.clone() };
        let found = along_rows(plane, 5, u8::max);
        for y in 0..7 {
            for x in 0..53_usize {
                let row = &values[y * 53..][..53];
                let most = row[x.saturating_sub(5)..(x + 6).min(53)].iter().max().unwrap();
                assert_eq!(found.values[y * 53 + x], *most);
            }
        }
    }
}

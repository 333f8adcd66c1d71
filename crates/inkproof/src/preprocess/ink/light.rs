//! Uneven light and what lies around the sheet: a hard shadow, a desk, the black edge of a scan.
//!
//! What is far wider than a stroke is ground, not ink, however dark it is: the ground is the gray image closed (dilated,
//! then eroded; Serra, Image Analysis and Mathematical Morphology, 1982) by a square that no stroke fills. It follows the
//! edge of a shadow to the pixel, which a smooth model of the light cannot.

use super::Plane;
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

/// Darkness over the ground where the light is uneven, or in any light; None where it is even, or there is no room for a
/// square.
pub(super) fn darkness(gray: &Gray, inverted: bool, in_any_light: bool) -> Option<Plane> {
    let flip = if inverted { 255 } else { 0 };
    let pixels = || gray.pixels().iter().map(|pixel| pixel ^ flip);
    let (width, height) = (gray.width(), gray.height());
    let reach = (width.min(height) / REACH).clamp(LEAST_REACH, MOST_REACH);
    if width.min(height) < 4 * LEAST_REACH || !(in_any_light || is_uneven(gray, flip, reach)) {
        return None;
    }
    let ground = closed(Plane { width, height, values: pixels().collect() }, reach);
    let bright = f32::from(share_below(&ground.values, BRIGHT_PART));
    let gains: Vec<f32> = (0..256).map(|level| (bright / (level as f32).max(1.0)).clamp(1.0, MOST_GAIN)).collect();
    let darker = |(pixel, ground): (u8, &u8)| {
        let darkness = f32::from(ground.saturating_sub(pixel));
        (darkness * gains[usize::from(*ground)] + 0.5).min(255.0) as u8
    };
    let values = pixels().zip(&ground.values).map(darker).collect();
    Some(Plane { width, height, values })
}

/// By a small image, each pixel the lightest of a block, in which thin strokes have vanished already.
fn is_uneven(gray: &Gray, flip: u8, reach: usize) -> bool {
    let block = (gray.width().min(gray.height()) / SMALL).max(1);
    let (width, height) = (gray.width() / block, gray.height() / block);
    let lightest = |x: usize, y: usize| {
        let rows = (y * block..(y + 1) * block).map(|y| &gray.row(y)[x * block..(x + 1) * block]);
        rows.flatten().map(|pixel| pixel ^ flip).max().unwrap_or(0)
    };
    let values = (0..width * height).map(|i| lightest(i % width, i / width)).collect();
    let ground = closed(Plane { width, height, values }, reach.div_ceil(block));
    let part = |share| f32::from(share_below(&ground.values, share));
    part(DARK_PART) < UNEVEN * part(BRIGHT_PART)
}

/// The value that this share of all is not above.
fn share_below(values: &[u8], share: f32) -> u8 {
    let mut histogram = [0_usize; 256];
    values.iter().for_each(|&value| histogram[usize::from(value)] += 1);
    let wanted = (share * values.len() as f32) as usize;
    let mut seen = 0;
    let found = histogram.iter().position(|&count| {
        seen += count;
        seen > wanted
    });
    found.unwrap_or(255) as u8
}

/// Dilated and then eroded by a square of so many pixels to each side.
fn closed(plane: Plane, reach: usize) -> Plane {
    let along = along_rows(plane, reach, u8::max, 0);
    // Columns are rows of the transposed image, which both steps look along at once.
    let across = along_rows(along_rows(transposed(along), reach, u8::max, 0), reach, u8::min, 255);
    along_rows(transposed(across), reach, u8::min, 255)
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
fn along_rows(mut plane: Plane, reach: usize, extreme: fn(u8, u8) -> u8, neutral: u8) -> Plane {
    let window = 2 * reach + 1;
    let length = (plane.width + 2 * reach).next_multiple_of(window);
    let (mut padded, mut from_left, mut from_right) = (vec![neutral; length], vec![0; length], vec![0; length]);
    for row in plane.values.chunks_exact_mut(plane.width) {
        padded[reach..reach + row.len()].copy_from_slice(row);
        for start in (0..length).step_by(window) {
            let mut seen = neutral;
            for i in start..start + window {
                seen = extreme(seen, padded[i]);
                from_left[i] = seen;
            }
            let mut seen = neutral;
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
        assert!(darkness(&picture(|x, y| if y == x / 2 { 20 } else { 230 }), false, false).is_none());
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
        let plane = darkness(&picture(scene), false, false).unwrap();
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
        let found = along_rows(plane, 5, u8::max, 0);
        for y in 0..7 {
            for x in 0..53_usize {
                let row = &values[y * 53..][..53];
                let most = row[x.saturating_sub(5)..(x + 6).min(53)].iter().max().unwrap();
                assert_eq!(found.values[y * 53 + x], *most);
            }
        }
    }
}

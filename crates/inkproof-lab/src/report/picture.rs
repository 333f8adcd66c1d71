//! An image file as a picture for a page: narrowed, and where the signature alone matters, cropped to its ink and with few
//! enough grays to be small.

use std::path::Path;

use inkproof::{Gray, GrayRule, Limits, decode, read_image_file};

use crate::error::{Error, Result};

/// How much darker than the paper, in grays, a pixel is that must not be cropped away.
const DARKER: u8 = 24;

/// The border left around the ink, as a share of the picture's longer side.
const BORDER: f64 = 0.03;

/// The step between the grays that are kept: it halves the file and cannot be seen.
const GRAY_STEP: u16 = 8;

/// The signature in an image file of any kind, as a PNG of at most `widest` pixels in a row.
pub(super) fn signature(path: &Path, widest: usize) -> Result<Vec<u8>> {
    encode(&with_few_grays(&narrowed(&cropped(&read(path)?), widest)))
}

/// The whole of an image file of any kind, with all its grays, as a PNG of at most `widest` pixels in a row.
pub(crate) fn whole(path: &Path, widest: usize) -> Result<Vec<u8>> {
    encode(&narrowed(&read(path)?, widest))
}

fn read(path: &Path) -> Result<Gray> {
    let limits = Limits::default();
    let bytes = read_image_file(path, &limits)?;
    Ok(decode(&bytes, GrayRule::OnWhite, &limits).map_err(|error| error.at(path))?)
}

fn encode(gray: &Gray) -> Result<Vec<u8>> {
    let failed = |why: png::EncodingError| Error::Chart { chart: "picture", why: why.to_string() };
    crate::png_file::encode(gray, png::Compression::High).map_err(failed)
}

/// The picture without the empty paper around the ink; all of it where nothing stands out. A speck of dust far from the
/// ink stays: better too much paper than a stroke cut off.
fn cropped(gray: &Gray) -> Gray {
    let dark = median(gray).saturating_sub(DARKER);
    let (width, height) = (gray.width(), gray.height());
    let rows = ends((0..height).filter(|&y| gray.row(y).iter().any(|&pixel| pixel < dark)));
    let columns = ends((0..width).filter(|&x| (0..height).any(|y| gray.row(y)[x] < dark)));
    let (Some((left, right)), Some((top, bottom))) = (columns, rows) else { return gray.clone() };
    let border = (BORDER * width.max(height) as f64) as usize;
    let (left, top) = (left.saturating_sub(border), top.saturating_sub(border));
    let (right, bottom) = ((right + border + 1).min(width), (bottom + border + 1).min(height));
    let pixels = (top..bottom).flat_map(|y| gray.row(y)[left..right].to_vec()).collect();
    Gray::new(right - left, bottom - top, pixels).expect("as many pixels as its sides say")
}

/// The gray of the paper, since most of a picture is paper.
fn median(gray: &Gray) -> u8 {
    let mut pixels = gray.pixels().to_vec();
    let middle = pixels.len() / 2;
    *pixels.select_nth_unstable(middle).1
}

/// The first and the last.
fn ends(mut places: impl DoubleEndedIterator<Item = usize>) -> Option<(usize, usize)> {
    let first = places.next()?;
    Some((first, places.next_back().unwrap_or(first)))
}

/// The picture reduced to at most `widest` pixels in a row, by means over whole squares.
fn narrowed(gray: &Gray, widest: usize) -> Gray {
    let factor = gray.width().div_ceil(widest);
    let (width, height) = ((gray.width() / factor).max(1), (gray.height() / factor).max(1));
    let factor_down = factor.min(gray.height());
    let mean = |x: usize, y: usize| {
        let rows = y * factor_down..(y + 1) * factor_down;
        let sum: usize =
            rows.flat_map(|row| &gray.row(row)[x * factor..(x + 1) * factor]).map(|&p| usize::from(p)).sum();
        (sum / (factor * factor_down)) as u8
    };
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| mean(x, y)).collect();
    Gray::new(width, height, pixels).expect("as many pixels as its sides say")
}

/// Every gray at the nearest step, counted from white.
fn with_few_grays(gray: &Gray) -> Gray {
    let nearest = |&pixel: &u8| {
        let steps = (u16::from(255 - pixel) + GRAY_STEP / 2) / GRAY_STEP;
        255_u16.saturating_sub(steps * GRAY_STEP) as u8
    };
    let pixels = gray.pixels().iter().map(nearest).collect();
    Gray::new(gray.width(), gray.height(), pixels).expect("as many pixels as before")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_pictures_become_narrow_and_narrow_ones_stay() {
        let small = Gray::new(3, 2, vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(narrowed(&small, 640), small);
        let wide = Gray::new(1300, 7, vec![9; 1300 * 7]).unwrap();
        let narrow = narrowed(&wide, 640);
        assert_eq!((narrow.width(), narrow.height()), (433, 2));
        assert!(narrow.pixels().iter().all(|&p| p == 9));
        let flat = Gray::new(2000, 1, vec![7; 2000]).unwrap();
        assert_eq!(narrowed(&flat, 640).height(), 1);
    }

    #[test]
    fn empty_paper_is_cropped_and_no_ink_with_it() {
        let mut pixels = vec![230; 100 * 50];
        for (x, y) in [(40, 20), (60, 29)] {
            pixels[y * 100 + x] = 40;
        }
        let gray = Gray::new(100, 50, pixels).unwrap();
        let crop = cropped(&gray);
        assert_eq!((crop.width(), crop.height()), (21 + 2 * 3, 10 + 2 * 3));
        assert_eq!((crop.row(3)[3], crop.row(12)[23]), (40, 40));
        assert_eq!(crop.pixels().iter().filter(|&&pixel| pixel == 40).count(), 2);
        let empty = Gray::new(4, 4, vec![200; 16]).unwrap();
        assert_eq!(cropped(&empty), empty);
    }

    #[test]
    fn grays_move_to_the_nearest_step_and_white_stays_white() {
        let gray = Gray::new(6, 1, vec![255, 252, 250, 128, 3, 0]).unwrap();
        assert_eq!(with_few_grays(&gray).pixels(), [255, 255, 247, 127, 0, 0]);
        let all = Gray::new(256, 1, (0..=255).collect()).unwrap();
        for (before, after) in all.pixels().iter().zip(with_few_grays(&all).pixels()) {
            assert!(u16::from(before.abs_diff(*after)) <= GRAY_STEP / 2, "{before} {after}");
        }
    }
}

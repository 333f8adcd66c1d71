//! Turns an image as its EXIF orientation says.

use image::metadata::Orientation;

/// Pixels along a tile's sides.
const TILE: usize = 32;

/// Columns and rows of the upright image.
pub(super) fn sides(width: usize, height: usize, orientation: Orientation) -> (usize, usize) {
    match orientation {
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH => {
            (height, width)
        }
        _ => (width, height),
    }
}

/// The pixels of the upright image, row by row.
pub(super) fn turned<T: Copy>(pixels: Vec<T>, width: usize, height: usize, orientation: Orientation) -> Vec<T> {
    let (Some(&first), false) = (pixels.first(), orientation == Orientation::NoTransforms) else { return pixels };
    let (out_width, out_height) = sides(width, height, orientation);
    // For each pixel of the upright image, the stored one.
    let stored = |x: usize, y: usize| match orientation {
        Orientation::NoTransforms => (x, y),
        Orientation::FlipHorizontal => (width - 1 - x, y),
        Orientation::Rotate180 => (width - 1 - x, height - 1 - y),
        Orientation::FlipVertical => (x, height - 1 - y),
        Orientation::Rotate90FlipH => (y, x),
        Orientation::Rotate90 => (y, height - 1 - x),
        Orientation::Rotate270FlipH => (width - 1 - y, height - 1 - x),
        Orientation::Rotate270 => (width - 1 - y, x),
    };
    let mut upright = vec![first; width * height];
    // In tiles, since one of both images is walked across its rows.
    for top in (0..out_height).step_by(TILE) {
        for left in (0..out_width).step_by(TILE) {
            for out_y in top..(top + TILE).min(out_height) {
                for out_x in left..(left + TILE).min(out_width) {
                    let (x, y) = stored(out_x, out_y);
                    upright[out_y * out_width + out_x] = pixels[y * width + x];
                }
            }
        }
    }
    upright
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_orientation_agrees_with_the_image_crate() {
        let pixels: Vec<u8> = (0..6).collect();
        for exif in 1..=8 {
            let orientation = Orientation::from_exif(exif).unwrap();
            let ours = turned(pixels.clone(), 3, 2, orientation);
            let theirs = image::GrayImage::from_raw(3, 2, pixels.clone()).unwrap();
            let mut theirs = image::DynamicImage::ImageLuma8(theirs);
            theirs.apply_orientation(orientation);
            assert_eq!(sides(3, 2, orientation).0, theirs.width() as usize, "{exif}");
            assert_eq!(ours, theirs.as_bytes(), "{exif}");
        }
    }
}

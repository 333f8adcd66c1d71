//! Turns a gray image as its EXIF orientation says.

use image::metadata::Orientation;

use crate::gray::Gray;

/// The image as it is meant to be seen.
pub(super) fn upright(gray: Gray, orientation: Orientation) -> Gray {
    if orientation == Orientation::NoTransforms {
        return gray;
    }
    let (width, height) = (gray.width(), gray.height());
    let (out_width, out_height) = match orientation {
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH => {
            (height, width)
        }
        _ => (width, height),
    };
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
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..out_height {
        for x in 0..out_width {
            let (x, y) = stored(x, y);
            pixels.push(gray.pixels()[y * width + x]);
        }
    }
    Gray::new(out_width, out_height, pixels).expect("a turned image has the same pixels")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_orientation_agrees_with_the_image_crate() {
        let pixels: Vec<u8> = (0..6).collect();
        for exif in 1..=8 {
            let orientation = Orientation::from_exif(exif).unwrap();
            let gray = upright(Gray::new(3, 2, pixels.clone()).unwrap(), orientation);
            let theirs = image::GrayImage::from_raw(3, 2, pixels.clone()).unwrap();
            let mut theirs = image::DynamicImage::ImageLuma8(theirs);
            theirs.apply_orientation(orientation);
            assert_eq!(gray.width(), theirs.width() as usize, "{exif}");
            assert_eq!(gray.pixels(), theirs.as_bytes(), "{exif}");
        }
    }
}

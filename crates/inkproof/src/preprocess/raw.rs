//! The notebook's preprocessing: TensorFlow's bilinear resize.

use super::SIDE;
use crate::gray::Gray;

/// The image at [`SIDE`] x [`SIDE`], row-major, values in [0, 1] where 1 is white.
///
/// As `tf.image.resize(method="bilinear")`: pixel centres at halves, no antialiasing when the
/// image shrinks, aspect not kept.
pub fn raw_resize(gray: &Gray) -> Vec<f32> {
    let columns = taps(gray.width());
    let mut out = Vec::with_capacity(SIDE * SIDE);
    for row in taps(gray.height()) {
        let (upper, lower) = (gray.row(row.low), gray.row(row.high));
        out.extend(columns.iter().map(|column| {
            let above = column.mix(upper[column.low].into(), upper[column.high].into());
            let below = column.mix(lower[column.low].into(), lower[column.high].into());
            row.mix(above, below) / 255.0
        }));
    }
    out
}

/// Two neighbours and the share of the second.
struct Tap {
    low: usize,
    high: usize,
    share: f32,
}

impl Tap {
    fn mix(&self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.share
    }
}

/// For each of the [`SIDE`] outputs along an axis of `size` pixels, where it reads.
fn taps(size: usize) -> Vec<Tap> {
    let scale = size as f32 / SIDE as f32;
    (0..SIDE)
        .map(|i| {
            let at = (i as f32 + 0.5) * scale - 0.5;
            let floor = at.floor();
            Tap {
                low: floor.max(0.0) as usize,
                high: ((floor + 1.0).max(0.0) as usize).min(size - 1),
                share: at - floor,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_of_the_right_size_stays() {
        let pixels: Vec<u8> = (0..SIDE * SIDE).map(|i| (i % 251) as u8).collect();
        let gray = Gray::new(SIDE, SIDE, pixels.clone()).unwrap();
        let back: Vec<u8> = raw_resize(&gray).iter().map(|v| (v * 255.0).round() as u8).collect();
        assert_eq!(back, pixels);
    }

    #[test]
    fn a_single_pixel_fills_the_square() {
        let gray = Gray::new(1, 1, vec![51]).unwrap();
        assert!(raw_resize(&gray).iter().all(|v| (v - 0.2).abs() < 1e-6));
    }
}

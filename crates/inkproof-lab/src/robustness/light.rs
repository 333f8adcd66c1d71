//! What light, lens and sensor do to a picture.

use rand::Rng;

use super::sheet::Sheet;
use crate::synth::draw::{between, normal};

/// Blurred by a bell of this deviation in pixels.
pub(super) fn blur(sheet: &mut Sheet, sigma: f32) {
    let reach = (3.0 * sigma).ceil() as usize;
    let weight =
        |at: usize| libm::expf(-0.5 * (at as f32 - reach as f32) * (at as f32 - reach as f32) / (sigma * sigma));
    let bell: Vec<f32> = (0..=2 * reach).map(weight).collect();
    let sum: f32 = bell.iter().sum();
    let bell: Vec<f32> = bell.iter().map(|weight| weight / sum).collect();
    for (count, length, stride, step) in
        [(sheet.height, sheet.width, sheet.width, 1), (sheet.width, sheet.height, 1, sheet.width)]
    {
        for line in 0..count {
            let at = |place: usize| line * stride + place.clamp(reach, length - 1 + reach) * step - reach * step;
            let old: Vec<_> = (0..length + 2 * reach).map(|place| sheet.pixels[at(place)]).collect();
            for place in 0..length {
                let near = bell.iter().zip(&old[place..]);
                let mut sum = [0.0; 3];
                for (weight, pixel) in near {
                    sum = std::array::from_fn(|channel| sum[channel] + weight * pixel[channel]);
                }
                sheet.pixels[line * stride + place * step] = sum;
            }
        }
    }
}

/// Noise of this deviation in levels of 255, the same in all channels.
pub(super) fn noise(sheet: &mut Sheet, levels: f32, rng: &mut impl Rng) {
    sheet.each(|_, _, pixel| {
        let noise = levels / 255.0 * normal(rng) as f32;
        *pixel = pixel.map(|light| light + noise);
    });
}

/// Noise of each channel by itself, as a small sensor has it.
pub(super) fn sensor_noise(sheet: &mut Sheet, levels: f32, rng: &mut impl Rng) {
    sheet.each(|_, _, pixel| *pixel = pixel.map(|light| light + levels / 255.0 * normal(rng) as f32));
}

/// From full light on one side to `least` on the other, and darker towards the corners.
pub(super) fn uneven(sheet: &mut Sheet, least: f32, rng: &mut impl Rng) {
    let angle = between(rng, 0.0, std::f64::consts::TAU) as f32;
    let (dx, dy) = (libm::cosf(angle), libm::sinf(angle));
    let (width, height) = (sheet.width as f32, sheet.height as f32);
    sheet.each(|x, y, pixel| {
        let (u, v) = (2.0 * x as f32 / width - 1.0, 2.0 * y as f32 / height - 1.0);
        let along = 0.5 + 0.5 * (u * dx + v * dy) / (dx.abs() + dy.abs());
        let light = (least + (1.0 - least) * along) * (1.0 - 0.06 * (u * u + v * v));
        *pixel = pixel.map(|value| value * light);
    });
}

/// The shadow of a hand with three fingers, whose edge is as sharp as a lamp makes it; `light` is what it leaves.
pub(super) fn hand_shadow(sheet: &mut Sheet, light: f32, rng: &mut impl Rng) {
    let (width, height) = (sheet.width as f32, sheet.height as f32);
    let palm = between(rng, 0.45, 0.7) as f32;
    let first = between(rng, 0.0, 1.0) as f32;
    let lean = between(rng, -0.25, 0.25) as f32;
    let soft = 0.004 * (width + height);
    sheet.each(|x, y, pixel| {
        let (u, v) = (x as f32 / width, y as f32 / height);
        // The hand comes in from the right; its fingers are waves of its edge.
        let finger = libm::sinf(std::f32::consts::TAU * (1.5 * v + first));
        let edge = palm - 0.16 * finger.max(-0.4) + lean * (v - 0.5);
        let inside = ((u - edge) * width / soft + 0.5).clamp(0.0, 1.0);
        *pixel = pixel.map(|value| value * (1.0 - (1.0 - light) * inside));
    });
}

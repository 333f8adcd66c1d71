//! A signature on paper of its own, and what is done to the whole picture.

use rand::Rng;

use super::geometry::{self, Point};
use super::sheet::{Color, Layer, Sheet};
use super::specimen::Specimen;
use super::{files, light};
use crate::synth::draw::{between, chance};

pub(super) const PAPER: Color = [0.96; 3];
pub(super) const BLACK: Color = [0.12; 3];
pub(super) const BLUE: Color = [0.10, 0.16, 0.52];
const SALMON: Color = [0.98, 0.82, 0.72];

/// Paper around a signature, in its units; see [`Specimen::unit`].
const MARGIN: f32 = 0.25;

/// Paper with the place for a signature on it.
pub(super) struct Scene {
    pub sheet: Sheet,
    /// The top left corner of the signature's box.
    pub left: usize,
    pub top: usize,
}

impl Scene {
    /// Empty paper with the grain of a good scan, so much of it at the left and right, above and below, in units.
    pub fn paper(specimen: &Specimen, color: Color, [aside, above, below]: [f32; 3], rng: &mut impl Rng) -> Self {
        let pixels = |units: f32| (units * specimen.unit()).ceil() as usize;
        let width = specimen.width() + 2 * pixels(aside);
        let height = specimen.height() + pixels(above) + pixels(below);
        let mut sheet = Sheet::new(width, height, color);
        light::noise(&mut sheet, 1.0, rng);
        Self { sheet, left: pixels(aside), top: pixels(above) }
    }

    /// The signature in its place.
    pub fn sign(&mut self, specimen: &Specimen, color: Color) {
        let mut layer = self.layer();
        for y in 0..specimen.height() {
            for x in 0..specimen.width() {
                layer.put(x + self.left, y + self.top, specimen.ink.cover[y * specimen.width() + x]);
            }
        }
        self.sheet.ink(&layer, color);
    }

    /// As large as the sheet, with nothing on it.
    pub fn layer(&self) -> Layer {
        Layer::new(self.sheet.width, self.sheet.height)
    }

    /// The place at these shares of the signature's box from its top left corner.
    pub fn place(&self, specimen: &Specimen, across: f32, down: f32) -> Point {
        let across = across * specimen.width() as f32;
        Point { x: self.left as f32 + across, y: self.top as f32 + down * specimen.height() as f32 }
    }
}

/// Signed on paper of some colour, with the usual room around.
pub(super) fn signed(specimen: &Specimen, paper: Color, ink: Color, rng: &mut impl Rng) -> Sheet {
    let mut scene = Scene::paper(specimen, paper, [MARGIN; 3], rng);
    scene.sign(specimen, ink);
    scene.sheet
}

fn plain(specimen: &Specimen, rng: &mut impl Rng) -> Sheet {
    signed(specimen, PAPER, BLACK, rng)
}

/// Either of two directions.
pub(super) fn sign(rng: &mut impl Rng) -> f32 {
    if chance(rng, 0.5) { 1.0 } else { -1.0 }
}

pub(super) fn redrawn(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    files::png(&plain(specimen, rng))
}

pub(super) fn turned(specimen: &Specimen, degrees: f32, rng: &mut impl Rng) -> Vec<u8> {
    let degrees = sign(rng) * degrees;
    files::png(&geometry::rotated(&plain(specimen, rng), degrees, PAPER))
}

pub(super) fn sideways(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    let quarters = if chance(rng, 0.5) { 1 } else { 3 };
    files::png(&geometry::quarter_turned(&plain(specimen, rng), quarters))
}

pub(super) fn upside_down(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    files::png(&geometry::quarter_turned(&plain(specimen, rng), 2))
}

pub(super) fn scaled(specimen: &Specimen, factor: f32, rng: &mut impl Rng) -> Vec<u8> {
    files::png(&geometry::scaled(&plain(specimen, rng), factor, factor))
}

pub(super) fn jpeg(specimen: &Specimen, quality: u8, rng: &mut impl Rng) -> Vec<u8> {
    files::jpeg(&plain(specimen, rng), quality)
}

pub(super) fn blurred(specimen: &Specimen, stroke_widths: f32, rng: &mut impl Rng) -> Vec<u8> {
    let mut sheet = plain(specimen, rng);
    light::blur(&mut sheet, stroke_widths * specimen.stroke);
    files::png(&sheet)
}

pub(super) fn noisy(specimen: &Specimen, levels: f32, rng: &mut impl Rng) -> Vec<u8> {
    // The paper is not so light that half of the noise is clipped.
    let mut sheet = signed(specimen, [0.85; 3], BLACK, rng);
    light::noise(&mut sheet, levels, rng);
    files::png(&sheet)
}

pub(super) fn gamma(specimen: &Specimen, exponent: f32, rng: &mut impl Rng) -> Vec<u8> {
    let mut sheet = plain(specimen, rng);
    sheet.each(|_, _, pixel| *pixel = pixel.map(|light| libm::powf(light.max(0.0), exponent)));
    files::png(&sheet)
}

pub(super) fn pencil(specimen: &Specimen, levels: f32, noise: f32, rng: &mut impl Rng) -> Vec<u8> {
    let paper = 0.85;
    let ink = 1.0 - levels / 255.0 / paper;
    let mut sheet = signed(specimen, [paper; 3], [ink; 3], rng);
    light::noise(&mut sheet, noise, rng);
    files::png(&sheet)
}

pub(super) fn tinted(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    files::png(&signed(specimen, SALMON, BLUE, rng))
}

pub(super) fn uneven_light(specimen: &Specimen, least: f32, rng: &mut impl Rng) -> Vec<u8> {
    let mut sheet = plain(specimen, rng);
    light::uneven(&mut sheet, least, rng);
    files::png(&sheet)
}

pub(super) fn hand_shadow(specimen: &Specimen, light: f32, rng: &mut impl Rng) -> Vec<u8> {
    let mut sheet = plain(specimen, rng);
    light::hand_shadow(&mut sheet, light, rng);
    files::png(&sheet)
}

pub(super) fn inverted(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    let mut sheet = plain(specimen, rng);
    sheet.each(|_, _, pixel| *pixel = pixel.map(|light| 1.0 - light));
    files::png(&sheet)
}

pub(super) fn transparent(specimen: &Specimen) -> Vec<u8> {
    let margin = (MARGIN * specimen.unit()).ceil() as usize;
    let mut layer = Layer::new(specimen.width() + 2 * margin, specimen.height() + 2 * margin);
    for y in 0..specimen.height() {
        for x in 0..specimen.width() {
            layer.put(x + margin, y + margin, specimen.ink.cover[y * specimen.width() + x]);
        }
    }
    files::transparent_png(&layer, [1.0; 3])
}

/// The widest picture that is enlarged to, in pixels.
const WIDEST: f32 = 6000.0;

/// Without a pixel of paper around, at a height in pixels, or lower where it would be too wide.
pub(super) fn trimmed(specimen: &Specimen, height: usize) -> Vec<u8> {
    let bare = specimen.bare(PAPER, BLACK);
    let factor = (height as f32 / bare.height as f32).min(WIDEST / bare.width as f32);
    files::png(&geometry::scaled(&bare, factor, factor))
}

/// The left half, cut through the ink, with paper at the other three sides.
pub(super) fn cut_in_half(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    let share = between(rng, 0.45, 0.55) as f32;
    let sheet = plain(specimen, rng);
    let margin = (sheet.width - specimen.width()) / 2;
    let width = margin + (share * specimen.width() as f32) as usize;
    files::png(&sheet.crop(0, 0, width.max(1), sheet.height))
}

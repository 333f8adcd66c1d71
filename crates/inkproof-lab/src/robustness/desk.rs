//! How a sheet gets into a file: by a phone over a desk, a scanner, a copier, a fax.

use rand::Rng;

use super::geometry::{self, Point};
use super::scene::{self, BLACK, BLUE, PAPER};
use super::sheet::{Color, Sheet};
use super::specimen::Specimen;
use super::{files, light};
use crate::synth::draw::{between, chance, normal};

const DESK: Color = [0.24, 0.16, 0.11];

/// The length of a signature on paper, in inches, from which a fax's resolution follows.
const INCHES: f32 = 2.3;

/// A camera that does not look straight down sees the corners moved by up to this share of the sides; all that it sees is
/// paper.
pub(super) fn perspective(specimen: &Specimen, share: f32, rng: &mut impl Rng) -> Vec<u8> {
    files::png(&aslant(&scene::signed(specimen, PAPER, BLACK, rng), share, rng))
}

fn aslant(sheet: &Sheet, share: f32, rng: &mut impl Rng) -> Sheet {
    let (width, height) = (sheet.width as f32, sheet.height as f32);
    let mut off = |side: f32| side * share * between(rng, -0.35, 1.0) as f32;
    // Whatever a corner moves outwards shows paper that is not in the sheet, and no ink is lost.
    let corners = [
        Point::new(-off(width), -off(height)),
        Point::new(width + off(width), -off(height)),
        Point::new(width + off(width), height + off(height)),
        Point::new(-off(width), height + off(height)),
    ];
    geometry::seen_from_aside(sheet, [sheet.width, sheet.height], corners, PAPER)
}

/// A cut sheet that lies askew on dark wood.
pub(super) fn on_desk(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    let degrees = scene::sign(rng) * between(rng, 2.0, 6.0) as f32;
    files::png(&laid_on_desk(&scene::signed(specimen, PAPER, BLUE, rng), degrees, specimen.unit(), rng))
}

fn laid_on_desk(sheet: &Sheet, degrees: f32, unit: f32, rng: &mut impl Rng) -> Sheet {
    // No paper is so dark: what comes from outside of the sheet can be told.
    let outside = [-1.0; 3];
    let turned = geometry::rotated(sheet, degrees, outside);
    let border = (0.15 * unit) as usize;
    let (width, height) = (turned.width + 2 * border, turned.height + 2 * border);
    let mut seen = Sheet::new(width, height, DESK);
    let (grain, phase) = (0.05 * unit, between(rng, 0.0, 6.0) as f32);
    seen.each(|x, y, pixel| {
        let wave = libm::sinf(y as f32 / grain + phase + 0.6 * libm::sinf(x as f32 / (9.0 * grain)));
        let tone = 1.0 + 0.18 * wave + 0.06 * normal(rng) as f32;
        let wood = DESK.map(|light| light * tone);
        let inside = (border..border + turned.width).contains(&x) && (border..border + turned.height).contains(&y);
        let paper = if inside { turned.pixels[(y - border) * turned.width + x - border] } else { outside };
        *pixel = if paper[0] < 0.0 { wood } else { paper };
    });
    seen
}

/// The lid was open: black along two sides, not quite straight.
pub(super) fn scanner_edges(specimen: &Specimen, share: f32, rng: &mut impl Rng) -> Vec<u8> {
    let mut sheet = scene::signed(specimen, PAPER, BLACK, rng);
    let (width, height) = (sheet.width as f32, sheet.height as f32);
    let (left, top) = (chance(rng, 0.5), chance(rng, 0.5));
    let lean = scene::sign(rng) * 0.01;
    sheet.each(|x, y, pixel| {
        let (x, y) = (x as f32, y as f32);
        let from_left = if left { x } else { width - 1.0 - x };
        let from_top = if top { y } else { height - 1.0 - y };
        let edge = share * width.min(height);
        if from_left < edge + lean * y || from_top < edge + lean * x {
            *pixel = [0.03 + 0.01 * normal(rng) as f32; 3];
        }
    });
    files::png(&sheet)
}

/// A copy of a copy: a contrast without grays, dust, and a sheet laid on by hand.
pub(super) fn photocopy(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    let degrees = between(rng, -1.0, 1.0) as f32;
    let mut sheet = geometry::rotated(&scene::signed(specimen, PAPER, BLACK, rng), degrees, PAPER);
    specks(&mut sheet, specimen.stroke, rng);
    light::blur(&mut sheet, (0.15 * specimen.stroke).max(0.4));
    files::bilevel_png(&sheet, None, || 0.58 + 0.04 * normal(rng) as f32)
}

/// Dust of up to a stroke's width, two specks for each unit square or so.
fn specks(sheet: &mut Sheet, stroke: f32, rng: &mut impl Rng) {
    let mut layer = super::sheet::Layer::new(sheet.width, sheet.height);
    for _ in 0..25 {
        let at =
            Point::new(between(rng, 0.0, sheet.width as f64) as f32, between(rng, 0.0, sheet.height as f64) as f32);
        layer.stroke(at, at, stroke * between(rng, 0.15, 0.5) as f32);
    }
    sheet.ink(&layer, BLACK);
}

/// Standard resolution: half as many rows as columns in an inch, as the file says.
pub(super) fn fax(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    const DPI: [u32; 2] = [204, 98];
    let sheet = scene::signed(specimen, PAPER, BLACK, rng);
    let dots = INCHES / specimen.width().max(specimen.height()) as f32;
    let [across, down] = DPI.map(|dpi| dpi as f32 * dots);
    let sheet = geometry::scaled(&sheet, across, down);
    files::bilevel_png(&sheet, Some(DPI), || 0.66 + 0.05 * normal(rng) as f32)
}

/// All that a phone does at once.
pub(super) fn phone(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    let mut sheet = aslant(&scene::signed(specimen, PAPER, BLUE, rng), 0.08, rng);
    light::uneven(&mut sheet, 0.7, rng);
    light::hand_shadow(&mut sheet, 0.7, rng);
    // White paper under a lamp is yellowish.
    sheet.each(|_, _, [_, green, blue]| {
        *green *= 0.97;
        *blue *= 0.88;
    });
    light::blur(&mut sheet, (0.15 * specimen.stroke).max(0.5));
    light::sensor_noise(&mut sheet, 5.0, rng);
    files::jpeg(&sheet, 50)
}

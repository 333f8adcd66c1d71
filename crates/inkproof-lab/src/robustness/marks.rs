//! What else is on the paper: lines, boxes, print and stamps.

use std::f32::consts::TAU;

use rand::Rng;

use super::files;
use super::geometry::Point;
use super::print;
use super::scene::{BLACK, BLUE, PAPER, Scene, sign};
use super::sheet::{Color, Layer};
use super::specimen::Specimen;
use crate::synth::draw::{between, pick};

const RULE: Color = [0.55, 0.68, 0.86];
const SQUARES: Color = [0.62, 0.72, 0.80];
const STAMP: Color = [0.82, 0.14, 0.16];
const PRINT: Color = [0.08; 3];

const NAMES: &[&str] =
    &["Maria Example", "J. R. Sample", "Dr. A. Nobody", "Chris Placeholder", "T. Specimen", "Ana Muster"];
const CLAUSE: &str = "The undersigned confirms that the particulars above are complete and true and that no other \
    claim has been made in this matter. ";

/// Ruled writing paper: lines a third of a unit apart.
pub(super) fn ruled_paper(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    let mut scene = Scene::paper(specimen, PAPER, [0.3; 3], rng);
    let mut layer = scene.layer();
    let slope = libm::tanf(sign(rng) * 2.0_f32.to_radians());
    let first = between(rng, 0.0, 1.0) as f32;
    parallels(&mut layer, slope, 0.33 * specimen.unit(), first, 0.2 * specimen.stroke);
    scene.sheet.ink(&layer, RULE);
    scene.sign(specimen, BLUE);
    files::png(&scene.sheet)
}

/// Squared paper: lines a fifth of a unit apart, both ways.
pub(super) fn squared_paper(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    let mut scene = Scene::paper(specimen, PAPER, [0.3; 3], rng);
    let slope = libm::tanf(sign(rng) * 1.0_f32.to_radians());
    let (first, pitch, radius) = (between(rng, 0.0, 1.0) as f32, 0.2 * specimen.unit(), 0.15 * specimen.stroke);
    let mut layer = scene.layer();
    parallels(&mut layer, slope, pitch, first, radius);
    let mut upright = Layer::new(layer.height, layer.width);
    parallels(&mut upright, -slope, pitch, first, radius);
    for y in 0..layer.height {
        for x in 0..layer.width {
            layer.put(x, y, upright.cover[x * upright.width + y]);
        }
    }
    scene.sheet.ink(&layer, SQUARES);
    scene.sign(specimen, BLACK);
    files::png(&scene.sheet)
}

/// Lines over the whole width, so far apart.
fn parallels(layer: &mut Layer, slope: f32, pitch: f32, first: f32, radius: f32) {
    let (width, height) = (layer.width as f32, layer.height as f32);
    let mut y = first * pitch - (slope * width).abs();
    while y < height + (slope * width).abs() {
        layer.stroke(Point::new(-5.0, y), Point::new(width + 5.0, y + slope * width), radius.max(0.4));
        y += pitch;
    }
}

/// A form's line as long as 70 % of the picture, at this share of the signature's height.
pub(super) fn form_line(specimen: &Specimen, down: f32, rng: &mut impl Rng) -> Vec<u8> {
    let mut scene = Scene::paper(specimen, PAPER, [0.25; 3], rng);
    let mut layer = scene.layer();
    let width = layer.width as f32;
    let left = width * between(rng, 0.05, 0.25) as f32;
    let y = scene.place(specimen, 0.0, down).y.min(layer.height as f32 - 3.0);
    layer.stroke(Point::new(left, y), Point::new(left + 0.7 * width, y), 0.3 * specimen.stroke);
    scene.sheet.ink(&layer, BLACK);
    scene.sign(specimen, BLACK);
    files::png(&scene.sheet)
}

/// Dots across the whole picture.
pub(super) fn dotted_line(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    let mut scene = Scene::paper(specimen, PAPER, [0.25; 3], rng);
    let mut layer = scene.layer();
    let y = scene.place(specimen, 0.0, 0.9).y;
    let mut x = specimen.stroke * between(rng, 0.5, 2.0) as f32;
    while x < layer.width as f32 {
        layer.stroke(Point::new(x, y), Point::new(x, y), 0.4 * specimen.stroke);
        x += 2.2 * specimen.stroke;
    }
    scene.sheet.ink(&layer, BLACK);
    scene.sign(specimen, BLACK);
    files::png(&scene.sheet)
}

/// A printed box that the signature stays in, but for a stroke.
pub(super) fn ruled_box(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    let mut scene = Scene::paper(specimen, PAPER, [0.3; 3], rng);
    let mut layer = scene.layer();
    let corner = |across, down| scene.place(specimen, across, down);
    let (aside, below) =
        (0.1 * specimen.unit() / specimen.width() as f32, 0.1 * specimen.unit() / specimen.height() as f32);
    let corners = [
        corner(-aside, -below),
        corner(1.0 + aside, -below),
        corner(1.0 + aside, 0.96),
        corner(-aside, 0.96),
        corner(-aside, -below),
    ];
    layer.path(&corners, 0.35 * specimen.stroke);
    scene.sheet.ink(&layer, BLACK);
    scene.sign(specimen, BLACK);
    files::png(&scene.sheet)
}

/// A box drawn by hand in the same ink, whose sides waver and reach the border of the picture.
pub(super) fn drawn_box(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    let mut scene = Scene::paper(specimen, PAPER, [0.2; 3], rng);
    let mut layer = scene.layer();
    let (right, bottom) = (layer.width as f32 - 1.0, layer.height as f32 - 1.0);
    let wave = 0.03 * specimen.unit();
    let mut side = |from: Point, to: Point| {
        let phase = between(rng, 0.0, f64::from(TAU)) as f32;
        let bow = between(rng, 0.5, 1.5) as f32 * wave;
        let at = |step: usize| {
            let part = step as f32 / 60.0;
            let off = bow * libm::sinf(2.5 * TAU * part + phase);
            let (x, y) = (from.x + part * (to.x - from.x), from.y + part * (to.y - from.y));
            let down = (to.y - from.y).abs() > (to.x - from.x).abs();
            if down { Point::new(x + off, y) } else { Point::new(x, y + off) }
        };
        (0..=60).map(at).collect::<Vec<_>>()
    };
    let corners = [
        Point::new(wave, wave),
        Point::new(right - wave, 0.6 * wave),
        Point::new(right - 0.5 * wave, bottom - wave),
        Point::new(1.2 * wave, bottom - 0.7 * wave),
    ];
    let sides: Vec<_> = (0..4).map(|at| side(corners[at], corners[(at + 1) % 4])).collect();
    for points in &sides {
        layer.path(points, 0.5 * specimen.stroke);
    }
    scene.sheet.ink(&layer, BLACK);
    scene.sign(specimen, BLACK);
    files::png(&scene.sheet)
}

/// An office's stamp: two circles, words around, an emblem in the middle, worn in places.
pub(super) fn stamp(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    let mut scene = Scene::paper(specimen, PAPER, [0.3; 3], rng);
    let mut layer = scene.layer();
    let radius = 0.5 * specimen.unit();
    let middle = scene.place(specimen, between(rng, 0.5, 0.85) as f32, between(rng, 0.35, 0.7) as f32);
    let circle =
        |radius: f32| (0..=120).map(|step| middle.polar(radius, TAU * step as f32 / 120.0)).collect::<Vec<_>>();
    layer.path(&circle(radius), 0.03 * radius);
    layer.path(&circle(0.68 * radius), 0.015 * radius);
    print::print_around(&mut layer, "REGISTRY OFFICE * NOWHERE", middle, 0.72 * radius, 0.26 * radius);
    for point in 0..5 {
        let tip = |point: usize| middle.polar(0.4 * radius, TAU * (point as f32 * 0.4 - 0.25));
        layer.stroke(tip(point), tip(point + 1), 0.03 * radius);
    }
    let (wear, turn) = (0.21 * radius, between(rng, 0.0, 6.0) as f32);
    layer.fade(|x, y| 0.72 + 0.2 * libm::sinf(x as f32 / wear + turn) * libm::sinf(y as f32 / wear));
    scene.sheet.ink(&layer, STAMP);
    scene.sign(specimen, BLUE);
    files::png(&scene.sheet)
}

/// A clause printed in three lines where somebody signed.
pub(super) fn over_print(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    let mut scene = Scene::paper(specimen, PAPER, [0.3; 3], rng);
    let mut layer = scene.layer();
    let height = 0.22 * specimen.unit();
    let letters = (layer.width as f32 / print::width("m", height)) as usize;
    let clause: Vec<char> = CLAUSE.chars().cycle().take(3 * letters).collect();
    let first = scene.place(specimen, 0.0, 0.5).y - 1.5 * height;
    for (line, text) in clause.chunks(letters.max(1)).enumerate() {
        let text: String = text.iter().collect();
        print::print(&mut layer, &text, Point::new(0.0, first + line as f32 * 1.1 * height), height, 0.0);
    }
    scene.sheet.ink(&layer, PRINT);
    scene.sign(specimen, BLUE);
    files::png(&scene.sheet)
}

/// The signer's name and a date in print, close below.
pub(super) fn printed_name(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    let mut scene = Scene::paper(specimen, PAPER, [0.3, 0.2, 0.55], rng);
    let mut layer = scene.layer();
    let height = 0.2 * specimen.unit();
    let from = scene.place(specimen, between(rng, 0.0, 0.3) as f32, 1.0);
    let from = Point::new(from.x, from.y + 0.08 * specimen.unit());
    let name = *pick(rng, NAMES);
    print::print(&mut layer, name, from, height, 0.0);
    print::print(&mut layer, "Date: 04/11/2025", Point::new(from.x, from.y + height), 0.8 * height, 0.0);
    scene.sheet.ink(&layer, PRINT);
    scene.sign(specimen, BLACK);
    files::png(&scene.sheet)
}

/// The security print of a cheque: light lines in three colours whose waves cross.
pub(super) fn guilloche(specimen: &Specimen, rng: &mut impl Rng) -> Vec<u8> {
    const INKS: [Color; 3] = [[0.70, 0.82, 0.90], [0.92, 0.76, 0.78], [0.76, 0.88, 0.74]];
    let mut scene = Scene::paper(specimen, PAPER, [0.3; 3], rng);
    let unit = specimen.unit();
    for (number, ink) in INKS.into_iter().enumerate() {
        let mut layer = scene.layer();
        let (width, height) = (layer.width as f32, layer.height as f32);
        let (length, swing) = (unit * (0.45 + 0.2 * number as f32), 0.12 * unit);
        let phase = between(rng, 0.0, f64::from(TAU)) as f32;
        let mut y = -swing;
        while y < height + swing {
            let at = |step: usize| {
                let x = width * step as f32 / 100.0;
                Point::new(x, y + swing * libm::sinf(TAU * x / length + phase + 0.15 * y / swing))
            };
            layer.path(&(0..=100).map(at).collect::<Vec<_>>(), 0.2 * specimen.stroke);
            y += 0.1 * unit;
        }
        scene.sheet.ink(&layer, ink);
    }
    scene.sign(specimen, BLUE);
    files::png(&scene.sheet)
}

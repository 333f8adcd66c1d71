//! What is written by hand on a page: signatures, initials, notes, fields filled in.

use rand::{Rng, RngExt};

use super::BoxKind;
use super::desk::Desk;
use super::grain::Grain;
use crate::synth::draw::{between, chance, normal, pick};
use crate::synth::motor::Point;
use crate::synth::signing::Path;
use crate::synth::style::Scribe;
use crate::synth::{Style, Writer};

/// How many signatures are names that can be read.
const LEGIBLE: f64 = 0.4;

/// A pen on this page.
#[derive(Clone, Copy)]
pub(super) struct Ink {
    /// Of a stroke, in millimetres.
    width: f64,
    tone: u8,
    /// How much of the strokes the pen leaves out, 0 to 1.
    dry: f32,
}

impl Ink {
    pub(super) fn draw(rng: &mut impl Rng) -> Self {
        let width = if chance(rng, 0.15) { between(rng, 0.55, 1.0) } else { between(rng, 0.28, 0.55) };
        let tone = if chance(rng, 0.75) { between(rng, 0.0, 60.0) } else { between(rng, 60.0, 125.0) } as u8;
        let dry = if chance(rng, 0.2) { between(rng, 0.2, 0.8) as f32 } else { 0.0 };
        Self { width, tone, dry }
    }
}

/// Where a hand writes: the beginning of the baseline, millimetres of an x-height, and the angle of the line.
#[derive(Clone, Copy)]
struct Place {
    at: Point,
    unit: f64,
    angle: f64,
}

impl Place {
    /// From x-heights, y up, to millimetres, y down.
    fn laid(self, paths: &[Path]) -> Vec<Path> {
        let (sin, cos) = (libm::sin(self.angle), libm::cos(self.angle));
        let laid = |point: &Point| {
            let (x, y) = (self.unit * point.x, -self.unit * point.y);
            Point { x: self.at.x + cos * x - sin * y, y: self.at.y + sin * x + cos * y }
        };
        paths.iter().map(|path| path.iter().map(laid).collect()).collect()
    }
}

/// The lowest and the highest of a coordinate.
fn range(paths: &[Path], of: fn(&Point) -> f64) -> (f64, f64) {
    let places = || paths.iter().flatten().map(of);
    (places().reduce(f64::min).unwrap_or(0.0), places().reduce(f64::max).unwrap_or(0.0))
}

impl Desk<'_> {
    /// A signature over a line that begins at `x`, on the baseline `y`, in so much room, all in millimetres.
    pub(super) fn sign(&mut self, x: f64, y: f64, room: f64) {
        let ink = Ink::draw(&mut self.rng);
        self.sign_in(ink, x, y, room);
    }

    pub(super) fn sign_in(&mut self, ink: Ink, x: f64, y: f64, room: f64) {
        let style = match self.rng.random_range(0..20) {
            0..13 => Style::Latin,
            13..16 => Style::Monogram,
            16 | 17 => Style::Print,
            other => [Style::Flowing, Style::Headline, Style::Blocks][(other - 18 + self.rng.random_range(0..2)) % 3],
        };
        let is_read = self.chance(LEGIBLE);
        let mut paths = if is_read { Scribe::draw(&mut self.rng).name(&mut self.rng) } else { self.signing(style) };
        let shape = |paths: &[Path]| {
            let ((left, right), (low, high)) = (range(paths, |p| p.x), range(paths, |p| p.y));
            ((right - left).max(0.5), (high - low).max(0.5))
        };
        // Signatures on letters are mostly full names, wider and lower than this generator's.
        if !is_read && chance(&mut self.rng, 0.6) {
            let other = self.signing(style);
            let lowness = |paths: &[Path]| shape(paths).0 / shape(paths).1;
            if lowness(&other) > lowness(&paths) {
                paths = other;
            }
        }
        // Most are 35 to 65 mm wide; a hand that writes high writes less wide.
        let width = (50.0 + 15.0 * normal(&mut self.rng)).clamp(20.0, 110.0).min(1.25 * room.max(20.0));
        let height = self.between(11.0, 26.0);
        let (wide, tall) = shape(&paths);
        let unit = (width / wide).min(height / tall).max(15.0 / wide.max(tall));
        let stretch = (width / (unit * wide)).clamp(1.0, 1.7);
        for point in paths.iter_mut().flatten() {
            point.x *= stretch;
        }
        let spare = (room - unit * stretch * wide).max(0.0);
        let aside = if self.chance(0.75) { self.between(-0.1, 0.25) } else { self.between(0.0, 1.0) };
        let (left, _) = range(&paths, |p| p.x);
        let from = x + aside * spare - self.between(0.0, 4.0);
        let from = from.min(self.paper().0 - 3.0 - unit * stretch * wide).max(3.0) - unit * left;
        // Most hands keep to the line or rise a little; some sign aslant.
        let angle = if self.chance(0.12) { self.between(-0.35, 0.15) } else { -0.02 + 0.035 * normal(&mut self.rng) };
        let place = Place { at: Point { x: from, y }, unit, angle };
        self.write(&[place.laid(&paths)], ink, Some(BoxKind::Signature));
    }

    /// The strokes of somebody's signature, in x-heights, y up.
    fn signing(&mut self, style: Style) -> Vec<Path> {
        let writer = Writer::in_style(self.rng.random(), self.rng.random_range(0..1 << 20), style);
        writer.paths(self.rng.random_range(0..1000))
    }

    /// Two or three letters of somebody's name, with the left end of their baseline here.
    pub(super) fn initial(&mut self, x: f64, y: f64) {
        let scribe = Scribe::draw(&mut self.rng);
        let paths = scribe.initials(&mut self.rng);
        let ink = Ink::draw(&mut self.rng);
        let (low, high) = range(&paths, |p| p.y);
        let place = Place {
            at: Point { x, y },
            unit: self.between(5.0, 11.0) / (high - low).max(0.5),
            angle: 0.08 * normal(&mut self.rng),
        };
        self.write(&[place.laid(&paths)], ink, Some(BoxKind::Initials));
    }

    /// Rows of words at an angle, as in a margin; no row is longer than `width`.
    pub(super) fn note(&mut self, x: f64, y: f64, width: f64, rows: usize) {
        let scribe = Scribe::draw(&mut self.rng);
        let ink = Ink::draw(&mut self.rng);
        let unit = self.between(1.3, 3.2);
        let angle = 0.1 * normal(&mut self.rng) - if self.chance(0.3) { 0.25 } else { 0.0 };
        let (sin, cos) = (libm::sin(angle), libm::cos(angle));
        let step = unit * self.between(2.6, 4.2);
        let mut written = Vec::new();
        for row in 0..rows {
            let indent = self.between(0.0, 3.0) * unit;
            let down = row as f64 * step;
            let words = if width > 100.0 { self.rng.random_range(5..9) } else { self.rng.random_range(1..5) };
            let dated = chance(&mut self.rng, 0.12);
            let paths = if dated {
                scribe.figures(&super::words::short_date(&mut self.rng), &mut self.rng)
            } else {
                scribe.words(words, &mut self.rng)
            };
            let (left, right) = range(&paths, |p| p.x);
            let unit = unit.min(width / (right - left).max(1.0));
            let at = Point { x: x + cos * indent - sin * down, y: y + sin * indent + cos * down };
            written.push(Place { at, unit, angle }.laid(&paths));
        }
        self.write(&written, ink, Some(BoxKind::Handwriting));
    }

    /// A field filled in with words, on a baseline; no longer than `width`.
    pub(super) fn fill_in(&mut self, scribe: &Scribe, ink: Ink, x: f64, y: f64, width: f64, height: f64) {
        let words = self.rng.random_range(1..4);
        let paths = scribe.words(words, &mut self.rng);
        self.field(paths, ink, x, y, width, height / 2.2);
    }

    /// A field filled in with figures.
    pub(super) fn figures(
        &mut self,
        (scribe, ink): (&Scribe, Ink),
        text: &str,
        x: f64,
        y: f64,
        width: f64,
        height: f64,
    ) {
        let paths = scribe.figures(text, &mut self.rng);
        self.field(paths, ink, x, y, width, height / 1.6);
    }

    fn field(&mut self, paths: Vec<Path>, ink: Ink, x: f64, y: f64, width: f64, unit: f64) {
        let (left, right) = range(&paths, |p| p.x);
        let unit = unit.min(width / (right - left).max(0.5));
        let place = Place {
            at: Point { x: x - unit * left, y: y - self.between(0.0, 1.0) },
            unit,
            angle: 0.012 * normal(&mut self.rng),
        };
        self.write(&[place.laid(&paths)], ink, Some(BoxKind::Handwriting));
    }

    /// A mark of one stroke or two: a check, a cross, a line under or beside something, a ring around it.
    pub(super) fn scrawl(&mut self, x: f64, y: f64) {
        let ink = Ink::draw(&mut self.rng);
        let size = self.between(3.0, 9.0);
        let wave = self.between(0.0, 6.3);
        let line = |from: (f64, f64), to: (f64, f64)| -> Path {
            let at = |step: usize| {
                let part = step as f64 / 24.0;
                let off = 0.04 * size * libm::sin(5.0 * part + wave);
                Point {
                    x: x + size * (from.0 + part * (to.0 - from.0)) + off,
                    y: y + size * (from.1 + part * (to.1 - from.1)) + off,
                }
            };
            (0..=24).map(at).collect()
        };
        let paths = match self.rng.random_range(0..6) {
            0 => vec![line((0.0, 0.5), (0.3, 1.0)), line((0.3, 1.0), (1.0, 0.0))],
            1 => vec![line((0.0, 0.0), (1.0, 1.0)), line((0.0, 1.0), (1.0, 0.0))],
            2 => vec![line((0.0, 0.0), (self.between(3.0, 9.0), 0.1))],
            3 => vec![line((0.0, 0.0), (0.1, self.between(1.0, 4.0)))],
            4 => {
                let (wide, tall) = (self.between(1.5, 4.0), self.between(0.6, 1.2));
                let start = self.between(0.0, 6.3);
                let at = |step: usize| {
                    let turn = start + 0.115 * step as f64;
                    let grow = 1.0 + 0.0025 * step as f64;
                    Point { x: x + size * wide * grow * libm::cos(turn), y: y + size * tall * grow * libm::sin(turn) }
                };
                vec![(0..=58).map(at).collect()]
            }
            _ => vec![line((0.0, 0.0), (2.5, 0.3)), line((2.0, -0.2), (2.5, 0.3)), line((2.0, 0.7), (2.5, 0.3))],
        };
        self.write(&[paths], ink, Some(BoxKind::Handwriting));
    }

    /// One stroke across much of the page, as where a copy is void.
    pub(super) fn cross_out(&mut self) {
        let (width, height) = self.paper();
        let ink = Ink::draw(&mut self.rng);
        let from = Point { x: self.between(0.1, 0.4) * width, y: self.between(0.5, 0.8) * height };
        let to = Point { x: self.between(0.4, 0.8) * width, y: self.between(0.1, 0.4) * height };
        let bow = self.between(-12.0, 12.0);
        let at = |step: usize| {
            let part = step as f64 / 80.0;
            let off = bow * libm::sin(std::f64::consts::PI * part);
            Point { x: from.x + part * (to.x - from.x) + off, y: from.y + part * (to.y - from.y) + 0.4 * off }
        };
        self.write(&[vec![(0..=80).map(at).collect()]], ink, Some(BoxKind::Handwriting));
    }

    fn write(&mut self, parts: &[Vec<Path>], ink: Ink, kind: Option<BoxKind>) {
        self.canvas.begin();
        for paths in parts {
            self.canvas.write(paths, ink.width);
        }
        if ink.dry > 0.0 {
            let fine = (0.5 * self.canvas.scale / 8.0).max(0.4);
            let grain = Grain::draw(fine, &mut self.rng);
            self.canvas.fade(|x, y| 1.25 - ink.dry * (0.9 + 0.8 * grain.at(x, y)));
        }
        self.canvas.end(kind, ink.tone);
    }

    /// A pen for all that one person fills in.
    pub(super) fn filler(&mut self) -> (Scribe, Ink) {
        (Scribe::draw(&mut self.rng), Ink::draw(&mut self.rng))
    }

    /// The mark in a box that is ticked.
    pub(super) fn tick(&mut self, x: f64, y: f64, size: f64, ink: Ink) {
        let off = self.between(-0.3, 0.3) * size;
        let point = |across: f64, down: f64| Point { x: x + size * across + off, y: y + size * down };
        let crossed = vec![vec![point(-0.1, 0.0), point(1.1, 1.0)], vec![point(1.0, -0.1), point(0.0, 1.1)]];
        let checked = vec![vec![point(0.0, 0.5), point(0.4, 1.0), point(1.3, -0.4)]];
        let paths = pick(&mut self.rng, &[crossed, checked]).clone();
        self.write(&[paths], ink, None);
    }
}

//! Ink on paper: paths of the pen become a gray picture, in one way for whoever wrote.
//!
//! The ink is plain: one tone, a nib that gets a little wider where the pen is slow, tapered ends, antialiased edges.
//! Tone of ink and paper, nib and place are a [`Sheet`], drawn without a look at who signs: they must tell nothing.

use inkproof::Gray;
use rand::Rng;

use super::draw::between;
use super::motor::Point;
use super::signing::Path;
use super::{HEIGHT, WIDTH};

/// Empty pixels at every edge.
const MARGIN: f64 = 14.0;

/// LocalFeatures over which the pen is put down and lifted.
const TAPER: usize = 4;

/// How much of the last place's pressure stays: pressure follows speed with a delay of some 30 ms.
const INERTIA: f64 = 0.8;

/// Pen, paper and place of one picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sheet {
    /// Gray, 0..255.
    paper: f64,
    ink: f64,
    /// Radius in pixels.
    nib: f64,
    /// Where the signature lies in the room that it leaves, 0..1.
    place: Point,
}

impl Sheet {
    pub(super) fn draw(rng: &mut impl Rng) -> Self {
        Self {
            paper: between(rng, 222.0, 253.0),
            ink: between(rng, 10.0, 95.0),
            nib: between(rng, 1.2, 2.1),
            place: Point { x: between(rng, 0.2, 0.8), y: between(rng, 0.2, 0.8) },
        }
    }

    /// The picture of these paths; `size` is how many pixels an x-height has, if they fit.
    pub(super) fn picture(&self, paths: &[Path], size: f64) -> Gray {
        let mut cover = Cover::new(WIDTH, HEIGHT);
        let frame = Frame::around(paths, size, self);
        for path in paths {
            let places: Vec<Point> = path.iter().map(|&point| frame.pixel(point)).collect();
            cover.write(&places, self.nib);
        }
        let tone = |covered: usize| (self.paper + (self.ink - self.paper) * covered as f64 / 255.0 + 0.5) as u8;
        let tones: [u8; 256] = std::array::from_fn(tone);
        let pixels = cover.values.iter().map(|&covered| tones[usize::from(covered)]).collect();
        Gray::new(WIDTH, HEIGHT, pixels).expect("as many pixels as its sides say")
    }
}

/// From x-heights, y up, to pixels, y down.
struct Frame {
    scale: f64,
    origin: Point,
}

impl Frame {
    fn around(paths: &[Path], size: f64, sheet: &Sheet) -> Self {
        let points = || paths.iter().flatten();
        let fold = |of: fn(&Point) -> f64, with: fn(f64, f64) -> f64| points().map(of).reduce(with).unwrap_or(0.0);
        let (left, right) = (fold(|p| p.x, f64::min), fold(|p| p.x, f64::max));
        let (low, high) = (fold(|p| p.y, f64::min), fold(|p| p.y, f64::max));
        let room = |side: usize| side as f64 - 2.0 * (MARGIN + sheet.nib);
        let (wide, tall) = ((right - left).max(0.01), (high - low).max(0.01));
        let scale = size.min(room(WIDTH) / wide).min(room(HEIGHT) / tall);
        let slack = |side: usize, used: f64, share: f64| MARGIN + sheet.nib + share * (room(side) - used * scale);
        let x = slack(WIDTH, wide, sheet.place.x) - left * scale;
        let y = slack(HEIGHT, tall, sheet.place.y) + high * scale;
        Self { scale, origin: Point { x, y } }
    }

    fn pixel(&self, point: Point) -> Point {
        Point { x: self.origin.x + self.scale * point.x, y: self.origin.y - self.scale * point.y }
    }
}

/// The radius of the line at each place: wide where the pen is slow against its usual speed.
fn radii(places: &[Point], nib: f64) -> Vec<f64> {
    let speeds: Vec<f64> =
        places.windows(2).map(|ends| libm::hypot(ends[1].x - ends[0].x, ends[1].y - ends[0].y)).collect();
    let usual = (speeds.iter().sum::<f64>() / speeds.len().max(1) as f64).max(1e-6);
    let mut pressure = 0.8;
    let count = places.len();
    (0..count)
        .map(|place| {
            let speed = speeds.get(place).copied().unwrap_or(0.0);
            let now = (1.0 - 0.25 * speed / usual).clamp(0.35, 1.0);
            pressure = INERTIA * pressure + (1.0 - INERTIA) * now;
            let from_end = place.min(count - 1 - place);
            let taper = ((from_end + 1) as f64 / TAPER as f64).min(1.0);
            nib * (0.55 + 0.45 * pressure) * (0.5 + 0.5 * taper)
        })
        .collect()
}

/// How much of each pixel ink covers, 0 to 255.
pub(super) struct Cover {
    pub width: usize,
    pub height: usize,
    /// Row by row.
    pub values: Vec<u8>,
}

impl Cover {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, values: vec![0; width * height] }
    }

    /// One run of a pen whose nib has this radius, through places in pixels; what lies outside is not drawn.
    pub(super) fn write(&mut self, places: &[Point], nib: f64) {
        let radii = radii(places, nib);
        for (ends, radii) in places.windows(2).zip(radii.windows(2)) {
            self.stroke(ends[0], ends[1], 0.5 * (radii[0] + radii[1]));
        }
    }

    /// Lays a thick line from `a` to `b`; where there is ink already, the darker counts.
    pub(super) fn stroke(&mut self, a: Point, b: Point, radius: f64) {
        let reach = radius + 1.0;
        let bounds = |low: f64, high: f64, side: usize| {
            let low = (low - reach).floor().clamp(0.0, side as f64) as usize;
            (low, (high + reach).ceil().clamp(0.0, side as f64) as usize)
        };
        let (left, right) = bounds(a.x.min(b.x), a.x.max(b.x), self.width);
        let (top, bottom) = bounds(a.y.min(b.y), a.y.max(b.y), self.height);
        let (dx, dy) = ((b.x - a.x) as f32, (b.y - a.y) as f32);
        let inverse = 1.0 / (dx * dx + dy * dy).max(1e-9);
        let (ax, ay, edge) = (a.x as f32, a.y as f32, radius as f32 + 0.5);
        for y in top..bottom {
            let py = y as f32 + 0.5 - ay;
            let row = &mut self.values[y * self.width + left..y * self.width + right];
            for (x, covered) in row.iter_mut().enumerate() {
                let px = (left + x) as f32 + 0.5 - ax;
                let along = ((px * dx + py * dy) * inverse).clamp(0.0, 1.0);
                let (ox, oy) = (px - along * dx, py - along * dy);
                let inside = (edge - (ox * ox + oy * oy).sqrt()).clamp(0.0, 1.0);
                *covered = (*covered).max((inside * 255.0 + 0.5) as u8);
            }
        }
    }
}

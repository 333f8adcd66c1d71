//! Pictures turned, scaled and seen from aside.

use super::sheet::{Color, Layer, Sheet};

/// In pixels, x to the right and y down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub x: f32,
    pub y: f32,
}

impl Point {
    pub fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    pub fn distance_to_segment(self, from: Self, to: Self) -> f32 {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let length = dx * dx + dy * dy;
        let along = if length > 0.0 { ((self.x - from.x) * dx + (self.y - from.y) * dy) / length } else { 0.0 };
        let along = along.clamp(0.0, 1.0);
        let (x, y) = (from.x + along * dx - self.x, from.y + along * dy - self.y);
        (x * x + y * y).sqrt()
    }

    /// The place at this distance in this direction, in radians from the right, downwards.
    pub fn polar(self, distance: f32, angle: f32) -> Self {
        Self { x: self.x + distance * libm::cosf(angle), y: self.y + distance * libm::sinf(angle) }
    }
}

/// A picture whose pixels come from where `source` says, linear between four; `outside` is what is seen beyond the sheet.
pub(super) fn warped(
    sheet: &Sheet,
    [width, height]: [usize; 2],
    outside: Color,
    source: impl Fn(Point) -> Point,
) -> Sheet {
    let at = |x: i64, y: i64| {
        let inside = (0..sheet.width as i64).contains(&x) && (0..sheet.height as i64).contains(&y);
        if inside { sheet.pixels[y as usize * sheet.width + x as usize] } else { outside }
    };
    let mut warped = Sheet::new(width, height, outside);
    warped.each(|x, y, pixel| {
        let place = source(Point { x: x as f32, y: y as f32 });
        let (left, top) = (place.x.floor(), place.y.floor());
        let (right, down) = (place.x - left, place.y - top);
        let (left, top) = (left as i64, top as i64);
        let corners = [at(left, top), at(left + 1, top), at(left, top + 1), at(left + 1, top + 1)];
        let shares = [(1.0 - right) * (1.0 - down), right * (1.0 - down), (1.0 - right) * down, right * down];
        *pixel = std::array::from_fn(|channel| (0..4).map(|corner| corners[corner][channel] * shares[corner]).sum());
    });
    warped
}

/// Turned clockwise about its middle, on a picture that all of it fits in.
pub(super) fn rotated(sheet: &Sheet, degrees: f32, outside: Color) -> Sheet {
    let angle = degrees.to_radians();
    let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
    let (width, height) = (sheet.width as f32, sheet.height as f32);
    let wide = (width * cos.abs() + height * sin.abs()).ceil();
    let tall = (width * sin.abs() + height * cos.abs()).ceil();
    let middle = |side: f32| (side - 1.0) / 2.0;
    warped(sheet, [wide as usize, tall as usize], outside, |at| {
        let (x, y) = (at.x - middle(wide), at.y - middle(tall));
        Point { x: cos * x + sin * y + middle(width), y: cos * y - sin * x + middle(height) }
    })
}

/// Turned clockwise by so many quarters, pixel by pixel.
pub(super) fn quarter_turned(sheet: &Sheet, quarters: usize) -> Sheet {
    (0..quarters % 4).fold(sheet.clone(), |sheet, _| {
        let (width, height) = (sheet.height, sheet.width);
        let column = |x: usize| (0..sheet.height).rev().map(move |y| (x, y));
        let pixels = (0..sheet.width).flat_map(column).map(|(x, y)| sheet.pixels[y * sheet.width + x]).collect();
        Sheet { width, height, pixels }
    })
}

/// Each side by a factor of its own: means where it shrinks, linear between pixels where it grows.
pub(super) fn scaled(sheet: &Sheet, across: f32, down: f32) -> Sheet {
    let side = |pixels: usize, factor: f32| ((pixels as f32 * factor).round() as usize).max(1);
    let (width, height) = (side(sheet.width, across), side(sheet.height, down));
    let columns = taps(sheet.width, width);
    let rows = taps(sheet.height, height);
    let mix = |taps: &[(usize, f32)], at: &dyn Fn(usize) -> Color| -> Color {
        let mut sum = [0.0; 3];
        for &(index, weight) in taps {
            sum = std::array::from_fn(|channel| sum[channel] + weight * at(index)[channel]);
        }
        sum
    };
    let mut narrow = Vec::with_capacity(width * sheet.height);
    for row in sheet.pixels.chunks_exact(sheet.width) {
        narrow.extend(columns.iter().map(|taps| mix(taps, &|x| row[x])));
    }
    let pixels = rows.iter().flat_map(|taps| {
        let narrow = &narrow;
        (0..width).map(move |x| mix(taps, &|y| narrow[y * width + x]))
    });
    Sheet { width, height, pixels: pixels.collect() }
}

/// Of each pixel after scaling, the pixels before and their shares.
fn taps(before: usize, after: usize) -> Vec<Vec<(usize, f32)>> {
    let step = before as f32 / after as f32;
    let shares = |index: usize| {
        let middle = (index as f32 + 0.5) * step - 0.5;
        // A tent no narrower than a pixel, and a box as wide as the step where that is wider.
        let half = step.max(1.0);
        let first = (middle - half).floor().max(0.0) as usize;
        let last = ((middle + half).ceil() as usize).min(before - 1);
        let weight = |at: usize| {
            let distance = (at as f32 - middle).abs();
            if step > 1.0 { (0.5 * step + 0.5 - distance).clamp(0.0, 1.0) } else { (1.0 - distance).max(0.0) }
        };
        let taps: Vec<_> = (first..=last).map(|at| (at, weight(at))).filter(|&(_, weight)| weight > 0.0).collect();
        let sum: f32 = taps.iter().map(|&(_, weight)| weight).sum();
        taps.into_iter().map(|(at, weight)| (at, weight / sum)).collect()
    };
    (0..after).map(shares).collect()
}

/// What a camera sees that does not look straight down: the picture's corners, clockwise from the top left, show these
/// places of the sheet.
pub(super) fn seen_from_aside(sheet: &Sheet, size: [usize; 2], corners: [Point; 4], outside: Color) -> Sheet {
    let [a, b, c, d] = corners;
    // From the unit square to a quadrangle, by the projective map of its four corners.
    let (dx1, dx2, dx3) = (b.x - c.x, d.x - c.x, a.x - b.x + c.x - d.x);
    let (dy1, dy2, dy3) = (b.y - c.y, d.y - c.y, a.y - b.y + c.y - d.y);
    let determinant = dx1 * dy2 - dx2 * dy1;
    let g = (dx3 * dy2 - dx2 * dy3) / determinant;
    let h = (dx1 * dy3 - dx3 * dy1) / determinant;
    let [width, height] = size.map(|side| side as f32);
    warped(sheet, size, outside, |at| {
        let (u, v) = (at.x / width, at.y / height);
        let depth = g * u + h * v + 1.0;
        let along = |a: f32, b: f32, d: f32| ((b - a + g * b) * u + (d - a + h * d) * v + a) / depth;
        Point { x: along(a.x, b.x, d.x), y: along(a.y, b.y, d.y) }
    })
}

/// The same of ink, by one factor.
pub(super) fn scaled_layer(layer: &Layer, factor: f32) -> Layer {
    let pixels = layer.cover.iter().map(|&cover| [cover; 3]).collect();
    let Sheet { width, height, pixels } =
        scaled(&Sheet { width: layer.width, height: layer.height, pixels }, factor, factor);
    Layer { width, height, cover: pixels.into_iter().map(|[cover, ..]| cover).collect() }
}

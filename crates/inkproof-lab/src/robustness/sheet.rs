//! What lies under a camera or a scanner: the light of each pixel, and ink that takes some of it away.

use super::geometry::Point;

/// Red, green and blue, 0 black to 1 white.
pub(super) type Color = [f32; 3];

/// A coloured picture that has not been quantised yet.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sheet {
    pub width: usize,
    pub height: usize,
    /// Row by row.
    pub pixels: Vec<Color>,
}

/// How much of each pixel ink covers, 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layer {
    pub width: usize,
    pub height: usize,
    /// Row by row.
    pub cover: Vec<f32>,
}

impl Sheet {
    pub fn new(width: usize, height: usize, color: Color) -> Self {
        Self { width, height, pixels: vec![color; width * height] }
    }

    /// Lays ink over what is there: both are seen, as inks are.
    pub fn ink(&mut self, layer: &Layer, color: Color) {
        for (pixel, &cover) in self.pixels.iter_mut().zip(&layer.cover) {
            for (light, ink) in pixel.iter_mut().zip(color) {
                *light *= 1.0 - cover * (1.0 - ink);
            }
        }
    }

    /// Changes every pixel by a rule that knows its place.
    pub fn each(&mut self, mut rule: impl FnMut(usize, usize, &mut Color)) {
        for (index, pixel) in self.pixels.iter_mut().enumerate() {
            rule(index % self.width, index / self.width, pixel);
        }
    }

    /// The brightness of every pixel, 0 to 1.
    pub fn gray(&self) -> Vec<f32> {
        self.pixels.iter().map(|[red, green, blue]| 0.299 * red + 0.587 * green + 0.114 * blue).collect()
    }

    /// A part, which lies within.
    pub fn crop(&self, left: usize, top: usize, width: usize, height: usize) -> Self {
        let row = |y: usize| &self.pixels[y * self.width + left..y * self.width + left + width];
        Self { width, height, pixels: (top..top + height).flat_map(|y| row(y).to_vec()).collect() }
    }
}

impl Layer {
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, cover: vec![0.0; width * height] }
    }

    /// Covers a pixel at least so much.
    pub fn put(&mut self, x: usize, y: usize, cover: f32) {
        let there = &mut self.cover[y * self.width + x];
        *there = there.max(cover.min(1.0));
    }

    /// A stroke with round ends; what lies outside is not drawn.
    pub fn stroke(&mut self, from: Point, to: Point, radius: f32) {
        let reach = radius + 1.0;
        let bounds = |a: f32, b: f32, side: usize| {
            let low = (a.min(b) - reach).floor().max(0.0) as usize;
            low..((a.max(b) + reach).ceil().max(0.0) as usize).min(side)
        };
        for y in bounds(from.y, to.y, self.height) {
            for x in bounds(from.x, to.x, self.width) {
                let here = Point { x: x as f32, y: y as f32 };
                let cover = radius + 0.5 - here.distance_to_segment(from, to);
                if cover > 0.0 {
                    // A line thinner than a pixel is paler.
                    self.put(x, y, cover.min(2.0 * radius));
                }
            }
        }
    }

    /// Strokes from each point to the next.
    pub fn path(&mut self, points: &[Point], radius: f32) {
        for ends in points.windows(2) {
            self.stroke(ends[0], ends[1], radius);
        }
    }

    /// Leaves so much of the ink in each pixel as the rule says.
    pub fn fade(&mut self, mut share: impl FnMut(usize, usize) -> f32) {
        for (index, cover) in self.cover.iter_mut().enumerate() {
            *cover *= share(index % self.width, index / self.width);
        }
    }
}

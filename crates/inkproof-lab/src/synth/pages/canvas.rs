//! The sheet as it is printed and written on, at the resolution at which it is scanned.
//!
//! Places are in millimetres from the top left corner of the paper, y down; the paper lies a little askew, so that what
//! is drawn is drawn askew and never resampled. Print goes straight onto the paper; what has a box is collected on a mask
//! first, which is kept as the truth of where its ink is.

use ab_glyph_rasterizer::{Rasterizer, point};

use super::fonts::{Face, Segment};
use super::{BoxKind, DrawnSize};
use crate::synth::motor::Point;
use crate::synth::render::Cover;
use crate::synth::signing::Path;

/// Pixels from the top left, the right and bottom ones not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
}

impl Area {
    fn nothing() -> Self {
        Self { left: usize::MAX, top: usize::MAX, right: 0, bottom: 0 }
    }

    fn width(self) -> usize {
        self.right - self.left
    }

    pub(super) fn join(&mut self, other: Self) {
        self.left = self.left.min(other.left);
        self.top = self.top.min(other.top);
        self.right = self.right.max(other.right);
        self.bottom = self.bottom.max(other.bottom);
    }

    pub(super) fn is_empty(self) -> bool {
        self.left >= self.right || self.top >= self.bottom
    }
}

/// Something that has a box: where its ink is.
pub(super) struct Item {
    pub kind: BoxKind,
    pub area: Area,
    /// Of each pixel of the area, 0 to 255.
    pub cover: Vec<u8>,
    pub overlapped: bool,
}

impl Item {
    /// How much of this pixel of the page it covers; nothing outside of its area.
    pub(super) fn at(&self, x: usize, y: usize) -> u8 {
        let Area { left, top, right, bottom } = self.area;
        if (left..right).contains(&x) && (top..bottom).contains(&y) {
            self.cover[(y - top) * (right - left) + x - left]
        } else {
            0
        }
    }

    fn touches(&self, other: &Self) -> bool {
        let (a, b) = (self.area, other.area);
        let rows = a.top.max(b.top)..a.bottom.min(b.bottom);
        let columns = a.left.max(b.left)..a.right.min(b.right);
        rows.into_iter().any(|y| columns.clone().any(|x| self.at(x, y) > 100 && other.at(x, y) > 100))
    }
}

/// Printed letters: face, height of the em in millimetres, how much wider than designed, and tone.
#[derive(Clone, Copy)]
pub(super) struct Type<'a> {
    pub face: &'a Face,
    pub em: f64,
    pub stretch: f64,
    pub tone: u8,
}

impl Type<'_> {
    pub(super) fn width(&self, text: &str) -> f64 {
        self.face.width(text) * self.em * self.stretch
    }

    pub(super) fn sized(self, factor: f64) -> Self {
        Self { em: self.em * factor, ..self }
    }
}

pub(super) struct Canvas {
    pub width: usize,
    pub height: usize,
    /// Pixels of a millimetre.
    pub scale: f64,
    /// 0 black to 255 white.
    pub light: Vec<u8>,
    pub items: Vec<Item>,
    size: DrawnSize,
    sin: f64,
    cos: f64,
    mask: Cover,
    used: Area,
    /// Whether what is drawn goes onto the mask.
    collecting: bool,
    /// Whether it is cut out of the mask instead.
    cutting: bool,
    rasterizer: Rasterizer,
}

impl Canvas {
    /// Empty paper of a size in millimetres at so many pixels to the inch, turned clockwise by an angle in radians.
    pub(super) fn new(size: DrawnSize, dpi: f64, angle: f64, paper: u8) -> Self {
        let scale = dpi / 25.4;
        let side = |length: f64| ((length * scale).round() as usize).max(1);
        let (width, height) = (side(size.width), side(size.height));
        Self {
            width,
            height,
            scale,
            light: vec![paper; width * height],
            items: Vec::new(),
            size,
            sin: libm::sin(angle),
            cos: libm::cos(angle),
            mask: Cover::new(width, height),
            used: Area::nothing(),
            collecting: false,
            cutting: false,
            rasterizer: Rasterizer::new(1, 1),
        }
    }

    /// Of the paper, in millimetres.
    pub(super) fn size(&self) -> DrawnSize {
        self.size
    }

    /// From millimetres to pixels.
    pub(super) fn pixel(&self, at: Point) -> Point {
        let (x, y) = (at.x - 0.5 * self.size.width, at.y - 0.5 * self.size.height);
        Point {
            x: self.scale * (self.cos * x - self.sin * y + 0.5 * self.size.width),
            y: self.scale * (self.sin * x + self.cos * y + 0.5 * self.size.height),
        }
    }

    /// The share of dark pixels in a box, 0 to 1, looked at in steps of half a millimetre.
    pub(super) fn ink_in(&self, at: Point, width: f64, height: f64) -> f64 {
        let (columns, rows) = ((2.0 * width) as usize, (2.0 * height) as usize);
        let mut dark = 0;
        for place in 0..columns * rows {
            let (column, row) = (place % columns, place / columns);
            let pixel = self.pixel(Point { x: at.x + 0.5 * column as f64, y: at.y + 0.5 * row as f64 });
            let x = (pixel.x.max(0.0) as usize).min(self.width - 1);
            let y = (pixel.y.max(0.0) as usize).min(self.height - 1);
            dark += usize::from(self.light[y * self.width + x] < 150);
        }
        dark as f64 / (columns * rows).max(1) as f64
    }

    /// A text whose baseline begins at a place, turned clockwise by an angle in radians; returns where it ends.
    pub(super) fn print(&mut self, text: &str, at: Point, style: Type<'_>, angle: f64) -> Point {
        let (sin, cos) = (libm::sin(angle), libm::cos(angle));
        let mut along = 0.0;
        for character in text.chars() {
            let letter = style.face.letter(character);
            let place = |[x, y]: [f32; 2]| {
                let (x, y) = (along + f64::from(x) * style.em * style.stretch, -f64::from(y) * style.em);
                Point { x: at.x + cos * x - sin * y, y: at.y + sin * x + cos * y }
            };
            self.outline(&letter.outline, place, style.tone);
            along += letter.advance * style.em * style.stretch;
        }
        Point { x: at.x + cos * along, y: at.y + sin * along }
    }

    /// A shape of straight sides.
    pub(super) fn fill(&mut self, corners: &[Point], tone: u8) {
        let mut segments = vec![Segment::Move([corners[0].x as f32, corners[0].y as f32])];
        segments.extend(corners[1..].iter().map(|corner| Segment::Line([corner.x as f32, corner.y as f32])));
        segments.push(Segment::Close);
        self.outline(&segments, |[x, y]| Point { x: f64::from(x), y: f64::from(y) }, tone);
    }

    /// A straight line so wide.
    pub(super) fn line(&mut self, from: Point, to: Point, width: f64, tone: u8) {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let length = libm::hypot(dx, dy).max(1e-6);
        let (ox, oy) = (-0.5 * width * dy / length, 0.5 * width * dx / length);
        let corner = |at: Point, side: f64| Point { x: at.x + side * ox, y: at.y + side * oy };
        self.fill(&[corner(from, 1.0), corner(to, 1.0), corner(to, -1.0), corner(from, -1.0)], tone);
    }

    /// Lines from each place to the next.
    pub(super) fn path(&mut self, places: &[Point], width: f64, tone: u8) {
        for ends in places.windows(2) {
            self.line(ends[0], ends[1], width, tone);
        }
    }

    /// A box of lines.
    pub(super) fn frame(&mut self, at: Point, width: f64, height: f64, line: f64, tone: u8) {
        let corner = |x: f64, y: f64| Point { x: at.x + x, y: at.y + y };
        let corners = [corner(0.0, 0.0), corner(width, 0.0), corner(width, height), corner(0.0, height)];
        for side in 0..4 {
            self.line(corners[side], corners[(side + 1) % 4], line, tone);
        }
    }

    /// A filled box.
    pub(super) fn block(&mut self, at: Point, width: f64, height: f64, tone: u8) {
        let corner = |x: f64, y: f64| Point { x: at.x + x, y: at.y + y };
        self.fill(&[corner(0.0, 0.0), corner(width, 0.0), corner(width, height), corner(0.0, height)], tone);
    }

    /// Runs of a pen of so many millimetres, onto the mask: only between [`Self::begin`] and [`Self::end`].
    pub(super) fn write(&mut self, paths: &[Path], pen: f64) {
        let nib = (0.5 * pen * self.scale).max(0.35);
        for path in paths {
            let places: Vec<Point> = path.iter().map(|&place| self.pixel(place)).collect();
            self.mask.write(&places, nib);
            for place in places {
                let low = |at: f64, side: usize| (at - nib - 2.0).floor().clamp(0.0, side as f64) as usize;
                let high = |at: f64, side: usize| (at + nib + 3.0).ceil().clamp(0.0, side as f64) as usize;
                self.used.join(Area {
                    left: low(place.x, self.width),
                    top: low(place.y, self.height),
                    right: high(place.x, self.width),
                    bottom: high(place.y, self.height),
                });
            }
        }
    }

    /// From here on what is drawn belongs to one thing.
    pub(super) fn begin(&mut self) {
        self.collecting = true;
    }

    /// From here on what is drawn is left out of that thing, or added again.
    pub(super) fn cut(&mut self, cutting: bool) {
        self.cutting = cutting;
    }

    /// Leaves so much of the thing's ink in each pixel as the rule says, 0 to 1.
    pub(super) fn fade(&mut self, share: impl Fn(usize, usize) -> f32) {
        for y in self.used.top..self.used.bottom {
            for x in self.used.left..self.used.right {
                let cover = &mut self.mask.values[y * self.width + x];
                if *cover > 0 {
                    *cover = (f32::from(*cover) * share(x, y)).clamp(0.0, 255.0) as u8;
                }
            }
        }
    }

    /// The thing is done and laid onto the paper in one tone; without a kind it gets no box.
    pub(super) fn end(&mut self, kind: Option<BoxKind>, tone: u8) {
        (self.collecting, self.cutting) = (false, false);
        let area = std::mem::replace(&mut self.used, Area::nothing());
        if area.is_empty() {
            return;
        }
        let mut cover = Vec::with_capacity(area.width() * (area.bottom - area.top));
        let mut crossed = 0;
        for y in area.top..area.bottom {
            for x in area.left..area.right {
                let index = y * self.width + x;
                let covered = std::mem::take(&mut self.mask.values[index]);
                cover.push(covered);
                crossed += usize::from(covered > 100 && self.light[index] < 140);
                self.light[index] = under(self.light[index], covered, tone);
            }
        }
        let Some(kind) = kind else { return };
        let mut item = Item { kind, area, cover, overlapped: crossed > 3 };
        for other in &mut self.items {
            if other.touches(&item) {
                (other.overlapped, item.overlapped) = (true, true);
            }
        }
        self.items.push(item);
    }

    fn outline(&mut self, outline: &[Segment], place: impl Fn([f32; 2]) -> Point, tone: u8) {
        let place = |at: [f32; 2]| {
            let pixel = self.pixel(place(at));
            [pixel.x as f32, pixel.y as f32]
        };
        let placed: Vec<Segment> = outline
            .iter()
            .map(|segment| match *segment {
                Segment::Move(a) => Segment::Move(place(a)),
                Segment::Line(a) => Segment::Line(place(a)),
                Segment::Quad(a, b) => Segment::Quad(place(a), place(b)),
                Segment::Cubic(a, b, c) => Segment::Cubic(place(a), place(b), place(c)),
                Segment::Close => Segment::Close,
            })
            .collect();
        let Some(area) = self.around(&placed) else { return };
        let (left, top) = (area.left as f32, area.top as f32);
        self.rasterizer.reset(area.width(), area.bottom - area.top);
        draw(&mut self.rasterizer, &placed, left, top);
        let width = self.width;
        if self.collecting {
            self.used.join(area);
        }
        let (mask, light) = (&mut self.mask.values, &mut self.light);
        let (collecting, cutting) = (self.collecting, self.cutting);
        self.rasterizer.for_each_pixel_2d(|x, y, cover| {
            let covered = (cover.min(1.0) * 255.0 + 0.5) as u8;
            if covered == 0 {
                return;
            }
            let index = (area.top + y as usize) * width + area.left + x as usize;
            if cutting {
                mask[index] = mask[index].min(255 - covered);
            } else if collecting {
                mask[index] = mask[index].max(covered);
            } else {
                light[index] = under(light[index], covered, tone);
            }
        });
    }

    /// The pixels of an outline; None where it leaves the page or is larger than the page.
    fn around(&self, outline: &[Segment]) -> Option<Area> {
        let mut low = [f32::MAX; 2];
        let mut high = [f32::MIN; 2];
        let mut see = |at: [f32; 2]| {
            for axis in 0..2 {
                low[axis] = low[axis].min(at[axis]);
                high[axis] = high[axis].max(at[axis]);
            }
        };
        for segment in outline {
            match *segment {
                Segment::Move(a) | Segment::Line(a) => see(a),
                Segment::Quad(a, b) => [a, b].into_iter().for_each(&mut see),
                Segment::Cubic(a, b, c) => [a, b, c].into_iter().for_each(&mut see),
                Segment::Close => {}
            }
        }
        let inside = low[0] >= 1.0
            && low[1] >= 1.0
            && high[0] + 2.0 < self.width as f32
            && high[1] + 2.0 < self.height as f32
            && low[0] <= high[0];
        inside.then(|| Area {
            left: low[0] as usize - 1,
            top: low[1] as usize - 1,
            right: high[0] as usize + 2,
            bottom: high[1] as usize + 2,
        })
    }
}

fn draw(rasterizer: &mut Rasterizer, outline: &[Segment], left: f32, top: f32) {
    let at = |[x, y]: [f32; 2]| point(x - left, y - top);
    let (mut first, mut last) = ([0.0; 2], [0.0; 2]);
    for segment in outline {
        match *segment {
            Segment::Move(a) => (first, last) = (a, a),
            Segment::Line(a) => {
                rasterizer.draw_line(at(last), at(a));
                last = a;
            }
            Segment::Quad(a, b) => {
                rasterizer.draw_quad(at(last), at(a), at(b));
                last = b;
            }
            Segment::Cubic(a, b, c) => {
                rasterizer.draw_cubic(at(last), at(a), at(b), at(c));
                last = c;
            }
            Segment::Close => {
                rasterizer.draw_line(at(last), at(first));
                last = first;
            }
        }
    }
}

/// Light after ink of this tone covers some of it.
fn under(light: u8, cover: u8, tone: u8) -> u8 {
    let left = 255 * 255 - u32::from(cover) * (255 - u32::from(tone));
    ((u32::from(light) * left + 32_512) / (255 * 255)) as u8
}

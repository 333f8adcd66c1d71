//! What drawing a page takes, found by going through all that would be drawn without drawing it: the library draws as long
//! and takes as much memory as a page wants, and a small file may want a form within a form within a form, each of them ten
//! times. What goes beyond a page is refused while it is counted.
//!
//! Lengths and areas are those of the page in its own units, a 72nd of an inch in most documents.

use std::collections::HashSet;

use hayro::hayro_interpret::font::{Glyph, GlyphRun};
use hayro::hayro_interpret::pattern::{Pattern, TilingPattern};
use hayro::hayro_interpret::shading::ShadingType;
use hayro::hayro_interpret::util::x_y_advances;
use hayro::hayro_interpret::{
    BlendMode, CacheKey, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, Paint, SoftMask, StrokeProps, TransformExt, interpret_page,
};
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::{Affine, BezPath, PathEl, Point, Rect};

use super::aside::stop;
use super::{images, unsupported};
use crate::error::Result;
use crate::limits::Limits;

/// Pages have fewer marks than this.
const MOST_CALLS: f64 = 1e6;
/// A pattern lies in a pattern no deeper than this.
const DEEPEST: usize = 8;
/// Dashes of all lines.
const MOST_DASHES: f64 = 1e6;
/// A picture covers a page where it covers so much of it.
const COVERS: f64 = 0.9;
/// Pictures whose pixels differ by no more than this in size are parts of one scan.
const SAME: f64 = 0.01;
/// A glyph has an outline of so many times its font's size.
const OUTLINE: f64 = 8.0;

/// What is on a page.
#[derive(Debug, Default, Clone)]
pub(super) struct Weight {
    /// Pixels to a unit, across and down, of the picture that covers the page; of several the finest.
    pub scan: Option<[f64; 2]>,
    /// Whether anything else than pictures is drawn.
    pub has_marks: bool,
    /// Length of all outlines, within the page.
    pub length: f64,
    /// Area of all that is painted.
    pub area: f64,
    /// Pixels of all pictures, as often as they are drawn.
    pub decoded: f64,
    /// Pictures as large as the page that hide parts of others.
    pub masks: usize,
}

/// Counts what is on a page, and stops where it is too much.
pub(super) fn of<'a>(page: &'a Page<'a>, settings: &InterpreterSettings, limits: &Limits) -> Weight {
    let (width, height) = page.render_dimensions();
    let target = Rect::new(0.0, 0.0, width.into(), height.into());
    let transform = page.initial_transform(true).to_kurbo();
    let cache = InterpreterCache::new();
    let mut context = Context::new(transform, target, &cache, page.xref(), settings.clone());
    let mut counter = Counter {
        limits,
        page: target,
        weight: Weight::default(),
        covers: Vec::new(),
        masks: HashSet::new(),
        calls: 0.0,
        dashes: 0.0,
        times: 1.0,
        depth: 0,
    };
    interpret_page(page, &mut context, &mut counter);
    Weight { scan: counter.scan(), ..counter.weight }
}

/// Pixels to a unit, and how much of the page pictures of this size cover.
struct Cover {
    scale: [f64; 2],
    area: f64,
}

struct Counter<'l> {
    limits: &'l Limits,
    page: Rect,
    weight: Weight,
    covers: Vec<Cover>,
    masks: HashSet<u128>,
    calls: f64,
    dashes: f64,
    /// How often what is counted is drawn.
    times: f64,
    /// How many patterns, masks and glyphs this lies in.
    depth: usize,
}

impl Counter<'_> {
    /// The finest of the scales whose pictures cover the page.
    fn scan(&self) -> Option<[f64; 2]> {
        let covers = |cover: &&Cover| cover.area >= COVERS * self.page.area();
        let fineness = |cover: &Cover| cover.scale[0] * cover.scale[1];
        let finest = self.covers.iter().filter(covers).max_by(|a, b| fineness(a).total_cmp(&fineness(b)))?;
        Some(finest.scale)
    }

    fn count(&mut self) {
        self.calls += self.times;
        if self.calls > MOST_CALLS {
            stop(unsupported("more is drawn on it than on a page"));
        }
        if let Err(error) = self.limits.check_time() {
            stop(error);
        }
    }

    /// Counts what lies within something that is drawn so many times.
    fn within(&mut self, times: f64, draw: impl FnOnce(&mut Self)) {
        if self.depth == DEEPEST {
            stop(unsupported("patterns within patterns"));
        }
        let before = self.times;
        self.times *= times;
        self.depth += 1;
        draw(self);
        self.depth -= 1;
        self.times = before;
    }

    /// A path that is filled, in all its extent.
    fn fill(&mut self, path: &BezPath, transform: Affine) {
        self.outline(path, transform);
        self.weight.area += self.times * self.on_page(transform.transform_rect_bbox(path.control_box())).area();
    }

    /// Adds an outline, and returns its length within the page.
    fn outline(&mut self, path: &BezPath, transform: Affine) -> f64 {
        let clamp = |point: Point| {
            let point = transform * point;
            // Coordinates may be no numbers.
            let within = |value: f64, most: f64| if value > 0.0 { value.min(most) } else { 0.0 };
            Point::new(within(point.x, self.page.x1), within(point.y, self.page.y1))
        };
        let length = way(path, clamp);
        let elements = path.elements().len() as f64;
        self.weight.length += self.times * (length + elements);
        self.calls += self.times * elements / 16.0;
        length
    }

    fn on_page(&self, area: Rect) -> Rect {
        let area = area.intersect(self.page);
        if area.is_finite() { area } else { self.page }
    }

    /// A stroke is dashed along its whole way, and outlined on both sides.
    fn stroke(&mut self, path: &BezPath, transform: Affine, stroke: &StrokeProps) {
        self.outline(path, transform);
        let length = self.outline(path, transform);
        let (across, down) = x_y_advances(&transform);
        let width = f64::from(stroke.line_width.abs()) * across.length().max(down.length());
        self.weight.area += self.times * (length * (1.0 + width)).min(self.page.area());
        let period: f64 = stroke.dash_array.iter().map(|&dash| f64::from(dash.abs())).sum();
        if !stroke.dash_array.is_empty() {
            let dashes = way(path, |point| point) / period * stroke.dash_array.len() as f64;
            self.dashes += self.times * dashes;
            // Not a number where both are none.
            if self.dashes.is_nan() || self.dashes > MOST_DASHES {
                stop(unsupported("lines of too many dashes"));
            }
        }
    }
}

/// How long a path is at most, with its points put into their places: curves are no longer than the way by their points.
fn way(path: &BezPath, place: impl Fn(Point) -> Point) -> f64 {
    let (mut length, mut begin, mut at) = (0.0, Point::ZERO, Point::ZERO);
    for element in path.elements() {
        let points: &[Point] = match element {
            PathEl::MoveTo(point) => {
                (begin, at) = (place(*point), place(*point));
                &[]
            }
            PathEl::LineTo(a) => &[*a],
            PathEl::QuadTo(a, b) => &[*a, *b],
            PathEl::CurveTo(a, b, c) => &[*a, *b, *c],
            PathEl::ClosePath => {
                length += at.distance(begin);
                at = begin;
                &[]
            }
        };
        for point in points {
            let next = place(*point);
            length += at.distance(next);
            at = next;
        }
    }
    length
}

impl<'a> Counter<'_> {
    /// What `area` of the page is filled with.
    fn paint(&mut self, paint: &Paint<'a>, area: Rect, is_stroke: bool) {
        let Paint::Pattern(pattern) = paint else { return };
        let area = self.on_page(area);
        match &**pattern {
            Pattern::Shading(shading) => {
                let drawn = |points: &[Point]| {
                    let first = Rect::from_points(points[0], points[0]);
                    let all = points.iter().fold(first, |all, point| all.union_pt(*point));
                    shading.matrix.transform_rect_bbox(all).area()
                };
                // What a mesh draws is kept by pixel, wherever that is.
                let mesh: f64 = match &*shading.shading.shading_type {
                    ShadingType::TriangleMesh { triangles, .. } => {
                        triangles.iter().map(|t| drawn(&[t.p0.point, t.p1.point, t.p2.point])).sum()
                    }
                    ShadingType::CoonsPatchMesh { patches, .. } => {
                        patches.iter().map(|p| drawn(&p.control_points)).sum()
                    }
                    ShadingType::TensorProductPatchMesh { patches, .. } => {
                        patches.iter().map(|p| drawn(&p.control_points)).sum()
                    }
                    _ => 0.0,
                };
                if mesh.is_nan() || mesh > 4.0 * self.page.area() {
                    stop(unsupported("a mesh of colours larger than the page"));
                }
                self.weight.area += self.times * (4.0 * area.area() + 16.0 * mesh);
            }
            Pattern::Tiling(tiling) => self.tiling(tiling, area, is_stroke),
        }
    }

    /// A tile is drawn once where it is repeated, with those that reach into it, and else as often as it is seen.
    fn tiling(&mut self, tiling: &TilingPattern<'a>, area: Rect, is_stroke: bool) {
        let seen = tiling.matrix.inverse().transform_rect_bbox(area);
        let (across, down) = x_y_advances(&tiling.matrix);
        let along = |cell: f64, step: f32, seen: f64, advance: f64| {
            let step = f64::from(step.abs());
            let is_repeated = seen >= step;
            let copies = if is_repeated { (cell / step).ceil() } else { ((cell + seen) / step).floor() + 1.0 };
            (copies, if is_repeated { step } else { seen + step } * advance)
        };
        let (columns, width) = along(tiling.bbox.width(), tiling.x_step, seen.width(), across.length());
        let (rows, height) = along(tiling.bbox.height(), tiling.y_step, seen.height(), down.length());
        let (copies, tile) = (columns * rows, width * height);
        let is_sane = copies.is_finite() && copies < MOST_CALLS && tile.is_finite() && tile <= 4.0 * self.page.area();
        if !is_sane {
            stop(unsupported("a pattern larger than the page"));
        }
        self.weight.area += self.times * tile;
        self.within(copies, |counter| {
            tiling.interpret(counter, tiling.matrix, is_stroke);
        });
    }

    /// Masks are kept until the page is drawn.
    fn mask(&mut self, mask: Option<&SoftMask<'a>>) {
        let Some(mask) = mask else { return };
        if self.masks.insert(mask.cache_key()) {
            self.weight.masks += 1;
            self.weight.area += self.page.area();
            self.within(1.0, |counter| mask.interpret(counter));
        }
    }

    fn glyph(&mut self, glyph: &Glyph<'a>, at: Affine, props: &DrawProps<'a>) {
        match glyph {
            Glyph::Outline(_) => {
                // Glyphs are drawn in thousandths of their font's size.
                let (across, down) = x_y_advances(&(props.transform * at));
                let size = 1000.0 * across.length().max(down.length());
                let longest = self.page.width() + self.page.height();
                let size = if size < longest { size } else { longest };
                self.weight.length += self.times * OUTLINE * size;
                self.weight.area += self.times * size * size;
            }
            Glyph::Type3(glyph) => {
                self.within(1.0, |counter| glyph.interpret(counter, props.transform, at, &props.paint));
            }
        }
    }
}

impl<'a> Device<'a> for Counter<'_> {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, draw_mode: &DrawMode) {
        self.count();
        self.weight.has_marks = true;
        self.mask(props.soft_mask.as_ref());
        let area = props.transform.transform_rect_bbox(path.control_box());
        match draw_mode {
            DrawMode::Fill(_) => self.fill(path, props.transform),
            DrawMode::Stroke(stroke) => self.stroke(path, props.transform, stroke),
            DrawMode::FillAndStroke(_, stroke) => {
                self.fill(path, props.transform);
                self.stroke(path, props.transform, stroke);
            }
            DrawMode::Invisible => return,
        }
        self.paint(&props.paint, area, !matches!(draw_mode, DrawMode::Fill(_)));
    }

    fn push_clip_path(&mut self, clip_path: &ClipPath) {
        self.count();
        self.fill(&clip_path.path, Affine::IDENTITY);
    }

    fn push_transparency_group(&mut self, _: f32, mask: Option<SoftMask<'a>>, _: BlendMode) {
        self.count();
        self.mask(mask.as_ref());
    }

    fn draw_glyph_run(&mut self, glyph_run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, draw_mode: &DrawMode) {
        // What was read in a scan lies on it unseen.
        if matches!(draw_mode, DrawMode::Invisible) {
            return;
        }
        self.weight.has_marks = true;
        self.mask(props.soft_mask.as_ref());
        for glyph in glyph_run.glyphs() {
            self.count();
            self.glyph(glyph, glyph.transform(), &props);
        }
        self.paint(&props.paint, self.page, false);
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        self.count();
        self.mask(props.soft_mask.as_ref());
        let stream = match &image {
            Image::Stencil(stencil) => stencil.stream(),
            Image::Raster(raster) => raster.stream(),
        };
        let pixels = images::pixels(stream, self.limits).unwrap_or_else(|error| stop(error));
        self.weight.decoded += self.times * pixels as f64;
        let sides = Rect::new(0.0, 0.0, image.width().into(), image.height().into());
        let area = self.on_page(props.transform.transform_rect_bbox(sides)).area();
        self.weight.area += self.times * area;
        let [a, b, c, d, _, _] = props.transform.as_coeffs().map(f64::abs);
        // Pixels to a unit of a picture that lies straight, upright or sideways.
        let scale = if b + c < SAME * (a + d) { [a.recip(), d.recip()] } else { [c.recip(), b.recip()] };
        let is_straight = b + c < SAME * (a + d) || a + d < SAME * (b + c);
        if !is_straight || !scale.iter().all(|scale| scale.is_finite()) || self.depth > 0 {
            return;
        }
        let is_same = |cover: &&mut Cover| (0..2).all(|axis| (cover.scale[axis] / scale[axis] - 1.0).abs() < SAME);
        match self.covers.iter_mut().find(is_same) {
            Some(cover) => cover.area += area,
            None => self.covers.push(Cover { scale, area }),
        }
    }

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {}
}

impl Weight {
    /// Refuses what would take too long or too much memory with so many pixels to a unit, and `pixels` in all.
    pub(super) fn check(&self, scale: [f64; 2], pixels: f64, limits: &Limits) -> Result<()> {
        /// Outlines are kept as squares of so many pixels a side until the page is drawn, in so many bytes each.
        const SQUARE: f64 = 4.0;
        const OUTLINE_BYTES: f64 = 24.0;
        /// And so are pictures, in so many bytes a pixel.
        const PICTURE_BYTES: f64 = 4.0;
        /// What is kept may take so many bytes for each pixel that an image may have.
        const MOST_BYTES: f64 = 8.0;
        /// Pictures may be drawn again and again.
        const MOST_DECODED: f64 = 4.0;
        /// The page may be painted over so many times.
        const MOST_LAYERS: f64 = 200.0;
        let allowed = limits.pixels as f64;
        let area = self.area * scale[0] * scale[1];
        let outlines = self.length * scale[0].max(scale[1]) / SQUARE * OUTLINE_BYTES;
        let held = outlines + self.masks as f64 * pixels + PICTURE_BYTES * self.decoded.min(area);
        let is_too_much =
            held > MOST_BYTES * allowed || self.decoded > MOST_DECODED * allowed || area > MOST_LAYERS * pixels;
        if is_too_much { Err(unsupported("more is drawn on it than on a page")) } else { Ok(()) }
    }
}

//! PDF: one page of a document, drawn by hayro, the only renderer in Rust alone that is kept up and draws most of what there
//! is (pdfium and MuPDF are C and C++, pdf-rs draws no pages).
//!
//! A scan is drawn at its own resolution, so that its pixels are those of the scanner; other pages at 300 dots an inch.
//! Form fields and annotations are drawn where they bring an appearance; [`facts`] says where they do not. The library
//! itself has no limits: what a document unpacks to (`streams`), what is on a page (`weight`) and how long it takes
//! (`aside`) are looked at here.

mod aside;
mod facts;
mod images;
mod streams;
mod weight;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hayro::hayro_interpret::{InterpreterSettings, InterpreterWarning, TransformExt};
use hayro::hayro_syntax::object::Stream;
use hayro::hayro_syntax::page::Page as PageOf;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::kurbo::Affine;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, RenderSettings as Threads, Resources, TargetInit};
use hayro::{RenderCache, RenderSettings, render_into};

use super::raster::{Channels, Samples};
use super::shape::{Density, INCH, METRE};
use super::{Format, Page, Raster, pages};
use crate::error::{Error, Result};
use crate::limits::Limits;
pub use aside::MOST_GIVEN_UP;
pub use facts::PdfFacts;

/// Units of a page to an inch, unless it says otherwise.
const UNITS: f64 = 72.0;
/// Dots to an inch of a page that is no scan.
const RESOLUTION: f64 = 300.0;
/// A scan that is coarser than this, with anything drawn on it, is a background.
const COARSEST_SCAN: f64 = 150.0;
/// A page that does not fit with so many dots to an inch is no sheet of paper.
const COARSEST: f64 = 72.0;
/// A page is held several times while it is drawn: of so many pixels that an image may have, it may have so many.
const OF: u64 = 9;
const PIXELS: u64 = 5;

/// The wanted page.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Raster> {
    let bytes = bytes.to_vec();
    aside::run(limits, move |limits| Document::open(bytes, limits)?.read(limits))
}

/// A PNG of the page.
pub(super) fn only_page(bytes: &[u8], page: Page, limits: &Limits) -> Option<Vec<u8>> {
    let raster = read(bytes, &Limits { page: Some(page.number), ..*limits }).ok()?;
    let Samples::U8(samples) = &raster.samples else { return None };
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, raster.width as u32, raster.height as u32);
    encoder.set_color(if raster.channels == Channels::Gray { png::ColorType::Grayscale } else { png::ColorType::Rgb });
    encoder.set_pixel_dims(raster.density.map(dots_a_metre));
    encoder.write_header().ok()?.write_image_data(samples).ok()?;
    Some(png)
}

fn dots_a_metre(density: Density) -> png::PixelDimensions {
    let [xppu, yppu] = [density.across, density.down].map(|dots| (dots * (METRE / INCH)).round() as u32);
    png::PixelDimensions { xppu, yppu, unit: png::Unit::Meter }
}

/// What a PDF document holds besides pictures of its pages.
///
/// # Errors
/// A document that is encrypted, broken, or over the limits.
pub fn facts(bytes: &[u8], limits: &Limits) -> Result<PdfFacts> {
    limits.check_bytes(bytes.len() as u64)?;
    let bytes = bytes.to_vec();
    aside::run(limits, move |limits| Ok(PdfFacts::of(&Document::open(bytes, limits)?.pdf)))
}

struct Document {
    pdf: Pdf,
}

impl Document {
    fn open(bytes: Vec<u8>, limits: &Limits) -> Result<Self> {
        if streams::is_encrypted(&bytes) {
            return Err(Error::Encrypted);
        }
        streams::check(&bytes, limits)?;
        let pdf = Pdf::new(Arc::new(bytes)).map_err(|error| match error {
            LoadPdfError::Decryption(_) => Error::Encrypted,
            LoadPdfError::Invalid => broken("no pages are found in it"),
        })?;
        if pdf.pages().is_empty() { Err(broken("it has no pages")) } else { Ok(Self { pdf }) }
    }

    fn read(&self, limits: &Limits) -> Result<Raster> {
        let count = self.pdf.pages().len() as u32;
        let page = pages::choose(count, limits, |number| self.draw(number, limits)?.into_on_white(limits))?;
        Ok(Raster { page, ..self.draw(page.number, limits)? })
    }

    /// The page of a number, from 1.
    fn draw(&self, number: u32, limits: &Limits) -> Result<Raster> {
        let page = &self.pdf.pages()[number as usize - 1];
        if !is_whole(page) {
            return Err(broken("a part of the page is missing"));
        }
        let has_failed = Arc::new(AtomicBool::new(false));
        let settings = settings(&has_failed);
        let weight = weight::of(page, &settings, limits);
        limits.check_time()?;
        let (width, height) = page.render_dimensions();
        let unit = page.raw().get::<f64>("UserUnit").filter(|unit| *unit > 0.0).unwrap_or(1.0) / UNITS;
        let sheet = Sheet { width: width.into(), height: height.into(), unit };
        let scale = sheet.scale(&weight, limits)?;
        let (width, height) = sheet.pixels(scale);
        weight.check(scale, (width * height) as f64, limits)?;
        let transform = Affine::scale_non_uniform(scale[0], scale[1]) * page.initial_transform(true).to_kurbo();
        let mut context =
            RenderContext::new_with(width as u16, height as u16, Threads { num_threads: 0, ..Threads::default() });
        render_into(page, &RenderCache::new(), &settings, &RenderSettings::default(), &mut context, transform);
        context.flush();
        let mut pixels = Pixmap::new(width as u16, height as u16);
        let white = RasterizerSettings { target_init: TargetInit::Clear(WHITE), ..RasterizerSettings::default() };
        context.render_with(&mut pixels, &mut Resources::default(), white);
        drop(context);
        // A page is not shown without what was on it.
        if has_failed.load(Ordering::Relaxed) {
            return Err(broken("a picture on it cannot be decoded"));
        }
        let density = Density { across: scale[0] / unit, down: scale[1] / unit, millimetres: Some(INCH) };
        let (channels, samples) = on_paper(pixels);
        Ok(Raster { density: Some(density), ..Raster::new(width, height, channels, Samples::U8(samples)) })
    }
}

/// Whether all that the page names is there: the library draws a page without what is not.
fn is_whole(page: &PageOf<'_>) -> bool {
    let objects = &page.resources().x_objects;
    let has_marks = page.page_stream().is_some() || !page.raw().contains_key("Contents");
    has_marks && objects.keys().all(|name| objects.get::<Stream<'_>>(name).is_some())
}

/// How a page is looked at; what happens to its pictures is noted.
fn settings(has_failed: &Arc<AtomicBool>) -> InterpreterSettings {
    let has_failed = Arc::clone(has_failed);
    let warning_sink = Arc::new(move |warning| {
        if matches!(warning, InterpreterWarning::ImageDecodeFailure) {
            has_failed.store(true, Ordering::Relaxed);
        }
    });
    InterpreterSettings { warning_sink, ..InterpreterSettings::default() }
}

/// A page in its own units.
struct Sheet {
    width: f64,
    height: f64,
    /// Inches to a unit.
    unit: f64,
}

impl Sheet {
    /// Pixels to a unit, across and down.
    fn scale(&self, weight: &weight::Weight, limits: &Limits) -> Result<[f64; 2]> {
        let most = limits.pixels / OF * PIXELS;
        let is_scan = |scale: &[f64; 2]| !weight.has_marks || scale[0].min(scale[1]) >= COARSEST_SCAN * self.unit;
        let (wanted, most) = match weight.scan.filter(is_scan) {
            // A hair larger, so that rounding makes no picture smaller.
            Some(scan) => (scan.map(|scale| scale * (1.0 + 1e-6)), most),
            None => ([RESOLUTION * self.unit; 2], most.min(Limits::WORKING_PIXELS)),
        };
        let (width, height) = (self.width * wanted[0], self.height * wanted[1]);
        if width * height <= most as f64 && width.max(height) <= Limits::LONGEST_SIDE as f64 {
            return Ok(wanted);
        }
        let most = most.min(Limits::WORKING_PIXELS);
        let longest = Limits::LONGEST_SIDE as f64 / self.width.max(self.height);
        let scale = (most as f64 / (self.width * self.height)).sqrt().min(longest);
        if scale < COARSEST * self.unit {
            let [width, height] = [self.width, self.height].map(|side| (side * COARSEST * self.unit) as u64);
            return Err(Error::TooManyPixels { width, height, limit: most });
        }
        Ok([scale; 2])
    }

    /// Columns and rows.
    fn pixels(&self, scale: [f64; 2]) -> (usize, usize) {
        let pixels = |side: f64, scale: f64| ((side * scale).round() as usize).clamp(1, Limits::LONGEST_SIDE as usize);
        (pixels(self.width, scale[0]), pixels(self.height, scale[1]))
    }
}

/// The samples of a page, which is opaque: gray where it has no colour.
fn on_paper(pixels: Pixmap) -> (Channels, Vec<u8>) {
    let mut samples = pixels.take_rgba8(hayro::vello_cpu::peniko::ImageAlphaType::AlphaPremultiplied);
    let is_gray = samples.chunks_exact(4).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]);
    let (channels, each) = if is_gray { (Channels::Gray, 1) } else { (Channels::Rgb, 3) };
    let count = samples.len() / 4;
    for pixel in 0..count {
        samples.copy_within(4 * pixel..4 * pixel + each, each * pixel);
    }
    samples.truncate(count * each);
    samples.shrink_to_fit();
    (channels, samples)
}

fn broken(why: impl fmt::Display) -> Error {
    super::broken(Format::Pdf, why)
}

fn unsupported(why: impl fmt::Display) -> Error {
    super::unsupported(Format::Pdf, why)
}

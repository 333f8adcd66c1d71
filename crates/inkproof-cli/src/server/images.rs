//! The images of a request as the model sees them, one after the other on the worker's thread, and inks as pictures.

use std::ops::Range;
use std::time::{Duration, Instant};

use inkproof::{Embedding, Error, Flaw, ImageDigest, Ink, Limits, Model, Preprocess, SIDE};

use super::problem::{Kind, Problem};
use super::upload::Image;

/// Characters of an image's name that are given back.
const MOST_NAME: usize = 100;

/// An image as the model sees it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What the sender calls it.
    pub name: String,
    pub ink: Ink,
    pub embedding: Embedding,
    pub digest: ImageDigest,
    pub flaws: Vec<Flaw>,
}

/// How long the parts of the work took, summed over all images.
#[derive(Debug, Clone, Copy, Default)]
pub struct Times {
    pub decode: Duration,
    pub ink: Duration,
    pub embed: Duration,
}

/// What the model sees of an image; the field is what the request calls it.
///
/// # Errors
/// Names the field: 413 over a limit, 422 where it is no image with ink.
pub fn see(model: &Model, image: &Image, field: &str, limits: &Limits, times: &mut Times) -> Result<Seen, Problem> {
    let wrong = |error: Error| {
        let kind = match error {
            Error::TooManyBytes { .. } | Error::TooManyPixels { .. } => Kind::TooLarge,
            _ => Kind::UnfitImage,
        };
        kind.with(format!("the image {error}")).of(field)
    };
    let prepared = model.preprocess().apply(&image.bytes, limits).map_err(wrong)?;
    times.decode += prepared.decode_time;
    times.ink += prepared.ink_time;
    let begun = Instant::now();
    let embedding = model.embed(&prepared.ink).map_err(wrong)?;
    times.embed += begun.elapsed();
    let name = called(&image.name, field);
    Ok(Seen { name, ink: prepared.ink, embedding, digest: prepared.digest, flaws: prepared.flaws })
}

/// All of them, as the field's elements.
///
/// # Errors
/// Those of [`see`] for the first that is wrong.
pub fn see_all(
    model: &Model,
    images: &[Image],
    field: &str,
    limits: &Limits,
    times: &mut Times,
) -> Result<Vec<Seen>, Problem> {
    let each = images.iter().enumerate();
    each.map(|(place, image)| see(model, image, &format!("{field}[{place}]"), limits, times)).collect()
}

/// What an image is called: its name where it has one.
fn called(name: &str, field: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).take(MOST_NAME).collect();
    if name.trim().is_empty() { field.to_owned() } else { name }
}

/// The part of the frame that holds some inks, with a margin: the same for all, so that they can be laid over each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    columns: Range<usize>,
    rows: Range<usize>,
}

/// Paper around the ink, in pixels.
const MARGIN: usize = 6;

impl Cut {
    pub fn around<'a>(inks: impl IntoIterator<Item = &'a Ink>, preprocess: &Preprocess) -> Self {
        let inked = |ink: &'a Ink| {
            let pixels = ink.pixels().iter().enumerate();
            pixels.filter(|(_, pixel)| opacity(**pixel, preprocess) > FAINT).map(|(at, _)| at)
        };
        let spots: Vec<usize> = inks.into_iter().flat_map(inked).collect();
        let (columns, rows) = (spots.iter().map(|at| at % SIDE), spots.iter().map(|at| at / SIDE));
        Self { columns: extent(columns), rows: extent(rows) }
    }

    /// An ink as a PNG: black, as opaque as there is ink, so that a page can give it any colour.
    pub fn picture(&self, ink: &Ink, preprocess: &Preprocess) -> Vec<u8> {
        let row = |y: usize| &ink.pixels()[y * SIDE..][self.columns.clone()];
        let pixels: Vec<u8> =
            self.rows.clone().flat_map(row).flat_map(|pixel| [0, opacity(*pixel, preprocess)]).collect();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.columns.len() as u32, self.rows.len() as u32);
        encoder.set_color(png::ColorType::GrayscaleAlpha);
        encoder.set_compression(png::Compression::Fast);
        let mut writer = encoder.write_header().expect("nothing can fail in memory");
        writer.write_image_data(&pixels).expect("two bytes for each pixel");
        drop(writer);
        bytes
    }
}

/// From the first line to the last, with a margin; all where there is none.
fn extent(lines: impl Iterator<Item = usize>) -> Range<usize> {
    let (first, end) = lines.fold((SIDE, 0), |(first, end), line| (first.min(line), end.max(line + 1)));
    if end == 0 { 0..SIDE } else { first.saturating_sub(MARGIN)..(end + MARGIN).min(SIDE) }
}

/// What is fainter is paper.
const FAINT: u8 = 32;

fn opacity(pixel: u8, preprocess: &Preprocess) -> u8 {
    match preprocess {
        Preprocess::Raw => 255 - pixel,
        Preprocess::Ink(_) => pixel,
    }
}

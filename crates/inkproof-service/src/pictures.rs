//! Inks as pictures: cropped alike, so that they can be laid over each other, and where they agree.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inkproof::{Embedding, Explanation, Ink, Preprocess, SIDE, Signature};
use serde::Serialize;

/// PNG files in base64.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pictures {
    /// Where the questioned signature agrees (blue) and where not (orange), the most similar references to its right; null
    /// for a model that cannot say where.
    pub explanation: Option<String>,
    /// Whether the explanation has a second row, of where the strokes were pressed: the darker, the more.
    pub pressure: bool,
    /// The questioned ink, black on nothing.
    pub questioned: String,
    /// The references' inks, in their order; all are cropped alike, so that they can be laid over each other.
    pub references: Vec<String>,
}

impl Pictures {
    pub(crate) fn new(preprocess: &Preprocess, references: &[Signature], ink: &Ink, embedding: &Embedding) -> Self {
        let inks: Vec<&Ink> = references.iter().map(|reference| &reference.ink).collect();
        let embeddings: Vec<&Embedding> = references.iter().map(|reference| &reference.embedding).collect();
        let crop = Crop::around(inks.iter().copied().chain([ink]), preprocess);
        let encoded = |ink: &Ink| STANDARD.encode(crop.picture(ink, preprocess));
        let explanation = Explanation::new(&embeddings, embedding).ok();
        let pressure = explanation.as_ref().is_some_and(Explanation::shows_pressure);
        let explanation = explanation.map(|explanation| explanation.picture(&inks, ink).to_png());
        Self {
            pressure,
            explanation: explanation.map(|png| STANDARD.encode(png)),
            questioned: encoded(ink),
            references: inks.into_iter().map(encoded).collect(),
        }
    }
}

/// The part of the frame that holds some inks, with a margin: the same for all, so that they can be laid over each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crop {
    columns: Range<usize>,
    rows: Range<usize>,
}

/// Paper around the ink, in pixels.
const MARGIN: usize = 6;

impl Crop {
    /// The part that holds all of these inks.
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

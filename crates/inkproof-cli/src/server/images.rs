//! The images of a request as the model sees them, one after the other on the worker's thread, and inks as pictures.

use std::time::Instant;

use inkproof::{Error, Ink, Limits, Model, Preprocess, SIDE};

use super::problem::{Kind, Problem};
use super::upload::Image;
use crate::verdict::{Milliseconds, Seen, in_milliseconds};

/// Characters of an image's name that are given back.
const MOST_NAME: usize = 100;

/// What the model sees of an image; the field is what the request calls it.
///
/// # Errors
/// Names the field: 413 over a limit, 422 where it is no image with ink.
pub fn see(
    model: &Model,
    image: &Image,
    field: &str,
    limits: &Limits,
    milliseconds: &mut Milliseconds,
) -> Result<Seen, Problem> {
    let wrong = |error: Error| {
        let kind = match error {
            Error::TooManyBytes { .. } | Error::TooManyPixels { .. } => Kind::TooLarge,
            _ => Kind::UnfitImage,
        };
        kind.with(format!("the image {error}")).of(field)
    };
    let prepared = model.preprocess().apply(&image.bytes, limits).map_err(wrong)?;
    milliseconds.decode += in_milliseconds(prepared.decode_time);
    milliseconds.ink += in_milliseconds(prepared.ink_time);
    let begun = Instant::now();
    let embedding = model.embed(&prepared.ink).map_err(wrong)?;
    milliseconds.embed += in_milliseconds(begun.elapsed());
    Ok(Seen { path: called(&image.name, field), ink: prepared.ink, embedding, flaws: prepared.flaws })
}

/// What an image is called: its name where it has one.
fn called(name: &str, field: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).take(MOST_NAME).collect();
    if name.trim().is_empty() { field.to_owned() } else { name }
}

/// An ink as a PNG: black, as opaque as there is ink, so that a page can give it any colour.
pub fn picture(ink: &Ink, preprocess: &Preprocess) -> Vec<u8> {
    let opacity = |&pixel: &u8| match preprocess {
        Preprocess::Raw => 255 - pixel,
        Preprocess::Ink(_) => pixel,
    };
    let pixels: Vec<u8> = ink.pixels().iter().flat_map(|pixel| [0, opacity(pixel)]).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, SIDE as u32, SIDE as u32);
    encoder.set_color(png::ColorType::GrayscaleAlpha);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().expect("nothing can fail in memory");
    writer.write_image_data(&pixels).expect("two bytes for each pixel");
    drop(writer);
    bytes
}

//! One signature of a writer who does not exist under every condition, to be looked at.

use std::fs;
use std::path::Path;

use image::RgbaImage;
use inkproof::Limits;

use super::condition::{Condition, Original};
use super::geometry::{self, Point};
use super::print;
use super::sheet::{Layer, Sheet};
use crate::error::{Error, Result};
use crate::png_file;
use crate::synth::Writer;

/// The name of the picture of all pictures.
pub const CONTACT_SHEET: &str = "conditions.png";

/// Pixels of one picture on the contact sheet, without its name.
const TILE: [usize; 2] = [216, 108];
const COLUMNS: usize = 5;
const GAP: usize = 10;
const LABEL: f32 = 18.0;
/// The tones of each colour that are kept, so that the file is small.
const TONES: f32 = 31.0;

/// Writes a file for each condition, and a contact sheet of all of them.
///
/// # Errors
/// [`Error::Io`] where the folder cannot be written.
pub fn write_pictures(folder: &Path, conditions: &[&'static Condition], seed: u64) -> Result<()> {
    let signature = Writer::new(seed, 0).genuine(0);
    let bytes = png_file::encode(&signature, png::Compression::Fast).expect("a picture of modest size");
    let original = Original::new(bytes, &Limits::default()).expect("the synthesiser's pictures have ink");
    io(folder, fs::create_dir_all(folder))?;
    let mut tiles = Vec::new();
    for condition in conditions {
        let bytes = condition.apply(&original, seed, 0);
        let path = folder.join(format!("{}.{}", condition.id, Condition::extension(&bytes)));
        io(&path, fs::write(&path, &bytes))?;
        tiles.push((condition.id, seen(&bytes)));
    }
    let path = folder.join(CONTACT_SHEET);
    let mut sheet = contact_sheet(&tiles);
    sheet.each(|_, _, pixel| *pixel = pixel.map(|light| (light * TONES).round() / TONES));
    io(&path, fs::write(&path, super::files::small_png(&sheet)))
}

/// What a viewer shows of a file: what is transparent is on mid gray.
fn seen(bytes: &[u8]) -> Sheet {
    let image: RgbaImage = image::load_from_memory(bytes).expect("what was just written").to_rgba8();
    let shown = |pixel: &image::Rgba<u8>| {
        let [red, green, blue, alpha] = pixel.0.map(|value| f32::from(value) / 255.0);
        [red, green, blue].map(|light| light * alpha + 0.45 * (1.0 - alpha))
    };
    Sheet {
        width: image.width() as usize,
        height: image.height() as usize,
        pixels: image.pixels().map(shown).collect(),
    }
}

fn contact_sheet(tiles: &[(&str, Sheet)]) -> Sheet {
    let [wide, tall] = [TILE[0] + GAP, TILE[1] + GAP + LABEL as usize];
    let rows = tiles.len().div_ceil(COLUMNS);
    let mut sheet = Sheet::new(COLUMNS * wide + GAP, rows * tall + GAP, [0.82; 3]);
    let mut labels = Layer::new(sheet.width, sheet.height);
    for (place, (name, picture)) in tiles.iter().enumerate() {
        let (left, top) = (GAP + place % COLUMNS * wide, GAP + place / COLUMNS * tall);
        let factor = (TILE[0] as f32 / picture.width as f32).min(TILE[1] as f32 / picture.height as f32);
        let small = geometry::scaled(picture, factor, factor);
        let (left, above) =
            (left + (TILE[0].saturating_sub(small.width)) / 2, top + TILE[1].saturating_sub(small.height) / 2);
        for y in 0..small.height.min(TILE[1]) {
            for x in 0..small.width.min(TILE[0]) {
                sheet.pixels[(above + y) * sheet.width + left + x] = small.pixels[y * small.width + x];
            }
        }
        let from = Point::new((GAP + place % COLUMNS * wide) as f32, (top + TILE[1]) as f32);
        print::print(&mut labels, name, from, LABEL, 0.0);
    }
    sheet.ink(&labels, [0.0; 3]);
    sheet
}

fn io<T>(path: &Path, result: std::io::Result<T>) -> Result<T> {
    result.map_err(|source| Error::Io { path: path.to_owned(), source })
}

//! Pictures as the bytes of files.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use png::{BitDepth, ColorType, Compression, Encoder, PixelDimensions, Unit};

use super::sheet::{Color, Layer, Sheet};

/// A PNG, gray where nothing in it is coloured.
pub(super) fn png(sheet: &Sheet) -> Vec<u8> {
    colored_png(sheet, Compression::Fast)
}

/// The same as [`png`], smaller and slower.
pub(super) fn small_png(sheet: &Sheet) -> Vec<u8> {
    colored_png(sheet, Compression::High)
}

fn colored_png(sheet: &Sheet, compression: Compression) -> Vec<u8> {
    let (samples, color) = match Samples::new(sheet) {
        Samples::Gray(samples) => (samples, ColorType::Grayscale),
        Samples::Rgb(samples) => (samples, ColorType::Rgb),
    };
    let size = [sheet.width, sheet.height];
    encode(size, &samples, |encoder| {
        encoder.set_color(color);
        encoder.set_compression(compression);
    })
}

/// A JPEG, gray where nothing in it is coloured; quality 1 to 100.
pub(super) fn jpeg(sheet: &Sheet, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (samples, kind) = match Samples::new(sheet) {
        Samples::Gray(samples) => (samples, ExtendedColorType::L8),
        Samples::Rgb(samples) => (samples, ExtendedColorType::Rgb8),
    };
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode(&samples, sheet.width as u32, sheet.height as u32, kind)
        .expect("a picture of modest size");
    bytes
}

/// A PNG of 1 bit: white where the picture is lighter than `threshold` says of the place; `dpi` is across and down.
pub(super) fn bilevel_png(sheet: &Sheet, dpi: Option<[u32; 2]>, mut threshold: impl FnMut() -> f32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in sheet.gray().chunks_exact(sheet.width) {
        let bits: Vec<bool> = row.iter().map(|&light| light > threshold()).collect();
        let pack = |bits: &[bool]| bits.iter().enumerate().fold(0, |byte, (at, &bit)| byte | u8::from(bit) << (7 - at));
        bytes.extend(bits.chunks(8).map(pack));
    }
    encode([sheet.width, sheet.height], &bytes, |encoder| {
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::One);
        if let Some([xppu, yppu]) = dpi.map(|dpi| dpi.map(|inch| (f64::from(inch) / 0.0254).round() as u32)) {
            encoder.set_pixel_dims(Some(PixelDimensions { xppu, yppu, unit: Unit::Meter }));
        }
    })
}

/// A PNG with an alpha channel in which ink of one colour lies on nothing.
pub(super) fn transparent_png(ink: &Layer, color: Color) -> Vec<u8> {
    let [red, green, blue] = color.map(level);
    let bytes: Vec<u8> = ink.cover.iter().flat_map(|&cover| [red, green, blue, level(cover)]).collect();
    encode([ink.width, ink.height], &bytes, |encoder| encoder.set_color(ColorType::Rgba))
}

/// The samples of a picture in 8 bits.
enum Samples {
    Gray(Vec<u8>),
    Rgb(Vec<u8>),
}

impl Samples {
    fn new(sheet: &Sheet) -> Self {
        let pixels: Vec<[u8; 3]> = sheet.pixels.iter().map(|pixel| pixel.map(level)).collect();
        if pixels.iter().all(|[red, green, blue]| red == green && green == blue) {
            return Self::Gray(pixels.into_iter().map(|pixel| pixel[0]).collect());
        }
        Self::Rgb(pixels.into_flattened())
    }
}

fn level(light: f32) -> u8 {
    (255.0 * light + 0.5).clamp(0.0, 255.0) as u8
}

/// A PNG of 8 bits a sample, unless `describe` says otherwise.
fn encode(
    [width, height]: [usize; 2],
    samples: &[u8],
    describe: impl FnOnce(&mut Encoder<'_, &mut Vec<u8>>),
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    describe(&mut encoder);
    let mut writer = encoder.write_header().expect("a picture of modest size");
    writer.write_image_data(samples).expect("as many samples as the header says");
    writer.finish().expect("a buffer takes everything");
    bytes
}

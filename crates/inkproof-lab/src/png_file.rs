//! Gray pictures as PNG files.

use inkproof::Gray;
use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};

/// The bytes of an 8-bit gray PNG.
///
/// # Errors
/// Where a side has more than 2^31 - 1 pixels.
pub fn encode(gray: &Gray, compression: Compression) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::new();
    let side = |pixels: usize| u32::try_from(pixels).map_err(|_| EncodingError::LimitsExceeded);
    let mut encoder = Encoder::new(&mut bytes, side(gray.width())?, side(gray.height())?);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(compression);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(gray.pixels())?;
    writer.finish()?;
    Ok(bytes)
}

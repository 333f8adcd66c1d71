//! Printed letters, from a monospaced face.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use super::geometry::Point;
use super::sheet::Layer;

const FACE: RasterHeight = RasterHeight::Size32;
const WEIGHT: FontWeight = FontWeight::Regular;

/// How wide a text of this line height is, in pixels.
pub(super) fn width(text: &str, height: f32) -> f32 {
    text.chars().count() as f32 * advance(height)
}

/// Prints a text whose line begins with its top left corner at `from`, turned clockwise about it by an angle in radians.
pub(super) fn print(layer: &mut Layer, text: &str, from: Point, height: f32, angle: f32) {
    for (place, letter) in text.chars().enumerate() {
        print_letter(layer, letter, from.polar(place as f32 * advance(height), angle), height, angle);
    }
}

/// Prints a text around a circle, upright at its top, with its middle there.
pub(super) fn print_around(layer: &mut Layer, text: &str, middle: Point, radius: f32, height: f32) {
    let step = 1.05 * advance(height) / radius;
    let first = -std::f32::consts::FRAC_PI_2 - step * text.chars().count() as f32 / 2.0;
    for (place, letter) in text.chars().enumerate() {
        let angle = first + step * place as f32;
        print_letter(layer, letter, middle.polar(radius + height, angle), height, angle + std::f32::consts::FRAC_PI_2);
    }
}

fn advance(height: f32) -> f32 {
    height * get_raster_width(WEIGHT, FACE) as f32 / FACE.val() as f32
}

fn print_letter(layer: &mut Layer, letter: char, from: Point, height: f32, angle: f32) {
    let Some(raster) = get_raster(letter, WEIGHT, FACE) else { return };
    let rows: Vec<&[u8]> = raster.rows().collect();
    let scale = FACE.val() as f32 / height;
    let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
    let value = |column: i64, row: i64| {
        let row = usize::try_from(row).ok().and_then(|row| rows.get(row));
        row.and_then(|row| row.get(usize::try_from(column).ok()?)).map_or(0.0, |&value| f32::from(value) / 255.0)
    };
    let reach = 1.5 * height;
    let around = |at: f32, side: usize| {
        let low = (at - reach).floor().max(0.0) as usize;
        low..((at + reach).ceil().max(0.0) as usize).min(side)
    };
    for y in around(from.y, layer.height) {
        for x in around(from.x, layer.width) {
            let (dx, dy) = (x as f32 - from.x, y as f32 - from.y);
            let (column, row) = (scale * (cos * dx + sin * dy), scale * (cos * dy - sin * dx));
            let (left, top) = (column.floor(), row.floor());
            let (right, down) = (column - left, row - top);
            let (left, top) = (left as i64, top as i64);
            let upper = value(left, top) * (1.0 - right) + value(left + 1, top) * right;
            let lower = value(left, top + 1) * (1.0 - right) + value(left + 1, top + 1) * right;
            let cover = upper * (1.0 - down) + lower * down;
            if cover > 0.0 {
                layer.put(x, y, cover);
            }
        }
    }
}

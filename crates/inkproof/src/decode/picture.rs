//! An image as a person sees it: upright, on white, its pixels square, in colour where it has any.

use bytemuck::cast_vec;

use super::Page;
use super::alpha::Alpha;
use super::orientation::{sides, turned};
use super::pixels::Pixels;
use super::raster::{Channels, Raster, Samples};
use super::resample::{Blocks, Pixel, enlarged};
use super::shape::Density;
use crate::Result;
use crate::digest::ImageDigest;
use crate::find::{PageArea, border};
use crate::gray::Gray;
use crate::limits::Limits;

/// A decoded image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// As [`GrayRule::OnWhite`](super::GrayRule::OnWhite) has it.
    pub gray: Gray,
    /// Red, green and blue of the same pixels; None where the image has no colour to speak of.
    pub colors: Option<Vec<[u8; 3]>>,
    /// Which page of the file it is.
    pub page: Page,
    /// Columns and rows of the file's own pixels, turned as the picture is: those that places in the file are counted in.
    pub stored: (usize, usize),
    /// Width and height of the sheet in micrometres, turned as the picture is; None where the file does not say.
    pub sheet: Option<(u32, u32)>,
}

impl Picture {
    /// A gray image as it is.
    pub fn of_gray(gray: Gray, page: Page) -> Picture {
        let stored = (gray.width(), gray.height());
        Picture { gray, colors: None, page, stored, sheet: None }
    }

    /// Pixels that a program holds in memory already.
    ///
    /// # Errors
    /// [`Error::Pixels`](crate::Error::Pixels) for what is no picture, and one over the limits.
    pub fn of_pixels(pixels: &Pixels<'_>, limits: &Limits) -> Result<Picture> {
        Raster::from_pixels(pixels, limits)?.into_picture(limits)
    }

    /// A part of the picture, with a border; the area is in the file's own pixels, and what of it lies outside is left out.
    /// Some of the file's pixels, by column and row, are painted over with the usual level of the rest.
    pub(crate) fn cut(&self, area: &PageArea, is_other: impl Fn(usize, usize) -> bool) -> Picture {
        let (width, height) = (self.gray.width(), self.gray.height());
        let border = border(area);
        let range = |from: usize, length: usize, stored: usize, size: usize| {
            let scaled = |at: usize| at * size / stored.max(1);
            let start = scaled(from.saturating_sub(border)).min(size - 1);
            start..scaled(from + length + border).clamp(start + 1, size)
        };
        let columns = range(area.x, area.width, self.stored.0, width);
        let rows = range(area.y, area.height, self.stored.1, height);
        let of = |y: usize| y * width + columns.start..y * width + columns.end;
        let stored = |at: usize, size: usize, stored: usize| at * stored / size;
        let is_other: Vec<bool> = rows
            .clone()
            .flat_map(|y| columns.clone().map(move |x| (x, y)))
            .map(|(x, y)| is_other(stored(x, width, self.stored.0), stored(y, height, self.stored.1)))
            .collect();
        let mut gray: Vec<u8> = rows.clone().flat_map(|y| &self.gray.pixels()[of(y)]).copied().collect();
        paint_over(&mut gray, &is_other, 1);
        let gray = Gray::new(columns.len(), rows.len(), gray).expect("a part of an image is one");
        let colors = self.colors.as_ref().map(|colors| {
            let mut colors: Vec<[u8; 3]> = rows.flat_map(|y| &colors[of(y)]).copied().collect();
            paint_over(colors.as_flattened_mut(), &is_other, 3);
            colors
        });
        Picture { colors, ..Picture::of_gray(gray, self.page) }
    }

    /// As a PNG file whose longer side has so many pixels at most; without what else the file said, as where it was taken.
    pub fn to_png(&self, longest: u32) -> Vec<u8> {
        let (width, height) = (self.gray.width() as u32, self.gray.height() as u32);
        let pixels = match &self.colors {
            Some(colors) => colors.as_flattened().to_vec(),
            None => self.gray.pixels().iter().flat_map(|&level| [level; 3]).collect(),
        };
        let image = image::RgbImage::from_raw(width, height, pixels).expect("three bytes for each pixel");
        let shrink = f64::from(longest) / f64::from(width.max(height));
        let [to_width, to_height] = [width, height].map(|side| ((f64::from(side) * shrink).round() as u32).max(1));
        let image = if shrink < 1.0 { image::imageops::thumbnail(&image, to_width, to_height) } else { image };
        let mut png = std::io::Cursor::new(Vec::new());
        image.write_to(&mut png, image::ImageFormat::Png).expect("nothing can fail in memory");
        png.into_inner()
    }
}

/// Gives pixels the median that the others have in each channel, which is the paper's level.
fn paint_over(levels: &mut [u8], is_other: &[bool], channels: usize) {
    for channel in 0..channels {
        let mut counts = [0_usize; 256];
        let kept = levels.iter().skip(channel).step_by(channels).zip(is_other).filter(|(_, other)| !**other);
        kept.for_each(|(&level, _)| counts[usize::from(level)] += 1);
        let all: usize = counts.iter().sum();
        let mut below = 0;
        let median = counts.iter().position(|count| {
            below += count;
            2 * below >= all
        });
        let median = median.unwrap_or(0) as u8;
        let others = levels.iter_mut().skip(channel).step_by(channels).zip(is_other).filter(|(_, other)| **other);
        others.for_each(|(level, _)| *level = median);
    }
}

/// The difference between two channels from which on a pixel is coloured: more than a JPEG of a gray page has.
const COLORED: u8 = 32;
/// An image has colour where one of so many pixels is coloured.
const ONE_OF: usize = 2000;

impl Raster {
    /// The fingerprint of the content.
    pub(crate) fn digest(&self) -> ImageDigest {
        let is_gray = self.channels == Channels::Gray;
        match &self.samples {
            Samples::U8(samples) if is_gray => ImageDigest::from_pixels(self.width, self.height, samples),
            _ => ImageDigest::from_pixels(self.width, self.height, &self.tensorflow()),
        }
    }

    /// What a person sees, in gray.
    pub(crate) fn into_on_white(self, limits: &Limits) -> Result<Gray> {
        let view = View::new(&self, limits);
        let gray = match self.samples {
            Samples::U8(samples) if self.channels == Channels::Gray && view.block == 1 => samples,
            _ => view.gray(&self),
        };
        view.into_gray(gray)
    }

    /// What a person sees.
    pub(crate) fn into_picture(self, limits: &Limits) -> Result<Picture> {
        let (view, page) = (View::new(&self, limits), self.page);
        let stored = sides(self.width, self.height, self.orientation);
        let sheet = self.sheet();
        if !view.has_colors(&self) {
            return Ok(Picture { gray: self.into_on_white(limits)?, colors: None, page, stored, sheet });
        }
        let colors = view.colors(&self);
        let gray = if view.is_heavy(&self) {
            drop(self);
            colors.iter().map(|&color| luma(color.map(u32::from)) as u8).collect()
        } else {
            let gray = view.gray(&self);
            drop(self);
            gray
        };
        let colors = view.finished(colors);
        Ok(Picture { gray: view.into_gray(gray)?, colors: Some(colors), page, stored, sheet })
    }

    /// Width and height of the sheet in micrometres, upright; None where the file does not say.
    fn sheet(&self) -> Option<(u32, u32)> {
        let (width, height) = self.density?.sheet(self.width, self.height)?;
        let (width, height) = sides(width as usize, height as usize, self.orientation);
        Some((width as u32, height as u32))
    }
}

/// How a raster is looked at.
struct View {
    width: usize,
    height: usize,
    alpha: Alpha,
    /// Pixels along a side of the squares that become one pixel.
    block: usize,
    /// Columns and rows of the image once it is made smaller and its pixels are square.
    square: (usize, usize),
    orientation: image::metadata::Orientation,
}

impl View {
    fn new(raster: &Raster, limits: &Limits) -> Self {
        let Raster { width, height, density, orientation, .. } = *raster;
        let most = limits.pixels.min(Limits::WORKING_PIXELS);
        let small = |block: usize| (width.div_ceil(block), height.div_ceil(block));
        let square = |block: usize| {
            let (width, height) = small(block);
            Density::square(density, width, height)
        };
        let fits = |&block: &usize| {
            let (width, height) = square(block);
            let longest = width.max(height) as u64;
            longest <= Limits::LONGEST_SIDE && (width as u64).saturating_mul(height as u64) <= most
        };
        let block = (1..).find(fits).expect("one pixel fits");
        Self { width, height, alpha: Alpha::new(raster), block, square: square(block), orientation }
    }

    /// True where there is no room for gray and colours until the samples are gone; then the gray follows from the colours.
    fn is_heavy(&self, raster: &Raster) -> bool {
        raster.channels == Channels::Rgba && matches!(raster.samples, Samples::U16(_)) && self.block == 1
    }

    /// True where pixels enough are coloured.
    fn has_colors(&self, raster: &Raster) -> bool {
        let is_gray = matches!(raster.channels, Channels::Gray | Channels::GrayAlpha);
        if is_gray || self.alpha == Alpha::Ink || self.is_heavy(raster) && !raster.is_opaque() {
            return false;
        }
        let enough = self.width * self.height / ONE_OF;
        let mut row = vec![[0; 3]; self.width];
        let mut colored = 0;
        for y in 0..self.height {
            raster.color_row(y, self.alpha, &mut row);
            let is_colored =
                |[red, green, blue]: &&[u8; 3]| red.max(green).max(blue) - red.min(green).min(blue) >= COLORED;
            colored += row.iter().filter(is_colored).count();
            if colored > enough {
                return true;
            }
        }
        false
    }

    fn gray(&self, raster: &Raster) -> Vec<u8> {
        cast_vec(self.rows(|y, row: &mut [Pixel<1>]| raster.gray_row(y, self.alpha, bytemuck::cast_slice_mut(row))))
    }

    fn colors(&self, raster: &Raster) -> Vec<[u8; 3]> {
        self.rows(|y, row| raster.color_row(y, self.alpha, row))
    }

    /// All rows, or the averages of blocks of them.
    fn rows<const N: usize>(&self, fill: impl Fn(usize, &mut [Pixel<N>])) -> Vec<Pixel<N>> {
        if self.block == 1 {
            let mut pixels = vec![[0; N]; self.width * self.height];
            for (y, row) in pixels.chunks_exact_mut(self.width).enumerate() {
                fill(y, row);
            }
            return pixels;
        }
        let mut blocks = Blocks::new(self.width, self.height, self.block);
        let mut row = vec![[0; N]; self.width];
        for y in 0..self.height {
            fill(y, &mut row);
            blocks.add(&row);
        }
        blocks.finish()
    }

    /// Pixels square, and upright.
    fn finished<const N: usize>(&self, pixels: Vec<Pixel<N>>) -> Vec<Pixel<N>> {
        let small = (self.width.div_ceil(self.block), self.height.div_ceil(self.block));
        let (width, height) = self.square;
        turned(enlarged(pixels, small, self.square), width, height, self.orientation)
    }

    fn into_gray(self, gray: Vec<u8>) -> Result<Gray> {
        let (width, height) = sides(self.square.0, self.square.1, self.orientation);
        Gray::new(width, height, cast_vec(self.finished::<1>(cast_vec(gray))))
    }
}

impl Raster {
    fn is_opaque(&self) -> bool {
        match &self.samples {
            Samples::U8(samples) => samples.chunks_exact(4).all(|pixel| pixel[3] == u8::MAX),
            Samples::U16(samples) => samples.chunks_exact(4).all(|pixel| pixel[3] == u16::MAX),
        }
    }

    fn gray_row(&self, y: usize, alpha: Alpha, row: &mut [u8]) {
        let length = self.width * self.channels.count();
        let stored = y * length..(y + 1) * length;
        match &self.samples {
            Samples::U8(samples) => gray_row(&samples[stored], self.channels, alpha, u32::from, row),
            Samples::U16(samples) => gray_row(&samples[stored], self.channels, alpha, narrow, row),
        }
    }

    fn color_row(&self, y: usize, alpha: Alpha, row: &mut [[u8; 3]]) {
        let length = self.width * self.channels.count();
        let stored = y * length..(y + 1) * length;
        match &self.samples {
            Samples::U8(samples) => color_row(&samples[stored], self.channels, alpha, u32::from, row),
            Samples::U16(samples) => color_row(&samples[stored], self.channels, alpha, narrow, row),
        }
    }
}

/// 16 bits to 8.
fn narrow(value: u16) -> u32 {
    (u32::from(value) * 255 + 32_767) / 65_535
}

fn luma([red, green, blue]: [u32; 3]) -> u32 {
    (299 * red + 587 * green + 114 * blue + 500) / 1000
}

/// A value on white paper.
fn over(value: u32, alpha: u32) -> u8 {
    ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

fn gray_row<T: Copy>(stored: &[T], channels: Channels, rule: Alpha, narrow: impl Fn(T) -> u32, row: &mut [u8]) {
    let luma = |p: &[T]| luma([narrow(p[0]), narrow(p[1]), narrow(p[2])]);
    let pixels = row.iter_mut().zip(stored.chunks_exact(channels.count()));
    match (channels, rule) {
        (Channels::GrayAlpha, Alpha::Ink) => pixels.for_each(|(gray, p)| *gray = (255 - narrow(p[1])) as u8),
        (Channels::Rgba, Alpha::Ink) => pixels.for_each(|(gray, p)| *gray = (255 - narrow(p[3])) as u8),
        (Channels::GrayAlpha, Alpha::OnWhite) => {
            pixels.for_each(|(gray, p)| *gray = over(narrow(p[0]), narrow(p[1])));
        }
        (Channels::Rgba, Alpha::OnWhite) => pixels.for_each(|(gray, p)| *gray = over(luma(p), narrow(p[3]))),
        (Channels::Rgb | Channels::Rgba, _) => pixels.for_each(|(gray, p)| *gray = luma(p) as u8),
        (Channels::Gray | Channels::GrayAlpha | Channels::YCbCr, _) => {
            pixels.for_each(|(gray, p)| *gray = narrow(p[0]) as u8);
        }
    }
}

fn color_row<T: Copy>(stored: &[T], channels: Channels, rule: Alpha, narrow: impl Fn(T) -> u32, row: &mut [[u8; 3]]) {
    let three = |p: &[T]| [narrow(p[0]), narrow(p[1]), narrow(p[2])];
    let pixels = row.iter_mut().zip(stored.chunks_exact(channels.count()));
    match (channels, rule) {
        (Channels::YCbCr, _) => pixels.for_each(|(color, p)| *color = rgb(three(p))),
        (Channels::Rgba, Alpha::OnWhite) => {
            pixels.for_each(|(color, p)| *color = three(p).map(|value| over(value, narrow(p[3]))));
        }
        (Channels::Rgb | Channels::Rgba, _) => {
            pixels.for_each(|(color, p)| *color = three(p).map(|value| value as u8));
        }
        (Channels::Gray | Channels::GrayAlpha, _) => {
            pixels.for_each(|(color, p)| *color = [narrow(p[0]) as u8; 3]);
        }
    }
}

/// JFIF's formula, in parts of 65,536.
fn rgb([luma, blue, red]: [u32; 3]) -> [u8; 3] {
    let [luma, blue, red] = [luma as i32, blue as i32 - 128, red as i32 - 128];
    let value = |shift: i32| (luma + ((shift + 32_768) >> 16)).clamp(0, 255) as u8;
    [value(91_881 * red), value(-22_554 * blue - 46_802 * red), value(116_130 * blue)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_painted_over_is_as_the_paper_is() {
        const PAPER: [u8; 3] = [250, 240, 230];
        let is_ink = |x: usize, y: usize| (3..6).contains(&y) && x > 2;
        let places = || (0..10).flat_map(|y| (0..12).map(move |x| (x, y)));
        let colors: Vec<[u8; 3]> = places().map(|(x, y)| if is_ink(x, y) { [10, 10, 200] } else { PAPER }).collect();
        let gray = places().map(|(x, y)| if is_ink(x, y) { 60 } else { 240 }).collect();
        let gray = Gray::new(12, 10, gray).unwrap();
        // Stored with half as many rows, each twice as high.
        let page = Picture { colors: Some(colors), stored: (12, 5), ..Picture::of_gray(gray, Page::ONLY) };
        let area = PageArea { x: 4, y: 2, width: 4, height: 1 };
        let inked = |cut: &Picture| {
            let colors = cut.colors.as_ref().unwrap();
            let both = cut.gray.pixels().iter().zip(colors);
            both.map(|(&level, &color)| (level != 240, color != PAPER)).collect::<Vec<_>>()
        };
        let whole = page.cut(&area, |_, _| false);
        assert_eq!((whole.gray.width(), whole.gray.height()), (8, 10));
        assert_eq!(inked(&whole).iter().filter(|ink| **ink == (true, true)).count(), 7 * 3);
        // Of the rows with ink the file has one, and half of another.
        let cut = page.cut(&area, |x, y| y == 2 && x >= 6);
        let left = inked(&cut);
        assert_eq!(left.iter().filter(|ink| **ink == (true, true)).count(), 7 * 3 - 2 * 4);
        assert!(left.iter().all(|(gray, color)| gray == color), "gray and colour agree");
    }
}

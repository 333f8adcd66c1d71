//! A page at its working size: its ink, parted into printed characters and the rest.

use crate::decode::Picture;
use crate::error::Result;
use crate::gray::Gray;
use crate::limits::Limits;
use crate::preprocess::ink::Plane;
use crate::preprocess::ink::components::{self, Area, Components};
use crate::preprocess::ink::groups::Weighed;
use crate::preprocess::ink::paper::Paper;
use crate::preprocess::ink::{histogram, print, threshold};

use super::PageArea;

/// The longer side of a page is made so many pixels at most: A4 at 150 dpi.
const LONGEST: usize = 1754;
/// A page of whose print nothing is known has print of this share of its longer side.
const PRINT: f32 = 1.0 / 130.0;
/// Print is within these shares of the longer side.
const PRINT_RANGE: [f32; 2] = [1.0 / 300.0, 1.0 / 40.0];
/// With more pieces, specks are dropped until there are no more.
const MOST_PIECES: usize = 15_000;
/// Ink has to stand out from the paper by so many of its deviations.
const CONTRAST: f32 = 3.0;
/// A piece over half of the page both ways with so much of all ink is a pattern of the paper, of which there may be so many.
const PATTERN: f32 = 0.15;
const PATTERNS: usize = 2;
/// This share of all that is not ink is the paper and its pattern...
const PAPER: f32 = 0.98;
/// ...and a pen is looked for where so many levels lie between them and the ink.
const BETWEEN: u8 = 24;
/// A line is so many heights of print long at least, and so thick at most.
const LINE: [f32; 2] = [5.0, 0.5];
/// Rows that are looked at together.
const BAND: usize = 3;
/// So much of a line's ink is no thicker than a line.
const THIN: f32 = 0.7;
/// What touches the edge of the page is the scanner's where it is so many heights wide or high, and filled so much.
const SCANNERS: f32 = 12.0;
/// A piece is no writing where so much of its box is ink and both sides have so many heights of print.
const FILLED: [f32; 2] = [0.62, 1.2];
/// Nor where it has these shares of the page's width and height.
const LARGEST: [f32; 2] = [0.8, 0.45];

/// The ink of a page.
pub(super) struct Sheet {
    /// Columns and rows.
    pub size: (usize, usize),
    /// Pixels of the page as it was read in a working pixel, across and down.
    pub scale: (f64, f64),
    /// Columns and rows of the page as it was read.
    pub stored: (usize, usize),
    pub components: Components,
    pub pieces: Vec<Weighed>,
    pub is_print: Vec<bool>,
    /// The usual height of printed characters, in working pixels.
    pub height: f32,
    /// Lines that were taken out, which people sign on.
    pub lines: Vec<Area>,
}

impl Sheet {
    /// The page with ink from each level on that may be its; none where there is no ink.
    ///
    /// One level suits the print and pens as dark as it. A pen may be much lighter, and is then lost with the paper; so the
    /// page is looked at once more with what lies between the two.
    pub(super) fn at_levels(picture: &Picture, limits: &Limits) -> Result<Vec<Sheet>> {
        let gray = &picture.gray;
        let block = gray.width().max(gray.height()).div_ceil(LONGEST);
        let small = smaller(gray, block);
        limits.check_time()?;
        let longest = small.width().max(small.height()) as f32;
        let darkness = Paper::new(&small).darkness(small);
        let Some((level, guess)) = ink_level(&darkness, longest) else { return Ok(Vec::new()) };
        let share = |stored: usize, gray: usize| (block * stored) as f64 / gray as f64;
        let scale = (share(picture.stored.0, gray.width()), share(picture.stored.1, gray.height()));
        let mut sheets = Vec::new();
        for level in std::iter::once(level).chain(lighter(&darkness, level)) {
            sheets.extend(Sheet::at(darkness.clone(), level, guess, limits)?.map(|sheet| Sheet {
                scale,
                stored: picture.stored,
                ..sheet
            }));
        }
        Ok(sheets)
    }

    /// None where nothing is left that may be writing.
    fn at(mut darkness: Plane, level: u8, guess: f32, limits: &Limits) -> Result<Option<Sheet>> {
        let size = (darkness.width, darkness.height);
        let lines = erase_lines(&mut darkness, level, guess);
        limits.check_time()?;
        let mut components = components::find(&darkness, level);
        drop_what_is_no_writing(&mut components, size, guess);
        let pieces = components.weighed();
        if pieces.is_empty() {
            return Ok(None);
        }
        let stroke_width = threshold::stroke_width(&darkness, level);
        let is_print = print::find(&pieces, stroke_width.min(guess / 4.0)).is_print;
        let printed: Vec<Weighed> =
            pieces.iter().zip(&is_print).filter(|(_, print)| **print).map(|(piece, _)| *piece).collect();
        let longest = size.0.max(size.1) as f32;
        let least = (PRINT_RANGE[0] * longest).max(guess / 2.0);
        let height = if printed.len() < 12 { guess } else { print_height(&printed, longest, least) };
        Ok(Some(Sheet { size, scale: (1.0, 1.0), stored: size, components, pieces, is_print, height, lines }))
    }

    /// The same area in pixels of the page as it was read, one at least.
    pub(super) fn on_page(&self, area: &Area) -> PageArea {
        let scaled = |side: u16, scale: f64, most: usize| ((f64::from(side) * scale).round() as usize).min(most);
        let across = |side: u16| scaled(side, self.scale.0, self.stored.0);
        let down = |side: u16| scaled(side, self.scale.1, self.stored.1);
        let (x, y) = (across(area.left).min(self.stored.0 - 1), down(area.top).min(self.stored.1 - 1));
        PageArea { x, y, width: (across(area.right) - x).max(1), height: (down(area.bottom) - y).max(1) }
    }
}

/// The mean of each square of so many pixels along a side.
fn smaller(gray: &Gray, block: usize) -> Gray {
    if block == 1 {
        return gray.clone();
    }
    let (width, height) = (gray.width().div_ceil(block), gray.height().div_ceil(block));
    let mut pixels = Vec::with_capacity(width * height);
    let mut sums = vec![0_u32; width];
    for y in 0..height {
        sums.fill(0);
        let rows = y * block..((y + 1) * block).min(gray.height());
        let count = rows.len();
        for row in rows {
            for (sum, values) in sums.iter_mut().zip(gray.row(row).chunks(block)) {
                *sum += values.iter().map(|&value| u32::from(value)).sum::<u32>();
            }
        }
        pixels.extend(sums.iter().enumerate().map(|(x, sum)| {
            let columns = block.min(gray.width() - x * block);
            (sum / (columns * count) as u32) as u8
        }));
    }
    Gray::new(width, height, pixels).expect("a side is no longer than before")
}

/// The darkness that ink is above, and the usual height of print; None where nothing stands out from the paper.
///
/// A pattern under the writing hangs together over the page and is lighter than pens and print: then what is darker than the
/// pattern is ink, if more lines of print are seen so.
fn ink_level(darkness: &Plane, longest: f32) -> Option<(u8, f32)> {
    let histogram = histogram::count(&darkness.values);
    let over_pattern = |level| threshold::ink_over_pattern(&histogram, level, CONTRAST);
    let mut level = threshold::ink(&histogram, CONTRAST).or_else(|| over_pattern(None))?;
    let mut pieces = components::find(darkness, level).weighed();
    for _ in 0..PATTERNS {
        let is_pattern =
            |piece: &&Weighed| 2 * piece.area.width() > darkness.width && 2 * piece.area.height() > darkness.height;
        let ink: usize = pieces.iter().map(|piece| piece.ink).sum();
        let of_pattern: usize = pieces.iter().filter(is_pattern).map(|piece| piece.ink).sum();
        if (of_pattern as f32) < PATTERN * ink as f32 {
            break;
        }
        let Some(next) = over_pattern(Some(level)) else { break };
        let found = components::find(darkness, next).weighed();
        if printed(&found, longest) <= printed(&pieces, longest) {
            break;
        }
        (level, pieces) = (next, found);
    }
    Some((level, print_height(&pieces, longest, above_specks(&pieces, longest))))
}

/// The height that print has at least: where specks are so many that they are as high as small print, more than these.
///
/// The higher, the fewer specks there are; where print begins there are more pieces again.
fn above_specks(pieces: &[Weighed], longest: f32) -> f32 {
    let [least, most] = PRINT_RANGE.map(|share| share * longest);
    let mut counts = vec![0_usize; most as usize + 3];
    for piece in pieces {
        if let Some(count) = counts.get_mut(piece.area.height()) {
            *count += 1;
        }
    }
    let mut height = least.ceil() as usize;
    let is_of_specks = counts[..height].iter().max() >= counts[height..].iter().max();
    while is_of_specks && height < most as usize && counts[height + 1].min(counts[height + 2]) < counts[height] {
        height += 1;
    }
    if is_of_specks { height as f32 } else { least }
}

/// A level half-way between what is not ink and the level from which on it is; None where they are near each other.
fn lighter(darkness: &Plane, level: u8) -> Option<u8> {
    let histogram = histogram::count(&darkness.values);
    let paper = histogram[..=usize::from(level)].iter().map(|&count| count as usize).sum::<usize>();
    let darkest = histogram::level_of(&histogram, (PAPER * paper as f32) as usize);
    level.checked_sub(darkest).filter(|between| *between >= BETWEEN).map(|between| darkest + between / 2)
}

/// How many characters stand on lines of print.
fn printed(pieces: &[Weighed], longest: f32) -> usize {
    let mut pieces = pieces.to_vec();
    pieces.retain(|piece| piece.area.height() as f32 >= PRINT_RANGE[0] * longest);
    pieces.truncate(MOST_PIECES);
    print::find(&pieces, PRINT * longest / 4.0).characters
}

/// The median height of what may be characters, which are so high at least.
fn print_height(pieces: &[Weighed], longest: f32, least: f32) -> f32 {
    let most = PRINT_RANGE[1] * longest;
    let is_one = |piece: &&Weighed| {
        let (width, height) = (piece.area.width() as f32, piece.area.height() as f32);
        (least..=most).contains(&height) && width <= 2.5 * height && 4.0 * width >= height
    };
    let mut heights: Vec<usize> = pieces.iter().filter(is_one).map(|piece| piece.area.height()).collect();
    if heights.len() < 20 {
        return PRINT * longest;
    }
    heights.sort_unstable();
    heights[heights.len() / 2] as f32
}

/// Takes out straight lines along rows and columns, but where strokes cross them; gives their boxes.
fn erase_lines(darkness: &mut Plane, level: u8, print: f32) -> Vec<Area> {
    let (longest, thickest) = ((LINE[0] * print) as usize, (LINE[1] * print).max(3.0) as usize);
    let mut lines = Vec::new();
    let mut thin: Vec<(usize, usize)> = Vec::new();
    let (width, rows) = (darkness.width, darkness.height);
    let dark = |x: usize, y: usize| darkness.values[y * width + x] > level;
    // Where a column's ink around the line is thicker, a stroke crosses it or it is no line.
    let is_thin = |x: usize, y: usize| {
        let up = (0..y).rev().take(thickest + 1).take_while(|&y| dark(x, y)).count();
        let down = (y + 1..rows).take(thickest + 1).take_while(|&y| dark(x, y)).count();
        up + down < thickest
    };
    // A thin line that lies askew goes on from row to row, so three are looked at together.
    let mut together = vec![0_u8; width];
    for y in 0..rows.saturating_sub(BAND - 1) {
        together.fill(0);
        for row in y..y + BAND {
            together.iter_mut().zip(darkness.row(row)).for_each(|(most, value)| *most = (*most).max(*value));
        }
        components::runs(&together, level, |start, end| {
            if end - start < longest {
                return;
            }
            let inked = || (y..y + BAND).flat_map(|y| (start..end).map(move |x| (x, y))).filter(|&(x, y)| dark(x, y));
            let found: Vec<(usize, usize)> = inked().filter(|&(x, y)| is_thin(x, y)).collect();
            if found.len() as f32 >= THIN * inked().count() as f32 {
                lines.push(Area { left: start as u16, top: y as u16, right: end as u16, bottom: (y + BAND) as u16 });
                thin.extend(found);
            }
        });
    }
    let upright = upright_lines(darkness, level, longest, thickest);
    for (x, y) in thin.into_iter().chain(upright) {
        darkness.values[y * width + x] = 0;
    }
    lines
}

/// The pixels of straight lines along columns.
fn upright_lines(darkness: &Plane, level: u8, longest: usize, thickest: usize) -> Vec<(usize, usize)> {
    let (width, height) = (darkness.width, darkness.height);
    let mut found = Vec::new();
    let mut lengths = vec![0_usize; width];
    for y in 0..=height {
        for (x, length) in lengths.iter_mut().enumerate() {
            let is_dark = y < height && darkness.values[y * width + x] > level;
            if is_dark {
                *length += 1;
                continue;
            }
            if *length >= longest {
                found.extend((y - *length..y).map(|y| (x, y)));
            }
            *length = 0;
        }
    }
    let is_thin = |&(x, y): &(usize, usize)| {
        let row = darkness.row(y);
        let left = row[..x].iter().rev().take(thickest + 1).take_while(|&&value| value > level).count();
        let right = row[x + 1..].iter().take(thickest + 1).take_while(|&&value| value > level).count();
        left + right < thickest
    };
    found.retain(is_thin);
    found
}

/// Drops specks, the scanner's black edges, filled shapes and what is as large as the page.
fn drop_what_is_no_writing(components: &mut Components, (width, height): (usize, usize), print: f32) {
    let mut speck = 0.02 * print * print;
    components.drop_smaller(speck.max(3.0));
    while components.count() > MOST_PIECES {
        speck *= 2.0;
        components.drop_smaller(speck.max(3.0));
    }
    let is_none = |piece: &Weighed| {
        let area = &piece.area;
        let (wide, high) = (area.width() as f32, area.height() as f32);
        let filled = piece.ink as f32 / (wide * high);
        let at_edge = area.left < 2
            || area.top < 2
            || usize::from(area.right) + 2 > width
            || usize::from(area.bottom) + 2 > height;
        (at_edge && wide.max(high) > SCANNERS * print)
            || (filled > FILLED[0] && wide.min(high) > FILLED[1] * print)
            || wide > LARGEST[0] * width as f32
            || high > LARGEST[1] * height as f32
    };
    let dropped: Vec<bool> = components.weighed().iter().map(is_none).collect();
    components.drop_marked(&dropped);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many square pieces of each height, from 1 on.
    fn height_of(counts: &[usize], longest: f32) -> f32 {
        let piece = |height: u16| {
            let area = Area { left: 0, top: 0, right: height, bottom: height };
            Weighed { area, ink: usize::from(height).pow(2) }
        };
        let pieces: Vec<Weighed> = (1..).zip(counts).flat_map(|(height, &count)| vec![piece(height); count]).collect();
        print_height(&pieces, longest, above_specks(&pieces, longest))
    }

    #[test]
    fn specks_are_not_taken_for_print_however_many_there_are() {
        // A cheque that was copied often; its print is 18 high.
        let cheque = [
            4142, 2943, 1084, 463, 183, 92, 30, 8, 7, 1, 2, 1, 6, 7, 5, 6, 7, 13, 18, 11, 7, 1, 1, 6, 2, 3, 2, 3, 0, 5,
        ];
        assert!((15.0..=20.0).contains(&height_of(&cheque, 1358.0)), "{}", height_of(&cheque, 1358.0));
        // A letter in small print with some specks, and one with few.
        let letter = [891, 496, 256, 227, 227, 401, 1053, 431, 113, 230, 160, 2, 2];
        assert_eq!(height_of(&letter, 1122.0), 7.0);
        let clean = [41, 49, 43, 28, 18, 21, 41, 321, 89, 92, 112, 26];
        assert_eq!(height_of(&clean, 1100.0), 8.0);
    }
}

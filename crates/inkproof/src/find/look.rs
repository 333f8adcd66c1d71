//! A group as the network sees it: a small picture with what is around it, and numbers.

use inkproof_nn::{DETECTOR_CHANNELS, Seen};

use crate::preprocess::ink::Plane;
use crate::preprocess::ink::components::Area;

use super::PageArea;
use super::features::{FEATURES, Features};
use super::groups::Group;
use super::sheet::Sheet;

/// Rows and columns of a picture.
pub const LOOK_SIZE: [usize; 2] = [80, 160];
/// Numbers beside it: those of the group, and what the trees make of them.
pub(super) const NUMBERS: usize = FEATURES.len() + 1;
/// The group's box has so many rows and columns of it at most; the rest is what is around.
const BOX: [f32; 2] = [48.0, 96.0];

/// A side of a box that moves by 1 moves by so many columns or rows.
pub const MOVE: [f32; 2] = [16.0, 8.0];

/// Left, upper, right and lower side of a box in the places of a picture.
pub type Sides = [f32; 4];

/// What the network sees of a group.
#[derive(Debug, Clone)]
pub struct Look {
    /// [`LOOK_SIZE`] places row by row, each with three shares of it, 0 to 255: the group's own ink; other writing; print, that
    /// of the group, too, and the boxes of level lines that were taken out.
    pub picture: Vec<u8>,
    /// The group's [`FEATURES`], and the logit that the trees give it.
    pub numbers: Vec<f32>,
    /// The group's box in the picture.
    pub sides: Sides,
    window: Window,
    /// Pixels of the page in a working pixel, across and down.
    scale: [f64; 2],
}

/// The part of a sheet that a picture shows.
#[derive(Debug, Clone, Copy)]
struct Window {
    /// Working pixels left of it and above it; below 0 where it begins outside.
    origin: [i32; 2],
    /// Working pixels along a side of a place of the picture.
    place: f32,
}

impl Window {
    fn around(area: &Area) -> Window {
        let [rows, columns] = LOOK_SIZE;
        let place = (area.height() as f32 / BOX[0]).max(area.width() as f32 / BOX[1]).max(1.0);
        let from = |from: u16, to: u16, places: usize| {
            ((f32::from(from) + f32::from(to)) / 2.0 - places as f32 * place / 2.0).floor() as i32
        };
        Window { origin: [from(area.left, area.right, columns), from(area.top, area.bottom, rows)], place }
    }

    /// Where in the picture a working pixel's edge is; axis 0 is across, 1 down.
    fn place_of(&self, at: f32, axis: usize) -> f32 {
        (at - self.origin[axis] as f32) / self.place
    }

    /// And the other way round.
    fn pixel_of(&self, at: f32, axis: usize) -> f32 {
        at * self.place + self.origin[axis] as f32
    }
}

impl Look {
    pub(super) fn new(sheet: &Sheet, group: &Group, features: &Features, logit: f32) -> Look {
        let numbers = features.iter().copied().chain([logit]).collect();
        let window = Window::around(&group.area);
        let sides = each_side(sides_of(&group.area), |side, axis| window.place_of(side, axis));
        let scale = [sheet.scale.0, sheet.scale.1];
        Look { picture: picture(sheet, group, &window), numbers, sides, window, scale }
    }

    /// An area of the page in the places of the picture, which may be outside it.
    pub fn in_picture(&self, area: &PageArea) -> Sides {
        let sides = [area.x, area.y, area.x + area.width, area.y + area.height];
        std::array::from_fn(|side| {
            let axis = side % 2;
            self.window.place_of((sides[side] as f64 / self.scale[axis]) as f32, axis)
        })
    }

    /// A box of the picture on the sheet.
    pub(super) fn on_sheet(&self, sheet: &Sheet, sides: Sides) -> Area {
        area_of(each_side(sides, |side, axis| self.window.pixel_of(side, axis)), sheet.size)
    }
}

fn sides_of(area: &Area) -> Sides {
    [area.left, area.top, area.right, area.bottom].map(f32::from)
}

/// A pixel at least, on a sheet of so many columns and rows.
fn area_of(sides: Sides, size: (usize, usize)) -> Area {
    let along = |from: f32, to: f32, size: usize| {
        let [from, to] = [from, to].map(|at| at.round().clamp(0.0, size as f32) as u16);
        let from = from.min((size as u16).saturating_sub(1));
        (from, to.max(from + 1))
    };
    let [left, top, right, bottom] = sides;
    let ((left, right), (top, bottom)) = (along(left, right, size.0), along(top, bottom, size.1));
    Area { left, top, right, bottom }
}

fn each_side(sides: Sides, of: impl Fn(f32, usize) -> f32) -> Sides {
    std::array::from_fn(|side| of(sides[side], side % 2))
}

/// A box whose sides the network moves.
pub fn moved(sides: Sides, by: [f32; 4]) -> Sides {
    std::array::from_fn(|side| sides[side] + by[side] * MOVE[side % 2])
}

/// Some looks as the network takes them.
pub(super) fn seen(looks: &[Look]) -> Seen {
    let pictures = looks.iter().flat_map(|look| &look.picture).map(|&share| f32::from(share) / 255.0).collect();
    Seen { pictures, numbers: looks.iter().flat_map(|look| &look.numbers).copied().collect() }
}

fn picture(sheet: &Sheet, group: &Group, window: &Window) -> Vec<u8> {
    let ([rows, columns], channels) = (LOOK_SIZE, DETECTOR_CHANNELS);
    let &Window { origin: [left, top], place: square } = window;
    let within = |at: f32, size: usize| at.clamp(0.0, size as f32) as u16;
    let frame = Area {
        left: within(left as f32, sheet.size.0),
        top: within(top as f32, sheet.size.1),
        right: within((left as f32 + columns as f32 * square).ceil(), sheet.size.0),
        bottom: within((top as f32 + rows as f32 * square).ceil(), sheet.size.1),
    };
    let mut own = vec![false; sheet.pieces.len()];
    group.pieces.iter().for_each(|&piece| own[piece] = true);
    let other: Vec<bool> = own.iter().zip(&sheet.is_print).map(|(own, print)| !own && !print).collect();
    let mut print = sheet.components.draw(&sheet.is_print, &frame);
    draw_lines(&mut print, &frame, &sheet.lines);
    let drawn = [sheet.components.draw(&own, &frame), sheet.components.draw(&other, &frame), print];
    let mut sums = vec![0_u32; rows * columns * channels];
    let place = |at: usize, squares: usize| ((at as f32 / square) as usize).min(squares - 1);
    for (channel, plane) in drawn.iter().enumerate() {
        for (y, row) in plane.values.chunks_exact(plane.width).enumerate() {
            let row_of = place((y as i32 + i32::from(frame.top) - top) as usize, rows);
            for (x, _) in row.iter().enumerate().filter(|(_, value)| **value > 0) {
                let column = place((x as i32 + i32::from(frame.left) - left) as usize, columns);
                sums[(row_of * columns + column) * channels + channel] += 1;
            }
        }
    }
    sums.into_iter().map(|sum| (255.0 * sum as f32 / (square * square)).min(255.0) as u8).collect()
}

fn draw_lines(plane: &mut Plane, frame: &Area, lines: &[Area]) {
    for line in lines.iter().filter_map(|line| line.common(frame)) {
        for y in line.top..line.bottom {
            let row = usize::from(y - frame.top) * plane.width;
            plane.values[row + usize::from(line.left - frame.left)..row + usize::from(line.right - frame.left)].fill(1);
        }
    }
}

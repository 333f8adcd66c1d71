//! A group as the network sees it: a small picture with what is around it, and numbers.

use inkproof_nn::{CLASSIFIER_CHANNELS, Seen};

use crate::preprocess::ink::Plane;
use crate::preprocess::ink::components::Area;

use super::features::{FEATURES, Features};
use super::groups::Group;
use super::sheet::Sheet;

/// Rows and columns of a picture.
pub const LOOK_SIZE: [usize; 2] = [80, 160];
/// Numbers beside it: those of the group, and what the trees make of them.
pub(super) const NUMBERS: usize = FEATURES.len() + 1;
/// The group's box has so many rows and columns of it at most; the rest is what is around.
const BOX: [f32; 2] = [48.0, 96.0];

/// What the network sees of a group.
#[derive(Debug, Clone)]
pub struct Look {
    /// [`LOOK_SIZE`] places row by row, each with three shares of it, 0 to 255: the group's own ink; other writing; print, that
    /// of the group, too, and the boxes of level lines that were taken out.
    pub picture: Vec<u8>,
    /// The group's [`FEATURES`], and the logit that the trees give it.
    pub numbers: Vec<f32>,
}

impl Look {
    pub(super) fn new(sheet: &Sheet, group: &Group, features: &Features, logit: f32) -> Look {
        let numbers = features.iter().copied().chain([logit]).collect();
        Look { picture: picture(sheet, group), numbers }
    }
}

/// Some looks as the network takes them.
pub(super) fn seen(looks: &[Look]) -> Seen {
    let pictures = looks.iter().flat_map(|look| &look.picture).map(|&share| f32::from(share) / 255.0).collect();
    Seen { size: LOOK_SIZE, pictures, numbers: looks.iter().flat_map(|look| &look.numbers).copied().collect() }
}

fn picture(sheet: &Sheet, group: &Group) -> Vec<u8> {
    let ([rows, columns], channels) = (LOOK_SIZE, CLASSIFIER_CHANNELS);
    let area = &group.area;
    // Working pixels along a side of a square of the picture.
    let square = (area.height() as f32 / BOX[0]).max(area.width() as f32 / BOX[1]).max(1.0);
    let from = |from: u16, to: u16, squares: usize| {
        ((f32::from(from) + f32::from(to)) / 2.0 - squares as f32 * square / 2.0).floor() as i32
    };
    let (left, top) = (from(area.left, area.right, columns), from(area.top, area.bottom, rows));
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
    for line in lines.iter().filter(|line| line.is_near(frame, 0, 0)) {
        let columns = line.left.max(frame.left)..line.right.min(frame.right);
        for y in line.top.max(frame.top)..line.bottom.min(frame.bottom) {
            for x in columns.clone() {
                plane.values[usize::from(y - frame.top) * plane.width + usize::from(x - frame.left)] = 1;
            }
        }
    }
}

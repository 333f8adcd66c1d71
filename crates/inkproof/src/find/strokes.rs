//! Which strokes of a page are a signature's, and how it is cut of the page without its neighbours'.

use crate::preprocess::ink::Plane;
use crate::preprocess::ink::components::Area;
use crate::preprocess::ink::groups::Weighed;

use super::PageArea;
use super::groups::{self, Group};
use super::sheet::Sheet;

/// A piece of which this share of the ink lies in a box is the signature's as a whole: a stroke that leaves it a little. Of one
/// with less, but this, only what lies in the box counts: a neighbour's that touches, or print.
const WHOLE: f32 = 0.65;
const IN_PART: f32 = 0.1;
/// For its cut a signature takes in pieces that are within reach of its others: this share of its height, or so many heights of
/// print where that is more...
const REACH: [f32; 2] = [0.2, 0.5];
/// ...if they are within so many times that of its box. What is as small as print may be print that was not known as such...
const OF_BOX: f32 = 2.0;
const OF_BOX_IF_SMALL: f32 = 0.5;
/// ...and while the box does not become so many times as large.
const MOST: f32 = 2.5;

/// The border of a cut, in pixels of the page: a tenth of the box's height, and a little.
pub(crate) fn border(area: &PageArea) -> usize {
    area.height / 10 + 2
}

/// The pieces of ink of a signature.
#[derive(Clone)]
pub(super) struct Strokes {
    whole: Vec<usize>,
    in_part: Vec<usize>,
    /// The box around them as far as they count; the one that was asked for where there are none.
    pub area: Area,
}

impl Strokes {
    /// All of a group's pieces.
    pub(super) fn of(group: &Group) -> Strokes {
        Strokes { whole: group.pieces.clone(), in_part: Vec::new(), area: group.area }
    }

    /// Of a group's pieces and of other writing what lies in a box.
    pub(super) fn within(sheet: &Sheet, group: &Group, given: Area) -> Strokes {
        let mut strokes = Strokes { whole: Vec::new(), in_part: Vec::new(), area: given };
        let ink = sheet.components.ink_within(&given);
        let mut areas = Vec::new();
        for (piece, weighed) in sheet.pieces.iter().enumerate().filter(|(piece, _)| ink[*piece] > 0) {
            if sheet.is_print[piece] && group.pieces.binary_search(&piece).is_err() {
                continue;
            }
            match ink[piece] as f32 / weighed.ink as f32 {
                WHOLE.. => {
                    strokes.whole.push(piece);
                    areas.push(weighed.area);
                }
                IN_PART.. => {
                    strokes.in_part.push(piece);
                    areas.extend(weighed.area.common(&given));
                }
                _ => {}
            }
        }
        strokes.area = areas.into_iter().reduce(Area::join).unwrap_or(given);
        strokes
    }

    /// The same with the writing beside them that is nobody else's: an underline, a letter that stands apart, or what a line that
    /// was taken out parted from them; and as a whole what was theirs in part. A verdict misses a stroke more than it minds one
    /// too many.
    fn grown(mut self, sheet: &Sheet, is_others: impl Fn(&Area) -> bool) -> Strokes {
        let size = |area: &Area| (area.width() * area.height()) as f32;
        let most = MOST * size(&self.area);
        let reach = (REACH[0] * self.area.height() as f32).max(REACH[1] * sheet.height);
        let is_room = |area: &Area| size(area) <= most;
        for piece in std::mem::take(&mut self.in_part) {
            let area = sheet.pieces[piece].area;
            let grown = self.area.join(area);
            if is_room(&grown) && !is_others(&area) {
                self.whole.push(piece);
                self.area = grown;
            } else {
                self.in_part.push(piece);
            }
        }
        let beside = self.beside(sheet, reach, is_others);
        self.take_in(sheet, beside, reach as u16, is_room);
        self
    }

    /// The pieces beside them that are nobody else's writing.
    fn beside(&self, sheet: &Sheet, reach: f32, is_others: impl Fn(&Area) -> bool) -> Vec<usize> {
        let mut is_free: Vec<bool> = sheet.is_print.iter().map(|print| !print).collect();
        self.pieces().for_each(|piece| is_free[piece] = false);
        let is_beside = |piece: &usize| {
            let area = &sheet.pieces[*piece].area;
            let of_box = if groups::is_larger_than_print(area, sheet) { OF_BOX } else { OF_BOX_IF_SMALL };
            let reach = (of_box * reach) as u16;
            is_free[*piece] && area.is_near(&self.area, reach, reach) && !is_others(area)
        };
        (0..sheet.pieces.len()).filter(is_beside).collect()
    }

    /// Takes in pieces from one to the next, as long as there is room for the box around all.
    fn take_in(&mut self, sheet: &Sheet, mut free: Vec<usize>, reach: u16, is_room: impl Fn(&Area) -> bool) {
        let mut own: Vec<usize> = self.pieces().collect();
        let mut next = 0;
        while let Some(&piece) = own.get(next) {
            next += 1;
            let of_own = sheet.pieces[piece].area;
            free.retain(|&piece| {
                let area = sheet.pieces[piece].area;
                if !of_own.is_near(&area, reach, reach) {
                    return true;
                }
                let grown = self.area.join(area);
                if is_room(&grown) {
                    self.area = grown;
                    self.whole.push(piece);
                    own.push(piece);
                }
                false
            });
        }
    }

    fn pieces(&self) -> impl Iterator<Item = usize> {
        self.whole.iter().chain(&self.in_part).copied()
    }
}

/// How a signature is cut of its page: with its strokes, without print and other signatures that do not touch it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cut {
    /// What is cut, but for the border.
    pub area: PageArea,
    /// 1 in each working pixel with print or another signature's ink, and next to one but not next to the signature's own.
    others: Plane,
    /// The first working pixel, across and down.
    origin: [usize; 2],
    /// Pixels of the page in a working pixel, across and down.
    scale: [f64; 2],
}

impl Cut {
    /// Of strokes and what is beside them; `is_others` says where another signature is.
    pub(super) fn new(sheet: &Sheet, strokes: &Strokes, is_others: impl Fn(&Area) -> bool) -> Cut {
        let strokes = strokes.clone().grown(sheet, &is_others);
        let area = sheet.on_page(&strokes.area);
        let scale = [sheet.scale.0, sheet.scale.1];
        let frame =
            framed(&strokes.area, scale.map(|scale| (border(&area) as f64 / scale).ceil() as u16 + 1), sheet.size);
        let mut is_own = vec![false; sheet.pieces.len()];
        strokes.pieces().for_each(|piece| is_own[piece] = true);
        let is_other = |(piece, weighed): (usize, &Weighed)| {
            !is_own[piece]
                && weighed.area.common(&frame).is_some()
                && (sheet.is_print[piece] || is_others(&weighed.area))
        };
        let is_other: Vec<bool> = sheet.pieces.iter().enumerate().map(is_other).collect();
        let mut others = sheet.components.draw(&is_other, &frame);
        let (around, around_own) = (grown(&others), grown(&sheet.components.draw(&is_own, &frame)));
        let edges = around.values.iter().zip(&around_own.values).map(|(around, own)| around & (1 - own));
        others.values.iter_mut().zip(edges).for_each(|(other, edge)| *other |= edge);
        Cut { area, others, origin: [usize::from(frame.left), usize::from(frame.top)], scale }
    }

    /// Whether a pixel of the page as it was read is print or another signature.
    pub(crate) fn is_other(&self, x: usize, y: usize) -> bool {
        let place = |pixel: usize, axis: usize, size: usize| {
            let place = ((pixel as f64 + 0.5) / self.scale[axis]) as usize;
            place.checked_sub(self.origin[axis]).filter(|place| *place < size)
        };
        let at = place(x, 0, self.others.width).zip(place(y, 1, self.others.height));
        at.is_some_and(|(x, y)| self.others.row(y)[x] == 1)
    }
}

/// An area with a border, as far as it is on a sheet of this size.
fn framed(area: &Area, border: [u16; 2], size: (usize, usize)) -> Area {
    Area {
        left: area.left.saturating_sub(border[0]),
        top: area.top.saturating_sub(border[1]),
        right: area.right.saturating_add(border[0]).min(size.0 as u16),
        bottom: area.bottom.saturating_add(border[1]).min(size.1 as u16),
    }
}

/// A mask with all pixels next to it, since ink is paler at its edges.
fn grown(plane: &Plane) -> Plane {
    let (width, height) = (plane.width, plane.height);
    let mut grown = plane.clone();
    for y in 0..height {
        for x in (0..width).filter(|&x| plane.row(y)[x] == 1) {
            for near in y.saturating_sub(1)..(y + 2).min(height) {
                grown.values[near * width + x.saturating_sub(1)..near * width + (x + 2).min(width)].fill(1);
            }
        }
    }
    grown
}

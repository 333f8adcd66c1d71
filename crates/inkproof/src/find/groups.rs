//! Groups of pieces that may be a signature each: what is larger than print, with what is near it.

use std::collections::HashMap;

use crate::preprocess::ink::components::Area;

use super::sheet::Sheet;

/// How far apart the pieces of a group are at most, along a line and across it, in heights of print.
const REACHES: [[f32; 2]; 6] = [[0.5, 0.3], [1.2, 0.6], [2.2, 0.5], [2.2, 0.9], [3.5, 1.5], [5.5, 0.5]];
/// At so many of them what was taken for print and is higher than it is joined, too.
const WITH_PRINT: usize = 4;
/// What begins a group is higher than this or wider, in heights of print.
const BEGINS: [f32; 2] = [1.35, 3.0];
/// And its longer side is so long.
const LONG: f32 = 1.8;
/// So many pieces begin one together, if the group is as high and as wide.
const BROKEN: usize = 3;
/// What belongs to none: smaller than this both ways.
pub(super) const DUST: [f32; 2] = [0.35, 0.6];
/// A group has at least this width and height, and at most this, in heights of print.
const LEAST: [f32; 2] = [1.5, 0.8];
const MOST: [f32; 2] = [70.0, 28.0];
/// A page has no more than so many groups; the largest are looked at.
const MOST_GROUPS: usize = 400;

/// Pieces of a sheet, by their numbers in ascending order.
#[derive(Clone)]
pub(super) struct Group {
    pub pieces: Vec<usize>,
    pub area: Area,
    /// The distances at which nothing is added to it and nothing lacks: a bit for each, of which the lowest is a single piece.
    at: u8,
}

impl Group {
    /// Its pixels of ink.
    pub(super) fn ink(&self, sheet: &Sheet) -> usize {
        self.pieces.iter().map(|&piece| sheet.pieces[piece].ink).sum()
    }

    /// At how many distances it is a group; a single piece counts as one.
    pub(super) fn distances(&self) -> u32 {
        self.at.count_ones()
    }

    /// The number of the first of them; 0 is a single piece.
    pub(super) fn first_distance(&self) -> u32 {
        self.at.trailing_zeros()
    }

    /// Whether all pieces of another group, and more, are in this one.
    pub(super) fn holds(&self, other: &Group) -> bool {
        let mut own = self.pieces.iter();
        self.pieces.len() > other.pieces.len()
            && self.area.holds(&other.area)
            && other.pieces.iter().all(|piece| own.any(|own| own == piece))
    }
}

/// All groups of a sheet.
pub(super) fn all(sheet: &Sheet) -> Vec<Group> {
    // Width and height, in heights of print.
    let sides = |area: &Area| (area.width() as f32 / sheet.height, area.height() as f32 / sheet.height);
    let side = |piece: usize| sides(&sheet.pieces[piece].area);
    let is_writing = |piece: usize| !sheet.is_print[piece] && (side(piece).1 > DUST[0] || side(piece).0 > DUST[1]);
    let writing: Vec<usize> = (0..sheet.pieces.len()).filter(|&piece| is_writing(piece)).collect();
    // Separate letters of a hand, and what is left of a faint one near print, may have been taken for print.
    let or_high: Vec<usize> =
        (0..sheet.pieces.len()).filter(|&piece| is_writing(piece) || side(piece).1 > BEGINS[0]).collect();
    let begins = |piece: usize| is_larger_than_print(&sheet.pieces[piece].area, sheet);
    // A faint pen's strokes may be in pieces none of which is larger than print.
    let is_broken = |pieces: &[usize], area: &Area| {
        let (width, height) = sides(area);
        pieces.len() >= BROKEN && width > BEGINS[1] && height > BEGINS[0]
    };
    let mut seen: HashMap<Vec<usize>, usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    let alone = writing.iter().filter(|&&piece| begins(piece)).map(|&piece| (0, vec![piece]));
    let joined_of = |pieces: &[usize], reaches: &[[f32; 2]]| {
        let at = |(number, reach): (usize, &[f32; 2])| {
            joined(sheet, pieces, *reach).into_iter().map(move |pieces| (number, pieces)).collect::<Vec<_>>()
        };
        (1..).zip(reaches).flat_map(at).collect::<Vec<_>>()
    };
    let joined = joined_of(&writing, &REACHES).into_iter().chain(joined_of(&or_high, &REACHES[..WITH_PRINT]));
    for (distance, pieces) in alone.chain(joined) {
        let area = around(sheet, &pieces);
        if !pieces.iter().any(|&piece| begins(piece)) && !is_broken(&pieces, &area) {
            continue;
        }
        match seen.get(&pieces) {
            Some(&number) => groups[number].at |= 1 << distance,
            None => {
                seen.insert(pieces.clone(), groups.len());
                groups.push(Group { area, pieces, at: 1 << distance });
            }
        }
    }
    groups.retain(|group| {
        let (width, height) = sides(&group.area);
        (LEAST[0]..=MOST[0]).contains(&width) && (LEAST[1]..=MOST[1]).contains(&height)
    });
    groups.sort_by_key(|group| std::cmp::Reverse(group.area.width() * group.area.height()));
    groups.truncate(MOST_GROUPS);
    groups
}

/// Whether no printed character is so large.
pub(super) fn is_larger_than_print(area: &Area, sheet: &Sheet) -> bool {
    let (width, height) = (area.width() as f32 / sheet.height, area.height() as f32 / sheet.height);
    (height > BEGINS[0] || width > BEGINS[1]) && width.max(height) > LONG
}

fn around(sheet: &Sheet, pieces: &[usize]) -> Area {
    pieces.iter().map(|&piece| sheet.pieces[piece].area).reduce(Area::join).expect("a group has a piece")
}

/// The pieces parted into groups whose members are within reach of each other.
fn joined(sheet: &Sheet, writing: &[usize], [along, across]: [f32; 2]) -> Vec<Vec<usize>> {
    let reach = [along, across].map(|reach| (reach * sheet.height) as u16);
    let area = |number: usize| &sheet.pieces[writing[number]].area;
    let mut order: Vec<usize> = (0..writing.len()).collect();
    order.sort_by_key(|&number| area(number).left);
    let mut parents: Vec<usize> = (0..writing.len()).collect();
    for (place, &number) in order.iter().enumerate() {
        let last = area(number).right.saturating_add(reach[0]);
        for &other in order[place + 1..].iter().take_while(|&&other| area(other).left <= last) {
            if area(number).is_near(area(other), reach[0], reach[1]) {
                let (a, b) = (root(&mut parents, number), root(&mut parents, other));
                parents[a.max(b)] = a.min(b);
            }
        }
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); writing.len()];
    for (number, &piece) in writing.iter().enumerate() {
        groups[root(&mut parents, number)].push(piece);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

fn root(parents: &mut [usize], mut at: usize) -> usize {
    while parents[at] != at {
        parents[at] = parents[parents[at]];
        at = parents[at];
    }
    at
}

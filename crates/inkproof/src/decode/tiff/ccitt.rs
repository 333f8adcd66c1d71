//! The older codes of fax machines (ITU-T T.4), which bank and fax archives hold: modified Huffman, Group 3 in one dimension
//! and Group 3 in two. Group 4 is the `tiff` crate's.

use std::convert::Infallible;

use fax::maps::{Mode, black, mode, white};
use fax::{BitReader, ByteReader};

use super::super::{Format, broken, unsupported};
use super::Strips;
use crate::error::Result;

/// How lines follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// Each line begins at a byte.
    Huffman,
    /// Lines are marked, and may refer to the one before.
    Group3 { two_dimensional: bool },
}

/// One of so many lines may be damaged, as lines of a fax are; the line before then stands for it.
const ONE_DAMAGED_OF: usize = 10;
/// Zero bits that begin the mark of a line; no code has as many.
const MARK: u8 = 11;

/// One level a pixel: `tones` are those of the code's white and of its black.
pub(super) fn read(
    strips: &Strips<'_>,
    code: Code,
    (width, height): (usize, usize),
    tones: [u8; 2],
) -> Result<Vec<u8>> {
    let columns = u16::try_from(width).map_err(|_| unsupported(Format::Tiff, "a fax of more than 65,535 columns"))?;
    let mut levels = Vec::with_capacity(width * height);
    let mut damaged = 0;
    for (strip, rows) in strips.with_rows(height) {
        let strip = strip?;
        // The tables look further than the last code goes.
        let mut lines = Lines::new(strip.iter().copied().chain([0; 3]), code, columns);
        for _ in 0..rows {
            match lines.next() {
                Line::Whole => {}
                Line::Damaged => damaged += 1,
                Line::None => return Err(broken(Format::Tiff, "lines are missing")),
            }
            draw(&lines.changes, width, tones, &mut levels);
        }
    }
    if levels.len() < width * height {
        return Err(broken(Format::Tiff, "strips are missing"));
    }
    if damaged * ONE_DAMAGED_OF > height {
        return Err(broken(Format::Tiff, format!("{damaged} of its {height} lines are damaged")));
    }
    Ok(levels)
}

/// Appends a line that begins white and changes at these columns.
fn draw(changes: &[u16], width: usize, [white, black]: [u8; 2], levels: &mut Vec<u8>) {
    let begin = levels.len();
    levels.resize(begin + width, white);
    let line = &mut levels[begin..];
    for run in changes.chunks(2) {
        let end = run.get(1).map_or(width, |&end| usize::from(end));
        line[usize::from(run[0])..end].fill(black);
    }
}

/// Notes a change, unless it takes the last one back or is the end of the line: so they rise.
fn change(changes: &mut Vec<u16>, at: u16, width: u16) {
    if changes.last() == Some(&at) {
        changes.pop();
    } else if at < width {
        changes.push(at);
    }
}

enum Line {
    Whole,
    Damaged,
    /// The data ended before.
    None,
}

/// Reads one line after the other.
struct Lines<I: Iterator<Item = u8>> {
    bits: ByteReader<std::iter::Map<I, fn(u8) -> Result<u8, Infallible>>>,
    code: Code,
    width: u16,
    /// Where the last line changes its colour, from white on.
    changes: Vec<u16>,
}

impl<I: Iterator<Item = u8>> Lines<I> {
    fn new(bytes: I, code: Code, width: u16) -> Self {
        let Ok(bits) = ByteReader::new(bytes.map(Ok as fn(u8) -> Result<u8, Infallible>));
        Self { bits, code, width, changes: Vec::new() }
    }

    fn next(&mut self) -> Line {
        let is_flat = match self.code {
            Code::Huffman => true,
            Code::Group3 { two_dimensional } => {
                let is_marked = self.pass_mark();
                let is_flat = !two_dimensional || !is_marked || self.take(1) == Some(1);
                if is_marked && self.is_at_mark() {
                    return Line::None;
                }
                is_flat
            }
        };
        if self.bits.peek(1).is_none() {
            return Line::None;
        }
        let read = if is_flat { self.flat() } else { self.referring() };
        match (read, self.code) {
            (Some(changes), _) => {
                self.changes = changes;
                if self.code == Code::Huffman {
                    let rest = self.bits.bits_to_byte_boundary();
                    let Ok(()) = self.bits.consume(rest);
                }
                Line::Whole
            }
            (None, Code::Group3 { .. }) => {
                while !self.is_at_mark() && self.take(1).is_some() {}
                Line::Damaged
            }
            // Without marks nothing says where the next line begins.
            (None, Code::Huffman) => Line::None,
        }
    }

    fn is_at_mark(&self) -> bool {
        self.bits.peek(MARK) == Some(0)
    }

    /// Passes the mark of a line, where there is one, and the zeros that fill the space before it.
    fn pass_mark(&mut self) -> bool {
        if !self.is_at_mark() {
            return false;
        }
        while self.take(1) == Some(0) {}
        true
    }

    /// Runs of white and black in turn.
    fn flat(&mut self) -> Option<Vec<u16>> {
        let mut changes = Vec::new();
        let (mut at, mut is_black) = (0_u16, false);
        while at < self.width {
            at = self.run(is_black)?.checked_add(at)?;
            is_black = !is_black;
            change(&mut changes, at, self.width);
        }
        (at == self.width).then_some(changes)
    }

    /// Changes as they differ from those of the line before.
    fn referring(&mut self) -> Option<Vec<u16>> {
        let before = std::mem::take(&mut self.changes);
        let changes = self.changes_from(&before);
        self.changes = before;
        changes
    }

    fn changes_from(&mut self, before: &[u16]) -> Option<Vec<u16>> {
        let width = i32::from(self.width);
        let mut changes = Vec::new();
        // The imaginary pixel before the first.
        let (mut at, mut is_black, mut index) = (-1, false, 0_usize);
        while at < width {
            // The next change of the line before to the colour that this one does not have.
            index = index.saturating_sub(1);
            while index < before.len() && (i32::from(before[index]) <= at || (index % 2 == 1) != is_black) {
                index += 1;
            }
            let change_at = |index: usize| before.get(index).map_or(width, |&change| i32::from(change));
            match mode::decode(&mut self.bits)? {
                Mode::Pass => at = change_at(index + 1),
                Mode::Vertical(by) => {
                    let to = change_at(index) + i32::from(by);
                    if to < at.max(0) || to > width {
                        return None;
                    }
                    change(&mut changes, to as u16, self.width);
                    (at, is_black) = (to, !is_black);
                }
                Mode::Horizontal => {
                    let mut to = at.max(0) as u16;
                    for is_black in [is_black, !is_black] {
                        to = self.run(is_black)?.checked_add(to)?;
                        if to > self.width {
                            return None;
                        }
                        change(&mut changes, to, self.width);
                    }
                    at = i32::from(to);
                }
                Mode::Extension | Mode::EOF => return None,
            }
        }
        Some(changes)
    }

    /// The length of a run: any number of codes for multiples of 64, and one for the rest.
    fn run(&mut self, is_black: bool) -> Option<u16> {
        let mut length = 0_u16;
        loop {
            let part = if is_black { black::decode(&mut self.bits) } else { white::decode(&mut self.bits) }?;
            length = length.checked_add(part)?;
            if part < 64 {
                return Some(length);
            }
        }
    }

    fn take(&mut self, count: u8) -> Option<u16> {
        let taken = self.bits.peek(count)?;
        let Ok(()) = self.bits.consume(count);
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, which in 0..3_usize, width in 1..100_u16) {
            let code = [
                Code::Huffman,
                Code::Group3 { two_dimensional: false },
                Code::Group3 { two_dimensional: true },
            ][which];
            let mut lines = Lines::new(bytes.iter().copied(), code, width);
            for _ in 0..1000 {
                if matches!(lines.next(), Line::None) {
                    break;
                }
                prop_assert!(lines.changes.is_sorted() && lines.changes.iter().all(|&at| at < width));
            }
        }
    }
}

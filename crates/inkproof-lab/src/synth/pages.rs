//! Pages of nobody, whose signatures are where they are known to be: what a finder of signatures learns from.
//!
//! A page is printed and written on in millimetres (`desk` and the designs: `letter`, `form`, `report`, `cheque`), at the
//! resolution at which it is scanned and as askew as it lies (`canvas`), and then worn as scanners, fax machines and
//! copiers wear it (`wear`). Signatures, initials and notes are strokes of this generator's writers (`hand`). Whatever has
//! a box is followed through all of it, so that a box holds the ink that is left on the page. Everything follows from a
//! seed, a number and the fonts.

mod canvas;
mod cheque;
mod desk;
mod files;
mod fonts;
mod form;
mod grain;
mod hand;
mod letter;
mod marks;
mod report;
mod wear;
mod words;

use inkproof::Gray;
use inkproof::random::stream;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::draw::{between, chance, normal, pick};
use canvas::Canvas;
use desk::Desk;

pub use files::{PagesInfo, write};
pub use fonts::Fonts;
pub use wear::Wear;

/// A page with its truth.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnPage {
    /// As scanned.
    pub gray: Gray,
    /// Pixels to an inch of paper.
    pub dpi: f32,
    /// What is on it that is no print, in the order in which it was put there.
    pub boxes: Vec<PageBox>,
    /// What kind of page.
    pub design: Design,
}

/// The smallest box of something's ink, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageBox {
    /// What it holds.
    pub kind: BoxKind,
    /// Its first column.
    pub left: usize,
    /// Its first row.
    pub top: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Whether print, a line or another box's ink crosses the ink.
    pub overlapped: bool,
}

/// What a box holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BoxKind {
    /// A signature.
    Signature,
    /// Two or three letters of somebody's name.
    Initials,
    /// Notes, fields filled in, marks.
    Handwriting,
    /// An emblem.
    Logo,
    /// The print of a rubber stamp.
    Stamp,
}

impl BoxKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Signature, Self::Initials, Self::Handwriting, Self::Logo, Self::Stamp];

    /// As tables of boxes call it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Initials => "initials",
            Self::Handwriting => "handwriting",
            Self::Logo => "logo",
            Self::Stamp => "stamp",
        }
    }
}

/// What kind of page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Design {
    /// A business letter, or one page of it.
    Letter,
    /// A memo from one office to another.
    Memo,
    /// A form, empty or filled in.
    Form,
    /// A report, a list or a table; nobody signs it.
    Report,
    /// Clauses with two or more places to sign.
    Contract,
    /// A cheque alone.
    Cheque,
}

impl Design {
    /// Every design.
    pub const ALL: [Self; 6] = [Self::Letter, Self::Memo, Self::Form, Self::Report, Self::Contract, Self::Cheque];

    /// As options and tables call it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Letter => "letter",
            Self::Memo => "memo",
            Self::Form => "form",
            Self::Report => "report",
            Self::Contract => "contract",
            Self::Cheque => "cheque",
        }
    }

    /// How many of a hundred pages have it, and with what chance it is signed: 55 of a hundred pages are.
    fn shares(self) -> (u32, f64) {
        match self {
            Self::Letter => (40, 0.68),
            Self::Memo => (12, 0.4),
            Self::Form => (15, 0.6),
            Self::Report => (15, 0.0),
            Self::Contract => (8, 0.7),
            Self::Cheque => (10, 0.85),
        }
    }

    fn draw(among: &[Self], rng: &mut impl Rng) -> Self {
        let all: u32 = among.iter().map(|design| design.shares().0).sum();
        let mut left = rng.random_range(0..all);
        for &design in among {
            let share = design.shares().0;
            if left < share {
                return design;
            }
            left -= share;
        }
        among[0]
    }
}

/// What pages are like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageOptions {
    /// Which designs; all where it is empty.
    pub designs: Vec<Design>,
    /// What becomes of the pages; everything where it is empty.
    pub wear: Vec<Wear>,
}

impl Default for PageOptions {
    /// All designs, worn in every way.
    fn default() -> Self {
        Self { designs: Design::ALL.to_vec(), wear: Wear::ALL.to_vec() }
    }
}

/// Millimetres of paper.
#[derive(Debug, Clone, Copy)]
struct DrawnSize {
    width: f64,
    height: f64,
}

/// Page number `index` of a seed.
pub fn page(fonts: &Fonts, seed: u64, index: u64, options: &PageOptions) -> DrawnPage {
    let mut rng = stream(seed, "page", index);
    let designs = if options.designs.is_empty() { &Design::ALL[..] } else { &options.designs };
    let wears = if options.wear.is_empty() { &Wear::ALL[..] } else { &options.wear };
    let design = Design::draw(designs, &mut rng);
    // Few cheques come as faxes.
    let gray: Vec<Wear> = wears.iter().copied().filter(|wear| matches!(wear, Wear::Gray | Wear::Jpeg)).collect();
    let is_gray = design == Design::Cheque && !gray.is_empty() && chance(&mut rng, 0.6);
    let wear = *pick(&mut rng, if is_gray { &gray } else { wears });
    let dpi = wear.dpi(&mut rng);
    let angle = if chance(&mut rng, 0.35) { 0.0 } else { (0.7 * normal(&mut rng)).clamp(-2.0, 2.0).to_radians() };
    let paper = wear.paper(&mut rng);
    let canvas = Canvas::new(size(design, &mut rng), dpi, angle, paper);
    let is_signed = chance(&mut rng, design.shares().1);
    let mut desk = Desk::new(fonts, canvas, stream(seed, "desk", index));
    match design {
        Design::Letter => letter::letter(&mut desk, is_signed),
        Design::Memo => letter::memo(&mut desk, is_signed),
        Design::Form => form::form(&mut desk, is_signed),
        Design::Report => report::report(&mut desk),
        Design::Contract => form::contract(&mut desk, is_signed),
        Design::Cheque => cheque::cheque(&mut desk, is_signed),
    }
    additions(&mut desk, design, wear);
    let Desk { canvas, .. } = desk;
    let (gray, boxes) = wear::worn(canvas, wear, &mut stream(seed, "wear", index));
    DrawnPage { gray, dpi: dpi as f32, boxes, design }
}

fn size(design: Design, rng: &mut impl Rng) -> DrawnSize {
    if design == Design::Cheque {
        let width = between(rng, 145.0, 205.0);
        return DrawnSize { width, height: width * between(rng, 0.42, 0.5) };
    }
    let (width, height) = match rng.random_range(0..20) {
        0..12 => (215.9, 279.4),
        12..19 => (210.0, 297.0),
        _ => (215.9, 355.6),
    };
    DrawnSize { width, height }
}

/// What offices and archives add to a page once it is written.
fn additions(desk: &mut Desk<'_>, design: Design, wear: Wear) {
    let (width, height) = desk.paper();
    if design == Design::Cheque {
        if desk.chance(0.15) {
            let (x, y) = (desk.between(0.2, 0.7) * width, desk.between(0.3, 0.7) * height);
            desk.stamp(x, y);
        }
        return;
    }
    if desk.chance(if wear == Wear::Fax { 0.6 } else { 0.08 }) {
        desk.fax_header();
    }
    if desk.chance(0.45) {
        desk.archive_number();
    }
    for _ in 0..2 {
        if desk.chance(0.14) {
            let tries = desk.pick(&[1, 3, 8]);
            let (x, y) = desk.empty_place(45.0, 16.0, [0.05, 0.8], [0.05, 0.92], tries);
            desk.stamp(x, y + 6.0);
        }
    }
    if desk.chance(0.24) {
        // Beside the head, or wherever there is room.
        let (x, y) = if desk.chance(0.4) { ([0.5, 0.75], [0.02, 0.22]) } else { ([0.02, 0.75], [0.05, 0.93]) };
        let (wide, rows) = (desk.between(20.0, 65.0), desk.rng.random_range(1..7));
        let tries = desk.pick(&[1, 8, 16]);
        let (x, y) = desk.empty_place(wide, 8.0 * rows as f64, x, y, tries);
        desk.note(x, y + 5.0, wide, rows);
    }
    if desk.chance(0.1) {
        let tries = desk.pick(&[1, 6]);
        let (x, y) = desk.empty_place(15.0, 10.0, [0.03, 0.9], [0.03, 0.92], tries);
        desk.initial(x, y + 7.0);
    }
    if desk.chance(0.18) {
        for _ in 0..desk.rng.random_range(1..6) {
            let (x, y) = (desk.between(0.05, 0.85) * width, desk.between(0.1, 0.9) * height);
            desk.scrawl(x, y);
        }
    }
    if desk.chance(0.025) {
        desk.cross_out();
    }
    if desk.chance(0.05) {
        let (x, y) = (desk.between(0.05, 0.6) * width, desk.between(0.88, 0.93) * height);
        desk.bar_code(x, y);
    }
    if desk.chance(0.03) {
        let (x, y) = (desk.between(0.05, 0.8) * width, desk.between(0.03, 0.9) * height);
        desk.square_code(x, y);
    }
}

#[cfg(test)]
mod tests;

//! Where on a page handwritten signatures are, and whether it is signed at all.
//!
//! A page is brought to one working size and its ink parted into printed characters, lines and the rest (`sheet`). What
//! is large or long among the rest begins a group, which takes in what is near, at several distances, and letters that
//! were taken for print (`groups`); each group is described by numbers, most of them in heights of the page's print
//! (`features`), and boosted trees say whether it may be a signature at all (`trees`). What may be is looked at with what is
//! around it by a small network (`look`), which says how sure it is and where the signature's box is. Of boxes that mostly lie
//! in each other the surest stays. Which strokes are a signature's, and how it is cut of the page without what is beside it,
//! follows from its box (`strokes`). Trees and network learned from synthetic pages alone.

mod features;
mod file;
mod groups;
mod look;
mod pages;
mod sheet;
mod strokes;
mod trees;

use std::fmt;

use inkproof_nn::{Detected, Detector};
use serde::{Deserialize, Serialize};

use crate::decode::Picture;
use crate::error::Result;
use crate::limits::Limits;
use crate::preprocess::ink::components::Area;
pub use features::{FEATURES, Features};
use groups::Group;
pub use look::{LOOK_SIZE, Look, MOVE, Sides, moved};
pub use pages::{Field, FoundPage, NoField};
use sheet::Sheet;
pub(crate) use strokes::border;
use strokes::{Cut, Strokes};
pub use trees::{Node, Tree, Trees};

/// A rectangle of pixels of the page as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PageArea {
    /// Pixels left of it.
    pub x: usize,
    /// Rows above it.
    pub y: usize,
    /// Its columns.
    pub width: usize,
    /// Its rows.
    pub height: usize,
}

impl PageArea {
    /// The share of this area that lies in another one, 0 to 1.
    pub fn share_in(&self, other: &PageArea) -> f64 {
        self.common(other) as f64 / (self.width * self.height).max(1) as f64
    }

    /// The area of both over that of what they cover together, 0 to 1.
    pub fn overlap(&self, other: &PageArea) -> f64 {
        let both = self.common(other);
        let all = self.width * self.height + other.width * other.height - both;
        both as f64 / all.max(1) as f64
    }

    /// Whether half of one of both is in the other.
    fn is_mostly(&self, other: &PageArea) -> bool {
        self.share_in(other).max(other.share_in(self)) >= 0.5
    }

    fn common(&self, other: &PageArea) -> usize {
        let common =
            |a: usize, along: usize, b: usize, other: usize| (a + along).min(b + other).saturating_sub(a.max(b));
        common(self.x, self.width, other.x, other.width) * common(self.y, self.height, other.y, other.height)
    }
}

/// A signature that was found on a page.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FoundSignature {
    /// The box around its ink.
    #[serde(flatten)]
    pub area: PageArea,
    /// How sure it is that this is one, 0 to 1.
    pub confidence: f32,
}

/// Whether a page is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SignedDecision {
    /// There is a signature.
    Yes,
    /// There is none.
    No,
    /// A person should look.
    Look,
}

impl fmt::Display for SignedDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Look => "look",
        })
    }
}

/// What a page has of signatures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PageFindings {
    /// Columns of the page as it was read.
    pub width: usize,
    /// And its rows.
    pub height: usize,
    /// Its width and height in micrometres, where the file says so.
    #[serde(skip)]
    pub sheet: Option<(u32, u32)>,
    /// Whether it is signed, and how sure that is.
    pub signed: Signed,
    /// Its signatures, the surest first.
    pub signatures: Vec<FoundSignature>,
    /// All that may be a signature, the surest first, however unlikely.
    #[serde(skip)]
    pub candidates: Vec<FoundSignature>,
    /// How each of the signatures is cut.
    #[serde(skip)]
    cuts: Vec<Cut>,
}

impl PageFindings {
    /// The page's signatures as pictures of their own, each with a border and perhaps larger than its box: with strokes that
    /// the box leaves out, and with paper where there is print beside them, or another signature that does not touch them.
    pub fn cuts(&self, picture: &Picture) -> impl Iterator<Item = Picture> {
        self.cuts.iter().map(|cut| picture.cut(&cut.area, |x, y| cut.is_other(x, y)))
    }

    /// The page with a frame around each of its signatures.
    #[must_use]
    pub fn drawn_on(&self, picture: &Picture) -> Picture {
        const FRAME: [u8; 3] = [214, 39, 40];
        let (width, height) = (picture.gray.width(), picture.gray.height());
        let mut colors = match &picture.colors {
            Some(colors) => colors.clone(),
            None => picture.gray.pixels().iter().map(|&level| [level; 3]).collect(),
        };
        let thick = (width.max(height) / 400).max(2);
        for found in &self.signatures {
            let scaled = |at: usize, stored: usize, size: usize| (at * size / stored.max(1)).min(size - 1);
            let across = |x: usize| scaled(x, self.width, width);
            let down = |y: usize| scaled(y, self.height, height);
            let area = &found.area;
            let (left, right) = (across(area.x.saturating_sub(thick)), across(area.x + area.width + thick));
            let (top, bottom) = (down(area.y.saturating_sub(thick)), down(area.y + area.height + thick));
            for y in top..=bottom {
                for x in left..=right {
                    let is_inside = x >= left + thick && x + thick <= right && y >= top + thick && y + thick <= bottom;
                    if !is_inside {
                        colors[y * width + x] = FRAME;
                    }
                }
            }
        }
        Picture { colors: Some(colors), ..picture.clone() }
    }
}

/// Whether a page is signed, and the confidence of its surest signature.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Signed {
    /// In one word.
    pub decision: SignedDecision,
    /// 0 to 1; 0 where nothing on the page looks like one.
    pub confidence: f32,
}

/// What may be a signature: where it is and the numbers that say what it looks like. What a finder learns from.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The box around its ink.
    pub area: PageArea,
    /// See [`FEATURES`].
    pub features: Features,
}

/// Everything on a page that may be a signature; groups of the same ink at several distances are each there.
///
/// # Errors
/// [`Error::OutOfTime`](crate::Error::OutOfTime).
pub fn candidates(picture: &Picture, limits: &Limits) -> Result<Vec<Candidate>> {
    let mut found = Vec::new();
    for sheet in Sheet::at_levels(picture, limits)? {
        found.extend(described(&sheet, limits)?.into_iter().map(|(_, candidate)| candidate));
    }
    Ok(found)
}

/// What the network would see of those candidates for which this says so, given the trees' confidence in them.
///
/// # Errors
/// [`Error::OutOfTime`](crate::Error::OutOfTime).
pub fn looks(
    picture: &Picture,
    trees: &Trees,
    limits: &Limits,
    mut wanted: impl FnMut(&Candidate, f32) -> bool,
) -> Result<Vec<(Candidate, Look)>> {
    let mut found = Vec::new();
    for sheet in Sheet::at_levels(picture, limits)? {
        for (group, candidate) in described(&sheet, limits)? {
            let logit = trees.logit(&candidate.features);
            if wanted(&candidate, confidence(logit)) {
                let look = Look::new(&sheet, &group, &candidate.features, logit);
                found.push((candidate, look));
            }
        }
    }
    Ok(found)
}

/// 0 where the logit is none.
fn confidence(logit: f32) -> f32 {
    if logit.is_nan() { 0.0 } else { 1.0 / (1.0 + (-logit).exp()) }
}

fn described(sheet: &Sheet, limits: &Limits) -> Result<Vec<(Group, Candidate)>> {
    let groups = groups::all(sheet);
    let mut found = Vec::with_capacity(groups.len());
    for group in &groups {
        limits.check_time()?;
        if let Some(features) = features::of(sheet, group, &groups) {
            found.push((group.clone(), Candidate { area: sheet.on_page(&group.area), features }));
        }
    }
    Ok(found)
}

/// The confidences from which on something follows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// From here on a candidate is shown as a signature.
    pub shown: f32,
    /// From here on of its surest candidate a page is signed.
    pub signed: f32,
    /// And from here on a person should look.
    pub look: f32,
}

impl Thresholds {
    /// Whether all are confidences above 0, and what is signed is looked at, too.
    fn are_sound(&self) -> bool {
        let Thresholds { shown, signed, look } = *self;
        [shown, signed, look].iter().all(|value| *value > 0.0 && *value <= 1.0) && look <= signed
    }
}

/// From this confidence of the trees on the network looks at a group, too.
pub const LOOKED_AT: f32 = 0.004;
/// Groups that the network looks at together.
const AT_ONCE: usize = 16;

/// Finds signatures.
#[derive(Debug, Clone)]
pub struct Finder {
    trees: Trees,
    network: Detector,
    thresholds: Thresholds,
}

impl Finder {
    /// The bundled finder, which learned from synthetic pages alone.
    pub fn bundled() -> Finder {
        Finder::from_bytes(include_bytes!("../models/finder.safetensors")).expect("the bundled file is tested")
    }

    /// A finder of what was learned: the network from [`looks`] with the same trees.
    pub fn new(trees: Trees, network: Detector, thresholds: Thresholds) -> Finder {
        Finder { trees, network, thresholds }
    }

    /// Its trees.
    pub fn trees(&self) -> &Trees {
        &self.trees
    }

    /// The confidences from which on something follows.
    pub fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    /// The same with other thresholds.
    #[must_use]
    pub fn with_thresholds(self, thresholds: Thresholds) -> Finder {
        Finder { thresholds, ..self }
    }

    /// The signatures of a page and whether it is signed.
    ///
    /// A page with nothing on it is not signed, which is no error.
    ///
    /// # Errors
    /// [`Error::OutOfTime`](crate::Error::OutOfTime).
    pub fn find(&self, picture: &Picture, limits: &Limits) -> Result<PageFindings> {
        let sheets = Sheet::at_levels(picture, limits)?;
        let judged = self.judged(&sheets, limits)?;
        let shown = judged.iter().take_while(|judged| judged.found.confidence >= self.thresholds.shown).count();
        let cuts = cuts(&sheets, &judged[..shown], limits)?;
        let candidates: Vec<FoundSignature> = judged.into_iter().map(|judged| judged.found).collect();
        Ok(PageFindings {
            width: picture.stored.0,
            height: picture.stored.1,
            sheet: picture.sheet,
            signed: self.signed(&candidates),
            signatures: candidates[..shown].to_vec(),
            candidates,
            cuts,
        })
    }

    /// Whether a page with these candidates is signed, the surest first; one without any is not.
    pub fn signed(&self, candidates: &[FoundSignature]) -> Signed {
        let Some(FoundSignature { confidence, .. }) = candidates.first().copied() else {
            return Signed { decision: SignedDecision::No, confidence: 0.0 };
        };
        let decision = match confidence {
            confidence if confidence >= self.thresholds.signed => SignedDecision::Yes,
            confidence if confidence >= self.thresholds.look => SignedDecision::Look,
            _ => SignedDecision::No,
        };
        Signed { decision, confidence }
    }

    /// Whether a field of the page is signed: by what lies in it with half of its box at least.
    ///
    /// # Errors
    /// As [`Field::area`].
    pub fn signed_within(&self, findings: &PageFindings, field: &Field) -> Result<Signed> {
        let field = field.area(findings)?;
        let within: Vec<FoundSignature> =
            findings.candidates.iter().filter(|found| found.area.share_in(&field) >= 0.5).copied().collect();
        Ok(self.signed(&within))
    }

    /// All that may be a signature, the surest first, none mostly where one before it is.
    ///
    /// # Errors
    /// [`Error::OutOfTime`](crate::Error::OutOfTime).
    pub fn ranked(&self, picture: &Picture, limits: &Limits) -> Result<Vec<FoundSignature>> {
        let judged = self.judged(&Sheet::at_levels(picture, limits)?, limits)?;
        Ok(judged.into_iter().map(|judged| judged.found).collect())
    }

    /// The same with their strokes.
    fn judged(&self, sheets: &[Sheet], limits: &Limits) -> Result<Vec<Judged>> {
        let mut found = Vec::new();
        for number in 0..sheets.len() {
            found.extend(self.judged_on(sheets, number, limits)?);
        }
        found.sort_by(|a, b| b.found.confidence.total_cmp(&a.found.confidence));
        let mut kept: Vec<Judged> = Vec::new();
        for judged in found {
            if !kept.iter().any(|other| other.found.area.is_mostly(&judged.found.area)) {
                kept.push(judged);
            }
        }
        Ok(kept)
    }

    /// How sure it is of each group of a sheet, and which strokes are the signature's.
    fn judged_on(&self, sheets: &[Sheet], number: usize, limits: &Limits) -> Result<Vec<Judged>> {
        let sheet = &sheets[number];
        let groups = described(sheet, limits)?;
        let logits: Vec<f32> = groups.iter().map(|(_, candidate)| self.trees.logit(&candidate.features)).collect();
        let new = |strokes: Strokes, logit: f32| {
            let found = FoundSignature { area: sheet.on_page(&strokes.area), confidence: confidence(logit) };
            Judged { found, strokes, sheet: number }
        };
        let by_trees = groups.iter().zip(&logits).map(|((group, _), &logit)| new(Strokes::of(group), logit));
        let mut judged: Vec<Judged> = by_trees.collect();
        let looked_at: Vec<usize> =
            (0..groups.len()).filter(|&group| judged[group].found.confidence >= LOOKED_AT).collect();
        for numbers in looked_at.chunks(AT_ONCE) {
            limits.check_time()?;
            let look = |&number: &usize| {
                let (group, candidate) = &groups[number];
                Look::new(sheet, group, &candidate.features, logits[number])
            };
            let looks: Vec<Look> = numbers.iter().map(look).collect();
            let answers = self.network.answers(look::seen(&looks));
            for ((&number, look), Detected { logit, sides }) in numbers.iter().zip(&looks).zip(answers) {
                let given = look.on_sheet(sheet, moved(look.sides, sides));
                judged[number] = new(Strokes::within(sheet, &groups[number].0, given), logit);
            }
        }
        Ok(judged)
    }
}

/// How signatures are cut of their page; what lies mostly in one is not taken in by another.
fn cuts(sheets: &[Sheet], signatures: &[Judged], limits: &Limits) -> Result<Vec<Cut>> {
    let cut = |Judged { found, strokes, sheet }: &Judged| {
        limits.check_time()?;
        let sheet = &sheets[*sheet];
        let is_others = |area: &Area| {
            let area = sheet.on_page(area);
            let others = signatures.iter().map(|other| other.found.area).filter(|other| *other != found.area);
            others.into_iter().any(|other| area.share_in(&other) >= 0.5)
        };
        Ok(Cut::new(sheet, strokes, is_others))
    };
    signatures.iter().map(cut).collect()
}

/// What may be a signature.
struct Judged {
    found: FoundSignature,
    strokes: Strokes,
    /// The number of the sheet that it is on.
    sheet: usize,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decode::Page;
    use crate::gray::Gray;
    use crate::preprocess::ink::components::Area;

    fn area() -> impl Strategy<Value = PageArea> {
        (0_usize..200, 0_usize..200, 1_usize..100, 1_usize..100).prop_map(|(x, y, width, height)| PageArea {
            x,
            y,
            width,
            height,
        })
    }

    proptest! {
        #[test]
        fn overlap_is_mutual_and_whole_with_itself(a in area(), b in area()) {
            prop_assert_eq!(a.overlap(&b), b.overlap(&a));
            prop_assert!((0.0..=1.0).contains(&a.overlap(&b)));
            prop_assert_eq!(a.overlap(&a), 1.0);
            prop_assert!(a.share_in(&b) + 1e-9 >= a.overlap(&b));
        }
    }

    /// A page with lines of print, a wave as a pen of some level draws it, and a darker or lighter pattern of crossing lines
    /// under all.
    fn page(pattern: Option<u8>, pen: u8) -> Picture {
        page_with(pattern, pen, |_| true)
    }

    /// The same with a pen that draws only some of the wave's 6,000 steps.
    fn page_with(pattern: Option<u8>, pen: u8, is_drawn: impl Fn(u32) -> bool) -> Picture {
        let (width, height) = (1000, 1400);
        let mut pixels = vec![255; width * height];
        if let Some(level) = pattern {
            for (at, pixel) in pixels.iter_mut().enumerate() {
                let (x, y) = (at % width, at / width);
                *pixel = if (x + y) % 17 < 2 || (x + 3 * y) % 23 < 2 { level } else { 255 };
            }
        }
        let mut dark = |x: usize, y: usize, level: u8| pixels[y * width + x] = level;
        for line in 0..20 {
            for letter in 0..50 {
                let (left, top) = (100 + 14 * letter, 100 + 30 * line);
                (0..10).for_each(|row| (0..2).for_each(|column| dark(left + column, top + row, 20)));
                (0..7).for_each(|column| (0..2).for_each(|row| dark(left + column, top + 8 + row, 20)));
            }
        }
        for step in (0..6000).filter(|&step| is_drawn(step)) {
            let part = f64::from(step) / 6000.0;
            let (x, y) = (300.0 + 260.0 * part, 1000.0 + 40.0 * (31.0 * part).sin() * (1.0 - 0.6 * part));
            (0..3).for_each(|row| (0..3).for_each(|column| dark(x as usize + column, y as usize + row, pen)));
        }
        Picture::of_gray(Gray::new(width, height, pixels).unwrap(), Page::ONLY)
    }

    #[test]
    fn what_a_pen_wrote_is_a_group_of_its_own_with_and_without_a_pattern_under_it() {
        let truth = WAVE;
        // The last pen is lighter than the level that parts print from paper.
        for (pattern, pen) in [(None, 20), (Some(190), 20), (Some(150), 20), (None, 150), (Some(215), 150)] {
            let found = candidates(&page(pattern, pen), &Limits::default()).unwrap();
            let best = found.iter().map(|found| found.area.overlap(&truth)).fold(0.0, f64::max);
            assert!(best > 0.8, "{pattern:?}, {pen}: {best}");
        }
    }

    #[test]
    fn strokes_in_pieces_that_are_no_larger_than_print_are_a_group() {
        let truth = WAVE;
        // In stripes across the wave, so that slopes are cut as its crests are.
        let broken = page_with(None, 20, |step| {
            let part = f64::from(step) / 6000.0;
            let height = 40.0 * (31.0 * part).sin() * (1.0 - 0.6 * part);
            (height + 5.0 * f64::from(step / 700)).rem_euclid(12.0) < 6.0
        });
        let found = candidates(&broken, &Limits::default()).unwrap();
        let best = found.iter().map(|found| found.area.overlap(&truth)).fold(0.0, f64::max);
        assert!(best > 0.8, "{best}");
    }

    #[test]
    fn separate_letters_that_are_as_regular_as_print_are_a_group() {
        let mut page = page_with(None, 20, |_| false);
        let width = page.gray.width();
        let mut pixels = page.gray.pixels().to_vec();
        for letter in 0..8 {
            let left = 300 + 36 * letter;
            let mut bar = |x: usize, y: usize, columns: usize, rows: usize| {
                (y..y + rows).for_each(|y| pixels[y * width + x..y * width + x + columns].fill(20));
            };
            bar(left, 1000, 3, 30);
            bar(left, 1013, 20, 3);
        }
        page.gray = Gray::new(width, page.gray.height(), pixels).unwrap();
        let truth = PageArea { x: 300, y: 1000, width: 7 * 36 + 20, height: 30 };
        let found = candidates(&page, &Limits::default()).unwrap();
        let best = found.iter().map(|found| found.area.overlap(&truth)).fold(0.0, f64::max);
        assert!(best > 0.9, "{best}");
    }

    const WAVE: PageArea = PageArea { x: 300, y: 962, width: 262, height: 80 };

    /// The group of a sheet that is the wave, and the wave as it is cut with a box that is asked for.
    fn wave_cut(page: &Picture, given: impl Fn(Area) -> Area, others: &[PageArea]) -> (PageArea, Picture) {
        let sheet = &Sheet::at_levels(page, &Limits::default()).unwrap()[0];
        let groups = groups::all(sheet);
        let group = groups.iter().find(|group| sheet.on_page(&group.area).overlap(&WAVE) > 0.9).unwrap();
        let strokes = Strokes::within(sheet, group, given(group.area));
        let is_others = |area: &Area| others.iter().any(|other| sheet.on_page(area).share_in(other) >= 0.5);
        let cut = Cut::new(sheet, &strokes, is_others);
        (sheet.on_page(&strokes.area), page.cut(&cut.area, |x, y| cut.is_other(x, y)))
    }

    fn dark(picture: &Picture) -> usize {
        picture.gray.pixels().iter().filter(|&&level| level < 128).count()
    }

    #[test]
    fn a_signature_is_cut_without_print_and_without_another_signature() {
        let bar = |x: usize, y: usize, width: usize, height: usize| PageArea { x, y, width, height };
        // A line of print above it, the lower part of which is on the border.
        let letters =
            (0..18).flat_map(|letter| [bar(300 + 14 * letter, 948, 2, 10), bar(300 + 14 * letter, 956, 7, 2)]);
        let scribble = [bar(568, 985, 40, 3), bar(568, 985, 3, 12), bar(605, 985, 3, 12)];
        let wave = page(None, 20);
        let alone = dark(&wave_cut(&wave, |area| area, &[]).1);
        let printed = with_bars(&wave, letters);
        let whole = printed.cut(&WAVE, |_, _| false);
        assert!(dark(&whole) > alone, "there is print beside it");
        assert_eq!(dark(&wave_cut(&printed, |area| area, &[]).1), alone);
        let beside = with_bars(&wave, scribble);
        assert!(dark(&wave_cut(&beside, |area| area, &[]).1) > alone, "what is nobody else's is the signature's");
        assert_eq!(dark(&wave_cut(&beside, |area| area, &[bar(564, 980, 50, 20)]).1), alone);
    }

    #[test]
    fn a_stroke_that_the_box_leaves_out_is_in_the_cut() {
        let wave = page(None, 20);
        let (area, whole) = wave_cut(&wave, |area| area, &[]);
        let half = |area: Area| Area { right: area.left + 9 * (area.right - area.left) / 20, ..area };
        let (of_half, cut) = wave_cut(&wave, half, &[]);
        assert!(of_half.width < area.width * 2 / 3, "{of_half:?}");
        assert_eq!(dark(&cut), dark(&whole));
        // An underline, thicker than a ruled line, and one that is too far away.
        let with_line = |y: usize| with_bars(&wave, [PageArea { x: 330, y, width: 60, height: 8 }]);
        let of_line = |y: usize| dark(&wave_cut(&with_line(y), |area| area, &[]).1) - dark(&whole);
        assert_eq!([of_line(1052), of_line(1090)], [480, 0]);
        // Nor does another signature's become this one's.
        let rest = PageArea { x: 431, y: 962, width: 131, height: 80 };
        assert!(dark(&wave_cut(&wave, half, &[WAVE, rest]).1) < dark(&whole));
    }

    /// A page with a filled part, or more.
    fn with_bars(page: &Picture, bars: impl IntoIterator<Item = PageArea>) -> Picture {
        let width = page.gray.width();
        let mut pixels = page.gray.pixels().to_vec();
        for bar in bars {
            (bar.y..bar.y + bar.height).for_each(|y| pixels[y * width + bar.x..][..bar.width].fill(20));
        }
        Picture::of_gray(Gray::new(width, page.gray.height(), pixels).unwrap(), Page::ONLY)
    }

    /// The look at the group that is the writing of an area.
    fn look_at(page: &Picture, area: PageArea) -> (Candidate, Look) {
        let wanted = |candidate: &Candidate, _: f32| candidate.area.overlap(&area) > 0.9;
        let looks = looks(page, Finder::bundled().trees(), &Limits::default(), wanted).unwrap();
        looks.into_iter().next().expect("a group that is the writing")
    }

    /// The ink of a channel in a part of a look.
    fn ink(look: &Look, channel: usize, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> u32 {
        let places = rows.flat_map(|row| columns.clone().map(move |column| row * LOOK_SIZE[1] + column));
        places.map(|place| u32::from(look.picture[place * 3 + channel])).sum()
    }

    #[test]
    fn the_network_sees_a_group_in_the_middle_and_what_is_beside_it_apart() {
        let bar = |x: usize, y: usize, width: usize, height: usize| PageArea { x, y, width, height };
        let letters =
            (0..20).flat_map(|letter| [bar(250 + 14 * letter, 1070, 2, 10), bar(250 + 14 * letter, 1078, 7, 2)]);
        let scribble = (0..6)
            .flat_map(|turn| [bar(606, 970 + 10 * turn, 30, 3), bar(606 + 27 * (turn % 2), 970 + 10 * turn, 3, 12)]);
        let line = [bar(240, 1095, 380, 2)];
        let page = with_bars(&page(None, 20), letters.chain(scribble).chain(line));
        let (candidate, look) = look_at(&page, WAVE);
        let [rows, columns] = LOOK_SIZE;
        assert_eq!((look.picture.len(), look.numbers.len()), (rows * columns * 3, FEATURES.len() + 1));
        assert_eq!(look.numbers[..FEATURES.len()], candidate.features);
        let all = |channel| ink(&look, channel, 0..rows, 0..columns);
        assert!(all(0) > 0 && all(0) == ink(&look, 0, 25..55, 32..128), "its ink is in the middle");
        assert!(all(1) > 0 && all(1) == ink(&look, 1, 20..55, 140..160), "other writing is to the right");
        let (print, line) = (ink(&look, 2, 62..70, 0..columns), ink(&look, 2, 71..76, 0..columns));
        assert!(print > 0 && line > 0 && all(2) == print + line, "print and the line are below: {print}, {line}");
        // As much ink as the group's own pixels, within the rounding of shares.
        let place = (262.0_f32 / 96.0).max(80.0 / 48.0);
        let of_wave = |y: usize| page.gray.pixels()[y * 1000..][..600].iter().filter(|&&level| level < 128).count();
        let pixels = 255.0 / (place * place) * (950..1050).map(of_wave).sum::<usize>() as f32;
        assert!((all(0) as f32 / pixels - 1.0).abs() < 0.1, "{} of {pixels}", all(0));
    }

    #[test]
    fn a_group_in_a_corner_looks_as_it_does_elsewhere() {
        let wave = |x: usize, y: usize| {
            let part = |step: usize| (step, (40.0 * (step as f64 / 8.0).sin()) as i32 + 41);
            let bars = (0..260).map(part).map(|(right, down)| PageArea {
                x: x + right,
                y: y + down as usize,
                width: 3,
                height: 8,
            });
            let page = with_bars(&page_with(None, 20, |_| false), bars);
            look_at(&page, PageArea { x, y: y + 1, width: 262, height: 88 }).1
        };
        let own = |look: &Look| look.picture.iter().step_by(3).copied().collect::<Vec<u8>>();
        let (middle, corner) = (wave(400, 900), wave(4, 1305));
        assert_eq!(own(&middle), own(&corner));
        assert_eq!(middle.sides, corner.sides);
        assert!(middle.sides[0] > 20.0, "{:?}", middle.sides);
    }

    #[test]
    fn a_box_of_the_page_is_the_same_box_in_a_look_and_back() {
        let page = page(None, 20);
        let (candidate, look) = look_at(&page, WAVE);
        let there = look.in_picture(&candidate.area);
        assert!(there.iter().zip(&look.sides).all(|(a, b)| (a - b).abs() < 1e-3), "{there:?} and {:?}", look.sides);
        let sheet = &Sheet::at_levels(&page, &Limits::default()).unwrap()[0];
        let groups = groups::all(sheet);
        let group = groups.iter().find(|group| sheet.on_page(&group.area) == candidate.area).unwrap();
        let on_page = |by: [f32; 4]| {
            sheet.on_page(&Strokes::within(sheet, group, look.on_sheet(sheet, moved(look.sides, by))).area)
        };
        assert_eq!(on_page([0.0; 4]), candidate.area);
        // A stroke that leaves the box a little is the signature's; of one that goes on far only what is in the box.
        assert_eq!(on_page([0.3, 0.3, -0.3, -0.3]), candidate.area);
        assert_eq!(on_page([-0.9, -0.9, 0.9, 0.9]), candidate.area);
        let cut = on_page([3.0, 0.0, 0.0, 0.0]);
        let moved_by = 3.0 * MOVE[0] * 262.0 / 96.0;
        assert!((cut.x as f32 - candidate.area.x as f32 - moved_by).abs() <= 1.0, "{cut:?}");
        assert_eq!(cut.x + cut.width, candidate.area.x + candidate.area.width);
        // What leads out of the page ends with the writing on it, and where there is none with the page.
        assert_eq!(on_page([-100.0, -100.0, 100.0, 100.0]), candidate.area);
        let empty = on_page([-100.0, 10.0, 100.0, 100.0]);
        assert_eq!((empty.x, empty.width, empty.y + empty.height), (0, 1000, 1400), "{empty:?}");
    }

    #[test]
    fn a_finder_is_written_and_read() {
        let finder = Finder::bundled();
        let bytes = finder.to_bytes();
        let again = Finder::from_bytes(&bytes).unwrap();
        assert_eq!(again.to_bytes(), bytes);
        let page = page(None, 20);
        let ranked = |finder: &Finder| finder.ranked(&page, &Limits::default()).unwrap();
        assert_eq!(ranked(&finder), ranked(&again));
        let wrong = |bytes: &[u8]| Finder::from_bytes(bytes).unwrap_err().to_string();
        assert!(wrong(b"{}").contains("safetensors"));
        assert!(wrong(include_bytes!("../models/bundled.safetensors")).contains("inkproof-finder"));
        let format = br#"\"format\":1"#;
        let at = bytes.windows(format.len()).position(|part| part == format).expect("its metadata") + format.len() - 1;
        let mut newer = bytes.clone();
        newer[at] = b'9';
        assert!(wrong(&newer).contains("format 9"), "{}", wrong(&newer));
        let mut cut = bytes;
        cut.truncate(cut.len() - 4);
        assert!(wrong(&cut).contains("safetensors"));
    }

    #[test]
    fn a_page_with_nothing_on_it_is_not_signed() {
        let blank = Picture::of_gray(Gray::new(800, 1000, vec![255; 800_000]).unwrap(), Page::ONLY);
        let findings = Finder::bundled().find(&blank, &Limits::default()).unwrap();
        assert_eq!(findings.signed, Signed { decision: SignedDecision::No, confidence: 0.0 });
        assert!(findings.signatures.is_empty());
    }

    #[test]
    fn places_are_in_the_pixels_of_the_file_whatever_its_pixels_are_like() {
        let square = page(None, 20);
        let tall = Picture { stored: (1000, 700), ..square.clone() };
        let finder = Finder::bundled();
        let [a, b] = [square, tall].map(|page| finder.ranked(&page, &Limits::default()).unwrap());
        for (a, b) in a.iter().zip(&b) {
            assert_eq!((a.area.x, a.area.width), (b.area.x, b.area.width));
            assert!((a.area.y as f64 / 2.0 - b.area.y as f64).abs() <= 1.0, "{a:?} {b:?}");
        }
    }
}

//! What of an image is the signature.

use super::components::{self, Area, Components};
use super::groups::{self, Weighed};
use super::histogram::{self, Histogram};
use super::inks::Inks;
use super::light::Ground;
use super::paper::Paper;
use super::{InkParameters, Plane, Scan, boxes, edges, light, noise, print, rules, threshold};
use crate::decode::Picture;
use crate::error::{Error, Result};
use crate::gray::Gray;
use crate::limits::Limits;

/// A rectangle of ink is no stroke if it is so many stroke widths wide and high.
const FILLED_WIDTHS: f32 = 2.5;
/// Specks with more than this share of the ink are a texture: the dots of a print or a pattern of the paper.
const MOST_SPECKS: f32 = 0.4;
/// What stays within this many stroke widths of an edge of the image is no writing.
const EDGE: f32 = 1.5;
/// The deviation that the grain of a camera has at most: more is a texture, which smoothing makes no clearer.
const MOST_GRAIN: f32 = 25.0;
/// How often grain is smoothed at most.
const SMOOTHINGS: usize = 3;

/// What stands out by so many levels is ink whatever the grain, which may be a pattern of the paper.
const DARK: f32 = 64.0;
/// What is left of smoothed grain stands out by less, in levels.
const LEAST_CONTRAST: f32 = 8.0;

/// Writing is at least so many times as long as print next to it is high.
const LONGER_THAN_PRINT: f32 = 3.0;
/// And has this share of the ink at least.
const LEAST_OF_INK: f32 = 0.15;
/// Writing is at least so many times as high as print that it runs into; next to the print it may be of any height.
const HIGHER_THAN_PRINT: f32 = 3.5;
/// With more stretches of ink in its rows, and one for eight pixels, an image is a texture through and through.
const MOST_RUNS: usize = 500_000;
/// More pieces are a texture: a page full of print has some thousands.
const MOST_PIECES: usize = 20_000;
/// Characters of print that make a picture one of print, where there is no writing, if they are on several lines: a name in
/// capitals, or with many dots, is on one.
const MUCH_PRINT: usize = 12;
/// Lines of print that make it a page.
const LINES_OF_PAGE: usize = 3;
/// What is nearer to the signature on a page than this share of its height belongs to it.
const BELONGS: f32 = 0.5;

/// A piece whose ink lies so much near an ellipse is a stamp's ring.
const ROUND: f32 = 0.85;
/// And is at most so many times as long as wide.
const NARROW: f32 = 1.6;
/// Between two inks the pen's is doubtful where the other one has more than this share of its writing.
const DOUBTFUL: f32 = 0.6;
/// What writing counts for in an ink of a colour that pens do not often have, and in black where there is a pen's colour.
const UNUSUAL: f32 = 0.5;
const BLACK: f32 = 0.6;

/// The signature, and how it lay in the image.
pub(super) struct Cleaned {
    pub darkness: Plane,
    /// The darkness that ink is above.
    pub threshold: u8,
    /// In pixels.
    pub stroke_width: f32,
    pub area: Area,
    pub scan: Scan,
}

/// As the first version did: everything is the signature, but for lines from one side to the other, and specks.
pub(super) fn plainly(gray: Gray, parameters: &InkParameters, limits: &Limits) -> Result<Cleaned> {
    let mut darkness = Paper::plainly(&gray).darkness(gray);
    limits.check_time()?;
    let threshold = threshold::ink(&histogram::count(&darkness.values), parameters.contrast).ok_or(Error::NoInk)?;
    let stroke_width = threshold::stroke_width(&darkness, threshold);
    rules::erase_long(&mut darkness, threshold, stroke_width, limits)?;
    let mut components = components::find(&darkness, threshold);
    limits.check_time()?;
    drop_edgings(&mut components, &darkness, stroke_width);
    components.drop_smaller(smallest(&components, stroke_width, parameters));
    let area = components.bounds().ok_or(Error::NoInk)?;
    // So many stroke widths of ink along the edges of the image are more than strokes that only touch it.
    const CUT_WIDTHS: f32 = 8.0;
    let scan = Scan {
        longest: area.width().max(area.height()),
        is_cut: components.at_edges(darkness.width) as f32 > CUT_WIDTHS * stroke_width,
        gap: groups::gap(&components.weighed()),
        is_print: false,
        has_something_else: false,
    };
    components.erase_dropped(&mut darkness);
    Ok(Cleaned { darkness, threshold, stroke_width, area, scan })
}

/// The signature alone: of several inks the pen's, without lines, boxes and print.
pub(super) fn signature(mut picture: Picture, parameters: &InkParameters, limits: &Limits) -> Result<Cleaned> {
    let mut ground = Ground::new(&picture.gray, false);
    if let Some(outside) = ground.as_ref().and_then(|ground| ground.around_sheet(&picture.gray)) {
        lay_on_paper(&mut picture, &outside);
        ground = None;
    }
    let colors = picture.colors.take();
    let inks = colors.as_ref().and_then(|colors| Some((Inks::find(colors)?, colors)));
    let Some((inks, colors)) = inks else {
        drop(colors);
        return Ok(one_ink(picture.gray, ground, parameters, limits)?.0);
    };
    let has_colored_pen = (0..inks.len()).any(|ink| inks.is_of_a_pen(ink) && !inks.is_neutral(ink));
    let mut best: Option<(f32, Cleaned)> = None;
    let mut others: Vec<(f32, Cleaned)> = Vec::new();
    for ink in 0..inks.len() {
        limits.check_time()?;
        let (cleaned, strokes) = match one_ink(inks.alone(&picture, colors, ink), None, parameters, limits) {
            Err(Error::NoInk) => continue,
            found => found?,
        };
        let usual = match (inks.is_of_a_pen(ink), inks.is_neutral(ink) && has_colored_pen) {
            (false, _) => UNUSUAL,
            (true, true) => BLACK,
            (true, false) => 1.0,
        };
        let found = (strokes.writing(&cleaned) * usual, cleaned);
        match &best {
            Some((most, _)) if *most >= found.0 => others.push(found),
            _ => others.extend(best.replace(found)),
        }
    }
    let (writing, mut cleaned) = best.ok_or(Error::NoInk)?;
    let is_doubtful = |(other, layer): &(f32, Cleaned)| *other > DOUBTFUL * writing && !cleaned.covers(layer);
    cleaned.scan.has_something_else |= others.iter().any(is_doubtful);
    Ok(cleaned)
}

impl Cleaned {
    /// Whether most of another ink lies where this one does: the edges of its strokes, which a JPEG robs of their colour.
    fn covers(&self, other: &Cleaned) -> bool {
        let cell = (3.0 * self.stroke_width).max(4.0) as usize;
        let columns = self.darkness.width.div_ceil(cell);
        let mut inked = vec![false; columns * self.darkness.height.div_ceil(cell)];
        let cell_of = |i: usize| i / self.darkness.width / cell * columns + i % self.darkness.width / cell;
        self.inked().for_each(|i| inked[cell_of(i)] = true);
        let within = other.inked().filter(|&i| inked[cell_of(i)]).count();
        4 * within >= 3 * other.inked().count()
    }

    /// Which pixels are ink.
    fn inked(&self) -> impl Iterator<Item = usize> + '_ {
        let values = self.darkness.values.iter().enumerate();
        values.filter(|(_, value)| **value > self.threshold).map(|(i, _)| i)
    }
}

/// Sets what is not the sheet to the colour of its paper.
fn lay_on_paper(picture: &mut Picture, outside: &[bool]) {
    let pixels = || picture.gray.pixels().iter().zip(outside);
    let sheet: Vec<u8> = pixels().filter(|(_, outside)| !**outside).map(|(pixel, _)| *pixel).collect();
    let paper = histogram::level_of(&histogram::count(&sheet), sheet.len() * 3 / 4);
    let color = picture.colors.as_ref().and_then(|colors| {
        let of_paper = pixels().position(|(pixel, out)| !out && *pixel == paper)?;
        Some(colors[of_paper])
    });
    let gray = pixels().map(|(pixel, outside)| if *outside { paper } else { *pixel }).collect();
    picture.gray = Gray::new(picture.gray.width(), picture.gray.height(), gray).expect("as many pixels as before");
    if let (Some(colors), Some(color)) = (&mut picture.colors, color) {
        colors.iter_mut().zip(outside).filter(|(_, outside)| **outside).for_each(|(pixel, _)| *pixel = color);
    }
}

/// The signature in an image of one ink, and its strokes. The ground is that of the image as it is, where that is known.
fn one_ink(
    gray: Gray,
    ground: Option<Ground>,
    parameters: &InkParameters,
    limits: &Limits,
) -> Result<(Cleaned, Strokes)> {
    let (mut darkness, threshold) = ink(gray, ground, parameters, limits)?;
    if darkness.changes_along_rows(threshold) / 2 > MOST_RUNS.max(darkness.values.len() / 8) {
        return Err(Error::NoInk);
    }
    let stroke_width = threshold::stroke_width(&darkness, threshold);
    let mut components = pieces(&darkness, threshold, stroke_width, parameters);
    limits.check_time()?;
    let area = components.bounds().ok_or(Error::NoInk)?;
    let has_box = boxes::erase(&mut darkness, threshold, stroke_width, &area);
    let has_rules = rules::erase(&mut darkness, threshold, stroke_width, limits)?;
    if has_box || has_rules {
        // First this: a texture's take more than the image does.
        drop(components);
        components = pieces(&darkness, threshold, stroke_width, parameters);
        limits.check_time()?;
    }
    // A character is a small share of a page's ink, so what is small by share is dropped after print.
    let found = drop_print(&mut components, stroke_width);
    let with_specks = components.ink();
    components.drop_smaller(smallest(&components, stroke_width, parameters));
    let has_texture = (components.ink() as f32) < (1.0 - MOST_SPECKS) * with_specks as f32;
    let area = components.bounds().ok_or(Error::NoInk)?;
    // A texture has no groups, no rings and no strokes.
    let pieces = if components.count() > MOST_PIECES { Vec::new() } else { components.weighed() };
    let round = if pieces.is_empty() { Vec::new() } else { components.roundness() };
    let is_ring: Vec<bool> =
        round.iter().zip(&pieces).map(|(round, piece)| is_ring(*round, &piece.area, &area)).collect();
    let has_ring = pieces.len() > 3 && is_ring.iter().any(|ring| *ring);
    components.erase_dropped(&mut darkness);
    let scan = Scan {
        longest: area.width().max(area.height()),
        is_cut: edges::cut(&darkness, threshold, stroke_width, &area),
        gap: groups::gap(&pieces),
        is_print: found == Found::PrintAlone,
        has_something_else: has_ring || has_texture || found == Found::Page,
    };
    let is_print = matches!(found, Found::Page | Found::PrintAlone);
    Ok((Cleaned { darkness, threshold, stroke_width, area, scan }, Strokes { pieces, is_ring, is_print }))
}

/// What an ink was found to consist of.
struct Strokes {
    pieces: Vec<Weighed>,
    is_ring: Vec<bool>,
    is_print: bool,
}

impl Strokes {
    /// How much writing they are: their length, short pieces counting little, and more the darker they are.
    fn writing(&self, cleaned: &Cleaned) -> f32 {
        if self.is_print {
            return 0.0;
        }
        // A pattern of the paper is light, and a pen dark.
        let tone = threshold::contrast(&histogram::count(&cleaned.darkness.values), cleaned.threshold) / 255.0;
        let whole = diagonal(&cleaned.area);
        let strokes = self.pieces.iter().zip(&self.is_ring).filter(|(_, ring)| !**ring).map(|(piece, _)| piece);
        let length = |piece: &Weighed| piece.ink as f32 / cleaned.stroke_width * diagonal(&piece.area) / whole;
        tone * tone * strokes.map(length).sum::<f32>()
    }
}

/// How much darker than its ground each pixel is, and from where on it is ink; grain is smoothed as far as it must be.
fn ink(mut gray: Gray, mut ground: Option<Ground>, parameters: &InkParameters, limits: &Limits) -> Result<(Plane, u8)> {
    let mut faint = None;
    for smoothings in 0..=SMOOTHINGS {
        limits.check_time()?;
        let noise = noise::deviation(&gray);
        let paper = Paper::new(&gray);
        let inverted = paper.is_inverted();
        let ground = ground.take().filter(|_| !inverted).or_else(|| Ground::new(&gray, inverted));
        let (darkness, histogram) = darkness(&gray, &paper, ground, parameters.contrast);
        let is_clear = |contrast: f32| contrast >= (noise::CLEAR * noise).min(DARK);
        if let Some(threshold) = threshold::ink(&histogram, parameters.contrast) {
            let contrast = threshold::contrast(&histogram, threshold);
            let stands_out = smoothings == 0 || contrast >= LEAST_CONTRAST;
            let is_last = smoothings == SMOOTHINGS || noise > MOST_GRAIN;
            if stands_out && (is_last || is_clear(contrast)) {
                return Ok((darkness, threshold));
            }
        } else if let Some(darkness) = (noise <= MOST_GRAIN).then(|| light::darkness(&gray, inverted)).flatten()
            && let histogram = histogram::count(&darkness.values)
            && let Some(threshold) = threshold::faint(&darkness, &histogram, parameters.contrast)
        {
            let is_clear = is_clear(threshold::contrast(&histogram, threshold));
            faint = Some((darkness, threshold));
            if is_clear {
                break;
            }
        }
        if noise == 0.0 || noise > MOST_GRAIN {
            break;
        }
        if smoothings < SMOOTHINGS {
            gray = noise::smoothed(&gray);
        }
    }
    faint.ok_or(Error::NoInk)
}

/// How much darker than its ground each pixel is, and how often each level occurs.
fn darkness(gray: &Gray, paper: &Paper, ground: Option<Ground>, contrast: f32) -> (Plane, Histogram) {
    let counted = |darkness: Plane| {
        let histogram = histogram::count(&darkness.values);
        (darkness, histogram)
    };
    let over_ground = || light::darkness(gray, paper.is_inverted()).map(counted);
    if ground.as_ref().is_some_and(Ground::is_uneven)
        && let Some(found) = over_ground()
    {
        return found;
    }
    let (darkness, histogram) = counted(paper.darkness(gray.clone()));
    // What begins at the threshold is a shade of the paper then, as of a note on a page, and no ink.
    let is_shade = |ground: Ground| {
        threshold::ink(&histogram, contrast).is_some_and(|threshold| ground.shade() >= f32::from(threshold))
    };
    if !ground.is_some_and(is_shade) {
        return (darkness, histogram);
    }
    drop(darkness);
    over_ground().unwrap_or_else(|| counted(paper.darkness(gray.clone())))
}

/// The pieces of ink that come out of the image's edge and are larger than dust.
fn pieces(darkness: &Plane, threshold: u8, stroke_width: f32, parameters: &InkParameters) -> Components {
    let mut components = components::find(darkness, threshold);
    drop_edgings(&mut components, darkness, stroke_width);
    components.drop_smaller(parameters.speck * stroke_width * stroke_width);
    components.drop_filled(FILLED_WIDTHS * stroke_width);
    components
}

fn smallest(components: &Components, stroke_width: f32, parameters: &InkParameters) -> f32 {
    (parameters.speck * stroke_width * stroke_width).max(parameters.speck_share * components.ink() as f32)
}

fn drop_edgings(components: &mut Components, darkness: &Plane, stroke_width: f32) {
    let strip = (EDGE * stroke_width) as usize;
    components.drop_edgings(darkness.width, darkness.height, strip.min(darkness.width.min(darkness.height) / 20));
}

/// What was found of print.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    /// None, or a few characters that are gone.
    NothingElse,
    /// A page of it, of which the largest writing was kept.
    Page,
    /// Print and no writing.
    PrintAlone,
}

/// Drops printed characters where there is writing besides.
fn drop_print(components: &mut Components, stroke_width: f32) -> Found {
    if components.count() > MOST_PIECES {
        return Found::NothingElse;
    }
    let pieces = components.weighed();
    let print::Print { is_print, lines, characters } = print::find(&pieces, stroke_width);
    if lines == 0 {
        return Found::NothingElse;
    }
    let of = |print: bool| pieces.iter().zip(&is_print).filter(move |(_, is)| **is == print).map(|(piece, _)| *piece);
    let mut heights: Vec<usize> = of(true).map(|piece| piece.area.height()).collect();
    heights.sort_unstable();
    let height = heights[heights.len() / 2] as f32;
    let ink = |print: bool| of(print).map(|piece| piece.ink).sum::<usize>() as f32;
    let largest = of(false).max_by(|a, b| diagonal(&a.area).total_cmp(&diagonal(&b.area)));
    let Some(largest) = largest.filter(|largest| {
        let long = diagonal(&largest.area) >= LONGER_THAN_PRINT * height;
        let high = largest.area.height() as f32 >= HIGHER_THAN_PRINT * height;
        // Letters of a hand, which are as regular as print, go on in the line of the others.
        let apart = || of(true).all(|piece| !overlap(&piece.area, &largest.area));
        long && (high || apart()) && (lines >= LINES_OF_PAGE || ink(false) >= LEAST_OF_INK * (ink(true) + ink(false)))
    }) else {
        let is_much = lines > 1 && characters >= MUCH_PRINT;
        return if is_much { Found::PrintAlone } else { Found::NothingElse };
    };
    if lines < LINES_OF_PAGE {
        components.drop_marked(&is_print);
        return Found::NothingElse;
    }
    components.drop_marked(&pieces.iter().map(|piece| !belongs(&piece.area, &largest.area)).collect::<Vec<_>>());
    Found::Page
}

/// Whether two pieces are beside each other, seen along the lines.
fn overlap(one: &Area, other: &Area) -> bool {
    one.top < other.bottom && other.top < one.bottom
}

/// Whether a piece is near enough to the largest one.
fn belongs(piece: &Area, largest: &Area) -> bool {
    let reach = (BELONGS * largest.height() as f32) as u16;
    piece.is_near(largest, reach, reach)
}

fn diagonal(area: &Area) -> f32 {
    (area.width() as f32).hypot(area.height() as f32)
}

fn is_ring(roundness: f32, area: &Area, all: &Area) -> bool {
    let (width, height) = (area.width() as f32, area.height() as f32);
    roundness >= ROUND && width.max(height) <= NARROW * width.min(height) && 2.0 * diagonal(area) >= diagonal(all)
}

//! A signature that was scanned or written askew, sideways or upside down: found by its likeness to the references.
//!
//! Nothing but the references says which way up a signature is, and slant and a rising line are the writer's own. So a
//! questioned signature that is not accepted as it lies is turned, and counts as turned only where that makes it much more
//! similar. On 350 genuine pairs, 296 skilled and 350 random forgeries of dutch, cedar, bhsig-hindi, chisig and
//! susig-visual with one reference each, by the score alone: of genuine signatures turned by 5 to 14 degrees the rule accepts
//! 73 %, where 43 % are accepted as they lie and 76 % upright. Upright skilled forgeries it accepts 18 % of, where 15 % are
//! accepted without it, which is its price; of random ones 2 of 350, where it is 1.

use std::ops::Range;

use crate::inknet::{Inknet, LocalFeatures, ScoreParts};
use crate::preprocess::{Frame, Preprocess, SIDE, floor};
use crate::quality::Turn;
use crate::{Decision, Embedding, Error, Ink, Model, Result, Score, Threshold, Widths};

/// Quarters, and what a hand or a scanner is askew, in degrees.
const ANGLES: [i16; 13] = [-15, -12, -9, -6, -3, 3, 6, 9, 12, 15, 90, 180, 270];
/// How much higher than as it lies the score of a turned signature is where it counts as turned.
const GAIN: f64 = 0.09;
/// And how far above the threshold: after a quarter or two less, since what agrees then hardly does by chance.
const MARGIN: f64 = 0.04;
const QUARTER_MARGIN: f64 = 0.03;
/// The gain of one that is turned by quarters and not accepted then: what is sideways gains much more than any other.
const QUARTER_GAIN: f64 = 0.15;
/// From this gain on a turned signature that reaches the threshold is worth saying so.
const WORTH_SAYING: f64 = 0.06;

/// A questioned signature, turned to where it is most similar to the references.
#[derive(Debug, Clone)]
pub struct Turned {
    /// How far, clockwise, in degrees.
    pub degrees: i16,
    /// The ink then.
    pub ink: Ink,
    /// What the model keeps of it.
    pub embedding: Embedding,
    /// What its score is made of then.
    pub parts: ScoreParts,
}

impl Turned {
    /// How far it was turned, in words: `12 degrees clockwise`.
    pub fn by(&self) -> String {
        Turn(self.degrees).to_string()
    }
}

/// What turning a signature shows.
pub(crate) enum Found {
    /// It was askew for certain: it counts as turned.
    Askew(Box<Turned>),
    /// It would be accepted, but is not so much more similar that it was askew for certain.
    Perhaps {
        /// How far it has to be turned, clockwise.
        degrees: i16,
    },
    /// Turning does not help.
    Upright,
}

/// Turns a questioned signature whose score is below the threshold; `decide` is what a score would lead to.
///
/// # Errors
/// [`Error::OtherEmbedding`].
pub(crate) fn look(
    model: &Model,
    references: &[&Embedding],
    questioned: &Ink,
    score: Score,
    threshold: Threshold,
    decide: impl Fn(Score) -> Decision,
) -> Result<Found> {
    let (Some(inknet), Preprocess::Ink(parameters)) = (model.inknet(), model.preprocess()) else {
        return Ok(Found::Upright);
    };
    // In another frame a turned ink has another size.
    if parameters.frame != Frame::Mass {
        return Ok(Found::Upright);
    }
    let places: Option<Vec<&LocalFeatures>> = references.iter().map(|reference| reference.local_features()).collect();
    let Some((degrees, ink)) = most_similar(inknet, &places.ok_or(Error::OtherEmbedding)?, questioned) else {
        return Ok(Found::Upright);
    };
    let ink = ink.with_widths(questioned.widths().and_then(|widths| turn_widths(widths, degrees)));
    let embedding = model.embed(&ink)?;
    let parts = model.score_parts(references, &embedding)?;
    let (gain, above) = (parts.sum() - score.get(), parts.sum() - threshold.get());
    let margin = if degrees % 90 == 0 { QUARTER_MARGIN } else { MARGIN };
    // What is rejected as it lies, and turned would be left to a person, is left to a person.
    let is_doubtful = decide(score) == Decision::Rejected && decide(Score::new(parts.sum())) == Decision::Undecided;
    let enough = if degrees % 90 == 0 { QUARTER_GAIN } else { GAIN };
    Ok(if gain >= GAIN && above >= margin || above < 0.0 && is_doubtful && gain >= enough {
        Found::Askew(Box::new(Turned { degrees, ink, embedding, parts }))
    } else if gain >= WORTH_SAYING && above >= 0.0 {
        Found::Perhaps { degrees }
    } else {
        Found::Upright
    })
}

/// The angle at which an ink is most similar to the references, if it is not the one at which it lies.
fn most_similar(inknet: &Inknet, references: &[&LocalFeatures], ink: &Ink) -> Option<(i16, Ink)> {
    let similarity = |ink: &Ink| {
        let places = inknet.places(ink).descriptors();
        references.iter().map(|reference| reference.similarity_to(&places)).sum::<f32>()
    };
    let as_it_lies = similarity(ink);
    let turned = ANGLES.iter().filter_map(|&degrees| Some((degrees, turn(ink, degrees)?)));
    let scored = turned.map(|(degrees, ink)| (similarity(&ink), degrees, ink));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|best| best.0 > as_it_lies);
    best.map(|(_, degrees, ink)| (degrees, ink))
}

/// The strokes of an ink turned clockwise around the middle, where the centre of its mass is; quarters to the last bit. None
/// where nothing is left in the square.
fn turn(ink: &Ink, degrees: i16) -> Option<Ink> {
    let pixels = ink.pixels();
    let at = |x: i32, y: i32| {
        let inside = (0..SIDE as i32).contains(&x) && (0..SIDE as i32).contains(&y);
        if inside { f32::from(pixels[y as usize * SIDE + x as usize]) } else { 0.0 }
    };
    let rotation = Rotation::new(degrees);
    let value = |column: usize, row: usize| {
        let [x, y] = rotation.before(column, row);
        let (left, top) = (floor(x), floor(y));
        let (right, below) = (x - left as f32, y - top as f32);
        let above = (1.0 - right) * at(left, top) + right * at(left + 1, top);
        let under = (1.0 - right) * at(left, top + 1) + right * at(left + 1, top + 1);
        ((1.0 - below) * above + below * under + 0.5) as u8
    };
    let [rows, columns] = ink.inked();
    let mut turned = vec![0; SIDE * SIDE];
    for (row, turned) in turned.chunks_exact_mut(SIDE).enumerate() {
        for column in rotation.columns(row, rows, columns) {
            turned[column] = value(column, row);
        }
    }
    Ink::new(turned).ok()
}

/// The widths of strokes that are turned likewise: each where the nearest pixel was.
fn turn_widths(widths: &Widths, degrees: i16) -> Option<Widths> {
    let rotation = Rotation::new(degrees);
    let nearest = |place: usize| {
        let [column, row] = rotation.before(place % SIDE, place / SIDE).map(|side| libm::roundf(side) as i32);
        let inside = (0..SIDE as i32).contains(&column) && (0..SIDE as i32).contains(&row);
        if inside { widths.of_pixels()[row as usize * SIDE + column as usize] } else { 0 }
    };
    Widths::new((0..SIDE * SIDE).map(nearest).collect(), widths.clarity())
}

/// Where the pixels of a turned ink were before.
struct Rotation {
    sin: f32,
    cos: f32,
}

impl Rotation {
    const MIDDLE: f32 = (SIDE - 1) as f32 / 2.0;

    fn new(degrees: i16) -> Self {
        let (sin, cos) = match degrees {
            90 => (1.0, 0.0),
            180 => (0.0, -1.0),
            270 => (-1.0, 0.0),
            _ => libm::sincosf(f32::from(degrees).to_radians()),
        };
        Self { sin, cos }
    }

    /// As column and row.
    fn before(&self, column: usize, row: usize) -> [f32; 2] {
        let (x, y) = (column as f32 - Self::MIDDLE, row as f32 - Self::MIDDLE);
        [self.cos * x + self.sin * y + Self::MIDDLE, self.cos * y - self.sin * x + Self::MIDDLE]
    }

    /// The columns of a row that were between these rows and columns before, and a few more.
    fn columns(&self, row: usize, rows: &Range<usize>, columns: &Range<usize>) -> Range<usize> {
        let [x, y] = self.before(0, row);
        let (first, last) = [(self.cos, x, columns), (-self.sin, y, rows)]
            .map(|(slope, start, wanted)| crossing(slope, start, wanted))
            .into_iter()
            .fold((0.0_f32, SIDE as f32), |so_far, [from, to]| (so_far.0.max(from), so_far.1.min(to)));
        // Numbers that are no column become the nearest one.
        first as usize..(last as usize).min(SIDE)
    }
}

/// From where to where a coordinate, which begins with `start` and grows by `slope`, is in a range or at most two pixels
/// beside it.
fn crossing(slope: f32, start: f32, wanted: &Range<usize>) -> [f32; 2] {
    let wanted = [wanted.start as f32 - 2.0, wanted.end as f32 + 2.0];
    if slope == 0.0 {
        let inside = wanted[0] <= start && start <= wanted[1];
        return if inside { [f32::NEG_INFINITY, f32::INFINITY] } else { [0.0; 2] };
    }
    let mut crossed = wanted.map(|edge| (edge - start) / slope);
    crossed.sort_by(f32::total_cmp);
    [crossed[0], crossed[1] + 1.0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corner() -> Ink {
        let inked = |place: usize| (60..90).contains(&(place % SIDE)) && (20..30).contains(&(place / SIDE));
        Ink::new((0..SIDE * SIDE).map(|place| if inked(place) { 255 } else { 0 }).collect()).unwrap()
    }

    #[test]
    fn quarters_are_exact() {
        let ink = corner();
        let quarter = turn(&ink, 90).unwrap();
        assert_eq!(quarter.pixels()[75 * SIDE + SIDE - 1 - 25], 255, "what was above is to the right");
        assert_eq!(turn(&turn(&quarter, 90).unwrap(), 180).unwrap(), ink);
        assert_eq!(turn(&quarter, 270).unwrap(), ink);
    }

    #[test]
    fn no_pixel_is_passed_over() {
        no_pixel_of(&corner());
        let one = |at: usize| Ink::new((0..SIDE * SIDE).map(|place| if place == at { 255 } else { 0 }).collect());
        for at in [0, SIDE - 1, SIDE * SIDE - 1, SIDE * (SIDE - 1), SIDE / 2, SIDE * (SIDE / 2)] {
            no_pixel_of(&one(at).unwrap());
        }
    }

    fn no_pixel_of(ink: &Ink) {
        let [rows, columns] = ink.inked();
        for degrees in ANGLES {
            let rotation = Rotation::new(degrees);
            let looked_at: Vec<Range<usize>> = (0..SIDE).map(|row| rotation.columns(row, rows, columns)).collect();
            assert!(looked_at.iter().map(ExactSizeIterator::len).sum::<usize>() < SIDE * SIDE / 10);
            for place in 0..SIDE * SIDE {
                let [x, y] = rotation.before(place % SIDE, place / SIDE);
                let is_near = |at: f32, inked: &Range<usize>| at > inked.start as f32 - 1.0 && at < inked.end as f32;
                if is_near(x, columns) && is_near(y, rows) {
                    assert!(looked_at[place / SIDE].contains(&(place % SIDE)), "{degrees} degrees, place {place}");
                }
            }
        }
    }

    #[test]
    fn there_and_back_is_nearly_the_same() {
        let ink = corner();
        let back = turn(&turn(&ink, 12).unwrap(), -12).unwrap();
        let differ = ink.pixels().iter().zip(back.pixels()).filter(|(a, b)| a.abs_diff(**b) > 128).count();
        assert!(differ < 10, "{differ}");
    }
}

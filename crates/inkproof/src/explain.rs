//! Where a questioned signature agrees with references, where it does not, and where each was pressed, as a picture.
//!
//! Every place of the questioned ink is as good as the most similar place that any reference has nearby; a single odd place
//! says little, so each takes the mean of those around it. The references are shown the other way round, by what the
//! questioned ink has of theirs: a stroke that is missing can only be seen there. All are in the same frame, so the same
//! part lies at the same spot in each. Where the scans show pressure, a second row shows it: which strokes of a signature
//! were pressed more than its others of their direction.

use std::borrow::Borrow;
use std::ops::Range;

use crate::inknet::LocalFeatures;
use crate::preprocess::SIDE;
use crate::{Embedding, Error, Ink, Preprocess, Result};

/// How far around a place its neighbours count, in pixels of the ink.
const AROUND: f32 = 10.0;
/// At this likeness and below a place is shown as different, at the other and above as similar; chosen by eye on synthetic
/// signatures.
const DIFFERENT: f32 = 0.3;
const ALIKE: f32 = 0.8;

/// How many references a picture shows at most.
const SHOWN: usize = 3;
/// Pixels of the picture for a pixel of an ink.
const SCALE: usize = 3;
/// Paper around the ink, in pixels of the ink.
const MARGIN: usize = 6;

/// Where a signature agrees: its places, how similar each is, and how much it was pressed.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// In pixels of the ink.
    pub at: Vec<[f32; 2]>,
    /// How similar each place is, 0..1, in the order of `at`.
    pub similarity: Vec<f32>,
    /// How much each place was pressed, from 0, the least of this signature, to 1, the most, in the order of `at`; None where
    /// the scan says nothing of it.
    pub pressure: Option<Vec<f32>>,
}

/// Agreements of a questioned signature and of its references.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Of the questioned signature: each place with the reference that is most similar there.
    pub questioned: Agreement,
    /// One for each reference, in their order.
    pub references: Vec<Agreement>,
    /// The references by how similar they are, the most similar first.
    pub order: Vec<usize>,
}

/// A picture of 8-bit red, green and blue, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green and blue of each pixel, 0..=255; there are `width * height` of them.
    pub pixels: Vec<[u8; 3]>,
}

impl Explanation {
    /// Of embeddings by one model.
    ///
    /// # Errors
    /// [`Error::NoReference`] where there is none, [`Error::NoLocalFeatures`] for a model whose embeddings have no places.
    pub fn new<R: Borrow<Embedding>>(references: &[R], questioned: &Embedding) -> Result<Self> {
        let places = |embedding| Embedding::local_features(embedding).ok_or(Error::NoLocalFeatures);
        let questioned = places(questioned)?;
        let references = references.iter().map(|reference| places(reference.borrow())).collect::<Result<Vec<_>>>()?;
        if references.is_empty() {
            return Err(Error::NoReference);
        }
        let matched: Vec<(Vec<f32>, Vec<f32>)> =
            references.iter().map(|reference| questioned.matched(reference)).collect();
        let best = |place: usize| matched.iter().map(|(here, _)| here[place]).fold(0.0, f32::max);
        let of_questioned = (0..questioned.len()).map(best).collect();
        let mut order: Vec<usize> = (0..references.len()).collect();
        let similarity: Vec<f32> = references.iter().map(|reference| questioned.similarity(reference)).collect();
        order.sort_by(|&a, &b| similarity[b].total_cmp(&similarity[a]));
        let of_reference = |(reference, (_, there)): (&&LocalFeatures, &(Vec<f32>, Vec<f32>))| {
            Agreement::new(reference, there.clone())
        };
        Ok(Self {
            questioned: Agreement::new(questioned, of_questioned),
            references: references.iter().zip(&matched).map(of_reference).collect(),
            order,
        })
    }

    /// The questioned ink and, right of it, the most similar references: blue where they agree, orange where they do not.
    /// Below them, where the scans show it, the same inks by their pressure: pale where they were pressed least, black where
    /// most, and gray all over where a scan says nothing.
    pub fn picture<I: Borrow<Ink>>(&self, references: &[I], questioned: &Ink) -> Picture {
        let shown = self.shown().map(|number| (references[number].borrow(), &self.references[number]));
        let panels: Vec<(&Ink, &Agreement)> = [(questioned, &self.questioned)].into_iter().chain(shown).collect();
        let (columns, rows) = crop(&panels);
        let agreeing = panels.iter().map(|(ink, agreement)| agreement.colors(ink)).collect();
        let mut lines = vec![agreeing];
        if self.shows_pressure() {
            lines.push(panels.iter().map(|(ink, agreement)| agreement.pressed_colors(ink)).collect());
        }
        Picture::of_panels(&lines, &columns, &rows)
    }

    /// Whether the picture has a second row, of pressure: where the questioned signature's scan and that of a reference that
    /// is shown say something of it.
    pub fn shows_pressure(&self) -> bool {
        self.questioned.pressure.is_some() && self.shown().any(|number| self.references[number].pressure.is_some())
    }

    /// The references that a picture shows.
    fn shown(&self) -> impl Iterator<Item = usize> {
        self.order.iter().copied().take(SHOWN)
    }
}

/// The columns and rows that hold the ink of all panels, with a margin: the same for all, since they share a frame.
fn crop(panels: &[(&Ink, &Agreement)]) -> (Range<usize>, Range<usize>) {
    let inked = |at: usize| panels.iter().any(|(ink, _)| ink.pixels()[at] > 0);
    let holds = |along: &dyn Fn(usize, usize) -> usize| {
        let has_ink = |line: &usize| (0..SIDE).any(|at| inked(along(*line, at)));
        let first = (0..SIDE).find(has_ink).unwrap_or(0);
        let last = (0..SIDE).rev().find(has_ink).unwrap_or(SIDE - 1);
        first.saturating_sub(MARGIN)..(last + 1 + MARGIN).min(SIDE)
    };
    (holds(&|x, y| y * SIDE + x), holds(&|y, x| y * SIDE + x))
}

impl Agreement {
    fn new(places: &LocalFeatures, similarity: Vec<f32>) -> Self {
        let at = places.at().to_vec();
        let known: Vec<Option<f32>> = similarity.into_iter().map(Some).collect();
        let similarity = around(&at, &known);
        let pressure = places.pressure().map(|pressure| around(&at, &pressure.shares().collect::<Vec<_>>()));
        Self { at, similarity, pressure }
    }

    /// How similar the ink is at a point: of the nearest place; None where there are no places.
    pub fn at(&self, x: f32, y: f32) -> Option<f32> {
        Blocks::new(&self.at).nearest([x, y]).map(|place| self.similarity[place])
    }

    /// A colour for each pixel of the ink, by how similar it is.
    fn colors(&self, ink: &Ink) -> Vec<[u8; 3]> {
        self.colored(ink, |place| scale(self.similarity[place]))
    }

    /// A colour for each pixel of the ink, by how much it was pressed.
    fn pressed_colors(&self, ink: &Ink) -> Vec<[u8; 3]> {
        self.colored(ink, |place| self.pressure.as_ref().map_or(GRAY, |pressure| blend(PALE, BLACK, pressure[place])))
    }

    /// A colour for each pixel of the ink: that of the place that is nearest.
    fn colored(&self, ink: &Ink, color: impl Fn(usize) -> [u8; 3]) -> Vec<[u8; 3]> {
        let blocks = Blocks::new(&self.at);
        let of_pixel = |(at, &coverage): (usize, &u8)| {
            let point = [(at % SIDE) as f32 + 0.5, (at / SIDE) as f32 + 0.5];
            let nearest = if coverage == 0 { None } else { blocks.nearest(point) };
            blend(PAPER, nearest.map_or(PAPER, &color), f32::from(coverage) / 255.0)
        };
        ink.pixels().iter().enumerate().map(of_pixel).collect()
    }
}

/// For each point the mean of the known values around it: a single odd place says little. The middle where none is known.
fn around(at: &[[f32; 2]], values: &[Option<f32>]) -> Vec<f32> {
    let known: Vec<(&[f32; 2], f32)> =
        at.iter().zip(values).filter_map(|(point, value)| Some((point, (*value)?))).collect();
    let mean = |&[x, y]: &[f32; 2]| {
        let near = known.iter().filter(|([u, v], _)| (u - x).powi(2) + (v - y).powi(2) <= AROUND * AROUND);
        let (count, sum) = near.fold((0.0, 0.0), |(count, sum), (_, value)| (count + 1.0, sum + value));
        if count > 0.0 { sum / count } else { 0.5 }
    };
    at.iter().map(mean).collect()
}

/// Points by the square block of the ink that they lie in, so that the nearest one is found without looking at all.
struct Blocks<'a> {
    points: &'a [[f32; 2]],
    /// The numbers of the points in each block, row by row.
    inside: Vec<Vec<usize>>,
}

/// Pixels along a block's sides, and blocks along an ink's.
const BLOCK: usize = 8;
const BLOCKS: usize = SIDE.div_ceil(BLOCK);

impl<'a> Blocks<'a> {
    fn new(points: &'a [[f32; 2]]) -> Self {
        let mut inside = vec![Vec::new(); BLOCKS * BLOCKS];
        for (number, point) in points.iter().enumerate() {
            let [column, row] = Self::holding(point);
            inside[row * BLOCKS + column].push(number);
        }
        Self { points, inside }
    }

    /// The column and the row of the block that holds a point.
    fn holding(point: &[f32; 2]) -> [usize; 2] {
        point.map(|along| (along.max(0.0) as usize / BLOCK).min(BLOCKS - 1))
    }

    /// The nearest point, the first of equals; None where there are no points.
    fn nearest(&self, [x, y]: [f32; 2]) -> Option<usize> {
        let [column, row] = Self::holding(&[x, y]);
        let away = |number: usize| (self.points[number][0] - x).powi(2) + (self.points[number][1] - y).powi(2);
        let mut best: Option<(f32, usize)> = None;
        for ring in 0..BLOCKS {
            // Blocks beyond this ring are at least so far away as all rings within it are wide.
            let reached = ((ring.saturating_sub(1) * BLOCK) as f32).powi(2);
            if best.is_some_and(|(nearest, _)| nearest < reached) {
                break;
            }
            let span = |middle: usize| middle.saturating_sub(ring)..=(middle + ring).min(BLOCKS - 1);
            for here in span(row) {
                let whole = here.abs_diff(row) == ring;
                for there in span(column).filter(|there| whole || there.abs_diff(column) == ring) {
                    for &number in &self.inside[here * BLOCKS + there] {
                        let found = (away(number), number);
                        if best.is_none_or(|best| found < best) {
                            best = Some(found);
                        }
                    }
                }
            }
        }
        best.map(|(_, number)| number)
    }
}

const PAPER: [u8; 3] = [255; 3];
const SEPARATOR: [u8; 3] = [200; 3];
/// Told apart by the colour-blind too (M. Okabe and K. Ito, Color universal design).
const BLUE: [u8; 3] = [0, 114, 178];
const GRAY: [u8; 3] = [150; 3];
const ORANGE: [u8; 3] = [213, 94, 0];
const PALE: [u8; 3] = [215; 3];
const BLACK: [u8; 3] = [0; 3];

/// The colour of a likeness: orange, gray, blue.
fn scale(similarity: f32) -> [u8; 3] {
    let share = ((similarity - DIFFERENT) / (ALIKE - DIFFERENT)).clamp(0.0, 1.0);
    let (from, to, part) = if share < 0.5 { (ORANGE, GRAY, 2.0 * share) } else { (GRAY, BLUE, 2.0 * share - 1.0) };
    blend(from, to, part)
}

fn blend(from: [u8; 3], to: [u8; 3], share: f32) -> [u8; 3] {
    std::array::from_fn(|i| (f32::from(from[i]) + share * (f32::from(to[i]) - f32::from(from[i]))) as u8)
}

impl Picture {
    /// These columns and rows of inks of [`SIDE`] by [`SIDE`] colours, line below line.
    fn of_panels(lines: &[Vec<Vec<[u8; 3]>>], columns: &Range<usize>, rows: &Range<usize>) -> Self {
        let (panel, line_height) = (SCALE * columns.len(), SCALE * rows.len());
        let (width, height) = (lines[0].len() * panel, lines.len() * line_height);
        let mut pixels = vec![PAPER; width * height];
        for (row, to) in pixels.chunks_mut(width).enumerate() {
            let (line, y) = (&lines[row / line_height], rows.start + row % line_height / SCALE);
            for (number, (colors, to)) in line.iter().zip(to.chunks_mut(panel)).enumerate() {
                let from = &colors[y * SIDE..][columns.clone()];
                to.iter_mut().enumerate().for_each(|(x, pixel)| *pixel = from[x / SCALE]);
                if number > 0 {
                    to[0] = SEPARATOR;
                }
            }
        }
        Self { width, height, pixels }
    }

    /// The questioned ink and, right of it, the first references, all black on white: for models that cannot say where they
    /// agree. The inks are by this preprocessing.
    pub fn side_by_side<I: Borrow<Ink>>(references: &[I], questioned: &Ink, preprocess: &Preprocess) -> Self {
        let shown = references.iter().take(SHOWN).map(Borrow::borrow);
        let panels: Vec<&Ink> = [questioned].into_iter().chain(shown).collect();
        let level = |pixel: u8| match preprocess {
            Preprocess::Raw => pixel,
            Preprocess::Ink(_) => 255 - pixel,
        };
        let row = |y: usize| panels.iter().flat_map(move |ink| &ink.pixels()[y * SIDE..][..SIDE]);
        let pixels = (0..SIDE).flat_map(row).map(|&pixel| [level(pixel); 3]).collect();
        Self { width: panels.len() * SIDE, height: SIDE, pixels }
    }

    /// As a PNG file.
    pub fn to_png(&self) -> Vec<u8> {
        let (width, height) = (self.width as u32, self.height as u32);
        let bytes = self.pixels.as_flattened().to_vec();
        let image = image::RgbImage::from_raw(width, height, bytes).expect("three bytes for each pixel");
        let mut png = std::io::Cursor::new(Vec::new());
        image.write_to(&mut png, image::ImageFormat::Png).expect("nothing can fail in memory");
        png.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn inks_side_by_side_are_black_on_white_in_either_preprocessing() {
        let dark_corner: Vec<u8> = (0..SIDE * SIDE).map(|at| if at == 0 { 0 } else { 255 }).collect();
        let bright_corner = dark_corner.iter().map(|pixel| 255 - pixel).collect();
        for (pixels, preprocess) in [(dark_corner, Preprocess::Raw), (bright_corner, Preprocess::ink())] {
            let ink = Ink::new(pixels).unwrap();
            let picture = Picture::side_by_side(&[&ink, &ink], &ink, &preprocess);
            assert_eq!((picture.width, picture.height, picture.pixels.len()), (3 * SIDE, SIDE, 3 * SIDE * SIDE));
            let black: Vec<usize> = (0..picture.pixels.len()).filter(|&at| picture.pixels[at] == [0; 3]).collect();
            assert_eq!(black, [0, SIDE, 2 * SIDE]);
        }
    }

    #[test]
    fn places_take_the_mean_of_what_is_known_around_them() {
        let at = [[50.0, 50.0], [55.0, 50.0], [50.0, 59.0], [150.0, 50.0]];
        assert_eq!(around(&at, &[Some(0.25), Some(1.0), None, None]), [0.625, 0.625, 0.25, 0.5]);
    }

    #[test]
    fn pressed_strokes_are_dark_in_a_second_row() {
        let ink = Ink::new((0..SIDE * SIDE).map(|at| if at / SIDE == 100 { 255 } else { 0 }).collect()).unwrap();
        let at = vec![[20.0, 100.0], [200.0, 100.0]];
        let agreement = |pressure| Agreement { at: at.clone(), similarity: vec![1.0, 1.0], pressure };
        let pressed = agreement(Some(vec![0.0, 1.0]));
        let explanation = |reference: &Agreement| Explanation {
            questioned: pressed.clone(),
            references: vec![reference.clone()],
            order: vec![0],
        };
        let both = explanation(&pressed).picture(&[&ink], &ink);
        let silent = explanation(&agreement(None));
        assert!(explanation(&pressed).shows_pressure() && !silent.shows_pressure());
        let one = silent.picture(&[&ink], &ink);
        assert_eq!((both.width, both.height), (one.width, 2 * one.height));
        assert_eq!(both.pixels[..one.pixels.len()], one.pixels);
        let row = &both.pixels[both.width * (one.height + one.height / 2)..][..both.width / 2];
        assert_eq!((row[0], row[row.len() - 1]), (PALE, BLACK));
    }

    proptest! {
        #[test]
        fn the_nearest_point_is_found_without_looking_at_all(
            points in prop::collection::vec([0.0..SIDE as f32, 0.0..SIDE as f32], 0..40),
            at in [0.0..SIDE as f32, 0.0..SIDE as f32],
        ) {
            let away = |[x, y]: &[f32; 2]| (x - at[0]).powi(2) + (y - at[1]).powi(2);
            let least = points.iter().map(away).min_by(f32::total_cmp);
            let found = Blocks::new(&points).nearest(at).map(|number| away(&points[number]));
            prop_assert_eq!(found, least);
        }
    }
}

//! Which comparisons a report shows: the first of each class for the first writers, chosen without a look at the scores.

use std::path::Path;

use inkproof::{Gray, GrayRule, Limits, decode, read_image_file};

use super::{Decision, Example};
use crate::dataset::DataSet;
use crate::error::{Error, Result};
use crate::evaluate::{Class, Comparison, VerificationResult};

/// How many writers are shown, each with one comparison of every class.
const WRITERS: usize = 3;

/// Widest picture that goes into a page, in pixels.
const WIDEST: usize = 640;

/// Examples of a run over `set`, with their pictures; none where the run has no threshold.
///
/// # Errors
/// Where an image can no longer be read.
pub fn examples(set: &DataSet, run: &VerificationResult) -> Result<Vec<Example>> {
    let Some(threshold) = run.threshold else { return Ok(Vec::new()) };
    let writers = set.writers().into_iter().filter(|&writer| run.comparisons.iter().any(|c| c.writer == *writer));
    let mut examples = Vec::new();
    for writer in writers.take(WRITERS) {
        for class in [Class::Genuine, Class::Skilled, Class::Random] {
            let is_wanted = |c: &&Comparison| c.writer == *writer && c.class == class;
            if let Some(comparison) = run.comparisons.iter().find(is_wanted) {
                examples.push(example(set, comparison, threshold)?);
            }
        }
    }
    Ok(examples)
}

fn example(set: &DataSet, comparison: &Comparison, threshold: f64) -> Result<Example> {
    let picture = |&image: &usize| picture(&set.images[image].path);
    Ok(Example {
        writer: comparison.writer.to_string(),
        references: comparison.references.iter().map(picture).collect::<Result<_>>()?,
        questioned: picture(&comparison.questioned)?,
        score: comparison.score,
        threshold,
        decision: if comparison.score >= threshold { Decision::Accepted } else { Decision::Rejected },
        truth: comparison.class,
    })
}

/// An image file of any kind as a PNG of modest size.
pub(crate) fn picture(path: &Path) -> Result<Vec<u8>> {
    let limits = Limits::default();
    let bytes = read_image_file(path, &limits)?;
    let gray = decode(&bytes, GrayRule::OnWhite, &limits).map_err(|error| error.at(path))?;
    let failed = |why: png::EncodingError| Error::Chart { chart: "example", why: why.to_string() };
    crate::png_file::encode(&narrowed(&gray), png::Compression::Balanced).map_err(failed)
}

/// The picture reduced to at most [`WIDEST`] pixels, by means over whole squares.
fn narrowed(gray: &Gray) -> Gray {
    let factor = gray.width().div_ceil(WIDEST);
    let (width, height) = ((gray.width() / factor).max(1), (gray.height() / factor).max(1));
    let factor_down = factor.min(gray.height());
    let mean = |x: usize, y: usize| {
        let rows = y * factor_down..(y + 1) * factor_down;
        let sum: usize =
            rows.flat_map(|row| &gray.row(row)[x * factor..(x + 1) * factor]).map(|&p| usize::from(p)).sum();
        (sum / (factor * factor_down)) as u8
    };
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| mean(x, y)).collect();
    Gray::new(width, height, pixels).expect("as many pixels as its sides say")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_pictures_become_narrow_and_narrow_ones_stay() {
        let small = Gray::new(3, 2, vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(narrowed(&small), small);
        let wide = Gray::new(1300, 7, vec![9; 1300 * 7]).unwrap();
        let narrow = narrowed(&wide);
        assert_eq!((narrow.width(), narrow.height()), (433, 2));
        assert!(narrow.pixels().iter().all(|&p| p == 9));
        let flat = Gray::new(2000, 1, vec![7; 2000]).unwrap();
        assert_eq!(narrowed(&flat).height(), 1);
    }
}

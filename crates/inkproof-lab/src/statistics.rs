//! How the shapes of a data set's genuine signatures compare with those of writers who do not exist: whether what is learned
//! from the latter has seen anything like the former.
//!
//! Shapes are measured on the ink framed by mass, of which neither pen nor scan is left ([`shape`]). Of each
//! [measure](shape::MEASURES) the page shows two histograms and how much of them overlaps ([`page`]).

pub mod page;
pub mod shape;

use inkproof::{InkParameters, Preprocess};
use rayon::prelude::*;
use serde::Serialize;

use crate::dataset::{DataSet, Kind};
use crate::error::Result;
use crate::loader::{LoadedImages, Reading};
use crate::progress::{Event, Progress};
use crate::synth::SynthOptions;
use shape::MEASURES;

/// Bins of a histogram: few enough that some hundred signatures fill them.
pub const BINS: usize = 20;

/// The share of the values that lies outside a histogram's axis on each side; they count in its outermost bins.
const OUTSIDE: f64 = 0.01;

/// One measure of both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// Its key; never changes.
    pub id: &'static str,
    /// As the reader sees it.
    pub name: &'static str,
    /// Of the data set.
    pub real: Spread,
    /// Of writers who do not exist.
    pub synthetic: Spread,
    /// The area that both histograms have in common, 0..1.
    pub overlap: f64,
    /// The histograms' axis.
    pub axis: [f64; 2],
}

/// The values of one measure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// How many signatures had it: a curvature needs strokes of some length.
    pub signatures: usize,
    /// Of the values, in the unit of the measure.
    pub quartiles: [f64; 3],
    /// Shares of the signatures in each bin.
    pub histogram: [f64; BINS],
}

/// Reads the genuine signatures of `set`, makes those of `synthetic`, and compares them.
///
/// # Errors
/// Where an image cannot be read.
pub fn compare(
    mut set: DataSet,
    reading: Reading,
    synthetic: &SynthOptions,
    progress: &mut dyn Progress,
) -> Result<Vec<Compared>> {
    set.images.retain(|image| image.kind == Kind::Genuine);
    let loaded = LoadedImages::read(&mut set, &reading.with(preprocess()), progress)?;
    let indices: Vec<usize> = (0..set.images.len()).collect();
    let real = indices.par_iter().map(|&index| Ok(shape::measure(&*loaded.ink(index)?))).collect::<Result<Vec<_>>>()?;
    progress.report(Event::Stage { name: "writing signatures", total: synthetic.writers });
    let signatures = (0..synthetic.writers as u64).into_par_iter().flat_map_iter(|index| {
        let writer = synthetic.writer(index);
        (0..synthetic.genuine as u64).map(move |repeat| writer.genuine(repeat))
    });
    let preprocess = preprocess();
    let of = |gray| shape::measure(&preprocess.apply_gray(&gray).expect("the synthesiser's pictures have ink"));
    let synthetic: Vec<_> = signatures.map(of).collect();
    Ok(MEASURES.iter().enumerate().map(|(at, measure)| Compared::new(measure, at, &real, &synthetic)).collect())
}

/// As the bundled model sees signatures.
fn preprocess() -> Preprocess {
    Preprocess::Ink(InkParameters::by_mass())
}

impl Compared {
    fn new(measure: &shape::Measure, at: usize, real: &[shape::Shape], synthetic: &[shape::Shape]) -> Self {
        let of = |shapes: &[shape::Shape]| {
            let mut values: Vec<f64> = shapes.iter().filter_map(|shape| shape[at]).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let (real, synthetic) = (of(real), of(synthetic));
        let end = |share: f64| [&real, &synthetic].map(|values| quantile(values, share));
        let ([a, b], [c, d]) = (end(OUTSIDE), end(1.0 - OUTSIDE));
        let axis = [a.min(b), c.max(d).max(a.min(b) + 1e-9)];
        let (real, synthetic) = (Spread::new(&real, axis), Spread::new(&synthetic, axis));
        let both = real.histogram.iter().zip(&synthetic.histogram);
        let overlap = both.map(|(a, b)| f64::min(*a, *b)).sum();
        Self { id: measure.id, name: measure.name, real, synthetic, overlap, axis }
    }
}

impl Spread {
    /// Of values in ascending order.
    fn new(ascending: &[f64], axis: [f64; 2]) -> Self {
        let mut histogram = [0.0; BINS];
        for value in ascending {
            let place = (value - axis[0]) / (axis[1] - axis[0]) * BINS as f64;
            histogram[(place.max(0.0) as usize).min(BINS - 1)] += 1.0 / ascending.len() as f64;
        }
        let quartiles = [0.25, 0.5, 0.75].map(|share| quantile(ascending, share));
        Self { signatures: ascending.len(), quartiles, histogram }
    }
}

/// The value below which this share of them lies; 0 of none.
fn quantile(ascending: &[f64], share: f64) -> f64 {
    let last = ascending.len().saturating_sub(1);
    ascending.get((share * last as f64).round() as usize).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests;

//! Training of `inknet`: which differences between places tell writers apart, and which are one writer's own.
//!
//! Local features of two signings that are each other's most similar differ by what varies within a writer; all places differ by
//! what varies in general. The projection keeps the directions in which the second is largest against the first: the
//! common eigenvectors of both covariances (linear discriminant analysis, R. A. Fisher 1936), each divided by its ratio,
//! so that no direction counts for much more than another. No forgery is needed; where there are skilled ones, a
//! [`refinement`] learns from them what forgers get wrong.

mod expected;
mod refinement;

use inkproof::Model;
use inkproof::inknet::{Expected, Inknet, InknetWeights, LocalFeatures, RAW, RawFeature, WIDTH, mutual, raw_features};
use nalgebra::{DMatrix, DVector, SymmetricEigen};
use rayon::prelude::*;

use super::{Negatives, TrainOptions, Trained, calibrate, model_info};
use crate::dataset::DataSet;
use crate::error::{Error, Result};
use crate::loader::LoadedImages;
use crate::progress::{Event, Progress};
use crate::synth;

/// How much of the mean variation within writers is added in every direction, so that one in which the training
/// signatures hardly vary is not trusted without limit.
const REGULARIZATION: f64 = 0.1;

/// So many writers of one's own weigh as much as all that a model has learned before.
const WRITERS_LEARNT_BEFORE: f64 = 100.0;

/// Fits the map on all writers of `set` but those held out, who fix threshold and calibration.
///
/// # Errors
/// As [`super::train`]; [`Error::NoPairs`] where no writer has two genuine signatures.
pub(super) fn fit(set: DataSet, name: &str, options: &TrainOptions, progress: &mut dyn Progress) -> Result<Trained> {
    let (mut set, held_out) = calibrate::hold_out(set, options)?;
    let loaded = LoadedImages::read(&mut set, &options.read, progress)?;
    let held_out = match held_out {
        Some(held_out) => Some(calibrate::Calibration::read(held_out, &loaded, options, progress)?),
        None => None,
    };
    let (seen, pairs) = Statistics::measure(&set, &loaded, progress)?;
    let statistics = match &options.init {
        Some(before) => Statistics::from(before).with(&seen, set.writers().len()),
        None => seen,
    };
    let inknet = completed(statistics.learned(), &set, &loaded, options, progress)?;
    let mut model = Model::from_inknet(name, model_info(options, &set, &loaded), inknet);
    let mut skipped = set.skipped;
    if let Some(held_out) = held_out {
        model = held_out.calibrated(model, options, progress)?;
        skipped.extend(held_out.set.skipped);
    }
    Ok(Trained { model, pairs, last_epoch: None, skipped })
}

/// The map with what is learned upon it: from skilled forgeries, where there are any and they are wanted, and how similar two
/// signings are.
fn completed(
    learned: InknetWeights,
    set: &DataSet,
    loaded: &LoadedImages,
    options: &TrainOptions,
    progress: &mut dyn Progress,
) -> Result<Inknet> {
    let before = options.init.as_ref();
    let strangers = synth::strangers(&options.read.preprocess);
    let known = before.and_then(|before| before.refinement.clone());
    let refinement = match options.negatives {
        Negatives::Random => known,
        Negatives::Skilled | Negatives::Both => {
            let writers = Signatures::describe(&Inknet::new(learned.clone(), &strangers)?, set, loaded)?;
            refinement::fit(&writers, known, options.seed, progress)
        }
    };
    let inknet = Inknet::new(InknetWeights { refinement, ..learned }, &strangers)?;
    let expected = expected::fit(&Signatures::describe(&inknet, set, loaded)?, before.map(|before| before.expected));
    Ok(inknet.with_expected(expected))
}

/// One writer's signatures as places.
struct Signatures {
    genuine: Vec<LocalFeatures>,
    forgeries: Vec<LocalFeatures>,
}

impl Signatures {
    /// Of all writers, in order.
    fn describe(inknet: &Inknet, set: &DataSet, loaded: &LoadedImages) -> Result<Vec<Self>> {
        let places = |images: &[usize]| -> Result<Vec<LocalFeatures>> {
            Ok(loaded.inks(images)?.iter().map(|ink| inknet.places(ink)).collect())
        };
        let of_writer = |group: &crate::dataset::WriterImages<'_>| {
            Ok(Self { genuine: places(&group.genuine)?, forgeries: places(&group.forgeries)? })
        };
        set.by_writer().par_iter().map(of_writer).collect()
    }
}

/// What the projection is made from.
struct Statistics {
    mean: DVector<f64>,
    /// Mean products of the differences between matched places of one writer.
    within: DMatrix<f64>,
    /// The covariance of all places.
    total: DMatrix<f64>,
}

/// Sums over the places of one writer.
struct Sums {
    pairs: usize,
    matched: f64,
    within: DMatrix<f64>,
    places: f64,
    sum: DVector<f64>,
    products: DMatrix<f64>,
}

impl Statistics {
    /// Of the genuine signatures, and how many pairs of them there were.
    fn measure(set: &DataSet, loaded: &LoadedImages, progress: &mut dyn Progress) -> Result<(Self, usize)> {
        let writers = set.by_writer();
        progress.report(Event::Stage { name: "learning places", total: writers.len() });
        let mut all: Option<Sums> = None;
        for (done, chunk) in writers.chunks(CHUNK).enumerate() {
            let of_writer = |genuine: &Vec<usize>| -> Result<Sums> {
                let inks = loaded.inks(genuine)?;
                Ok(Sums::from_signatures(&inks.iter().map(|ink| raw_features(ink)).collect::<Vec<_>>()))
            };
            let of_chunk: Vec<Result<Sums>> = chunk.par_iter().map(|writer| of_writer(&writer.genuine)).collect();
            // In order, so that the sums do not depend on the number of threads.
            for sums in of_chunk {
                let sums = sums?;
                all = Some(match all {
                    Some(before) => before.plus(&sums),
                    None => sums,
                });
            }
            progress.report(Event::Advance { done: (done * CHUNK + chunk.len()).min(writers.len()) });
        }
        let nothing =
            || Error::NoPairs { root: set.root.clone(), what: "genuine", needs: "a writer with two signatures" };
        let sums = all.filter(|sums| sums.matched > 0.0).ok_or_else(nothing)?;
        let mean = &sums.sum / sums.places;
        let total = &sums.products / sums.places - &mean * mean.transpose();
        Ok((Self { within: sums.within / sums.matched, mean, total }, sums.pairs))
    }

    /// Both, by the number of writers.
    fn with(self, other: &Self, writers: usize) -> Self {
        let share = writers as f64 / (writers as f64 + WRITERS_LEARNT_BEFORE);
        Self {
            mean: self.mean * (1.0 - share) + &other.mean * share,
            within: self.within * (1.0 - share) + &other.within * share,
            total: self.total * (1.0 - share) + &other.total * share,
        }
    }

    fn learned(&self) -> InknetWeights {
        let numbers = |matrix: &DMatrix<f64>| matrix.transpose().iter().map(|&value| value as f32).collect();
        InknetWeights {
            mean: self.mean.iter().map(|&value| value as f32).collect(),
            projection: numbers(&self.projection()),
            within: numbers(&self.within),
            total: numbers(&self.total),
            refinement: None,
            expected: Expected::CONSTANT,
        }
    }

    /// `[RAW, WIDTH]`.
    fn projection(&self) -> DMatrix<f64> {
        let everywhere = REGULARIZATION * self.within.trace() / RAW as f64;
        let within = SymmetricEigen::new(&self.within + DMatrix::identity(RAW, RAW) * everywhere);
        let even = &within.eigenvectors * DMatrix::from_diagonal(&within.eigenvalues.map(|value| value.sqrt().recip()));
        let total = SymmetricEigen::new(even.transpose() * &self.total * &even);
        let mut order: Vec<usize> = (0..RAW).collect();
        order.sort_by(|&a, &b| total.eigenvalues[b].total_cmp(&total.eigenvalues[a]));
        let directions: Vec<_> =
            order[..WIDTH].iter().map(|&at| total.eigenvectors.column(at) / total.eigenvalues[at]).collect();
        even * DMatrix::from_columns(&directions)
    }
}

impl From<&InknetWeights> for Statistics {
    fn from(learned: &InknetWeights) -> Self {
        let matrix =
            |values: &[f32]| DMatrix::from_row_iterator(RAW, RAW, values.iter().map(|&value| f64::from(value)));
        Self {
            mean: DVector::from_iterator(RAW, learned.mean.iter().map(|&value| f64::from(value))),
            within: matrix(&learned.within),
            total: matrix(&learned.total),
        }
    }
}

/// Writers in flight at once.
const CHUNK: usize = 16;

impl Sums {
    /// Of one writer's genuine signatures.
    fn from_signatures(signatures: &[Vec<RawFeature>]) -> Self {
        let pairs: Vec<(usize, usize)> =
            (0..signatures.len()).flat_map(|a| (a + 1..signatures.len()).map(move |b| (a, b))).collect();
        let (mut matched, mut within) = (0.0, DMatrix::zeros(RAW, RAW));
        for &(a, b) in &pairs {
            let (a, b) = (&signatures[a], &signatures[b]);
            let matches = mutual(a, b);
            let difference = |i: usize, m: usize| f64::from(a[matches[m].0].values[i] - b[matches[m].1].values[i]);
            let differences = DMatrix::from_fn(RAW, matches.len(), difference);
            within += &differences * differences.transpose();
            matched += matches.len() as f64;
        }
        let places: Vec<&RawFeature> = signatures.iter().flatten().collect();
        let values = DMatrix::from_fn(RAW, places.len(), |i, place| f64::from(places[place].values[i]));
        let (sum, products) = (values.column_sum(), &values * values.transpose());
        Self { pairs: pairs.len(), matched, within, places: places.len() as f64, sum, products }
    }

    fn plus(self, other: &Self) -> Self {
        Self {
            pairs: self.pairs + other.pairs,
            matched: self.matched + other.matched,
            within: self.within + &other.within,
            places: self.places + other.places,
            sum: self.sum + &other.sum,
            products: self.products + &other.products,
        }
    }
}

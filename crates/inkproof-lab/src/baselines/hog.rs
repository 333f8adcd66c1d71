//! `hog`: the strokes' directions, place by place, without any training.
//!
//! Each ink becomes dense histograms of gradients (N. Dalal and B. Triggs, Histograms of oriented gradients for human
//! detection, CVPR 2005; see [`places`]). Two signatures are alike as far as each place of one finds a place like it in
//! the other nearby, both ways.
//!
//! The score is relative to how much the writer varies: how much closer the questioned signature and the references are
//! to each other than both are to a [cohort](Cohort) of strangers, measured in how much closer the references are among
//! themselves. A writer with steady signatures is judged strictly, one with loose signatures mildly; a single reference
//! counts as like itself.

mod places;

use inkproof::{Calibration, Ink, Preprocess};
use rayon::prelude::*;

use crate::dataset::{DataSet, Kind};
use crate::error::Result;
use crate::evaluate::{ModelName, Verifier};
use crate::pictures::Pictures;
use crate::progress::{Event, Progress};
use crate::synth;
use places::Places;

/// How many images are described between two reports of progress.
const CHUNK: usize = 64;

/// Least closeness between references by which a score is divided: references that are no more alike than strangers
/// say nothing about the writer's variation.
const LEAST_VARIATION: f64 = 0.05;

/// A data set as `hog` sees it.
pub struct Hog {
    set: DataSet,
    places: Vec<Places>,
    /// How alike each image is to the cohort, on average.
    to_cohort: Vec<f64>,
    /// How alike images of one writer are.
    within: WithinWriters,
}

impl Hog {
    /// What the baseline sees of an image.
    pub fn preprocess() -> Preprocess {
        Preprocess::ink()
    }

    /// Describes every image; `pictures` are those of `set`, read with [`Hog::preprocess`].
    ///
    /// # Errors
    /// Where an image can no longer be read.
    pub fn new(set: DataSet, pictures: &Pictures, progress: &mut dyn Progress) -> Result<Self> {
        let cohort = Cohort::new();
        let total = set.images.len();
        progress.report(Event::Stage { name: "describing", total });
        let mut described: Vec<(Places, f64)> = Vec::with_capacity(total);
        let indices: Vec<usize> = (0..total).collect();
        for chunk in indices.chunks(CHUNK) {
            let inks = pictures.inks(chunk)?;
            let describe = |ink: &std::borrow::Cow<'_, Ink>| {
                let places = Places::of(ink);
                let to_cohort = cohort.alike(&places);
                (places, to_cohort)
            };
            described.par_extend(inks.par_iter().map(describe));
            progress.report(Event::Advance { done: described.len() });
        }
        let (places, to_cohort): (Vec<_>, Vec<_>) = described.into_iter().unzip();
        let within = WithinWriters::new(&set, &places);
        Ok(Self { set, places, to_cohort, within })
    }

    /// How alike the references are to each other; a single one can only be like itself.
    fn between(&self, references: &[usize]) -> f64 {
        if references.len() == 1 {
            return 1.0;
        }
        let others = |place: usize| &references[place + 1..];
        let pairs = references.iter().enumerate().flat_map(|(place, &a)| others(place).iter().map(move |&b| (a, b)));
        mean(pairs.map(|(a, b)| self.alike(a, b)))
    }

    fn alike(&self, a: usize, b: usize) -> f64 {
        self.within.get(a, b).unwrap_or_else(|| f64::from(self.places[a].alike(&self.places[b])))
    }
}

impl Verifier for Hog {
    fn name(&self) -> ModelName {
        ModelName { name: "hog".to_owned(), digest: digest() }
    }

    fn set(&self) -> &DataSet {
        &self.set
    }

    fn score(&self, references: &[usize], questioned: usize) -> f64 {
        let to_references = mean(references.iter().map(|&reference| self.alike(reference, questioned)));
        let to_strangers = mean(references.iter().map(|&reference| self.to_cohort[reference]));
        let variation = (self.between(references) - to_strangers).max(LEAST_VARIATION);
        (to_references - (self.to_cohort[questioned] + to_strangers) / 2.0) / variation
    }

    fn threshold(&self, _references: usize) -> Option<f64> {
        None
    }

    fn calibration(&self) -> Option<&Calibration> {
        None
    }

    fn training_images(&self) -> usize {
        0
    }
}

/// A fingerprint of all that the scores depend on but the images: another one, other scores.
fn digest() -> String {
    let (seed, writers, generator) = (Cohort::SEED, Cohort::WRITERS, synth::GENERATOR);
    let cohort = format!("cohort {seed} {writers} {generator}, least variation {LEAST_VARIATION}");
    ModelName::fingerprint(&format!("hog 1: {}, {cohort}", places::describe()))
}

/// Signatures of nobody, to which everybody's are compared: the lab's own, so that the baseline needs no one's data.
struct Cohort(Vec<Places>);

impl Cohort {
    /// The seed of no data set, bundled model or test.
    const SEED: u64 = 20_050_625;
    const WRITERS: u64 = 32;

    fn new() -> Self {
        let describe = |writer| {
            let picture = synth::Writer::new(Self::SEED, writer).genuine(0);
            let ink = Hog::preprocess().apply_gray(&picture).expect("the synthesiser's pictures have ink");
            Places::of(&ink)
        };
        Self((0..Self::WRITERS).into_par_iter().map(describe).collect())
    }

    fn alike(&self, places: &Places) -> f64 {
        mean(self.0.iter().map(|stranger| f64::from(stranger.alike(places))))
    }
}

/// Every likeness of a genuine signature to another image of its writer: they are asked for again in every draw.
struct WithinWriters {
    /// Of each image: its writer's number and its own among the writer's.
    numbers: Vec<(usize, usize)>,
    /// Of each writer: how many images, and a square of likenesses; NaN between two forgeries, which nobody compares.
    squares: Vec<(usize, Vec<f32>)>,
}

impl WithinWriters {
    fn new(set: &DataSet, places: &[Places]) -> Self {
        let groups = set.by_writer();
        let mut numbers = vec![(0, 0); set.images.len()];
        let mut lists = Vec::with_capacity(groups.len());
        for (writer, group) in groups.iter().enumerate() {
            let list = [&group.genuine[..], &group.forgeries].concat();
            for (number, &image) in list.iter().enumerate() {
                numbers[image] = (writer, number);
            }
            lists.push(list);
        }
        let square = |list: &Vec<usize>| {
            let mut values = vec![f32::NAN; list.len() * list.len()];
            for (row, &a) in list.iter().enumerate().filter(|&(_, &a)| set.images[a].kind == Kind::Genuine) {
                for (column, &b) in list.iter().enumerate().skip(row) {
                    let alike = places[a].alike(&places[b]);
                    values[row * list.len() + column] = alike;
                    values[column * list.len() + row] = alike;
                }
            }
            (list.len(), values)
        };
        Self { numbers, squares: lists.par_iter().map(square).collect() }
    }

    /// None for images of two writers, or two forgeries.
    fn get(&self, a: usize, b: usize) -> Option<f64> {
        let ((writer, row), (other, column)) = (self.numbers[a], self.numbers[b]);
        let (side, values) = &self.squares[writer];
        let alike = || f64::from(values[row * side + column]);
        (writer == other).then(alike).filter(|alike| !alike.is_nan())
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
    sum / f64::from(count)
}

#[cfg(test)]
mod tests;

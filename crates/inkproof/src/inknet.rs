//! `inknet`: signatures are compared place by place, and judged by how much the writer's own differ.
//!
//! An ink becomes [`LocalFeatures`]: points on its strokes, each with what the strokes do around it ([`raw_features`]) as a unit
//! vector of [`WIDTH`] numbers. The linear map that makes these is trained: of all differences between places it keeps
//! apart what varies between places in general and leaves out what varies between two signings of one writer (linear
//! discriminant analysis, as G. Hua, M. Brown and S. Winder, Discriminant embedding for local image descriptors, ICCV
//! 2007, do it for photographs).
//!
//! Two inks are [similar](LocalFeatures::similarity) as far as each place of one finds a place like it in the other nearby, both ways.
//! The [`score`](Inknet::score) puts that in [relation](relative) to a cohort of strangers and to the references among
//! themselves, and adds what the strokes' [pressure](PressureRule) says.

mod directions;
mod file;
mod global;
mod local_features;
mod pressure;
mod weights;

pub use directions::{DIRECTIONS, votes};
pub use global::GLOBAL;
pub use inkproof_nn::descriptors::dot;
pub use local_features::{LocalFeatures, RAW, RawFeature, in_window, mutual};
pub use pressure::{Likeness, Pressure, PressureLikeness, PressureRule};
pub use weights::{Expected, HIDDEN, InknetWeights, Refinement};

use crate::{Error, Ink, Result};
use inkproof_nn::parallel;

/// Numbers that a place is described by once it is projected.
pub const WIDTH: usize = 64;

/// As how many pairs of references what is [expected](Expected) counts: few references say little of how much their writer
/// varies, and without this, two that differ by chance would let anything pass.
const PRIOR_PAIRS: f64 = 1.0;

/// Least closeness between references by which a score is divided: references that are no more similar than strangers say
/// nothing about the writer's variation.
pub const LEAST_VARIATION: f64 = 0.05;

/// What was learned, and the strangers.
#[derive(Clone, Debug, PartialEq)]
pub struct Inknet {
    learned: InknetWeights,
    cohort: Vec<LocalFeatures>,
}

/// The raw places of an ink, which a training learns from.
pub fn raw_features(ink: &Ink) -> Vec<RawFeature> {
    local_features::extract(ink)
}

impl Inknet {
    /// What was learned, with strangers to whom everybody is compared.
    ///
    /// # Errors
    /// [`Error::Model`] where a part is of another shape, holds a NaN or an infinity, or the cohort is empty.
    pub fn new(learned: InknetWeights, cohort: &[Ink]) -> Result<Self> {
        learned.check()?;
        let mut inknet = Self { learned, cohort: Vec::new() };
        inknet.cohort = parallel::map(cohort.len(), |stranger| inknet.places(&cohort[stranger]));
        inknet.require_cohort()?;
        Ok(inknet)
    }

    /// The same, but for how similar two signings are expected to be.
    #[must_use]
    pub fn with_expected(mut self, expected: Expected) -> Self {
        self.learned.expected = expected;
        self
    }

    /// What was learned, without the cohort.
    pub fn learned(&self) -> &InknetWeights {
        &self.learned
    }

    fn require_cohort(&self) -> Result<()> {
        if self.cohort.is_empty() || self.cohort.iter().any(LocalFeatures::is_empty) {
            return Err(Error::Model("its cohort has no strangers, or one without places".to_owned()));
        }
        Ok(())
    }

    /// The places of an ink, where they are pressed, and how similar they are to the cohort. An ink without strokes has none.
    pub fn embed(&self, ink: &Ink) -> LocalFeatures {
        let mut places = self.places(ink);
        let descriptors = places.descriptors();
        let similarity = |stranger: &LocalFeatures| f64::from(stranger.similarity_to(&descriptors));
        places.to_cohort = mean(self.cohort.iter().map(similarity)) as f32;
        places.pressure = Pressure::new(ink, &places.at);
        places
    }

    /// [`Inknet::embed`] by shape alone and without the comparison with the cohort: what [`LocalFeatures::to_cohort`] gives
    /// then is 0.
    pub fn places(&self, ink: &Ink) -> LocalFeatures {
        let raw = raw_features(ink);
        let values = raw.iter().map(|place| self.learned.describe(&place.values)).collect();
        LocalFeatures { at: raw.iter().map(|place| place.at).collect(), values, to_cohort: 0.0, pressure: None }
    }

    /// The score of a questioned ink; higher is more similar. The same for any order of the references. Without a rule for
    /// pressure the shape counts alone.
    ///
    /// # Errors
    /// [`Error::NoReference`] where there is none.
    pub fn score(
        &self,
        references: &[&LocalFeatures],
        questioned: &LocalFeatures,
        pressure: Option<&PressureRule>,
    ) -> Result<ScoreParts> {
        if references.is_empty() {
            return Err(Error::NoReference);
        }
        let numbers: Vec<usize> = (0..references.len()).collect();
        let of = |number: usize| if number == references.len() { questioned } else { references[number] };
        Ok(self.score_by(&numbers, references.len(), of, |a, b| of(a).likeness(of(b)), pressure))
    }

    /// [`Inknet::score`] of signatures that are given by numbers, of which `features` says what is kept and `likeness`
    /// compares two.
    pub fn score_by<'a>(
        &self,
        references: &[usize],
        questioned: usize,
        features: impl Fn(usize) -> &'a LocalFeatures,
        likeness: impl Fn(usize, usize) -> Likeness,
        pressure: Option<&PressureRule>,
    ) -> ScoreParts {
        let length = |number: usize| Expected::logarithm(features(number).len());
        let of_references = references.iter().map(|&reference| length(reference));
        let logarithm = (mean(of_references) + length(questioned)) / 2.0;
        let usual = VariationPrior { similarity: self.learned.expected.similarity(logarithm), pairs: PRIOR_PAIRS };
        // By their place among these, each with all before it, so that two are compared once.
        let all: Vec<usize> = references.iter().copied().chain([questioned]).collect();
        let before = |place: usize| (0..place).map(|other| likeness(all[other], all[place])).collect();
        let compared: Vec<Vec<Likeness>> = (0..all.len()).map(before).collect();
        let of = |a: usize, b: usize| &compared[a.max(b)][a.min(b)];
        let places: Vec<usize> = (0..references.len()).collect();
        let similarity = |a, b| f64::from(of(a, b).similarity);
        let to_cohort = |place: usize| f64::from(features(all[place]).to_cohort);
        let shape = relative(&places, places.len(), similarity, to_cohort, usual);
        let pressure = pressure.and_then(|rule| rule.addition(&places, places.len(), |a, b| of(a, b).pressure));
        ScoreParts { shape, pressure }
    }
}

/// What a score is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreParts {
    /// What the shape of the strokes says.
    pub shape: f64,
    /// What the pressure along them adds; None where a scan cannot say, or the model looks at shape alone.
    pub pressure: Option<f64>,
}

impl ScoreParts {
    /// The score; higher is more similar.
    pub fn sum(&self) -> f64 {
        self.shape + self.pressure.unwrap_or(0.0)
    }
}

/// What is assumed of a writer's variation besides what the references show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VariationPrior {
    /// How similar two references usually are, 0..1.
    pub similarity: f64,
    /// How many pairs of references that counts as; with 0 only where there is no pair.
    pub pairs: f64,
}

/// How much closer the questioned signature and the references are to each other than both are to a cohort of strangers,
/// measured in how much closer than that the references are among themselves. A writer with steady signatures is judged
/// strictly, one with loose signatures mildly. The order of the references does not matter, and of a single one it does not
/// matter which is the questioned signature. Signatures are given by numbers, of which `similarity` compares two and
/// `to_cohort` says how similar strangers are on average, both 0..1.
pub fn relative(
    references: &[usize],
    questioned: usize,
    similarity: impl Fn(usize, usize) -> f64,
    to_cohort: impl Fn(usize) -> f64,
    usual: VariationPrior,
) -> f64 {
    let to_references = mean(references.iter().map(|&reference| similarity(reference, questioned)));
    let to_strangers = (mean(references.iter().map(|&reference| to_cohort(reference))) + to_cohort(questioned)) / 2.0;
    let others = |place: usize| &references[place + 1..];
    let pairs = references.iter().enumerate().flat_map(|(place, &a)| others(place).iter().map(move |&b| (a, b)));
    let (count, sum) = pairs.fold((0.0, 0.0), |(count, sum), (a, b)| (count + 1.0, sum + similarity(a, b)));
    let known = count + usual.pairs;
    let between = if known > 0.0 { (sum + usual.pairs * usual.similarity) / known } else { usual.similarity };
    (to_references - to_strangers) / (between - to_strangers).max(LEAST_VARIATION)
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
    sum / f64::from(count)
}

#[cfg(test)]
pub(crate) mod tests;

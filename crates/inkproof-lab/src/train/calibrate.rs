//! Fixing the threshold: on writers that the network was not trained on, where FAR and FRR are equal.

use std::collections::BTreeSet;

use inkproof::model::ThresholdInfo;
use inkproof::random::stream;
use inkproof::{Model, Preprocess, Threshold};
use rand::seq::SliceRandom;

use super::{TrainOptions, data_info};
use crate::dataset::{DataSet, WriterId};
use crate::error::{Error, Result};
use crate::evaluate::{Class, Embedded, VerificationOptions, VerificationResult};
use crate::metrics::Scores;
use crate::pictures::Pictures;
use crate::progress::Progress;

/// The share of the writers that is held out.
const SHARE: f64 = 0.2;

/// Strangers are needed on both sides.
const LEAST: usize = 2;

/// The writers who fix the threshold, drawn by the seed: none with `raw`, else one in five and at least two.
pub(super) fn held_out_writers(set: &DataSet, options: &TrainOptions) -> Result<BTreeSet<WriterId>> {
    if options.read.preprocess == Preprocess::Raw {
        return Ok(BTreeSet::new());
    }
    let mut writers = set.writers();
    let count = ((writers.len() as f64 * SHARE).round() as usize).max(LEAST);
    if writers.len() < count + LEAST {
        return Err(Error::TooFewToCalibrate { root: set.root.clone(), writers: writers.len(), needed: 2 * LEAST });
    }
    writers.shuffle(&mut stream(options.seed, "calibration writers", 0));
    Ok(writers.into_iter().take(count).cloned().collect())
}

/// The held-out writers' images.
pub(super) struct Calibration<'a> {
    pub set: &'a DataSet,
    pub pictures: &'a Pictures,
    pub options: &'a TrainOptions,
}

/// The model with the threshold at which, with one reference, FAR and FRR are equal: of skilled forgeries, or where the
/// held-out writers have none, of random ones.
pub(super) fn calibrated(model: Model, calibration: Calibration<'_>, progress: &mut dyn Progress) -> Result<Model> {
    let Calibration { set, pictures, options } = calibration;
    let embedded = Embedded::new(&model, set.clone(), pictures, progress)?;
    let draws = VerificationOptions { seed: options.seed, ..VerificationOptions::default() };
    let result = embedded.verification(&model, &draws, progress)?;
    let (class, forgeries) = match &result.skilled {
        Some(_) => (Class::Skilled, "skilled forgeries"),
        None => (Class::Random, "random forgeries"),
    };
    let eer = Scores::of_classes(&scores(&result, Class::Genuine), &scores(&result, class))?.eer();
    let origin = format!(
        "on {} calibration writers, with 1 reference, {:.1} % of {forgeries} are accepted and as many genuine rejected",
        result.writers,
        100.0 * eer.rate
    );
    let mut info = model.info().clone();
    info.threshold = ThresholdInfo { value: Threshold::new(eer.threshold)?, origin };
    info.calibrated_on = Some(data_info(set, pictures));
    Ok(model.with_info(info))
}

fn scores(result: &VerificationResult, class: Class) -> Vec<f64> {
    let of_class = result.comparisons.iter().filter(|comparison| comparison.class == class);
    of_class.map(|comparison| comparison.score).collect()
}

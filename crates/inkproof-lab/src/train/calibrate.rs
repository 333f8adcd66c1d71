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

/// The writers to train on, and those who fix the threshold, drawn by the seed: nobody with `raw`, else one in five and
/// at least two.
pub(super) fn hold_out(set: DataSet, options: &TrainOptions) -> Result<(DataSet, Option<DataSet>)> {
    if options.read.preprocess == Preprocess::Raw {
        return Ok((set, None));
    }
    let mut writers = set.writers();
    let count = ((writers.len() as f64 * SHARE).round() as usize).max(LEAST);
    if writers.len() < count + LEAST {
        return Err(Error::TooFewToCalibrate { root: set.root.clone(), writers: writers.len(), needed: 2 * LEAST });
    }
    writers.shuffle(&mut stream(options.seed, "calibration writers", 0));
    let held_out: BTreeSet<WriterId> = writers.into_iter().take(count).cloned().collect();
    // What was left out so far is listed with those that are trained on.
    let calibration = DataSet { skipped: Vec::new(), ..set.restrict_to(&held_out) };
    Ok((set.without(&held_out), Some(calibration)))
}

/// A reference and a questioned signature.
const GENUINE_NEEDED: usize = 2;

/// The held-out writers' images.
pub(super) struct Calibration {
    pub set: DataSet,
    pictures: Pictures,
}

impl Calibration {
    /// Reads the images; those that are trained on too, under whatever name, are left out.
    ///
    /// # Errors
    /// Images that cannot be read, or fewer than two writers to compare.
    pub(super) fn read(
        mut set: DataSet,
        trained_on: &Pictures,
        options: &TrainOptions,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let mut pictures = Pictures::read(&mut set, &options.read, progress)?;
        pictures.leave_out_shared(&mut set, trained_on, progress);
        // Said now, and not when hours of training are done.
        let found = set.by_writer().iter().filter(|writer| writer.genuine.len() >= GENUINE_NEEDED).count();
        if found < LEAST {
            return Err(Error::TooFewWriters { root: set.root, found, genuine_needed: GENUINE_NEEDED });
        }
        Ok(Self { set, pictures })
    }

    /// The model with the threshold at which, with one reference, FAR and FRR are equal: of skilled forgeries, or where
    /// the held-out writers have none, of random ones.
    pub(super) fn calibrated(
        &self,
        model: Model,
        options: &TrainOptions,
        progress: &mut dyn Progress,
    ) -> Result<Model> {
        let embedded = Embedded::new(&model, self.set.clone(), &self.pictures, progress)?;
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
        info.calibrated_on = Some(data_info(&self.set, &self.pictures));
        Ok(model.with_info(info))
    }
}

fn scores(result: &VerificationResult, class: Class) -> Vec<f64> {
    let of_class = result.comparisons.iter().filter(|comparison| comparison.class == class);
    of_class.map(|comparison| comparison.score).collect()
}

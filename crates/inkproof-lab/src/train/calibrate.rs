//! Holding out writers that the network is not trained on: they fix its thresholds and its likelihood ratios.

use std::collections::BTreeSet;

use inkproof::random::stream;
use inkproof::{Model, Preprocess};
use rand::seq::SliceRandom;

use super::TrainOptions;
use crate::calibrate::{self, CalibrationOptions};
use crate::dataset::{DataSet, WriterId};
use crate::error::{Error, Result};
use crate::loader::LoadedImages;
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
    let (_, held_out) = parted(&set, options.seed)?;
    // What was left out so far is listed with those that are trained on.
    let calibration = DataSet { skipped: Vec::new(), ..set.restrict_to(&held_out) };
    Ok((set.without(&held_out), Some(calibration)))
}

/// The writers to train on, and one in five and at least two who are held out, drawn by the seed.
pub(crate) fn parted(set: &DataSet, seed: u64) -> Result<(BTreeSet<WriterId>, BTreeSet<WriterId>)> {
    let mut writers = set.writers();
    let count = ((writers.len() as f64 * SHARE).round() as usize).max(LEAST);
    if writers.len() < count + LEAST {
        return Err(Error::TooFewToCalibrate { root: set.root.clone(), writers: writers.len(), needed: 2 * LEAST });
    }
    writers.shuffle(&mut stream(seed, "calibration writers", 0));
    let trained_on = writers.split_off(count);
    Ok((trained_on.into_iter().cloned().collect(), writers.into_iter().cloned().collect()))
}

/// A reference and a questioned signature.
const GENUINE_NEEDED: usize = 2;

/// The held-out writers' images.
pub(super) struct Calibration {
    pub set: DataSet,
    loaded: LoadedImages,
}

impl Calibration {
    /// Reads the images; those that are trained on too, under whatever name, are left out.
    ///
    /// # Errors
    /// Images that cannot be read, or fewer than two writers to compare.
    pub(super) fn read(
        mut set: DataSet,
        trained_on: &LoadedImages,
        options: &TrainOptions,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let mut loaded = LoadedImages::read(&mut set, &options.read, progress)?;
        loaded.leave_out_shared(&mut set, trained_on, progress);
        // Said now, and not when hours of training are done.
        let found = set.by_writer().iter().filter(|writer| writer.genuine.len() >= GENUINE_NEEDED).count();
        if found < LEAST {
            return Err(Error::TooFewWriters { root: set.root, found, genuine_needed: GENUINE_NEEDED });
        }
        Ok(Self { set, loaded })
    }

    /// The model with thresholds where FAR and FRR are equal, and likelihood ratios, both fixed on the held-out writers.
    pub(super) fn calibrated(
        &self,
        model: Model,
        options: &TrainOptions,
        progress: &mut dyn Progress,
    ) -> Result<Model> {
        let options = CalibrationOptions { seed: options.seed, ..CalibrationOptions::default() };
        let (model, _) = calibrate::calibrate_model_on_held_out(model, &self.set, &self.loaded, &options, progress)?;
        Ok(model)
    }
}

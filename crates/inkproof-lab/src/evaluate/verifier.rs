//! What the protocols ask of whatever scores the images of a data set: a network with what it made of each image, or a
//! baseline.

use inkproof::Calibration;
use sha2::{Digest, Sha256};

use super::{ModelName, VerificationOptions, VerificationRuns};
use crate::dataset::DataSet;
use crate::error::Result;
use crate::progress::Progress;

/// Scores the images of one data set. Images are identified by their index in [`Verifier::set`].
pub trait Verifier: Sync {
    /// Which model it is.
    fn name(&self) -> ModelName;

    /// The images that can be scored: the data set without what could not be read.
    fn set(&self) -> &DataSet;

    /// How similar a questioned image is to the references, which are at least one; higher is more similar.
    fn score(&self, references: &[usize], questioned: usize) -> f64;

    /// The threshold for so many references that was fixed before this data set was seen; None where nothing was.
    fn threshold(&self, references: usize) -> Option<f64>;

    /// What the scores are worth, fixed before this data set was seen; None where nothing was.
    fn calibration(&self) -> Option<&Calibration>;

    /// How many of the images the verifier was trained on.
    fn training_images(&self) -> usize;

    /// How many of the images fixed its threshold and its calibration.
    fn calibration_images(&self) -> usize {
        0
    }
}

impl ModelName {
    /// The digest of what has no weights: the first 64 bits, in hexadecimal, of SHA-256 over its description.
    pub(crate) fn fingerprint(description: &str) -> String {
        Sha256::digest(description)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl dyn Verifier + '_ {
    /// [`super::verification`] for each number of references in turn, at the threshold and with the calibration that
    /// `options` give or else the verifier's own.
    ///
    /// # Errors
    /// As [`super::verification`].
    pub fn runs(
        &self,
        references: &[usize],
        options: &VerificationOptions,
        progress: &mut dyn Progress,
    ) -> Result<VerificationRuns> {
        let score = |references: &[usize], questioned| self.score(references, questioned);
        let run = |&references: &usize| {
            let given = options.calibration.as_ref().and_then(|calibration| calibration.fit(references));
            let threshold = given.map(|fit| fit.threshold.value.get()).or(self.threshold(references));
            let options = VerificationOptions {
                references,
                threshold: options.threshold.or(threshold),
                calibration: options.calibration.as_ref().or(self.calibration()).cloned(),
                ..options.clone()
            };
            let mut run = super::verification(self.set(), &score, &options, progress)?;
            run.training_images_in_test = Some(self.training_images());
            // Numbers that the options bring were not fixed on these.
            let own = given.is_none() && options.calibration.as_ref() == self.calibration();
            run.calibration_images_in_test = Some(if own { self.calibration_images() } else { 0 });
            run.model = Some(self.name());
            Ok(run)
        };
        Ok(VerificationRuns { runs: references.iter().map(run).collect::<Result<_>>()? })
    }
}

//! Results of several folds as one. The scores of two folds' verifiers mean different things, so they are pooled as what
//! they are worth: on the scale of the log10 likelihood ratio that each fold's calibration gives (without its bound, which
//! would make ties). FAR and FRR come from the decisions at each fold's own threshold.

use inkproof::calibration::ReferenceCalibration;

use super::rates::{rates, scores};
use super::{Class, Comparison, ErrorRates, SkippedWriters, VerificationResult};
use crate::error::Result;

/// One fold's result, with what was fixed for it on other writers.
pub(crate) struct FoldPart {
    pub result: VerificationResult,
    pub fit: ReferenceCalibration,
}

impl FoldPart {
    fn threshold(&self) -> f64 {
        self.fit.threshold.value.get()
    }

    fn mapped(&self, map: impl Fn(f64) -> f64) -> impl Iterator<Item = Comparison> {
        self.result
            .comparisons
            .iter()
            .map(move |comparison| Comparison { score: map(comparison.score), ..comparison.clone() })
    }
}

/// The parts, at least one, as one result; the parts' images are indices into one data set.
///
/// # Errors
/// [`crate::Error::EmptyClass`] when a class of comparisons is missing.
pub(crate) fn pooled(parts: &[FoldPart]) -> Result<VerificationResult> {
    let first = &parts[0].result;
    let comparisons: Vec<Comparison> =
        parts.iter().flat_map(|part| part.mapped(|score| part.fit.slope * score + part.fit.intercept)).collect();
    let over_threshold: Vec<Comparison> =
        parts.iter().flat_map(|part| part.mapped(|score| score - part.threshold())).collect();
    let least = parts.iter().map(|part| &part.fit).min_by_key(|fit| fit.writers).expect("at least one part");
    let worth = ReferenceCalibration { slope: 1.0, intercept: 0.0, ..least.clone() };
    let of = |class| figures(&comparisons, &over_threshold, class, &worth, first.seed);
    let has_skilled = comparisons.iter().any(|comparison| comparison.class == Class::Skilled);
    let sum = |count: fn(&VerificationResult) -> usize| parts.iter().map(|part| count(&part.result)).sum();
    Ok(VerificationResult {
        writers: sum(|result| result.writers),
        images: sum(|result| result.images),
        skipped: SkippedWriters {
            too_few_genuine: sum(|result| result.skipped.too_few_genuine),
            no_forgeries: sum(|result| result.skipped.no_forgeries),
        },
        calibration_images_in_test: None,
        training_images_in_test: parts.iter().map(|part| part.result.training_images_in_test).sum(),
        skilled: has_skilled.then(|| of(Class::Skilled)).transpose()?,
        random: of(Class::Random)?,
        threshold: None,
        calibration: Some(worth),
        comparisons,
        ..first.clone()
    })
}

fn figures(
    comparisons: &[Comparison],
    over_threshold: &[Comparison],
    class: Class,
    worth: &ReferenceCalibration,
    seed: u64,
) -> Result<ErrorRates> {
    let decided = scores(over_threshold, class)?;
    let point = decided.at_threshold(0.0);
    Ok(ErrorRates {
        far_at_threshold: Some(point.far),
        far_at_threshold_ci95: decided.interval(seed, |sample| sample.at_threshold(0.0).far),
        frr_at_threshold: Some(point.frr),
        frr_at_threshold_ci95: decided.interval(seed, |sample| sample.at_threshold(0.0).frr),
        ..rates(comparisons, class, None, Some(worth), seed)?
    })
}

#[cfg(test)]
mod tests {
    use inkproof::Threshold;
    use inkproof::calibration::Forgeries;
    use inkproof::model::ThresholdInfo;

    use super::*;
    use crate::dataset::Kind;
    use crate::dataset::tests::set_in_memory;
    use crate::evaluate::{VerificationOptions, verification};
    use crate::progress::Silent;

    /// The second forgery of the first writer.
    const MISSED: usize = 4;

    /// A verifier without mistakes but for one forgery, whose scores are `scale` wide.
    fn part(scale: f64, writers: usize) -> FoldPart {
        let set = set_in_memory(&[(3, 2), (3, 2)]);
        let score = |references: &[usize], questioned: usize| {
            let [claimed, image] = [references[0], questioned].map(|image| &set.images[image]);
            let genuine = claimed.writer == image.writer && image.kind == Kind::Genuine;
            scale * if genuine || questioned == MISSED { 0.8 } else { 0.2 }
        };
        let options = VerificationOptions { repeats: 1, ..VerificationOptions::default() };
        let threshold = ThresholdInfo { value: Threshold::new(scale / 2.0).unwrap(), origin: String::new() };
        let fit = ReferenceCalibration {
            references: 1,
            writers,
            against: Forgeries::Skilled,
            slope: 10.0 / scale,
            intercept: -5.0,
            threshold,
            wanted_far: Vec::new(),
            random_far: None,
            spread: None,
        };
        FoldPart { result: verification(&set, &score, &options, &mut Silent).unwrap(), fit }
    }

    #[test]
    fn folds_of_any_scale_are_judged_by_what_their_scores_are_worth() {
        let both = pooled(&[part(1.0, 30), part(1000.0, 20)]).unwrap();
        assert_eq!((both.writers, both.images, both.threshold), (4, 20, None));
        assert_eq!((both.random.eer, both.random.auc, both.random.far_at_threshold), (0.0, 1.0, Some(0.0)));
        let skilled = both.skilled.unwrap();
        assert_eq!(
            (skilled.far_at_threshold, skilled.frr_at_threshold),
            (Some(0.25), Some(0.0)),
            "1 of 4 in each part"
        );
        assert!(both.comparisons.iter().all(|comparison| (comparison.score.abs() - 3.0).abs() < 1e-9));
        let bound = both.calibration.unwrap().bound().get();
        assert!((bound - 20_f64.log10()).abs() < 1e-12, "as far as the fewest writers support");
    }
}

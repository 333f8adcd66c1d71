//! From the comparisons of a run back to scores: what charts and the table of writers are computed from.

use crate::error::Result;
use crate::evaluate::{Class, VerificationResult};
use crate::metrics::Scores;

/// The scores of genuine comparisons and one class of forgeries, as in the table of figures; None where there are none.
pub(super) fn scores(run: &VerificationResult, forgery: Class) -> Result<Option<Scores>> {
    let has = |class| run.comparisons.iter().any(|comparison| comparison.class == class);
    if !(has(Class::Genuine) && has(forgery)) {
        return Ok(None);
    }
    run.scores(forgery).map(Some)
}

/// Where FAR and FRR are equal, against skilled forgeries or where there are none, random ones.
pub(super) fn eer_threshold(run: &VerificationResult) -> Result<Option<f64>> {
    let scores = match scores(run, Class::Skilled)? {
        Some(scores) => Some(scores),
        None => scores(run, Class::Random)?,
    };
    Ok(scores.map(|scores| scores.eer().threshold))
}

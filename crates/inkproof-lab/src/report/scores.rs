//! From the comparisons of a run back to scores: what charts and the table of writers are computed from.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::evaluate::{Class, VerificationResult};
use crate::metrics::Scores;

/// The scores of genuine comparisons and one class of forgeries; of the writers alone of whom there are such forgeries,
/// as in the table of figures. None where there are none.
pub(super) fn scores(run: &VerificationResult, forgery: Class) -> Result<Option<Scores>> {
    let of = |class| run.comparisons.iter().filter(move |comparison| comparison.class == class);
    let writers: BTreeSet<_> = of(forgery).map(|comparison| &comparison.writer).collect();
    let genuine = of(Class::Genuine).filter(|comparison| writers.contains(&comparison.writer));
    let genuine: Vec<f64> = genuine.map(|comparison| comparison.score).collect();
    let forgeries: Vec<f64> = of(forgery).map(|comparison| comparison.score).collect();
    if genuine.is_empty() || forgeries.is_empty() {
        return Ok(None);
    }
    Scores::of_classes(&genuine, &forgeries).map(Some)
}

/// Where FAR and FRR are equal, against skilled forgeries or where there are none, random ones.
pub(super) fn eer_threshold(run: &VerificationResult) -> Result<Option<f64>> {
    let scores = match scores(run, Class::Skilled)? {
        Some(scores) => Some(scores),
        None => scores(run, Class::Random)?,
    };
    Ok(scores.map(|scores| scores.eer().threshold))
}

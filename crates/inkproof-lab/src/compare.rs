//! Two verifiers on the same data set and the same draws: which one is better, and is the difference real?

mod difference;

use serde::Serialize;

use crate::candidate::{Candidate, Judge};
use crate::dataset::DataSet;
use crate::error::Result;
use crate::evaluate::{Class, Evaluation, ModelName, VerificationOptions, VerificationResult, Verifier};
use crate::folds::{FoldOptions, evaluate_by_folds};
use crate::loader::Reading;
use crate::progress::Progress;
pub use difference::Difference;

/// What [`compare`] found.
#[derive(Debug, Clone, Serialize)]
pub struct CompareResult {
    /// The first.
    pub a: Compared,
    /// The second.
    pub b: Compared,
    /// Draws of the references per writer.
    pub repeats: usize,
    /// Of the folds, the draws and the intervals.
    pub seed: u64,
    /// Into how many folds the writers were cut; None where they were judged at once.
    pub folds: Option<usize>,
    /// One for each number of references.
    pub runs: Vec<CompareRun>,
    /// What both judged, without what one of them could not read; not part of the JSON.
    #[serde(skip)]
    pub set: DataSet,
}

/// One of the two verifiers.
#[derive(Debug, Clone, Serialize)]
pub struct Compared {
    /// Which model.
    #[serde(flatten)]
    pub name: ModelName,
    /// How many of the images it was made with.
    pub training_images_in_test: usize,
}

/// The differences for one number of references.
#[derive(Debug, Clone, Serialize)]
pub struct CompareRun {
    /// References in a comparison.
    pub references: usize,
    /// Writers that were claimed.
    pub writers: usize,
    /// Images of these writers.
    pub images: usize,
    /// None when no claimed writer has forgeries.
    pub skilled: Option<Differences>,
    /// On random forgeries.
    pub random: Differences,
}

/// How the two differ on one class of forgeries.
#[derive(Debug, Clone, Serialize)]
pub struct Differences {
    /// In the equal error rate, 0..1.
    pub eer: Difference,
    /// In the area under the ROC curve, 0..1.
    pub auc: Difference,
    /// Claimed writers, which the intervals resample.
    pub writers: usize,
    /// The difference in EER in words.
    pub sentence: String,
}

/// Both candidates on `set`: the images that both can read, the same comparisons for both.
///
/// # Errors
/// As [`Candidate::verifier`] and [`crate::evaluate::verification`].
pub fn compare(
    [a, b]: [&Candidate; 2],
    set: DataSet,
    reading: Reading,
    references: &[usize],
    options: &VerificationOptions,
    progress: &mut dyn Progress,
) -> Result<CompareResult> {
    let mut on_a = a.verifier(set, reading, progress)?;
    let on_b = b.verifier(on_a.set().clone(), reading, progress)?;
    if on_b.set().images.len() < on_a.set().images.len() {
        on_a = a.verifier(on_b.set().clone(), reading, progress)?;
    }
    compare_verifiers([&*on_a, &*on_b], references, options, progress)
}

/// Both candidates on all of `set`, cut into the same folds: each is fitted or calibrated on the other folds' writers, and
/// log10 likelihood ratios are compared.
///
/// # Errors
/// As [`evaluate_by_folds`].
pub fn compare_by_folds(
    candidates: [&Candidate; 2],
    mut set: DataSet,
    reading: Reading,
    options: &FoldOptions,
    progress: &mut dyn Progress,
) -> Result<CompareResult> {
    // Both are to judge the images that both can read.
    for candidate in candidates {
        candidate.load(&mut set, reading, progress)?;
    }
    let mut evaluate =
        |candidate: &Candidate| evaluate_by_folds(set.clone(), Judge::Ready(candidate), options, reading, progress);
    let (a, b) = (evaluate(candidates[0])?, evaluate(candidates[1])?);
    let names = [a.model.clone(), b.model.clone()];
    let runs = a.runs.iter().zip(&b.runs).map(|(a, b)| run(a, b, &names)).collect::<Result<_>>()?;
    let compared = |evaluation: &Evaluation| Compared {
        name: evaluation.model.clone(),
        training_images_in_test: evaluation.training_images,
    };
    let [a, b] = [&a, &b].map(compared);
    let FoldOptions { repeats, seed, folds, .. } = *options;
    Ok(CompareResult { a, b, repeats, seed, folds: Some(folds), runs, set })
}

/// Both verifiers on the set that they share.
fn compare_verifiers(
    [a, b]: [&dyn Verifier; 2],
    references: &[usize],
    options: &VerificationOptions,
    progress: &mut dyn Progress,
) -> Result<CompareResult> {
    let of_a = a.runs(references, options, progress)?.runs;
    let of_b = b.runs(references, options, progress)?.runs;
    let names = [a.name(), b.name()];
    let runs = of_a.iter().zip(&of_b).map(|(a, b)| run(a, b, &names)).collect::<Result<_>>()?;
    let set = b.set().clone();
    let [a, b] =
        [a, b].map(|verifier| Compared { name: verifier.name(), training_images_in_test: verifier.training_images() });
    Ok(CompareResult { a, b, repeats: options.repeats, seed: options.seed, folds: None, runs, set })
}

fn run(a: &VerificationResult, b: &VerificationResult, names: &[ModelName; 2]) -> Result<CompareRun> {
    let skilled = a.skilled.is_some().then(|| differences(a, b, Class::Skilled, names)).transpose()?;
    Ok(CompareRun {
        references: a.references,
        writers: a.writers,
        images: a.images,
        skilled,
        random: differences(a, b, Class::Random, names)?,
    })
}

fn differences(
    a: &VerificationResult,
    b: &VerificationResult,
    class: Class,
    names: &[ModelName; 2],
) -> Result<Differences> {
    let (of_a, of_b) = (a.scores(class)?, b.scores(class)?);
    let eer = Difference::new(&of_a, &of_b, |sample| sample.eer().rate, a.seed);
    let auc = Difference::new(&of_a, &of_b, |sample| sample.auc(), a.seed);
    let writers = of_a.writers();
    Ok(Differences { eer, auc, writers, sentence: sentence(&eer, class, writers, names) })
}

fn sentence(eer: &Difference, class: Class, writers: usize, [a, b]: &[ModelName; 2]) -> String {
    let points = |rate: f64| format!("{:+.1}", 100.0 * rate);
    let (a, b) = (&a.name, &b.name);
    let figures = format!(
        "EER on {} forgeries: {a} {:.1} %, {b} {:.1} %, difference {} points",
        class.word(),
        100.0 * eer.a,
        100.0 * eer.b,
        points(eer.difference)
    );
    let Some([low, high]) = eer.ci95 else {
        return format!("{figures}. One writer says nothing about others: no interval, no verdict.");
    };
    let verdict = match (eer.shown, eer.difference < 0.0) {
        (Some(true), true) => format!("The interval excludes 0: {a} is better than {b}."),
        (Some(true), false) => format!("The interval excludes 0: {b} is better than {a}."),
        _ => format!("No difference shown with {writers} writers."),
    };
    format!("{figures} (95 % interval {} to {}). {verdict}", points(low), points(high))
}

#[cfg(test)]
mod tests;

//! Which comparisons a report shows with their pictures: the worst mistakes, and for contrast the first of each class for
//! the first writers, chosen without a look at the scores.

use std::collections::BTreeSet;

use inkproof::Decision;

use super::Example;
use super::picture::signature;
use crate::dataset::DataSet;
use crate::error::Result;
use crate::evaluate::{Class, Comparison, VerificationResult};

const CLASSES: [Class; 3] = [Class::Genuine, Class::Skilled, Class::Random];

/// How many writers are shown in [`examples`], each with one comparison of every class.
const WRITERS: usize = 2;

/// How many mistakes of a class are shown.
const MISTAKES: usize = 4;

/// The widest questioned signature and the widest reference that go into a page, in pixels.
const QUESTIONED: usize = 560;
const REFERENCE: usize = 320;

/// The worst mistakes of a run over `set`: of every class those that missed the threshold by most, at most one of each
/// writer so that one writer does not fill the page. None where the run has no threshold.
///
/// # Errors
/// Where an image can no longer be read.
pub fn mistakes(set: &DataSet, run: &VerificationResult) -> Result<Vec<Example>> {
    let Some(threshold) = run.threshold else { return Ok(Vec::new()) };
    let worst = CLASSES.into_iter().flat_map(|class| worst(run, class, threshold));
    worst.map(|comparison| example(set, comparison, threshold)).collect()
}

fn worst(run: &VerificationResult, class: Class, threshold: f64) -> Vec<&Comparison> {
    let missed_by = |comparison: &Comparison| match class {
        Class::Genuine => threshold - comparison.score,
        _ => comparison.score - threshold,
    };
    let is_wrong = |comparison: &&Comparison| {
        comparison.class == class && (comparison.score >= threshold) != (class == Class::Genuine)
    };
    let mut wrong: Vec<_> = run.comparisons.iter().filter(is_wrong).collect();
    wrong.sort_by(|a, b| missed_by(b).total_cmp(&missed_by(a)));
    let mut writers = BTreeSet::new();
    wrong.retain(|comparison| writers.insert(&comparison.writer));
    wrong.truncate(MISTAKES);
    wrong
}

/// Examples of a run over `set`, whether right or wrong; none where the run has no threshold.
///
/// # Errors
/// Where an image can no longer be read.
pub fn examples(set: &DataSet, run: &VerificationResult) -> Result<Vec<Example>> {
    let Some(threshold) = run.threshold else { return Ok(Vec::new()) };
    let writers = set.writers().into_iter().filter(|&writer| run.comparisons.iter().any(|c| c.writer == *writer));
    let mut examples = Vec::new();
    for writer in writers.take(WRITERS) {
        for class in CLASSES {
            let is_wanted = |c: &&Comparison| c.writer == *writer && c.class == class;
            if let Some(comparison) = run.comparisons.iter().find(is_wanted) {
                examples.push(example(set, comparison, threshold)?);
            }
        }
    }
    Ok(examples)
}

fn example(set: &DataSet, comparison: &Comparison, threshold: f64) -> Result<Example> {
    let reference = |&image: &usize| signature(&set.images[image].path, REFERENCE);
    Ok(Example {
        writer: comparison.writer.to_string(),
        references: comparison.references.iter().map(reference).collect::<Result<_>>()?,
        questioned: signature(&set.images[comparison.questioned].path, QUESTIONED)?,
        score: comparison.score,
        threshold,
        decision: if comparison.score >= threshold { Decision::Accepted } else { Decision::Rejected },
        truth: comparison.class,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::run_of;

    fn chosen(run: &VerificationResult, class: Class) -> Vec<(&str, f64)> {
        worst(run, class, 0.5).into_iter().map(|comparison| (comparison.writer.as_str(), comparison.score)).collect()
    }

    #[test]
    fn the_worst_mistakes_are_the_farthest_from_the_threshold_one_of_each_writer() {
        let run = run_of(&[
            ("a", Class::Genuine, 0.4),
            ("a", Class::Genuine, 0.1),
            ("b", Class::Genuine, 0.3),
            ("c", Class::Genuine, 0.5),
            ("d", Class::Genuine, 0.2),
            ("a", Class::Skilled, 0.5),
            ("b", Class::Skilled, 0.9),
            ("b", Class::Skilled, 0.95),
            ("c", Class::Skilled, 0.49),
            ("a", Class::Random, 0.1),
        ]);
        assert_eq!(chosen(&run, Class::Genuine), [("a", 0.1), ("d", 0.2), ("b", 0.3)]);
        assert_eq!(chosen(&run, Class::Skilled), [("b", 0.95), ("a", 0.5)]);
        assert_eq!(chosen(&run, Class::Random), []);
    }

    #[test]
    fn a_handful_is_shown_and_the_first_of_equals() {
        let many: Vec<(String, f64)> = (0..9).map(|writer| (writer.to_string(), 0.6)).collect();
        let many: Vec<_> = many.iter().map(|(writer, score)| (writer.as_str(), Class::Skilled, *score)).collect();
        let run = run_of(&many);
        assert_eq!(chosen(&run, Class::Skilled), [("0", 0.6), ("1", 0.6), ("2", 0.6), ("3", 0.6)]);
    }
}

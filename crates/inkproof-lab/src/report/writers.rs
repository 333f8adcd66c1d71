//! Which writers are hard: the errors of each at one threshold, the same for all.

use std::collections::BTreeMap;

use crate::dataset::WriterId;
use crate::evaluate::{Class, Comparison, VerificationResult};

/// The errors of one writer's comparisons.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WriterErrors {
    pub writer: WriterId,
    /// Genuine comparisons that are rejected.
    pub genuine: Errors,
    /// Forgeries that are accepted.
    pub skilled: Errors,
    pub random: Errors,
}

/// How many of the comparisons of a class are judged wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Errors {
    pub wrong: usize,
    pub comparisons: usize,
}

impl Errors {
    /// None without comparisons.
    pub fn rate(self) -> Option<f64> {
        (self.comparisons > 0).then(|| self.wrong as f64 / self.comparisons as f64)
    }
}

impl WriterErrors {
    fn count(&mut self, comparison: &Comparison, threshold: f64) {
        let accepted = comparison.score >= threshold;
        let (errors, is_wrong) = match comparison.class {
            Class::Genuine => (&mut self.genuine, !accepted),
            Class::Skilled => (&mut self.skilled, accepted),
            Class::Random => (&mut self.random, accepted),
        };
        errors.comparisons += 1;
        errors.wrong += usize::from(is_wrong);
    }

    /// The mean of FRR and FAR: against skilled forgeries, or against random ones for a writer of whom there are no
    /// skilled ones.
    pub fn difficulty(&self) -> Option<f64> {
        let far = self.skilled.rate().or(self.random.rate())?;
        Some((self.genuine.rate()? + far) / 2.0)
    }
}

/// The writers of a run, the hardest first.
pub(super) fn by_difficulty(run: &VerificationResult, threshold: f64) -> Vec<WriterErrors> {
    let mut writers: BTreeMap<&WriterId, WriterErrors> = BTreeMap::new();
    for comparison in &run.comparisons {
        let nothing = || WriterErrors {
            writer: comparison.writer.clone(),
            genuine: Errors::default(),
            skilled: Errors::default(),
            random: Errors::default(),
        };
        writers.entry(&comparison.writer).or_insert_with(nothing).count(comparison, threshold);
    }
    let mut writers: Vec<_> = writers.into_values().collect();
    let difficulty = |writer: &WriterErrors| writer.difficulty().unwrap_or(0.0);
    writers.sort_by(|a, b| difficulty(b).total_cmp(&difficulty(a)));
    writers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::run_of;

    #[test]
    fn writers_are_sorted_by_their_mean_error() {
        let run = run_of(&[
            ("easy", Class::Genuine, 0.9),
            ("easy", Class::Skilled, 0.1),
            ("easy", Class::Random, 0.8),
            ("hard", Class::Genuine, 0.2),
            ("hard", Class::Genuine, 0.5),
            ("hard", Class::Skilled, 0.7),
            ("hard", Class::Skilled, 0.49),
            ("unforged", Class::Genuine, 0.1),
            ("unforged", Class::Random, 0.2),
            ("untested", Class::Skilled, 0.2),
        ]);
        let writers = by_difficulty(&run, 0.5);
        let difficulties: Vec<_> = writers.iter().map(|errors| (errors.writer.as_str(), errors.difficulty())).collect();
        assert_eq!(
            difficulties,
            [("hard", Some(0.5)), ("unforged", Some(0.5)), ("easy", Some(0.0)), ("untested", None)]
        );
        assert_eq!(writers[0].genuine, Errors { wrong: 1, comparisons: 2 }, "0.5 is accepted");
        assert_eq!(writers[0].skilled, Errors { wrong: 1, comparisons: 2 });
        assert_eq!((writers[0].random.rate(), writers[2].random.rate()), (None, Some(1.0)));
    }
}

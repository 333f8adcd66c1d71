//! Verifiers of known quality: the same twice, a better and a worse one, and too few writers.

use inkproof::Calibration;

use super::*;
use crate::dataset::Kind;
use crate::dataset::tests::set_in_memory;
use crate::progress::Silent;

/// Sees which signatures are forged, but for a share of noise.
struct Seeing {
    name: &'static str,
    set: DataSet,
    noise: f64,
}

impl Verifier for Seeing {
    fn name(&self) -> ModelName {
        ModelName { name: self.name.to_owned(), digest: String::new() }
    }

    fn set(&self) -> &DataSet {
        &self.set
    }

    fn score(&self, references: &[usize], questioned: usize) -> f64 {
        let [claimed, image] = [references[0], questioned].map(|image| &self.set.images[image]);
        let genuine = claimed.writer == image.writer && image.kind == Kind::Genuine;
        let noise = ((questioned * 7919 + references[0] * 104_729) % 1009) as f64 / 1009.0;
        f64::from(u8::from(genuine)) + self.noise * (noise - 0.5)
    }

    fn threshold(&self, _references: usize) -> Option<f64> {
        None
    }

    fn calibration(&self) -> Option<&Calibration> {
        None
    }

    fn training_images(&self) -> usize {
        0
    }
}

fn compared(noise: [f64; 2], writers: &[(usize, usize)]) -> CompareResult {
    let [a, b] = [("first", noise[0]), ("second", noise[1])];
    let [a, b] = [a, b].map(|(name, noise)| Seeing { name, set: set_in_memory(writers), noise });
    let options = VerificationOptions { repeats: 3, ..VerificationOptions::default() };
    compare_verifiers([&a, &b], &[1, 2], &options, &mut Silent).unwrap()
}

#[test]
fn a_verifier_does_not_differ_from_itself() {
    let result = compared([3.0, 3.0], &[(6, 6); 8]);
    assert_eq!(result.runs.iter().map(|run| run.references).collect::<Vec<_>>(), [1, 2]);
    for run in &result.runs {
        let skilled = run.skilled.as_ref().unwrap();
        for difference in [skilled.eer, skilled.auc, run.random.eer, run.random.auc] {
            assert_eq!((difference.difference, difference.ci95), (0.0, Some([0.0, 0.0])));
            assert_eq!(difference.shown, Some(false));
        }
        assert!(skilled.sentence.ends_with("No difference shown with 8 writers."), "{}", skilled.sentence);
    }
}

#[test]
fn a_better_verifier_is_shown_to_be_better_by_its_name() {
    let result = compared([1.0, 4.0], &[(8, 8); 10]);
    let skilled = result.runs[0].skilled.as_ref().unwrap();
    assert_eq!((skilled.eer.a, skilled.eer.shown, skilled.auc.shown), (0.0, Some(true), Some(true)));
    assert!(skilled.eer.difference < 0.0 && skilled.auc.difference > 0.0);
    assert!(skilled.sentence.contains("first is better than second"), "{}", skilled.sentence);
    let turned = compared([4.0, 1.0], &[(8, 8); 10]);
    assert_eq!(turned.runs[0].skilled.as_ref().unwrap().eer.difference, -skilled.eer.difference);
    assert!(turned.runs[0].random.sentence.contains("second is better than first"));
}

#[test]
fn the_figures_are_those_of_evaluate() {
    let writers = [(6, 4), (5, 0), (7, 3), (4, 6)];
    let result = compared([2.0, 3.0], &writers);
    let verifier = Seeing { name: "first", set: set_in_memory(&writers), noise: 2.0 };
    let options = VerificationOptions { repeats: 3, ..VerificationOptions::default() };
    let runs = (&verifier as &dyn Verifier).runs(&[1, 2], &options, &mut Silent).unwrap().runs;
    for (compared, run) in result.runs.iter().zip(&runs) {
        let (skilled, expected) = (compared.skilled.as_ref().unwrap(), run.skilled.as_ref().unwrap());
        assert_eq!((skilled.eer.a, skilled.writers), (expected.eer, 3));
        assert!((skilled.auc.a - expected.auc).abs() < 1e-12);
        assert_eq!((compared.random.eer.a, compared.random.writers), (run.random.eer, 4));
    }
}

#[test]
fn one_writer_with_forgeries_has_no_verdict() {
    let result = compared([1.0, 4.0], &[(8, 8), (8, 0)]);
    let skilled = result.runs[0].skilled.as_ref().unwrap();
    assert_eq!((skilled.eer.ci95, skilled.eer.shown), (None, None));
    assert!(skilled.sentence.ends_with("no interval, no verdict."), "{}", skilled.sentence);
    assert!(compared([1.0, 4.0], &[(8, 0), (8, 0)]).runs[0].skilled.is_none());
}

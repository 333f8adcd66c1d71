//! That the gradient is that of the loss, and that what is learned from forgeries tells other writers' forgeries.

use std::sync::LazyLock;

use inkproof::Ink;
use inkproof::inknet::{Expected, Inknet, InknetWeights, RAW, raw_features};

use super::*;
use crate::synth::{self, Writer};
use inkproof::{InkParameters, Preprocess};

fn ink(picture: &inkproof::Gray) -> Ink {
    Preprocess::Ink(InkParameters::by_mass()).apply_gray(picture).unwrap()
}

/// A map that nobody has learned: raw places less their mean, cut.
static INKNET: LazyLock<Inknet> = LazyLock::new(|| {
    let unit = |columns: usize| (0..RAW * columns).map(|i| f32::from(u8::from(i / columns == i % columns))).collect();
    let all = raw_features(&ink(&Writer::new(1, 0).genuine(0)));
    let mean = (0..RAW).map(|i| all.iter().map(|place| place.values[i]).sum::<f32>() / all.len() as f32).collect();
    let (projection, within, total) = (unit(WIDTH), unit(RAW), unit(RAW));
    let learned = InknetWeights { mean, projection, within, total, refinement: None, expected: Expected::CONSTANT };
    Inknet::new(learned, &synth::strangers(&Preprocess::Ink(InkParameters::by_mass()))[..2]).unwrap()
});

fn signatures(writer: u64) -> Signatures {
    let writer = Writer::new(21, writer);
    let places = |picture| INKNET.embed(&ink(&picture));
    Signatures {
        genuine: (0..4).map(|number| places(writer.genuine(number))).collect(),
        forgeries: (0..4).map(|number| places(writer.forgery(number))).collect(),
    }
}

#[test]
fn the_gradient_is_that_of_the_loss() {
    let (writer, other) = (signatures(0), signatures(1));
    let draw = Draw {
        reference: &writer.genuine[0],
        genuine: &writer.genuine[1],
        forgery: &writer.forgeries[0],
        stranger: &other.genuine[0],
    };
    let mut refinement = start(3);
    refinement.back = start(4).into;
    let (_, mut gradient) = loss_and_gradient(&refinement, &draw);
    for part in 0..3 {
        let length = parts(&mut refinement)[part].len();
        let whole = parts(&mut gradient.0)[part].iter().map(|value| value * value).sum::<f32>().sqrt();
        assert!(whole > 1e-4, "part {part} has no gradient");
        for number in (0..length).step_by(length / 16) {
            // Small enough that hardly any best match changes, large enough for f32.
            const STEP: f32 = 2e-3;
            let at = parts(&mut refinement)[part][number];
            let mut loss_at = |value: f32| {
                parts(&mut refinement)[part][number] = value;
                loss_and_gradient(&refinement, &draw).0
            };
            let measured = (loss_at(at + STEP) - loss_at(at - STEP)) / (2.0 * STEP);
            loss_at(at);
            let computed = parts(&mut gradient.0)[part][number];
            let error = (measured - computed).abs();
            assert!(error < 0.02 * whole, "part {part}, number {number}: {measured} measured, {computed} computed");
        }
    }
}

/// How much more similar genuine signatures are than forgeries, over all writers.
fn margin(refinement: Option<&Refinement>, writers: &[Signatures]) -> f32 {
    let nothing = Refinement::new(vec![0.0; WIDTH * HIDDEN]);
    let refinement = refinement.unwrap_or(&nothing);
    let of_writer = |writer: &Signatures| {
        let [reference, genuine, forgery] =
            [&writer.genuine[0], &writer.genuine[1], &writer.forgeries[0]].map(|places| Pass::new(refinement, places));
        similarity(&reference, &genuine).0 - similarity(&reference, &forgery).0
    };
    writers.iter().map(of_writer).sum::<f32>() / writers.len() as f32
}

#[test]
fn forgeries_teach_to_tell_those_of_other_writers() {
    let writers: Vec<Signatures> = (0..24).map(signatures).collect();
    let (learnt_from, others) = writers.split_at(16);
    let fitted = fit(learnt_from, None, 7, &mut crate::progress::Silent).unwrap();
    let again = fit(learnt_from, None, 7, &mut crate::progress::Silent).unwrap();
    assert!(fitted == again, "the same seed gives the same layer");
    let (before, after) = (margin(None, others), margin(Some(&fitted), others));
    assert!(after > 1.1 * before, "{before} before, {after} after");
}

#[test]
fn without_forgeries_nothing_is_learnt() {
    let writers: Vec<Signatures> =
        (0..2).map(|number| Signatures { forgeries: Vec::new(), ..signatures(number) }).collect();
    assert_eq!(fit(&writers, None, 7, &mut crate::progress::Silent), None);
}

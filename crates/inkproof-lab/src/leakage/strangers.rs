//! Whether the pressure along the strokes tells the scan: it must not tell genuine signatures from forgeries of a writer when
//! they are held against a stranger's, who has nothing to do with either.
//!
//! Where genuine signatures were scanned in one session and forgeries in another, and pressure carried something of the
//! session, strangers' genuine signatures would be more alike than a stranger's and a forgery.

use inkproof::inknet::LocalFeatures;
use inkproof::{Frame, InkParameters, Model};
use rayon::prelude::*;

use super::cue::Cue;
use super::pairs::{Pair, Pairs};

/// Alone of its kind: it is not a value of an image.
pub const CUE: Cue = Cue::judged("pressure_of_strangers", "pressure, strangers");

/// What says which places are counterparts; None in a frame that has no pressure.
pub(super) fn model(parameters: &InkParameters) -> Option<Model> {
    match parameters.frame {
        Frame::Box => None,
        Frame::Mass => Some(Model::bundled()),
    }
}

/// For each pair how alike in pressure its second image and the first one of the next writer's pairs are; None where no image
/// has any pressure.
pub(super) fn scores(pairs: &Pairs, features: &[Option<LocalFeatures>]) -> Option<Vec<f64>> {
    let has_pressure = |features: &Option<LocalFeatures>| features.as_ref().is_some_and(|one| one.pressure().is_some());
    if !features.iter().any(has_pressure) {
        return None;
    }
    let genuine = genuine_of(pairs);
    let score = |(number, pair): (usize, &Pair)| {
        let strangers = &genuine[(pair.writer + 1) % pairs.writers];
        let (Some(stranger), Some(image)) = (&features[strangers[number % strangers.len()]], &features[pair.b]) else {
            return 0.0;
        };
        stranger.likeness(image).pressure.map_or(0.0, |pressure| f64::from(pressure.clarity * pressure.correlation))
    };
    Some(pairs.list.par_iter().enumerate().map(score).collect())
}

/// The first images of each writer's pairs.
fn genuine_of(pairs: &Pairs) -> Vec<Vec<usize>> {
    let mut genuine = vec![Vec::new(); pairs.writers];
    for pair in &pairs.list {
        if genuine[pair.writer].last() != Some(&pair.a) {
            genuine[pair.writer].push(pair.a);
        }
    }
    genuine
}

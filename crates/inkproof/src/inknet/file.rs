//! `inknet` as the tensors of a model file, and back.

use inkproof_nn::NamedTensors;

use super::{Expected, HIDDEN, Inknet, InknetWeights, LocalFeatures, RAW, Refinement, WIDTH};
use crate::{Error, Result};

/// A cohort signature has no more places than this: one for each block of an ink.
const MOST_PLACES: usize = 56 * 56;

impl Inknet {
    /// Every tensor by name.
    pub(crate) fn tensors(&self) -> NamedTensors {
        let InknetWeights { mean, projection, within, total, refinement, expected } = &self.learned;
        let count: usize = self.cohort.iter().map(LocalFeatures::len).sum();
        let each = |of: fn(&LocalFeatures) -> f32| self.cohort.iter().map(of).collect::<Vec<f32>>();
        let all = [
            ("mean", vec![RAW], mean.clone()),
            ("projection", vec![RAW, WIDTH], projection.clone()),
            ("within", vec![RAW, RAW], within.clone()),
            ("total", vec![RAW, RAW], total.clone()),
            ("cohort.places", vec![self.cohort.len()], each(|places| places.len() as f32)),
            (
                "cohort.at",
                vec![count, 2],
                self.cohort.iter().flat_map(|places| places.at.as_flattened()).copied().collect(),
            ),
            (
                "cohort.values",
                vec![count, WIDTH],
                self.cohort.iter().flat_map(|places| places.values.as_flattened()).copied().collect(),
            ),
        ];
        let of_refinement = refinement.iter().flat_map(|Refinement { into, offset, back }| {
            [
                ("refinement.into", vec![WIDTH, HIDDEN], into.clone()),
                ("refinement.offset", vec![HIDDEN], offset.clone()),
                ("refinement.back", vec![HIDDEN, WIDTH], back.clone()),
            ]
        });
        let expected = ("expected", vec![1], vec![expected.typical]);
        let all = all.into_iter().chain(of_refinement).chain([expected]);
        all.map(|(name, shape, values)| (name.to_owned(), (shape, values))).collect()
    }

    /// Takes tensors by name, as read from a file.
    ///
    /// # Errors
    /// Where a tensor is missing, too many, of another shape, or holds a NaN or an infinity.
    pub(crate) fn from_tensors(mut tensors: NamedTensors) -> Result<Self> {
        let (is_refined, is_expected) = (tensors.contains_key("refinement.into"), tensors.contains_key("expected"));
        let mut take = |name: &str, shape: &[Option<usize>]| -> Result<Vec<f32>> {
            let (found, values) =
                tensors.remove(name).ok_or_else(|| Error::Model(format!("tensor '{name}' of inknet is missing")))?;
            let fits = |(found, wanted): (&usize, &Option<usize>)| wanted.is_none_or(|wanted| *found == wanted);
            if found.len() != shape.len() || !found.iter().zip(shape).all(fits) {
                return Err(Error::Model(format!(
                    "tensor '{name}' of inknet has the shape {found:?}, which does not fit"
                )));
            }
            if values.iter().any(|value| !value.is_finite()) {
                return Err(Error::Model(format!("tensor '{name}' holds a NaN or an infinity")));
            }
            Ok(values)
        };
        // Models that were trained before these were learned have none of them.
        let refinement = if is_refined {
            Some(Refinement {
                into: take("refinement.into", &[Some(WIDTH), Some(HIDDEN)])?,
                offset: take("refinement.offset", &[Some(HIDDEN)])?,
                back: take("refinement.back", &[Some(HIDDEN), Some(WIDTH)])?,
            })
        } else {
            None
        };
        let expected = if is_expected {
            take("expected", &[Some(1)]).map(|values| Expected { typical: values[0] })?
        } else {
            Expected::CONSTANT
        };
        let learned = InknetWeights {
            mean: take("mean", &[Some(RAW)])?,
            projection: take("projection", &[Some(RAW), Some(WIDTH)])?,
            within: take("within", &[Some(RAW), Some(RAW)])?,
            total: take("total", &[Some(RAW), Some(RAW)])?,
            refinement,
            expected,
        };
        let counts = take("cohort.places", &[None])?;
        let at = take("cohort.at", &[None, Some(2)])?;
        let values = take("cohort.values", &[None, Some(WIDTH)])?;
        if let Some(name) = tensors.into_keys().next() {
            return Err(Error::Model(format!("tensor '{name}' is not an inknet tensor")));
        }
        let inknet = Self { learned, cohort: cohort(&counts, &at, &values)? };
        inknet.require_cohort()?;
        Ok(inknet)
    }
}

fn cohort(counts: &[f32], at: &[f32], values: &[f32]) -> Result<Vec<LocalFeatures>> {
    let (mut at, mut values) = (at.as_chunks().0, values.as_chunks().0);
    let mut cohort = Vec::with_capacity(counts.len());
    for &count in counts {
        let places = count as usize;
        if places as f32 != count || places > MOST_PLACES || places > at.len() || places > values.len() {
            return Err(Error::Model(format!("its cohort has a signature of {count} places, which it does not hold")));
        }
        let (of_one, values_of_one);
        (of_one, at) = at.split_at(places);
        (values_of_one, values) = values.split_at(places);
        cohort.push(LocalFeatures {
            at: of_one.to_vec(),
            values: values_of_one.to_vec(),
            to_cohort: 0.0,
            pressure: None,
        });
    }
    if !at.is_empty() || !values.is_empty() {
        return Err(Error::Model("its cohort has places that belong to no signature".to_owned()));
    }
    Ok(cohort)
}

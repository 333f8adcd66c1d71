//! Comparisons among the signatures of a question, each made once, however often the verdict asks for it.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::enrolment::{SAME_SIGNING, is_same_signing};
use crate::inknet::{Likeness, LocalFeatures, ScoreParts};
use crate::{Embedding, Error, Model, Result, Score};

/// Embeddings by one model, which go by their numbers here, from 0.
pub(super) struct Comparisons<'a> {
    model: &'a Model,
    all: Vec<&'a Embedding>,
    /// Of the smaller number with the larger one.
    known: RefCell<HashMap<[usize; 2], Likeness>>,
}

impl<'a> Comparisons<'a> {
    pub(super) fn new(model: &'a Model, all: Vec<&'a Embedding>) -> Self {
        Self { model, all, known: RefCell::default() }
    }

    /// With one more.
    pub(super) fn and<'b>(self, another: &'b Embedding) -> Comparisons<'b>
    where
        'a: 'b,
    {
        let mut all: Vec<&'b Embedding> = self.all;
        all.push(another);
        Comparisons { model: self.model, all, known: self.known }
    }

    /// The number of the last one.
    pub(super) fn last(&self) -> usize {
        self.all.len() - 1
    }

    /// As [`Model::score_of`].
    pub(super) fn score_of(&self, references: &[usize], questioned: usize) -> Result<Score> {
        Ok(Score::new(self.score_parts(references, questioned)?.sum()))
    }

    /// As [`Model::score_parts`].
    pub(super) fn score_parts(&self, references: &[usize], questioned: usize) -> Result<ScoreParts> {
        let Some(inknet) = self.model.inknet() else {
            let references: Vec<&Embedding> = references.iter().map(|&number| self.all[number]).collect();
            return self.model.score_parts(&references, self.all[questioned]);
        };
        let places: Option<Vec<&LocalFeatures>> = self.all.iter().map(|one| one.local_features()).collect();
        let places = places.ok_or(Error::OtherEmbedding)?;
        if references.is_empty() {
            return Err(Error::NoReference);
        }
        let likeness = |a: usize, b: usize| self.likeness([a, b], [places[a], places[b]]);
        let pressure = self.model.info().pressure.as_ref();
        Ok(inknet.score_by(references, questioned, |number| places[number], likeness, pressure))
    }

    /// As [`is_same_signing`].
    pub(super) fn are_same_signing(&self, one: usize, other: usize) -> Result<bool> {
        match [one, other].map(|number| self.all[number].local_features()) {
            [Some(a), Some(b)] => Ok(f64::from(self.likeness([one, other], [a, b]).similarity) >= SAME_SIGNING),
            _ => is_same_signing(self.all[one], self.all[other]),
        }
    }

    fn likeness(&self, [one, other]: [usize; 2], [a, b]: [&LocalFeatures; 2]) -> Likeness {
        let pair = [one.min(other), one.max(other)];
        *self.known.borrow_mut().entry(pair).or_insert_with(|| a.likeness(b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inknet::tests::ink;

    #[test]
    fn they_say_what_the_model_says() {
        let model = Model::bundled();
        let all: Vec<Embedding> = [1, 2, 1, 3].iter().map(|&seed| model.embed(&ink(seed)).unwrap()).collect();
        let another = model.embed(&ink(4)).unwrap();
        let comparisons = Comparisons::new(&model, all.iter().collect()).and(&another);
        let at = |number: usize| if number == comparisons.last() { &another } else { &all[number] };
        for references in [&[0][..], &[1, 0], &[0, 1, 2], &[3, 1]] {
            for questioned in [3, 4] {
                let embeddings: Vec<&Embedding> = references.iter().map(|&number| at(number)).collect();
                let expected = model.score_parts(&embeddings, at(questioned)).unwrap();
                // Twice: compared, and remembered.
                for _ in 0..2 {
                    assert_eq!(comparisons.score_parts(references, questioned).unwrap(), expected);
                }
            }
        }
        for (one, other) in [(0, 2), (2, 0), (0, 1), (1, 4)] {
            let expected = is_same_signing(at(one), at(other)).unwrap();
            assert_eq!(comparisons.are_same_signing(one, other).unwrap(), expected, "{one} and {other}");
        }
        assert!(comparisons.are_same_signing(0, 2).unwrap(), "it is one ink");
    }

    #[test]
    fn what_cannot_be_compared_is_an_error() {
        let model = Model::bundled();
        let [places, vector] = [model.embed(&ink(1)).unwrap(), Embedding::Vector(vec![1.0])];
        let comparisons = Comparisons::new(&model, vec![&places, &vector]);
        assert!(matches!(comparisons.score_parts(&[0], 1), Err(Error::OtherEmbedding)));
        assert!(matches!(comparisons.are_same_signing(0, 1), Err(Error::OtherEmbedding)));
        let alone = Comparisons::new(&model, vec![&places]);
        assert!(matches!(alone.score_parts(&[], 0), Err(Error::NoReference)));
    }
}

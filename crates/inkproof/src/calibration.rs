//! What a score is worth: log10 likelihood ratios, the strength of evidence in words, and thresholds.
//!
//! A [`Calibration`] was fitted on calibration writers by logistic regression with both classes weighing the same, so
//! that the fitted log-odds are those of a flat prior: the log-likelihood ratio (Platt 1999; Brümmer and du Preez 2006).
//! Scores are steadier the more references there are, so numbers of references have a fit each, as 1, 2, 3, 5, and 8 or
//! more. N writers cannot show more than one misleading case in N, so no ratio beyond N to one is stated in either
//! direction: a plain bound in the spirit of ELUB (Vergeer et al., "Numerical likelihood ratios outputted by LR systems are often based on
//! extrapolation", Science & Justice 56, 2016). The words are those of the ENFSI guideline for evaluative reporting
//! (2015): support for one of two propositions, which is all that a comparison of signatures can give.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::ThresholdInfo;
use crate::score::{Score, Threshold};
use crate::{Error, Result};

/// A fit for so many references or more serves greater numbers that have none of their own, too.
pub const FIT_FOR_MORE: usize = 3;

const LEAST_WRITERS: usize = 2;

/// So many standard deviations on both sides hold 95 % of a normal distribution.
const NORMAL_95: f64 = 1.96;

/// The base-10 logarithm of a likelihood ratio, P(score | same writer) / P(score | another writer).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Log10Lr(f64);

impl Log10Lr {
    /// Any number; above 0 it supports the same writer, below 0 another one.
    pub fn new(value: f64) -> Self {
        Self(value)
    }

    /// The number: 1 stands for a likelihood ratio of ten to one.
    pub fn get(self) -> f64 {
        self.0
    }

    /// The probability of "the same writer" where both propositions were equally probable before.
    pub fn probability(self) -> f64 {
        1.0 / (1.0 + 10f64.powf(-self.0))
    }
}

/// What is known of a model's scores: fits for numbers of references, as many as the calibration writers had signatures
/// for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<ReferenceCalibration>", into = "Vec<ReferenceCalibration>")]
pub struct Calibration(Vec<ReferenceCalibration>);

/// The fit for one number of references.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReferenceCalibration {
    /// So many, or more up to the next fit's number where it is [`FIT_FOR_MORE`] at least.
    pub references: usize,
    /// The writers that it was fitted on, whose number bounds every likelihood ratio.
    pub writers: usize,
    /// The forgeries that it was fitted on.
    pub against: Forgeries,
    /// log10 LR = slope * score + intercept, within the bound.
    pub slope: f64,
    /// The log10 LR of a score of 0, before the bound.
    pub intercept: f64,
    /// Of the decision.
    pub threshold: ThresholdInfo,
    /// For wanted FARs, against the same forgeries.
    pub wanted_far: Vec<WantedFar>,
    /// For a low FAR against random forgeries alone, where so many writers were there that they can show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub random_far: Option<WantedFar>,
    /// How the fit varies with who the calibration writers are; files of programs before 0.1.0 have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<LineSpread>,
}

/// Variances of the line log10 LR = slope * score + intercept over resamplings of the populations and the writers that it
/// was fitted on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineSpread {
    /// The variance of the slope.
    pub slope: f64,
    /// The variance of the intercept.
    pub intercept: f64,
    /// The covariance of the two.
    pub covariance: f64,
}

/// A kind of forgeries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Forgeries {
    /// Made by somebody who imitates the signature of the writer.
    Skilled,
    /// Signatures of other people, who did not imitate anybody.
    Random,
}

/// The threshold for a wanted FAR, or why the calibration writers cannot show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum WantedFar {
    /// The calibration writers can show it.
    Fixed {
        /// The wanted share of forgeries that are accepted, 0..1.
        far: f64,
        /// From this score on a questioned signature is accepted.
        threshold: Threshold,
        /// The share of genuine signatures that are rejected there, 0..1.
        frr: f64,
    },
    /// The calibration writers cannot show it.
    Refused {
        /// The wanted share of forgeries that are accepted, 0..1.
        far: f64,
        /// Why they cannot, in words.
        refused: String,
    },
}

impl fmt::Display for Forgeries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Skilled => "skilled forgeries",
            Self::Random => "random forgeries",
        })
    }
}

impl Calibration {
    /// # Errors
    /// Where there is no fit, one is for no number of references, they do not ascend, or one has fewer than two writers,
    /// a slope below 0 or a number that is not finite.
    pub fn new(fits: Vec<ReferenceCalibration>) -> Result<Self> {
        let broken = |why: String| Err(Error::Calibration(why));
        if fits.is_empty() {
            return broken("there is no fit".to_owned());
        }
        for fit in &fits {
            let ReferenceCalibration { references, writers, slope, intercept, spread, .. } = fit;
            if *references == 0 {
                return broken("a fit is for no references".to_owned());
            }
            if *writers < LEAST_WRITERS {
                return broken(format!("a fit is of {writers} writer(s)"));
            }
            if !(*slope >= 0.0 && slope.is_finite() && intercept.is_finite()) {
                return broken(format!("a fit has slope {slope} and intercept {intercept}"));
            }
            if let Some(spread) = spread.filter(|spread| !spread.is_valid()) {
                return broken(format!("a fit has the variances {} and {}", spread.slope, spread.intercept));
            }
        }
        if !fits.is_sorted_by(|a, b| a.references < b.references) {
            return broken("its fits do not ascend by references".to_owned());
        }
        Ok(Self(fits))
    }

    /// The fits, ascending by references.
    pub fn fits(&self) -> &[ReferenceCalibration] {
        &self.0
    }

    /// The fit for a number of references, if there is one.
    pub fn fit(&self, references: usize) -> Option<&ReferenceCalibration> {
        let nearest = self.0.iter().rfind(|fit| fit.references <= references)?;
        (nearest.references == references || nearest.references >= FIT_FOR_MORE).then_some(nearest)
    }

    /// The likelihood ratio of a score to so many references; None where the calibration writers had too few signatures
    /// to say.
    pub fn log10_lr(&self, score: Score, references: usize) -> Option<Log10Lr> {
        self.fit(references).map(|fit| fit.log10_lr(score))
    }
}

/// From which log10 likelihood ratio on signatures are accepted, fixed on the genuine signatures of the people that are judged,
/// for numbers of references; the ratios are those before the bound.
/// They are copied with every question, and so are an array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AcceptanceLevels([Option<AcceptanceLevel>; AcceptanceLevels::MOST]);

/// The level for one number of references.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AcceptanceLevel {
    /// So many, or more up to the next level's number.
    pub references: usize,
    /// From this log10 likelihood ratio on a signature is accepted.
    pub log10_lr: f64,
}

impl AcceptanceLevels {
    /// So many numbers of references can have a level of their own.
    pub const MOST: usize = 8;

    /// # Errors
    /// Where there is none, or more than [`AcceptanceLevels::MOST`], they do not ascend by references, or one is not finite.
    pub fn new(levels: &[AcceptanceLevel]) -> Result<Self> {
        let ascend = levels.is_sorted_by(|a, b| a.references < b.references);
        let finite = levels.iter().all(|level| level.log10_lr.is_finite() && level.references > 0);
        if levels.is_empty() || levels.len() > Self::MOST || !ascend || !finite {
            return Err(Error::Calibration(format!("its levels of acceptance are {levels:?}")));
        }
        Ok(Self(std::array::from_fn(|place| levels.get(place).copied())))
    }

    /// The level for a number of references; None for fewer than any has.
    fn level(&self, references: usize) -> Option<f64> {
        let fitting = self.0.iter().flatten().rfind(|level| level.references <= references);
        fitting.map(|level| level.log10_lr)
    }
}

impl TryFrom<Vec<ReferenceCalibration>> for Calibration {
    type Error = Error;

    fn try_from(fits: Vec<ReferenceCalibration>) -> Result<Self> {
        Self::new(fits)
    }
}

impl From<Calibration> for Vec<ReferenceCalibration> {
    fn from(calibration: Calibration) -> Self {
        calibration.0
    }
}

impl ReferenceCalibration {
    /// The likelihood ratio of a score.
    pub fn log10_lr(&self, score: Score) -> Log10Lr {
        let bound = self.bound().get();
        Log10Lr(self.unbounded(score).clamp(-bound, bound))
    }

    /// The same before the bound.
    pub fn unbounded(&self, score: Score) -> f64 {
        self.slope * score.get() + self.intercept
    }

    /// From which score on so many references accept at these levels; None where they have none for them, or the fit says
    /// nothing.
    pub fn threshold_at(&self, levels: &AcceptanceLevels, references: usize) -> Option<Threshold> {
        let score = (levels.level(references)? - self.intercept) / self.slope;
        Threshold::new(score).ok()
    }

    /// The 95 % interval of the likelihood ratio of a score: how sure the calibration is, given that it has seen so many
    /// writers, and so many populations where there were several (normal approximation). It is that of the average over
    /// populations; how far the people of one case are from that average it does not say. Within the bound at both ends, so that
    /// they are equal where both lie beyond it. None where the file does not say.
    pub fn log10_lr_ci95(&self, score: Score) -> Option<[Log10Lr; 2]> {
        let half = NORMAL_95 * self.spread?.variance(score.get()).max(0.0).sqrt();
        let (bound, middle) = (self.bound().get(), self.unbounded(score));
        Some([middle - half, middle + half].map(|end| Log10Lr(end.clamp(-bound, bound))))
    }

    /// The strongest likelihood ratio that so many writers support, in either direction.
    pub fn bound(&self) -> Log10Lr {
        Log10Lr((self.writers as f64).log10())
    }
}

impl LineSpread {
    /// Of the line's value at a score.
    fn variance(&self, score: f64) -> f64 {
        self.slope * score * score + 2.0 * self.covariance * score + self.intercept
    }

    fn is_valid(&self) -> bool {
        let Self { slope, intercept, covariance } = *self;
        let finite = [slope, intercept, covariance].iter().all(|value| value.is_finite());
        finite && slope >= 0.0 && intercept >= 0.0
    }
}

/// Which proposition a likelihood ratio supports, and how strongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// LR between 1/2 and 2.
    Neither,
    /// The questioned signature was written by the writer of the references.
    SameWriter(Strength),
    /// It was written by somebody else.
    AnotherWriter(Strength),
}

/// The ENFSI guideline's scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// LR 2 to 10.
    Weak,
    /// 10 to 100.
    Moderate,
    /// 100 to 1,000.
    ModeratelyStrong,
    /// 1,000 to 10,000.
    Strong,
    /// 10,000 to 1,000,000.
    VeryStrong,
    /// 1,000,000 and more.
    ExtremelyStrong,
}

impl Support {
    /// On the scale of the ENFSI guideline (2015).
    pub fn from_lr(lr: Log10Lr) -> Self {
        match (Strength::from_log10_lr(lr.get().abs()), lr.get() > 0.0) {
            (None, _) => Self::Neither,
            (Some(strength), true) => Self::SameWriter(strength),
            (Some(strength), false) => Self::AnotherWriter(strength),
        }
    }
}

impl Strength {
    /// None below LR 2.
    fn from_log10_lr(log10_lr: f64) -> Option<Self> {
        Some(match log10_lr {
            lr if lr < std::f64::consts::LOG10_2 => return None,
            lr if lr < 1.0 => Self::Weak,
            lr if lr < 2.0 => Self::Moderate,
            lr if lr < 3.0 => Self::ModeratelyStrong,
            lr if lr < 4.0 => Self::Strong,
            lr if lr < 6.0 => Self::VeryStrong,
            _ => Self::ExtremelyStrong,
        })
    }
}

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const QUESTIONED: &str = "the questioned signature was written";
        const SAME: &str = "by the writer of the references";
        const OTHER: &str = "by somebody else";
        match self {
            Self::Neither => {
                write!(f, "support for neither proposition, that {QUESTIONED} {SAME} or that it was {OTHER}")
            }
            Self::SameWriter(strength) => {
                write!(f, "{strength} support for the proposition that {QUESTIONED} {SAME}, rather than {OTHER}")
            }
            Self::AnotherWriter(strength) => {
                write!(f, "{strength} support for the proposition that {QUESTIONED} {OTHER}, rather than {SAME}")
            }
        }
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Weak => "weak",
            Self::Moderate => "moderate",
            Self::ModeratelyStrong => "moderately strong",
            Self::Strong => "strong",
            Self::VeryStrong => "very strong",
            Self::ExtremelyStrong => "extremely strong",
        })
    }
}

#[cfg(test)]
mod tests;

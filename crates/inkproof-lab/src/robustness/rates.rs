//! From outcomes to shares, their intervals, and whether the demands hold.

use std::collections::BTreeMap;

use inkproof::Decision;
use serde::Serialize;

use super::bench::{Outcome, Questioned, RobustnessOptions, Trial};
use super::condition::Condition;
use crate::dataset::{Skipped, WriterId};
use crate::error::Result;
use crate::evaluate::Class;
use crate::metrics::{self, Sample, Scores, percentile_interval};

/// Genuine signatures that are rejected may rise by so much over the clean condition.
const REJECTED_RISE: f64 = 0.03;
/// Forgeries that are accepted may rise by so much.
const ACCEPTED_RISE: f64 = 0.02;
/// Of the share of genuine signatures that are accepted when clean, so much has to be kept.
const ACCEPTED_KEPT: f64 = 0.8;
/// Shares are quotients of small numbers; a limit that is met exactly is met.
const ROUNDING: f64 = 1e-9;

/// Everything that was measured.
#[derive(Debug, Clone, Serialize)]
pub struct RobustnessResult {
    /// Names of the sets.
    pub sets: Vec<String>,
    /// Claimed writers.
    pub writers: usize,
    /// References of each.
    pub references: usize,
    /// Genuine signatures that were questioned.
    pub genuine: usize,
    /// Forgeries that were questioned.
    pub forged: usize,
    /// Those of them that are another writer's genuine signatures, as the writer has no forgeries.
    pub random: usize,
    /// What everything was drawn by.
    pub seed: u64,
    /// Over all sets; the clean condition first.
    pub conditions: Vec<ConditionResult>,
    /// The same of each set; none where there is only one.
    pub by_set: Vec<SetResult>,
    /// The images, as the trials name them.
    #[serde(skip)]
    pub questioned: Vec<Questioned>,
    /// Every image under every condition.
    #[serde(skip)]
    pub trials: Vec<Trial>,
    /// What was left out.
    #[serde(skip)]
    pub skipped: Vec<Skipped>,
}

/// The conditions on one set.
#[derive(Debug, Clone, Serialize)]
pub struct SetResult {
    /// The set's name.
    pub set: String,
    /// The clean condition first.
    pub conditions: Vec<ConditionResult>,
}

/// What became of all images under one condition.
#[derive(Debug, Clone, Serialize)]
pub struct ConditionResult {
    /// Its name.
    pub id: &'static str,
    /// What it is.
    pub title: &'static str,
    /// Whether a person could still judge the signature.
    pub can_be_judged: bool,
    /// Of the genuine signatures.
    pub genuine: Shares,
    /// Of the forgeries.
    pub forged: Shares,
    /// By the scores of the images that were not refused; none where a class has no such image.
    pub eer: Option<Rate>,
    /// None for the clean condition itself, and where no person could judge.
    pub demands: Option<Demands>,
}

/// What became of one class; the four add up to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Shares {
    /// Found to be by the writer.
    pub accepted: Rate,
    /// Left to a person.
    pub undecided: Rate,
    /// Found to be by somebody else.
    pub rejected: Rate,
    /// Not read as an image of a signature.
    pub refused: Rate,
}

/// A share and its 95 % interval over writers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    /// 0 to 1.
    pub share: f64,
    /// None with a single writer.
    pub ci95: Option<[f64; 2]>,
}

/// A figure that a condition has to keep.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Change {
    /// Compared with the clean condition.
    pub value: f64,
    /// The same writers are drawn for both.
    pub ci95: Option<[f64; 2]>,
    /// What it may be.
    pub limit: f64,
    /// Whether it is.
    pub holds: bool,
}

/// What is asked of every condition under which a person could still judge.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Demands {
    /// How much more of the genuine signatures is rejected.
    pub genuine_rejected: Change,
    /// How much more of the forgeries is accepted.
    pub forged_accepted: Change,
    /// The share of the clean share of genuine signatures accepted that is kept; 1 where that is 0.
    pub genuine_accepted_kept: Change,
}

impl Demands {
    /// Whether all are met.
    pub fn hold(&self) -> bool {
        self.genuine_rejected.holds && self.forged_accepted.holds && self.genuine_accepted_kept.holds
    }
}

impl Change {
    fn at_most(value: f64, ci95: Option<[f64; 2]>, limit: f64) -> Self {
        Self { value, ci95, limit, holds: value <= limit + ROUNDING }
    }

    fn at_least(value: f64, ci95: Option<[f64; 2]>, limit: f64) -> Self {
        Self { value, ci95, limit, holds: value >= limit - ROUNDING }
    }
}

/// The four things that can become of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Accepted,
    Undecided,
    Rejected,
    Refused,
}

impl Outcome {
    fn fate(&self) -> Fate {
        match self {
            Self::Judged { decision: Decision::Accepted, .. } => Fate::Accepted,
            Self::Judged { decision: Decision::Undecided, .. } => Fate::Undecided,
            Self::Judged { decision: Decision::Rejected, .. } => Fate::Rejected,
            Self::Refused(_) => Fate::Refused,
        }
    }
}

impl RobustnessResult {
    pub(super) fn new(
        conditions: &[&'static Condition],
        questioned: Vec<Questioned>,
        trials: Vec<Trial>,
        skipped: Vec<Skipped>,
        options: &RobustnessOptions,
    ) -> Result<Self> {
        let all = Writers::new(&questioned);
        let seed = options.seed;
        let of_set = |set: Option<&str>| {
            let is_in = |trial: &&Trial| set.is_none_or(|set| questioned[trial.questioned].set == set);
            results(conditions, &questioned, trials.iter().filter(is_in), &all, seed)
        };
        let mut sets: Vec<String> = questioned.iter().map(|image| image.set.clone()).collect();
        sets.dedup();
        let by_set = if sets.len() > 1 { &sets[..] } else { &[] };
        let by_set = by_set.iter().map(|set| Ok(SetResult { set: set.clone(), conditions: of_set(Some(set))? }));
        let (by_set, results) = (by_set.collect::<Result<_>>()?, of_set(None)?);
        let count = |class: Class| questioned.iter().filter(|image| image.class == class).count();
        Ok(Self {
            writers: all.0.len(),
            sets,
            references: options.references,
            genuine: count(Class::Genuine),
            forged: count(Class::Skilled) + count(Class::Random),
            random: count(Class::Random),
            seed: options.seed,
            conditions: results,
            by_set,
            questioned,
            trials,
            skipped,
        })
    }

    /// The conditions under which a demand is not met.
    pub fn failing(&self) -> Vec<&ConditionResult> {
        let fails = |result: &&ConditionResult| result.demands.is_some_and(|demands| !demands.hold());
        self.conditions.iter().filter(fails).collect()
    }
}

/// The number of each writer of each set.
struct Writers(BTreeMap<(String, WriterId), usize>);

impl Writers {
    fn new(questioned: &[Questioned]) -> Self {
        let mut numbers = BTreeMap::new();
        for image in questioned {
            let number = numbers.len();
            numbers.entry((image.set.clone(), image.writer.clone())).or_insert(number);
        }
        Self(numbers)
    }

    fn number(&self, image: &Questioned) -> usize {
        self.0[&(image.set.clone(), image.writer.clone())]
    }
}

/// The figures of each condition, of which the first is the clean one.
fn results<'a>(
    conditions: &[&'static Condition],
    questioned: &[Questioned],
    trials: impl Iterator<Item = &'a Trial>,
    writers: &Writers,
    seed: u64,
) -> Result<Vec<ConditionResult>> {
    let mut counted: BTreeMap<&str, Counted<'a>> = BTreeMap::new();
    for trial in trials {
        let image = &questioned[trial.questioned];
        let (writer, genuine) = (writers.number(image), image.class == Class::Genuine);
        let of_condition = counted.entry(trial.condition).or_insert(Counted { images: Vec::new(), seed });
        of_condition.images.push(Image { writer, genuine, outcome: &trial.outcome });
    }
    let none = Counted { images: Vec::new(), seed };
    let of = |condition: &Condition| counted.get(condition.id).unwrap_or(&none);
    let result = |condition: &&'static Condition| {
        let is_clean = condition.id == Condition::CLEAN;
        let clean = (condition.can_be_judged && !is_clean).then(|| of(conditions[0]));
        of(condition).result(condition, clean)
    };
    conditions.iter().map(result).collect()
}

/// What became of every image under one condition.
struct Counted<'a> {
    images: Vec<Image<'a>>,
    seed: u64,
}

struct Image<'a> {
    writer: usize,
    genuine: bool,
    outcome: &'a Outcome,
}

impl Counted<'_> {
    fn result(&self, condition: &Condition, clean: Option<&Self>) -> Result<ConditionResult> {
        Ok(ConditionResult {
            id: condition.id,
            title: condition.title,
            can_be_judged: condition.can_be_judged,
            genuine: self.shares(true)?,
            forged: self.shares(false)?,
            eer: self.eer(),
            demands: clean.map(|clean| self.demands(clean)).transpose()?,
        })
    }

    fn shares(&self, genuine: bool) -> Result<Shares> {
        Ok(Shares {
            accepted: self.rate(Fate::Accepted, genuine)?,
            undecided: self.rate(Fate::Undecided, genuine)?,
            rejected: self.rate(Fate::Rejected, genuine)?,
            refused: self.rate(Fate::Refused, genuine)?,
        })
    }

    fn rate(&self, fate: Fate, genuine: bool) -> Result<Rate> {
        let scores = self.scores(fate)?;
        let statistic = move |sample: &Sample<'_>| share(sample, genuine);
        Ok(Rate { share: statistic(&scores.whole()), ci95: scores.interval(self.seed, statistic) })
    }

    /// 1 for every image with this fate, 0 for the others, so that a share is what is accepted at a threshold between.
    fn scores(&self, fate: Fate) -> Result<Scores> {
        let score = |image: &Image<'_>| f64::from(u8::from(image.outcome.fate() == fate));
        Scores::new(self.trials(|image| Some(score(image))))
    }

    fn eer(&self) -> Option<Rate> {
        let scores = Scores::new(self.trials(|image| match image.outcome {
            Outcome::Judged { score, .. } => Some(*score),
            Outcome::Refused(_) => None,
        }));
        let scores = scores.ok()?;
        Some(Rate { share: scores.eer().rate, ci95: scores.eer_interval(self.seed) })
    }

    fn trials(&self, score: impl Fn(&Image<'_>) -> Option<f64>) -> Vec<metrics::Trial> {
        let trial = |(questioned, image): (usize, &Image<'_>)| {
            let score = score(image)?;
            Some(metrics::Trial { score, writer: image.writer, questioned, genuine: image.genuine })
        };
        self.images.iter().enumerate().filter_map(trial).collect()
    }

    fn demands(&self, clean: &Self) -> Result<Demands> {
        let change = |fate: Fate, genuine: bool, of: fn(f64, f64) -> f64| -> Result<(f64, Option<[f64; 2]>)> {
            let (here, there) = (self.scores(fate)?, clean.scores(fate)?);
            let statistic = move |sample: &Sample<'_>| share(sample, genuine);
            let value = of(statistic(&here.whole()), statistic(&there.whole()));
            if here.writers() < 2 {
                return Ok((value, None));
            }
            let draws = here.resampled(self.seed, statistic).into_iter().zip(there.resampled(self.seed, statistic));
            let draws: Vec<Option<f64>> = draws.map(|(here, there)| Some(of(here?, there?))).collect();
            Ok((value, percentile_interval(&draws, value)))
        };
        let rise = |here: f64, clean: f64| here - clean;
        let kept = |here: f64, clean: f64| if clean > 0.0 { here / clean } else { 1.0 };
        let (rejected, rejected_ci) = change(Fate::Rejected, true, rise)?;
        let (accepted, accepted_ci) = change(Fate::Accepted, false, rise)?;
        let (kept, kept_ci) = change(Fate::Accepted, true, kept)?;
        Ok(Demands {
            genuine_rejected: Change::at_most(rejected, rejected_ci, REJECTED_RISE),
            forged_accepted: Change::at_most(accepted, accepted_ci, ACCEPTED_RISE),
            genuine_accepted_kept: Change::at_least(kept, kept_ci, ACCEPTED_KEPT),
        })
    }
}

/// The share of a class with score 1.
fn share(sample: &Sample<'_>, genuine: bool) -> f64 {
    let point = sample.at_threshold(0.5);
    if genuine { 1.0 - point.frr } else { point.far }
}

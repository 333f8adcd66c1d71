//! A calibration on a store's own writers: no forgery is needed to see how alike these people's own signatures are, and so from
//! which score on at most so many of their genuine signatures go to a person.
//!
//! Each reference that counts is compared with others of its writer, as a questioned signature is, and the level is put where the wanted
//! share of them lies below it; writers count for the same. With one signature of each of N writers and of the next one, the
//! next one's lies below the value at place p (N + 1) with probability p at most, so that N must be 1 / p - 1 at least
//! (Papadopoulos et al., "Inductive confidence machines for regression", 2002); with several signatures of each that holds
//! approximately. Levels are log10 likelihood ratios, so that one for few references serves more where nobody has as
//! many: more references make evidence stronger. It is kept in the audit, by its last entry of that kind.

use std::time::Instant;

use inkproof::calibration::{AcceptanceLevel, AcceptanceLevels, Calibration, Forgeries, ReferenceCalibration};
use inkproof::enrolment::is_same_signing;
use inkproof::{Decision, Embedding, Limits, Score, Threshold};
use inkproof_store::{Actor, Event, Hex, NewEntry, StoreError, Time, WriterId};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Error, Result, Service, Threads};

/// The share of genuine signatures that go to a person at most, where nobody says another.
pub const DEFAULT_FRR: f64 = 0.05;

/// Writers that are looked at, at most; the first that were enrolled.
const MOST_WRITERS: usize = 500;

/// References of a writer that are looked at, at most; the first that were enrolled.
const MOST_REFERENCES: usize = 10;

/// Writers that are looked for, at most, with those who have one reference.
const MOST_SEEN: usize = 20_000;

/// Signatures of other writers that each writer's references are compared with.
const STRANGERS: usize = 5;

/// The outcomes that the audit has.
const CALIBRATED: &str = "calibrated";
const UNDONE: &str = "undone";

/// What was fixed on the writers of a store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnCalibration {
    /// The share of genuine signatures that are not accepted at most, 0..1.
    pub frr: f64,
    /// Writers with two references or more that were looked at.
    pub writers: usize,
    /// Writers who were left out, since their references were made for another preprocessing.
    pub left_out: usize,
    /// A fingerprint of the model's likelihood ratios, without which levels say nothing.
    pub fits: String,
    /// For numbers of references, ascending; the last serves more.
    pub levels: Vec<OwnLevel>,
}

/// From where on signatures are accepted with so many references.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnLevel {
    /// So many, or more up to the next level's number.
    pub references: usize,
    /// From this log10 likelihood ratio on, before its bound.
    pub log10_lr: f64,
    /// The score that it is.
    #[cfg_attr(feature = "openapi", schema(value_type = f64))]
    pub threshold: Threshold,
    /// The score from which on the model itself accepts.
    #[cfg_attr(feature = "openapi", schema(value_type = f64))]
    pub model_threshold: Threshold,
    /// Writers that it rests on.
    pub writers: usize,
    /// Genuine signatures of them that were judged.
    pub genuine: usize,
    /// The share of these, with writers counting for the same, that the model's own rule does not accept, 0..1.
    pub model_frr: f64,
    /// Signatures of other writers that were judged.
    pub strangers: usize,
    /// How many of these are accepted.
    pub strangers_accepted: usize,
    /// The forgeries that the model's likelihood ratios are against: skilled or random.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub against: Forgeries,
    /// The share of these that is accepted, 0..1: an estimate from the likelihood ratios, since a store has no forgeries.
    pub estimated_far: f64,
}

/// A calibration that holds, and since when.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeptCalibration {
    /// What was fixed.
    #[serde(flatten)]
    pub calibration: OwnCalibration,
    /// The model that it holds for.
    pub model: String,
    /// When it was fixed.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub time: Time,
    /// Its number in the audit.
    pub audit: i64,
    /// What the engine goes by.
    #[serde(skip)]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub(crate) acceptance: Box<AcceptanceLevels>,
}

fn acceptance_levels(levels: &[OwnLevel]) -> Result<AcceptanceLevels> {
    let level = |level: &OwnLevel| AcceptanceLevel { references: level.references, log10_lr: level.log10_lr };
    Ok(AcceptanceLevels::new(&levels.iter().map(level).collect::<Vec<_>>())?)
}

/// The first 64 bits, in hexadecimal, of SHA-256 over slopes and intercepts.
fn fingerprint(fits: &[ReferenceCalibration]) -> String {
    let mut hash = Sha256::new();
    for fit in fits {
        hash.update((fit.references as u64).to_le_bytes());
        [fit.slope, fit.intercept].iter().for_each(|value| hash.update(value.to_le_bytes()));
    }
    Hex(*hash.finalize().first_chunk::<8>().expect("SHA-256 has 32 bytes")).to_string()
}

/// Writers to calibrate on.
#[derive(Default)]
struct Found {
    /// Each with two signings or more.
    writers: Vec<Vec<Embedding>>,
    /// How many could not be compared.
    left_out: usize,
}

/// One writer's comparisons with one number of references.
#[derive(Default)]
struct Comparisons {
    /// The log10 likelihood ratios of a writer's genuine signatures, and whether the model accepts them; None of one who has too
    /// few.
    genuine: Option<Vec<(f64, bool)>>,
    /// Log10 likelihood ratios of other writers' signatures.
    strangers: Vec<f64>,
}

impl Service {
    /// The calibration on the store's own writers that holds for this model; None where there is none, or the model's likelihood
    /// ratios are not those that it was for.
    ///
    /// # Errors
    /// What the store says.
    pub fn calibration(&self) -> Result<Option<KeptCalibration>> {
        let found = self.store.last(Event::Calibrated, &self.stamp.digest)?;
        let Some(entry) = found.filter(|entry| entry.outcome == CALIBRATED) else { return Ok(None) };
        let damaged = |error: &dyn std::fmt::Display| StoreError::Damaged(error.to_string());
        let calibration: OwnCalibration = serde_json::from_value(entry.details).map_err(|error| damaged(&error))?;
        if self.fits().map(fingerprint).as_ref() != Some(&calibration.fits) {
            return Ok(None);
        }
        let acceptance = acceptance_levels(&calibration.levels).map_err(|error| damaged(&error))?;
        let (model, time, audit) = (self.stamp.digest.clone(), entry.time, entry.sequence);
        Ok(Some(KeptCalibration { calibration, model, time, audit, acceptance: Box::new(acceptance) }))
    }

    /// From where on signatures would have to be accepted, so that of genuine ones at most the share `frr` is not; nothing is
    /// kept. `progress` is called with how many writers were read; work is given up at the deadline.
    ///
    /// # Errors
    /// [`Error::Frr`], [`Error::NotCalibrated`], [`Error::TooFewWriters`]; what store and engine say.
    pub fn measure_calibration(
        &self,
        frr: f64,
        deadline: Option<Instant>,
        progress: impl FnMut(usize),
    ) -> Result<OwnCalibration> {
        if !(frr > 0.0 && frr < 0.5) {
            return Err(Error::Frr(frr));
        }
        let fits = self.fits().ok_or(Error::NotCalibrated)?;
        let limits = Limits { deadline, ..*self.verifier.limits() };
        let Found { writers, left_out } = self.writers_to_calibrate_on(&limits, progress)?;
        let levels = fits.iter().map(|fit| self.level(fit, &writers, frr, &limits)).collect::<Result<Vec<_>>>()?;
        let levels: Vec<OwnLevel> = levels.into_iter().flatten().collect();
        if levels.first().is_none_or(|level| level.references > 1) {
            return Err(Error::TooFewWriters { frr, writers: writers.len(), needed: writers_for(frr) });
        }
        Ok(OwnCalibration { frr, writers: writers.len(), left_out, fits: fingerprint(fits), levels })
    }

    /// Keeps what was measured: every program that uses the store with this model goes by it from then on.
    ///
    /// # Errors
    /// What the store says, and the engine of levels that are none.
    pub fn keep_calibration(&self, calibration: &OwnCalibration, by: &Actor) -> Result<KeptCalibration> {
        acceptance_levels(&calibration.levels)?;
        self.write_down(CALIBRATED, serde_json::to_value(calibration).expect("plain data"), by)?;
        let lost = || StoreError::Damaged("somebody undid the calibration at once".to_owned());
        Ok(self.calibration()?.ok_or_else(lost)?)
    }

    fn fits(&self) -> Option<&[ReferenceCalibration]> {
        self.verifier.model().info().calibration.as_ref().map(Calibration::fits)
    }

    /// Goes by the model's own rule again; whether there was a calibration for it.
    ///
    /// # Errors
    /// What the store says.
    pub fn undo_calibration(&self, by: &Actor) -> Result<bool> {
        let last = self.store.last(Event::Calibrated, &self.stamp.digest)?;
        let was = last.is_some_and(|entry| entry.outcome == CALIBRATED);
        if was {
            self.write_down(UNDONE, serde_json::json!({}), by)?;
        }
        Ok(was)
    }

    fn write_down(&self, outcome: &str, details: serde_json::Value, by: &Actor) -> Result<()> {
        let (actor, model) = (by.clone(), Some(self.stamp.digest.clone()));
        let entry =
            NewEntry { actor, event: Event::Calibrated, writer: None, model, outcome: outcome.to_owned(), details };
        Ok(self.store.append(&[entry])?)
    }

    /// The references of writers who have two signings or more; each signing once.
    fn writers_to_calibrate_on(&self, limits: &Limits, mut progress: impl FnMut(usize)) -> Result<Found> {
        let mut found = Found::default();
        for summary in self.store.all_writers("").take(MOST_SEEN) {
            let summary = summary?;
            if summary.references - summary.waiting < 2 {
                continue;
            }
            limits.check_time()?;
            match self.signings(&summary.id) {
                Err(Error::OtherPreprocessing { .. } | Error::StoredReference { .. }) => found.left_out += 1,
                signings => found.writers.extend(signings?),
            }
            progress(found.writers.len());
            if found.writers.len() == MOST_WRITERS {
                break;
            }
        }
        Ok(found)
    }

    /// The signings of a writer; None where there are fewer than two, and where the writer was erased or changed meanwhile.
    fn signings(&self, writer: &WriterId) -> Result<Option<Vec<Embedding>>> {
        let writer = match self.enrolled_writer(writer) {
            Err(Error::Store(StoreError::NoWriter(_)) | Error::NoApprovedReference(_)) => return Ok(None),
            writer => writer?,
        };
        let mut signings: Vec<Embedding> = Vec::new();
        for reference in writer.references.into_iter().take(MOST_REFERENCES) {
            let seen = signings.iter().map(|earlier| is_same_signing(earlier, &reference.embedding));
            if !seen.collect::<inkproof::Result<Vec<bool>>>()?.contains(&true) {
                signings.push(reference.embedding);
            }
        }
        Ok((signings.len() > 1).then_some(signings))
    }

    /// The level for the number of references that a fit is for; None where too few writers have more.
    fn level(
        &self,
        fit: &ReferenceCalibration,
        writers: &[Vec<Embedding>],
        frr: f64,
        limits: &Limits,
    ) -> Result<Option<OwnLevel>> {
        let compare = |place: usize| {
            limits.check_time()?;
            self.compare(fit, writers, place)
        };
        let found: Vec<Comparisons> = match self.options.threads {
            Threads::One => (0..writers.len()).map(compare).collect::<Result<_>>()?,
            Threads::All => (0..writers.len()).into_par_iter().map(compare).collect::<Result<_>>()?,
        };
        let strangers: Vec<f64> = found.iter().flat_map(|found| found.strangers.iter().copied()).collect();
        let genuine: Vec<Vec<(f64, bool)>> = found.into_iter().flat_map(|found| found.genuine).collect();
        let ratios: Vec<Vec<f64>> = genuine.iter().map(|of| of.iter().map(|(ratio, _)| *ratio).collect()).collect();
        let Some(log10_lr) = level_at(&ratios, frr) else { return Ok(None) };
        let levels = AcceptanceLevels::new(&[AcceptanceLevel { references: fit.references, log10_lr }])?;
        let Some(threshold) = fit.threshold_at(&levels, fit.references) else { return Ok(None) };
        let refused =
            |of: &Vec<(f64, bool)>| of.iter().filter(|(_, accepted)| !accepted).count() as f64 / of.len() as f64;
        Ok(Some(OwnLevel {
            references: fit.references,
            log10_lr,
            threshold,
            model_threshold: fit.threshold.value,
            writers: genuine.len(),
            genuine: genuine.iter().map(Vec::len).sum(),
            model_frr: genuine.iter().map(refused).sum::<f64>() / genuine.len() as f64,
            strangers: strangers.len(),
            strangers_accepted: strangers.iter().filter(|ratio| **ratio >= log10_lr).count(),
            against: fit.against,
            estimated_far: share_of_forgeries(&ratios, log10_lr),
        }))
    }

    /// What one writer's references score against each other, and other writers' against them.
    fn compare(&self, fit: &ReferenceCalibration, writers: &[Vec<Embedding>], place: usize) -> Result<Comparisons> {
        let mut found = Comparisons::default();
        let (all, count, model) = (&writers[place], fit.references, self.verifier.model());
        if all.len() <= count {
            return Ok(found);
        }
        let own = |number: usize| {
            let references: Vec<&Embedding> = (1..=count).map(|step| &all[(number + step) % all.len()]).collect();
            let score = model.score_of(&references, &all[number])?;
            Ok((fit.unbounded(score), accepts(fit, score)))
        };
        found.genuine = Some((0..all.len()).map(own).collect::<Result<_>>()?);
        let references: Vec<&Embedding> = all[..count].iter().collect();
        for other in (1..writers.len()).take(STRANGERS).map(|step| &writers[(place + step) % writers.len()]) {
            found.strangers.push(fit.unbounded(model.score_of(&references, &other[0])?));
        }
        Ok(found)
    }
}

/// Whether the model's own rule accepts a score.
fn accepts(fit: &ReferenceCalibration, score: Score) -> bool {
    Decision::from_evidence(score, fit.threshold.value, Some(fit.log10_lr(score))) == Decision::Accepted
}

/// So few writers can show a share.
fn writers_for(frr: f64) -> usize {
    ((1.0 / frr - 1.0) - 1e-9).ceil() as usize
}

/// The level below which at most the share `frr` of the next writer's values lies: the greatest value up to which no more than
/// that share of the writers and the next one lies, each counting for the same. None
/// where the writers are too few to show it.
fn level_at(values: &[Vec<f64>], frr: f64) -> Option<f64> {
    let writers = values.len();
    if writers < writers_for(frr) {
        return None;
    }
    let weighed = |of: &Vec<f64>| of.iter().map(|value| (*value, 1.0 / of.len() as f64)).collect::<Vec<_>>();
    let mut ascending: Vec<(f64, f64)> = values.iter().flat_map(weighed).collect();
    ascending.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut left = frr * (writers as f64 + 1.0) + 1e-9;
    let within = ascending.into_iter().take_while(|(_, weight)| {
        left -= weight;
        left >= 0.0
    });
    within.last().map(|(value, _)| value)
}

/// The share of forgeries at or above a level, 0..1, of a population whose genuine signatures have these log10 likelihood ratios:
/// a ratio is how much more frequent a score is among genuine signatures than among forgeries, so that each genuine one stands
/// for one part in so many of all forgeries. Writers count for the same.
fn share_of_forgeries(genuine: &[Vec<f64>], level: f64) -> f64 {
    let of_writer = |ratios: &Vec<f64>| {
        let above = ratios.iter().filter(|ratio| **ratio >= level);
        above.map(|ratio| 10f64.powf(-ratio)).sum::<f64>() / ratios.len() as f64
    };
    (genuine.iter().map(of_writer).sum::<f64>() / genuine.len() as f64).min(1.0)
}

/// "5 %", "2.5 %".
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", (1000.0 * share).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_lies_above_the_wanted_share_of_the_next_writer() {
        let one_each = |count: usize| -> Vec<Vec<f64>> { (0..count).map(|value| vec![value as f64]).collect() };
        // A twentieth of 19 writers and the next one is one writer.
        assert_eq!(level_at(&one_each(19), 0.05), Some(0.0));
        assert_eq!(level_at(&one_each(18), 0.05), None);
        assert_eq!(level_at(&one_each(99), 0.05), Some(4.0));
        assert_eq!(level_at(&one_each(9), 0.1), Some(0.0));
    }

    #[test]
    fn writers_count_for_the_same_however_many_signatures_they_have() {
        let mut values = vec![vec![-9.0; 100]];
        values.extend((0..18).map(|value| vec![f64::from(value)]));
        assert_eq!(level_at(&values, 0.05), Some(-9.0), "one writer of 19, not 100 values of 118");
    }

    #[test]
    fn so_many_writers_show_a_share() {
        assert_eq!([0.05, 0.1, 0.01, 0.2].map(writers_for), [19, 9, 99, 4]);
    }

    #[test]
    fn forgeries_are_told_from_genuine_ratios() {
        let genuine = [vec![1.0; 10], vec![-1.0], vec![1.0; 3]];
        assert!((share_of_forgeries(&genuine, 0.0) - 0.2 / 3.0).abs() < 1e-12);
        assert_eq!(share_of_forgeries(&genuine, -1.0), 1.0, "a share");
    }
}

//! Results as text for a person: rates in percent with their intervals, aligned tables.

use anyhow::{Context, Result};
use inkproof::Decision;
use inkproof_lab::dataset::Skipped;
use inkproof_lab::evaluate::{DecisionShares, Decisions, ErrorRates, FrrAtFar, VerificationResult};
use serde::Serialize;
use serde_json::Value;

/// "12.3 %"
pub fn percent(rate: f64) -> String {
    format!("{:.1} %", 100.0 * rate)
}

/// "12.3 % (10.1 to 15.0 %)": a rate and its 95 % interval.
pub fn rate_with_interval(rate: f64, ci95: Option<[f64; 2]>) -> String {
    match ci95 {
        Some([low, high]) => format!("{} ({:.1} to {:.1} %)", percent(rate), 100.0 * low, 100.0 * high),
        None => percent(rate),
    }
}

/// [`rate_with_interval`] of the EER.
pub fn eer_with_interval(rates: &ErrorRates) -> String {
    rate_with_interval(rates.eer, rates.eer_ci95)
}

/// One run as a table of two rows.
pub fn table(run: &VerificationResult) -> String {
    let mut lines = vec![
        format!("{} reference(s), {} writers, {} draws, seed {}", run.references, run.writers, run.repeats, run.seed),
        row(["", "EER (95 % interval)", "AUC", "FAR", "FRR", "comparisons"]),
    ];
    match &run.skilled {
        Some(rates) => lines.push(rates_row("skilled forgeries", rates)),
        None => lines.push("skilled forgeries   none in this data".to_owned()),
    }
    lines.push(rates_row("random forgeries", &run.random));
    if let Some(rates) = &run.skilled {
        lines.extend(further_lines("skilled forgeries", rates));
    }
    lines.extend(further_lines("random forgeries", &run.random));
    if let Some(threshold) = run.threshold {
        lines.push(format!("FAR and FRR are at the model's threshold of {threshold:.4}; intervals resample writers."));
    }
    if run.skipped.too_few_genuine + run.skipped.no_forgeries > 0 {
        lines.push(format!(
            "{} writer(s) had too few genuine signatures, {} had no forgeries.",
            run.skipped.too_few_genuine, run.skipped.no_forgeries
        ));
    }
    lines.join("\n")
}

fn rates_row(name: &str, rates: &ErrorRates) -> String {
    let or_dash = |rate: Option<f64>| rate.map_or("-".to_owned(), percent);
    let comparisons = format!("{} + {}", rates.comparisons.genuine, rates.comparisons.forgery);
    let auc = format!("{:.3}", rates.auc);
    let (far, frr) = (or_dash(rates.far_at_threshold), or_dash(rates.frr_at_threshold));
    row([name, &eer_with_interval(rates), &auc, &far, &frr, &comparisons])
}

/// What has no column: the FRR at wanted FARs, and what the likelihood ratios cost.
fn further_lines(name: &str, rates: &ErrorRates) -> Vec<String> {
    let frr = rates.frr_at_far.iter().map(|at| match at {
        FrrAtFar::Measured { far, frr, ci95, .. } => {
            format!("FRR {} at FAR {}", rate_with_interval(*frr, *ci95), percent(*far))
        }
        FrrAtFar::Refused { far, forged_images, needed, .. } => {
            format!("no FRR at FAR {} (needs {needed} different forgeries, has {forged_images})", percent(*far))
        }
    });
    let cost = match (rates.cllr, rates.cllr_min) {
        (Some(cllr), Some(least)) => {
            let interval = rates.cllr_ci95.map(|[low, high]| format!(" ({low:.2} to {high:.2})")).unwrap_or_default();
            Some(format!("Cllr {cllr:.2}{interval}, {least:.2} with the best calibration"))
        }
        _ => None,
    };
    let decided = rates.decisions.map(|Decisions { genuine, forgeries }| {
        let shares = |of: DecisionShares| {
            let [accepted, undecided, rejected] = [of.accepted, of.undecided, of.rejected].map(percent);
            format!("{accepted} accepted, {undecided} undecided, {rejected} rejected")
        };
        format!("as verify decides: genuine {}; forgeries {}", shares(genuine), shares(forgeries))
    });
    let line = |text| format!("{name:<18}  {text}");
    [Some(frr.collect::<Vec<_>>().join("; ")), decided, cost].into_iter().flatten().map(line).collect()
}

fn row([name, eer, auc, far, frr, comparisons]: [&str; 6]) -> String {
    format!("{name:<18}  {eer:>24}  {auc:>6}  {far:>8}  {frr:>8}  {comparisons:>16}")
}

/// Prints a result as JSON, with what was left out of its data set.
pub fn print_json(result: &impl Serialize, skipped: &[Skipped]) -> Result<()> {
    let mut document = serde_json::to_value(result).context("the result cannot be written as JSON")?;
    document["left_out"] = Value::Array(skipped.iter().map(Skipped::document).collect());
    println!("{document:#}");
    Ok(())
}

/// The count of what was left out; each was named while it happened.
pub fn print_skipped(skipped: &[Skipped]) {
    if !skipped.is_empty() {
        println!("{} file(s) or folder(s) were left out, named above.", skipped.len());
    }
}

/// What a decision means for a questioned signature.
pub fn meaning(decision: Decision) -> &'static str {
    match decision {
        Decision::Accepted => "is similar enough to be by the writer",
        Decision::Rejected => "is not similar enough to be by the writer",
        Decision::Undecided => "has to be looked at by a person: it may or may not be by the writer",
    }
}

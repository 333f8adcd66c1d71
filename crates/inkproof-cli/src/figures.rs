//! Results as text for a person: rates in percent with their intervals, aligned tables.

use inkproof_lab::dataset::Skipped;
use inkproof_lab::evaluate::{ErrorRates, VerificationResult};
use serde_json::{Value, json};

/// "12.3 %"
pub fn percent(rate: f64) -> String {
    format!("{:.1} %", 100.0 * rate)
}

/// "12.3 % (10.1 to 15.0 %)": a rate and its 95 % interval.
pub fn eer_with_interval(rates: &ErrorRates) -> String {
    match rates.eer_ci95 {
        Some([low, high]) => {
            format!("{} ({:.1} to {:.1} %)", percent(rates.eer), 100.0 * low, 100.0 * high)
        }
        None => percent(rates.eer),
    }
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

fn row([name, eer, auc, far, frr, comparisons]: [&str; 6]) -> String {
    format!("{name:<18}  {eer:>24}  {auc:>6}  {far:>8}  {frr:>8}  {comparisons:>16}")
}

/// Something that was left out, for JSON.
pub fn left_out(skipped: &Skipped) -> Value {
    json!({"path": skipped.path, "why": skipped.why})
}

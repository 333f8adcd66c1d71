//! The tables of the page: figures of all runs, and the writers of one of them.

use super::scores::eer_threshold;
use super::text::{classes, escape, percent, references};
use super::writers::{Errors, WriterErrors, by_difficulty};
use super::{Report, Section};
use crate::error::Result;
use crate::evaluate::{Class, DecisionShares, ErrorRates, FrrAtFar, VerificationResult};

const NONE: &str = "\u{2013}";

/// How many writers a page lists at most.
const WRITERS: usize = 60;

/// All figures with their intervals; None when nothing was measured.
pub(super) fn figures(report: &Report) -> Option<Section> {
    let runs = &report.verification;
    let columns = Column::with_figures(runs);
    let heads: String = columns.iter().map(|column| format!("<th scope=\"col\">{}</th>", column.name)).collect();
    let mut body = format!(
        "<div class=\"wide\">\n<table class=\"figures\">\n<caption>Skilled and random forgeries apart, for each number of references</caption>\n\
         <thead><tr><th scope=\"col\">against</th>{heads}</tr></thead>\n"
    );
    for run in runs {
        body += &run_rows(run, &columns);
    }
    let at_threshold = all_rates(runs).iter().any(|(_, rates)| rates.far_at_threshold.is_some());
    body += "</table>\n</div>\n<p class=\"note\">";
    body += if at_threshold { "FAR and FRR are at the threshold, which was fixed before this test. " } else { "" };
    body += "Small print: 95\u{a0}% intervals, which resample the writers.</p>\n";
    body += &refusals(runs);
    (!runs.is_empty()).then(|| Section::new("figures", "Figures", body))
}

/// A column of the table of figures; its values are HTML.
struct Column {
    name: &'static str,
    value: fn(&ErrorRates) -> Option<String>,
}

impl Column {
    /// The columns of which some run has a figure.
    fn with_figures(runs: &[VerificationResult]) -> Vec<Self> {
        let all = [
            Column { name: "EER", value: |rates| with_interval(Some(rates.eer), rates.eer_ci95, percent) },
            Column { name: "AUC", value: |rates| with_interval(Some(rates.auc), rates.auc_ci95, decimals) },
            Column {
                name: "FAR",
                value: |rates| with_interval(rates.far_at_threshold, rates.far_at_threshold_ci95, percent),
            },
            Column {
                name: "FRR",
                value: |rates| with_interval(rates.frr_at_threshold, rates.frr_at_threshold_ci95, percent),
            },
            Column {
                name: "genuine decided",
                value: |rates| rates.decisions.map(|decisions| shares(decisions.genuine)),
            },
            Column {
                name: "forgeries decided",
                value: |rates| rates.decisions.map(|decisions| shares(decisions.forgeries)),
            },
            Column { name: "FRR at FAR 1\u{a0}%", value: |rates| frr_at_far(rates, 0.01) },
            Column { name: "FRR at FAR 0.1\u{a0}%", value: |rates| frr_at_far(rates, 0.001) },
            Column { name: "Cllr", value: |rates| with_interval(rates.cllr, rates.cllr_ci95, decimals) },
            Column { name: "Cllr min", value: |rates| with_interval(rates.cllr_min, None, decimals) },
            Column {
                name: "comparisons",
                value: |rates| Some(format!("{} + {}", rates.comparisons.genuine, rates.comparisons.forgery)),
            },
        ];
        let rates = all_rates(runs);
        all.into_iter().filter(|column| rates.iter().any(|(_, rates)| (column.value)(rates).is_some())).collect()
    }

    fn cell(&self, rates: &ErrorRates) -> String {
        let value = (self.value)(rates).unwrap_or_else(|| NONE.to_owned());
        format!("<td data-label=\"{}\">{value}</td>", self.name)
    }
}

fn all_rates(runs: &[VerificationResult]) -> Vec<(Class, &ErrorRates)> {
    let mut all = Vec::new();
    for run in runs {
        all.extend(run.skilled.iter().map(|rates| (Class::Skilled, rates)));
        all.push((Class::Random, &run.random));
    }
    all
}

/// "12.3 % <small>10.1 to 15.0</small>"
fn with_interval(value: Option<f64>, interval: Option<[f64; 2]>, written: fn(f64) -> String) -> Option<String> {
    let bare = |value| written(value).trim_end_matches("\u{a0}%").to_owned();
    let between = |[low, high]: [f64; 2]| format!("<small>{} to {}</small>", bare(low), bare(high));
    value.map(|value| format!("{} {}", written(value), interval.map_or(String::new(), between)).trim().to_owned())
}

/// "69.0 % <small>accepted</small> ..." for accepted, undecided and rejected.
fn shares(of: DecisionShares) -> String {
    let shares = [(of.accepted, "accepted"), (of.undecided, "undecided"), (of.rejected, "rejected")];
    shares.map(|(share, word)| format!("{}&nbsp;<small>{word}</small>", percent(share))).join(" ")
}

fn decimals(value: f64) -> String {
    format!("{value:.3}")
}

fn frr_at_far(rates: &ErrorRates, wanted: f64) -> Option<String> {
    rates.frr_at_far.iter().find_map(|at| match at {
        FrrAtFar::Measured { far, frr, ci95, .. } if *far == wanted => with_interval(Some(*frr), *ci95, percent),
        _ => None,
    })
}

/// Why figures are missing, each reason once.
fn refusals(runs: &[VerificationResult]) -> String {
    let mut reasons: Vec<String> = Vec::new();
    for (class, rates) in all_rates(runs) {
        for at in &rates.frr_at_far {
            if let FrrAtFar::Refused { refused, .. } = at {
                let reason = format!("Not given for {} forgeries: {}.", class.word(), escape(refused));
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
    }
    match &reasons[..] {
        [] => String::new(),
        reasons => format!("<p class=\"note\">{}</p>\n", reasons.join("<br>")),
    }
}

fn run_rows(run: &VerificationResult, columns: &[Column]) -> String {
    let threshold = match (run.threshold, run.random.far_at_threshold) {
        (Some(threshold), _) => format!("threshold {threshold:.3}"),
        (None, Some(_)) => "a threshold for each fold".to_owned(),
        (None, None) => "no threshold".to_owned(),
    };
    let mut rows = format!(
        "<tbody>\n<tr class=\"run\"><th scope=\"rowgroup\" colspan=\"{}\">{}, {} writers, {} draws, {threshold}</th></tr>\n",
        columns.len() + 1,
        references(run.references),
        run.writers,
        run.repeats
    );
    rows += &match &run.skilled {
        Some(skilled) => row(Class::Skilled, skilled, columns),
        None => format!(
            "<tr><th scope=\"row\">{}</th><td colspan=\"{}\">none in this data</td></tr>\n",
            classes(Class::Skilled),
            columns.len()
        ),
    };
    rows += &row(Class::Random, &run.random, columns);
    rows += "</tbody>\n";
    rows
}

fn row(against: Class, rates: &ErrorRates, columns: &[Column]) -> String {
    let cells: String = columns.iter().map(|column| column.cell(rates)).collect();
    format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", classes(against))
}

/// The writers of the last run, the hardest first; None without comparisons.
pub(super) fn writers(report: &Report) -> Result<Option<Section>> {
    let Some(run) = report.verification.last() else { return Ok(None) };
    let (threshold, origin) = match (run.threshold, eer_threshold(run)?) {
        (Some(threshold), _) => (threshold, "the model's threshold"),
        (None, Some(threshold)) => (threshold, "where FAR and FRR are equal, which this test itself gave"),
        (None, None) => return Ok(None),
    };
    let writers = by_difficulty(run, threshold);
    let rows: String = writers.iter().take(WRITERS).map(writer_row).collect();
    let more = match writers.len().saturating_sub(WRITERS) {
        0 => String::new(),
        more => format!(" The {more} easiest writers are not listed."),
    };
    let body = format!(
        "<p>With {}, at one threshold for all: {origin}, {threshold:.3}. The hardest writers come first: those with the \
         largest mean of FRR and FAR (of skilled forgeries; of random ones where there are no others). The comparisons \
         of one writer are few and share images, so a single row is a hint, not a measurement.{more}</p>\n\
         <table class=\"writers\">\n<caption>Errors writer by writer</caption>\n\
         <thead><tr><th scope=\"col\">writer</th><th scope=\"col\">mean error</th>\
         <th scope=\"col\">genuine rejected</th><th scope=\"col\">skilled forgeries accepted</th>\
         <th scope=\"col\">random forgeries accepted</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n",
        references(run.references),
    );
    Ok((!writers.is_empty()).then(|| Section::new("writers", "Writers, the hardest first", body)))
}

fn writer_row(errors: &WriterErrors) -> String {
    let mean = errors.difficulty();
    let bar = mean.map_or(String::new(), |mean| {
        format!(
            "<span class=\"track\" aria-hidden=\"true\"><span class=\"bar\" style=\"width:{:.0}%\"></span></span>",
            100.0 * mean
        )
    });
    let mean = mean.map_or(NONE.to_owned(), percent);
    let cells = [
        ("genuine rejected", errors.genuine),
        ("skilled accepted", errors.skilled),
        ("random accepted", errors.random),
    ];
    let cells = cells.map(|(label, errors)| format!("<td data-label=\"{label}\">{}</td>", share(errors)));
    format!(
        "<tr><th scope=\"row\">{}</th><td data-label=\"mean error\" class=\"mean\"><span>{mean}</span>{bar}</td>{}</tr>\n",
        escape(errors.writer.as_str()),
        cells.concat()
    )
}

/// "12.3 %, 16 of 130"
fn share(errors: Errors) -> String {
    match errors.rate() {
        Some(rate) => format!("{} <small>{} of {}</small>", percent(rate), errors.wrong, errors.comparisons),
        None => NONE.to_owned(),
    }
}

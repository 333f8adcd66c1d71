//! The parts of the page that are words: its head, the first screen, what leaks in the data, what cannot be said, how the
//! page was made.

use super::charts;
use super::text::{escape, in_plain_words, list, percent};
use super::{LeakageSummary, Making, Report, Section};
use crate::error::Result;
use crate::evaluate::VerificationResult;
use crate::leakage::Severity;

const STYLE: &str = include_str!("style.css");

/// Intervals that resample fewer writers than this are too narrow.
const FEW_WRITERS: usize = 20;

/// Everything up to the first section.
pub(crate) fn head(title: &str) -> String {
    let title = escape(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <header>\n<p class=\"kicker\">inkproof report</p>\n<h1>{title}</h1>\n</header>\n"
    )
}

/// The first screen: what was tested, the verdict, and a warning when the test met the training.
pub(super) fn summary(report: &Report) -> Result<String> {
    let mut section = format!("<p class=\"data\">{} {}</p>\n", escape(&report.data), tested(report));
    let of_verification = report.verification.iter().map(|run| run.training_images_in_test);
    let of_notebook = report.notebook.iter().map(|result| result.training_images_in_test);
    if let Some(seen @ 1..) = of_verification.chain(of_notebook).flatten().max() {
        section += &warning(
            "Not a fair test.",
            &format!("{seen} test images were in the model's training; the figures below measure memory."),
        );
    }
    if let Some(leakage) = report.leakage.as_ref().filter(|leakage| leakage.leaks()) {
        section += &warning("The data set leaks.", &escape(&leakage.verdict));
    }
    let plain = report
        .verification
        .last()
        .map_or(String::new(), |run| format!("<p class=\"plain\">{}</p>\n", in_plain_words(run)));
    let chart = charts::intervals(&report.verification)?.unwrap_or_default();
    section += &format!(
        "<section id=\"verdict\" class=\"first\">\n<div class=\"verdict\">\n<h2>Verdict</h2>\n{plain}<p>{}</p>\n</div>\n\
         {chart}</section>\n",
        escape(&report.verdict)
    );
    Ok(section)
}

/// Which model met which test, as HTML.
fn tested(report: &Report) -> String {
    let model = match report.made.model_digest.as_str() {
        "" => escape(&report.made.model),
        digest => format!("{} ({})", escape(&report.made.model), escape(digest)),
    };
    let counts: Vec<String> = report.verification.iter().map(|run| run.references.to_string()).collect();
    let word = if counts == ["1"] { "reference" } else { "references" };
    if counts.is_empty() {
        format!("Tested: model {model}.")
    } else {
        format!("Tested: model {model} with {} {word}.", list(&counts.iter().map(String::as_str).collect::<Vec<_>>()))
    }
}

/// `strong` and then `text`, which is HTML.
fn warning(strong: &str, text: &str) -> String {
    format!("<p class=\"warning\"><strong>{strong}</strong> {text}</p>\n")
}

/// What a reader might look for and not find, and why; None when nothing is missing.
pub(super) fn limits(report: &Report) -> Option<Section> {
    let items: String = missing(report).iter().map(|item| format!("<li>{item}</li>\n")).collect();
    (!items.is_empty())
        .then(|| Section::new("limits", "What this page cannot say", format!("<ul class=\"limits\">\n{items}</ul>\n")))
}

fn missing(report: &Report) -> Vec<String> {
    let mut missing = Vec::new();
    let runs = &report.verification;
    let mut say = |is_so: bool, text: &str| {
        if is_so {
            missing.push(text.to_owned());
        }
    };
    say(
        report.leakage.is_none(),
        "Whether something other than the shape of the signatures tells genuine from forged: the data was not checked for leaks \
         for this page.",
    );
    say(
        runs.iter().any(|run| run.skilled.is_none()),
        "How skilled forgeries fare: there are none in this data. Other people's signatures are far easier to tell.",
    );
    let decided = |run: &VerificationResult| run.random.far_at_threshold.is_some();
    say(
        !runs.iter().all(decided),
        "What would be accepted and what rejected: the model has no threshold, so nothing was decided and there are no \
         mistakes to show.",
    );
    say(
        runs.iter().any(|run| decided(run) && run.threshold.is_none()),
        "Which mistakes are the worst: the folds have a threshold each, and the distances to them cannot be compared.",
    );
    say(
        !runs.is_empty() && runs.iter().all(|run| run.random.cllr.is_none()),
        "How strong the evidence of a score is: the scores are not calibrated, so they rank comparisons and no more. \
         There is no likelihood ratio, no reliability plot and no Cllr.",
    );
    if let Some(writers) = runs.iter().map(|run| run.writers).min().filter(|&writers| writers < FEW_WRITERS) {
        missing.push(format!(
            "How much writers differ: {writers} of them are few, and intervals from fewer than {FEW_WRITERS} writers \
             tend to be too narrow."
        ));
    }
    if let Some(run) = runs.iter().find(|run| run.skipped.too_few_genuine > 0) {
        missing.push(format!(
            "Anything of {} writer(s) who have too few genuine signatures for this number of references ({}).",
            run.skipped.too_few_genuine, run.references
        ));
    }
    missing
}

/// What leaks in the data; None when there was none.
pub(super) fn leakage(leakage: &LeakageSummary) -> Section {
    let findings: String = leakage
        .findings
        .iter()
        .map(|finding| {
            let (kind, class) = match finding.severity {
                Severity::AnyPreprocessing => ("leak", "leak"),
                Severity::AsStored if leakage.ink_is_seen => ("gone after ink", "caution"),
                Severity::AsStored => ("leak as stored, not after ink", "leak"),
                Severity::Caution => ("to be known", "caution"),
            };
            format!("<li class=\"{class}\"><strong>{kind}</strong> {}</li>\n", escape(&finding.sentence))
        })
        .collect();
    let findings = if findings.is_empty() {
        "<p>It found nothing to report.</p>\n".to_owned()
    } else {
        format!("<ul class=\"findings\">\n{findings}</ul>\n")
    };
    let sees = if leakage.ink_is_seen {
        "The model on this page sees the images after ink normalisation."
    } else {
        "The model on this page sees the images as stored."
    };
    let body = format!("<p>{} {sees}</p>\n{findings}", escape(&leakage.verdict));
    Section::new("leakage", "What leaks in the data", body)
}

/// The notebook's figures.
pub(super) fn notebook(report: &Report) -> Option<Section> {
    report.notebook.as_ref().map(|notebook| {
        let body = format!(
            "<p>{} pairs: accuracy {} at 0.5, loss {:.4}. It never compares a writer with strangers.</p>\n",
            notebook.pairs,
            percent(notebook.accuracy),
            notebook.loss
        );
        Section::new("notebook", "The notebook's measure", body)
    })
}

/// The words that a newcomer needs.
pub(super) fn words() -> Section {
    Section::new("words", "Words", include_str!("words.html").to_owned())
}

/// How to make the report again.
pub(super) fn making(made: &Making) -> Section {
    let rows = [
        ("command", &made.command),
        ("seed", &made.seed.to_string()),
        ("model", &made.model),
        ("model digest", &made.model_digest),
        ("inkproof", &made.version),
    ];
    let rows = rows.map(|(name, value)| format!("<dt>{name}</dt><dd><code>{}</code></dd>\n", escape(value)));
    let body = format!(
        "<dl class=\"making\">\n{}</dl>\n<p class=\"note\">The same command on the same data gives this page again, byte \
         for byte.</p>\n",
        rows.concat()
    );
    Section::new("making", "How this was made", body)
}

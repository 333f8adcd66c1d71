//! The parts of the page that are words, tables and pictures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::text::{class, escape, percent, references};
use super::{Decision, Example, Making, Report};
use crate::evaluate::{Class, ErrorRates, VerificationResult};

const STYLE: &str = include_str!("style.css");

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

/// What was tested, the verdict, and a warning when the test met the training.
pub(super) fn summary(report: &Report) -> String {
    let mut section = format!(
        "<p class=\"data\">{}</p>\n<p class=\"verdict\">{}</p>\n",
        escape(&report.data),
        escape(&report.verdict)
    );
    let of_verification = report.verification.iter().map(|run| run.training_images_in_test);
    let of_notebook = report.notebook.iter().map(|result| result.training_images_in_test);
    if let Some(seen @ 1..) = of_verification.chain(of_notebook).flatten().max() {
        section += &format!(
            "<p class=\"warning\"><strong>Not a fair test.</strong> {seen} test images were in the model's training; \
             the figures below measure memory.</p>\n"
        );
    }
    section
}

/// The table of figures; nothing when nothing was measured.
pub(super) fn figures(report: &Report) -> String {
    let mut section = String::new();
    if !report.verification.is_empty() {
        section += "<section>\n<h2>Figures</h2>\n<table>\n<thead><tr><th>against</th><th>EER</th>\
                    <th>95\u{a0}% interval</th><th>AUC</th><th>FAR</th><th>FRR</th><th>comparisons</th></tr></thead>\n";
        for run in &report.verification {
            section += &run_rows(run);
        }
        section += "</table>\n";
        section += "<p class=\"note\">FAR and FRR are at the model's threshold. Intervals resample the writers.</p>\n</section>\n";
    }
    if let Some(notebook) = &report.notebook {
        section += &format!(
            "<section>\n<h2>The notebook's measure</h2>\n<p>{} pairs: accuracy {} at 0.5, loss {:.4}. \
             It never compares a writer with strangers.</p>\n</section>\n",
            notebook.pairs,
            percent(notebook.accuracy),
            notebook.loss
        );
    }
    section
}

fn run_rows(run: &VerificationResult) -> String {
    let threshold = run.threshold.map_or(String::new(), |threshold| format!(", threshold {threshold:.3}"));
    let mut rows = format!(
        "<tbody>\n<tr class=\"run\"><th colspan=\"7\">{}, {} writers, {} draws{threshold}</th></tr>\n",
        references(run.references),
        run.writers,
        run.repeats
    );
    match &run.skilled {
        Some(skilled) => rows += &row("skilled forgeries", skilled),
        None => rows += "<tr><th>skilled forgeries</th><td colspan=\"6\">none in this data</td></tr>\n",
    }
    rows += &row("random forgeries", &run.random);
    rows += "</tbody>\n";
    rows
}

fn row(against: &str, rates: &ErrorRates) -> String {
    let or_dash = |rate: Option<f64>| rate.map_or("\u{2013}".to_owned(), percent);
    let interval = match rates.eer_ci95 {
        Some([low, high]) => format!("{} to {}", percent(low), percent(high)),
        None => "\u{2013}".to_owned(),
    };
    let cells = [
        ("EER", percent(rates.eer)),
        ("95\u{a0}% interval", interval),
        ("AUC", format!("{:.3}", rates.auc)),
        ("FAR", or_dash(rates.far_at_threshold)),
        ("FRR", or_dash(rates.frr_at_threshold)),
        ("comparisons", format!("{} + {}", rates.comparisons.genuine, rates.comparisons.forgery)),
    ];
    let cells = cells.map(|(label, value)| format!("<td data-label=\"{label}\">{value}</td>"));
    format!("<tr><th>{against}</th>{}</tr>\n", cells.concat())
}

/// Cards with pictures; nothing without examples.
pub(super) fn examples(examples: &[Example]) -> String {
    if examples.is_empty() {
        return String::new();
    }
    let cards: String = examples.iter().map(card).collect();
    format!("<section>\n<h2>Examples</h2>\n<div class=\"cards\">\n{cards}</div>\n</section>\n")
}

fn card(example: &Example) -> String {
    let writer = escape(&example.writer);
    let pictures: String =
        example.references.iter().map(|png| picture(png, &format!("reference of writer {writer}"))).collect();
    let (decision, outcome, mark) = outcome(example);
    let sign = if example.score >= example.threshold { "\u{2265}" } else { "&lt;" };
    format!(
        "<article class=\"card {mark}\">\n<h3>{decision} <span class=\"outcome\">{outcome}</span></h3>\n\
         <p>Writer {writer}; the questioned signature is a <strong>{truth}</strong>{suffix}. \
         Score {score:.3} {sign} threshold {threshold:.3}.</p>\n\
         <div class=\"pictures\">\n<figure><div class=\"references\">{pictures}</div><figcaption>{caption}</figcaption></figure>\n\
         <figure>{questioned}<figcaption>questioned</figcaption></figure>\n</div>\n</article>\n",
        truth = class(example.truth),
        suffix = if example.truth == Class::Genuine { " one" } else { "" },
        score = example.score,
        threshold = example.threshold,
        caption = references(example.references.len()),
        questioned = picture(&example.questioned, "questioned signature"),
    )
}

/// The decision, whether it was right, and the class of the card.
fn outcome(example: &Example) -> (&'static str, &'static str, &'static str) {
    let genuine = example.truth == Class::Genuine;
    let judged = |accepted: bool| match accepted == genuine {
        true => ("\u{2713} right", "right"),
        false => ("\u{2717} wrong", "wrong"),
    };
    let (decision, (outcome, mark)) = match example.decision {
        Decision::Accepted => ("Accepted", judged(true)),
        Decision::Rejected => ("Rejected", judged(false)),
        Decision::Undecided => ("Undecided", ("? left to a person", "undecided")),
    };
    (decision, outcome, mark)
}

/// A PNG inside the page; `description` is already escaped.
fn picture(png: &[u8], description: &str) -> String {
    format!("<img alt=\"{description}\" src=\"data:image/png;base64,{}\">", BASE64.encode(png))
}

/// The words that a newcomer needs.
pub(super) const WORDS: &str = "<section>\n<h2>Words</h2>\n<dl>\n\
    <dt>Genuine, skilled forgery, random forgery</dt><dd>Made by the writer; made by someone who had seen the writer's \
    signature; another writer's own signature, offered as this writer's.</dd>\n\
    <dt>FAR, FRR</dt><dd>The share of forgeries that are accepted; the share of genuine signatures that are rejected.</dd>\n\
    <dt>EER</dt><dd>The error rate at the one threshold, the same for all writers, at which FAR and FRR are equal. \
    0\u{a0}% is perfect, 50\u{a0}% is guessing.</dd>\n\
    <dt>AUC</dt><dd>The chance that a genuine signature scores higher than a forgery. 1 is perfect, 0.5 is guessing.</dd>\n\
    <dt>95\u{a0}% interval</dt><dd>Where the figure would lie with other writers of the same kind: the test is repeated \
    with writers drawn anew from those at hand.</dd>\n</dl>\n</section>\n";

/// How to make the report again.
pub(super) fn making(made: &Making) -> String {
    let rows = [
        ("command", &made.command),
        ("seed", &made.seed.to_string()),
        ("model", &made.model),
        ("model digest", &made.model_digest),
        ("inkproof", &made.version),
    ];
    let rows = rows.map(|(name, value)| format!("<dt>{name}</dt><dd><code>{}</code></dd>\n", escape(value)));
    format!("<section>\n<h2>How this was made</h2>\n<dl class=\"making\">\n{}</dl>\n</section>\n", rows.concat())
}

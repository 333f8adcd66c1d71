//! Single comparisons with their pictures: the worst mistakes, and some that were chosen blindly.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::text::{class, classes, escape, percent, references};
use super::writers::Errors;
use inkproof::Decision;

use super::{Example, Report, Section};
use crate::evaluate::{Class, VerificationResult};

/// The worst mistakes of the last run, class by class; None where nothing was decided.
pub(super) fn mistakes(report: &Report) -> Option<Section> {
    let run = report.verification.last()?;
    let threshold = run.threshold?;
    let mut body = format!(
        "<p>With {}, at the model's threshold {threshold:.3}: the comparisons that missed it by most, at most one of \
         each writer and class. The pictures are cropped to the ink and made smaller.</p>\n",
        references(run.references)
    );
    for of_class in [Class::Genuine, Class::Skilled, Class::Random] {
        let errors = errors(run, of_class, threshold);
        let Some(rate) = errors.rate() else { continue };
        let (title, done) = match of_class {
            Class::Genuine => ("Genuine, but rejected".to_owned(), "rejected"),
            forgery => (format!("{}, but accepted", capital(classes(forgery))), "accepted"),
        };
        let cards: String = report
            .mistakes
            .iter()
            .filter(|example| example.truth == of_class)
            .map(|example| card(example, 4))
            .collect();
        body += &format!(
            "<h3>{title}</h3>\n<p class=\"note\">{} of {} comparisons were {done}, {}.</p>\n",
            errors.wrong,
            errors.comparisons,
            percent(rate)
        );
        if !cards.is_empty() {
            body += &format!("<div class=\"cards\">\n{cards}</div>\n");
        }
    }
    Some(Section::new("mistakes", "The worst mistakes", body))
}

fn errors(run: &VerificationResult, class: Class, threshold: f64) -> Errors {
    let mut errors = Errors::default();
    for comparison in run.comparisons.iter().filter(|comparison| comparison.class == class) {
        errors.comparisons += 1;
        errors.wrong += usize::from((comparison.score >= threshold) != (class == Class::Genuine));
    }
    errors
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// Comparisons chosen without a look at the scores; None without any.
pub(super) fn examples(report: &Report) -> Option<Section> {
    let cards: String = report.examples.iter().map(|example| card(example, 3)).collect();
    let body = format!(
        "<p>For contrast, the first comparison of every class of the first writers, chosen without a look at the \
         scores.</p>\n<div class=\"cards\">\n{cards}</div>\n"
    );
    (!cards.is_empty()).then(|| Section::new("examples", "Examples", body))
}

/// `heading` is the level of the card's heading.
fn card(example: &Example, heading: u8) -> String {
    let writer = escape(&example.writer);
    let pictures: String =
        example.references.iter().map(|png| picture(png, &format!("reference of writer {writer}"))).collect();
    let (decision, outcome, mark) = outcome(example);
    let sign = if example.score >= example.threshold { "\u{2265}" } else { "&lt;" };
    let missed = match mark {
        "wrong" => format!(" It missed by {:.3}.", (example.score - example.threshold).abs()),
        _ => String::new(),
    };
    format!(
        "<article class=\"card {mark}\">\n<h{heading}>{decision} <span class=\"outcome\">{outcome}</span></h{heading}>\n\
         <p>Writer {writer}; the questioned signature is a <strong>{truth}</strong>{suffix}. \
         Score {score:.3} {sign} threshold {threshold:.3}.{missed}</p>\n\
         <div class=\"pictures\">\n<figure><div class=\"references{many}\">{pictures}</div><figcaption>{caption}</figcaption></figure>\n\
         <figure>{questioned}<figcaption>questioned</figcaption></figure>\n</div>\n</article>\n",
        truth = class(example.truth),
        suffix = if example.truth == Class::Genuine { " one" } else { "" },
        score = example.score,
        threshold = example.threshold,
        many = if example.references.len() > 3 { " many" } else { "" },
        caption = references(example.references.len()),
        questioned = picture(&example.questioned, "questioned signature"),
    )
}

/// The decision, whether it was right, and the class of the card.
fn outcome(example: &Example) -> (&'static str, &'static str, &'static str) {
    let genuine = example.truth == Class::Genuine;
    let judged =
        |accepted: bool| if accepted == genuine { ("\u{2713} right", "right") } else { ("\u{2717} wrong", "wrong") };
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

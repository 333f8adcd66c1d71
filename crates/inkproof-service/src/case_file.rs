//! A case file: what was asked, what was found, how strong the evidence is and what it does not say, as one HTML page for
//! examiners and auditors.
//!
//! No script and no link: what is in the file is all there is, and it prints as it is. Words and scale are those of the ENFSI
//! guideline for evaluative reporting (2015): two propositions, and how much more probable the observations are under one of
//! them than under the other.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inkproof::calibration::{Forgeries, ReferenceCalibration, Strength, Support};
use inkproof::decode::{decode_picture, only_page};
use inkproof::model::DataInfo;
use inkproof::{Decision, Limits, Model, Signature, Verifier};
use inkproof_store::{Hex, Time};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::calibrate::percent;
use crate::images::ImageField;
use crate::{Error, Judged, KeptCalibration, NamedImage, Pictures, Result};

/// The longer side of an image as the page shows it, in pixels.
const LONGEST: u32 = 1000;

/// With fewer references little is known of how a writer's signatures vary.
const FEW_REFERENCES: usize = 3;

/// A verification, ready to be filed.
pub struct CaseFile<'a> {
    judged: &'a Judged,
    model: &'a Model,
    images: Vec<CaseImage>,
    threshold: ThresholdFrom,
    made: Made,
}

/// Where the threshold of a verification is from.
#[derive(Debug, Clone)]
pub enum ThresholdFrom {
    /// The model's calibration.
    Model,
    /// Whoever asked gave it.
    Caller,
    /// A calibration on the store's own writers.
    Store(KeptCalibration),
}

/// How a case file came to be.
#[derive(Debug, Clone)]
pub struct Made {
    /// The command line.
    pub command: String,
    /// The version of the program.
    pub version: String,
    /// When.
    pub at: Time,
}

/// An image file of the case.
struct CaseImage {
    name: String,
    /// In hexadecimal.
    sha256: String,
    bytes: usize,
    /// A PNG of it, upright and in its colours.
    picture: Vec<u8>,
    /// "page 2 of 3", where there are several.
    page: Option<String>,
}

impl CaseImage {
    fn new(file: &NamedImage<'_>, signature: &Signature, limits: &Limits) -> inkproof::Result<Self> {
        let page = signature.page;
        let (picture, _) = decode_picture(&only_page(file.bytes, page, limits), &Limits { page: None, ..*limits })?;
        Ok(Self {
            name: file.name.to_owned(),
            sha256: Hex(Sha256::digest(file.bytes).into()).to_string(),
            bytes: file.bytes.len(),
            picture: picture.to_png(LONGEST),
            page: (page.count > 1).then(|| page.to_string()),
        })
    }
}

impl<'a> CaseFile<'a> {
    /// Of a verification by `verifier` whose answer has pictures. `files` are the questioned image and the references that
    /// came with it, in their order; none of those that are enrolled.
    ///
    /// # Errors
    /// [`Error::Image`] for a file that cannot be read any more.
    pub fn new(
        judged: &'a Judged,
        verifier: &'a Verifier,
        files: &[NamedImage<'_>],
        threshold: ThresholdFrom,
        made: Made,
    ) -> Result<Self> {
        let signatures = [&judged.questioned].into_iter().chain(&judged.references);
        let fields = [ImageField::Questioned].into_iter().chain((0..).map(ImageField::Reference));
        let read = |((file, signature), field): ((&NamedImage<'_>, &Signature), ImageField)| {
            let wrong = |source| Error::Image { field, name: file.name.to_owned(), source };
            CaseImage::new(file, signature, verifier.limits()).map_err(wrong)
        };
        let images = files.iter().zip(signatures).zip(fields).map(read).collect::<Result<_>>()?;
        Ok(Self { judged, model: verifier.model(), images, threshold, made })
    }

    /// The page. The same case made at the same time gives the same bytes.
    pub fn to_html(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { "Signature comparison: " (self.judged.answer.questioned) }
                    style { (PreEscaped(include_str!("case_file.css"))) }
                }
                body {
                    main {
                        (self.finding())
                        (self.propositions())
                        (self.strength())
                        (self.where_they_differ())
                        (self.compared_images())
                        (self.limits())
                        (self.method())
                    }
                }
            }
        };
        page.into_string()
    }

    /// The fit that the evidence is from; None where the model is not calibrated for so many references.
    fn fit(&self) -> Option<&ReferenceCalibration> {
        self.model.info().calibration.as_ref()?.fit(self.counted())
    }

    /// References that count: those that show one signing count once.
    fn counted(&self) -> usize {
        self.judged.references.len() - self.judged.verdict.repeated.len()
    }

    fn finding(&self) -> Markup {
        let (answer, verdict) = (&self.judged.answer, &self.judged.verdict);
        let asked = match &answer.writer {
            Some(writer) => html! { "the enrolled writer " strong { (writer) } },
            None => html! { "the writer of the references" },
        };
        html! {
            header {
                p.kicker { "Signature comparison · " (self.made.at) }
                h1 { "Is " bdi { (answer.questioned) } " by " (asked) "?" }
            }
            section.(verdict.decision.to_string()).finding {
                p.decision { (decision_words(verdict.decision)) }
                p { (capital(&verdict.strength())) "." }
                @if self.is_against_evidence() {
                    p {
                        "The decision and the evidence differ: the threshold is not the model's, and it accepts signatures that "
                        "are more probable if somebody else wrote them."
                    }
                }
                @for flawed in &answer.flaws { p { strong { (flawed.path) ": " } (flawed.flaw) "." } }
                @for note in &answer.notes { p { (capital(note)) "." } }
                @if let Some(number) = answer.audit { p.soft { "Recorded in the audit as number " (number) "." } }
            }
        }
    }

    fn propositions(&self) -> Markup {
        let other = match self.fit().map(|fit| fit.against) {
            Some(Forgeries::Skilled) => "It was written by somebody else, who imitated the writer's signature.",
            Some(Forgeries::Random) => "It was written by somebody else, who did not imitate it.",
            None => "It was written by somebody else.",
        };
        html! {
            section {
                h2 { "The two propositions" }
                dl.propositions {
                    div { dt { "1" } dd { "The questioned signature was written by the writer of the references." } }
                    div { dt { "2" } dd { (other) } }
                }
                p {
                    "The likelihood ratio says how much more probable the observed similarity is if the first is true than if "
                    "the second is. It is not the probability that the writer signed: that also depends on what else is known "
                    "of the case."
                }
            }
        }
    }

    fn strength(&self) -> Markup {
        let verdict = &self.judged.verdict;
        let Some((lr, support)) = verdict.log10_lr.zip(verdict.support) else {
            return html! {
                section {
                    h2 { "Strength of the evidence" }
                    p { "The model is not calibrated for " (references(self.counted())) ": its score has no likelihood ratio." }
                    (self.scores())
                }
            };
        };
        html! {
            section {
                h2 { "Strength of the evidence" }
                p.lr { (odds(lr.get())) }
                table {
                    tbody {
                        tr { th { "Log10 likelihood ratio" } td { (signed(lr.get())) } }
                        @if let Some([low, high]) = verdict.log10_lr_ci95 {
                            tr {
                                th { "95 % interval of the calibration" }
                                @if low < high { td { (signed(low.get())) " to " (signed(high.get())) } }
                                @else { td { "beyond what is stated" } }
                            }
                        }
                        @if let Some(parts) = verdict.contributions {
                            tr { th { "From the shape of the strokes" } td { (signed(parts.shape.get())) } }
                            tr { th { "From where they are pressed" } td { (signed(parts.pressure.get())) } }
                        } @else {
                            tr { th { "From where the strokes are pressed" } td { "nothing: it could not be compared" } }
                        }
                        @if let Some((bound, writers)) = verdict.bound.zip(verdict.calibration_writers) {
                            tr {
                                th { "The most that is stated either way, since there were " (writers) " calibration writers" }
                                td { "±" (format!("{:.2}", bound.get())) }
                            }
                        }
                    }
                }
                (scale(support))
                (self.scores())
            }
        }
    }

    /// Whether what was accepted is more probable under the second proposition.
    fn is_against_evidence(&self) -> bool {
        let verdict = &self.judged.verdict;
        verdict.decision == Decision::Accepted && matches!(verdict.support, Some(Support::AnotherWriter(_)))
    }

    fn threshold_origin(&self) -> String {
        match &self.threshold {
            ThresholdFrom::Caller => "given by whoever asked".to_owned(),
            ThresholdFrom::Store(kept) => format!(
                "fixed on {} writers of the store ({}, number {} in its audit), so that at most {} of genuine \
                 signatures are not accepted",
                kept.calibration.writers,
                kept.time,
                kept.audit,
                percent(kept.calibration.frr)
            ),
            ThresholdFrom::Model => self
                .fit()
                .map_or_else(|| self.model.info().threshold.origin.clone(), |fit| fit.threshold.origin.clone()),
        }
    }

    fn scores(&self) -> Markup {
        let (answer, verdict) = (&self.judged.answer, &self.judged.verdict);
        html! {
            table {
                caption { "Scores: higher is more similar; comparable within this model only." }
                tbody {
                    tr { th { "Against " (references(self.counted())) " together" } td { (four(verdict.score.get())) } }
                    tr { th { "Threshold from which on a signature is accepted" } td { (four(verdict.threshold.get())) } }
                    @for reference in &answer.references {
                        tr { th { "Against " (reference.reference) " alone" } td { (four(reference.score.get())) } }
                    }
                }
            }
        }
    }

    fn where_they_differ(&self) -> Markup {
        let Some(Pictures { explanation: Some(png), pressure, .. }) = &self.judged.answer.pictures else {
            return html! {};
        };
        html! {
            section {
                h2 { "Where they agree, and where not" }
                figure {
                    img src=(data_uri(png)) alt="The questioned signature and the references most similar to it, coloured by agreement";
                    figcaption {
                        "Left the questioned signature, right of it the references that are most similar, all brought to one "
                        "size and one width of pen. "
                        span.agrees { "Blue" } " strokes agree, " span.differs { "orange" } " ones differ, gray is between."
                        @if *pressure {
                            " Below, the same by pressure: black where a signature was pressed most in relation to its other "
                            "strokes of that direction, pale where least; gray all over where the scan says nothing. What "
                            "counts is whether the same places are dark in both."
                        }
                    }
                }
            }
        }
    }

    fn compared_images(&self) -> Markup {
        let answer = &self.judged.answer;
        let names = answer.references.iter().map(|reference| reference.reference.to_string());
        let names = [answer.questioned.clone()].into_iter().chain(names);
        let signatures = [&self.judged.questioned].into_iter().chain(&self.judged.references);
        let files = self.images.iter().map(Some).chain(std::iter::repeat(None));
        // Enrolled references are called by their numbers in the store.
        let role = |number: usize| match number {
            0 => Some("Questioned".to_owned()),
            _ if answer.writer.is_some() => None,
            _ => Some(format!("Reference {number}")),
        };
        html! {
            section {
                h2 { "The images" }
                div.images {
                    @for (number, ((name, signature), file)) in names.zip(signatures).zip(files).enumerate() {
                        figure.image {
                            figcaption { @if let Some(role) = role(number) { strong { (role) } ": " } bdi { (name) } }
                            @if let Some(file) = file {
                                img src=(data_uri(&STANDARD.encode(&file.picture))) alt=(file.name);
                            }
                            dl.facts {
                                @if let Some(file) = file {
                                    div { dt { "File, SHA-256" } dd.hash { (file.sha256) } }
                                    div { dt { "Bytes" } dd { (file.bytes) } }
                                    @if let Some(page) = &file.page { div { dt { "Read" } dd { (page) } } }
                                }
                                div { dt { "Pixels, fingerprint" } dd.hash { (signature.digest) } }
                            }
                        }
                    }
                }
                @if self.images.len() == 1 && answer.writer.is_some() {
                    p.soft { "The references are enrolled; the store keeps their originals, if any, sealed." }
                }
            }
        }
    }

    fn limits(&self) -> Markup {
        let verdict = &self.judged.verdict;
        html! {
            section {
                h2 { "What this does not say" }
                ul {
                    @if let Some(writers) = verdict.calibration_writers {
                        li {
                            "The likelihood ratio was fitted on the signatures of " (writers) " writers"
                            @if self.fit().is_some_and(|fit| fit.against == Forgeries::Skilled) { " and of their forgers" }
                            ". The people of this case may differ from them: their own signatures may vary more, and a forger may "
                            "be better than those were. The interval says how sure that average is, with so few writers and groups "
                            "of them; how far one case is from it is more, and is not known."
                        }
                    }
                    @if self.counted() < FEW_REFERENCES {
                        li {
                            "There " (if self.counted() == 1 { "is " } else { "are " }) (references(self.counted())) ": how "
                            "the writer's own signatures vary is hardly known. " (FEW_REFERENCES) " or more make the evidence "
                            "stronger in either direction."
                        }
                    }
                    @if let Some(turned) = &verdict.turned {
                        li {
                            "The signature was turned by " (turned.by()) " to where it is most similar to the references. A "
                            "forger's is turned to its advantage, too: the likelihood ratio does not know of that."
                        }
                    }
                    @if verdict.contributions.is_none() {
                        li { "Where the pen was pressed could not be compared: the scans, or what was kept of them, do not show it." }
                    }
                    li {
                        "The program compares the shape of the strokes and where along them the pen was pressed. It does not see "
                        "ink, paper, indentations, the order of strokes or their speed, and knows nothing of age, illness, "
                        "haste or disguise. An original under a microscope shows more than any image of it."
                    }
                    li { "Images were taken as they came: that a file shows what it is said to show was not examined." }
                }
            }
        }
    }

    fn method(&self) -> Markup {
        let info = self.model.info();
        html! {
            section {
                h2 { "How it was made" }
                dl.facts {
                    div { dt { "Command" } dd.hash { (self.made.command) } }
                    div { dt { "Program" } dd { "inkproof " (self.made.version) } }
                    div { dt { "Time" } dd { (self.made.at) } }
                    div { dt { "Model" } dd { (self.model.name()) ", digest of its weights " span.hash { (self.model.digest()) } } }
                    div { dt { "Trained on" } dd { (data_words(&info.trained_on)) } }
                    @if let Some(data) = &info.calibrated_on { div { dt { "Calibrated on" } dd { (data_words(data)) } } }
                    div { dt { "Threshold" } dd { (self.threshold_origin()) } }
                }
            }
        }
    }
}

fn decision_words(decision: Decision) -> &'static str {
    match decision {
        Decision::Accepted => "Accepted: it is similar enough to be by the writer",
        Decision::Rejected => "Rejected: it is not similar enough to be by the writer",
        Decision::Undecided => "Undecided: a person has to look at it",
    }
}

/// The ENFSI guideline's scale, with the row that holds.
fn scale(support: Support) -> Markup {
    let strength = match support {
        Support::Neither => None,
        Support::SameWriter(strength) | Support::AnotherWriter(strength) => Some(strength),
    };
    let rows = [
        (None, "1 to 2", "no support for either proposition"),
        (Some(Strength::Weak), "2 to 10", "weak support"),
        (Some(Strength::Moderate), "10 to 100", "moderate support"),
        (Some(Strength::ModeratelyStrong), "100 to 1,000", "moderately strong support"),
        (Some(Strength::Strong), "1,000 to 10,000", "strong support"),
        (Some(Strength::VeryStrong), "10,000 to 1,000,000", "very strong support"),
        (Some(Strength::ExtremelyStrong), "1,000,000 and more", "extremely strong support"),
    ];
    html! {
        table.scale {
            caption { "Scale of the ENFSI guideline (2015), for either proposition over the other." }
            thead { tr { th { "Likelihood ratio" } th { "In words" } } }
            tbody {
                @for (of_row, ratio, words) in rows {
                    tr.here[of_row == strength] { td { (ratio) } td { (words) } }
                }
            }
        }
    }
}

/// A likelihood ratio as odds, with two digits.
fn odds(log10_lr: f64) -> String {
    let ratio = 10f64.powf(log10_lr.abs());
    let ratio = if ratio < 10.0 { format!("{ratio:.1}") } else { format!("{:.0}", two_digits(ratio)) };
    let [more, less] = if log10_lr < 0.0 { [2, 1] } else { [1, 2] };
    format!("{ratio} times more probable if proposition {more} is true than if proposition {less} is")
}

fn two_digits(value: f64) -> f64 {
    let unit = 10f64.powf(value.log10().floor() - 1.0);
    (value / unit).round() * unit
}

fn references(count: usize) -> String {
    if count == 1 { "one reference".to_owned() } else { format!("{count} references") }
}

fn data_words(data: &DataInfo) -> String {
    let DataInfo { writers, images, synthetic, .. } = data;
    let kind = if synthetic.is_some() { "synthetic " } else { "" };
    format!("{images} {kind}images of {writers} {kind}writers")
}

fn data_uri(base64: &str) -> String {
    format!("data:image/png;base64,{base64}")
}

fn signed(value: f64) -> String {
    format!("{value:+.2}").replace('-', "−")
}

fn four(value: f64) -> String {
    format!("{value:.4}")
}

/// The same with a capital letter first.
fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

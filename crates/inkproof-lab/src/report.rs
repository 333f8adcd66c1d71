//! The report: one HTML file that needs no other, for a manager's first glance and an examiner's second.
//!
//! Plain data in, a page out: the verdict, the figures with their intervals, charts as inline SVG, examples as pictures,
//! and how all of it was made. No script, no font, no link: what is in the file is all there is. The same data gives the
//! same bytes.

mod cards;
mod charts;
mod examples;
pub(crate) mod picture;
mod scores;
mod sections;
mod tables;
mod text;
mod writers;

use std::path::Path;

use inkproof::{Decision, Preprocess, write_atomically};

use crate::dataset::{DataSet, OnBad};
use crate::error::{Error, Result};
use crate::evaluate::{Class, Evaluation, ModelName, NotebookEvaluation, NotebookResult, VerificationResult};
use crate::leakage::{self, Finding, Leakage, Severity};
use crate::progress::Progress;
pub(crate) use charts::overlap;
pub use examples::{examples, mistakes};
pub(crate) use sections::head;
pub(crate) use text::{escape, list};
pub use text::{notebook_verdict, verdict, verdicts};

/// The title of a page about an evaluation.
const TITLE: &str = "Signature verification, measured";

/// What was tested, in a sentence.
fn describe(set: &DataSet) -> String {
    format!("{} images of {} writers in {}.", set.images.len(), set.writers().len(), set.root.display())
}

/// What the report says.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Heads the page.
    pub title: String,
    /// What was tested on what, in a sentence or two.
    pub data: String,
    /// The outcome in plain language; [`verdicts`] words it.
    pub verdict: String,
    /// What leaks in the data; None where nobody looked.
    pub leakage: Option<LeakageSummary>,
    /// With their comparisons, from which the charts are drawn.
    pub verification: Vec<VerificationResult>,
    /// The notebook's figures; None where its protocol was not run.
    pub notebook: Option<NotebookResult>,
    /// The worst mistakes of the last run, found by [`mistakes`].
    pub mistakes: Vec<Example>,
    /// Comparisons of the last run, chosen blindly by [`examples`].
    pub examples: Vec<Example>,
    /// How to make the page again.
    pub made: Making,
}

/// What the [`Leakage`] of a data set says in a report about a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeakageSummary {
    /// In a sentence or two.
    pub verdict: String,
    /// The gravest first.
    pub findings: Vec<LeakageFinding>,
    /// Whether the model that is reported on sees the images after `ink` preprocessing, not as stored.
    pub ink_is_seen: bool,
}

/// One thing that leaks, or has to be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeakageFinding {
    /// What it does to a result.
    pub severity: Severity,
    /// What was found, with its figures.
    pub sentence: String,
}

impl LeakageSummary {
    /// For a report about a model that sees images after `preprocess`, after which cues were measured again.
    pub fn new(leakage: &Leakage, preprocess: &Preprocess) -> Self {
        let finding = |finding: Finding| LeakageFinding { severity: finding.severity, sentence: finding.sentence };
        Self {
            verdict: leakage.verdict(),
            findings: leakage.findings().into_iter().map(finding).collect(),
            ink_is_seen: matches!(preprocess, Preprocess::Ink(_)),
        }
    }

    /// Whether a finding makes the figures of this model worthless.
    fn leaks(&self) -> bool {
        self.findings.iter().any(|finding| match finding.severity {
            Severity::AnyPreprocessing => true,
            Severity::AsStored => !self.ink_is_seen,
            Severity::Caution => false,
        })
    }
}

/// How the report came to be, so that it can be made again.
#[derive(Debug, Clone, Default)]
pub struct Making {
    /// The command line.
    pub command: String,
    /// Of the draws and the intervals.
    pub seed: u64,
    /// Its name.
    pub model: String,
    /// The fingerprint of its weights.
    pub model_digest: String,
    /// Of the program.
    pub version: String,
}

impl Making {
    /// Without the command line and the version, which the program knows.
    fn from_model(model: &ModelName, seed: u64) -> Self {
        let ModelName { name, digest } = model.clone();
        Self { command: String::new(), seed, model: name, model_digest: digest, version: String::new() }
    }
}

/// One verification, shown with its pictures.
#[derive(Debug, Clone)]
pub struct Example {
    /// The claimed writer's id.
    pub writer: String,
    /// PNG files.
    pub references: Vec<Vec<u8>>,
    /// A PNG file.
    pub questioned: Vec<u8>,
    /// Of the questioned signature against the references.
    pub score: f64,
    /// Of the model for so many references.
    pub threshold: f64,
    /// What follows from both.
    pub decision: Decision,
    /// What the questioned signature is.
    pub truth: Class,
}

impl Report {
    /// The page about an evaluation of the verification protocol; its images are searched for leaks. How it was made lacks
    /// the command line and the program's version, which the caller knows.
    ///
    /// # Errors
    /// Where an image can no longer be read.
    pub fn from_evaluation(evaluation: &Evaluation, progress: &mut dyn Progress) -> Result<Self> {
        let Evaluation { set, runs, preprocess, seed, .. } = evaluation;
        let leakage = leakage::examine(set.clone(), OnBad::Stop, &preprocess.ink_parameters(), *seed, progress)?;
        let (mistakes, examples) = match runs.last() {
            Some(run) => (mistakes(set, run)?, examples(set, run)?),
            None => (Vec::new(), Vec::new()),
        };
        Ok(Self {
            title: TITLE.to_owned(),
            data: describe(set),
            verdict: verdicts(runs),
            leakage: Some(LeakageSummary::new(&leakage, preprocess)),
            mistakes,
            examples,
            verification: runs.clone(),
            notebook: None,
            made: Making::from_model(&evaluation.model, *seed),
        })
    }

    /// The page about an evaluation of the notebook's protocol.
    pub fn from_notebook(evaluation: &NotebookEvaluation) -> Self {
        Self {
            title: TITLE.to_owned(),
            data: describe(&evaluation.set),
            verdict: notebook_verdict(&evaluation.result),
            notebook: Some(evaluation.result.clone()),
            made: Making::from_model(&evaluation.model, evaluation.result.seed),
            ..Self::default()
        }
    }

    /// The page.
    ///
    /// # Errors
    /// [`Error::Chart`] when a chart cannot be drawn.
    pub fn html(&self) -> Result<String> {
        let mut page = sections::head(&self.title);
        page += &sections::summary(self)?;
        let sections = self.sections()?;
        page += &contents(&sections);
        page.extend(sections.iter().map(Section::html));
        page += "</main>\n</body>\n</html>\n";
        Ok(page)
    }

    /// All that follows the first screen.
    fn sections(&self) -> Result<Vec<Section>> {
        let sections = [
            sections::limits(self),
            self.leakage.as_ref().map(sections::leakage),
            tables::figures(self),
            charts::det(&self.verification)?,
            charts::scores(&self.verification)?,
            charts::reliability(&self.verification)?,
            charts::risk(&self.verification)?,
            tables::writers(self)?,
            cards::mistakes(self),
            cards::examples(self),
            sections::notebook(self),
            Some(sections::words()),
            Some(sections::making(&self.made)),
        ];
        Ok(sections.into_iter().flatten().collect())
    }

    /// Writes the page to `path`, which only changes when the whole page is written.
    ///
    /// # Errors
    /// [`Error::Io`] with the path; no partial file is left.
    pub fn write(&self, path: &Path) -> Result<()> {
        let page = self.html()?;
        write_atomically(path, page.as_bytes()).map_err(|source| Error::Io { path: path.to_owned(), source })
    }
}

/// A part of the page under a heading of its own.
struct Section {
    /// Its name within the page.
    id: &'static str,
    title: &'static str,
    /// HTML.
    body: String,
}

impl Section {
    fn new(id: &'static str, title: &'static str, body: String) -> Self {
        Self { id, title, body }
    }

    fn html(&self) -> String {
        format!("<section id=\"{}\">\n<h2>{}</h2>\n{}</section>\n", self.id, self.title, self.body)
    }
}

/// The way to every section.
fn contents(sections: &[Section]) -> String {
    let items = sections.iter().map(|section| format!("<li><a href=\"#{}\">{}</a></li>\n", section.id, section.title));
    format!("<nav aria-label=\"Contents\">\n<ol>\n{}</ol>\n</nav>\n", items.collect::<String>())
}

#[cfg(test)]
mod tests;

//! The report: one HTML file that needs nothing beside it, for a manager's first glance and an examiner's second.
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

use crate::audit::{Audit, Finding, Severity};
use crate::error::{Error, Result};
use crate::evaluate::{Class, NotebookResult, VerificationResult};
pub(crate) use charts::overlap;
pub use examples::{examples, mistakes};
pub(crate) use sections::head;
pub(crate) use text::{escape, list};
pub use text::{verdict, verdicts};

/// What the report tells.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub title: String,
    /// What was tested on what, in a sentence or two.
    pub data: String,
    /// The outcome in plain language; [`verdicts`] words it.
    pub verdict: String,
    /// What the audit of the data found; None where it was not audited.
    pub audit: Option<AuditSummary>,
    /// With their comparisons, from which the charts are drawn.
    pub verification: Vec<VerificationResult>,
    pub notebook: Option<NotebookResult>,
    /// The worst mistakes of the last run, found by [`mistakes`].
    pub mistakes: Vec<Example>,
    /// Comparisons of the last run, chosen blindly by [`examples`].
    pub examples: Vec<Example>,
    pub made: Making,
}

/// What an audit of the data set says in a report about a model; made from an [`Audit`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditSummary {
    /// In a sentence or two.
    pub verdict: String,
    /// The gravest first.
    pub findings: Vec<AuditFinding>,
    /// Whether the model that is reported on sees the images after `ink` preprocessing, not as stored.
    pub ink_is_seen: bool,
}

/// One thing that an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFinding {
    pub severity: Severity,
    /// What was found, with its figures.
    pub sentence: String,
}

impl AuditSummary {
    /// For a report about a model that sees images after `preprocess`, which the audit was made with.
    pub fn new(audit: &Audit, preprocess: &Preprocess) -> Self {
        let finding = |finding: Finding| AuditFinding { severity: finding.severity, sentence: finding.sentence };
        Self {
            verdict: audit.verdict(),
            findings: audit.findings().into_iter().map(finding).collect(),
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
    pub seed: u64,
    pub model: String,
    pub model_digest: String,
    /// Of the program.
    pub version: String,
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
    pub score: f64,
    pub threshold: f64,
    pub decision: Decision,
    /// What the questioned signature is.
    pub truth: Class,
}
impl Report {
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
            self.audit.as_ref().map(sections::audit),
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

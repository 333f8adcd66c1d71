//! The report: one HTML file that needs nothing beside it, for a manager's first glance and an examiner's second.
//!
//! Plain data in, a page out: the verdict, the figures with their intervals, charts as inline SVG, examples as pictures,
//! and how all of it was made. No script, no font, no link: what is in the file is all there is. The same data gives the
//! same bytes.

mod charts;
pub(crate) mod examples;
mod sections;
mod text;

use std::path::Path;

use inkproof::write_atomically;

use crate::error::{Error, Result};
use crate::evaluate::{Class, NotebookResult, VerificationResult};
pub use examples::examples;
pub(crate) use sections::head;
pub(crate) use text::escape;
pub use text::verdict;

/// What the report tells.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub title: String,
    /// What was tested on what, in a sentence or two.
    pub data: String,
    /// The outcome in plain language; [`verdict`] words one run.
    pub verdict: String,
    /// With their comparisons, from which the charts are drawn.
    pub verification: Vec<VerificationResult>,
    pub notebook: Option<NotebookResult>,
    pub examples: Vec<Example>,
    pub made: Making,
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

/// What the verifier decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Accepted,
    Rejected,
    Undecided,
}

impl Report {
    /// The page.
    ///
    /// # Errors
    /// [`Error::Chart`] when a chart cannot be drawn.
    pub fn html(&self) -> Result<String> {
        let mut page = sections::head(&self.title);
        page += &sections::summary(self);
        page += &sections::figures(self);
        for run in &self.verification {
            page += &charts::section(run)?;
        }
        page += &sections::examples(&self.examples);
        page += sections::WORDS;
        page += &sections::making(&self.made);
        page += "</main>\n</body>\n</html>\n";
        Ok(page)
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

#[cfg(test)]
mod tests;

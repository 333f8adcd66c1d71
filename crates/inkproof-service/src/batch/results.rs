//! The results of a batch: a line of CSV, or a JSON object, for each row of its table.

use inkproof::calibration::Log10Lr;
use inkproof::{Decision, Score, Threshold};
use inkproof_table::cell;
use serde::{Deserialize, Serialize};

use super::Case;
use crate::{ImageFlaw, Judged, Verification};

/// What came out of a row: a decision, or why there is none.
pub type CaseOutcome = Result<Decided, String>;

/// A decision as results tell it and the audit keeps it.
#[derive(Debug, Clone, Deserialize)]
pub struct Decided {
    /// What was decided.
    pub decision: Decision,
    score: Score,
    threshold: Threshold,
    log10_lr: Option<Log10Lr>,
    /// What makes images unfit.
    flaws: Vec<String>,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultForm {
    /// A table that a spreadsheet may open.
    Csv,
    /// A JSON object a line.
    JsonLines,
}

/// A row of the results.
#[derive(Serialize)]
struct Line {
    row: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    writer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    references: Option<String>,
    questioned: String,
    decision: Option<Decision>,
    score: Option<Score>,
    threshold: Option<Threshold>,
    log10_lr: Option<Log10Lr>,
    flaws: String,
    error: Option<String>,
}

impl From<&Judged> for Decided {
    /// Of an enrolled writer only the questioned image can be unfit, so its name would say nothing.
    fn from(judged: &Judged) -> Self {
        let Verification { verdict, writer, flaws, notes, questioned, page, references, .. } = &judged.answer;
        // Which of several pages was read, and what else was found, is said where flaws are.
        let of_references = references.iter().filter_map(|scored| scored.page.sentence(&scored.reference.to_string()));
        let pages = page.sentence(questioned).into_iter().chain(of_references);
        let pages = pages.map(|page| page.trim_end_matches('.').to_owned());
        let named = |flaw: &ImageFlaw| match writer {
            Some(_) => flaw.flaw.clone(),
            None => format!("{}: {}", flaw.path, flaw.flaw),
        };
        Self {
            decision: verdict.decision,
            score: verdict.score,
            threshold: verdict.threshold,
            log10_lr: verdict.log10_lr,
            flaws: flaws.iter().map(named).chain(pages).chain(notes.iter().cloned()).collect(),
        }
    }
}

impl ResultForm {
    /// What comes before the first row.
    pub fn header(self, of_writers: bool) -> String {
        let claimed = if of_writers { "writer" } else { "references" };
        match self {
            Self::Csv => format!("row,{claimed},questioned,decision,score,threshold,log10_lr,flaws,error\n"),
            Self::JsonLines => String::new(),
        }
    }

    /// The line of a row, with its end.
    pub fn line(self, case: &Case, of_writers: bool, outcome: &CaseOutcome) -> String {
        let text = |text: &str| match self {
            Self::Csv => cell(text),
            Self::JsonLines => text.to_owned(),
        };
        let claimed = |is_so: bool| is_so.then(|| text(&case.claimed));
        let (decided, error) = (outcome.as_ref().ok(), outcome.as_ref().err());
        let line = Line {
            row: case.number,
            writer: claimed(of_writers),
            references: claimed(!of_writers),
            questioned: text(&case.questioned),
            decision: decided.map(|decided| decided.decision),
            score: decided.map(|decided| decided.score),
            threshold: decided.map(|decided| decided.threshold),
            log10_lr: decided.and_then(|decided| decided.log10_lr),
            flaws: decided.map_or(String::new(), |decided| text(&decided.flaws.join("; "))),
            error: error.map(|why| text(why)),
        };
        match self {
            Self::JsonLines => serde_json::to_string(&line).expect("plain data") + "\n",
            Self::Csv => {
                let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
                writer.serialize(&line).expect("plain data fits into a row");
                let bytes = writer.into_inner().map_err(|error| error.into_error()).expect("memory can be written");
                String::from_utf8(bytes).expect("text stays text")
            }
        }
    }

    /// How the line of a row begins, whatever comes out: up to the decision.
    pub fn beginning(self, case: &Case, of_writers: bool) -> String {
        let mut line = self.line(case, of_writers, &Err(String::new()));
        let rest = match self {
            Self::Csv => ",,,,,\n".len(),
            Self::JsonLines => {
                r#""decision":null,"score":null,"threshold":null,"log10_lr":null,"flaws":"","error":""}"#.len() + 1
            }
        };
        line.truncate(line.len() - rest);
        line
    }
}

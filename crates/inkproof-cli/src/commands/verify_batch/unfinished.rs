//! That a batch which is killed and run again records nothing twice.
//!
//! A decision is recorded in the store before it is in the results: none is told that was not kept. Before some decisions
//! are recorded, a note beside the results says of which rows they are, each with a random word that its entry in the audit
//! carries as `request`. A batch that goes on looks for these words: what was recorded is told as it was recorded and not
//! judged again. Once the batch is done the note goes, and nothing connects the audit with the table.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use inkproof_service::{Case, Decided, Judged};
use inkproof_store::{AuditPage, Entry, Hex, Store};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::outputs::{self, with_suffix};

/// What is being recorded, for the batch's next run.
#[derive(Default, Serialize, Deserialize)]
struct Note {
    /// The audit's last entry before.
    after: i64,
    rows: Vec<NotedRow>,
}

#[derive(Serialize, Deserialize)]
struct NotedRow {
    row: usize,
    claimed: String,
    questioned: String,
    request: String,
}

/// The note of a batch, and what the one before it left.
pub struct Unfinished {
    path: PathBuf,
    /// What was recorded without being told, by the number of its row.
    recorded: HashMap<usize, Decided>,
}

/// Where the note of a batch with these results is.
pub fn beside(results: &Path) -> PathBuf {
    with_suffix(results, ".unfinished")
}

impl Unfinished {
    /// Of a batch that begins, or of one that goes on if there are `results` of it already.
    pub fn open(results: &Path, goes_on: bool, cases: &[Case], store: &Store) -> Result<Self> {
        let path = beside(results);
        let note = read(&path)?;
        let recorded = if goes_on { note.recorded(cases, store)? } else { HashMap::new() };
        Ok(Self { path, recorded })
    }

    /// What was recorded of a row before the batch was stopped.
    pub fn recorded(&self, case: &Case) -> Option<&Decided> {
        self.recorded.get(&case.number)
    }

    /// Before these are recorded; each gets a word of its own.
    pub fn note(&self, store: &Store, judged: &mut [(&Case, &mut Judged)]) -> Result<()> {
        let noted = |(case, judged): &mut (&Case, &mut Judged)| {
            let request = Hex::<16>::random().to_string();
            judged.decision.details["request"] = json!(request);
            NotedRow { row: case.number, claimed: case.claimed.clone(), questioned: case.questioned.clone(), request }
        };
        let note = Note { after: store.head()?.sequence, rows: judged.iter_mut().map(noted).collect() };
        outputs::write(&self.path, &serde_json::to_vec(&note)?)
    }

    /// The results are complete.
    pub fn finish(self) -> Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{}: cannot be removed", self.path.display()))
            }
            _ => Ok(()),
        }
    }
}

/// An empty one where there is none.
fn read(path: &Path) -> Result<Note> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Note::default()),
        Err(error) => Err(error).with_context(|| format!("{}: cannot be read", path.display())),
        Ok(bytes) => serde_json::from_slice(&bytes)
            .with_context(|| format!("{}: is no note of a batch; give another --out", path.display())),
    }
}

impl Note {
    /// What the audit has of its rows, as far as the table still has them.
    fn recorded(&self, cases: &[Case], store: &Store) -> Result<HashMap<usize, Decided>> {
        let is_of = |noted: &&NotedRow| {
            let case = cases.get(noted.row.wrapping_sub(1));
            case.is_some_and(|case| (&case.claimed, &case.questioned) == (&noted.claimed, &noted.questioned))
        };
        let rows: HashMap<&str, usize> =
            self.rows.iter().filter(is_of).map(|noted| (noted.request.as_str(), noted.row)).collect();
        let (mut recorded, mut after) = (HashMap::new(), self.after);
        while recorded.len() < rows.len() {
            let page = store.audit(AuditPage::After(after), 1000)?;
            let Some(last) = page.last() else { break };
            after = last.sequence;
            for entry in &page {
                let row = entry.details["request"].as_str().and_then(|request| rows.get(request));
                recorded.extend(row.map(|row| decided(entry).map(|decided| (*row, decided))).transpose()?);
            }
        }
        Ok(recorded)
    }
}

fn decided(entry: &Entry) -> Result<Decided> {
    let mut fields = entry.details.clone();
    fields["decision"] = json!(entry.outcome);
    serde_json::from_value(fields).with_context(|| format!("entry {} of the audit is no decision", entry.sequence))
}

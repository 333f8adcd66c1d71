//! `inkproof verify`: is this questioned signature by the writer of these references?

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use inkproof::{Decision, Embedding, Explanation, Ink, Model, Score, Threshold, write_atomically};
use serde::Serialize;

use crate::arguments::{ModelFile, StorePlace};
use crate::images::{ImageFlaw, Seen, Times};
use crate::judgement::{Asked, Judgement};
use crate::known_writer::{Age, KnownWriter};
use crate::store::{Actor, NewDecision, WriterId};

/// Judge a questioned signature against references of a writer
///
/// Exit code 0 when it is accepted, 1 when it is rejected, 3 when the evidence supports neither and a person has to decide,
/// 2 when something is wrong.
#[derive(Debug, Args)]
pub struct Verify {
    /// A signature known to be the writer's; give the option once for each
    #[arg(long, required_unless_present = "writer", value_name = "IMAGE")]
    reference: Vec<PathBuf>,
    /// Judge against the references that this writer was enrolled with, and write the decision down in the store's audit
    #[arg(long, value_name = "ID", conflicts_with = "reference")]
    writer: Option<WriterId>,
    /// The signature to be judged; `-` reads it from standard input
    questioned: PathBuf,
    #[command(flatten)]
    model: ModelFile,
    #[command(flatten)]
    store: StorePlace,
    /// Accept from this score on and reject below it, instead of from the model's own threshold; nothing is left undecided
    #[arg(long)]
    threshold: Option<f64>,
    /// Write a picture that shows where the questioned signature agrees with the references (blue) and where not (orange);
    /// the references that are most alike are beside it
    #[arg(long, value_name = "OUT.png")]
    explain: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Verdict {
    #[serde(flatten)]
    judgement: Judgement,
    references: Vec<ReferenceScore>,
    questioned: PathBuf,
    /// Images that are unfit to decide on, and why; then the decision is undecided.
    flaws: Vec<ImageFlaw>,
    model: ModelName,
    milliseconds: Milliseconds,
    #[serde(flatten)]
    enrolled: Option<OfEnrolled>,
}

/// What is said beside where the writer is enrolled.
#[derive(Debug, Serialize)]
struct OfEnrolled {
    writer: WriterId,
    age: Age,
    /// The number of the decision's entry in the audit.
    audit: i64,
}

#[derive(Debug, Serialize)]
struct ReferenceScore {
    #[serde(flatten)]
    reference: Named,
    score: Score,
}

/// Which reference it is: a file, or a number in the store.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Named {
    Path(PathBuf),
    Reference(i64),
}

#[derive(Debug, Serialize)]
struct ModelName {
    name: String,
    digest: String,
}

/// Summed over all images; some are worked on at the same time.
#[derive(Debug, Serialize)]
struct Milliseconds {
    decode: f64,
    ink: f64,
    embed: f64,
    score: f64,
}

/// The references and the questioned signature, as the model sees them.
struct Question<'a> {
    references: &'a [Embedding],
    reference_inks: &'a [Ink],
    names: Vec<Named>,
    questioned: &'a Embedding,
    ink: &'a Ink,
    flaws: Vec<ImageFlaw>,
    times: Times,
}

impl Verify {
    pub fn run(self) -> Result<ExitCode> {
        let is_stdin = |path: &&PathBuf| path.as_os_str() == "-";
        if self.reference.iter().chain([&self.questioned]).filter(is_stdin).count() > 1 {
            bail!("standard input (-) can be one image only; give the others as files");
        }
        let model = self.model.load()?;
        let threshold = self.threshold.map(Threshold::new).transpose()?;
        let verdict = match &self.writer {
            None => self.by_files(&model, threshold)?,
            Some(writer) => self.by_enrolled(&model, threshold, writer)?,
        };
        match self.json {
            true => println!("{:#}", serde_json::to_value(&verdict)?),
            false => {
                println!("{}", sentence(&verdict));
                if let Some(path) = &self.explain {
                    println!("Where it agrees (blue) and where not (orange) is in {}.", path.display());
                }
            }
        }
        Ok(exit_code(verdict.judgement.decision))
    }

    fn by_files(&self, model: &Model, threshold: Option<Threshold>) -> Result<Verdict> {
        let paths: Vec<&Path> = [&self.questioned].into_iter().chain(&self.reference).map(PathBuf::as_path).collect();
        let Seen { inks, embeddings, flaws, times, .. } = Seen::of(model, &paths)?;
        self.judge(
            model,
            threshold,
            Question {
                references: &embeddings[1..],
                reference_inks: &inks[1..],
                names: self.reference.iter().cloned().map(Named::Path).collect(),
                questioned: &embeddings[0],
                ink: &inks[0],
                flaws,
                times,
            },
        )
    }

    /// A decision that could not be written down is not told.
    fn by_enrolled(&self, model: &Model, threshold: Option<Threshold>, writer: &WriterId) -> Result<Verdict> {
        let store = self.store.open_existing()?;
        let known = KnownWriter::find(&store, writer, model)?;
        let Seen { inks, embeddings, flaws, times, .. } = Seen::of(model, &[&self.questioned])?;
        let mut verdict = self.judge(
            model,
            threshold,
            Question {
                references: &known.embeddings,
                reference_inks: &known.inks,
                names: known.numbers.iter().copied().map(Named::Reference).collect(),
                questioned: &embeddings[0],
                ink: &inks[0],
                flaws,
                times,
            },
        )?;
        let flaws: Vec<String> = verdict.flaws.iter().map(|flaw| flaw.flaw.to_string()).collect();
        let recorded = store.record(&[NewDecision {
            writer: Some(known.pseudonym),
            by: Actor::local(),
            decision: verdict.judgement.decision,
            model: model.digest().to_owned(),
            details: known.details(&verdict.judgement, &flaws),
            questioned: inks.into_iter().next(),
        }])?;
        verdict.enrolled = Some(OfEnrolled { writer: writer.clone(), age: known.age, audit: recorded[0] });
        Ok(verdict)
    }

    fn judge(&self, model: &Model, threshold: Option<Threshold>, of: Question<'_>) -> Result<Verdict> {
        if let Some(path) = &self.explain {
            let picture = Explanation::new(of.references, of.questioned)?.picture(of.reference_inks, of.ink);
            write_atomically(path, &picture.to_png())
                .with_context(|| format!("{}: cannot be written", path.display()))?;
        }
        let begun = Instant::now();
        let references: Vec<&Embedding> = of.references.iter().collect();
        let asked = Asked { threshold, flawed: !of.flaws.is_empty() };
        let judgement = Judgement::of(model, &references, of.questioned, asked)?;
        let scored = begun.elapsed();
        let references = of.names.into_iter().zip(&judgement.alone);
        let references = references.map(|(reference, &score)| ReferenceScore { reference, score }).collect();
        Ok(Verdict {
            judgement,
            references,
            questioned: self.questioned.clone(),
            flaws: of.flaws,
            model: ModelName { name: model.name().to_owned(), digest: model.digest().to_owned() },
            milliseconds: Milliseconds {
                decode: in_milliseconds(of.times.decode),
                ink: in_milliseconds(of.times.ink),
                embed: in_milliseconds(of.times.embed),
                score: in_milliseconds(scored),
            },
            enrolled: None,
        })
    }
}

fn exit_code(decision: Decision) -> ExitCode {
    ExitCode::from(match decision {
        Decision::Accepted => 0,
        Decision::Rejected => 1,
        Decision::Undecided => 3,
    })
}

fn in_milliseconds(duration: Duration) -> f64 {
    1000.0 * duration.as_secs_f64()
}

fn sentence(verdict: &Verdict) -> String {
    let judgement = &verdict.judgement;
    let (word, meaning) = judgement.in_words();
    let relation = if judgement.score.get() >= judgement.threshold.get() { "reaches" } else { "is below" };
    let references = match (verdict.references.len(), &verdict.enrolled) {
        (1, None) => "the reference".to_owned(),
        (count, None) => format!("the {count} references"),
        (1, Some(of)) => format!("the one reference of '{}'", of.writer),
        (count, Some(of)) => format!("the {count} references of '{}'", of.writer),
    };
    let decision = format!(
        "{word}: {} {meaning} of {references}.\nScore {:.4} {relation} the threshold {:.4} (model {}).",
        verdict.questioned.display(),
        judgement.score.get(),
        judgement.threshold.get(),
        verdict.model.name
    );
    let flaws = verdict.flaws.iter().map(|ImageFlaw { path, flaw }| format!("Unfit: {}: {flaw}.", path.display()));
    let recorded = verdict.enrolled.as_ref().map(|of| match judgement.decision {
        Decision::Undecided => format!("Recorded as {} and left to a person's review.", of.audit),
        _ => format!("Recorded as {}.", of.audit),
    });
    let age = verdict.enrolled.as_ref().and_then(|of| of.age.advice());
    [decision]
        .into_iter()
        .chain(flaws)
        .chain(judgement.evidence())
        .chain(age)
        .chain(recorded)
        .collect::<Vec<_>>()
        .join("\n")
}

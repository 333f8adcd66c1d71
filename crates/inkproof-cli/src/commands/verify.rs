//! `inkproof verify`: is this questioned signature by the writer of these references?

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use inkproof::{Decision, Limits, Model, Prepared, Threshold, read_image_file, write_atomically};
use rayon::prelude::*;

use crate::arguments::ModelFile;
use crate::verdict::{self, ImageFlaw, Milliseconds, Seen, Verdict, in_milliseconds};

/// Judge a questioned signature against references of a writer
///
/// Exit code 0 when it is accepted, 1 when it is rejected, 3 when the evidence supports neither and a person has to decide,
/// 2 when something is wrong.
#[derive(Debug, Args)]
pub struct Verify {
    /// A signature known to be the writer's; give the option once for each
    #[arg(long, required = true, value_name = "IMAGE")]
    reference: Vec<PathBuf>,
    /// The signature to be judged; `-` reads it from standard input
    questioned: PathBuf,
    #[command(flatten)]
    model: ModelFile,
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

impl Verify {
    pub fn run(self) -> Result<ExitCode> {
        let is_stdin = |path: &&PathBuf| path.as_os_str() == "-";
        if self.reference.iter().chain([&self.questioned]).filter(is_stdin).count() > 1 {
            bail!("standard input (-) can be one image only; give the others as files");
        }
        let model = self.model.load()?;
        let threshold = self.threshold.map(Threshold::new).transpose()?;
        let verdict = self.judge(&model, threshold)?;
        match self.json {
            true => println!("{:#}", serde_json::to_value(&verdict)?),
            false => {
                println!("{}", sentence(&verdict));
                if let Some(path) = &self.explain {
                    println!("Where it agrees (blue) and where not (orange) is in {}.", path.display());
                }
            }
        }
        Ok(ExitCode::from(match verdict.decision {
            Decision::Accepted => 0,
            Decision::Rejected => 1,
            Decision::Undecided => 3,
        }))
    }

    fn judge(&self, model: &Model, threshold: Option<Threshold>) -> Result<Verdict> {
        let mut milliseconds = Milliseconds::default();
        let paths: Vec<&Path> = [&self.questioned].into_iter().chain(&self.reference).map(PathBuf::as_path).collect();
        let mut seen = see(model, &paths, &mut milliseconds)?;
        let references = seen.split_off(1);
        let questioned = &seen[0];
        if let Some(path) = &self.explain {
            write_atomically(path, &verdict::explanation(&references, questioned)?)
                .with_context(|| format!("{}: cannot be written", path.display()))?;
        }
        Ok(Verdict::of(model, &references, questioned, threshold, milliseconds)?)
    }
}

/// What the model sees of images, on all cores; of several bad ones the first is told.
fn see(model: &Model, paths: &[&Path], milliseconds: &mut Milliseconds) -> Result<Vec<Seen>> {
    let limits = Limits::default();
    let prepare = |path: &&Path| -> Result<(Prepared, Duration)> {
        let begun = Instant::now();
        let bytes = read(path, &limits)?;
        let prepared = model.preprocess().apply(&bytes, &limits).map_err(|error| error.at(path))?;
        let decode_time = begun.elapsed().saturating_sub(prepared.ink_time);
        Ok((prepared, decode_time))
    };
    let prepared: Vec<Result<_>> = paths.par_iter().with_max_len(1).map(prepare).collect();
    let (mut inks, mut flaws) = (Vec::with_capacity(paths.len()), Vec::with_capacity(paths.len()));
    for prepared in prepared {
        let (prepared, decode_time) = prepared?;
        milliseconds.decode += in_milliseconds(decode_time);
        milliseconds.ink += in_milliseconds(prepared.ink_time);
        inks.push(prepared.ink);
        flaws.push(prepared.flaws);
    }
    let begun = Instant::now();
    let embeddings = model.embed_all(&inks).map_err(|(place, error)| error.at(paths[place]))?;
    milliseconds.embed += in_milliseconds(begun.elapsed());
    let path = paths.iter().map(|path| path.display().to_string());
    let parts = path.zip(inks).zip(embeddings).zip(flaws);
    Ok(parts.map(|(((path, ink), embedding), flaws)| Seen { path, ink, embedding, flaws }).collect())
}

/// The bytes of a file, or of standard input; no more than are allowed.
fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>> {
    if path.as_os_str() != "-" {
        return Ok(read_image_file(path, limits)?);
    }
    let mut bytes = Vec::new();
    let all = std::io::stdin().lock().take(limits.bytes.saturating_add(1)).read_to_end(&mut bytes);
    all.context("standard input cannot be read")?;
    limits.check_bytes(bytes.len() as u64).map_err(|error| error.at(path))?;
    Ok(bytes)
}

fn sentence(verdict: &Verdict) -> String {
    let (word, meaning) = match verdict.decision {
        Decision::Accepted => ("ACCEPTED", "is alike enough to be by the writer"),
        Decision::Rejected => ("REJECTED", "is not alike enough to be by the writer"),
        Decision::Undecided => ("UNDECIDED", "has to be looked at by a person: it may or may not be by the writer"),
    };
    let relation = if verdict.score.get() >= verdict.threshold.get() { "reaches" } else { "is below" };
    let count = verdict.references.len();
    let references = if count == 1 { "the reference".to_owned() } else { format!("the {count} references") };
    let decision = format!(
        "{word}: {} {meaning} of {references}.\nScore {:.4} {relation} the threshold {:.4} (model {}).",
        verdict.questioned,
        verdict.score.get(),
        verdict.threshold.get(),
        verdict.model.name
    );
    let flaws = verdict.flaws.iter().map(|ImageFlaw { path, flaw }| format!("Unfit: {path}: {flaw}."));
    [decision].into_iter().chain(flaws).chain(evidence(verdict)).collect::<Vec<_>>().join("\n")
}

/// What the score is worth, for either proposition; None where the model is not calibrated.
fn evidence(verdict: &Verdict) -> Option<String> {
    let (support, lr) = (verdict.support.as_ref()?, verdict.log10_lr?.get());
    let (bound, writers) = (verdict.bound?.get(), verdict.calibration_writers?);
    Some(format!(
        "Evidence: {support}.\nLog10 LR {lr:.2}; {writers} calibration writers support no more than {bound:.2} either way."
    ))
}

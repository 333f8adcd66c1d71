//! `inkproof verify`: is this questioned signature by the writer of these references?

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use inkproof::calibration::{Log10Lr, ReferenceCalibration, Support, WantedFar};
use inkproof::{
    Decision, Embedding, Explanation, Flaw, Ink, Limits, Model, Prepared, Score, Threshold, read_image_file,
    write_atomically,
};
use rayon::prelude::*;
use serde::Serialize;

use crate::arguments::ModelFile;

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

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Verdict {
    decision: Decision,
    score: Score,
    /// This and the next two are null where the model is not calibrated for so many references.
    log10_lr: Option<Log10Lr>,
    /// The strength of the evidence in words.
    support: Option<String>,
    /// The strongest log10 LR that the model's calibration writers support, in either direction.
    bound: Option<Log10Lr>,
    /// How many writers that were; in the text only.
    #[serde(skip)]
    calibration_writers: Option<usize>,
    threshold: Threshold,
    /// Thresholds for low FARs, and for one against random forgeries alone; null as above, or where the model's calibration
    /// writers were too few to show it.
    wanted_far: Option<Vec<WantedFar>>,
    random_far: Option<WantedFar>,
    references: Vec<ReferenceScore>,
    questioned: PathBuf,
    /// Images that are unfit to decide on, and why; then the decision is undecided.
    flaws: Vec<ImageFlaw>,
    model: ModelName,
    milliseconds: Milliseconds,
}

#[derive(Debug, Serialize)]
struct ImageFlaw {
    path: PathBuf,
    flaw: Flaw,
}

#[derive(Debug, Serialize)]
struct ReferenceScore {
    path: PathBuf,
    score: Score,
}

#[derive(Debug, Serialize)]
struct ModelName {
    name: String,
    digest: String,
}

/// Summed over all images; some are worked on at the same time.
#[derive(Debug, Default, Serialize)]
struct Milliseconds {
    decode: f64,
    ink: f64,
    embed: f64,
    score: f64,
}

impl Verify {
    pub fn run(self) -> Result<ExitCode> {
        let is_stdin = |path: &&PathBuf| path.as_os_str() == "-";
        if self.reference.iter().chain([&self.questioned]).filter(is_stdin).count() > 1 {
            bail!("standard input (-) can be one image only; give the others as files");
        }
        let model = self.model.load()?;
        let threshold = self.threshold.map_or(Ok(model.threshold_for(self.reference.len())), Threshold::new)?;
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

    fn judge(&self, model: &Model, threshold: Threshold) -> Result<Verdict> {
        let mut milliseconds = Milliseconds::default();
        let paths: Vec<&Path> = [&self.questioned].into_iter().chain(&self.reference).map(PathBuf::as_path).collect();
        let Seen { mut inks, mut embeddings, flaws } = embed(model, &paths, &mut milliseconds)?;
        let (references, reference_inks) = (embeddings.split_off(1), inks.split_off(1));
        let questioned = &embeddings[0];
        if let Some(path) = &self.explain {
            let picture = Explanation::new(&references, questioned)?.picture(&reference_inks, &inks[0]);
            write_atomically(path, &picture.to_png())
                .with_context(|| format!("{}: cannot be written", path.display()))?;
        }
        let begun = Instant::now();
        let score = model.score(&references, questioned)?;
        let single = |reference: &Embedding| model.score(std::slice::from_ref(reference), questioned);
        let scores = references.iter().map(single).collect::<Result<Vec<_>, _>>()?;
        milliseconds.score = in_milliseconds(begun.elapsed());
        let paths = self.reference.iter().cloned();
        let calibration = model.info().calibration.as_ref().and_then(|calibration| calibration.fit(references.len()));
        let log10_lr = calibration.map(|fit| fit.log10_lr(score));
        Ok(Verdict {
            decision: match self.threshold {
                Some(_) => Decision::of(score, threshold),
                None if !flaws.is_empty() => Decision::Undecided,
                None => Decision::by_evidence(score, threshold, log10_lr),
            },
            score,
            log10_lr,
            support: log10_lr.map(|lr| Support::of(lr).to_string()),
            bound: calibration.map(ReferenceCalibration::bound),
            calibration_writers: calibration.map(|fit| fit.writers),
            threshold,
            wanted_far: calibration.map(|fit| fit.wanted_far.clone()),
            random_far: calibration.and_then(|fit| fit.random_far.clone()),
            references: paths.zip(scores).map(|(path, score)| ReferenceScore { path, score }).collect(),
            questioned: self.questioned.clone(),
            flaws,
            model: ModelName { name: model.name().to_owned(), digest: model.digest().to_owned() },
            milliseconds,
        })
    }
}

/// What the model sees of some images.
struct Seen {
    inks: Vec<Ink>,
    embeddings: Vec<Embedding>,
    flaws: Vec<ImageFlaw>,
}

/// Embeds images, on all cores; of several bad ones the first is told.
fn embed(model: &Model, paths: &[&Path], milliseconds: &mut Milliseconds) -> Result<Seen> {
    let limits = Limits::default();
    let prepare = |path: &&Path| -> Result<(Prepared, Duration)> {
        let begun = Instant::now();
        let bytes = read(path, &limits)?;
        let prepared = model.preprocess().apply(&bytes, &limits).map_err(|error| error.at(path))?;
        let decode_time = begun.elapsed().saturating_sub(prepared.ink_time);
        Ok((prepared, decode_time))
    };
    let prepared: Vec<Result<_>> = paths.par_iter().with_max_len(1).map(prepare).collect();
    let (mut inks, mut flaws) = (Vec::with_capacity(paths.len()), Vec::new());
    for (prepared, path) in prepared.into_iter().zip(paths) {
        let (prepared, decode_time) = prepared?;
        flaws.extend(prepared.flaws.into_iter().map(|flaw| ImageFlaw { path: path.to_path_buf(), flaw }));
        inks.push(prepared.ink);
        milliseconds.decode += in_milliseconds(decode_time);
        milliseconds.ink += in_milliseconds(prepared.ink_time);
    }
    let begun = Instant::now();
    let embeddings = model.embed_all(&inks).map_err(|(place, error)| error.at(paths[place]))?;
    milliseconds.embed += in_milliseconds(begun.elapsed());
    Ok(Seen { inks, embeddings, flaws })
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

fn in_milliseconds(duration: Duration) -> f64 {
    1000.0 * duration.as_secs_f64()
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
        verdict.questioned.display(),
        verdict.score.get(),
        verdict.threshold.get(),
        verdict.model.name
    );
    let flaws = verdict.flaws.iter().map(|ImageFlaw { path, flaw }| format!("Unfit: {}: {flaw}.", path.display()));
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

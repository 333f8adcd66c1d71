//! The bench itself: every questioned image under every condition against its writer's references.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use inkproof::{Decision, Signature, Verifier, read_image_file};
use rayon::prelude::*;

use super::condition::{Condition, Original};
use super::rates::RobustnessResult;
use crate::dataset::{DataSet, WriterId};
use crate::error::{Error, Result};
use crate::evaluate::Class;
use crate::progress::{Event, Progress};

/// Which signatures are judged, and under which conditions.
#[derive(Debug, Clone)]
pub struct RobustnessOptions {
    /// At most so many writers of each set, the first ones; all where there is none.
    pub writers: Option<usize>,
    /// References of each writer: the first genuine signatures.
    pub references: usize,
    /// Genuine signatures after these, and forgeries, that are questioned of each writer.
    pub questioned: usize,
    /// Decides everything that is drawn.
    pub seed: u64,
    /// The clean files are always judged, too.
    pub conditions: Vec<&'static Condition>,
    /// Where the files of all conditions are kept, to be looked at; each condition has a folder in it.
    pub save: Option<PathBuf>,
}

impl Default for RobustnessOptions {
    /// All conditions, four references, four genuine and four forged signatures of every writer.
    fn default() -> Self {
        Self {
            writers: None,
            references: 4,
            questioned: 4,
            seed: 0,
            conditions: super::CONDITIONS.iter().collect(),
            save: None,
        }
    }
}

/// A questioned image and whom it was held against.
#[derive(Debug, Clone)]
pub struct Questioned {
    /// The set's name.
    pub set: String,
    /// Whose references it was compared with.
    pub writer: WriterId,
    /// The file.
    pub path: PathBuf,
    /// What it is.
    pub class: Class,
}

/// What became of one questioned image under one condition.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The place of the image among those that were judged.
    pub questioned: usize,
    /// The condition's id.
    pub condition: &'static str,
    /// The answer.
    pub outcome: Outcome,
}

/// What the verifier said of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was judged.
    Judged {
        /// Accepted, undecided or rejected.
        decision: Decision,
        /// Higher is more similar.
        score: f64,
        /// What makes the images unfit to decide on.
        flaws: Vec<String>,
    },
    /// It was refused as an image of a signature, for this reason.
    Refused(String),
}

/// Judges every questioned image of some sets under every condition.
///
/// The first genuine signatures of a writer are the references, those that follow are questioned; so are the first
/// forgeries, or where a writer has none, the first genuine signatures of the writers that follow. Images in which nothing
/// stands out from the paper, and writers with too few signatures, are left out. Progress is one stage in files.
///
/// # Errors
/// [`Error::ZeroOption`]; [`Error::TooFewWriters`] when fewer than two writers are left; an image that cannot be read;
/// [`Error::Io`] where files cannot be kept.
pub fn bench(
    verifier: &Verifier,
    sets: &[DataSet],
    options: &RobustnessOptions,
    progress: &mut dyn Progress,
) -> Result<RobustnessResult> {
    for (option, value) in [("references", options.references), ("questioned", options.questioned)] {
        if value == 0 {
            return Err(Error::ZeroOption { option });
        }
    }
    let conditions = with_clean(&options.conditions);
    let mut plan = Plan::default();
    for set in sets {
        plan.add(verifier, set, options)?;
    }
    let judged = judge_all(verifier, &plan, &conditions, options, progress)?;
    RobustnessResult::new(&conditions, judged.questioned, judged.trials, options)
}

/// The clean files first.
fn with_clean(conditions: &[&'static Condition]) -> Vec<&'static Condition> {
    let others = conditions.iter().copied().filter(|condition| condition.id != Condition::CLEAN);
    std::iter::once(Condition::clean()).chain(others).collect()
}

/// Who is compared with whom.
#[derive(Default)]
struct Plan {
    /// The references of each writer.
    references: Vec<Vec<Signature>>,
    /// With the place of the writer whose references they are held against.
    questioned: Vec<(usize, Questioned)>,
}

impl Plan {
    fn add(&mut self, verifier: &Verifier, set: &DataSet, options: &RobustnessOptions) -> Result<()> {
        let all = set.by_writer();
        let enough = |genuine: &[usize]| genuine.len() > options.references;
        let writers: Vec<_> = all.iter().filter(|writer| enough(&writer.genuine)).collect();
        let writers = &writers[..writers.len().min(options.writers.unwrap_or(usize::MAX))];
        if writers.len() < 2 {
            let (root, found) = (set.root.clone(), writers.len());
            return Err(Error::TooFewWriters { root, found, genuine_needed: options.references + 1 });
        }
        for (place, writer) in writers.iter().enumerate() {
            let (references, others) = writer.genuine.split_at(options.references);
            let embed = |&image: &usize| reference(verifier, &set.images[image].path, options.seed, image as u64);
            let references = references.par_iter().map(embed).collect::<Result<Vec<_>>>()?;
            let strangers = || (1..writers.len()).map(|step| writers[(place + step) % writers.len()].genuine[0]);
            let forged: Vec<(Class, usize)> = if writer.forgeries.is_empty() {
                strangers().map(|image| (Class::Random, image)).collect()
            } else {
                writer.forgeries.iter().map(|&image| (Class::Skilled, image)).collect()
            };
            let genuine = others.iter().map(|&image| (Class::Genuine, image)).take(options.questioned);
            for (class, image) in genuine.chain(forged.into_iter().take(options.questioned)) {
                let (set_name, path) = (set.name(), set.images[image].path.clone());
                let questioned = Questioned { set: set_name, writer: writer.writer.clone(), path, class };
                self.questioned.push((self.references.len(), questioned));
            }
            self.references.push(references);
        }
        Ok(())
    }
}

/// A reference, drawn again as clean signatures are; as it is where it has no ink to draw again.
fn reference(verifier: &Verifier, path: &Path, seed: u64, index: u64) -> Result<Signature> {
    // Questioned images are numbered from 0 on.
    const REFERENCES: u64 = 1 << 63;
    let original = read(verifier, path)?;
    let clean = original.map(|original| Condition::clean().apply(&original, seed, REFERENCES | index));
    match clean {
        Some(bytes) => Ok(verifier.embed_bytes(&bytes).map_err(|error| error.at(path))?),
        None => Ok(verifier.embed_file(path)?),
    }
}

fn read(verifier: &Verifier, path: &Path) -> Result<Option<Original>> {
    let bytes = read_image_file(path, verifier.limits())?;
    Original::new(bytes, verifier.limits()).map_err(|error| match error {
        Error::Engine(error) => Error::Engine(error.at(path)),
        other => other,
    })
}

/// Everything that was judged.
struct Judged {
    questioned: Vec<Questioned>,
    trials: Vec<Trial>,
}

fn judge_all(
    verifier: &Verifier,
    plan: &Plan,
    conditions: &[&'static Condition],
    options: &RobustnessOptions,
    progress: &mut dyn Progress,
) -> Result<Judged> {
    progress.report(Event::Stage { name: "judging files", total: plan.questioned.len() * conditions.len() });
    let done = AtomicUsize::new(0);
    let mut judged = Judged { questioned: Vec::new(), trials: Vec::new() };
    // Small chunks: the bar moves, and cores wait little for each other.
    let chunk = 2 * rayon::current_num_threads();
    for (number, chunk_of) in plan.questioned.chunks(chunk).enumerate() {
        let judge = |(place, (writer, questioned)): (usize, &(usize, Questioned))| {
            let index = (number * chunk + place) as u64;
            let outcomes = judge(verifier, &plan.references[*writer], questioned, index, conditions, options)?;
            done.fetch_add(conditions.len(), Ordering::Relaxed);
            Ok(outcomes.map(|outcomes| (questioned.clone(), outcomes)))
        };
        let of_chunk = chunk_of.par_iter().enumerate().map(judge).collect::<Result<Vec<_>>>()?;
        for ((_, questioned), judged_one) in chunk_of.iter().zip(of_chunk) {
            let Some((questioned, outcomes)) = judged_one else {
                progress.report(Event::Skipped { path: &questioned.path, why: "no ink stands out from the paper" });
                continue;
            };
            let place = judged.questioned.len();
            judged.questioned.push(questioned);
            let trial = |(condition, outcome): (&&'static Condition, Outcome)| Trial {
                questioned: place,
                condition: condition.id,
                outcome,
            };
            judged.trials.extend(conditions.iter().zip(outcomes).map(trial));
        }
        progress.report(Event::Advance { done: done.load(Ordering::Relaxed) });
    }
    Ok(judged)
}

/// One image under every condition; None where it has no ink to draw again.
fn judge(
    verifier: &Verifier,
    references: &[Signature],
    questioned: &Questioned,
    index: u64,
    conditions: &[&'static Condition],
    options: &RobustnessOptions,
) -> Result<Option<Vec<Outcome>>> {
    let Some(original) = read(verifier, &questioned.path)? else { return Ok(None) };
    let judge = |condition: &&'static Condition| {
        let bytes = condition.apply(&original, options.seed, index);
        if let Some(folder) = &options.save {
            save(&folder.join(condition.id), questioned, &bytes)?;
        }
        match verifier.embed_bytes(&bytes) {
            Ok(signature) => {
                let verdict = verifier.verify(references, &signature)?;
                let flaws = verdict.flaws.iter().map(|flaw| flaw.flaw.to_string()).collect();
                Ok(Outcome::Judged { decision: verdict.decision, score: verdict.score.get(), flaws })
            }
            Err(error) => Ok(Outcome::Refused(error.to_string())),
        }
    };
    conditions.iter().map(judge).collect::<Result<_>>().map(Some)
}

fn save(folder: &Path, questioned: &Questioned, bytes: &[u8]) -> Result<()> {
    let stem = questioned.path.file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("{}_{}_{stem}.{}", questioned.set, questioned.writer, Condition::extension(bytes));
    let path = folder.join(name.replace(['/', '\\'], "-"));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, bytes));
    written.map_err(|source| Error::Io { path, source })
}

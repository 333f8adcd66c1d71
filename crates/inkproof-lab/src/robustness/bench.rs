//! The bench itself: every questioned image under every condition against its writer's references.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use inkproof::verdict::{Compared, ImageFlaw};
use inkproof::{Decision, Signature, Verifier, read_image_file, write_atomically};
use rayon::prelude::*;

use super::condition::{Condition, Original};
use super::rates::RobustnessResult;
use crate::dataset::{DataSet, OnBad, Skipped, WriterId};
use crate::error::{Error, Result};
use crate::evaluate::Class;
use crate::loader::reason;
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
    /// The clean condition is always among them.
    pub conditions: Vec<&'static Condition>,
    /// What to do with images that cannot be read.
    pub bad: OnBad,
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
            bad: OnBad::Stop,
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
        /// What makes the images unfit to decide on, in words.
        flaws: Vec<String>,
    },
    /// It was refused as an image of a signature, for this reason.
    Refused(String),
}

/// Judges every questioned image of some sets under every condition.
///
/// The first genuine signatures of a writer are the references, those that follow are questioned; so are the first
/// forgeries, or where a writer has none, the first genuine signatures of the writers that follow. Writers with too few
/// genuine signatures are left out. Progress is one stage in files.
///
/// # Errors
/// [`Error::ZeroOption`]; [`Error::TooFewWriters`] when a set has fewer than two usable writers; unless they are to be left
/// out, an image that cannot be read or in which no ink stands out from the paper; [`Error::Io`] where files cannot be
/// kept.
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
    let others = options.conditions.iter().copied().filter(|condition| condition.id != Condition::CLEAN);
    let conditions: Vec<_> = std::iter::once(Condition::clean()).chain(others).collect();
    let bench = Bench { verifier, options, conditions: &conditions };
    let mut run = Run { bench, skipped: Vec::new(), progress };
    let mut plan = Plan::default();
    for (set, name) in sets.iter().zip(names(sets)) {
        run.plan(set, &name, &mut plan)?;
    }
    let (questioned, trials) = run.judge_all(&plan)?;
    RobustnessResult::new(&conditions, questioned, trials, run.skipped, options)
}

/// The sets by their folders' names, or where two are the same, by their paths.
fn names(sets: &[DataSet]) -> Vec<String> {
    let names: Vec<String> = sets.iter().map(DataSet::name).collect();
    let different: BTreeSet<&String> = names.iter().collect();
    if different.len() == sets.len() {
        return names;
    }
    sets.iter().map(|set| set.root.display().to_string()).collect()
}

/// Who is compared with whom.
#[derive(Default)]
struct Plan {
    /// The references of each writer.
    references: Vec<Vec<Signature>>,
    questioned: Vec<Planned>,
}

/// A comparison that is to be made.
struct Planned {
    /// The place of the writer whose references are used.
    writer: usize,
    /// The image's place in its set, from which everything that is drawn follows.
    index: u64,
    image: Questioned,
}

/// What is the same for all images.
#[derive(Clone, Copy)]
struct Bench<'a> {
    verifier: &'a Verifier,
    options: &'a RobustnessOptions,
    conditions: &'a [&'static Condition],
}

/// A bench at work, and what had to be left out.
struct Run<'a> {
    bench: Bench<'a>,
    skipped: Vec<Skipped>,
    progress: &'a mut dyn Progress,
}

impl Run<'_> {
    /// Adds the writers of a set.
    fn plan(&mut self, set: &DataSet, name: &str, plan: &mut Plan) -> Result<()> {
        let RobustnessOptions { references, questioned, .. } = *self.bench.options;
        let all = set.by_writer();
        let enough = all.iter().filter(|writer| writer.genuine.len() > references);
        let writers: Vec<_> = enough.take(self.bench.options.writers.unwrap_or(usize::MAX)).collect();
        if writers.len() < 2 {
            let (root, found) = (set.root.clone(), writers.len());
            return Err(Error::TooFewWriters { root, found, genuine_needed: references + 1 });
        }
        for (place, writer) in writers.iter().enumerate() {
            let (references, others) = writer.genuine.split_at(references);
            let references = self.references(set, references)?;
            if references.is_empty() {
                continue;
            }
            let forged: Vec<(Class, usize)> = if writer.forgeries.is_empty() {
                let strangers = (1..writers.len()).map(|step| writers[(place + step) % writers.len()].genuine[0]);
                strangers.map(|image| (Class::Random, image)).collect()
            } else {
                writer.forgeries.iter().map(|&image| (Class::Skilled, image)).collect()
            };
            let genuine = others.iter().map(|&image| (Class::Genuine, image)).take(questioned);
            for (class, image) in genuine.chain(forged.into_iter().take(questioned)) {
                let (set_name, path) = (name.to_owned(), set.images[image].path.clone());
                let questioned = Questioned { set: set_name, writer: writer.writer.clone(), path, class };
                plan.questioned.push(Planned { writer: plan.references.len(), index: image as u64, image: questioned });
            }
            plan.references.push(references);
        }
        Ok(())
    }

    /// These images, drawn again as clean signatures are.
    fn references(&mut self, set: &DataSet, images: &[usize]) -> Result<Vec<Signature>> {
        let bench = self.bench;
        let embed = |&image: &usize| bench.reference(&set.images[image].path, image as u64);
        let embedded: Vec<Result<Signature>> = images.par_iter().map(embed).collect();
        let mut references = Vec::new();
        for (&image, signature) in images.iter().zip(embedded) {
            references.extend(self.unless_bad(&set.images[image].path, signature)?);
        }
        Ok(references)
    }

    /// What was made of an image; None, and recorded, where nothing could be and such images are to be left out.
    fn unless_bad<T>(&mut self, path: &Path, made: Result<T>) -> Result<Option<T>> {
        match made {
            Err(error @ Error::Engine(_)) if self.bench.options.bad == OnBad::Skip => {
                let why = reason(&error);
                self.progress.report(Event::Skipped { path, why: &why });
                self.skipped.push(Skipped { path: path.to_owned(), why });
                Ok(None)
            }
            made => made.map(Some),
        }
    }

    fn judge_all(&mut self, plan: &Plan) -> Result<(Vec<Questioned>, Vec<Trial>)> {
        let (bench, files) = (self.bench, self.bench.conditions.len());
        self.progress.report(Event::Stage { name: "judging files", total: plan.questioned.len() * files });
        let (mut questioned, mut trials) = (Vec::new(), Vec::new());
        // Small chunks: the bar moves, and cores wait little for each other.
        let chunk = 2 * rayon::current_num_threads();
        for (number, planned) in plan.questioned.chunks(chunk).enumerate() {
            let outcomes: Vec<_> = planned.par_iter().map(|planned| bench.judge(plan, planned)).collect();
            for (planned, outcomes) in planned.iter().zip(outcomes) {
                let Some(outcomes) = self.unless_bad(&planned.image.path, outcomes)? else { continue };
                let trial = |(condition, outcome): (&&'static Condition, Outcome)| Trial {
                    questioned: questioned.len(),
                    condition: condition.id,
                    outcome,
                };
                trials.extend(bench.conditions.iter().zip(outcomes).map(trial));
                questioned.push(planned.image.clone());
            }
            self.progress.report(Event::Advance { done: (number * chunk + planned.len()) * files });
        }
        Ok((questioned, trials))
    }
}

impl Bench<'_> {
    /// A reference, drawn again as clean signatures are.
    fn reference(&self, path: &Path, index: u64) -> Result<Signature> {
        let bytes = Condition::clean().apply(&self.read(path)?, self.options.seed, index);
        Ok(self.verifier.embed_bytes(&bytes).map_err(|error| error.at(path))?)
    }

    /// One image under every condition.
    fn judge(&self, plan: &Plan, planned: &Planned) -> Result<Vec<Outcome>> {
        let original = self.read(&planned.image.path)?;
        let judge = |condition: &&'static Condition| {
            let bytes = condition.apply(&original, self.options.seed, planned.index);
            if let Some(folder) = &self.options.save {
                save(&folder.join(condition.id), &planned.image, &bytes)?;
            }
            match self.verifier.embed_bytes(&bytes) {
                Ok(signature) => {
                    let verdict = self.verifier.verify(&plan.references[planned.writer], &signature)?;
                    let flaws = verdict.flaws.iter().map(in_words).collect();
                    Ok(Outcome::Judged { decision: verdict.decision, score: verdict.score.get(), flaws })
                }
                Err(error) => Ok(Outcome::Refused(error.to_string())),
            }
        };
        self.conditions.iter().map(judge).collect()
    }

    fn read(&self, path: &Path) -> Result<Original> {
        let bytes = read_image_file(path, self.verifier.limits())?;
        Ok(Original::new(bytes, self.verifier.limits()).map_err(|error| error.at(path))?)
    }
}

/// Whose flaw it is, too, where it is a reference's.
fn in_words(flaw: &ImageFlaw) -> String {
    match flaw.image {
        Compared::Questioned => flaw.flaw.to_string(),
        Compared::Reference(index) => format!("reference {}: {}", index + 1, flaw.flaw),
    }
}

fn save(folder: &Path, questioned: &Questioned, bytes: &[u8]) -> Result<()> {
    let stem = questioned.path.file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("{}_{}_{stem}.{}", questioned.set, questioned.writer, Condition::extension(bytes));
    let path = folder.join(name.replace(['/', '\\'], "-"));
    let written = fs::create_dir_all(folder).and_then(|()| write_atomically(&path, bytes));
    written.map_err(|source| Error::Io { path, source })
}

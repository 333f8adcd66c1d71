//! What would make a result on a data set worthless, found before anyone trains on it.
//!
//! Three kinds of leaks: the same picture on both sides of a line that a test draws ([`copies`]); the same writer or forger
//! in both splits; and cues, things that are not the shape of a signature and yet tell genuine from forged pairs of writers
//! that a model has never seen ([`probe`], and all of them together in a `forest`). Cues are measured on the image as
//! [`stored`] and again on the [`raster`] that is left after `ink` preprocessing, so that one sees what that removes. The
//! data in, a [`Leakage`] out; [`verdict`] words it, [`page`] shows it.

pub mod copies;
pub mod cue;
mod document;
mod file;
pub mod fingerprint;
mod forest;
pub mod page;
pub mod pairs;
pub mod probe;
pub mod raster;
pub mod shortcuts;
pub mod stored;
mod strangers;
mod text;
pub mod verdict;

use inkproof::inknet::{Inknet, LocalFeatures};
use inkproof::{GrayRule, InkParameters, Limits, Model, Preprocess, decode_with_digest, read_image_file};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::dataset::{DataSet, OnBad, Skipped, WriterId};
use crate::error::{Error, Result};
use crate::loader;
use crate::progress::{Event, Progress};
use copies::Identity;
pub use copies::{Copies, Crossing, Sameness, SharedForger};
pub use cue::{Cue, Role, Value};
pub use pairs::{Pair, Pairs};
pub use probe::Probe;
pub use shortcuts::{CueValues, Shortcuts};
pub use verdict::{Finding, Severity};

/// How many images are read between two reports of progress.
const CHUNK: usize = 32;

/// What would make a result on a data set worthless.
#[derive(Debug, Clone)]
pub struct Leakage {
    /// What was looked at, without what could not be read.
    pub set: DataSet,
    /// Decided how writers were resampled and folded.
    pub seed: u64,
    /// The `ink` preprocessing after which cues were measured again.
    pub ink: InkParameters,
    /// Groups of images that show the same picture.
    pub copies: Vec<Copies>,
    /// Writers with images in both splits, sorted.
    pub shared_writers: Vec<WriterId>,
    /// Forgers with forgeries in both splits, sorted.
    pub shared_forgers: Vec<SharedForger>,
    /// None where they could not be probed; `not_computed` says why.
    pub cues: Option<CueTables>,
    /// What could not be computed, and why.
    pub not_computed: Vec<String>,
}

/// What each cue would score, before and after normalisation.
#[derive(Debug, Clone)]
pub struct CueTables {
    /// Writers with two genuine signatures and a forgery.
    pub writers: usize,
    /// Pairs of genuine signatures of one writer.
    pub genuine_pairs: usize,
    /// Pairs of a genuine signature and a forgery of it.
    pub forged_pairs: usize,
    /// On the images as stored; all judged cues together are last.
    pub as_stored: Vec<Probe>,
    /// On the normalised ink; all judged cues together are last.
    pub after_ink: Vec<Probe>,
    /// The forged pair that all stored cues together are surest of, and the same of the ink's.
    pub most_telling_stored: Option<[usize; 2]>,
    /// The same after `ink` preprocessing.
    pub most_telling_ink: Option<[usize; 2]>,
    /// For each image the values of [`stored::CUES`].
    pub stored_values: Vec<Vec<Value>>,
    /// For each image the values of [`raster::CUES`].
    pub raster_values: Vec<Vec<Value>>,
}

/// The id of the probe of all judged cues together.
pub const TOGETHER: &str = "all_together";

/// Looks at every image of the set, as stored and after this `ink` preprocessing: that of the model that is to be trained
/// or tested on it.
///
/// # Errors
/// With [`OnBad::Stop`] the first image that cannot be read or has no ink; in any case when none is left.
pub fn examine(
    mut set: DataSet,
    bad: OnBad,
    ink: &InkParameters,
    seed: u64,
    progress: &mut dyn Progress,
) -> Result<Leakage> {
    let model = strangers::model(ink);
    let seen = read(&mut set, bad, ink, model.as_ref().and_then(Model::inknet), progress)?;
    progress.report(Event::Stage { name: "comparing images", total: 1 });
    let (mut identities, mut stored_values, mut raster_values) = (Vec::new(), Vec::new(), Vec::new());
    let mut features = Vec::new();
    for one in seen {
        identities.push(one.identity);
        stored_values.push(one.stored);
        raster_values.push(one.raster);
        features.push(one.features);
    }
    let mut leakage = Leakage {
        copies: copies::find(&set, &identities),
        shared_writers: set.writers_in_both_splits(),
        shared_forgers: copies::shared_forgers(&set),
        cues: None,
        not_computed: Vec::new(),
        set,
        seed,
        ink: ink.clone(),
    };
    leakage.note_what_is_unknown();
    let pairs = Pairs::from_set(&leakage.set);
    if pairs.writers < probe::FEWEST_WRITERS {
        leakage.not_computed.push(format!(
            "what cues would score: that needs {} writers with two genuine signatures and a forgery, and there are {}",
            probe::FEWEST_WRITERS,
            pairs.writers
        ));
        return Ok(leakage);
    }
    let resampling = probe::Resampling::new(pairs.writers, seed);
    progress.report(Event::Stage { name: "probing cues", total: stored::CUES.len() + raster::CUES.len() + 3 });
    let mut bench = Bench { pairs: &pairs, resampling, seed, done: 0, progress };
    let (as_stored, most_telling_stored) = bench.table(&stored::CUES, &stored_values, Vec::new())?;
    let strangers = bench.strangers(&features);
    let (after_ink, most_telling_ink) = bench.table(&raster::CUES, &raster_values, vec![strangers])?;
    leakage.cues = Some(CueTables {
        writers: pairs.writers,
        genuine_pairs: pairs.count(true),
        forged_pairs: pairs.count(false),
        as_stored,
        after_ink,
        most_telling_stored,
        most_telling_ink,
        stored_values,
        raster_values,
    });
    Ok(leakage)
}

impl Leakage {
    fn note_what_is_unknown(&mut self) {
        let has_splits = self.set.images.iter().any(|image| image.split.is_some());
        let has_forgers = self.set.images.iter().any(|image| image.forger.is_some());
        if !has_splits {
            self.not_computed.push("writers and forgers in two splits: the set has no splits".to_owned());
        } else if !has_forgers {
            self.not_computed
                .push("forgers in two splits: neither file names nor a manifest tell the forgers".to_owned());
        }
    }
}

/// All that is kept of an image.
struct ImageFacts {
    identity: Identity,
    stored: Vec<Value>,
    raster: Vec<Value>,
    features: Option<LocalFeatures>,
}

impl ImageFacts {
    fn read(path: &std::path::Path, ink: &InkParameters, inknet: Option<&Inknet>) -> Result<Self> {
        let limits = Limits::default();
        let bytes = read_image_file(path, &limits)?;
        Self::from_bytes(&bytes, ink, inknet, &limits).map_err(|error| Error::from(error.at(path)))
    }

    fn from_bytes(
        bytes: &[u8],
        ink: &InkParameters,
        inknet: Option<&Inknet>,
        limits: &Limits,
    ) -> inkproof::Result<Self> {
        let (gray, pixels) = decode_with_digest(bytes, GrayRule::OnWhite, limits)?;
        let ink = Preprocess::Ink(ink.clone()).apply_gray(&gray)?;
        Ok(Self {
            identity: Identity {
                bytes: Sha256::digest(bytes).into(),
                pixels,
                look: fingerprint::Look::from_image(&gray),
            },
            stored: CueValues::from_image(&gray, bytes).0,
            raster: raster::measure(&ink),
            features: inknet.map(|inknet| inknet.embed(&ink)),
        })
    }
}

/// Reads every image; what cannot be used is taken out of the set with [`OnBad::Skip`].
fn read(
    set: &mut DataSet,
    bad: OnBad,
    ink: &InkParameters,
    inknet: Option<&Inknet>,
    progress: &mut dyn Progress,
) -> Result<Vec<ImageFacts>> {
    for skipped in &set.skipped {
        progress.report(Event::Skipped { path: &skipped.path, why: &skipped.why });
    }
    let total = set.images.len();
    progress.report(Event::Stage { name: "reading images", total });
    let (mut images, mut seen) = (Vec::with_capacity(total), Vec::with_capacity(total));
    let mut waiting = std::mem::take(&mut set.images);
    while !waiting.is_empty() {
        let rest = waiting.split_off(CHUNK.min(waiting.len()));
        let read: Vec<_> = waiting.par_iter().map(|image| ImageFacts::read(&image.path, ink, inknet)).collect();
        for (image, result) in waiting.into_iter().zip(read) {
            match result {
                Ok(one) => {
                    images.push(image);
                    seen.push(one);
                }
                Err(error) if bad == OnBad::Stop => return Err(error),
                Err(error) => {
                    let why = loader::reason(&error);
                    progress.report(Event::Skipped { path: &image.path, why: &why });
                    set.skipped.push(Skipped { path: image.path, why });
                }
            }
        }
        waiting = rest;
        progress.report(Event::Advance { done: total - waiting.len() });
    }
    if images.is_empty() {
        return Err(Error::NothingReadable { root: set.root.clone(), images: total });
    }
    set.images = images;
    Ok(seen)
}

/// What every probe of a table needs.
struct Bench<'a> {
    pairs: &'a Pairs,
    resampling: probe::Resampling,
    seed: u64,
    done: usize,
    progress: &'a mut dyn Progress,
}

impl Bench<'_> {
    /// Each cue alone, `more`, and the judged cues together, and the forged pair that the latter are surest of.
    fn table(
        &mut self,
        cues: &[Cue],
        values: &[Vec<Value>],
        more: Vec<probe::Measured>,
    ) -> Result<(Vec<Probe>, Option<[usize; 2]>)> {
        let mut measured = Vec::with_capacity(cues.len() + 1);
        for (at, cue) in cues.iter().enumerate() {
            measured.push(self.single(cue, at, values));
            self.advance();
        }
        measured.extend(more);
        let varies = measured.iter().any(|one| one.probe.role == Role::Judged && !one.probe.constant);
        let together = Cue::judged(TOGETHER, "all judged cues together");
        let mut most_telling = None;
        measured.push(if varies {
            let scores = forest::out_of_fold(cues, values, self.pairs, self.seed)?;
            let forged = self.pairs.list.iter().zip(&scores).filter(|(pair, _)| !pair.genuine);
            most_telling = forged.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(pair, _)| [pair.a, pair.b]);
            let auc = self.resampling.auc(self.pairs, &scores);
            probe::Measured { directed: true, ..probe::Measured::new(together, auc, self.pairs.writers) }
        } else {
            probe::Measured::constant(together)
        });
        self.advance();
        Ok((probe::judge(measured), most_telling))
    }

    /// Pressure against strangers' signatures.
    fn strangers(&mut self, features: &[Option<LocalFeatures>]) -> probe::Measured {
        self.advance();
        match strangers::scores(self.pairs, features) {
            Some(scores) => {
                probe::Measured::new(strangers::CUE, self.resampling.auc(self.pairs, &scores), self.pairs.writers)
            }
            None => probe::Measured::constant(strangers::CUE),
        }
    }

    fn single(&self, cue: &Cue, at: usize, values: &[Vec<Value>]) -> probe::Measured {
        if values.windows(2).all(|pair| pair[0][at] == pair[1][at]) {
            return probe::Measured::constant(*cue);
        }
        let score = |pair: &Pair| -values[pair.a][at].difference(&values[pair.b][at]);
        let scores: Vec<f64> = self.pairs.list.iter().map(score).collect();
        probe::Measured::new(*cue, self.resampling.auc(self.pairs, &scores), self.pairs.writers)
    }

    fn advance(&mut self) {
        self.done += 1;
        self.progress.report(Event::Advance { done: self.done });
    }
}

#[cfg(test)]
mod tests;

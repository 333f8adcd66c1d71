//! Learning where signatures are from pages of nobody.

use inkproof::Limits;
use inkproof::decode::{Page, Picture};
use inkproof::find::{self, Candidate, Finder, PageArea, Trees};
use rayon::prelude::*;

use super::boost::{BoostOptions, Example, boost};
use super::judge::{PageTruth, with_thresholds};
use crate::error::{Error, Result};
use crate::progress::{Event, Progress};
use crate::synth::pages::{self, BoxKind, DrawnPage, Fonts, PageOptions};

/// What a finder learns from and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearnOptions {
    /// Synthetic pages; one of ten fixes the thresholds.
    pub pages: usize,
    /// Of the pages.
    pub seed: u64,
    /// How trees are grown.
    pub boost: BoostOptions,
}

impl Default for LearnOptions {
    /// As the bundled finder.
    fn default() -> Self {
        Self { pages: 5000, seed: 1, boost: BoostOptions::default() }
    }
}

/// A finder that has learned.
#[derive(Debug, Clone)]
pub struct LearnedFinder {
    /// What it has learned.
    pub trees: Trees,
    /// Groups of ink that it was shown.
    pub examples: usize,
    /// How many of them were signatures.
    pub signatures: usize,
}

/// A box is the signature's from this overlap on.
pub(super) const OVERLAP: f64 = 0.5;
/// One of so many pages is held out and fixes the thresholds.
const HELD_OUT: u64 = 10;
/// Pages that are drawn between two reports of progress.
const AT_ONCE: usize = 64;

/// Draws pages and learns from them.
///
/// # Errors
/// [`Error::TooFewPages`] where nothing can be learned from so few.
pub fn learn(fonts: &Fonts, options: &LearnOptions, progress: &mut dyn Progress) -> Result<LearnedFinder> {
    let (held_out, learned_from): (Vec<u64>, Vec<u64>) =
        (0..options.pages as u64).partition(|number| number % HELD_OUT == 0);
    let draw = |number: u64| Drawn::new(&pages::page(fonts, options.seed, number, &PageOptions::default()));
    let mut examples = Vec::new();
    progress.report(Event::Stage { name: "pages", total: learned_from.len() });
    for (chunk, numbers) in learned_from.chunks(AT_ONCE).enumerate() {
        let drawn = numbers.par_iter().map(|&number| draw(number).examples()).collect::<Result<Vec<_>>>()?;
        examples.extend(drawn.into_iter().flatten());
        progress.report(Event::Advance { done: chunk * AT_ONCE + numbers.len() });
    }
    let signatures = examples.iter().filter(|example: &&Example| example.label > 0.5).count();
    if signatures == 0 || signatures == examples.len() {
        return Err(Error::TooFewPages { pages: options.pages });
    }
    progress.report(Event::Stage { name: "trees", total: options.boost.trees });
    let (bias, trees) = boost(&examples, &options.boost, |done| progress.report(Event::Advance { done }));
    let trees = Trees { bias, trees, threshold: 0.0, signed: 0.0, look: 0.0 };
    let finder = Finder::new(trees.clone());
    let judged = held_out.par_iter().map(|&number| draw(number).judged(&finder)).collect::<Result<Vec<_>>>()?;
    let trees = with_thresholds(trees, &judged).ok_or(Error::TooFewPages { pages: options.pages })?;
    Ok(LearnedFinder { trees, examples: examples.len(), signatures })
}

/// A page as it is learned from.
struct Drawn {
    picture: Picture,
    truth: Vec<PageArea>,
}

impl Drawn {
    fn new(page: &DrawnPage) -> Drawn {
        let signatures = page.boxes.iter().filter(|found| found.kind == BoxKind::Signature);
        let truth = signatures.map(|b| PageArea { x: b.left, y: b.top, width: b.width, height: b.height }).collect();
        Drawn { picture: Picture::of_gray(page.gray.clone(), Page::ONLY), truth }
    }

    fn examples(&self) -> Result<Vec<Example>> {
        let example = |candidate: Candidate| {
            let overlap = self.truth.iter().map(|area| area.overlap(&candidate.area)).fold(0.0, f64::max);
            Example { features: candidate.features, label: f32::from(overlap >= OVERLAP) }
        };
        Ok(find::candidates(&self.picture, &Limits::default())?.into_iter().map(example).collect())
    }

    fn judged(self, finder: &Finder) -> Result<PageTruth> {
        let found = finder.ranked(&self.picture, &Limits::default())?;
        Ok(PageTruth { document: String::new(), name: String::new(), truth: self.truth, found })
    }
}

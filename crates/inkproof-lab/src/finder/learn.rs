//! Learning where signatures are from pages of nobody.

use inkproof::Limits;
use inkproof::decode::{Page, Picture};
use inkproof::find::{self, Finder, PageArea, Trees};
use rayon::prelude::*;

use super::boost::{BoostOptions, Example, boost};
use super::judge::{self, PageTruth};
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
        Self { pages: 4000, seed: 1, boost: BoostOptions::default() }
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
const HELD_OUT: usize = 10;
/// Pages that are drawn between two reports of progress.
const AT_ONCE: usize = 64;

/// Draws pages and learns from them.
///
/// # Errors
/// [`Error::TooFewPages`] where nothing can be learned from so few.
pub fn learn(fonts: &Fonts, options: &LearnOptions, progress: &mut dyn Progress) -> Result<LearnedFinder> {
    let mut examples = Vec::new();
    let mut held_out = Vec::new();
    progress.report(Event::Stage { name: "pages", total: options.pages });
    let numbers: Vec<u64> = (0..options.pages as u64).collect();
    for numbers in numbers.chunks(AT_ONCE) {
        let drawn: Vec<Drawn> = numbers
            .par_iter()
            .map(|&number| Drawn::new(&pages::page(fonts, options.seed, number, &PageOptions::default())))
            .collect::<Result<_>>()?;
        for (number, drawn) in numbers.iter().zip(drawn) {
            if *number as usize % HELD_OUT == 0 {
                held_out.push(drawn);
            } else {
                examples.extend(drawn.examples());
            }
        }
        progress.report(Event::Advance { done: numbers[numbers.len() - 1] as usize + 1 });
    }
    let signatures = examples.iter().filter(|example: &&Example| example.label > 0.5).count();
    if signatures == 0 || signatures == examples.len() || held_out.iter().all(|page| page.truth.is_empty()) {
        return Err(Error::TooFewPages { pages: options.pages });
    }
    progress.report(Event::Stage { name: "trees", total: options.boost.trees });
    let (bias, trees) = boost(&examples, &options.boost, |done| progress.report(Event::Advance { done }));
    let trees = Trees { bias, trees, threshold: 0.0, signed: 0.0, look: 0.0 };
    let finder = Finder::new(trees.clone());
    let judged = held_out.iter().map(|page| {
        let found = finder.ranked(&page.picture, &Limits::default())?;
        Ok(PageTruth { document: String::new(), name: String::new(), truth: page.truth.clone(), found })
    });
    let judged = judged.collect::<Result<Vec<_>>>()?;
    let trees = judge::with_thresholds(trees, &judged);
    Ok(LearnedFinder { trees, examples: examples.len(), signatures })
}

/// A page as it is learned from.
struct Drawn {
    picture: Picture,
    truth: Vec<PageArea>,
    candidates: Vec<find::Candidate>,
}

impl Drawn {
    fn new(page: &DrawnPage) -> Result<Drawn> {
        let picture = Picture::of_gray(page.gray.clone(), Page::ONLY);
        let signatures = page.boxes.iter().filter(|found| found.kind == BoxKind::Signature);
        let truth = signatures.map(|b| PageArea { x: b.left, y: b.top, width: b.width, height: b.height }).collect();
        let candidates = find::candidates(&picture, &Limits::default())?;
        Ok(Drawn { picture, truth, candidates })
    }

    fn examples(self) -> impl Iterator<Item = Example> {
        let Drawn { truth, candidates, .. } = self;
        candidates.into_iter().map(move |candidate| {
            let overlap = truth.iter().map(|area| area.overlap(&candidate.area)).fold(0.0, f64::max);
            Example { features: candidate.features, label: f32::from(overlap >= OVERLAP) }
        })
    }
}

//! Learning where signatures are from pages of nobody.

use inkproof::Limits;
use inkproof::decode::{Page, Picture};
use inkproof::find::{self, Candidate, Finder, LOOKED_AT, PageArea, Thresholds, Trees};
use rayon::prelude::*;

use super::boost::{BoostOptions, Example, boost};
use super::judge::{PageTruth, thresholds};
use super::network::{LookExample, NetworkOptions, steps, train};
use crate::error::{Error, Result};
use crate::progress::{Event, Progress};
use crate::synth::pages::{self, BoxKind, DrawnPage, Fonts, PageOptions};

/// What a finder learns from and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearnOptions {
    /// Synthetic pages of the trees, and of the network. Each learns from nine of ten; the network's others fix the
    /// thresholds, the trees' others are not drawn.
    pub pages: usize,
    /// Of the trees' pages; the network has the next one: so it sees the trees' confidence in what they have not learned from.
    pub seed: u64,
    /// How the trees are grown.
    pub boost: BoostOptions,
    /// How the network is trained.
    pub network: NetworkOptions,
}

impl Default for LearnOptions {
    /// As the bundled finder.
    fn default() -> Self {
        Self { pages: 8000, seed: 5, boost: BoostOptions::default(), network: NetworkOptions::default() }
    }
}

/// A finder that has learned.
#[derive(Debug, Clone)]
pub struct LearnedFinder {
    /// The finder.
    pub finder: Finder,
    /// Pages that its trees and its network learned from.
    pub pages: usize,
    /// Groups of ink that its trees were shown.
    pub examples: usize,
    /// How many of them were signatures.
    pub signatures: usize,
}

/// A box is the signature's from this overlap on.
pub(super) const OVERLAP: f64 = 0.5;
/// A group is no signature up to the first overlap with one, is one from the second on, and in part between them: so of
/// groups with the same ink the one that fits best has the highest confidence.
const FITS: [f64; 2] = [0.3, 0.7];
/// One of so many pages is held out and fixes the thresholds.
const HELD_OUT: u64 = 10;
/// Of what the trees think impossible the network sees one of so many.
const ONE_OF: usize = 20;
/// Pages that are drawn between two reports of progress.
const AT_ONCE: usize = 64;

/// Draws pages and learns from them.
///
/// # Errors
/// [`Error::TooFewPages`] where nothing can be learned from so few; [`Error::Diverged`] where the network's loss is no number.
pub fn learn(fonts: &Fonts, options: &LearnOptions, progress: &mut dyn Progress) -> Result<LearnedFinder> {
    let (held_out, learned_from): (Vec<u64>, Vec<u64>) =
        (0..options.pages as u64).partition(|number| number % HELD_OUT == 0);
    let draw = |seed, number| Drawn::new(&pages::page(fonts, seed, number, &PageOptions::default()));
    let too_few = || Error::TooFewPages { pages: options.pages };
    let examples = gathered(&learned_from, |number| draw(options.seed, number).examples(), progress)?;
    let signatures = examples.iter().filter(|example| example.label > 0.5).count();
    if signatures == 0 || signatures == examples.len() {
        return Err(too_few());
    }
    let shown = examples.len();
    progress.report(Event::Stage { name: "trees", total: options.boost.trees });
    let trees = boost(&examples, &options.boost, |done| progress.report(Event::Advance { done }));
    drop(examples);
    let seed = options.seed.wrapping_add(1);
    let looks = gathered(&learned_from, |number| draw(seed, number).looks(&trees), progress)?;
    if looks.is_empty() {
        return Err(too_few());
    }
    progress.report(Event::Stage { name: "steps", total: steps(looks.len(), &options.network) });
    let network = train(&looks, &options.network, seed, |done| progress.report(Event::Advance { done }))?;
    drop(looks);
    let finder = Finder::new(trees, network, Thresholds { shown: 1.0, signed: 1.0, look: 1.0 });
    let judged = held_out.par_iter().map(|&number| draw(seed, number).judged(&finder)).collect::<Result<Vec<_>>>()?;
    let thresholds = thresholds(&judged).ok_or_else(too_few)?;
    let pages = 2 * learned_from.len();
    Ok(LearnedFinder { finder: finder.with_thresholds(thresholds), pages, examples: shown, signatures })
}

/// What all pages, by their numbers, have to learn from.
fn gathered<Example: Send>(
    pages: &[u64],
    of_page: impl Fn(u64) -> Result<Vec<Example>> + Sync,
    progress: &mut dyn Progress,
) -> Result<Vec<Example>> {
    let mut examples = Vec::new();
    progress.report(Event::Stage { name: "pages", total: pages.len() });
    for (chunk, numbers) in pages.chunks(AT_ONCE).enumerate() {
        let found = numbers.par_iter().map(|&number| of_page(number)).collect::<Result<Vec<_>>>()?;
        examples.extend(found.into_iter().flatten());
        progress.report(Event::Advance { done: chunk * AT_ONCE + numbers.len() });
    }
    Ok(examples)
}

/// How much a group is a signature that it overlaps so much, 0 to 1.
pub(super) fn label(overlap: f64) -> f32 {
    let [none, whole] = FITS;
    ((overlap - none) / (whole - none)).clamp(0.0, 1.0) as f32
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
            let label = self.label(&candidate);
            Example { features: candidate.features, label }
        };
        Ok(find::candidates(&self.picture, &Limits::default())?.into_iter().map(example).collect())
    }

    /// What the network learns from: what trees think possible, what is a signature whatever they think, and some of the rest.
    fn looks(&self, trees: &Trees) -> Result<Vec<LookExample>> {
        let mut counted = 0_usize;
        let is_wanted = |candidate: &Candidate, confidence: f32| {
            counted += 1;
            confidence >= LOOKED_AT || self.label(candidate) > 0.0 || counted.is_multiple_of(ONE_OF)
        };
        let looks = find::looks(&self.picture, trees, &Limits::default(), is_wanted)?;
        Ok(looks.into_iter().map(|(candidate, look)| LookExample::new(look, self.nearest(&candidate))).collect())
    }

    fn label(&self, candidate: &Candidate) -> f32 {
        label(self.nearest(candidate).map_or(0.0, |area| area.overlap(&candidate.area)))
    }

    /// The signature that a group overlaps most, if any.
    fn nearest(&self, candidate: &Candidate) -> Option<&PageArea> {
        let overlaps = self.truth.iter().map(|area| (area.overlap(&candidate.area), area));
        overlaps.filter(|(overlap, _)| *overlap > 0.0).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, area)| area)
    }

    fn judged(self, finder: &Finder) -> Result<PageTruth> {
        let found = finder.ranked(&self.picture, &Limits::default())?;
        Ok(PageTruth { document: String::new(), name: String::new(), truth: self.truth, found })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_a_group_fits_the_more_it_is_a_signature() {
        assert_eq!([0.0, 0.3, 0.7, 1.0].map(label), [0.0, 0.0, 1.0, 1.0]);
        assert!((label(OVERLAP) - 0.5).abs() < 1e-6);
        assert!(label(0.6) > label(0.55));
    }
}

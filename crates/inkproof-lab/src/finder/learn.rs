//! Learning where signatures are from pages of nobody.

use inkproof::Limits;
use inkproof::decode::{Page, Picture};
use inkproof::find::{self, Candidate, Finder, LOOKED_AT, Node, PageArea, Thresholds, Tree, Trees};
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
    /// Synthetic pages of each forest, and of the network, of which each learns from nine of ten; the network's others fix the
    /// thresholds.
    pub pages: usize,
    /// Of the first forest's pages; each other forest has the next one, and the network the one after them: so it sees the
    /// trees' confidence in what they have not learned from.
    pub seed: u64,
    /// Forests of trees: the mean of their logits counts, as in bagging (L. Breiman, Bagging predictors, Machine Learning
    /// 24, 1996), but each learns from pages of its own. At least one.
    pub forests: usize,
    /// How the trees of a forest are grown.
    pub boost: BoostOptions,
    /// How the network is trained.
    pub network: NetworkOptions,
}

impl Default for LearnOptions {
    /// As the bundled finder.
    fn default() -> Self {
        Self { pages: 6000, seed: 5, forests: 2, boost: BoostOptions::default(), network: NetworkOptions::default() }
    }
}

/// A finder that has learned.
#[derive(Debug, Clone)]
pub struct LearnedFinder {
    /// The finder.
    pub finder: Finder,
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
/// [`Error::TooFewPages`] where nothing can be learned from so few.
pub fn learn(fonts: &Fonts, options: &LearnOptions, progress: &mut dyn Progress) -> Result<LearnedFinder> {
    let (held_out, learned_from): (Vec<u64>, Vec<u64>) =
        (0..options.pages as u64).partition(|number| number % HELD_OUT == 0);
    let draw = |seed, number| Drawn::new(&pages::page(fonts, seed, number, &PageOptions::default()));
    let too_few = || Error::TooFewPages { pages: options.pages };
    let (mut forests, mut shown, mut signatures) = (Vec::new(), 0, 0);
    for forest in 0..options.forests as u64 {
        let seed = options.seed.wrapping_add(forest);
        let examples = gathered(&learned_from, |number| draw(seed, number).examples(), progress)?;
        let own = examples.iter().filter(|example: &&Example| example.label > 0.5).count();
        if own == 0 || own == examples.len() {
            return Err(too_few());
        }
        (shown, signatures) = (shown + examples.len(), signatures + own);
        progress.report(Event::Stage { name: "trees", total: options.boost.trees });
        forests.push(boost(&examples, &options.boost, |done| progress.report(Event::Advance { done })));
    }
    let trees = mean(forests);
    let seed = options.seed.wrapping_add(options.forests as u64);
    let looks = gathered(&learned_from, |number| draw(seed, number).looks(&trees), progress)?;
    progress.report(Event::Stage { name: "steps", total: steps(looks.len(), &options.network) });
    let network = train(&looks, &options.network, seed, |done| progress.report(Event::Advance { done }));
    drop(looks);
    let finder = Finder::new(trees, network, Thresholds { shown: 1.0, signed: 1.0, look: 1.0 });
    let judged = held_out.par_iter().map(|&number| draw(seed, number).judged(&finder)).collect::<Result<Vec<_>>>()?;
    let thresholds = thresholds(&judged).ok_or_else(too_few)?;
    Ok(LearnedFinder { finder: finder.with_thresholds(thresholds), examples: shown, signatures })
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
fn label(overlap: f64) -> f32 {
    let [none, whole] = FITS;
    ((overlap - none) / (whole - none)).clamp(0.0, 1.0) as f32
}

/// Trees that give the mean of the logits of all forests; no thresholds.
fn mean(forests: Vec<(f32, Vec<Tree>)>) -> Trees {
    let share = 1.0 / forests.len() as f32;
    let scaled = |node| match node {
        Node::Leaf(answer) => Node::Leaf(share * answer),
        split @ Node::Split(..) => split,
    };
    let mut all = Trees { bias: 0.0, trees: Vec::new() };
    for (bias, trees) in forests {
        all.bias += share * bias;
        all.trees.extend(trees.into_iter().map(|tree| tree.into_iter().map(scaled).collect::<Tree>()));
    }
    all
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
        Ok(looks.into_iter().map(|(candidate, look)| LookExample::new(look, self.label(&candidate))).collect())
    }

    fn label(&self, candidate: &Candidate) -> f32 {
        label(self.truth.iter().map(|area| area.overlap(&candidate.area)).fold(0.0, f64::max))
    }

    fn judged(self, finder: &Finder) -> Result<PageTruth> {
        let found = finder.ranked(&self.picture, &Limits::default())?;
        Ok(PageTruth { document: String::new(), name: String::new(), truth: self.truth, found })
    }
}

#[cfg(test)]
mod tests {
    use super::super::boost::tests::examples;
    use super::*;

    #[test]
    fn the_better_a_group_fits_the_more_it_is_a_signature() {
        assert_eq!([0.0, 0.3, 0.7, 1.0].map(label), [0.0, 0.0, 1.0, 1.0]);
        assert!((label(OVERLAP) - 0.5).abs() < 1e-6);
        assert!(label(0.6) > label(0.55));
    }

    #[test]
    fn two_forests_answer_by_the_mean_of_their_logits() {
        let options = BoostOptions { trees: 5, ..BoostOptions::default() };
        let question = examples(901).pop().unwrap().features;
        let second = examples(900).split_off(400);
        let forest = |examples: &[Example]| boost(examples, &options, |_| ());
        let logit = |forests| mean(forests).logit(&question);
        let [first, second] = [forest(&examples(400)), forest(&second)];
        let both = logit(vec![first.clone(), second.clone()]);
        let [first, second] = [first, second].map(|forest| logit(vec![forest]));
        assert!((both - (first + second) / 2.0).abs() < 1e-5, "{both} of {first} and {second}");
        assert!((first - second).abs() > 1e-3, "both say {first}");
    }
}

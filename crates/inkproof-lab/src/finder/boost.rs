//! Gradient boosting of small trees for a yes or a no (Friedman, Annals of Statistics 29, 2001), with the second-order gain of
//! Chen and Guestrin (KDD 2016) over features that are cut into 256 parts of equal count.

use inkproof::find::{FEATURES, Features, Node, Tree, Trees};
use rayon::prelude::*;

/// How trees are grown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoostOptions {
    /// How many trees.
    pub trees: usize,
    /// Leaves of a tree at most.
    pub leaves: usize,
    /// What share of its answer a tree gives.
    pub rate: f64,
    /// How much evidence is laid on 0 in each leaf.
    pub l2: f64,
    /// The least sum of the second derivatives in a leaf.
    pub least: f64,
}

impl Default for BoostOptions {
    fn default() -> Self {
        Self { trees: 400, leaves: 12, rate: 0.06, l2: 1.0, least: 5.0 }
    }
}

/// Parts of a feature.
const BINS: usize = 256;

/// What a finder learns from: numbers, and whether they are a signature's, 0 to 1.
pub(super) struct Example {
    pub features: Features,
    pub label: f32,
}

/// Grows trees; after each it calls back with how many there are.
pub(super) fn boost(examples: &[Example], options: &BoostOptions, mut after: impl FnMut(usize)) -> Trees {
    let cuts = cuts(examples);
    let binned = binned(examples, &cuts);
    let mean = examples.iter().map(|example| f64::from(example.label)).sum::<f64>() / examples.len() as f64;
    let mean = mean.clamp(1e-6, 1.0 - 1e-6);
    let bias = (mean / (1.0 - mean)).ln();
    let mut logits = vec![bias; examples.len()];
    let mut trees = Vec::with_capacity(options.trees);
    for number in 1..=options.trees {
        let slopes: Vec<Slope> = logits
            .iter()
            .zip(examples)
            .map(|(logit, example)| {
                let confidence = 1.0 / (1.0 + (-logit).exp());
                Slope { first: confidence - f64::from(example.label), second: confidence * (1.0 - confidence) }
            })
            .collect();
        let grown = Grower { binned: &binned, slopes: &slopes, options }.tree(examples.len());
        for leaf in &grown.leaves {
            leaf.rows.iter().for_each(|&row| logits[row as usize] += leaf.answer(options));
        }
        trees.push(grown.into_tree(&cuts, options));
        after(number);
    }
    Trees { bias: bias as f32, trees }
}

/// For each feature the values between its parts, ascending.
fn cuts(examples: &[Example]) -> Vec<Vec<f32>> {
    let of = |feature: usize| {
        let mut values: Vec<f32> = examples.iter().map(|example| example.features[feature]).collect();
        values.sort_unstable_by(f32::total_cmp);
        let mut cuts: Vec<f32> = (1..BINS).map(|part| values[part * (values.len() - 1) / BINS]).collect();
        cuts.dedup();
        // Above the last cut there has to be something.
        cuts.retain(|cut| *cut < values[values.len() - 1]);
        cuts
    };
    (0..FEATURES.len()).into_par_iter().map(of).collect()
}

/// For each feature the part that each example is in.
fn binned(examples: &[Example], cuts: &[Vec<f32>]) -> Vec<Vec<u8>> {
    let of = |(feature, cuts): (usize, &Vec<f32>)| {
        let part = |example: &Example| cuts.partition_point(|cut| *cut < example.features[feature]) as u8;
        examples.iter().map(part).collect()
    };
    cuts.par_iter().enumerate().map(of).collect()
}

/// The derivatives of the loss by the logit.
#[derive(Debug, Clone, Copy, Default)]
struct Slope {
    first: f64,
    second: f64,
}

impl Slope {
    fn plus(self, other: Slope) -> Slope {
        Slope { first: self.first + other.first, second: self.second + other.second }
    }

    fn minus(self, other: Slope) -> Slope {
        Slope { first: self.first - other.first, second: self.second - other.second }
    }

    /// What a leaf of this sum lessens the loss by, twice.
    fn gain(self, l2: f64) -> f64 {
        self.first * self.first / (self.second + l2)
    }
}

/// A leaf of a tree that grows: its examples, and the best way to part them.
struct Leaf {
    node: usize,
    rows: Vec<u32>,
    sum: Slope,
    best: Option<Cut>,
}

impl Leaf {
    fn answer(&self, options: &BoostOptions) -> f64 {
        -options.rate * self.sum.first / (self.sum.second + options.l2)
    }
}

/// Parts up to this one go left.
#[derive(Debug, Clone, Copy)]
struct Cut {
    feature: usize,
    part: usize,
    gain: f64,
}

/// A tree with its leaves; `nodes` has for each node where it leads, None for a leaf.
struct Grown {
    nodes: Vec<Option<(Cut, usize, usize)>>,
    leaves: Vec<Leaf>,
}

impl Grown {
    fn into_tree(self, cuts: &[Vec<f32>], options: &BoostOptions) -> Tree {
        let mut tree: Tree = self
            .nodes
            .iter()
            .map(|node| match node {
                Some((cut, left, right)) => {
                    Node::Split(cut.feature as u16, cuts[cut.feature][cut.part], *left as u16, *right as u16)
                }
                None => Node::Leaf(0.0),
            })
            .collect();
        self.leaves.iter().for_each(|leaf| tree[leaf.node] = Node::Leaf(leaf.answer(options) as f32));
        tree
    }
}

struct Grower<'a> {
    binned: &'a [Vec<u8>],
    slopes: &'a [Slope],
    options: &'a BoostOptions,
}

impl Grower<'_> {
    /// Grows the leaf that gains most, until there are as many as there may be.
    fn tree(&self, examples: usize) -> Grown {
        let mut grown = Grown { nodes: vec![None], leaves: vec![self.leaf(0, (0..examples as u32).collect())] };
        while grown.leaves.len() < self.options.leaves {
            let gains = grown.leaves.iter().enumerate().filter_map(|(at, leaf)| Some((at, leaf.best?)));
            let Some((at, cut)) = gains.max_by(|a, b| a.1.gain.total_cmp(&b.1.gain)) else { break };
            let leaf = grown.leaves.swap_remove(at);
            let (left, right): (Vec<u32>, Vec<u32>) =
                leaf.rows.iter().partition(|&&row| usize::from(self.binned[cut.feature][row as usize]) <= cut.part);
            let (first, second) = (grown.nodes.len(), grown.nodes.len() + 1);
            grown.nodes[leaf.node] = Some((cut, first, second));
            grown.nodes.extend([None, None]);
            grown.leaves.push(self.leaf(first, left));
            grown.leaves.push(self.leaf(second, right));
        }
        grown
    }

    fn leaf(&self, node: usize, rows: Vec<u32>) -> Leaf {
        let sum = rows.iter().fold(Slope::default(), |sum, &row| sum.plus(self.slopes[row as usize]));
        let cuts = (0..self.binned.len()).into_par_iter().filter_map(|feature| self.cut(feature, &rows, sum));
        // Of equal gains the first feature's, so that the number of threads plays no part.
        let best = cuts.reduce_with(|a, b| {
            let later = b.gain > a.gain || b.gain.total_cmp(&a.gain).is_eq() && b.feature < a.feature;
            if later { b } else { a }
        });
        Leaf { node, rows, sum, best }
    }

    /// The best cut of one feature.
    fn cut(&self, feature: usize, rows: &[u32], sum: Slope) -> Option<Cut> {
        let mut parts = [Slope::default(); BINS];
        let binned = &self.binned[feature];
        for &row in rows {
            let part = &mut parts[usize::from(binned[row as usize])];
            *part = part.plus(self.slopes[row as usize]);
        }
        let (l2, least) = (self.options.l2, self.options.least);
        let mut left = Slope::default();
        let mut best: Option<Cut> = None;
        for (part, slope) in parts.iter().enumerate().take(BINS - 1) {
            left = left.plus(*slope);
            let right = sum.minus(left);
            if left.second < least || right.second < least {
                continue;
            }
            let gain = left.gain(l2) + right.gain(l2) - sum.gain(l2);
            if gain > best.map_or(1e-9, |best| best.gain) {
                best = Some(Cut { feature, part, gain });
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use inkproof::random::stream;
    use rand::RngExt;

    use super::*;

    /// Yes inside a square of two of the features, which no sum of the two tells.
    fn examples(count: u64) -> Vec<Example> {
        let mut rng = stream(3, "examples", 0);
        let mut example = |_| {
            let features: Features = std::array::from_fn(|_| rng.random_range(0.0_f32..1.0));
            let is_in = |value: f32| (0.25..0.75).contains(&value);
            Example { features, label: f32::from(is_in(features[3]) && is_in(features[40])) }
        };
        (0..count).map(&mut example).collect()
    }

    #[test]
    fn what_two_features_say_together_is_learned() {
        let options = BoostOptions { trees: 60, rate: 0.2, ..BoostOptions::default() };
        let trees = boost(&examples(4000), &options, |_| ());
        assert!(trees.are_sound());
        let unseen = examples(5000).split_off(4000);
        let right = unseen.iter().filter(|e| (trees.logit(&e.features) > 0.0) == (e.label > 0.5)).count();
        assert!(right > 950, "{right} of 1,000");
    }

    #[test]
    fn the_number_of_threads_makes_no_difference() {
        let examples = examples(500);
        let options = BoostOptions { trees: 5, ..BoostOptions::default() };
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| boost(&examples, &options, |_| ()))
        };
        assert_eq!(with(1), with(3));
    }
}

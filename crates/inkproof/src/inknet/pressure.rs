//! Where along the strokes the pen was pressed: the order of the widths of an ink's places, compared with another ink's.
//!
//! How wide the strokes are tells pen, paper and scanner. In which order places of one signature are wider or narrower is
//! the hand's, and any monotone change of tone or scan leaves it as it is. What the direction of the strokes explains of
//! the order is taken out (a nib is wider one way, and so is a scanner's blur): then the order of the rest in one ink is
//! correlated (Spearman) with that in another, over the places that are counterparts. Forgers copy the shape of a
//! signature; where its strokes are pressed, less so.

use inkproof_nn::descriptors::BestMatch;
use serde::{Deserialize, Serialize};

use super::LocalFeatures;
use crate::Ink;
use crate::preprocess::SIDE;

/// How far from a place widths count for it, in pixels of the ink.
const AROUND: f32 = 3.0;
/// How far from a place the strokes' direction is taken from.
const DIRECTED: f32 = 6.0;
/// Two places are counterparts where each is the other's most similar, with this likeness at least.
const LEAST_LIKENESS: f32 = 0.3;
/// Fewer places with a width in both inks say nothing.
const LEAST_PLACES: usize = 12;

/// The order of the widths of an ink's places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pressure {
    /// For each place 1 to 255 from the least to the most pressed, in relation to the strokes' direction; 0 where its width
    /// is not known.
    pub(crate) of_places: Vec<u8>,
    /// How much the scan can say of it, 1 to 255.
    pub(crate) clarity: u8,
}

/// How alike the pressure of two inks is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PressureLikeness {
    /// Of the orders, over the places that are counterparts: -1..1.
    pub correlation: f32,
    /// How much the scans can say of it, 0..1.
    pub clarity: f32,
}

/// How alike two inks are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likeness {
    /// [`LocalFeatures::similarity`].
    pub similarity: f32,
    /// None where one of the two has no pressure, or too few places of known width are counterparts.
    pub pressure: Option<PressureLikeness>,
}

/// What pressure adds to a score: few numbers, which were fixed on development sets. With correlations to the references
/// r and of the references among themselves s, each weighed by its clarity, it is
/// `weight * (mean(r - neutral) - own * sum(s - usual) / (pairs + prior))`, and no less than `-weight * most_against`: a
/// scan that lost the widths is no evidence against anybody.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PressureRule {
    /// What a correlation counts for in units of the score.
    pub weight: f64,
    /// The correlation that speaks for nobody.
    pub neutral: f64,
    /// How much of the references' likeness among themselves is expected of a questioned signature.
    pub own: f64,
    /// The usual correlation of two references.
    pub usual: f64,
    /// As how many pairs of references the usual counts.
    pub prior: f64,
    /// How much pressure can speak against the writer at most, as a correlation.
    pub most_against: f64,
}

impl PressureRule {
    /// Fixed on `dutch`, `cedar`, `bhsig-hindi` and `chisig` (docs/ablation.md).
    pub const FITTED: Self = Self { weight: 0.8, neutral: 0.35, own: 0.65, usual: 0.5, prior: 2.0, most_against: 0.2 };

    /// What is added to the score of a questioned signature, None where nothing can be said; signatures are given by numbers,
    /// of which `between` compares two.
    pub fn addition(
        &self,
        references: &[usize],
        questioned: usize,
        between: impl Fn(usize, usize) -> Option<PressureLikeness>,
    ) -> Option<f64> {
        let over = |a, b, level| {
            let PressureLikeness { correlation, clarity } = between(a, b)?;
            Some(f64::from(clarity) * (f64::from(correlation) - level))
        };
        let known: Vec<f64> = references.iter().filter_map(|&one| over(one, questioned, self.neutral)).collect();
        if known.is_empty() {
            return None;
        }
        let to_references = known.iter().sum::<f64>() / references.len() as f64;
        let pairs =
            references.iter().enumerate().flat_map(|(place, &a)| references[place + 1..].iter().map(move |&b| (a, b)));
        let (count, own) =
            pairs.fold((0.0, 0.0), |(count, sum), (a, b)| (count + 1.0, sum + over(a, b, self.usual).unwrap_or(0.0)));
        Some(self.weight * (to_references - self.own * own / (count + self.prior)).max(-self.most_against))
    }
}

impl Pressure {
    /// Of an ink with these places; None where its scan says nothing of widths.
    pub(super) fn new(ink: &Ink, places: &[[f32; 2]]) -> Option<Self> {
        let widths = ink.widths()?;
        let known: Vec<(usize, f32)> = places
            .iter()
            .enumerate()
            .filter_map(|(place, &at)| Some((place, mean_width(widths.of_pixels(), at)?)))
            .collect();
        if known.len() < LEAST_PLACES {
            return None;
        }
        let order = centred(&known.iter().map(|(_, width)| *width).collect::<Vec<_>>());
        let directions: Vec<[f32; 2]> =
            known.iter().map(|&(place, _)| direction(ink.pixels(), places[place])).collect();
        let rest = centred(&without(&order, &directions));
        let mut of_places = vec![0; places.len()];
        for ((place, _), rank) in known.iter().zip(&rest) {
            // Ranks are -0.5 to 0.5 here.
            of_places[*place] = (128.0 + 254.0 * rank).round() as u8;
        }
        Some(Self { of_places, clarity: widths.clarity() })
    }

    /// How much each place was pressed, from 0, the least of this ink, to 1, the most; None where it is not known.
    pub fn shares(&self) -> impl Iterator<Item = Option<f32>> {
        self.of_places.iter().map(|&place| (place > 0).then(|| f32::from(place - 1) / 254.0))
    }

    /// How alike two are over counterparts.
    fn likeness(&self, other: &Self, counterparts: &[(usize, usize)]) -> Option<PressureLikeness> {
        let both = counterparts.iter().map(|&(here, there)| (self.of_places[here], other.of_places[there]));
        let both: Vec<(u8, u8)> = both.filter(|(here, there)| *here > 0 && *there > 0).collect();
        if both.len() < LEAST_PLACES {
            return None;
        }
        let (here, there): (Vec<u8>, Vec<u8>) = both.into_iter().unzip();
        let clarity = f32::from(self.clarity.min(other.clarity)) / 255.0;
        Some(PressureLikeness { correlation: spearman(&here, &there)?, clarity })
    }
}

impl LocalFeatures {
    /// How alike two inks are in shape and pressure. The same both ways round, to the last bit.
    pub fn likeness(&self, other: &Self) -> Likeness {
        let (Some(pressure), Some(others)) = (&self.pressure, &other.pressure) else {
            return Likeness { similarity: self.similarity(other), pressure: None };
        };
        let (here, there) = self.best_matches(other);
        let mutual = |(place, found): &(usize, &BestMatch)| {
            found.likeness > LEAST_LIKENESS && there[found.place].place == *place
        };
        let mutual = here.iter().enumerate().filter(mutual);
        let counterparts: Vec<(usize, usize)> = mutual.map(|(place, found)| (place, found.place)).collect();
        let pressure = pressure.likeness(others, &counterparts);
        Likeness { similarity: (mean(&here) + mean(&there)) / 2.0, pressure }
    }
}

fn mean(matches: &[BestMatch]) -> f32 {
    matches.iter().map(|found| found.likeness).sum::<f32>() / matches.len().max(1) as f32
}

/// The pixels within a distance of a point, each with how far it is right of and below the point.
fn around([x, y]: [f32; 2], reach: f32) -> impl Iterator<Item = (usize, f32, f32)> {
    let span = move |middle: f32| ((middle - reach).max(0.0) as usize)..((middle + reach + 1.0) as usize).min(SIDE);
    let pixels = span(y).flat_map(move |row| span(x).map(move |column| (column, row)));
    let offsets = pixels.map(move |(column, row)| (row * SIDE + column, column as f32 + 0.5 - x, row as f32 + 0.5 - y));
    offsets.filter(move |(_, right, below)| right * right + below * below <= reach * reach)
}

fn mean_width(widths: &[u8], at: [f32; 2]) -> Option<f32> {
    let known = around(at, AROUND).map(|(pixel, ..)| widths[pixel]).filter(|width| *width > 0);
    let (count, sum) = known.fold((0.0, 0.0), |(count, sum), width| (count + 1.0, sum + f32::from(width)));
    (count > 0.0).then(|| sum / count)
}

/// Where the strokes around a point go: the cosine and sine of twice the angle, shorter where they go several ways.
fn direction(pixels: &[u8], at: [f32; 2]) -> [f32; 2] {
    let (mut count, mut first, mut second) = (0.0, [0.0; 2], [0.0; 3]);
    for (_, x, y) in around(at, DIRECTED).filter(|(pixel, ..)| pixels[*pixel] >= 128) {
        count += 1.0;
        first = [first[0] + x, first[1] + y];
        second = [second[0] + x * x, second[1] + y * y, second[2] + x * y];
    }
    let [x, y] = first.map(|sum| sum / count);
    let (xx, yy, xy) = (second[0] / count - x * x, second[1] / count - y * y, second[2] / count - x * y);
    let length = ((xx - yy) * (xx - yy) + 4.0 * xy * xy).sqrt();
    if length > 0.0 { [(xx - yy) / length, 2.0 * xy / length] } else { [0.0; 2] }
}

/// The places of values in their order, from -0.5 to 0.5; equal values share the middle of theirs.
fn centred(values: &[f32]) -> Vec<f32> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let last = (values.len() - 1).max(1) as f32;
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = before as f32 + (equal.len() - 1) as f32 / 2.0;
        equal.iter().for_each(|&at| ranks[at] = rank / last - 0.5);
        before += equal.len();
    }
    ranks
}

/// What is left of values without what is linear in two others (least squares).
fn without(values: &[f32], others: &[[f32; 2]]) -> Vec<f32> {
    let count = values.len() as f32;
    let middle = [0, 1].map(|axis| others.iter().map(|other| other[axis]).sum::<f32>() / count);
    let centred: Vec<[f32; 2]> = others.iter().map(|other| [other[0] - middle[0], other[1] - middle[1]]).collect();
    let sum = |of: &dyn Fn(usize) -> f32| (0..values.len()).map(of).sum::<f32>();
    let (xx, yy) = (sum(&|at| centred[at][0].powi(2)), sum(&|at| centred[at][1].powi(2)));
    let xy = sum(&|at| centred[at][0] * centred[at][1]);
    let (xv, yv) = (sum(&|at| centred[at][0] * values[at]), sum(&|at| centred[at][1] * values[at]));
    let determinant = xx * yy - xy * xy;
    // All strokes go one way.
    if determinant <= 1e-6 * count * count {
        return values.to_vec();
    }
    let (by_x, by_y) = ((yy * xv - xy * yv) / determinant, (xx * yv - xy * xv) / determinant);
    values.iter().zip(&centred).map(|(value, [x, y])| value - by_x * x - by_y * y).collect()
}

/// Spearman's rank correlation, in whole numbers until the end, so that no order of the pairs changes its last bit; None where
/// all values of one side are equal.
fn spearman(a: &[u8], b: &[u8]) -> Option<f32> {
    let (a, b) = (twice_centred(a), twice_centred(b));
    let product = |a: &[i64], b: &[i64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<i64>();
    let (aa, bb) = (product(&a, &a), product(&b, &b));
    (aa > 0 && bb > 0).then(|| (product(&a, &b) as f64 / ((aa as f64).sqrt() * (bb as f64).sqrt())) as f32)
}

/// Twice the rank of each value above the middle rank; equal values share the middle of theirs.
fn twice_centred(values: &[u8]) -> Vec<i64> {
    let mut counts = [0_i64; 256];
    values.iter().for_each(|value| counts[usize::from(*value)] += 1);
    let mut before = 0;
    let twice = counts.map(|count| {
        let twice = 2 * before + count;
        before += count;
        twice
    });
    values.iter().map(|value| twice[usize::from(*value)] - values.len() as i64).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn features(of_places: Vec<u8>, clarity: u8) -> LocalFeatures {
        let at: Vec<[f32; 2]> =
            (0..of_places.len()).map(|place| [(place % 50 * 4) as f32 + 1.0, (place / 50 * 4) as f32 + 1.0]).collect();
        // Each place like itself alone.
        let values = (0..at.len())
            .map(|place| std::array::from_fn(|number| f32::from(u8::from(number == place % 64))))
            .collect();
        LocalFeatures { at, values, to_cohort: 0.1, pressure: Some(Pressure { of_places, clarity }) }
    }

    #[test]
    fn the_same_order_correlates_and_the_opposite_one_does_not() {
        let order: Vec<u8> = (1..=40).collect();
        let here = features(order.clone(), 255);
        let same = here.likeness(&features(order.iter().map(|rank| 3 * rank + 7).collect(), 51)).pressure.unwrap();
        assert_eq!((same.correlation, same.clarity), (1.0, 0.2));
        let opposite = here.likeness(&features(order.iter().map(|rank| 200 - rank).collect(), 255)).pressure.unwrap();
        assert_eq!((opposite.correlation, opposite.clarity), (-1.0, 1.0));
    }

    #[test]
    fn few_known_widths_say_nothing() {
        let some = |known: usize| {
            features((0..40).map(|place| if place < known { place as u8 + 1 } else { 0 }).collect(), 255)
        };
        assert_eq!(some(40).likeness(&some(11)).pressure, None);
        assert!(some(40).likeness(&some(12)).pressure.is_some());
        assert_eq!(some(12).likeness(&some(40)).similarity, some(12).similarity(&some(40)));
        assert_eq!(some(40).likeness(&features(vec![9; 40], 255)).pressure, None, "one width has no order");
    }

    #[test]
    fn the_rule_by_hand() {
        let rule = PressureRule { weight: 2.0, neutral: 0.3, own: 0.5, usual: 0.4, prior: 1.0, most_against: 0.2 };
        let likeness = |correlation, clarity| Some(PressureLikeness { correlation, clarity });
        let one = |correlation, clarity| rule.addition(&[0], 9, |_, _| likeness(correlation, clarity)).unwrap();
        assert!((one(0.8, 1.0) - 1.0).abs() < 1e-6, "2 * (0.8 - 0.3)");
        assert!((one(0.8, 0.5) - 0.5).abs() < 1e-6, "of what can be said");
        assert_eq!(one(-0.9, 1.0), -0.4, "no more than so much against");
        assert_eq!(rule.addition(&[0, 1], 9, |_, _| None), None);
        // mean(0.3, 0.1) - 0.5 * (0.6 - 0.4) / (1 + 1)
        let between = |a: usize, b: usize| match (a.min(b), a.max(b)) {
            (0, 1) => likeness(0.6, 1.0),
            (0, 9) => likeness(0.6, 1.0),
            _ => likeness(0.4, 1.0),
        };
        assert!((rule.addition(&[0, 1], 9, between).unwrap() - 2.0 * (0.2 - 0.05)).abs() < 1e-6);
        assert_eq!(rule.addition(&[0, 1], 9, between), rule.addition(&[1, 0], 9, between));
    }

    #[test]
    fn what_the_direction_explains_is_taken_out() {
        let directions: Vec<[f32; 2]> = (0..60)
            .map(|place| {
                let (sin, cos) = libm::sincosf(place as f32);
                [cos, sin]
            })
            .collect();
        let explained = |place: usize| 0.3 * directions[place][0] - 0.2 * directions[place][1];
        let sign = |place: usize| if place.is_multiple_of(2) { 0.1 } else { -0.1 };
        let left = |of: &dyn Fn(usize) -> f32| {
            let rest = without(&(0..60).map(of).collect::<Vec<_>>(), &directions);
            let middle = rest.iter().sum::<f32>() / 60.0;
            rest.into_iter().map(move |value| value - middle).collect::<Vec<_>>()
        };
        assert!(left(&explained).iter().all(|value| value.abs() < 1e-3));
        let rest = left(&|place| explained(place) + sign(place));
        for (place, value) in rest.iter().enumerate() {
            assert!((value - sign(place)).abs() < 0.03, "{place}: {value}");
        }
        assert_eq!(without(&[1.0, 2.0], &[[1.0, 0.0]; 2]), [1.0, 2.0], "one direction explains nothing");
    }

    proptest! {
        #[test]
        fn likeness_is_the_same_both_ways_round(
            a in prop::collection::vec(any::<u8>(), 100), b in prop::collection::vec(any::<u8>(), 100), clarity in 1..=255_u8,
        ) {
            let (a, b) = (features(a, clarity), features(b, 200));
            prop_assert_eq!(a.likeness(&b), b.likeness(&a));
        }
    }
}

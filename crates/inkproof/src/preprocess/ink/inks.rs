//! Inks of several colours: the pen's is kept, a stamp, print and coloured rules are taken out.
//!
//! What an ink takes from the light (the logarithm of paper over pixel, in red, green and blue) has one direction whatever
//! its amount, by Beer and Lambert; where two inks lie over each other it is the sum of both. So the directions are found
//! in the image, and each pixel is unmixed into amounts of them (A. C. Ruifrok and D. A. Johnston, Quantification of
//! histochemical staining by color deconvolution, 2001). A stroke under a stamp stays whole.

use super::histogram;
use crate::decode::Picture;
use crate::gray::Gray;

/// A pixel counts from this absorbance on: a quarter darker than the paper in one channel.
const LEAST: f32 = 0.3;
/// An ink is grey or black where its least absorbance is at least this share of its greatest.
const NEUTRAL: f32 = 0.6;
/// Inks are two where their hues are this far apart, in degrees.
const APART: f32 = 55.0;
/// Share of all absorbance, each pixel's squared, that an ink has at least.
const SHARE: f32 = 0.06;
/// Grey or black that two hues over each other come so near to is no ink of its own.
const MIXTURE: f32 = 0.15;
/// Bins of the circle of hues.
const HUES: usize = 36;
/// Looked at for colours: about so many pixels, evenly.
const LOOKED_AT: usize = 400_000;

/// Inks of an image: the gray of each alone, as if there was no other.
pub(super) struct Inks {
    paper: [u8; 3],
    /// Unit vectors of absorbance.
    directions: Vec<[f32; 3]>,
}

impl Inks {
    /// The inks of a picture; None where it has one only.
    pub(super) fn find(colors: &[[u8; 3]]) -> Option<Inks> {
        let step = (colors.len() / LOOKED_AT).max(1);
        let looked_at = || colors.iter().step_by(step);
        let paper = paper(looked_at());
        // Light strokes on a dark ground have no absorbance that says anything.
        if paper.iter().copied().min()? < 96 {
            return None;
        }
        let table = Table::new(paper);
        let (mut neutral, mut hues) = (Sum::default(), vec![Sum::default(); HUES]);
        for color in looked_at() {
            let absorbed = table.absorbance(*color);
            let most = absorbed.iter().copied().fold(0.0, f32::max);
            let least = absorbed.iter().copied().fold(f32::MAX, f32::min);
            if most < LEAST {
                continue;
            }
            if least >= NEUTRAL * most {
                neutral.add(absorbed);
            } else {
                hues[(hue(absorbed) / 360.0 * HUES as f32) as usize % HUES].add(absorbed);
            }
        }
        let directions = directions(&neutral, &hues);
        (directions.len() > 1).then_some(Inks { paper, directions })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.directions.len()
    }

    /// Whether an ink is blue, grey or black, as pens mostly are.
    pub(super) fn is_of_a_pen(&self, ink: usize) -> bool {
        let direction = self.directions[ink];
        is_neutral(direction) || (180.0..=285.0).contains(&hue(direction))
    }

    /// Whether an ink is grey or black, as print is.
    pub(super) fn is_neutral(&self, ink: usize) -> bool {
        is_neutral(self.directions[ink])
    }

    /// The image as if it had been made with one of its inks only, white paper at 255.
    pub(super) fn alone(&self, picture: &Picture, colors: &[[u8; 3]], ink: usize) -> Gray {
        let table = Table::new(self.paper);
        let pixels = colors.iter().map(|color| {
            let amounts = unmix(&self.directions, table.absorbance(*color));
            (255.0 * libm::expf(-amounts[ink]) + 0.5) as u8
        });
        Gray::new(picture.gray.width(), picture.gray.height(), pixels.collect()).expect("as many pixels as the picture")
    }
}

/// The colour that most pixels have, channel by channel, of those that are light.
fn paper<'a>(colors: impl Iterator<Item = &'a [u8; 3]>) -> [u8; 3] {
    let mut histograms = [[0_u32; 256]; 3];
    for color in colors {
        (0..3).for_each(|channel| histograms[channel][usize::from(color[channel])] += 1);
    }
    // Of uneven paper the lighter part.
    histograms.map(|histogram| histogram::level_of(&histogram, histogram.iter().sum::<u32>() as usize * 3 / 4))
}

/// Absorbances of every level of each channel.
struct Table([[f32; 256]; 3]);

impl Table {
    fn new(paper: [u8; 3]) -> Table {
        let absorbed = |paper: u8, level: usize| libm::logf((f32::from(paper) + 4.0) / (level as f32 + 4.0)).max(0.0);
        Table(paper.map(|paper| std::array::from_fn(|level| absorbed(paper, level))))
    }

    fn absorbance(&self, color: [u8; 3]) -> [f32; 3] {
        [0, 1, 2].map(|channel| self.0[channel][usize::from(color[channel])])
    }
}

/// Absorbances of pixels that are of one ink, and how much they are together, each counted by its own amount.
#[derive(Clone, Copy, Default)]
struct Sum {
    sum: [f32; 3],
    weight: f32,
}

impl Sum {
    fn add(&mut self, absorbed: [f32; 3]) {
        // The pale lines of a banknote's or cheque's pattern are many, and no ink of a pen or a stamp.
        let amount = length(absorbed);
        (0..3).for_each(|channel| self.sum[channel] += amount * absorbed[channel]);
        self.weight += amount * amount;
    }

    fn join(self, other: Sum) -> Sum {
        Sum { sum: [0, 1, 2].map(|channel| self.sum[channel] + other.sum[channel]), weight: self.weight + other.weight }
    }
}

/// The directions of the inks with a share worth the name: grey or black, and up to two hues.
fn directions(neutral: &Sum, hues: &[Sum]) -> Vec<[f32; 3]> {
    let all = hues.iter().fold(*neutral, |all, sum| all.join(*sum));
    let apart = (APART / 360.0 * HUES as f32) as usize;
    // What is further off is a mixture, with what lies under it or the noise of a JPEG.
    let around = |hue: usize| (0..3).map(move |by| (hue + HUES + by - 1) % HUES);
    let mut left = hues.to_vec();
    let mut found = vec![*neutral];
    for _ in 0..2 {
        let group = |hue: usize| around(hue).fold(Sum::default(), |group, near| group.join(left[near]));
        let Some(best) = (0..HUES).max_by(|a, b| group(*a).weight.total_cmp(&group(*b).weight)) else { break };
        found.push(group(best));
        // What is between two hues belongs to the nearer one, and is left out of the next.
        for by in 0..=2 * apart {
            left[(best + HUES + by - apart) % HUES] = Sum::default();
        }
    }
    found.retain(|group| group.weight >= SHARE * all.weight && group.weight > 0.0);
    let mut directions: Vec<[f32; 3]> =
        found.iter().map(|group| group.sum.map(|value| value / length(group.sum))).collect();
    if directions.len() == 3 && is_mixture(directions[0], &directions[1..]) {
        directions.remove(0);
    }
    directions
}

/// Whether a direction is that of others over each other.
fn is_mixture(direction: [f32; 3], of: &[[f32; 3]]) -> bool {
    let amounts = unmix(of, direction);
    let mixed = |channel: usize| of.iter().zip(amounts).map(|(ink, amount)| amount * ink[channel]).sum::<f32>();
    length([0, 1, 2].map(|channel| direction[channel] - mixed(channel))) <= MIXTURE
}

/// Amounts, none negative, of unit vectors that together are nearest to an absorbance: by turns, each the best with the
/// others as they are.
fn unmix(directions: &[[f32; 3]], absorbed: [f32; 3]) -> [f32; 3] {
    const ROUNDS: usize = 12;
    /// A change of an amount that is no level of gray.
    const NOTHING: f32 = 1e-4;
    let mut amounts = [0.0_f32; 3];
    if absorbed == [0.0; 3] {
        return amounts;
    }
    let mut alike = [[0.0; 3]; 3];
    for (ink, one) in directions.iter().enumerate() {
        directions.iter().enumerate().for_each(|(other, to)| alike[ink][other] = dot(*one, *to));
    }
    let mut alone = [0.0; 3];
    directions.iter().zip(&mut alone).for_each(|(direction, alone)| *alone = dot(absorbed, *direction));
    for _ in 0..ROUNDS {
        let mut most = 0.0_f32;
        for ink in 0..directions.len() {
            let others = (0..directions.len()).filter(|&other| other != ink);
            let of_others: f32 = others.map(|other| amounts[other] * alike[ink][other]).sum();
            let amount = (alone[ink] - of_others).max(0.0);
            most = most.max((amount - amounts[ink]).abs());
            amounts[ink] = amount;
        }
        if most < NOTHING {
            break;
        }
    }
    amounts
}

fn is_neutral(direction: [f32; 3]) -> bool {
    let (least, most) =
        (direction.iter().copied().fold(f32::MAX, f32::min), direction.iter().copied().fold(0.0, f32::max));
    least >= NEUTRAL * most
}

/// The hue of what an ink lets through, in degrees: red 0, green 120, blue 240.
fn hue(absorbed: [f32; 3]) -> f32 {
    let [red, green, blue] = absorbed.map(|absorbed| -absorbed);
    let angle = libm::atan2f(3.0_f32.sqrt() * (green - blue), 2.0 * red - green - blue).to_degrees();
    if angle < 0.0 { angle + 360.0 } else { angle }
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn length(vector: [f32; 3]) -> f32 {
    dot(vector, vector).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Page;

    const PAPER: [u8; 3] = [245, 240, 228];
    const BLUE: [f32; 3] = [0.15, 0.25, 0.65];
    const RED: [f32; 3] = [0.8, 0.2, 0.25];

    /// A blue and a red bar over each other on paper.
    fn crossed() -> (Picture, Vec<[u8; 3]>) {
        let color = |i: usize| {
            let (x, y) = (i % 200, i / 200);
            let mut light = [1.0_f32; 3];
            if (90..110).contains(&x) {
                (0..3).for_each(|channel| light[channel] *= BLUE[channel]);
            }
            if (40..60).contains(&y) {
                (0..3).for_each(|channel| light[channel] *= RED[channel]);
            }
            [0, 1, 2].map(|channel| (f32::from(PAPER[channel]) * light[channel]) as u8)
        };
        let colors: Vec<[u8; 3]> = (0..200 * 100).map(color).collect();
        let gray = Gray::new(200, 100, colors.iter().map(|color| color[1]).collect()).unwrap();
        (Picture { colors: Some(colors.clone()), ..Picture::of_gray(gray, Page::ONLY) }, colors)
    }

    #[test]
    fn a_stroke_under_a_stamp_stays_whole() {
        let (picture, colors) = crossed();
        let inks = Inks::find(&colors).unwrap();
        let pen = (0..inks.len()).find(|&ink| inks.is_of_a_pen(ink)).unwrap();
        let alone = inks.alone(&picture, &colors, pen);
        for y in [10, 50, 90] {
            assert!(alone.row(y)[100] < 120, "{}", alone.row(y)[100]);
            assert!(alone.row(y)[20] > 200, "{}", alone.row(y)[20]);
        }
    }

    #[test]
    fn one_ink_is_one_whatever_its_amount() {
        let color = |i: usize| {
            let amount = (i % 7) as f32 / 3.0;
            [0, 1, 2].map(|channel| (f32::from(PAPER[channel]) * BLUE[channel].powf(amount)) as u8)
        };
        assert!(Inks::find(&(0..5000).map(color).collect::<Vec<_>>()).is_none());
        let gray: Vec<[u8; 3]> = (0..5000).map(|i| [(i % 256) as u8; 3]).collect();
        assert!(Inks::find(&gray).is_none());
    }
}

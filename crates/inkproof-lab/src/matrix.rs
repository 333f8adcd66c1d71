//! Everything compared with everything, as examiners begin: which of many signatures may be by one hand.
//!
//! Two signatures are as similar as the mean of their two scores, each as the other's only reference. Groups are joined
//! by average linkage, the most similar two first, as long as the mean over all their pairs reaches the threshold for one
//! reference (Sokal and Michener 1958). A group is a proposal for a person to look at, and no decision.

use std::fmt::Write;
use std::path::Path;

use inkproof::explain::Picture;
use rayon::prelude::*;
use serde::Serialize;

use inkproof_table::cell;

/// Scores of all pairs, and groups.
#[derive(Debug, Clone, Serialize)]
pub struct Matrix {
    /// What each signature is called.
    pub names: Vec<String>,
    /// The mean score of each pair, row by row; none of a signature with itself.
    pub scores: Vec<Vec<Option<f64>>>,
    /// From this mean score on groups are joined.
    pub threshold: f64,
    /// Signatures that may be by one hand, as places in `names`: the largest group first, and those that stand alone last.
    pub groups: Vec<Vec<usize>>,
}

impl Matrix {
    /// Compares all; `score` is of the first as the reference and the second as questioned.
    pub fn new(names: Vec<String>, threshold: f64, score: impl Fn(usize, usize) -> f64 + Sync) -> Self {
        let count = names.len();
        let mean = |a: usize, b: usize| (a != b).then(|| (score(a.min(b), a.max(b)) + score(a.max(b), a.min(b))) / 2.0);
        let upper: Vec<Vec<Option<f64>>> =
            (0..count).into_par_iter().map(|a| (a..count).map(|b| mean(a, b)).collect()).collect();
        let scores: Vec<Vec<Option<f64>>> =
            (0..count).map(|a| (0..count).map(|b| upper[a.min(b)][a.max(b) - a.min(b)]).collect()).collect();
        let groups = groups(&scores, threshold);
        Self { names, scores, threshold, groups }
    }

    /// The mean score of the pairs within a group; None of one that stands alone.
    pub fn mean_within(&self, group: &[usize]) -> Option<f64> {
        let pairs = group.iter().flat_map(|&a| group.iter().filter_map(move |&b| self.scores[a][b]));
        let (sum, count) = pairs.fold((0.0, 0.0), |(sum, count), score| (sum + score, count + 1.0));
        (count > 0.0).then(|| sum / count)
    }

    /// All signatures, group by group, and the number of each one's group, from 1.
    pub fn order(&self) -> Vec<(usize, usize)> {
        let numbered = self.groups.iter().enumerate();
        numbered.flat_map(|(group, members)| members.iter().map(move |&member| (member, group + 1))).collect()
    }

    /// The table as CSV, group by group.
    pub fn to_csv(&self) -> Vec<u8> {
        let order = self.order();
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut write = |row: Vec<String>| writer.write_record(row).expect("memory can be written");
        let names = order.iter().map(|&(place, _)| cell(&self.names[place]));
        write(["image".to_owned(), "group".to_owned()].into_iter().chain(names).collect());
        for &(row, group) in &order {
            let score = |&(column, _): &(usize, usize)| self.scores[row][column].map_or(String::new(), four_digits);
            write([cell(&self.names[row]), group.to_string()].into_iter().chain(order.iter().map(score)).collect());
        }
        writer.into_inner().expect("memory can be written")
    }

    /// The scores as squares of colour, group by group: blue at the threshold and over it, orange below. Lines part groups.
    pub fn picture(&self) -> Picture {
        let order = self.order();
        let side = (CANVAS / order.len().max(1)).clamp(2, 24);
        let width = side * order.len();
        let range = self.range();
        let color = |x: usize, y: usize| {
            let ((row, group), (column, other)) = (order[y / side], order[x / side]);
            let edge = |at: usize, group: usize| at.is_multiple_of(side) && at > 0 && order[at / side - 1].1 != group;
            if edge(y, group) || edge(x, other) { LINE } else { self.color(row, column, range) }
        };
        let pixels = (0..width * width).map(|at| color(at % width, at / width)).collect();
        Picture { width, height: width, pixels }
    }

    /// The same as a drawing, with the names.
    pub fn to_svg(&self) -> String {
        const CELL: usize = 22;
        const NAME: usize = 8;
        let order = self.order();
        let shown: Vec<String> = order.iter().map(|&(place, _)| short(&self.names[place])).collect();
        let margin = NAME * shown.iter().map(|name| name.chars().count()).max().unwrap_or(0) + 12;
        let side = margin + CELL * order.len() + 12;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{side}\" height=\"{side}\" font-family=\"sans-serif\" \
             font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
        );
        let mut put = |text: std::fmt::Arguments<'_>| svg.write_fmt(text).expect("memory can be written");
        let range = self.range();
        for (at, (&(row, group), name)) in order.iter().zip(&shown).enumerate() {
            let (near, middle) = (margin + CELL * at, margin + CELL * at + CELL / 2 + 4);
            let name = escape(name);
            put(format_args!("<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{name}</text>\n", margin - 6));
            put(format_args!("<text transform=\"translate({middle} {}) rotate(-90)\">{name}</text>\n", margin - 6));
            for (column_at, &(column, _)) in order.iter().enumerate() {
                let [red, green, blue] = self.color(row, column, range);
                let title = self.scores[row][column].map_or(String::new(), |score| {
                    let (a, b) = (escape(&self.names[row]), escape(&self.names[column]));
                    format!("<title>{a}, {b}: {}</title>", four_digits(score))
                });
                put(format_args!(
                    "<rect x=\"{}\" y=\"{near}\" width=\"{CELL}\" height=\"{CELL}\" \
                     fill=\"#{red:02x}{green:02x}{blue:02x}\">{title}</rect>\n",
                    margin + CELL * column_at
                ));
            }
            if at > 0 && order[at - 1].1 != group {
                let end = margin + CELL * order.len();
                put(format_args!(
                    "<path d=\"M{margin} {near}H{end}M{near} {margin}V{end}\" stroke=\"#222\" stroke-width=\"2\"/>\n"
                ));
            }
        }
        svg + "</svg>\n"
    }

    /// The lowest and the highest score, with the threshold between them.
    fn range(&self) -> [f64; 2] {
        let scores = || self.scores.iter().flatten().flatten().copied().chain([self.threshold]);
        [scores().fold(f64::INFINITY, f64::min), scores().fold(f64::NEG_INFINITY, f64::max)]
    }

    fn color(&self, row: usize, column: usize, [low, high]: [f64; 2]) -> [u8; 3] {
        let Some(score) = self.scores[row][column] else { return SELF };
        let share = |part: f64, whole: f64| if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 };
        let (from, to, share) = if score >= self.threshold {
            (PALE_BLUE, BLUE, share(score - self.threshold, high - self.threshold))
        } else {
            (PALE_ORANGE, ORANGE, share(self.threshold - score, self.threshold - low))
        };
        std::array::from_fn(|i| (f64::from(from[i]) + share * (f64::from(to[i]) - f64::from(from[i]))) as u8)
    }
}

/// Pixels of a picture's side, as far as its squares allow.
const CANVAS: usize = 960;
const LINE: [u8; 3] = [20; 3];
const SELF: [u8; 3] = [235; 3];
// Told apart by the colour-blind too (M. Okabe and K. Ito, Color universal design).
const BLUE: [u8; 3] = [0, 114, 178];
const PALE_BLUE: [u8; 3] = [190, 220, 240];
const ORANGE: [u8; 3] = [213, 94, 0];
const PALE_ORANGE: [u8; 3] = [250, 225, 200];

/// Average linkage down to the threshold.
fn groups(scores: &[Vec<Option<f64>>], threshold: f64) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = (0..scores.len()).map(|place| vec![place]).collect();
    // The sums of scores between groups, which joining adds up.
    let mut sums: Vec<Vec<f64>> =
        scores.iter().map(|row| row.iter().map(|score| score.unwrap_or_default()).collect()).collect();
    loop {
        let mut best: Option<(f64, usize, usize)> = None;
        for a in 0..groups.len() {
            for b in a + 1..groups.len() {
                let mean = sums[a][b] / (groups[a].len() * groups[b].len()) as f64;
                if mean >= threshold && best.is_none_or(|(most, ..)| mean > most) {
                    best = Some((mean, a, b));
                }
            }
        }
        let Some((_, a, b)) = best else { break };
        let joined = groups.swap_remove(b);
        groups[a].extend(joined);
        let row = sums.swap_remove(b);
        row.iter().zip(&mut sums[a]).for_each(|(from, to)| *to += from);
        for row in &mut sums {
            row[a] += row[b];
            row.swap_remove(b);
        }
    }
    groups.iter_mut().for_each(|group| group.sort_unstable());
    groups.sort_by_key(|group| (std::cmp::Reverse(group.len()), group[0]));
    groups
}

fn four_digits(score: f64) -> String {
    format!("{score:.4}")
}

/// A file's folder and name, as far as there is room.
fn short(name: &str) -> String {
    let path = Path::new(name);
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    match path.parent().and_then(Path::file_name) {
        Some(folder) => format!("{}/{file}", folder.to_string_lossy()),
        None => file.into_owned(),
    }
}

/// Text in XML, which has no control characters.
fn escape(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Signature a of one hand and b of another, by their names' first letters.
    fn matrix(names: &[&str]) -> Matrix {
        let score = |a: usize, b: usize| {
            let is_same = names[a].as_bytes()[0] == names[b].as_bytes()[0];
            if is_same { 0.8 + 0.01 * a as f64 } else { 0.2 }
        };
        Matrix::new(names.iter().map(|&name| name.to_owned()).collect(), 0.5, score)
    }

    #[test]
    fn hands_are_groups_and_strangers_stand_alone() {
        let found = matrix(&["b1", "a1", "c", "a2", "b2", "a3"]);
        assert_eq!(found.groups, [vec![1, 3, 5], vec![0, 4], vec![2]]);
        assert_eq!(found.scores[1][3], found.scores[3][1], "both ways are one");
        assert!((found.scores[1][3].unwrap() - 0.82).abs() < 1e-12 && found.scores[2][2].is_none());
        assert!((found.mean_within(&[1, 3]).unwrap() - 0.82).abs() < 1e-12);
        assert_eq!(found.mean_within(&[2]), None);
        assert_eq!(matrix(&["a"]).groups, [vec![0]]);
        assert_eq!(matrix(&[]).groups, Vec::<Vec<usize>>::new());
    }

    #[test]
    fn one_similar_pair_does_not_chain_two_groups() {
        // 0-1 and 2-3 are sure; 1-2 alone is similar across.
        let high = [(0, 1), (2, 3), (1, 2)];
        let score = |a: usize, b: usize| if high.contains(&(a.min(b), a.max(b))) { 0.9 } else { 0.1 };
        let found = Matrix::new((0..4).map(|n| n.to_string()).collect(), 0.5, score);
        assert_eq!(found.groups, [vec![0, 1], vec![2, 3]]);
    }

    #[test]
    fn table_and_pictures_go_group_by_group() {
        let found = matrix(&["b<1", "=a", "b2"]);
        assert_eq!(escape("a\u{1b}&"), "a\u{fffd}&amp;");
        let csv = String::from_utf8(found.to_csv()).unwrap();
        assert_eq!(csv.lines().next(), Some("image,group,b<1,b2,'=a"));
        assert_eq!(csv.lines().nth(3), Some("'=a,2,0.2000,0.2000,"));
        let picture = found.picture();
        assert_eq!((picture.width, picture.pixels.len()), (72, 72 * 72));
        assert_eq!(picture.pixels[0], SELF);
        assert_eq!(picture.pixels[48 + 72], LINE, "a line parts the groups");
        let svg = found.to_svg();
        assert!(svg.contains("b&lt;1") && !svg.contains("b<1") && svg.ends_with("</svg>\n"), "{svg}");
        assert!(Matrix::new(vec![], 0.5, |_, _| 0.0).picture().pixels.is_empty());
    }
}

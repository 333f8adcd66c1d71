//! The same picture twice: by bytes, by pixels, or nearly; and writers and forgers who are in both splits.

use std::collections::{BTreeMap, BTreeSet};

use inkproof::ImageDigest;
use rayon::prelude::*;
use serde::Serialize;

use super::fingerprint::{Look, NEAR};
use crate::dataset::{DataSet, Image, Split};

/// Images that show the same picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Copies {
    /// In what they are the same.
    pub how: Sameness,
    /// Indices into the set's images, ascending, at least two.
    pub images: Vec<usize>,
    /// Empty where they are of one class of one writer.
    pub crosses: Vec<Crossing>,
    /// The weakest similarity that joined them; 1 for equal pixels.
    pub similarity: f32,
}

/// In what two pictures are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sameness {
    /// Byte for byte.
    Bytes,
    /// Pixel for pixel, in different files.
    Pixels,
    /// The same picture, saved, scaled, cut or lightened again.
    Near,
}

/// What copies must not be on both sides of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Crossing {
    /// The lines between train and test.
    Splits,
    /// Between genuine and forged.
    Classes,
    /// Between two writers.
    Writers,
}

/// What tells one image from another.
pub struct Identity {
    /// SHA-256 of the file.
    pub bytes: [u8; 32],
    /// The fingerprint of the decoded picture.
    pub pixels: ImageDigest,
    /// How the ink looks, for copies that were changed.
    pub look: Look,
}

/// Someone whose forgeries are in both splits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedForger {
    /// The forger's id.
    pub forger: String,
    /// Indices into the set's images.
    pub train: Vec<usize>,
    /// As `train`.
    pub test: Vec<usize>,
}

/// All copies, the plainest kind first. A group of one kind is not reported again as a weaker one, unless more join it.
pub fn find(set: &DataSet, identities: &[Identity]) -> Vec<Copies> {
    let mut groups: Vec<Vec<usize>> = (0..identities.len()).map(|image| vec![image]).collect();
    let mut found = Vec::new();
    for how in [Sameness::Bytes, Sameness::Pixels] {
        let joined = match how {
            Sameness::Bytes => joined(&groups, |image| identities[image].bytes),
            _ => joined(&groups, |image| identities[image].pixels),
        };
        let grown = joined.iter().filter(|(parts, _)| *parts > 1);
        found.extend(grown.map(|(_, images)| copies(set, how, images.clone(), 1.0)));
        groups = joined.into_iter().map(|(_, images)| images).collect();
    }
    found.extend(near(set, identities, &groups));
    found
}

/// Groups whose first images have the same key become one; how many they were.
fn joined<Key: Ord>(groups: &[Vec<usize>], key: impl Fn(usize) -> Key) -> Vec<(usize, Vec<usize>)> {
    let mut by_key: BTreeMap<Key, (usize, Vec<usize>)> = BTreeMap::new();
    for group in groups {
        let (parts, images) = by_key.entry(key(group[0])).or_default();
        *parts += 1;
        images.extend(group);
    }
    let mut joined: Vec<_> = by_key.into_values().collect();
    joined.iter_mut().for_each(|(_, images)| images.sort_unstable());
    joined.sort_by_key(|(_, images)| images[0]);
    joined
}

/// Groups that look similar become one, step by step.
fn near(set: &DataSet, identities: &[Identity], groups: &[Vec<usize>]) -> Vec<Copies> {
    let look = |group: usize| &identities[groups[group][0]].look;
    let alike_after = |a: usize| -> Vec<(usize, usize, f32)> {
        let pairs = (a + 1..groups.len()).map(|b| (a, b, look(a).similarity(look(b))));
        pairs.filter(|&(_, _, similarity)| similarity >= NEAR).collect()
    };
    let similarity: Vec<_> = (0..groups.len()).into_par_iter().flat_map_iter(alike_after).collect();
    let mut leader: Vec<usize> = (0..groups.len()).collect();
    for &(a, b, _) in &similarity {
        let (from, to) = (leader[a].max(leader[b]), leader[a].min(leader[b]));
        leader.iter_mut().filter(|l| **l == from).for_each(|l| *l = to);
    }
    let of_leader = |first: usize| {
        let members = (0..groups.len()).filter(|&group| leader[group] == first);
        let mut images: Vec<usize> = members.flat_map(|group| groups[group].iter().copied()).collect();
        images.sort_unstable();
        let joins = similarity.iter().filter(|&&(a, _, _)| leader[a] == first).map(|&(_, _, similarity)| similarity);
        copies(set, Sameness::Near, images, joins.fold(1.0, f32::min))
    };
    let leaders: BTreeSet<usize> = similarity.iter().map(|&(a, _, _)| leader[a]).collect();
    leaders.into_iter().map(of_leader).collect()
}

fn copies(set: &DataSet, how: Sameness, images: Vec<usize>, similarity: f32) -> Copies {
    let differ = |same: &dyn Fn(&Image, &Image) -> bool| {
        images.windows(2).any(|pair| !same(&set.images[pair[0]], &set.images[pair[1]]))
    };
    let crosses = [
        (Crossing::Splits, differ(&|a, b| a.split == b.split)),
        (Crossing::Classes, differ(&|a, b| a.kind == b.kind)),
        (Crossing::Writers, differ(&|a, b| a.writer == b.writer)),
    ];
    let crosses = crosses.into_iter().filter(|&(_, differ)| differ).map(|(crossing, _)| crossing).collect();
    Copies { how, images, crosses, similarity }
}

/// Forgers with forgeries in both splits, sorted.
pub fn shared_forgers(set: &DataSet) -> Vec<SharedForger> {
    let mut forgers: BTreeMap<&str, SharedForger> = BTreeMap::new();
    for (index, image) in set.images.iter().enumerate() {
        let (Some(forger), Some(split)) = (&image.forger, image.split) else { continue };
        let new = || SharedForger { forger: forger.clone(), train: Vec::new(), test: Vec::new() };
        let entry = forgers.entry(forger).or_insert_with(new);
        match split {
            Split::Train => entry.train.push(index),
            Split::Test => entry.test.push(index),
        }
    }
    forgers.into_values().filter(|forger| !forger.train.is_empty() && !forger.test.is_empty()).collect()
}

//! Pairs of images to train and test a siamese network on, by the rule of the notebook.
//!
//! Each genuine image is paired with another genuine one of the same writer, drawn at random (label 1), and the i-th
//! genuine image with the i-th forgery, up to the shorter list (label 0). Forged pairs teach nothing about strangers;
//! [`random_forgery_pairs`] makes pairs that do. Pairs come in the data set's order; shuffling is the trainer's.

use rand::{Rng, RngExt};

use crate::dataset::DataSet;
use crate::error::{Error, Result};

/// Two images, as indices into [`DataSet::images`], and the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Index of an image.
    pub a: usize,
    /// Index of an image.
    pub b: usize,
    /// Label 1: both are genuine signatures of one writer.
    pub same_writer: bool,
}

/// The notebook's pairs: writer by writer, first the genuine pairs, then the forged ones.
///
/// # Errors
/// [`Error::NoPairs`] when the set gives no genuine pair or no forged one.
pub fn notebook_pairs(set: &DataSet, rng: &mut impl Rng) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    for writer in set.by_writer() {
        pairs.extend(genuine_pairs(&writer.genuine, rng));
        pairs.extend(forged_pairs(&writer.genuine, &writer.forgeries));
    }
    require(set, &pairs, true)?;
    require(set, &pairs, false)?;
    Ok(pairs)
}

/// The notebook's genuine pairs alone.
///
/// # Errors
/// [`Error::NoPairs`] when no writer has two genuine signatures.
pub fn same_writer_pairs(set: &DataSet, rng: &mut impl Rng) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    for writer in set.by_writer() {
        pairs.extend(genuine_pairs(&writer.genuine, rng));
    }
    require(set, &pairs, true)?;
    Ok(pairs)
}

/// Each genuine image with a genuine one of another writer (label 0): the writer and then the image are drawn.
///
/// # Errors
/// [`Error::NoPairs`] when fewer than two writers have genuine signatures.
pub fn random_forgery_pairs(set: &DataSet, rng: &mut impl Rng) -> Result<Vec<Pair>> {
    let mut writers = set.by_writer();
    writers.retain(|writer| !writer.genuine.is_empty());
    if writers.len() < 2 {
        return Err(Error::NoPairs {
            root: set.root.clone(),
            what: "random-forgery",
            needs: "genuine signatures of two writers",
        });
    }
    let mut pairs = Vec::new();
    for (index, writer) in writers.iter().enumerate() {
        for &a in &writer.genuine {
            let other = &writers[any_but(index, writers.len(), rng)].genuine;
            let b = other[rng.random_range(0..other.len())];
            pairs.push(Pair { a, b, same_writer: false });
        }
    }
    Ok(pairs)
}

/// Each image with another one; none where there is only one.
fn genuine_pairs(genuine: &[usize], rng: &mut impl Rng) -> Vec<Pair> {
    if genuine.len() < 2 {
        return Vec::new();
    }
    let pair = |(index, &a)| Pair { a, b: genuine[any_but(index, genuine.len(), rng)], same_writer: true };
    genuine.iter().enumerate().map(pair).collect()
}

fn forged_pairs<'a>(genuine: &'a [usize], forgeries: &'a [usize]) -> impl Iterator<Item = Pair> + 'a {
    genuine.iter().zip(forgeries).map(|(&a, &b)| Pair { a, b, same_writer: false })
}

/// A number below `count`, which is at least 2, other than `index`, each with the same chance.
fn any_but(index: usize, count: usize, rng: &mut impl Rng) -> usize {
    let drawn = rng.random_range(0..count - 1);
    drawn + usize::from(drawn >= index)
}

fn require(set: &DataSet, pairs: &[Pair], same_writer: bool) -> Result<()> {
    if pairs.iter().any(|pair| pair.same_writer == same_writer) {
        return Ok(());
    }
    let (what, needs) = if same_writer {
        ("genuine", "two genuine signatures of a writer")
    } else {
        ("forged", "a genuine signature and a forgery of a writer")
    };
    Err(Error::NoPairs { root: set.root.clone(), what, needs })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::dataset::tests::{real_signatures, set_in_memory as set};
    use crate::dataset::{Kind, OnBad, Split};

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    #[test]
    fn notebook_rule_counts_and_labels() {
        let set = set(&[(5, 3), (2, 4), (1, 2)]);
        let pairs = notebook_pairs(&set, &mut rng(0)).unwrap();
        let same = pairs.iter().filter(|pair| pair.same_writer).count();
        assert_eq!((same, pairs.len() - same), (5 + 2, 3 + 2 + 1));
        for pair in &pairs {
            let (a, b) = (&set.images[pair.a], &set.images[pair.b]);
            assert_ne!(pair.a, pair.b);
            assert_eq!(a.writer, b.writer);
            assert_eq!(a.kind, Kind::Genuine);
            assert_eq!(b.kind == Kind::Genuine, pair.same_writer);
        }
        let forged: Vec<_> = pairs.iter().filter(|pair| !pair.same_writer).collect();
        assert_eq!((forged[2].a, forged[2].b), (2, 7), "i-th with i-th");
    }

    #[test]
    fn partner_is_any_other_image_and_follows_the_seed() {
        let set = set(&[(4, 1)]);
        let mut partners = std::collections::BTreeSet::new();
        for seed in 0..100 {
            let pairs = notebook_pairs(&set, &mut rng(seed)).unwrap();
            assert_eq!(pairs, notebook_pairs(&set, &mut rng(seed)).unwrap());
            partners.insert(pairs[1].b);
        }
        assert_eq!(partners.into_iter().collect::<Vec<_>>(), [0, 2, 3]);
    }

    #[test]
    fn random_forgeries_are_genuine_signatures_of_others() {
        let set = set(&[(3, 1), (2, 2), (4, 0)]);
        let pairs = random_forgery_pairs(&set, &mut rng(1)).unwrap();
        assert_eq!(pairs.len(), 9);
        for pair in pairs {
            let (a, b) = (&set.images[pair.a], &set.images[pair.b]);
            assert_ne!(a.writer, b.writer);
            assert_eq!((a.kind, b.kind), (Kind::Genuine, Kind::Genuine));
            assert!(!pair.same_writer);
        }
    }

    #[test]
    fn what_cannot_be_paired_is_an_error() {
        let message = |result: Result<Vec<Pair>>| result.unwrap_err().to_string();
        assert_eq!(
            message(notebook_pairs(&set(&[(1, 2)]), &mut rng(0))),
            "made: no genuine pairs can be made; they need two genuine signatures of a writer"
        );
        assert!(message(notebook_pairs(&set(&[(3, 0)]), &mut rng(0))).contains("no forged pairs"));
        assert!(message(random_forgery_pairs(&set(&[(3, 3)]), &mut rng(0))).contains("two writers"));
    }

    #[test]
    fn dutch_set_has_the_known_number_of_pairs() {
        let Some(root) = real_signatures("dutch") else { return };
        let set = DataSet::open(&root, None, OnBad::Stop).unwrap();
        assert_eq!(set.images.len(), 1149);
        assert!(set.writers_in_both_splits().is_empty());
        for (split, count) in [(Split::Train, 854), (Split::Test, 276)] {
            let pairs = notebook_pairs(&set.part(split), &mut rng(0)).unwrap();
            assert_eq!(pairs.len(), count);
        }
        assert!(set.images.iter().all(|image| image.forger.is_some() == (image.kind == Kind::Forgery)));
    }
}

//! The pairs that cues are probed on: of each writer all genuine-genuine and all genuine-forged pairs, never two writers
//! in one, since a cue that distinguishes writers is not a leak.

use crate::dataset::DataSet;

/// Two images of one claimed writer, as indices into [`DataSet::images`]; `a` is genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// A genuine image.
    pub a: usize,
    /// Another one of the same claimed writer.
    pub b: usize,
    /// Numbered 0..writers.
    pub writer: usize,
    /// Whether `b` is genuine too.
    pub genuine: bool,
}

/// The pairs of all writers who have both kinds.
#[derive(Debug, Clone, Default)]
pub struct Pairs {
    /// Sorted by writer.
    pub list: Vec<Pair>,
    /// Who have both kinds of pairs.
    pub writers: usize,
}

impl Pairs {
    /// The pairs of the set; writers with fewer than two genuine signatures or without forgeries have none.
    pub fn from_set(set: &DataSet) -> Self {
        let mut pairs = Pairs::default();
        for images in set.by_writer() {
            if images.genuine.len() < 2 || images.forgeries.is_empty() {
                continue;
            }
            let writer = pairs.writers;
            for (place, &a) in images.genuine.iter().enumerate() {
                let genuine = images.genuine[place + 1..].iter().map(|&b| Pair { a, b, writer, genuine: true });
                let forged = images.forgeries.iter().map(|&b| Pair { a, b, writer, genuine: false });
                pairs.list.extend(genuine.chain(forged));
            }
            pairs.writers += 1;
        }
        pairs
    }

    /// How many are genuine-genuine, or genuine-forged.
    pub fn count(&self, genuine: bool) -> usize {
        self.list.iter().filter(|pair| pair.genuine == genuine).count()
    }
}

//! Which enrolled writers sign most like this: an exact search in memory, by the references' global vectors.
//!
//! The vectors lie one after the other in blocks, 128 numbers of 16 bits each for the bundled model, and all of them are
//! compared: a million take a quarter of a gigabyte, and reading them is what takes the time. What changed in the store since is asked for before a search, so that several servers on one store see the same. A search
//! works on a [`Snapshot`], which shares the blocks with the index: who learns what changed copies only the blocks that are
//! searched at that moment, and neither waits for the other.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use inkproof_store::{Changes, Known, Pseudonym, Result, Store, WriterId};

/// Writers that are asked of the store at once.
const PAGE: usize = 500;
/// Vectors of a block.
const BLOCK: usize = 1024;
/// A number of 1 in a vector. A product of two unit vectors is its square at most, below 2^31.
const ONE: f32 = i16::MAX as f32;

/// The references of one model in memory.
#[derive(Debug, Default)]
pub(crate) struct SearchIndex {
    /// The model's digest; vectors of others cannot be compared.
    model: String,
    /// Up to which entry of the audit it knows.
    up_to: i64,
    current: Snapshot,
    /// Vectors that are nobody's.
    free: Vec<usize>,
    free_writers: Vec<usize>,
    places: HashMap<Pseudonym, Place>,
}

/// What is searched, as it was at a moment; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    /// Numbers of a vector; 0 until there is one.
    width: usize,
    /// References that are compared with.
    references: usize,
    blocks: Vec<Arc<Block>>,
    /// None where a number is free for another.
    writers: Arc<Vec<Option<WriterId>>>,
}

/// Some vectors, and whose each is; none where it is free for another.
#[derive(Debug, Clone, Default)]
struct Block {
    values: Vec<i16>,
    owners: Vec<Option<u32>>,
}

/// Where a writer's vectors are.
#[derive(Debug)]
struct Place {
    writer: usize,
    vectors: Vec<usize>,
}

/// A writer that signs like this.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Near {
    /// Who it is.
    pub writer: WriterId,
    /// The cosine of the most similar reference's vector.
    pub similarity: f32,
}

impl SearchIndex {
    /// Empty, for one model.
    pub fn new(model: &str) -> Self {
        Self { model: model.to_owned(), ..Self::default() }
    }

    /// Learns what changed in the store; of an empty one everything.
    pub fn refresh(&mut self, store: &Store) -> Result<()> {
        loop {
            let changes = store.changes(self.up_to, PAGE)?;
            let full = changes.known.len() == PAGE;
            self.apply(changes);
            if !full {
                return Ok(());
            }
        }
    }

    fn apply(&mut self, changes: Changes) {
        for erased in &changes.erased {
            self.forget(*erased);
        }
        for known in changes.known {
            self.forget(known.pseudonym);
            self.learn(known);
        }
        self.up_to = changes.up_to;
    }

    fn forget(&mut self, writer: Pseudonym) {
        let Some(Place { writer, vectors }) = self.places.remove(&writer) else { return };
        vectors.iter().for_each(|vector| self.current.set_owner(*vector, None));
        self.free.extend(vectors);
        Arc::make_mut(&mut self.current.writers)[writer] = None;
        self.free_writers.push(writer);
    }

    fn learn(&mut self, known: Known) {
        let mut vectors = Vec::new();
        let writer = self.free_writers.pop().unwrap_or(self.current.writers.len());
        for vector in known.vectors.into_iter().filter(|vector| vector.model == self.model) {
            self.current.width = vector.values.len();
            let place = self.free.pop().unwrap_or_else(|| self.current.add_vector());
            self.current.set_values(place, &vector.values);
            self.current.set_owner(place, Some(writer as u32));
            vectors.push(place);
        }
        let writers = Arc::make_mut(&mut self.current.writers);
        writers.resize(writers.len().max(writer + 1), None);
        writers[writer] = Some(known.id);
        self.places.insert(known.pseudonym, Place { writer, vectors });
    }

    /// What is to be searched.
    pub fn snapshot(&self) -> Snapshot {
        self.current.clone()
    }
}

impl Snapshot {
    /// Makes room for one more vector; its place.
    fn add_vector(&mut self) -> usize {
        if self.blocks.last().is_none_or(|block| block.owners.len() == BLOCK) {
            self.blocks.push(Arc::default());
        }
        let number = self.blocks.len() - 1;
        let block = Arc::make_mut(&mut self.blocks[number]);
        block.owners.push(None);
        block.values.resize(block.owners.len() * self.width, 0);
        number * BLOCK + block.owners.len() - 1
    }

    fn set_values(&mut self, place: usize, values: &[f32]) {
        let block = Arc::make_mut(&mut self.blocks[place / BLOCK]);
        block.values[place % BLOCK * self.width..][..self.width].copy_from_slice(&rounded(values));
    }

    fn set_owner(&mut self, place: usize, owner: Option<u32>) {
        let block = Arc::make_mut(&mut self.blocks[place / BLOCK]);
        let before = std::mem::replace(&mut block.owners[place % BLOCK], owner);
        self.references = self.references + usize::from(owner.is_some()) - usize::from(before.is_some());
    }

    /// How many references it compares with.
    pub fn len(&self) -> usize {
        self.references
    }

    /// The writers with the most similar references, the most similar first.
    pub fn nearest(&self, vector: &[f32], count: usize) -> Vec<Near> {
        if self.width != vector.len() {
            return Vec::new();
        }
        let vector = rounded(vector);
        let mut best = vec![i32::MIN; self.writers.len()];
        for block in &self.blocks {
            for (values, owner) in block.values.chunks_exact(self.width).zip(&block.owners) {
                if let Some(writer) = owner {
                    let best = &mut best[*writer as usize];
                    *best = (*best).max(product(values, &vector));
                }
            }
        }
        let known = best.into_iter().zip(0..).filter(|(product, _)| *product > i32::MIN);
        let near = |(product, writer): (i32, usize)| {
            Some(Near { writer: self.writers[writer].clone()?, similarity: product as f32 / ONE.powi(2) })
        };
        largest(known, count).into_iter().filter_map(near).collect()
    }
}

/// The largest in descending order; of equal ones the first.
fn largest(all: impl Iterator<Item = (i32, usize)>, count: usize) -> Vec<(i32, usize)> {
    let mut found = BinaryHeap::with_capacity(count + 1);
    for (product, writer) in all {
        let candidate = Reverse((product, Reverse(writer)));
        if found.len() < count {
            found.push(candidate);
        } else if found.peek().is_some_and(|least| candidate < *least) {
            found.pop();
            found.push(candidate);
        }
    }
    found.into_sorted_vec().into_iter().map(|Reverse((product, Reverse(writer)))| (product, writer)).collect()
}

/// A unit vector in steps of 1 / [`ONE`].
fn rounded(vector: &[f32]) -> Vec<i16> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    vector.iter().map(|value| (value / length * ONE).round() as i16).collect()
}

/// Of two unit vectors, in steps of 1 / [`ONE`] squared.
fn product(a: &[i16], b: &[i16]) -> i32 {
    // It cannot wrap; but the compiler would look at each sum where it may not.
    a.iter().zip(b).fold(0, |sum: i32, (a, b)| sum.wrapping_add(i32::from(*a) * i32::from(*b)))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use inkproof::Verifier;
    use inkproof_store::{Hex, KnownVector};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::StandardNormal;

    use super::*;

    fn known(name: &str, pseudonym: u8, vectors: &[&[f32]]) -> Known {
        let vector = |values: &&[f32]| KnownVector { model: "m".to_owned(), values: values.to_vec() };
        let vectors = vectors.iter().map(vector).collect();
        Known { pseudonym: Hex([pseudonym; 16]), id: name.parse().unwrap(), vectors }
    }

    fn names(index: &SearchIndex, vector: &[f32], count: usize) -> Vec<String> {
        index.current.nearest(vector, count).into_iter().map(|near| near.writer.to_string()).collect()
    }

    #[test]
    fn the_nearest_come_first_and_changes_replace() {
        let mut index = SearchIndex::new("m");
        assert!(index.current.nearest(&[1.0, 0.0], 5).is_empty());
        let all = vec![
            known("east", 1, &[&[1.0, 0.0]]),
            known("north", 2, &[&[0.0, 1.0], &[0.6, 0.8]]),
            known("west", 3, &[&[-1.0, 0.0]]),
        ];
        index.apply(Changes { known: all, erased: Vec::new(), up_to: 1 });
        assert_eq!(names(&index, &[1.0, 0.0], 5), ["east", "north", "west"]);
        assert_eq!(names(&index, &[0.6, 0.8], 1), ["north"], "by the best of its references");
        let moved = vec![known("east", 1, &[&[0.0, -1.0], &[-0.8, 0.6]])];
        index.apply(Changes { known: moved, erased: vec![Hex([3; 16])], up_to: 2 });
        assert_eq!(names(&index, &[-0.8, 0.6], 5), ["east", "north"]);
        assert_eq!((index.current.len(), index.up_to), (4, 2));
        for round in 3..100 {
            let again = vec![known("east", 1, &[&[0.0, -1.0], &[-0.8, 0.6]])];
            index.apply(Changes { known: again, erased: Vec::new(), up_to: round });
        }
        let vectors: usize = index.current.blocks.iter().map(|block| block.owners.len()).sum();
        assert!(vectors <= 5 && index.current.writers.len() <= 3, "what is replaced takes no memory");
    }

    #[test]
    fn a_search_sees_what_was_there_when_it_began() {
        let mut index = SearchIndex::new("m");
        let many = (0..3 * BLOCK).map(|number| {
            let angle = number as f32 / 1e4;
            let mut known = known(&format!("w{number}"), 0, &[&[angle.cos(), angle.sin()]]);
            known.pseudonym = Hex(((number as u128) << 8).to_le_bytes());
            known
        });
        index.apply(Changes { known: many.collect(), erased: Vec::new(), up_to: 1 });
        let before = index.snapshot();
        index.apply(Changes { known: Vec::new(), erased: vec![Hex([0; 16])], up_to: 2 });
        index.apply(Changes { known: vec![known("new", 9, &[&[1.0, 0.0]])], erased: Vec::new(), up_to: 3 });
        let first = |snapshot: &Snapshot| snapshot.nearest(&[1.0, 0.0], 1).remove(0).writer.to_string();
        assert_eq!((first(&before), first(&index.snapshot())), ("w0".to_owned(), "new".to_owned()));
        assert_eq!((before.len(), index.snapshot().len()), (3 * BLOCK, 3 * BLOCK));
        let shared = before.blocks.iter().zip(&index.current.blocks).filter(|(a, b)| Arc::ptr_eq(a, b)).count();
        assert_eq!(shared, 2, "only what changed was copied");
    }

    /// Vectors as real ones lie: of the bundled signatures the mean and how they vary, and a little between two of a writer.
    struct Population {
        mean: Vec<f32>,
        differences: Vec<Vec<f32>>,
        random: ChaCha8Rng,
    }

    impl Population {
        fn new() -> Self {
            let verifier = Verifier::bundled();
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/signatures");
            let writers = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            let images = writers.filter(|path| path.is_dir()).flat_map(|path| std::fs::read_dir(path).unwrap());
            let paths =
                images.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "png"));
            let real: Vec<Vec<f32>> = paths.map(|path| verifier.embed_file(path).unwrap().embedding.global()).collect();
            assert!(real.len() >= 20, "{}", real.len());
            let mean_of = |place: usize| real.iter().map(|vector| vector[place]).sum::<f32>() / real.len() as f32;
            let mean: Vec<f32> = (0..real[0].len()).map(mean_of).collect();
            let differences =
                real.iter().map(|vector| vector.iter().zip(&mean).map(|(v, m)| v - m).collect()).collect();
            Self { mean, differences, random: ChaCha8Rng::seed_from_u64(1) }
        }

        /// A step as large as between two of different writers, times `share`.
        fn step(&mut self, from: &[f32], share: f32) -> Vec<f32> {
            let mut vector = from.to_vec();
            let scale = share / (self.differences.len() as f32).sqrt();
            for difference in &self.differences {
                let weight: f32 = self.random.sample(StandardNormal);
                vector.iter_mut().zip(difference).for_each(|(sum, value)| *sum += scale * weight * value);
            }
            let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
            vector.iter_mut().for_each(|value| *value /= length);
            vector
        }

        fn writer(&mut self) -> Vec<f32> {
            let mean = self.mean.clone();
            self.step(&mean, 1.0)
        }
    }

    /// The writers with the largest product of all, in full precision.
    fn nearest_in_full(all: &[(u32, Vec<f32>)], vector: &[f32], count: usize) -> Vec<u32> {
        let product = |other: &[f32]| -> f32 { other.iter().zip(vector).map(|(a, b)| a * b).sum() };
        let mut best: Vec<(f32, u32)> = all.iter().map(|(writer, other)| (product(other), *writer)).collect();
        best.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut writers = Vec::new();
        for (_, writer) in best {
            if !writers.contains(&writer) {
                writers.push(writer);
            }
            if writers.len() == count {
                break;
            }
        }
        writers
    }

    fn index_of(writers: u32, population: &mut Population, mut also: impl FnMut(u32, &[f32])) -> SearchIndex {
        let mut index = SearchIndex::new("m");
        for number in 0..writers {
            let middle = population.writer();
            let vectors: Vec<Vec<f32>> = (0..5).map(|_| population.step(&middle, 0.5)).collect();
            vectors.iter().for_each(|vector| also(number, vector));
            let mut known = known(&format!("w{number}"), 0, &vectors.iter().map(Vec::as_slice).collect::<Vec<_>>());
            known.pseudonym = Hex::random();
            index.learn(known);
        }
        index
    }

    #[test]
    fn sixteen_bits_lose_no_writer() {
        let mut population = Population::new();
        let mut all = Vec::new();
        let index = index_of(2_000, &mut population, |writer, vector| all.push((writer, vector.to_vec())));
        let (mut same, mut of) = (0, 0);
        for _ in 0..20 {
            let middle = population.writer();
            let questioned = population.step(&middle, 0.5);
            let expected: Vec<String> =
                nearest_in_full(&all, &questioned, 20).iter().map(|writer| format!("w{writer}")).collect();
            let found = names(&index, &questioned, 20);
            same += expected.iter().filter(|name| found.contains(name)).count();
            of += expected.len();
        }
        assert!(same as f64 >= 0.99 * of as f64, "{same} of {of}");
    }

    #[test]
    #[ignore = "a figure: cargo test --release --workspace searching -- --ignored --nocapture"]
    fn searching_a_million_references() {
        const WRITERS: u32 = 200_000;
        let mut population = Population::new();
        let mut index = index_of(WRITERS, &mut population, |_, _| ());
        let questioned: Vec<Vec<f32>> = (0..21).map(|_| population.writer()).collect();
        let mut times: Vec<f64> = questioned
            .iter()
            .map(|vector| {
                let begun = Instant::now();
                assert_eq!(std::hint::black_box(index.current.nearest(vector, 20)).len(), 20);
                1000.0 * begun.elapsed().as_secs_f64()
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!("{} references: {:.1} ms in the median, {:.1} ms at most", index.current.len(), times[10], times[20]);
        assert!(times[10] < 50.0);
        // While a search goes on.
        let begun = Instant::now();
        let snapshot = index.snapshot();
        let newcomer = population.writer();
        index.apply(Changes { known: vec![known("new", 9, &[&newcomer])], erased: Vec::new(), up_to: 1 });
        println!("a writer is added in {:.1} ms", 1000.0 * begun.elapsed().as_secs_f64());
        assert_eq!(names(&index, &newcomer, 1), ["new"]);
        assert_eq!(snapshot.len() + 1, index.current.len());
    }
}

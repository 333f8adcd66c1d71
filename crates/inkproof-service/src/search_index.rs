//! Which enrolled writers sign most like this: an exact search in memory, by the references' global vectors.
//!
//! The vectors lie one after the other in blocks, 128 numbers each for the bundled model, and all of them are compared. What
//! changed in the store since is asked for before a search, so that several servers on one store see the same. A search
//! works on a [`Snapshot`], which shares the blocks with the index: who learns what changed copies only the blocks that are
//! searched at that moment, and neither waits for the other.

use std::collections::HashMap;
use std::sync::Arc;

use inkproof_store::{Changes, Known, Pseudonym, Result, Store, WriterId};

/// Writers that are asked of the store at once.
const PAGE: usize = 500;
/// Vectors of a block.
const BLOCK: usize = 1024;

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
    values: Vec<f32>,
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
        block.values.resize(block.owners.len() * self.width, 0.0);
        number * BLOCK + block.owners.len() - 1
    }

    fn set_values(&mut self, place: usize, values: &[f32]) {
        let block = Arc::make_mut(&mut self.blocks[place / BLOCK]);
        block.values[place % BLOCK * self.width..][..self.width].copy_from_slice(values);
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
        let mut best = vec![f32::NEG_INFINITY; self.writers.len()];
        for block in &self.blocks {
            for (values, owner) in block.values.chunks_exact(self.width).zip(&block.owners) {
                if let Some(writer) = owner {
                    let best = &mut best[*writer as usize];
                    *best = best.max(dot(values, vector));
                }
            }
        }
        let mut found: Vec<(f32, usize)> =
            best.into_iter().zip(0..).filter(|(similarity, _)| *similarity > f32::NEG_INFINITY).collect();
        let descending = |a: &(f32, usize), b: &(f32, usize)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if found.len() > count {
            found.select_nth_unstable_by(count, descending);
            found.truncate(count);
        }
        found.sort_by(descending);
        let near =
            |(similarity, writer): (f32, usize)| Some(Near { writer: self.writers[writer].clone()?, similarity });
        found.into_iter().filter_map(near).collect()
    }
}

/// In lanes, so that the compiler can keep several sums at once.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0; LANES];
    let (a, b) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.0.iter().zip(b.0) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a.1.iter().zip(b.1).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use inkproof_store::{Hex, KnownVector};

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

    #[test]
    #[ignore = "a figure: cargo test --workspace searching -- --ignored --nocapture"]
    fn searching_100_000_references() {
        const WRITERS: u32 = 20_000;
        let mut index = SearchIndex::new("m");
        let value = |seed: u32| (seed.wrapping_mul(2_654_435_761) >> 8) as f32 / 1e7 - 0.8;
        for writer in 0..WRITERS {
            let values: Vec<f32> = (0..5 * 128).map(|place| value(writer * 640 + place)).collect();
            let vectors: Vec<&[f32]> = values.chunks_exact(128).collect();
            let mut known = known(&format!("w{writer}"), 0, &vectors);
            known.pseudonym = Hex::random();
            index.learn(known);
        }
        let questioned: Vec<f32> = (0..128).map(value).collect();
        let mut times: Vec<f64> = (0..21)
            .map(|_| {
                let begun = Instant::now();
                assert_eq!(std::hint::black_box(index.current.nearest(&questioned, 20)).len(), 20);
                1000.0 * begun.elapsed().as_secs_f64()
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!("{} references: {:.1} ms in the median, {:.1} ms at most", index.current.len(), times[10], times[20]);
        assert!(times[10] < 50.0);
    }
}

//! The pairs of a training and their order: drawn and shuffled by the seed, or as a table has them.
//!
//! A table makes a training comparable with that of another program that is given the same pairs in the same order.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use inkproof::random::stream;
use rand::seq::SliceRandom;

use crate::dataset::{DataSet, Kind};
use crate::error::{Error, Result};
use crate::pairs::Pair;
use crate::table::{self, Column, Row, Table};

const FIRST: Column = Column { name: "first", others: &["image1", "img1", "a", "path1"] };
const SECOND: Column = Column { name: "second", others: &["image2", "img2", "b", "path2"] };
const LABEL: Column = Column { name: "label", others: &["same", "genuine"] };
const EPOCH: Column = Column { name: "epoch", others: &["pass"] };

/// The pairs of every epoch.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Order {
    /// The same pairs, shuffled for each epoch.
    Shuffled(Vec<Pair>),
    /// Those of the first epoch, of the second, and so on; where there is one list alone, it is that of all.
    Given(Vec<Vec<Pair>>),
}

impl Order {
    /// Pairs in an epoch.
    pub fn pairs(&self) -> usize {
        match self {
            Order::Shuffled(pairs) => pairs.len(),
            Order::Given(epochs) => epochs[0].len(),
        }
    }

    /// All pairs that are looked at, for what tells two trainings apart.
    pub fn all(&self) -> impl Iterator<Item = &Pair> {
        let epochs = match self {
            Order::Shuffled(pairs) => std::slice::from_ref(pairs),
            Order::Given(epochs) => epochs,
        };
        epochs.iter().flatten()
    }

    /// The pairs of an epoch, counted from 0, in their order.
    pub fn of_epoch(&self, epoch: usize, seed: u64) -> Vec<Pair> {
        match self {
            Order::Shuffled(pairs) => {
                let mut pairs = pairs.clone();
                pairs.shuffle(&mut stream(seed, "shuffle", epoch as u64));
                pairs
            }
            Order::Given(epochs) => epochs[if epochs.len() == 1 { 0 } else { epoch }].clone(),
        }
    }

    /// Reads a table with the columns `first` and `second`, paths below the data set's folder, and optionally `epoch`, from
    /// 1, and `label`, which has to be what the data set says.
    ///
    /// # Errors
    /// What is no table; [`Error::Order`] for a row that names no image that is trained on, and for epochs that are missing or
    /// of different lengths.
    pub fn read(path: &Path, set: &DataSet, epochs: usize) -> Result<Self> {
        let table = table::read(path)?;
        let wrong = |why: String| Error::Order { path: path.to_owned(), why };
        let given = Rows::new(&table, set, path)?.epochs(&table.rows).map_err(wrong)?;
        let lengths: Vec<usize> = given.values().map(Vec::len).collect();
        let wanted = if given.len() == 1 { 1 } else { epochs };
        let missing = (1..=wanted).find(|epoch| !given.contains_key(epoch));
        match (lengths.iter().find(|length| **length != lengths[0]), missing) {
            _ if given.is_empty() => Err(wrong("it has no pair".to_owned())),
            (Some(_), _) => Err(wrong(format!("its epochs have {} pairs, and not one number", in_words(&lengths)))),
            (None, Some(epoch)) => Err(wrong(format!("it has no pairs for epoch {epoch} of {epochs}"))),
            (None, None) => Ok(Order::Given(given.into_values().take(wanted).collect())),
        }
    }
}

fn in_words(lengths: &[usize]) -> String {
    let mut lengths = lengths.to_vec();
    lengths.sort_unstable();
    lengths.dedup();
    lengths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// How rows become pairs.
struct Rows<'a> {
    set: &'a DataSet,
    indices: HashMap<String, usize>,
    images: [usize; 2],
    label: Option<usize>,
    epoch: Option<usize>,
}

impl<'a> Rows<'a> {
    fn new(table: &Table, set: &'a DataSet, path: &Path) -> Result<Self> {
        let columns = || {
            let images = [table.need(&FIRST)?, table.need(&SECOND)?];
            Ok((images, table.find(&LABEL)?, table.find(&EPOCH)?))
        };
        let (images, label, epoch) = columns().map_err(table::in_file(path))?;
        let named = |(index, image): (usize, &crate::dataset::Image)| (name(&image.path, &set.root), index);
        let indices = set.images.iter().enumerate().map(named).collect();
        Ok(Self { set, indices, images, label, epoch })
    }

    fn epochs(&self, rows: &[Row]) -> Result<BTreeMap<usize, Vec<Pair>>, String> {
        let mut epochs: BTreeMap<usize, Vec<Pair>> = BTreeMap::new();
        for row in rows {
            let (epoch, pair) = self.pair(row).map_err(|why| format!("line {}: {why}", row.line))?;
            epochs.entry(epoch).or_default().push(pair);
        }
        Ok(epochs)
    }

    fn pair(&self, row: &Row) -> Result<(usize, Pair), String> {
        let cells = row.cells.as_ref().map_err(Clone::clone)?;
        let [a, b] = self.images.map(|column| self.index(&cells[column]));
        let (a, b) = (a?, b?);
        let epoch = match self.epoch {
            None => 1,
            Some(column) => {
                let number = cells[column].parse().ok().filter(|&epoch| epoch > 0);
                number.ok_or_else(|| format!("\"{}\" is no number of an epoch; the first is 1", cells[column]))?
            }
        };
        let [first, second] = [a, b].map(|index| &self.set.images[index]);
        let both_genuine = first.kind == Kind::Genuine && second.kind == Kind::Genuine;
        let same_writer = both_genuine && first.writer == second.writer;
        let said = self.label.map(|column| cells[column].as_str());
        if said.is_some_and(|said| said != if same_writer { "1" } else { "0" }) {
            let is = if same_writer { "both genuine signatures of one writer" } else { "not" };
            return Err(format!("the label is {}, and the images are {is}", cells[self.label.unwrap_or(0)]));
        }
        Ok((epoch, Pair { a, b, same_writer }))
    }

    fn index(&self, cell: &str) -> Result<usize, String> {
        let wanted = name(Path::new(cell), &self.set.root);
        self.indices.get(&wanted).copied().ok_or_else(|| {
            format!("{cell} is none of the images that are trained on; those of writers who fix the threshold are not")
        })
    }
}

/// A path below the data set's folder, with slashes.
fn name(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

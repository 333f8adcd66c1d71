//! Folders of signatures as plain lists of images: who wrote each one, genuine or forged, and for which part of the work.
//!
//! [`DataSet::open`] finds the layout by looking, or reads the one that the caller insists on; each layout is one file
//! below this module. What does not fit stops with an error that names the path, or with [`OnBad::Skip`] is left out and
//! recorded. Images are sorted by split, writer, kind and file name (by code point, as Python's `sorted()` does), so the
//! order never depends on the file system. No image is decoded here.

mod bhsig260;
mod cedar;
mod kinds;
mod layout;
mod listing;
mod manifest;
mod named;
mod names;
mod notebook;
mod pair_list;
mod problem;
mod references;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use inkproof::model::SyntheticInfo;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::synth;
pub use layout::{Layout, UnknownLayoutName};
pub use listing::image_files_below;
pub use problem::Problem;
pub use references::References;

/// The signatures of one data set, or of a part of it.
#[derive(Debug, Clone)]
pub struct DataSet {
    /// The folder that was opened.
    pub root: PathBuf,
    /// In which layout it was read.
    pub layout: Layout,
    /// Sorted by split, writer, kind and path.
    pub images: Vec<Image>,
    /// What synthesised the images, where that is known.
    pub synthetic: Option<SyntheticInfo>,
    /// What was left out, and why.
    pub skipped: Vec<Skipped>,
    /// Of several sets put together, from which of them each writer is; empty for one.
    pub populations: BTreeMap<WriterId, usize>,
}

/// One image file and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The file.
    pub path: PathBuf,
    /// Whose signature it is, or for a forgery, claims to be.
    pub writer: WriterId,
    /// Genuine or forged.
    pub kind: Kind,
    /// None where the data set has no parts.
    pub split: Option<Split>,
    /// Who made the forgery, where the file name or the manifest tells.
    pub forger: Option<String>,
}

/// A writer's id, as the data set spells it; never a person's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct WriterId(String);

impl WriterId {
    /// As the data set spells it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// As the data set spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WriterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the writer made the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The writer's own.
    Genuine,
    /// A skilled forgery of the writer's signature.
    Forgery,
}

impl Kind {
    /// The other of the two.
    fn opposite(self) -> Self {
        match self {
            Self::Genuine => Self::Forgery,
            Self::Forgery => Self::Genuine,
        }
    }
}

/// What a part of a data set is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Split {
    /// To learn from.
    Train,
    /// To be tested on.
    Test,
}

/// Which images of a data set with `train` and `test` are used; of one without both, all are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Part {
    /// Those of `test`.
    #[default]
    Test,
    /// Those of `train`.
    Train,
    /// Both.
    All,
}

/// What to do with a part of a data set that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBad {
    /// Stop with an error that names it.
    Stop,
    /// Leave it out and record it in [`DataSet::skipped`].
    Skip,
}

/// Something that was left out of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The file or folder.
    pub path: PathBuf,
    /// The reason, in words.
    pub why: String,
}

impl Skipped {
    /// For JSON.
    pub fn document(&self) -> serde_json::Value {
        serde_json::json!({"path": self.path, "why": self.why})
    }
}

/// The images of one writer, as indices into [`DataSet::images`], each list in sorted file order.
#[derive(Debug, Clone)]
pub struct WriterImages<'a> {
    /// Whose they are.
    pub writer: &'a WriterId,
    /// Genuine signatures.
    pub genuine: Vec<usize>,
    /// Skilled forgeries.
    pub forgeries: Vec<usize>,
}

impl DataSet {
    /// Reads the folder `root` in the given layout, or in the first that fits.
    ///
    /// # Errors
    /// [`Error::DataSet`] names the path that is wrong: `root` is not a folder, is empty or fits no layout; a folder lacks
    /// its counterpart or holds no images; a file name or a manifest row cannot be understood. [`OnBad::Skip`] goes on
    /// after the latter two kinds as long as an image is left. [`Error::Io`] where the system refuses to read.
    pub fn open(root: &Path, layout: Option<Layout>, bad: OnBad) -> Result<DataSet> {
        let layout = recognize(root, layout)?;
        let mut found = Found::new(bad);
        layout.read(root, &mut found)?;
        let (images, skipped) = found.finish()?;
        if images.is_empty() {
            return Err(Problem::nothing_left(&skipped).at(root));
        }
        Ok(DataSet {
            root: root.to_owned(),
            layout,
            images,
            synthetic: synth::read_info(root)?.map(SyntheticInfo::from),
            skipped,
            populations: BTreeMap::new(),
        })
    }

    /// The images of one split, or all of them where the data set has no splits.
    pub fn part(&self, split: Split) -> DataSet {
        let has_splits = self.images.iter().any(|image| image.split.is_some());
        self.filtered(|image| !has_splits || image.split == Some(split))
    }

    /// The images of one part.
    pub fn select(&self, part: Part) -> DataSet {
        match part {
            Part::Test => self.part(Split::Test),
            Part::Train => self.part(Split::Train),
            Part::All => self.clone(),
        }
    }

    /// The images of these writers only.
    pub fn restrict_to(&self, writers: &BTreeSet<WriterId>) -> DataSet {
        self.filtered(|image| writers.contains(&image.writer))
    }

    /// The images of at most so many writers, the first ones, but first those who have forgeries.
    #[must_use]
    pub fn of_writers(&self, most: usize) -> DataSet {
        let mut writers = self.by_writer();
        writers.sort_by_key(|writer| writer.forgeries.is_empty());
        self.restrict_to(&writers.iter().take(most).map(|writer| writer.writer.clone()).collect())
    }

    /// The images of all other writers.
    pub fn without(&self, writers: &BTreeSet<WriterId>) -> DataSet {
        self.filtered(|image| !writers.contains(&image.writer))
    }

    /// Several data sets as one, named after all of them, as `dutch+cedar`. Writers have their set's name before their
    /// own, as `dutch/001`, since two sets number different people alike. One set stays as it is.
    pub fn together(mut sets: Vec<DataSet>) -> DataSet {
        if sets.len() == 1 {
            return sets.swap_remove(0);
        }
        let root = PathBuf::from(sets.iter().map(DataSet::name).collect::<Vec<_>>().join("+"));
        let mut images: Vec<Image> = Vec::new();
        let mut skipped = Vec::new();
        let mut populations = BTreeMap::new();
        for (population, set) in sets.iter().enumerate() {
            let name = set.root.display();
            let named = |image: &Image| Image { writer: WriterId(format!("{name}/{}", image.writer)), ..image.clone() };
            let named = set.images.iter().map(named);
            populations.extend(named.clone().map(|image| (image.writer, population)));
            images.extend(named);
            skipped.extend(set.skipped.iter().cloned());
        }
        images.sort_by(|a, b| order(a).cmp(&order(b)));
        // Images of several layouts are found by their paths alone; their digests say what made them.
        DataSet { root, layout: sets[0].layout, images, synthetic: None, skipped, populations }
    }

    /// The last part of its root.
    pub fn name(&self) -> String {
        self.root.file_name().map_or(self.root.as_path(), Path::new).display().to_string()
    }

    /// Every writer once, sorted.
    pub fn writers(&self) -> Vec<&WriterId> {
        let writers: BTreeSet<_> = self.images.iter().map(|image| &image.writer).collect();
        writers.into_iter().collect()
    }

    /// The images grouped by writer, sorted by writer.
    pub fn by_writer(&self) -> Vec<WriterImages<'_>> {
        let mut groups: BTreeMap<&WriterId, WriterImages<'_>> = BTreeMap::new();
        for (index, image) in self.images.iter().enumerate() {
            let group = groups.entry(&image.writer).or_insert(WriterImages {
                writer: &image.writer,
                genuine: Vec::new(),
                forgeries: Vec::new(),
            });
            match image.kind {
                Kind::Genuine => group.genuine.push(index),
                Kind::Forgery => group.forgeries.push(index),
            }
        }
        groups.into_values().collect()
    }

    /// The writers of whom images are in `train` and in `test`, sorted.
    pub fn writers_in_both_splits(&self) -> Vec<WriterId> {
        let writers_of = |split| -> BTreeSet<&WriterId> {
            let of_split = self.images.iter().filter(|image| image.split == Some(split));
            of_split.map(|image| &image.writer).collect()
        };
        writers_of(Split::Train).intersection(&writers_of(Split::Test)).map(|&writer| writer.clone()).collect()
    }

    /// Refuses a data set in which a writer is in both splits: what the verification protocol asks.
    pub fn require_disjoint_splits(&self) -> Result<()> {
        match self.writers_in_both_splits() {
            writers if writers.is_empty() => Ok(()),
            writers => Err(Error::WritersInBothSplits { root: self.root.clone(), writers }),
        }
    }

    fn filtered(&self, keep: impl Fn(&Image) -> bool) -> DataSet {
        DataSet {
            root: self.root.clone(),
            layout: self.layout,
            images: self.images.iter().filter(|image| keep(image)).cloned().collect(),
            synthetic: self.synthetic,
            skipped: self.skipped.clone(),
            populations: self.populations.clone(),
        }
    }
}

/// The layout that `root` has; the wanted one, if there is one, or an error.
fn recognize(root: &Path, wanted: Option<Layout>) -> Result<Layout> {
    if !root.is_dir() {
        return Err(Problem::NotAFolder.at(root));
    }
    if listing::entries(root)?.is_empty() {
        return Err(Problem::Empty.at(root));
    }
    let candidates = wanted.map_or(Layout::ALL.to_vec(), |layout| vec![layout]);
    for layout in candidates {
        if layout.fits(root)? {
            return Ok(layout);
        }
    }
    if wanted.is_none_or(|layout| layout == Layout::Pairs) && pair_list::fits_by_columns(root)? {
        return Ok(Layout::Pairs);
    }
    Err(match wanted {
        Some(layout) => Problem::NotOfLayout(layout).at(root),
        None => Problem::UnknownLayout.at(root),
    })
}

/// What a layout's reader has found so far.
struct Found {
    bad: OnBad,
    images: Vec<Image>,
    skipped: Vec<Skipped>,
}

impl Found {
    fn new(bad: OnBad) -> Self {
        Self { bad, images: Vec::new(), skipped: Vec::new() }
    }

    /// Stops because of the problem, or records what it costs and goes on.
    fn refuse(&mut self, path: &Path, problem: Problem) -> Result<()> {
        if self.bad == OnBad::Stop {
            return Err(problem.at(path));
        }
        self.note(path, &problem);
        Ok(())
    }

    /// Records something that is left out in any case.
    fn note(&mut self, path: &Path, problem: &Problem) {
        self.skipped.push(Skipped { path: path.to_owned(), why: problem.to_string() });
    }

    /// Whether a folder of what is read as genuine signatures may be: no name says *forged*, and names are not of two kinds.
    /// Otherwise it is refused whole, since a forgery among genuine signatures spoils every figure.
    fn are_genuine(&mut self, folder: &Path, images: &[PathBuf]) -> Result<bool> {
        if !self.none_says_forged(folder, images)? {
            return Ok(false);
        }
        let stems: Vec<String> = images.iter().map(|path| listing::stem_of(path)).collect();
        let Some((genuine, forged)) = names::two_kinds(&stems) else { return Ok(true) };
        self.refuse(folder, Problem::TwoKinds { genuine: genuine.clone(), forged: forged.clone() })?;
        Ok(false)
    }

    /// The same where the forgeries are elsewhere, so that names may differ.
    fn none_says_forged(&mut self, folder: &Path, images: &[PathBuf]) -> Result<bool> {
        let stems = images.iter().map(|path| listing::stem_of(path));
        let (forged, others): (Vec<String>, Vec<String>) = stems.partition(|stem| names::says_forged(stem));
        let Some(first) = forged.first() else { return Ok(true) };
        let genuine = others.first().unwrap_or(first).clone();
        self.refuse(folder, Problem::TwoKinds { genuine, forged: first.clone() })?;
        Ok(false)
    }

    /// The images in the data set's order, without forgeries of writers who have no genuine signature.
    fn finish(mut self) -> Result<(Vec<Image>, Vec<Skipped>)> {
        let mut images = std::mem::take(&mut self.images);
        images.sort_by(|a, b| order(a).cmp(&order(b)));
        let with_genuine: BTreeSet<(Option<Split>, WriterId)> = images
            .iter()
            .filter(|image| image.kind == Kind::Genuine)
            .map(|image| (image.split, image.writer.clone()))
            .collect();
        for image in images {
            if with_genuine.contains(&(image.split, image.writer.clone())) {
                self.images.push(image);
            } else {
                self.refuse(&image.path, Problem::NoGenuine(image.writer))?;
            }
        }
        Ok((self.images, self.skipped))
    }
}

fn order(image: &Image) -> (Option<Split>, &WriterId, Kind, &Path) {
    (image.split, &image.writer, image.kind, &image.path)
}

#[cfg(test)]
pub(crate) mod tests;

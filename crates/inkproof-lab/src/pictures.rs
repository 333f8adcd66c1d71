//! The data pipeline: the images of a data set, decoded once, in parallel, and kept as normalised ink.
//!
//! [`Pictures::read`] looks at every image before the network starts, so that an image that cannot be read stops a
//! training at its beginning and not in its third epoch. The inks stay in memory as bytes up to a bound; what is beyond
//! it is decoded again whenever it is needed. [`Pictures::prefetch`] prepares batches in a thread of its own while the
//! network works on the last one.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;

use inkproof::model::DataInfo;
use inkproof::{ImageDigest, Ink, Limits, Preprocess, SIDE, read_image_file};
use rayon::prelude::*;

use crate::dataset::{DataSet, OnBad, Skipped};
use crate::error::{Error, Result};
use crate::progress::{Event, Progress};

/// How many images are decoded between two reports of progress.
const CHUNK: usize = 64;

/// How many batches wait for the network.
const BATCHES_AHEAD: usize = 2;

/// What a data set's images are read with.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadOptions {
    pub preprocess: Preprocess,
    /// What to do with an image that cannot be read or has no ink.
    pub bad: OnBad,
    /// Bytes of normalised inks that are kept in memory; 0 keeps none.
    pub cache_bytes: usize,
}

impl ReadOptions {
    /// 1 GiB: about 21,000 inks.
    pub const CACHE_BYTES: usize = 1 << 30;

    /// The default cache, and an image that cannot be read is an error.
    pub fn new(preprocess: Preprocess) -> Self {
        Self { preprocess, bad: OnBad::Stop, cache_bytes: Self::CACHE_BYTES }
    }
}

/// The images of a data set, ready for a network; in the order of [`DataSet::images`].
#[derive(Debug)]
pub struct Pictures {
    preprocess: Preprocess,
    pictures: Vec<Picture>,
}

#[derive(Debug)]
struct Picture {
    path: PathBuf,
    digest: ImageDigest,
    /// None beyond the cache's bound.
    ink: Option<Ink>,
}

impl Pictures {
    /// Reads every image of `set`. With [`OnBad::Skip`] the images that cannot be used are taken out of `set` and
    /// listed in its `skipped`, and so are forgeries of writers of whom no genuine signature is left.
    ///
    /// # Errors
    /// With [`OnBad::Stop`] the first image that cannot be used; in any case when none is left.
    pub fn read(set: &mut DataSet, options: &ReadOptions, progress: &mut dyn Progress) -> Result<Self> {
        let total = set.images.len();
        progress.report(Event::Stage { name: "reading images", total });
        let room = options.cache_bytes / (SIDE * SIDE);
        let mut read: Vec<Result<Picture>> = Vec::with_capacity(total);
        for chunk in set.images.chunks(CHUNK) {
            let keep = room.saturating_sub(read.len());
            let of_chunk: Vec<_> = chunk
                .par_iter()
                .enumerate()
                .map(|(place, image)| Picture::read(image.path.clone(), &options.preprocess, place < keep))
                .collect();
            read.extend(of_chunk);
            if options.bad == OnBad::Stop && read.iter().any(Result::is_err) {
                break;
            }
            progress.report(Event::Advance { done: read.len() });
        }
        let pictures = match options.bad {
            OnBad::Stop => read.into_iter().collect::<Result<_>>()?,
            OnBad::Skip => leave_out_bad(set, read, progress),
        };
        if set.images.is_empty() {
            return Err(Error::NothingReadable { root: set.root.clone(), images: total });
        }
        Ok(Self { preprocess: options.preprocess.clone(), pictures })
    }

    /// The fingerprints of all images, in order.
    pub fn digests(&self) -> impl Iterator<Item = ImageDigest> + '_ {
        self.pictures.iter().map(|picture| picture.digest)
    }

    /// What a model file says of these images, which are those of `set`: for real ones their fingerprints, for synthetic
    /// ones how to make them again.
    pub fn describe(&self, set: &DataSet) -> DataInfo {
        let synthetic = set.synthetic;
        let mut digests: Vec<_> = if synthetic.is_none() { self.digests().collect() } else { Vec::new() };
        digests.sort_unstable();
        DataInfo { writers: set.writers().len(), images: set.images.len(), digests, synthetic }
    }

    /// Takes the images that are in `others` too out of `set` and lists them in its `skipped`: writers can be disjoint
    /// by name and share an image all the same.
    pub fn leave_out_shared(&mut self, set: &mut DataSet, others: &Self, progress: &mut dyn Progress) {
        let known: BTreeSet<ImageDigest> = others.digests().collect();
        let images = std::mem::take(&mut set.images);
        let pictures = std::mem::take(&mut self.pictures);
        for (image, picture) in images.into_iter().zip(pictures) {
            if known.contains(&picture.digest) {
                let why = "the same image is among those that are trained on".to_owned();
                progress.report(Event::Skipped { path: &image.path, why: &why });
                set.skipped.push(Skipped { path: image.path, why });
            } else {
                set.images.push(image);
                self.pictures.push(picture);
            }
        }
    }

    /// One image as the network sees it: from memory, or decoded again.
    ///
    /// # Errors
    /// Where the file has changed since it was read.
    pub fn ink(&self, index: usize) -> Result<Cow<'_, Ink>> {
        let picture = &self.pictures[index];
        match &picture.ink {
            Some(ink) => Ok(Cow::Borrowed(ink)),
            None => Ok(Cow::Owned(prepare(&picture.path, &self.preprocess)?.ink)),
        }
    }

    /// Several images, prepared in parallel.
    ///
    /// # Errors
    /// As [`Pictures::ink`].
    pub fn inks(&self, indices: &[usize]) -> Result<Vec<Cow<'_, Ink>>> {
        indices.par_iter().map(|&index| self.ink(index)).collect()
    }

    /// Calls `work` with each item of `plan` made ready by `prepare`, in order; up to two items are prepared ahead in
    /// another thread. Stops when `work` says so.
    ///
    /// # Errors
    /// The first error of `prepare` or `work`.
    pub fn prefetch<Item: Sync, Ready: Send>(
        &self,
        plan: &[Item],
        prepare: impl Fn(&Self, &Item) -> Result<Ready> + Send + Sync,
        mut work: impl FnMut(Ready) -> Result<GoOn>,
    ) -> Result<()> {
        std::thread::scope(|scope| {
            let (send, receive) = sync_channel(BATCHES_AHEAD);
            scope.spawn(move || {
                for item in plan {
                    // An error of sending means that nobody wants more.
                    if send.send(prepare(self, item)).is_err() {
                        return;
                    }
                }
            });
            for ready in receive {
                if work(ready?)? == GoOn::No {
                    break;
                }
            }
            Ok(())
        })
    }
}

/// Whether the work of [`Pictures::prefetch`] wants more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoOn {
    Yes,
    No,
}

impl Picture {
    fn read(path: PathBuf, preprocess: &Preprocess, keep: bool) -> Result<Self> {
        let prepared = prepare(&path, preprocess)?;
        Ok(Self { path, digest: prepared.digest, ink: keep.then_some(prepared.ink) })
    }
}

fn prepare(path: &std::path::Path, preprocess: &Preprocess) -> Result<inkproof::Prepared> {
    let limits = Limits::default();
    let bytes = read_image_file(path, &limits)?;
    Ok(preprocess.apply(&bytes, &limits).map_err(|error| error.at(path))?)
}

/// Takes the images that could not be read out of `set`, and with them forgeries of nobody.
fn leave_out_bad(set: &mut DataSet, read: Vec<Result<Picture>>, progress: &mut dyn Progress) -> Vec<Picture> {
    let images = std::mem::take(&mut set.images);
    let mut left = Vec::with_capacity(images.len());
    for (image, picture) in images.into_iter().zip(read) {
        match picture {
            Ok(picture) => left.push((image, picture)),
            Err(error) => set.skipped.push(Skipped { path: image.path, why: reason(&error) }),
        }
    }
    let with_genuine: BTreeSet<_> = left
        .iter()
        .filter(|(image, _)| image.kind == crate::dataset::Kind::Genuine)
        .map(|(image, _)| (image.split, image.writer.clone()))
        .collect();
    let mut pictures = Vec::with_capacity(left.len());
    for (image, picture) in left {
        if with_genuine.contains(&(image.split, image.writer.clone())) {
            set.images.push(image);
            pictures.push(picture);
        } else {
            let why = format!("a forgery of writer {}, of whom no genuine signature could be read", image.writer);
            set.skipped.push(Skipped { path: image.path, why });
        }
    }
    for skipped in &set.skipped {
        progress.report(Event::Skipped { path: &skipped.path, why: &skipped.why });
    }
    pictures
}

/// What is wrong with the image, without its path, which is told beside it.
pub(crate) fn reason(error: &Error) -> String {
    match error {
        Error::Engine(inkproof::Error::At { source, .. }) => source.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
